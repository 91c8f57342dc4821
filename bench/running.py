"""Running batches in this process, with nobody watching, and whole runs as a person starts them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from batch.ledger.lease import name_this_process
from batch.ledger.protocol import Ledger, NewBatch, prepare_work
from batch.model import Balances, BatchState, Status
from batch.notes import Note
from batch.provider.client import Client, Provider
from batch.provider.http import HttpTransport
from batch.runner.execute import perform
from batch.runner.session import Environment, RunOptions
from batch.settings import KEY as KEY_NAME
from batch.settings import Secret
from bench.measuring import Failed, Measure, process, python, timed
from bench.providers import KEY, SUBACCOUNTS
from bench.server import HELD, MAIN, token
from bench.sheets import known_to
from tests.ledger_in_memory import MemoryLedger
from tests.provider_in_memory import ProviderInMemory


class Nobody:
    """Brake and watcher that never brake and never watch."""

    def is_set(self) -> bool:
        """Never."""
        return False

    def wait(self, seconds: float) -> None:
        """Nothing here waits."""
        raise Failed(f"the run wanted to wait {seconds} s")

    def report_start(self, movements: int, settled: int) -> None:
        """The run begins."""

    def report_row(self, row: int, status: Status) -> None:
        """A row ended."""

    def report_wait(self, seconds: float, why: Note) -> None:
        """The run waits."""


def provider_here() -> ProviderInMemory:
    """A provider within this process: no network and no HTTP."""
    return ProviderInMemory(Decimal(MAIN), {token(number): Decimal(HELD) for number in range(SUBACCOUNTS)})


def perform_here(provider: Provider, ledger: Ledger, new: NewBatch) -> Measure:
    """Record the batch with the balances of just now, then run it to its end; only the run is measured."""
    held = {account.token: account.balance for account in provider.fetch_subaccounts()}
    new = replace(new, opening=Balances(provider.fetch_main_account().balance, held, new.at))
    ledger.create(new)
    nobody = Nobody()
    world = Environment(provider, ledger, lambda: datetime.now(UTC), nobody, nobody)
    ledger.hold(new.access.account, name_this_process(), new.at, lambda _lease: False)
    taken = timed(lambda: perform(world, prepare_work(new), RunOptions(), {}))
    ledger.let_go()
    if ledger.read_head(new.name).state is not BatchState.FINISHED:
        raise Failed(f"the run stopped: {ledger.read_head(new.name).reason}")
    return taken


@contextmanager
def client(url: str) -> Iterator[Client]:
    """The provider over HTTP."""
    made = Client(HttpTransport(url, connect_timeout=5, read_timeout=30), Secret(KEY), answers="json")
    try:
        yield made
    finally:
        made.close()


@contextmanager
def database(home: Path, *, durable: bool = True) -> Iterator[Ledger]:
    """A ledger in a file; it need not be durable, to see what that costs."""
    from batch.ledger.orm.connection import connect

    connect(home, None)
    from django.db import connection, connections

    from batch.ledger.orm.store import DatabaseLedger

    if not durable:
        connection.cursor().execute("PRAGMA synchronous=OFF")
    try:
        yield known_to(DatabaseLedger())
    finally:
        connections["default"].close()


def memory() -> Ledger:
    """A ledger that is never written down."""
    return known_to(MemoryLedger())


def command(
    home: Path, url: str, *arguments: str | Path, memory: bool = True, settings: Mapping[str, str] | None = None
) -> tuple[Measure, str]:
    """`creditbatch` as a person starts it, with its ledger in that folder."""
    environ = {KEY_NAME: KEY, "CREDITBATCH_HOME": str(home / "ledger"), "CREDITBATCH_API_URL": url, **(settings or {})}
    return process(python("-m", "batch", *arguments), cwd=home, environ=environ, memory=memory)


class Fresh:
    """Whole runs of the command, each with a ledger that knows of no run before it."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._url = url
        self._runs = 0

    def run(self, sheet: Path, *, memory: bool = False) -> Measure:
        """Run the sheet, from the start of the process to its end."""
        self._runs += 1
        home = self._folder / f"run-{self._runs}"
        home.mkdir()
        taken, _ = command(home, self._url, "run", sheet, "--yes", "--json", memory=memory)
        return taken
