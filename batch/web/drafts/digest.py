"""What an approver has to see, and the digest that names exactly that.

Balances drift while nobody looks, because accounts send SMS, so they are not in it; what they come to is: which rows
would be refused, and how many whole euros are to be topped up.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

from batch.choices import Choices
from batch.findings import Finding
from batch.model import Movement
from batch.money import from_thousandths, thousandths_text, to_thousandths
from batch.report.result_labels import foreseen_code
from batch.runner.dry_run import DryRun

_DIGEST_VERSION = "creditbatch screen 1\n"
_DRIFTING = frozenset({"balances-rose"})
"""Findings that come and go with balances, and keep nothing from being sent."""
_WORDLESS = ("batch", "batches", "rows", "row")
"""Parameters of findings that are the same in every language; others are worded, and follow from the sheet."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the preparer chose for the run."""

    skip_invalid: bool = False
    partial: bool = False
    removes_first: bool = False
    again: bool = False
    why: str = ""
    period: str = ""

    def choices_for(self, rest_of: str = "") -> Choices:
        """As the runner knows it; `rest_of` is the batch of which only what is not done is sent."""
        return Choices(
            skip_invalid=self.skip_invalid,
            partial=self.partial,
            again=self.again,
            why=self.why or None,
            only_unsettled=rest_of or None,
            period=self.period or None,
        )

    def to_json(self) -> dict[str, Any]:
        """As the database keeps them. What was approved before there were periods names none."""
        return {name: value for name, value in asdict(self).items() if name != "period" or value}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Options:
        """What `to_json` gave; of what is missing, the default."""
        return cls(**{name: kept[name] for name in cls.__slots__ if name in kept})


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
        amounts = {"added": to_thousandths(self.added), "removed": to_thousandths(self.removed)}
        return {**asdict(self), **amounts, "findings": list(self.findings)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Screen:
        """What `to_json` gave."""
        euros = {name: from_thousandths(kept[name]) for name in ("added", "removed")}
        return cls(**{**kept, **euros, "findings": tuple(kept["findings"])})


def screen_of(dry_run: DryRun) -> Screen:
    """What a person has to see of a dry run."""
    plan, played = dry_run.plan, dry_run.forecast
    refusals = played.refusals if played else ()
    return Screen(
        plan=plan.digest,
        order=_over(map(_movement, plan.movements)),
        movements=len(plan.frame),
        added=plan.added,
        removed=plan.removed,
        invalid=dry_run.invalid_rows,
        findings=tuple(_finding(finding) for finding in dry_run.sheet.findings if finding.code not in _DRIFTING),
        is_forecast=played is not None,
        refused=len(refusals),
        refusals=_over(f"{refusal.row}\t{foreseen_code(refusal)}\n" for refusal in refusals),
        top_up=whole_euros(played.top_up) if played else 0,
    )


def screen_digest(dry_run: DryRun, options: Options | Mapping[str, Any]) -> str:
    """Names what was on the screen: used when a draft is checked, when it is approved, and when it is started."""
    chosen = options if isinstance(options, Options) else Options.from_json(options)
    return digest_of(screen_of(dry_run), chosen)


def digest_of(screen: Screen, options: Options) -> str:
    """The same, from what was kept of a dry run."""
    seen = json.dumps([screen.to_json(), options.to_json()], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256((_DIGEST_VERSION + seen).encode()).hexdigest()


def whole_euros(amount: Decimal) -> int:
    """Rounded up: what is to be topped up is told so that it suffices, and does not change with every SMS."""
    return int(amount.to_integral_value(rounding=ROUND_CEILING))


def _over(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line.encode())
    return digest.hexdigest()


def _movement(movement: Movement) -> str:
    amount = thousandths_text(movement.amount)
    return f"{movement.row}\t{movement.token}\t{movement.direction}\t{amount}\n"


def _finding(finding: Finding) -> str:
    named = [f"{name}={finding.params[name]}" for name in _WORDLESS if name in finding.params]
    return " ".join([finding.code, finding.cell or "", *named])
