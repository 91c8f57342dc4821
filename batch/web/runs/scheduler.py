"""Starting what is due: a thread of the site that looks every second and gives each job a process of its own.

The process outlives the site, so that a batch is not stopped by a restart of it; and the site outlives the process.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading

from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from batch.errors import CreditbatchError
from batch.web.runs import jobs
from batch.web.runs.queue import batch_before, queue_behind

_EVERY = 1.0
"""Seconds between two looks."""
_log = logging.getLogger("creditbatch.web")
_IS_WINDOWS = os.name == "nt"


class Scheduler:
    """Looks for jobs until it is told to stop."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look_out, name="scheduler", daemon=True)
        self._children: list[subprocess.Popen[bytes]] = []

    def start(self) -> Scheduler:
        """Begin to look."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End looking. Workers go on by themselves."""
        self._stopped.set()
        self._thread.join(timeout=5)

    def _look_out(self) -> None:
        while not self._stopped.wait(_EVERY):
            try:
                close_old_connections()
                self._look()
            except (DatabaseError, OSError, CreditbatchError) as error:
                # The database may be busy or away for a while: the next look may find it.
                _log.warning("the scheduler could not look: %s", error)

    def _look(self) -> None:
        now = timezone.now()
        jobs.bury_dead(now)
        for job in jobs.due(now):
            before = batch_before(job)
            if before is not None:
                queue_behind(job, before)
            elif not jobs.works(now) and jobs.claim(job):
                self._children.append(_start_worker(job.id))
        # A child that has ended is asked for its end, so that no zombie is left.
        self._children = [child for child in self._children if child.poll() is None]


def _start_worker(job: int) -> subprocess.Popen[bytes]:
    """A process of its own, in a session of its own: it hears neither our Ctrl-C nor our end."""
    return subprocess.Popen(  # noqa: S603 (the command is this very Python and a module of ours)
        [sys.executable, "-m", "batch.web.runs.worker", str(job)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=not _IS_WINDOWS,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
