"""`python -m tests.simulation SEED` tells the story of a seed; `--seeds N [--first K]` plays many on all cores."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter

from tests.simulation.draw import draw
from tests.simulation.play import play

_PIECE = 500


def _piece(first: int) -> Counter[str]:
    """Play some seeds in a row; the first that fails ends the piece."""
    counted: Counter[str] = Counter()
    for seed in range(first, first + _PIECE):
        try:
            told = play(seed)
        except Exception as error:  # noqa: BLE001 (whatever a seed finds, its number is what is wanted)
            print(f"seed {seed}: {type(error).__name__}: {error}", flush=True)
            counted["failed"] += 1
            return counted
        counted["seeds"] += 1
        counted["doubts"] += told.doubts
        counted["decided by a person"] += told.decided
        counted["deceived"] += told.deceived
    return counted


def _many(seeds: int, first: int) -> int:
    began = time.monotonic()
    total: Counter[str] = Counter()
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        for counted in pool.imap_unordered(_piece, range(first, first + seeds, _PIECE)):
            total += counted
    seconds = time.monotonic() - began
    print(", ".join(f"{number:,} {what}" for what, number in sorted(total.items())))
    print(f"{total['seeds'] / seconds:,.0f} seeds a second")
    return 1 if total["failed"] else 0


def main() -> int:
    """Play one seed aloud, or many."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("seed", type=int, nargs="?")
    parser.add_argument("--seeds", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.seed is None:
        return _many(arguments.seeds or 2000, arguments.first)
    print(draw(arguments.seed).roughness)
    told = play(arguments.seed)
    print("\n".join(told.story))
    print(f"{told.doubts} doubts, {told.decided} decided by a person, deceived: {told.deceived}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
