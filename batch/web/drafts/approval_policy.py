"""What an approver has to see, the digest that names exactly that, who may approve, and what is in the way.

Balances drift while accounts send SMS, so the digest has only what they come to: rows refused, whole euros to top up.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from typing import Any

from batch.findings import Finding
from batch.model import Movement
from batch.money import encode_thousandths, from_thousandths, to_thousandths
from batch.report.result_labels import predict_code
from batch.runner.dry_run import DryRun
from batch.settings import Choices

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

    def make_choices(self, rest_of: str = "") -> Choices:
        """Make what the runner takes; `rest_of` is the batch of which only what is not done is sent."""
        return Choices(
            skip_invalid=self.skip_invalid,
            partial=self.partial,
            again=self.again,
            why=self.why or None,
            only_unsettled=rest_of or None,
            period=self.period or None,
        )

    def to_json(self) -> dict[str, Any]:
        """Convert them for the database. What was approved before there were periods names none."""
        return {name: value for name, value in asdict(self).items() if name != "period" or value}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Options:
        """Read what `to_json` gave; of what is missing, the default."""
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
        """Convert it for the database and the digest."""
        amounts = {"added": to_thousandths(self.added), "removed": to_thousandths(self.removed)}
        return {**asdict(self), **amounts, "findings": list(self.findings)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Screen:
        """Read what `to_json` gave."""
        euros = {name: from_thousandths(kept[name]) for name in ("added", "removed")}
        return cls(**{**kept, **euros, "findings": tuple(kept["findings"])})


def make_screen(dry_run: DryRun) -> Screen:
    """Make what a person has to see of a dry run."""
    plan, played = dry_run.plan, dry_run.forecast
    refusals = played.refusals if played else ()
    return Screen(
        plan=plan.digest,
        order=_digest_lines(map(_encode_movement, plan.movements)),
        movements=len(plan.frame),
        added=plan.added,
        removed=plan.removed,
        invalid=dry_run.invalid_rows,
        findings=tuple(_encode_finding(finding) for finding in dry_run.sheet.findings if finding.code not in _DRIFTING),
        is_forecast=played is not None,
        refused=len(refusals),
        refusals=_digest_lines(f"{refusal.row}\t{predict_code(refusal)}\n" for refusal in refusals),
        top_up=round_up_euros(played.top_up) if played else 0,
    )


def digest_dry_run(dry_run: DryRun, options: Options | Mapping[str, Any]) -> str:
    """Digest what is on the screen: when a draft is checked, when it is approved, and when it is started."""
    chosen = options if isinstance(options, Options) else Options.from_json(options)
    return digest_screen(make_screen(dry_run), chosen)


def digest_screen(screen: Screen, options: Options) -> str:
    """Digest what was kept of a dry run."""
    seen = json.dumps([screen.to_json(), options.to_json()], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256((_DIGEST_VERSION + seen).encode()).hexdigest()


def round_up_euros(amount: Decimal) -> int:
    """Round up, so that a top-up suffices and does not change with every SMS."""
    return int(amount.to_integral_value(rounding=ROUND_CEILING))


def _digest_lines(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line.encode())
    return digest.hexdigest()


def _encode_movement(movement: Movement) -> str:
    amount = encode_thousandths(movement.amount)
    return f"{movement.row}\t{movement.token}\t{movement.direction}\t{amount}\n"


def _encode_finding(finding: Finding) -> str:
    named = [f"{name}={finding.params[name]}" for name in _WORDLESS if name in finding.params]
    return " ".join([finding.code, finding.cell or "", *named])


class Hindrance(StrEnum):
    """Why a person may not approve."""

    NOT_AN_APPROVER = "not-an-approver"
    OWN_WORK = "own-work"  # four eyes: whoever made any of its versions does not approve it
    ALREADY = "already"  # once a person
    STATE = "state"  # it is approved, started or rejected


@dataclass(frozen=True, slots=True)
class ApprovalLimits:
    """Euros, inclusive: only what is above them needs two approvers. None: no limit."""

    row: Decimal | None = None
    batch: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a draft stands, as far as approving it goes. People are named by their numbers."""

    is_checked: bool
    """It waits for correction or for approval."""
    authors: frozenset[int]
    """Who uploaded it, and who made any of its versions."""
    approvers: tuple[int, ...]
    """Who has approved what is on the screen."""
    needed: int


@dataclass(frozen=True, slots=True)
class Asker:
    """The person who would approve."""

    id: int
    is_approver: bool
    is_alone: bool = False
    """Nobody else can log in, and an administrator has relaxed the four eyes for that."""


def count_needed_approvals(screen: Screen, largest: Decimal, limits: ApprovalLimits, *, is_alone: bool) -> int:
    """Count who must approve: two where a row or the whole is above a limit and nobody is alone, else one."""
    above_row = limits.row is not None and largest > limits.row
    above_batch = limits.batch is not None and screen.added + screen.removed > limits.batch
    return 2 if (above_row or above_batch) and not is_alone else 1


def may_relax(*, four_eyes: bool, active_people: int) -> bool:
    """Tell whether one person may prepare and approve: an administrator said so and there is nobody else."""
    return not four_eyes and active_people == 1


def find_hindrance(asker: Asker, standing: Standing) -> Hindrance | None:
    """Say why this person may not approve; None if they may."""
    if not asker.is_approver:
        return Hindrance.NOT_AN_APPROVER
    if not standing.is_checked:
        return Hindrance.STATE
    if asker.id in standing.approvers:
        return Hindrance.ALREADY
    if asker.id in standing.authors and not asker.is_alone:
        return Hindrance.OWN_WORK
    return None


def is_last(standing: Standing, who: int) -> bool:
    """Tell whether this person's approval makes it enough."""
    return len({*standing.approvers, who}) >= standing.needed


class Blocker(StrEnum):
    """Why nobody may approve it as it is."""

    NOT_CHECKED = "not-checked"  # the provider could not be asked
    SHEET_ERRORS = "sheet-errors"
    INVALID_ROWS = "invalid-rows"
    NOTHING_TO_SEND = "nothing-to-send"
    WOULD_BE_REFUSED = "would-be-refused"
    ALREADY_RUN = "already-run"


def decide_blockers(
    screen: Screen, options: Options, *, has_sheet_errors: bool, is_repeated: bool
) -> tuple[Blocker, ...]:
    """List all that must be put right first, by the same rules as the command line's."""
    found = {
        Blocker.NOT_CHECKED: not screen.is_forecast,
        Blocker.SHEET_ERRORS: has_sheet_errors,
        Blocker.INVALID_ROWS: bool(screen.invalid) and not options.skip_invalid,
        Blocker.NOTHING_TO_SEND: screen.movements == 0,
        Blocker.WOULD_BE_REFUSED: bool(screen.refused) and not options.partial,
        Blocker.ALREADY_RUN: is_repeated,
    }
    return tuple(blocker for blocker, is_there in found.items() if is_there)


class Change(StrEnum):
    """What is different between what an approver saw and what the checks say now."""

    MOVEMENTS = "movements"
    REFUSALS = "refusals"
    TOP_UP = "top-up"
    FINDINGS = "findings"
    FORECAST = "forecast"  # the provider can be asked again, or cannot any more


def compare_screens(seen: Screen, now: Screen) -> tuple[Change, ...]:
    """List what has changed, in the order in which it matters."""
    found = {
        Change.MOVEMENTS: (seen.order, seen.invalid) != (now.order, now.invalid),
        Change.FORECAST: seen.is_forecast != now.is_forecast,
        Change.REFUSALS: seen.refusals != now.refusals,
        Change.TOP_UP: seen.top_up != now.top_up,
        Change.FINDINGS: seen.findings != now.findings,
    }
    return tuple(change for change, is_different in found.items() if is_different)
