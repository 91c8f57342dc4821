"""Settling a doubt by the balances: was a movement applied whose answer never came?"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from batch.model import Direction
from batch.money import CENT


class Verdict(StrEnum):
    """What the balances say of a doubtful attempt."""

    APPLIED = "applied"
    NOT_APPLIED = "not_applied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reading:
    """The main account's and the sub-account's balance at about one moment."""

    main: Decimal
    subaccount: Decimal

    def debited(self, direction: Direction) -> Decimal:
        """The balance that a movement in this direction takes from."""
        return self.main if direction is Direction.ADD else self.subaccount

    def credited(self, direction: Direction) -> Decimal:
        """The balance that a movement in this direction gives to."""
        return self.subaccount if direction is Direction.ADD else self.main


def settle(direction: Direction, amount: Decimal, before: Reading, after: Reading) -> Verdict:
    """What one reading says.

    Left alone, a balance only drifts down, because accounts send SMS. So with D the debited and C the credited account,
    known before and read after (D', C'):

    - if the movement was applied, D has lost at least the amount and C has gained at most the amount:
      D' <= D - a and C' <= C + a;
    - if it was not applied, neither has gained anything: C' <= C and D' <= D.

    Each is a necessary condition, with one cent of tolerance, because an answer may be rounded to cents while the lists
    give thousandths. Exactly one of them holding settles the doubt. Both (drift as large as the amount) or neither (a
    top-up meanwhile) leave it unknown. Without a top-up the second half of each says nothing new; with one it notices
    that the account did not drift, and that nothing may be concluded from drift. Up to two cents the tolerance is as
    large as the amount, so nothing is settled.
    """
    if amount <= 2 * CENT:
        return Verdict.UNKNOWN
    debited = after.debited(direction) - before.debited(direction)
    credited = after.credited(direction) - before.credited(direction)
    may_be_applied = debited <= CENT - amount and credited <= amount + CENT
    may_be_missing = debited <= CENT and credited <= CENT
    if may_be_applied == may_be_missing:
        return Verdict.UNKNOWN
    return Verdict.APPLIED if may_be_applied else Verdict.NOT_APPLIED


def look(direction: Direction, amount: Decimal, before: Reading, after: Reading) -> Verdict:
    """Say what one look at once shows. Balances that are what they were show of any amount that nothing moved.

    But not of half a cent and less: that much an answer may have been rounded by.
    """
    if before == after and amount > CENT / 2:
        return Verdict.NOT_APPLIED
    return settle(direction, amount, before, after)


def agree(first: Verdict, second: Verdict) -> Verdict:
    """The verdict of two readings a settling time apart: a late server may yet apply what we gave up on."""
    return first if first is second else Verdict.UNKNOWN
