"""The parent's side: a child is given the file to parse, and is watched until its answer is whole."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

from batch.errors import SheetError
from batch.model import Cell, Grid, Source
from batch.sheet.complaints import cannot_start, died, too_much_memory, too_slow
from batch.sheet.limits import MEBIBYTE, Limits
from batch.sheet.original import load
from batch.sheet.process import end, memory, pipe, start
from batch.sheet.wire import Begin, End, Failure, Message, Request, decode

_CHILD = "batch.sheet.child"
_LOOK_EVERY = 0.025
"""Seconds. A parser takes some tens of MiB between two looks."""


def read_sheet(path: Path, *, sheet: str | None = None, limits: Limits | None = None) -> Grid:
    """The cells of a sheet; a `SheetError` says in one sentence why it cannot be read. `sheet` chooses by name."""
    with open_sheet(path, sheet=sheet, limits=limits) as reader:
        return reader.result()


def open_sheet(path: Path, *, sheet: str | None = None, limits: Limits | None = None) -> SheetReader:
    """Begin to read; other slow things can be done before `result()`. Raises what can be told at once."""
    bounds = limits or Limits()
    return SheetReader(Request(load(path, bounds), sheet, bounds))


class SheetReader:
    """A sheet that a child process is reading. Close it, or use it in a `with`, so that no child is left behind."""

    def __init__(self, request: Request, child_module: str = _CHILD) -> None:
        original = request.original
        self._name, self._sha256, self._size = original.name, original.sha256, len(original.data)
        self._limits = request.limits
        self._reason: SheetError | None = None
        self._finished = threading.Event()
        try:
            self._child = start(child_module)
        except OSError:
            raise cannot_start(self._name) from None
        threads = ThreadPoolExecutor(2, thread_name_prefix="sheet")
        threads.submit(self._watch, time.monotonic() + self._limits.seconds)
        self._grid = threads.submit(self._read, request)
        threads.shutdown(wait=False)

    def __enter__(self) -> SheetReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def result(self) -> Grid:
        """The grid, once it is complete; it takes at most the seconds of the limits."""
        return self._grid.result()

    def close(self) -> None:
        """End the child if it still runs."""
        end(self._child)

    def _read(self, request: Request) -> Grid:
        try:
            self._feed(request)
            return self._collect()
        finally:
            self._finished.set()
            end(self._child)

    def _feed(self, request: Request) -> None:
        """Hand the file over. A child that ended before it had read it all may still have said why."""
        with contextlib.suppress(OSError), pipe(self._child.stdin) as stream:
            request.write(stream)

    def _collect(self) -> Grid:
        rows: list[list[Cell]] = []
        sheet: str | None = None
        for message in self._messages():
            match message:
                case list():
                    rows += message
                case Begin(sheet=sheet):
                    pass
                case Failure(sentence=sentence):
                    raise SheetError(sentence)
                case End(rows=count) if count == len(rows):
                    return Grid(Source(self._name, self._sha256, self._size, sheet), rows)
        raise self._reason or died(self._name, self._limits)

    def _messages(self) -> Iterator[Message]:
        """What the child says, until it stops, says more than it may, or is stopped."""
        left = self._limits.answer
        with contextlib.suppress(ValueError, RecursionError, OSError), pipe(self._child.stdout) as stream:
            while self._reason is None and (line := stream.readline(left)):
                left -= len(line)
                yield decode(line)

    def _watch(self, deadline: float) -> None:
        own = memory(os.getpid())
        while not self._finished.wait(_LOOK_EVERY):
            taken = memory(self._child.pid) + max(0, memory(os.getpid()) - own)
            if taken > self._limits.memory_mib * MEBIBYTE:
                self._reason = too_much_memory(self._name, self._limits)
            elif time.monotonic() > deadline:
                self._reason = too_slow(self._name, self._limits)
            else:
                continue
            end(self._child)
            return
