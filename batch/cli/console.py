"""What goes to standard output and what to standard error, for a terminal, a pipe and a script."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from batch.model import Status

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

_LINE_EVERY = 1.0
"""Seconds between two lines of progress where there is no terminal."""


def note(sentence: str) -> None:
    """A line for the person, on standard error."""
    print(sentence, file=sys.stderr, flush=True)


def print_json(document: Any) -> None:
    """One JSON document on standard output. ASCII, so that no console's encoding can harm it. `rows` are streamed."""
    rows = document.pop("rows", None) if isinstance(document, dict) else None
    text = json.dumps(document)
    if rows is None:
        sys.stdout.write(text)
    else:
        sys.stdout.write(text[:-1] + ', "rows": [')
        for number, row in enumerate(rows):
            sys.stdout.write((", " if number else "") + json.dumps(row))
        sys.stdout.write("]}")
    sys.stdout.write("\n")
    sys.stdout.flush()


def console(*, errors: bool = False) -> Console:
    """Rich's console; it honours NO_COLOR and knows whether it is a terminal. A pipe gets lines of a fair width."""
    from rich.console import Console

    file = sys.stderr if errors else sys.stdout
    width = None if file.isatty() else 100
    return Console(file=file, width=width, highlight=False, soft_wrap=False, markup=False)


class PlainProgress:
    """A line now and then, and one for each row that was not done."""

    def __init__(self) -> None:
        self._movements = 0
        self._settled = 0
        self._began = self._last = time.monotonic()

    def started(self, movements: int, settled: int) -> None:
        """So many movements, of which so many need nothing any more."""
        self._movements, self._settled = movements, settled
        self._began = self._last = time.monotonic()
        note(f"{movements - settled} of {movements} movements to send")

    def row_ended(self, row: int, status: Status) -> None:
        """A row was done, refused or left in doubt."""
        self._settled += 1
        now = time.monotonic()
        if status is not Status.DONE:
            note(f"row {row}: {status.value}")
        if now - self._last >= _LINE_EVERY or self._settled == self._movements:
            self._last = now
            note(f"{self._settled} of {self._movements} movements ended, {now - self._began:.0f} s")

    def waiting(self, seconds: float, why: str) -> None:
        """Nothing happens for a while, and this is why."""
        note(f"waiting {seconds:.1f} s: {why}" if seconds else why)


class BarProgress:
    """A bar with rate and time left, for a terminal."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def started(self, movements: int, settled: int) -> None:
        """So many movements, of which so many need nothing any more."""
        self._progress.update(self._task, total=movements, completed=settled, description="paying")

    def row_ended(self, row: int, status: Status) -> None:
        """A row was done, refused or left in doubt."""
        if status is not Status.DONE:
            self._progress.console.print(f"row {row}: {status.value}")
        self._progress.update(self._task, advance=1, description="paying")

    def waiting(self, seconds: float, why: str) -> None:
        """Nothing happens for a while, and this is why."""
        if seconds:
            self._progress.update(self._task, description=f"waiting {seconds:.0f} s")
        self._progress.console.print(why)


@contextmanager
def progress() -> Iterator[PlainProgress | BarProgress]:
    """Progress on standard error: a bar on a terminal, plain lines elsewhere."""
    if not sys.stderr.isatty():
        yield PlainProgress()
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        """Movements a second."""

        def render(self, task: Any) -> Text:
            return Text(f"{task.speed:.1f}/s" if task.speed else "  –/s")

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        console=console(errors=True),
        expand=True,
    ) as bar:
        yield BarProgress(bar, bar.add_task("paying", total=None))
