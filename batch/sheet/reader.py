"""The parent's side: a child is given the workbook to parse, and is watched until its answer is whole."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from pathlib import Path
from types import TracebackType

from batch.errors import SheetError
from batch.frames import Grid, make_frame
from batch.language import language, speaking
from batch.model import Role, Source
from batch.sheet.complaints import cannot_start, died, too_much_memory, too_slow
from batch.sheet.kind import Kind, kind_of
from batch.sheet.limits import MEBIBYTE, Limits
from batch.sheet.original import Original, load
from batch.sheet.process import end, measure, pipe, start
from batch.sheet.text import read_text
from batch.sheet.wire import Begin, End, Failure, Message, Request, Row, Sheets, decode

_CHILD = "batch.sheet.child"
_WAIT = 4
"""Times the seconds of the limits: a busy machine gives a child less than a processor of its own."""
_LOOK_EVERY = 0.025
"""Seconds. A parser takes some tens of MiB between two looks."""


def read_sheet(
    path: Path, *, sheet: str | None = None, columns: Mapping[Role, str] | None = None, limits: Limits | None = None
) -> Grid:
    """The cells of a sheet; a `SheetError` says in one sentence why it cannot be read. `sheet` chooses by name, and
    `columns` that were named by hand are looked for where there are several sheets.
    """
    with open_sheet(path, sheet=sheet, columns=columns, limits=limits) as reader:
        return reader.result()


def open_sheet(
    path: Path, *, sheet: str | None = None, columns: Mapping[Role, str] | None = None, limits: Limits | None = None
) -> Reader:
    """Begin to read; other slow things can be done before `result()`. Raises what can be told at once."""
    bounds = limits or Limits()
    return open_original(load(path, bounds), sheet=sheet, columns=columns, limits=bounds)


def open_original(
    original: Original,
    *,
    sheet: str | None = None,
    columns: Mapping[Role, str] | None = None,
    limits: Limits | None = None,
) -> Reader:
    """As `open_sheet`, for a file whose bytes are there already."""
    request = Request(original, sheet, columns or {}, limits or Limits(), language())
    return Reader(partial(_read_text, request)) if kind_of(original) is Kind.TEXT else SheetReader(request)


def _read_text(request: Request) -> Grid:
    with speaking(request.language):
        return read_text(request.original, request.sheet, request.columns, request.limits)


class Reader:
    """A sheet that is being read in a thread. Close it, or use it in a `with`, so that nothing is left behind."""

    def __init__(self, read: Callable[[], Grid]) -> None:
        threads = ThreadPoolExecutor(1, thread_name_prefix="sheet")
        self._grid = threads.submit(read)
        threads.shutdown(wait=False)

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def result(self) -> Grid:
        """The grid, once it is complete; a `SheetError` says why it cannot be read."""
        return self._grid.result()

    def close(self) -> None:
        """Give up what is still being read; a thread comes to an end by itself."""


class SheetReader(Reader):
    """A workbook that a child process is reading; it takes at most the seconds of the limits."""

    def __init__(self, request: Request, child_module: str = _CHILD) -> None:
        original = request.original
        self._name, self._sha256, self._size = original.name, original.sha256, len(original.data)
        self._limits, self._language = request.limits, request.language
        self._reason: SheetError | None = None
        self._sheets: tuple[str, ...] = ()
        self._finished = threading.Event()
        try:
            self._child = start(child_module)
        except OSError:
            raise cannot_start(self._name) from None
        deadline = time.monotonic() + _WAIT * self._limits.seconds
        threading.Thread(target=self._watch, args=(deadline,), name="sheet-watch").start()
        super().__init__(partial(self._read, request))

    def close(self) -> None:
        """End the child if it still runs."""
        end(self._child)

    def _read(self, request: Request) -> Grid:
        try:
            self._feed(request)
            # While the child is at work there is time to load what its answer is put into.
            import_module("pandas")
            with speaking(self._language):
                return self._collect()
        finally:
            self._finished.set()
            end(self._child)

    def _feed(self, request: Request) -> None:
        """Hand the file over. A child that ended before it had read it all may still have said why."""
        with contextlib.suppress(OSError), pipe(self._child.stdin) as stream:
            request.write(stream)

    def _collect(self) -> Grid:
        rows: list[Row] = []
        begin: Begin | None = None
        for message in self._messages():
            match message:
                case list():
                    rows += message
                case Sheets(names=names):
                    self._sheets = names
                case Begin():
                    begin = message
                case Failure(sentence=sentence, sheets=sheets):
                    raise SheetError(sentence, sheets)
                case End(rows=count) if begin and count == len(rows):
                    source = Source(self._name, self._sha256, self._size, begin.sheet)
                    return Grid(source, make_frame(rows), begin.appearance, begin.findings)
        raise self._reason or died(self._name, self._limits)

    def _messages(self) -> Iterator[Message]:
        """What the child says, until it stops, says more than it may, or is stopped."""
        left = self._limits.answer
        with contextlib.suppress(ValueError, RecursionError, OSError), pipe(self._child.stdout) as stream:
            while self._reason is None and (line := stream.readline(left)):
                left -= len(line)
                yield decode(line)

    def _watch(self, deadline: float) -> None:
        own, _seconds = measure(os.getpid())
        while not self._finished.wait(_LOOK_EVERY):
            memory, seconds = measure(self._child.pid)
            memory += max(0, measure(os.getpid())[0] - own)
            with speaking(self._language):
                if memory > self._limits.memory_mib * MEBIBYTE:
                    self._reason = too_much_memory(self._name, self._limits)
                elif time.monotonic() > deadline or seconds > self._limits.seconds:
                    self._reason = too_slow(self._name, self._limits, self._sheets)
            if self._reason:
                end(self._child)
                return
