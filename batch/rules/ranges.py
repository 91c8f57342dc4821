"""Name rows by ranges."""

from __future__ import annotations

from collections.abc import Iterable

_PIECES_SHOWN = 20
"""Ranges of row numbers that a finding lists."""


def row_ranges(numbers: Iterable[int]) -> str:
    """As in "2-15, 17"."""
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    shown = [str(first) if first == last else f"{first}-{last}" for first, last in ranges[:_PIECES_SHOWN]]
    return ", ".join([*shown, "…"] if len(ranges) > _PIECES_SHOWN else shown)
