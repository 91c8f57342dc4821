"""Measuring: turn about, as medians, and for whole processes with the memory of everything that they start."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
MIB = 1024 * 1024
_LOOK_EVERY = 0.03
"""Seconds between two looks at a process's memory."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured. `scale` shrinks every size, to see quickly whether a script works at all."""

    repeats: int = 5
    scale: float = 1.0

    def of(self, rows: int) -> int:
        """So many rows, or fewer."""
        return max(4, round(rows * self.scale))


@dataclass(frozen=True, slots=True)
class Measure:
    """What something took: seconds, and MiB at the most (0 where it was not looked at)."""

    seconds: float
    mib: float = 0.0


class Failed(Exception):
    """What was to be measured did not work; the text says why."""


def turn_about(repeats: int, **contenders: Callable[[], Measure]) -> dict[str, Measure]:
    """Measure each once, then each again and so on, so that a machine that slows down slows them all; the medians."""
    taken: dict[str, list[Measure]] = {name: [] for name in contenders}
    for _ in range(repeats):
        for name, contender in contenders.items():
            taken[name].append(contender())
    return {
        name: Measure(
            statistics.median(one.seconds for one in measures), statistics.median(one.mib for one in measures)
        )
        for name, measures in taken.items()
    }


def timed(work: Callable[[], object]) -> Measure:
    """How long it takes in this process."""
    began = time.perf_counter()
    work()
    return Measure(time.perf_counter() - began)


def process(
    arguments: Sequence[str | Path],
    *,
    cwd: Path,
    environ: Mapping[str, str] | None = None,
    memory: bool = True,
) -> tuple[Measure, str]:
    """Run a program to its end; what it took with all its children, and its standard output.

    Looking at the memory takes a few hundredths of the machine, which a question about time alone does without.
    """
    began = time.perf_counter()
    with (cwd / "stderr.txt").open("wb+") as complaints:
        with subprocess.Popen(
            [str(argument) for argument in arguments],
            cwd=cwd,
            env=clean_environ() | dict(environ or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
        ) as running:
            with _watching(running.pid) if memory else nullcontext([0]) as most:
                out, _ = running.communicate()
            seconds = time.perf_counter() - began
        if running.returncode:
            complaints.seek(0)
            words = complaints.read().decode(errors="replace").strip().splitlines()
            raise Failed(f"exit code {running.returncode}: {words[-1] if words else 'nothing said'}")
    return Measure(seconds, most[0] / MIB), out.decode()


def clean_environ() -> dict[str, str]:
    """The environment without settings of ours but English and no pace, with compiled modules as everybody has them."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CREDITBATCH_", "SMSPARTNER_"))}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept | {"PYTHONPATH": str(ROOT), "CREDITBATCH_LANG": "en", "CREDITBATCH_MAX_PER_SECOND": "0"}


def python(*arguments: str | Path) -> list[str | Path]:
    """The command line of this Python."""
    return [sys.executable, *arguments]


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that is deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="creditbatch-bench-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextmanager
def _watching(pid: int) -> Iterator[list[int]]:
    """The most bytes that a process and its descendants held together, in a list of one."""
    most, ended = [0], threading.Event()

    def look() -> None:
        with suppress(psutil.Error):
            root = psutil.Process(pid)
            while not ended.wait(_LOOK_EVERY):
                held = 0
                for one in (root, *root.children(recursive=True)):
                    with suppress(psutil.Error):
                        held += one.memory_info().rss
                most[0] = max(most[0], held)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield most
    finally:
        ended.set()
        thread.join()
