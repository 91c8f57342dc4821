"""A PostgreSQL server for tests: in a folder of its own, on a socket that nobody else may open, gone afterwards.

The fixtures `postgres` and `postgres_url` are in conftest.py: the server, one a process, and the address of a new
database on it, one a test. A test that uses either is marked with `ON_POSTGRES`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from tests.programs import found, needs

if TYPE_CHECKING:
    import psycopg

_SECONDS = 60
_NOT_ROOT = ("postgres", "nobody")
"""Who runs the server where root runs the tests: it refuses root."""


def program(name: str) -> str | None:
    """Where this program of the server's is: Debian has none on the path, and perhaps several versions."""
    newest_last = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda file: float(file.parts[-3]))
    return found(name) or next(map(str, reversed(newest_last)), None)


# Windows has neither the signals nor the sockets.
_INITDB = program("initdb") if os.name == "posix" else None
ON_POSTGRES = (pytest.mark.slow, needs("PostgreSQL", _INITDB, "the ledger on a server was not tested"))


class Server:
    """A server, as its administrator has it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names = count(1)
        self._owner = _owner()
        if self._owner:
            os.chown(folder, self._owner["user"], self._owner["group"])
        self._run("initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        arguments = (*self._command("postgres"), "-k", str(self._folder), "-c", "listen_addresses=")
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(arguments, stdout=log, stderr=log, cwd=self._folder, **self._owner)
        until = time.monotonic() + _SECONDS
        while not self._answers():
            assert self._process.poll() is None, self._log()
            assert time.monotonic() < until, self._log()
            time.sleep(0.05)

    def crash(self) -> None:
        """End it as a power cut does, but for what the system keeps of files."""
        self._end(signal.SIGQUIT)

    def stop(self) -> None:
        """End it, whoever is connected."""
        self._end(signal.SIGINT)

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Have a statement performed by the administrator; what it gives."""
        with self._connect() as connection:
            # Not composed of anything from outside.
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def configure(self, **settings: str | None) -> None:
        """Change settings of the server, and wait until they are in force; None gives the default back."""
        for name, value in settings.items():
            self.execute(f"ALTER SYSTEM SET {name} = '{value}'" if value is not None else f"ALTER SYSTEM RESET {name}")
        before = self.execute("SELECT pg_conf_load_time()")
        self.execute("SELECT pg_reload_conf()")
        until = time.monotonic() + _SECONDS
        while self.execute("SELECT pg_conf_load_time()") == before:
            assert time.monotonic() < until, self._log()
            time.sleep(0.02)

    @contextmanager
    def database(self) -> Iterator[str]:
        """The address of a new database, which is dropped afterwards."""
        name = f"ledger_{next(self._names)}"
        self.execute(f"CREATE DATABASE {name}")
        yield f"postgres:///{name}?{urlencode({'host': self._folder, 'user': 'postgres'})}"
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _answers(self) -> bool:
        import psycopg

        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        import psycopg

        return psycopg.connect(host=str(self._folder), user="postgres", dbname="postgres", autocommit=True)

    def _end(self, number: signal.Signals) -> None:
        self._process.send_signal(number)
        self._process.wait(_SECONDS)

    def _run(self, name: str, *arguments: str) -> None:
        command = (*self._command(name), *arguments)
        ended = subprocess.run(
            command, cwd=self._folder, capture_output=True, text=True, timeout=_SECONDS, check=False, **self._owner
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr

    def _command(self, name: str) -> tuple[str, ...]:
        return str(program(name)), "-D", str(self._folder / "data")

    def _log(self) -> str:
        return (self._folder / "log").read_text(errors="replace")


@contextmanager
def server() -> Iterator[Server]:
    """Start a server in a folder that is not within pytest's, which nobody but root may enter."""
    with tempfile.TemporaryDirectory(prefix="creditbatch-pg-") as name:
        running = Server(Path(name))
        try:
            running.start()
            yield running
        finally:
            running.stop()


def _owner() -> dict[str, Any]:
    """Whom to run the server as; the tests' own user unless that is root."""
    if os.geteuid() != 0:
        return {}
    import pwd

    users = {user.pw_name: user for user in pwd.getpwall()}
    user = next(users[name] for name in _NOT_ROOT if name in users)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": ()}
