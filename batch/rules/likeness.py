"""Whether a plan looks like one that was run not long ago: perhaps the same month, sent a second time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from batch.findings import Finding
from batch.model import Movement
from batch.money import to_thousandths

REMEMBERED = timedelta(days=40)
"""A month and some days: last month's list is the one that is sent again by mistake."""
ENOUGH_ALIKE = 2
"""Movements that two plans must share before "all but one" says anything."""

Movements = Counter[tuple[str, str, int]]
"""How often each movement (token, direction, thousandths) occurs in a plan."""


def same_name_finding(file_name: str, batch: str, day: str) -> Finding:
    """A file of this name was run before, and held something else."""
    return Finding("file-name-again", params={"file": file_name, "batch": batch, "day": day})


def same_movements_finding(batch: str, day: str) -> Finding:
    """All movements but one were run before."""
    return Finding("movements-again", params={"batch": batch, "day": day})


def differ_in_one(one: Movements, other: Movements) -> bool:
    """Whether one movement was changed, added or left out, and everything else is the same."""
    added, missing = (one - other).total(), (other - one).total()
    return max(added, missing) == 1 and (one & other).total() >= ENOUGH_ALIKE


def counted(movements: Iterable[Movement]) -> Movements:
    """The movements of a plan, to be compared."""
    return Counter((item.token, item.direction.value, to_thousandths(item.amount)) for item in movements)
