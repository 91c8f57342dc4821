"""What is committed on a server is there after a crash of it, however the server is set up."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from batch.errors import LedgerError
from batch.ledger.orm.connection import connect
from batch.sandbox import Sandbox, SandboxOptions
from tests.builders import known_to, new_batch
from tests.cli.conftest import Command
from tests.postgres import ON_POSTGRES, Server, program

pytestmark = list(ON_POSTGRES)
OFF = "-c synchronous_commit=off"


@contextmanager
def configured(server: Server, **settings: str) -> Iterator[None]:
    server.configure(**settings)
    try:
        yield
    finally:
        server.configure(**dict.fromkeys(settings))


def levels() -> list[str]:
    from django.db import connection

    found = []
    for _ in range(2):
        with connection.cursor() as cursor:
            cursor.execute("SHOW synchronous_commit")
            found.append(str(cursor.fetchone()[0]))
        connection.close()
    return found


@pytest.mark.parametrize("level", ["off", "local", "remote_write"])
@pytest.mark.parametrize("whose", ["the server", "the database", "the role", "the address", "the environment"])
def test_a_commit_waits_for_the_disk_whoever_says_otherwise(
    postgres: Server, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whose: str, level: str
) -> None:
    name = urlsplit(postgres_url).path.removeprefix("/")
    option = f"-c synchronous_commit={level}"
    if whose == "the server":
        with configured(postgres, synchronous_commit=level):
            connect(tmp_path, postgres_url)
            assert levels() == ["on", "on"]
        return
    if whose == "the database":
        postgres.execute(f"ALTER DATABASE {name} SET synchronous_commit = {level}")
    if whose == "the role":
        postgres.execute(f"ALTER ROLE postgres IN DATABASE {name} SET synchronous_commit = {level}")
    if whose == "the address":
        postgres_url += f"&options={option}"
    if whose == "the environment":
        monkeypatch.setenv("PGOPTIONS", option)
    connect(tmp_path, postgres_url)
    assert levels() == ["on", "on"]


def test_the_options_of_an_address_hold_otherwise(postgres: Server, postgres_url: str, tmp_path: Path) -> None:
    connect(tmp_path, f"{postgres_url}&options={OFF} -c application_name=mine")
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('application_name'), current_setting('synchronous_commit')")
        assert cursor.fetchone() == ("mine", "on")
    connection.close()


def test_what_was_committed_survives_a_crash_of_the_server(postgres: Server, postgres_url: str, tmp_path: Path) -> None:
    # Left alone, this server would write down what was committed ten seconds later.
    with configured(postgres, synchronous_commit="off", wal_writer_delay="10s"):
        connect(tmp_path, postgres_url)
        from django.db import connection

        from batch.ledger.orm.store import DatabaseLedger

        ledger = known_to(DatabaseLedger())
        names = [f"b-{number}" for number in range(3)]
        for name in names:
            ledger.create(new_batch(["sub-1", "5", "add"], name=name))
        postgres.crash()
        connection.close()
        postgres.start()
        assert sorted(str(line.head.batch) for line in ledger.list_batches()) == names
        connection.close()


def test_a_server_that_waits_for_no_disk_is_refused(postgres: Server, postgres_url: str, tmp_path: Path) -> None:
    command = Command(tmp_path, "http://127.0.0.1:1", {"CREDITBATCH_DATABASE_URL": postgres_url})
    with configured(postgres, fsync="off"):
        for arguments in (("batches",), ("run", command.sheet(), "--yes"), ("resume",)):
            ended = command(*arguments)
            assert ended.code == 2
            assert "fsync" in ended.err
            assert len(ended.err.splitlines()) == 1
    assert command("batches").code == 0


def test_it_is_refused_at_each_connection(postgres: Server, postgres_url: str, tmp_path: Path) -> None:
    connect(tmp_path, postgres_url)
    from django.db import connection

    from batch.ledger.orm.store import DatabaseLedger

    connection.close()
    with configured(postgres, fsync="off"):
        for _ in range(2):
            with pytest.raises(LedgerError, match="fsync"):
                DatabaseLedger().list_batches()
    assert DatabaseLedger().list_batches() == []
    connection.close()


def test_a_server_that_writes_no_full_pages_is_taken(postgres: Server, postgres_url: str, tmp_path: Path) -> None:
    """Some file systems make it needless, and nobody here can tell which one the server is on."""
    with configured(postgres, full_page_writes="off"):
        connect(tmp_path, postgres_url)
        assert levels() == ["on", "on"]


def test_what_pg_dump_has_saved_is_restored_as_documented(postgres: Server, postgres_url: str, tmp_path: Path) -> None:
    with Sandbox(SandboxOptions()) as sandbox, postgres.database() as another:
        command = Command(tmp_path, sandbox.url, {"CREDITBATCH_DATABASE_URL": postgres_url})
        batch = command("run", command.sheet(), "--yes", "--json").document["batch"]
        asked = (("batches", "--json"), ("show", batch, "--json"), ("verify", batch))
        said = [command(*arguments) for arguments in asked]
        _run("pg_dump", "--format=custom", f"--file={tmp_path / 'ledger.dump'}", postgres_url)
        _run("pg_restore", "--no-owner", "--exit-on-error", f"--dbname={another}", str(tmp_path / "ledger.dump"))
        command.settings["CREDITBATCH_DATABASE_URL"] = another
        assert said == [command(*arguments) for arguments in asked]
        assert [ended.code for ended in said] == [0, 0, 0]
        assert command("run", command.sheet(), "--yes").code == 2


def _run(name: str, *arguments: str) -> None:
    subprocess.run([str(program(name)), *arguments], check=True, capture_output=True, timeout=60)
