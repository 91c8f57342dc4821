"""`creditbatch backup`: a copy of the ledger that is whole, private and of one file, or none."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from batch.errors import UsageError
from batch.ledger.orm.backup import make_backup
from batch.sandbox import Sandbox
from tests.cli.conftest import Command, applied, complaint, wait_until

posix = pytest.mark.skipif(os.name != "posix", reason="Windows knows no file modes, signals and limits")
MEGABYTE = b"x" * 1_000_000


def restored(command: Command, backup: Path, home: str = "another") -> Command:
    folder = command.folder / home
    folder.mkdir()
    (folder / "ledger.sqlite3").write_bytes(backup.read_bytes())
    key = command.home / "signing.key"
    if key.exists():
        # It is kept apart from the ledger's copies; whose signatures they bear is said only where it is.
        shutil.copy2(key, folder)
    return Command(command.folder, command.url, {**command.settings, "CREDITBATCH_HOME": str(folder)})


def said(command: Command) -> list[Any]:
    batches = command("batches", "--json").document
    names = [batch["batch"] for batch in batches]
    verified = [command("verify", name) for name in names]
    assert [ended.code for ended in verified] == [0] * len(names)
    return [batches, *(command("show", name, "--json").document["rows"] for name in names), verified]


def made(folder: Path, *, megabytes: int = 0, mode: str = "WAL") -> Path:
    """A file that passes for a ledger, of that size."""
    path = folder / "made.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA journal_mode={mode}")
        database.execute("CREATE TABLE ledger_batch (name TEXT, filler BLOB)")
        database.executemany("INSERT INTO ledger_batch VALUES ('b', ?)", [(MEGABYTE,)] * megabytes)
        database.commit()
    return path


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_copy_put_into_another_home_says_the_same(command: Command, sandbox: Sandbox) -> None:
    command("run", command.sheet(), "--yes")
    command("run", command.sheet("Token;Amount;Direction\nsub-0009;1;add\n", "second.csv"), "--yes")
    backup = command.folder / "there" / "copy"
    backup.parent.mkdir()
    ended = command("backup", "there/copy")
    assert (ended.code, ended.out, ended.err) == (0, "Backup: there/copy (2 batches)\n", "")
    # It needs nothing beside it: bytes 18 and 19 say that there is no write-ahead log.
    assert (left(backup.parent), backup.read_bytes()[18:20]) == (["copy"], b"\1\1")
    other = restored(command, backup)
    assert said(other) == said(command)
    assert other("run", command.folder / "sheet.csv", "--yes").code == 2
    assert len(applied(sandbox)) == 4


def test_a_copy_that_is_made_during_a_run_is_whole_and_the_run_goes_on(command: Command, sandbox: Sandbox) -> None:
    rows = "".join(f"sub-{number:04d};1;add\n" for number in range(1, 13))
    sheet = command.sheet("Token;Amount;Direction\n" + rows)
    backups = [command.folder / f"copy-{number}" for number in range(3)]
    with command.process("run", sheet, "--yes", "--json", "--max-per-second", "10") as process:
        wait_until(lambda: applied(sandbox))
        assert [command("backup", backup).code for backup in backups] == [0, 0, 0]
        assert process.poll() is None
        assert process.wait(30) == 0
    assert len(applied(sandbox)) == 12
    for backup in backups:
        other = restored(command, backup, f"home-of-{backup.name}")
        batch = said(other)[0][0]
        assert batch["state"] == "running"
        later = command.folder / "reports" / f"{batch['batch']}.xlsx"
        assert command("verify", batch["batch"], "--report", later).code == 0
        assert other("verify", batch["batch"], "--report", later).code == 1


@posix
def test_nobody_else_may_read_it_at_any_moment(tmp_path: Path) -> None:
    ledger = made(tmp_path, megabytes=20)
    folder = tmp_path / "there"
    folder.mkdir(mode=0o700)
    seen: dict[str, int] = {}
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            for parent, _folders, files in os.walk(folder):
                for name in [*files, "."]:
                    path = Path(parent, name)
                    with suppress(FileNotFoundError):
                        seen[str(path)] = seen.get(str(path), 0) | path.stat().st_mode & 0o077

    watch = threading.Thread(target=look)
    before = os.umask(0)
    watch.start()
    try:
        make_backup(ledger, folder / "copy")
    finally:
        done.set()
        watch.join()
        os.umask(before)
    assert (folder / "copy").stat().st_mode & 0o777 == 0o600
    assert len(seen) > 1
    assert set(seen.values()) == {0}


@pytest.mark.parametrize("kind", ["file", "folder", pytest.param("link", marks=posix)])
def test_what_is_there_is_not_replaced(command: Command, sandbox: Sandbox, kind: str) -> None:
    command("run", command.sheet(), "--yes")
    path = command.folder / "copy"
    if kind == "file":
        path.write_bytes(b"precious")
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("nowhere")
    before = left(command.folder)
    ended = command("backup", path)
    assert (ended.code, ended.out, "is there already" in ended.err) == (2, "", True)
    assert left(command.folder) == before
    assert kind != "file" or path.read_bytes() == b"precious"


def test_what_appears_while_it_is_copied_is_not_replaced(tmp_path: Path) -> None:
    ledger = made(tmp_path, mode="DELETE")
    path = tmp_path / "there" / "copy"
    path.parent.mkdir()
    errors: list[Exception] = []

    def copy() -> None:
        try:
            make_backup(ledger, path)
        except UsageError as error:
            errors.append(error)

    # As nothing of ours keeps everybody else out of it.
    with closing(sqlite3.connect(ledger, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        copying = threading.Thread(target=copy)
        copying.start()
        wait_until(lambda: left(path.parent))
        path.write_bytes(b"precious")
        other.execute("COMMIT")
    copying.join()
    assert "is there already" in str(errors[0])
    assert left(path.parent) == ["copy"]
    assert path.read_bytes() == b"precious"


def test_a_copy_is_of_the_ledger_as_it_is(tmp_path: Path) -> None:
    """Whoever installs a newer version makes a backup first, of what the older one can read."""
    assert make_backup(made(tmp_path), tmp_path / "copy") == 0
    with closing(sqlite3.connect(tmp_path / "copy")) as copy:
        assert copy.execute("SELECT name FROM sqlite_master").fetchall() == [("ledger_batch",)]


def test_a_damaged_ledger_gives_no_copy(newcomer: Command) -> None:
    made(newcomer.folder, megabytes=1, mode="DELETE")
    newcomer.settings["CREDITBATCH_DATABASE_URL"] = f"sqlite:///{newcomer.folder}/made.sqlite3"
    ledger = newcomer.folder / "made.sqlite3"
    whole = ledger.read_bytes()
    assert newcomer("backup", "whole").code == 0
    for damage in (whole[:9000] + bytes(8000) + whole[17000:], b"not a database" * 1000, whole[: len(whole) // 2]):
        ledger.write_bytes(damage)
        complaint(newcomer("backup", "copy"))
        assert left(newcomer.folder) == ["made.sqlite3", "whole"]


@posix
def test_nothing_is_left_where_there_is_no_room(tmp_path: Path) -> None:
    import resource

    ledger = made(tmp_path, megabytes=3)
    command = Command(tmp_path, "http://127.0.0.1:1", {"CREDITBATCH_DATABASE_URL": f"sqlite:///{ledger}"})
    ended = subprocess.run(
        command.arguments("backup", "copy"),
        cwd=tmp_path,
        env=command.environ,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000)),
    )
    assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (2, "", 1)
    assert "enough room" in ended.stderr
    assert left(tmp_path) == ["made.sqlite3"]


@posix
def test_nothing_is_left_of_one_that_is_interrupted(tmp_path: Path) -> None:
    ledger = made(tmp_path, megabytes=50)
    command = Command(tmp_path, "http://127.0.0.1:1", {"CREDITBATCH_DATABASE_URL": f"sqlite:///{ledger}"})
    with command.process("backup", "copy", err=subprocess.PIPE) as process:
        wait_until(lambda: len(left(tmp_path)) > 1)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, "Interrupted" in err) == (3, True)
    assert left(tmp_path) == ["made.sqlite3"]


def test_a_folder_that_is_not_there_is_not_made(command: Command, sandbox: Sandbox) -> None:
    """It may be that of a disk that is not plugged in."""
    command("run", command.sheet(), "--yes")
    ended = command("backup", "nowhere/copy")
    assert (ended.code, "no such file or directory" in ended.err) == (2, sys.platform != "win32")
    assert not (command.folder / "nowhere").exists()


@pytest.mark.parametrize(
    ("address", "files"),
    [("", []), ("sqlite:///{folder}/mine.sqlite3", []), ("sqlite://", []), ("sqlite:///{folder}/empty", ["empty"])],
)
def test_without_a_ledger_there_is_no_copy_and_none_is_made(newcomer: Command, address: str, files: list[str]) -> None:
    for name in files:
        (newcomer.folder / name).touch()
    newcomer.settings["CREDITBATCH_DATABASE_URL"] = address.format(folder=newcomer.folder)
    ended = newcomer("backup", "copy")
    assert (ended.code, ended.out, "There is no ledger" in ended.err) == (2, "", True)
    assert left(newcomer.folder) == files


def test_a_server_makes_its_own_backups(newcomer: Command) -> None:
    newcomer.settings["CREDITBATCH_DATABASE_URL"] = "postgres://127.0.0.1:1/name"
    assert "pg_dump" in complaint(newcomer("backup", "copy"))
    assert left(newcomer.folder) == []
