"""Many seeds, on all cores."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections import Counter

from tests.simulation.play import play

_PIECE = 500


def play_piece(first: int) -> Counter[str]:
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


def play_many(seeds: int, first: int) -> int:
    """Play them all and say how it went; 1 if a seed failed."""
    began = time.monotonic()
    total: Counter[str] = Counter()
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        for counted in pool.imap_unordered(play_piece, range(first, first + seeds, _PIECE)):
            total += counted
    seconds = time.monotonic() - began
    print(", ".join(f"{number:,} {what}" for what, number in sorted(total.items())))
    print(f"{total['seeds'] / seconds:,.0f} seeds a second")
    return 1 if total["failed"] else 0
