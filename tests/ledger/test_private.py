"""What the ledger keeps is closed to everybody but its owner, before anything is in it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from batch.errors import LedgerError
from batch.ledger.orm.backup import make_backup
from batch.ledger.orm.connection import connect, explain_open_home
from tests.builders import known_to, new_batch

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes are not known here")
FILES = ("ledger.sqlite3", "ledger.sqlite3-wal", "ledger.sqlite3-shm")


@contextmanager
def watch(folder: Path, umask: int) -> Iterator[dict[str, int]]:
    """Look all the time, from another thread, what others may do with each file of the folder."""
    seen: dict[str, int] = {}
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            for parent, _folders, files in os.walk(folder):
                for name in [*files, "."]:
                    with suppress(FileNotFoundError):
                        mode = Path(parent, name).stat().st_mode & 0o077
                        seen[name] = seen.get(name, 0) | mode

    thread, before = threading.Thread(target=look), os.umask(umask)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()
        os.umask(before)


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    from django.db import connections

    connections["default"].close()


def write(ledger: str = "b-1") -> None:
    from batch.ledger.orm.store import DatabaseLedger

    known_to(DatabaseLedger()).create(new_batch(["sub-1", "5", "add"]))


@pytest.mark.parametrize("umask", [0o000, 0o022])
@pytest.mark.parametrize("address", [None, "sqlite:///{folder}/ledger.sqlite3"])
def test_a_new_ledger_is_closed_from_its_first_byte(tmp_path: Path, umask: int, address: str | None) -> None:
    home = tmp_path / "home"
    if address:
        home.mkdir(mode=0o700)
    with watch(home, umask) as seen:
        connect(home, address and address.format(folder=home))
        write()
        assert {(home / name).stat().st_mode & 0o777 for name in FILES} == {0o600}
    assert seen.keys() >= set(FILES)
    assert set(seen.values()) == {0}


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_a_ledger_of_an_older_version_is_closed_at_its_opening(tmp_path: Path, umask: int) -> None:
    connect(tmp_path / "first", None)
    from django.db import connections

    connections["default"].close()
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    shutil.copy(tmp_path / "first" / "ledger.sqlite3", home)
    (home / "ledger.sqlite3").chmod(0o644)
    # Another process of that version has it open: what SQLite put beside it is as open as the file was.
    with closing(sqlite3.connect(home / "ledger.sqlite3")) as other:
        other.execute("CREATE TABLE more (one)")
        other.commit()
        assert {(home / name).stat().st_mode & 0o777 for name in FILES} == {0o644}
        connect(home, None)
        assert {(home / name).stat().st_mode & 0o777 for name in FILES} == {0o600}
        assert home.stat().st_mode & 0o777 == 0o700
    with watch(home, umask) as seen:
        connect(home, None)
        write()
    assert set(seen.values()) == {0}


def test_a_backup_closes_the_ledger_that_it_copies(tmp_path: Path) -> None:
    home = tmp_path / "home"
    connect(home, None)
    write()
    for name in FILES:
        (home / name).chmod(0o644)
    assert make_backup(home / "ledger.sqlite3", tmp_path / "copy") == 1
    assert {(home / name).stat().st_mode & 0o777 for name in FILES if (home / name).exists()} == {0o600}


def test_a_folder_with_other_peoples_files_is_named_and_left_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "letter.txt").touch()
    connect(tmp_path, None)
    assert tmp_path.stat().st_mode & 0o777 == 0o755
    assert str(tmp_path) in str(explain_open_home(tmp_path))
    (tmp_path / "letter.txt").unlink()
    connect(tmp_path, None)
    assert explain_open_home(tmp_path) is None


def test_where_there_are_no_modes_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "letter.txt").touch()
    monkeypatch.setattr("batch.files.os.name", "nt")
    told = explain_open_home(tmp_path)
    monkeypatch.undo()
    assert told is None


def test_a_ledger_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite3").symlink_to(tmp_path / "nowhere" / "ledger")
    with pytest.raises(LedgerError, match="cannot be opened"):
        connect(tmp_path, None)
