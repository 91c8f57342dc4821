"""How many seeds of the simulation are played in a second, on all cores."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator

from bench.measuring import ROOT, Effort, Failed, folder, process, python
from bench.results import Answer

SEEDS = 4_000
_SAID = re.compile(r"([\d,]+) seeds a second")


def answers(effort: Effort) -> Iterator[Answer]:
    """The figure; there is nothing to reach."""
    seeds = max(500, effort.of(SEEDS))
    if not (ROOT / "tests" / "simulation").is_dir():
        raise Failed("the simulation is not in this installation")
    found: list[int] = []
    with folder() as home:
        for _ in range(effort.repeats):
            _, out = process(python("-m", "tests.simulation", "--seeds", str(seeds)), cwd=home)
            said = _SAID.search(out)
            if said is None:
                raise Failed("the simulation did not say how fast it was")
            found.append(int(said[1].replace(",", "")))
    yield Answer("the simulation", "", "", None, f"{statistics.median(found):,.0f} seeds a second")
