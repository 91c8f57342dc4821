"""The plan: which movements, in which order, and the digest that names them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from batch.model import Direction, Movement, Plan, SheetRow
from batch.money import ZERO, to_thousandths
from batch.rules.checks import movement_of

_DIGEST_VERSION = b"creditbatch plan 1\n"
_BETWEEN = {direction: f"\t{direction.value}\t" for direction in Direction}


def make_plan(rows: Iterable[SheetRow], *, removes_first: bool = False) -> Plan:
    """The movements of the valid rows, in sheet order, or with every remove before the first add."""
    movements = [movement for movement in map(movement_of, rows) if movement is not None]
    if removes_first:
        movements = removes_before_adds(movements)
    added = sum([item.amount for item in movements if item.direction is Direction.ADD], ZERO)
    removed = sum([item.amount for item in movements if item.direction is Direction.REMOVE], ZERO)
    return Plan(tuple(movements), digest_of(movements), added, removed)


def removes_before_adds(movements: Iterable[Movement]) -> list[Movement]:
    """The same movements with every remove before the first add; otherwise they keep their order."""
    return sorted(movements, key=lambda movement: movement.direction is Direction.ADD)


def digest_of(movements: Iterable[Movement]) -> str:
    """SHA-256 over the movements themselves, sorted: a re-saved, re-ordered or converted sheet has the same digest."""
    lines = sorted([f"{item.token}{_BETWEEN[item.direction]}{to_thousandths(item.amount)}\n" for item in movements])
    return hashlib.sha256(_DIGEST_VERSION + "".join(lines).encode()).hexdigest()
