"""Sheets read within their limits: a text in a thread, a workbook in a child process that is measured and ended."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import IO, TypedDict, Unpack, cast

import psutil

import batch
from batch.errors import SheetError
from batch.frames import Grid, make_frame
from batch.i18n import _, get_language
from batch.model import ColumnRole
from batch.sheet.csv_reader import read_text
from batch.sheet.file_kind import FileKind, detect_kind
from batch.sheet.ipc import Begin, Message, Request, Row, decode
from batch.sheet.source_file import (
    MEBIBYTE,
    Limits,
    Original,
    load_original,
    make_crash_error,
    make_error,
    make_memory_error,
    make_time_error,
)

_ROOT = str(Path(batch.__file__).parents[1])
_PASSED_ON = (
    *("PATH", "SYSTEMROOT", "WINDIR", "TEMP", "TMP", "TMPDIR", "HOME", "USERPROFILE"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"),
)
"""All that Python needs to start. Nothing else is passed on: keys and passwords live in the environment too."""
_ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_IS_WINDOWS = os.name == "nt"


def make_child_command(module: str, *arguments: str) -> list[str]:
    """Make the command of a Python that runs the module with what this one imports from, but for the current folder:
    a csv.py that lies there is nobody's of ours.
    """
    lines = (
        "import runpy,sys",
        f"sys.path[:] = {_list_import_folders()!r}",
        "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)",
    )
    return [sys.executable, "-P", "-c", "\n".join(lines), module, *arguments]


def _list_import_folders() -> list[str]:
    here = Path.cwd().resolve()
    folders = [folder for folder in sys.path if folder and Path(folder).resolve() != here]
    # Last, so that it hides nothing: it may be the current folder after all, which then is the program's own.
    return folders if _ROOT in folders else [*folders, _ROOT]


def start_child(module: str) -> subprocess.Popen[bytes]:
    """Start a Python that runs the module, talked to through its pipes. What else it prints is lost."""
    return subprocess.Popen(  # noqa: S603 (the command is this very Python and a module of ours)
        make_child_command(module),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in _PASSED_ON if name in os.environ} | _ONE_THREAD,
        # An interrupt at the keyboard is the parent's to handle, and no window shall flash up on Windows.
        start_new_session=not _IS_WINDOWS,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def measure_process(pid: int) -> tuple[int, float]:
    """Measure a process with what it started: resident bytes, and seconds of processor time; 0 once it has ended."""
    memory, seconds = 0, 0.0
    for member in _list_family(pid) if _IS_WINDOWS else [pid]:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(member)
            times = process.cpu_times()
            memory += process.memory_info().rss
            seconds += times.user + times.system
    return memory, seconds


def end_child(child: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it started, at once, and leave nothing behind."""
    if child.poll() is None:
        started = _list_family(child.pid)[1:]
        child.kill()
        for pid in started:
            with contextlib.suppress(psutil.Error):
                psutil.Process(pid).kill()
    child.wait()


def _list_family(pid: int) -> list[int]:
    """List the process and what it started: on Windows a virtual environment's Python only starts the real one."""
    with contextlib.suppress(psutil.Error):
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    return [pid]


_WAIT = 4
"""Times the seconds of the limits: a busy machine gives a child less than a processor of its own."""
_LOOK_EVERY = 0.025


class Wanted(TypedDict, total=False):
    sheet: str | None
    columns: Mapping[ColumnRole, str] | None
    limits: Limits | None


def read_sheet(path: Path, **wanted: Unpack[Wanted]) -> Grid:
    """Read a sheet; a `SheetError` says why it cannot be read."""
    with open_sheet(path, **wanted) as reader:
        return reader.result()


def open_sheet(path: Path, **wanted: Unpack[Wanted]) -> Reader:
    """Begin to read; other slow things can be done before `result()`. Raises what can be told at once."""
    return open_original(load_original(path, wanted.get("limits") or Limits()), **wanted)


def open_original(original: Original, **wanted: Unpack[Wanted]) -> Reader:
    """Begin to read a file whose bytes are there already, as `open_sheet` does."""
    columns, limits = wanted.get("columns") or {}, wanted.get("limits") or Limits()
    sheet = wanted.get("sheet")
    if detect_kind(original) is FileKind.TEXT:
        return Reader(partial(read_text, original, sheet, columns, limits))
    return SheetReader(Request(original, sheet, columns, limits, get_language()))


class Reader(contextlib.AbstractContextManager["Reader"]):
    """A sheet that is being read in a thread. Close it, or use it in a `with`, so that nothing is left behind."""

    def __init__(self, read: Callable[[], Grid]) -> None:
        threads = ThreadPoolExecutor(1, thread_name_prefix="sheet")
        self._grid = threads.submit(copy_context().run, read)
        threads.shutdown(wait=False)

    def __exit__(self, *_error: object) -> None:
        self.close()

    def result(self) -> Grid:
        return self._grid.result()

    def close(self) -> None:
        """Give up what is still being read; a thread comes to an end by itself."""


class SheetReader(Reader):
    """A workbook that a child process is reading; it takes at most the seconds of the limits."""

    def __init__(self, request: Request, child_module: str = "batch.sheet.child") -> None:
        self._request = request
        self._reason: SheetError | None = None
        self._sheets: tuple[str, ...] = ()
        self._finished = threading.Event()
        try:
            self._child = start_child(child_module)
        except OSError:
            sentence = _(
                "{file} could not be read because no other process could be started: close other programs, try again."
            )
            raise make_error(request.original.name, sentence) from None
        deadline = time.monotonic() + _WAIT * request.limits.seconds
        threading.Thread(target=copy_context().run, args=(self._watch, deadline), name="sheet-watch").start()
        super().__init__(self._read)

    def close(self) -> None:
        end_child(self._child)

    def _read(self) -> Grid:
        try:
            # A child that ended before it had read it all may still have said why.
            with contextlib.suppress(OSError), cast("IO[bytes]", self._child.stdin) as stream:
                self._request.write(stream)
            # While the child is at work there is time to load what its answer is put into.
            import_module("pandas")
            return self._collect()
        finally:
            self._finished.set()
            end_child(self._child)

    def _collect(self) -> Grid:
        rows: list[Row] = []
        begin: Begin | None = None
        for message in self._read_messages():
            match message:
                case list():
                    rows += message
                case tuple():
                    self._sheets = message
                case Begin():
                    begin = message
                case SheetError():
                    raise message
                case int() if begin and message == len(rows):
                    source = self._request.original.make_source(begin.sheet)
                    return Grid(source, make_frame(rows), begin.appearance, begin.findings)
        raise self._reason or make_crash_error(self._request.original.name, self._request.limits)

    def _read_messages(self) -> Iterator[Message]:
        """Read what the child says, until it stops, says more than it may, or is stopped."""
        left = self._request.limits.answer
        with contextlib.suppress(ValueError, RecursionError, OSError), cast("IO[bytes]", self._child.stdout) as stream:
            while self._reason is None and (line := stream.readline(left)):
                left -= len(line)
                yield decode(line)

    def _watch(self, deadline: float) -> None:
        limits, name = self._request.limits, self._request.original.name
        own, _seconds = measure_process(os.getpid())
        while not self._finished.wait(_LOOK_EVERY):
            memory, seconds = measure_process(self._child.pid)
            memory += max(0, measure_process(os.getpid())[0] - own)
            if memory > limits.memory_mib * MEBIBYTE:
                self._reason = make_memory_error(name, limits)
            elif time.monotonic() > deadline or seconds > limits.seconds:
                self._reason = make_time_error(name, limits, self._sheets)
            if self._reason:
                end_child(self._child)
                return
