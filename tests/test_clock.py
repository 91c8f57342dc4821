"""Time that passed is seen by one of two clocks, whatever happens to the other."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest

from batch.settings import Stopwatch, read_boot_clock


@dataclass
class Clocks:
    wall: float = 1_000_000.0
    steady: float = 50.0

    def pass_by(self, *, wall: float, steady: float) -> None:
        self.wall += wall
        self.steady += steady


@pytest.mark.parametrize(
    ("wall", "steady"),
    [
        pytest.param(3.0, 3.0, id="both go"),
        pytest.param(-3600.0, 3.0, id="the wall clock was set back"),
        pytest.param(3.0, 0.0, id="the machine slept"),
    ],
)
def test_the_clock_that_saw_more_counts(wall: float, steady: float) -> None:
    clocks = Clocks()
    watch = Stopwatch(lambda: clocks.wall, lambda: clocks.steady)
    clocks.pass_by(wall=wall, steady=steady)
    assert watch.count() == 3.0
    watch.start()
    assert watch.count() == 0.0


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="only Linux has this clock")
def test_sleep_of_the_machine_is_counted_where_the_system_tells() -> None:
    assert abs(read_boot_clock() - time.clock_gettime(time.CLOCK_BOOTTIME)) < 1
