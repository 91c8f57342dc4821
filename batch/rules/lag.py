"""Readings that lag: a balance that is still the one from before a movement which is known to be done.

A provider that answers questions from a copy may be seconds behind its own answers to movements.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from batch.money import CENT, ZERO

_SPENT = Decimal("0.1")
"""Of what a movement brought or took, so much at most is taken to be spent between the reading and the answer."""


@dataclass(frozen=True, slots=True)
class Done:
    """A movement known to be done: when its answer came (seconds), and what it brought its sub-account."""

    at: float
    token: str
    brought: Decimal


def is_behind(held: Decimal, known: Decimal, brought: Iterable[Decimal]) -> bool:
    """Tell whether a balance contradicts the movements that are known to be done.

    `known` is what the account held after the last of them, and `brought` what each brought it, the newest first. A
    balance from before one of them has not seen what came and went since, nor what was spent since.
    """
    unseen = ZERO
    for change in brought:
        unseen -= change
        most_spent = _SPENT * abs(unseen) + CENT
        if abs(unseen) > CENT < abs(held - known) and -CENT <= held - known - unseen <= most_spent:
            return True
    return False
