"""Many seeds, on all cores."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable

from tests.simulation.month import play_month
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
        counted["lies"] += told.lies
        counted["lies unseen"] += told.unseen
    return counted


def play_months(first: int) -> Counter[str]:
    """The same of months."""
    counted: Counter[str] = Counter()
    for seed in range(first, first + _PIECE):
        try:
            told = play_month(seed)
        except Exception as error:  # noqa: BLE001 (as above)
            print(f"month {seed}: {type(error).__name__}: {error}", flush=True)
            counted["failed"] += 1
            return counted
        counted["seeds"] += 1
        counted["payments"] += told.paid
        counted["decided by a person"] += told.decided
        counted["refused"] += told.refused
        counted["paid twice after a warning"] += told.said
        counted["paid twice where a fall hid it"] += told.unseen
    return counted


def play_many(seeds: int, first: int, piece: Callable[[int], Counter[str]] = play_piece) -> int:
    """Play them all and say how it went; 1 if a seed failed."""
    began = time.monotonic()
    total: Counter[str] = Counter()
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        for counted in pool.imap_unordered(piece, range(first, first + seeds, _PIECE)):
            total += counted
    seconds = time.monotonic() - began
    print(", ".join(f"{number:,} {what}" for what, number in sorted(total.items())))
    print(f"{total['seeds'] / seconds:,.0f} seeds a second")
    return 1 if total["failed"] else 0
