"""Who may agree to a draft, how many must, and what is in the way: pure rules over what was read from the tables."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from batch.web.drafts.digest import Options, Screen


class Hindrance(StrEnum):
    """Why a person may not approve."""

    NOT_AN_APPROVER = "not-an-approver"
    OWN_WORK = "own-work"  # four eyes: whoever made any of its versions does not approve it
    ALREADY = "already"  # once a person
    STATE = "state"  # it is approved, started or rejected


@dataclass(frozen=True, slots=True)
class Limits:
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


def approvals_needed(screen: Screen, largest: Decimal, limits: Limits, *, is_alone: bool) -> int:
    """One, or two where a row or the whole is above a limit. Whoever is alone cannot be two."""
    above_row = limits.row is not None and largest > limits.row
    above_batch = limits.batch is not None and screen.added + screen.removed > limits.batch
    return 2 if (above_row or above_batch) and not is_alone else 1


def may_relax(*, four_eyes: bool, active_people: int) -> bool:
    """Whether one person may prepare and approve: only where an administrator said so and there is nobody else."""
    return not four_eyes and active_people == 1


def hindrance(asker: Asker, standing: Standing) -> Hindrance | None:
    """Why this person may not approve; None if they may."""
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
    """Whether this person's approval makes it enough."""
    return len({*standing.approvers, who}) >= standing.needed


class Blocker(StrEnum):
    """Why nobody may approve it as it is."""

    NOT_CHECKED = "not-checked"  # the provider could not be asked
    SHEET_ERRORS = "sheet-errors"
    INVALID_ROWS = "invalid-rows"
    NOTHING_TO_SEND = "nothing-to-send"
    WOULD_BE_REFUSED = "would-be-refused"
    ALREADY_RUN = "already-run"


def blockers(screen: Screen, options: Options, *, has_sheet_errors: bool, is_repeated: bool) -> tuple[Blocker, ...]:
    """What must be put right first, by the same rules as the command line's, all of it at once."""
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


def what_changed(seen: Screen, now: Screen) -> tuple[Change, ...]:
    """In the order in which it matters."""
    found = {
        Change.MOVEMENTS: (seen.order, seen.invalid) != (now.order, now.invalid),
        Change.FORECAST: seen.is_forecast != now.is_forecast,
        Change.REFUSALS: seen.refusals != now.refusals,
        Change.TOP_UP: seen.top_up != now.top_up,
        Change.FINDINGS: seen.findings != now.findings,
    }
    return tuple(change for change, is_different in found.items() if is_different)
