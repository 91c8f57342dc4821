"""What a version keeps of a forecast and of the account, as JSON: euros here, whole thousandths of them there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any

from batch.money import from_thousandths, to_thousandths
from batch.runner.dry_run import Account
from batch.web.drafts.course import Point
from batch.web.models import Version


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What the review tells of a forecast."""

    before: Decimal
    after: Decimal
    lowest: Decimal
    lowest_row: int | None
    refused: int
    first_refused: Sequence[int]
    """Numbers of the first rows that would be refused."""
    removes_first_helps: bool
    course: Sequence[Point]
    touched: int
    """How many sub-accounts are."""

    def to_json(self) -> dict[str, Any]:
        """As the database keeps it."""
        course = [(turn, to_thousandths(balance)) for turn, balance in self.course]
        return {**asdict(self), **{name: to_thousandths(getattr(self, name)) for name in _EUROS}, "course": course}

    @classmethod
    def of(cls, version: Version) -> Foreseen | None:
        """What was foreseen of the version; None if the provider could not be asked."""
        kept = version.forecast
        if not kept:
            return None
        course = [(turn, from_thousandths(balance)) for turn, balance in kept["course"]]
        # Older versions kept more.
        known = {each.name: kept[each.name] for each in fields(cls)}
        return cls(**{**known, **{name: from_thousandths(kept[name]) for name in _EUROS}, "course": course})


_EUROS = ("before", "after", "lowest")


def make_opening_json(account: Account) -> dict[str, Any]:
    """What is kept of the account as it was read."""
    balances = account.balances
    return {"main": to_thousandths(balances.main), "at": balances.at.isoformat(), "account": account.name}
