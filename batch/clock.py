"""How much time has passed, by whichever clock saw more of it."""

from __future__ import annotations

import time
from collections.abc import Callable


def read_boot_clock() -> float:
    """Read the seconds since the machine started, those that it slept included, where the system tells."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class Stopwatch:
    """Seconds since a moment, as the larger of two clocks' counts.

    The wall clock may be set back, and the other one may stand still while the machine sleeps: each sees what the other
    misses.
    """

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = read_boot_clock) -> None:
        self._wall = wall
        self._steady = steady
        self.start()

    def start(self) -> None:
        """Count from now."""
        self._began = self._wall(), self._steady()

    def count(self) -> float:
        """Count the seconds since the start."""
        return max(self._wall() - self._began[0], self._steady() - self._began[1])
