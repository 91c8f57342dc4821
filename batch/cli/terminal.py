"""Talk to the person at the terminal, and open what a command stands on."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import signal
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import FrameType
from typing import IO, TYPE_CHECKING, Any, TextIO, cast

from batch.errors import SettingsError, UsageError
from batch.i18n import _, format_number, get_language, ngettext, use_language
from batch.model import Status, name_status
from batch.notes import Note, tell
from batch.planning.account_identity import normalize_address
from batch.settings import (
    API_URL,
    DATABASE_URL,
    Secret,
    Settings,
    find_strays,
    load_environment,
    load_key,
    load_settings,
    refuse_stray_password,
)
from batch.zone import choose_zone

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID
    from rich.text import Text

    from batch.ledger.orm.store import DatabaseLedger
    from batch.provider.client import Client

_SECONDS_BETWEEN_LINES = 1.0
_STAND_INS = {0x00A0: 0xE000, 0x202F: 0xE001}
"""Spaces at which no line is broken, and characters that mean nothing and that no font has."""
_STOOD_FOR = {stand_in: space for space, stand_in in _STAND_INS.items()}
_COMMAND = re.compile(r"[`“«]\s?creditbatch [^`”»]*[`”»]")
_COMMAND_SPACE = "\ue002"
_has_document = False


def say(sentence: str) -> None:
    """Say something to the person on standard error; a terminal gets it broken between words, and nobody else."""
    if sys.stderr.isatty():
        sentence = wrap_sentence(sentence, shutil.get_terminal_size().columns)
    print(sentence, file=sys.stderr, flush=True)


def wrap_sentence(sentence: str, width: int) -> str:
    """Split a sentence into lines between words, but no command, which is copied: a long one has a line of its own."""
    kept = _COMMAND.sub(lambda command: command[0].replace(" ", _COMMAND_SPACE), sentence)
    lines = textwrap.fill(kept, width, break_long_words=False, break_on_hyphens=False)
    return lines.replace(_COMMAND_SPACE, " ")


def print_json(document: Any) -> None:
    """Print one JSON document: whatever goes wrong once it is begun, there is no second one."""
    global _has_document
    if _has_document:
        return
    _has_document = True
    from batch.export import stream_json

    sys.stdout.writelines(stream_json(document))
    sys.stdout.flush()


def make_console(*, errors: bool = False) -> Console:
    """Make rich's console, which honours NO_COLOR and knows a terminal. A pipe gets lines of a fair width."""
    from rich.console import Console

    class Terminal(Console):
        """Rich breaks a line at any space, so it is not shown those at which none may be broken."""

        def render_str(self, text: str, **options: Any) -> Text:
            return super().render_str(text.translate(_STAND_INS), **options)

    file = sys.stderr if errors else sys.stdout
    width = None if file.isatty() else 100
    # A file is, for rich, whatever has what it asks for.
    given = cast("IO[str]", _Unveiling(file))
    return Terminal(file=given, width=width, highlight=False, soft_wrap=False, markup=False)


class _Unveiling:
    """A stream in which stand-ins become again what they stand for."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(text.translate(_STOOD_FOR))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class PlainProgress:
    """A line now and then, and one for each row that was not done."""

    def __init__(self) -> None:
        self._movements = 0
        self._settled = 0
        self._began = self._last = time.monotonic()

    def report_start(self, movements: int, settled: int) -> None:
        self._movements, self._settled = movements, settled
        self._began = self._last = time.monotonic()
        sentence = ngettext("{left} of {all} movement to send", "{left} of {all} movements to send", movements)
        say(sentence.format(left=format_number(movements - settled), all=format_number(movements)))

    def report_row(self, row: int, status: Status) -> None:
        """Say that a row was refused or left in doubt, and now and then how many have ended."""
        self._settled += 1
        now = time.monotonic()
        if status is not Status.DONE:
            say(_format_row_end(row, status))
        if now - self._last >= _SECONDS_BETWEEN_LINES or self._settled == self._movements:
            self._last = now
            sentence = ngettext(
                "{ended} of {all} movement ended, {seconds} s",
                "{ended} of {all} movements ended, {seconds} s",
                self._movements,
            )
            seconds = format_number(round(now - self._began))
            ended, movements = format_number(self._settled), format_number(self._movements)
            say(sentence.format(ended=ended, all=movements, seconds=seconds))

    def report_wait(self, seconds: float, why: Note) -> None:
        told = tell(why)
        say(_("waiting {seconds} s: {why}").format(seconds=_format_tenths(seconds), why=told) if seconds else told)


class BarProgress:
    """A bar with rate and time left, for a terminal."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def report_start(self, movements: int, settled: int) -> None:
        self._progress.update(self._task, total=movements, completed=settled, description=_("paying"))

    def report_row(self, row: int, status: Status) -> None:
        """Move the bar, and say that a row was refused or left in doubt."""
        if status is not Status.DONE:
            self._progress.console.print(_format_row_end(row, status))
        self._progress.update(self._task, advance=1, description=_("paying"))

    def report_wait(self, seconds: float, why: Note) -> None:
        if seconds:
            said = _("waiting {seconds} s").format(seconds=format_number(round(seconds)))
            self._progress.update(self._task, description=said)
        self._progress.console.print(tell(why))


def _format_row_end(row: int, status: Status) -> str:
    return _("row {row}: {status}").format(row=row, status=name_status(status))


def _format_tenths(value: float) -> str:
    return format_number(Decimal(value), 1)


@contextmanager
def show_progress() -> Iterator[PlainProgress | BarProgress]:
    """Show progress on standard error: a bar on a terminal, plain lines elsewhere."""
    if not sys.stderr.isatty():
        yield PlainProgress()
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Any) -> Text:
            return Text(f"{_format_tenths(task.speed) if task.speed else '  –'}/s")

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        console=make_console(errors=True),
        expand=True,
    ) as bar:
        yield BarProgress(bar, bar.add_task(_("paying"), total=None))


_WAIT_SLICE = 0.2
"""Seconds. Some systems tell a waiting program of Ctrl-C only when its wait is over."""


def read_environment() -> dict[str, str]:
    """Read the settings, and show every moment from now on in the zone that they name."""
    environ = load_environment(os.environ, Path.cwd())
    refuse_stray_password(os.environ, Path.cwd(), DATABASE_URL, "PGPASSWORD")
    choose_zone(environ)
    return environ


def read_clock() -> datetime:
    return datetime.now(UTC)


def open_client(settings: Settings, key: Secret) -> AbstractContextManager[Client]:
    """Open the provider over HTTP. Its libraries are imported only where it is asked."""
    from batch.provider import client

    return client.open_client(settings, key)


def find_user_name() -> str | None:
    """Find who is at the keyboard, by the operating system; None where it does not say."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return None


def open_ledger(settings: Settings) -> DatabaseLedger:
    """Open the ledger in its database, brought up to date."""
    from batch.ledger.orm.connection import connect

    connect(settings.home, settings.database_url)
    warn_of_open_home(settings.home)
    from batch.ledger.orm.store import DatabaseLedger

    return DatabaseLedger()


@cache
def warn_of_open_home(home: Path) -> None:
    """Say, once, that others may enter the home."""
    from batch.ledger.orm.connection import explain_open_home

    sentence = explain_open_home(home)
    if sentence is not None:
        say(f"creditbatch: {sentence}")


def has_ledger(settings: Settings) -> bool:
    """Tell whether there is a ledger to look into; a check never makes one."""
    from batch.ledger.orm.connection import find_ledger_file

    file = find_ledger_file(settings.home, settings.database_url)
    return file is None or file.is_file()


def load_settings_and_key() -> tuple[Settings, Secret]:
    environ = read_environment()
    settings, key = load_settings(environ), load_key(environ)
    agree_to_address(settings, key)
    return settings, key


_YES = {"y", "yes", "o", "oui"}


def ask_person(question: str) -> bool:
    """Ask at the terminal; anything but a yes is a no."""
    print(question, end=" ", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().casefold() in _YES


def agree_to_address(settings: Settings, key: Secret) -> None:
    """Refuse to send a key to the address that only a `.env` in this folder names, unless the ledger knows the key
    there, or the person agrees. `--yes` was said by somebody who saw no address.
    """
    strays = find_strays(os.environ, Path.cwd())
    if API_URL not in strays or (strays == {API_URL} and has_ledger(settings) and _knows_key(settings, key)):
        return
    # As it is sent: a letter of another alphabet that looks like ours is seen.
    address = normalize_address(settings.api_url)
    if not sys.stdin.isatty():
        sentence = _(
            "The .env file in this folder names {address}, and the API key is kept elsewhere: to send it there, set "
            "{setting} in the environment."
        )
        raise SettingsError(sentence.format(address=address, setting=API_URL))
    say(_("The .env file in this folder names {address}, and the API key is kept elsewhere.").format(address=address))
    if not ask_person(_("Send the key to that address? [y/N]")):
        raise UsageError(_("Nothing was sent: you said no."))


def _knows_key(settings: Settings, key: Secret) -> bool:
    from batch.runner.open_account import find_account

    return find_account(open_ledger(settings), settings.api_url, key.compute_fingerprint()) is not None


class InterruptSignal:
    """Ctrl-C once: finish the row under way and stop. Twice: stop at once."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._language = get_language()

    def is_set(self) -> bool:
        return self._asked.is_set()

    def wait(self, seconds: float) -> None:
        """Sleep, or less if asked to stop meanwhile."""
        left = seconds
        while left > 0 and not self._asked.wait(min(left, _WAIT_SLICE)):
            left -= _WAIT_SLICE

    @contextmanager
    def listen(self) -> Iterator[InterruptSignal]:
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
        with use_language(self._language):
            say(_("Stopping after the row under way; once more to stop at once."))
