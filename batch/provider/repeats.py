"""An answer that comes twice: a success that repeats the main balance of the one before is that one's answer."""

from __future__ import annotations

from decimal import Decimal

from batch.model import Movement
from batch.money import CENT
from batch.notes import note
from batch.outcome import Applied, Doubt, Outcome


class RepeatWatch:
    """Remembers the last success."""

    def __init__(self) -> None:
        self._last_main: Decimal | None = None

    def check(self, outcome: Outcome, movement: Movement) -> Outcome:
        """Return the outcome, or the doubt that it is. An amount that rounding can hide may repeat a balance."""
        if not isinstance(outcome, Applied):
            return outcome
        is_repeated = outcome.main_balance == self._last_main and movement.amount > CENT
        self._last_main = outcome.main_balance
        return Doubt(note("answer-repeated")) if is_repeated else outcome
