"""The main balance while a plan is played, in few enough points to be drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from batch.frames import Plan
from batch.money import from_thousandths
from batch.planning.plan import Forecast, sign_amounts

MOST_POINTS = 240
Point = tuple[int, Decimal]
"""How many movements were played, and the main balance after them."""


def course(plan: Plan, forecast: Forecast) -> list[Point]:
    """The balance before and after each movement; of a long plan, the lowest and highest of each stretch."""
    points = list(_played(plan, forecast))
    return points if len(points) <= MOST_POINTS else list(_thinned(points))


def _played(plan: Plan, forecast: Forecast) -> Iterator[Point]:
    changes = sign_amounts(plan)
    changes[changes.index.isin([refusal.row for refusal in forecast.refusals])] = 0
    yield 0, forecast.before
    for turn, change in enumerate(changes.cumsum().tolist(), start=1):
        yield turn, forecast.before + from_thousandths(change)


def _thinned(points: Sequence[Point]) -> Iterator[Point]:
    """The first, the last, and of each stretch between them its lowest and highest, so that no dip is lost."""
    stretch = -(-len(points) // (MOST_POINTS // 2 - 1))
    yield points[0]
    for start in range(1, len(points) - 1, stretch):
        part = points[start : min(start + stretch, len(points) - 1)]
        lowest, highest = min(part, key=lambda point: point[1]), max(part, key=lambda point: point[1])
        yield from sorted({lowest, highest})
    yield points[-1]
