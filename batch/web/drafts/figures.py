"""The figures of a dry run that a version keeps as JSON: euros here, whole thousandths of them there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any

from batch.money import from_thousandths, to_thousandths
from batch.runner.dry_run import Account
from batch.web.drafts.course import Point
from batch.web.models import Version


@dataclass(frozen=True, slots=True)
class Screen:
    """All of a dry run that a person agrees to."""

    plan: str
    order: str
    """Over the movements with their rows, in the order in which they are sent."""
    movements: int
    added: Decimal
    removed: Decimal
    invalid: int
    findings: tuple[str, ...]
    """Of the sheet as a whole."""
    is_forecast: bool
    refused: int
    refusals: str
    """Over the rows that would be refused, each with its code."""
    top_up: int
    """Whole euros."""

    def to_json(self) -> dict[str, Any]:
        """As the database keeps it, and as it is digested."""
        return {**asdict(self), **_thousandths(self, "added", "removed"), "findings": list(self.findings)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Screen:
        """What `to_json` gave."""
        return cls(**{**kept, **_euros(kept, "added", "removed"), "findings": tuple(kept["findings"])})


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
        return {**asdict(self), **_thousandths(self, *_FORESEEN), "course": course}

    @classmethod
    def of(cls, version: Version) -> Foreseen | None:
        """What was foreseen of the version; None if the provider could not be asked."""
        kept = version.forecast
        if not kept:
            return None
        course = [(turn, from_thousandths(balance)) for turn, balance in kept["course"]]
        # Older versions kept more.
        known = {each.name: kept[each.name] for each in fields(cls)}
        return cls(**{**known, **_euros(kept, *_FORESEEN), "course": course})


_FORESEEN = ("before", "after", "lowest")


def make_opening_json(account: Account) -> dict[str, Any]:
    """What is kept of the account as it was read."""
    balances = account.balances
    return {"main": to_thousandths(balances.main), "at": balances.at.isoformat(), "account": account.name}


def _thousandths(figures: object, *names: str) -> dict[str, int]:
    return {name: to_thousandths(getattr(figures, name)) for name in names}


def _euros(kept: Mapping[str, Any], *names: str) -> dict[str, Decimal]:
    return {name: from_thousandths(kept[name]) for name in names}
