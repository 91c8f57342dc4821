"""Starting, measuring and ending the child process, on every system."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import IO

import psutil

import batch

_ROOT = str(Path(batch.__file__).parents[1])
_PASSED_ON = (
    *("PATH", "SYSTEMROOT", "WINDIR", "TEMP", "TMP", "TMPDIR", "HOME", "USERPROFILE"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"),
)
"""All that Python needs to start. Nothing else is passed on: keys and passwords live in the environment too."""
_ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""A thread of a numeric library costs time and address space, and nothing here computes."""
_IS_WINDOWS = os.name == "nt"


def start(module: str) -> subprocess.Popen[bytes]:
    """A Python that runs the module, talked to through its standard input and output. What it prints else is lost."""
    return subprocess.Popen(  # noqa: S603 (the command is this very Python and a module of ours)
        # -P keeps a pandas.py in the accountant's folder from being imported.
        [sys.executable, "-P", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
        # An interrupt at the keyboard is the parent's to handle, and no window shall flash up on Windows.
        start_new_session=not _IS_WINDOWS,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def pipe(stream: IO[bytes] | None) -> IO[bytes]:
    """A child's standard input or output, which `start` always opens."""
    if stream is None:
        raise RuntimeError("the child was started without pipes")
    return stream


def measure(pid: int) -> tuple[int, float]:
    """Measure a process with what it started: resident bytes, and seconds of processor time; 0 once it has ended."""
    memory, seconds = 0, 0.0
    for member in _family(pid) if _IS_WINDOWS else [pid]:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(member)
            times = process.cpu_times()
            memory += process.memory_info().rss
            seconds += times.user + times.system
    return memory, seconds


def end(child: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it started, at once, and leave nothing behind."""
    if child.poll() is None:
        started = _family(child.pid)[1:]
        child.kill()
        for pid in started:
            with contextlib.suppress(psutil.Error):
                psutil.Process(pid).kill()
    child.wait()


def _family(pid: int) -> list[int]:
    """The process and what it started: on Windows a virtual environment's Python is only the real one's starter."""
    with contextlib.suppress(psutil.Error):
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    return [pid]


def _environment() -> dict[str, str]:
    """What little of our environment the child gets. It finds its modules exactly where we find ours."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    path = [entry for entry in sys.path if entry]
    if _ROOT not in path:
        path.insert(0, _ROOT)
    return {**kept, **_ONE_THREAD, "PYTHONPATH": os.pathsep.join(path)}
