"""How a worker hears that it is to stop: a person's button, or the system's signal. And how it says that it waits."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import suppress
from datetime import timedelta
from types import FrameType

from django.db import DatabaseError
from django.utils import timezone

from batch.model import Status
from batch.notes import Note, note_text
from batch.web.models import Job

_ASK_EVERY = 0.5
"""Seconds between two looks at the button, so that looking costs a row nothing."""


class JobBrake:
    """Implements `runner.session.Brake` for a job."""

    def __init__(self, job: int) -> None:
        self._job = job
        self._signalled = threading.Event()
        self._asked = False
        self._looked = 0.0

    def listen(self) -> None:
        """Stop after the row under way when the system asks the process to end."""
        for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._handle)

    def asked(self) -> bool:
        """Whether to stop after the row under way."""
        if self._signalled.is_set() or self._asked:
            return True
        now = time.monotonic()
        if now - self._looked >= _ASK_EVERY:
            self._looked = now
            # A database that cannot be read is for the ledger to tell, whose next commit needs it.
            with suppress(DatabaseError):
                self._asked = Job.objects.filter(id=self._job).exclude(stop_asked_by=None).exists()
        return self._asked

    def wait(self, seconds: float) -> None:
        """Sleep, or less if asked to stop meanwhile."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self.asked():
            self._signalled.wait(min(left, _ASK_EVERY))

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self._signalled.set()


class JobWatcher:
    """Implements `runner.session.Watcher` for a job: only waits are told, the rows are in the ledger."""

    def __init__(self, job: int) -> None:
        self._job = job
        self._says_waiting = False

    def started(self, movements: int, settled: int) -> None:
        """Nothing to say: the page counts the ledger's rows."""

    def row_ended(self, row: int, status: Status) -> None:  # noqa: ARG002 (the protocol’s)
        """A wait that was told is over."""
        if self._says_waiting:
            self._says_waiting = False
            self._say(waiting_until=None, waiting_why="")

    def waiting(self, seconds: float, why: Note) -> None:
        """Nothing happens for a while, and this is why."""
        self._says_waiting = True
        self._say(waiting_until=timezone.now() + timedelta(seconds=seconds), waiting_why=note_text(why))

    def _say(self, **said: object) -> None:
        """For the page only, so a run does not stop for it."""
        with suppress(DatabaseError):
            Job.objects.filter(id=self._job).update(**said)
