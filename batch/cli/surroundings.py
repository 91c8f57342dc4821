"""Building the real world from the settings: the provider over HTTP, the ledger in its database, the clock, Ctrl-C."""

from __future__ import annotations

import getpass
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from batch.cli.console import note
from batch.language import _, language, speaking
from batch.settings import Secret, Settings, environment, load_key, load_settings

if TYPE_CHECKING:
    from batch.ledger.orm.store import DatabaseLedger
    from batch.provider.client import Client

_WAIT_SLICE = 0.2
"""Seconds. Some systems tell a waiting program of Ctrl-C only when its wait is over."""


def read_environment() -> dict[str, str]:
    """The environment and the `.env` file of the current folder."""
    return environment(os.environ, Path.cwd())


def now() -> datetime:
    """The time, with its zone."""
    return datetime.now(UTC)


@contextmanager
def open_client(settings: Settings, key: Secret) -> Iterator[Client]:
    """The provider over HTTP. Its libraries are imported only where it is asked."""
    from batch.provider.client import open_client as opened

    with opened(settings, key) as client:
        yield client


def person() -> str | None:
    """Who is at the keyboard, by the operating system; None where it does not say."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return None


def open_ledger(settings: Settings) -> DatabaseLedger:
    """The ledger in its database, brought up to date."""
    from batch.ledger.orm.connection import connect

    connect(settings.home, settings.database_url)
    from batch.ledger.orm.store import DatabaseLedger

    return DatabaseLedger()


def has_ledger(settings: Settings) -> bool:
    """Whether there is a ledger to look into; a check never makes one."""
    from batch.ledger.orm.connection import ledger_file

    file = ledger_file(settings.home, settings.database_url)
    return file is None or file.is_file()


def settings_and_key() -> tuple[Settings, Secret]:
    """Both, from the environment."""
    environ = read_environment()
    return load_settings(environ), load_key(environ)


class SignalBrake:
    """Ctrl-C once: finish the row under way and stop. Twice: stop at once."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._language = language()

    def asked(self) -> bool:
        """Whether to stop after the row under way."""
        return self._asked.is_set()

    def wait(self, seconds: float) -> None:
        """Sleep, or less if asked to stop meanwhile."""
        left = seconds
        while left > 0 and not self._asked.wait(min(left, _WAIT_SLICE)):
            left -= _WAIT_SLICE

    @contextmanager
    def listening(self) -> Iterator[SignalBrake]:
        """Take the signals that ask a program to stop, and give them back at the end."""
        names = [name for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)]
        before = {name: signal.signal(getattr(signal, name), self._handle) for name in names}
        try:
            yield self
        finally:
            for name, handler in before.items():
                signal.signal(getattr(signal, name), handler)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self._asked.is_set():
            raise KeyboardInterrupt
        self._asked.set()
        # A run speaks the ledger's language, and this comes in the middle of it.
        with speaking(self._language):
            note(_("Stopping after the row under way; once more to stop at once."))
