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
    return _play_in_a_row("seed", first, _count_batch)


def play_months(first: int) -> Counter[str]:
    return _play_in_a_row("month", first, _count_month)


def _play_in_a_row(what: str, first: int, count: Callable[[int], dict[str, int]]) -> Counter[str]:
    """Play some seeds; the first that fails ends the piece."""
    counted: Counter[str] = Counter()
    for seed in range(first, first + _PIECE):
        try:
            told = count(seed)
        except Exception as error:  # noqa: BLE001 (whatever a seed finds, its number is what is wanted)
            print(f"{what} {seed}: {type(error).__name__}: {error}", flush=True)
            counted["failed"] += 1
            return counted
        counted["seeds"] += 1
        counted.update(told)
    return counted


def _count_batch(seed: int) -> dict[str, int]:
    told = play(seed)
    return {
        "doubts": told.doubts,
        "decided by a person": told.decided,
        "deceived": told.deceived,
        "lies": told.lies,
        "lies unseen": told.unseen,
    }


def _count_month(seed: int) -> dict[str, int]:
    told = play_month(seed)
    return {
        "payments": told.paid,
        "decided by a person": told.decided,
        "refused": told.refused,
        "paid twice after a warning": told.said,
        "paid twice where a fall hid it": told.unseen,
    }


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
