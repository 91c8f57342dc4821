"""The main balance while a plan is played, in few enough points to be drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from batch.model import Direction, Plan
from batch.rules.forecast import Forecast

MOST_POINTS = 240
Point = tuple[int, Decimal]
"""How many movements were played, and the main balance after them."""


def course(plan: Plan, forecast: Forecast) -> list[Point]:
    """The balance before and after each movement; of a long plan, the lowest and highest of each stretch."""
    points = list(_played(plan, forecast))
    return points if len(points) <= MOST_POINTS else list(_thinned(points))


def _played(plan: Plan, forecast: Forecast) -> Iterator[Point]:
    refused = {refusal.row for refusal in forecast.refusals}
    balance = forecast.before
    yield 0, balance
    for turn, movement in enumerate(plan.movements, start=1):
        if movement.row not in refused:
            balance += -movement.amount if movement.direction is Direction.ADD else movement.amount
        yield turn, balance


def _thinned(points: Sequence[Point]) -> Iterator[Point]:
    """The first, the last, and of each stretch between them its lowest and highest, so that no dip is lost."""
    stretch = -(-len(points) // (MOST_POINTS // 2 - 1))
    yield points[0]
    for start in range(1, len(points) - 1, stretch):
        part = points[start : min(start + stretch, len(points) - 1)]
        lowest, highest = min(part, key=lambda point: point[1]), max(part, key=lambda point: point[1])
        yield from sorted({lowest, highest})
    yield points[-1]
