"""What stands between a dry run and its batch, and the batch that is made once a person has agreed. For both shells."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from batch.choices import Choices, write_choices
from batch.ledger.protocol import Access, Ledger, NewBatch, Work, take_up
from batch.runner.dry_run import DryRun
from batch.runner.unsettled import close_unfinished


@dataclass(frozen=True, slots=True)
class Agreed:
    """Who prepared and who approved, by name."""

    prepared: str | None
    approved: tuple[str, ...]


class Obstacle(StrEnum):
    """Why a dry run is not run as it is. Each shell says it in its own words."""

    SHEET_ERRORS = "sheet-errors"  # the sheet as a whole must be corrected first
    INVALID_ROWS = "invalid-rows"  # some rows have errors, and nobody agreed to leave them out
    NOTHING_TO_SEND = "nothing-to-send"  # no row is left
    WOULD_BE_REFUSED = "would-be-refused"  # by the forecast, and nobody agreed to run the rest


def obstacle_in_sheet(checked: DryRun, choices: Choices) -> Obstacle | None:
    """What in the sheet keeps it from being run; None if nothing does."""
    if checked.sheet.has_sheet_errors:
        return Obstacle.SHEET_ERRORS
    if checked.invalid_rows and not choices.skip_invalid:
        return Obstacle.INVALID_ROWS
    return Obstacle.NOTHING_TO_SEND if checked.plan.frame.empty else None


def obstacle_in_forecast(checked: DryRun, choices: Choices) -> Obstacle | None:
    """What in the forecast keeps the plan from being run; None if nothing does."""
    forecast = checked.forecast
    return None if forecast is None or forecast.passes or choices.partial else Obstacle.WOULD_BE_REFUSED


def accept(ledger: Ledger, checked: DryRun, access: Access, choices: Choices, agreed: Agreed, at: datetime) -> Work:
    """Record the plan as a batch; returns what is to be done.

    A batch whose list it continues must not go on from here.
    """
    if checked.account is None:
        raise AssertionError("a run is never offline")
    if choices.only_unsettled is not None:
        close_unfinished(ledger, access.account, choices.only_unsettled, at)
    # The same plan may be accepted twice in one second.
    mark = hashlib.sha256(f"{checked.plan.digest} {at.isoformat()}".encode()).hexdigest()[:6]
    name = f"{at.astimezone():%Y%m%d-%H%M%S}-{mark}"
    new = NewBatch(
        name=name,
        at=at,
        sheet=checked.sheet,
        plan=checked.plan,
        opening=checked.account.balances,
        access=access,
        owner=checked.account.name,
        options=write_choices(replace(choices, removes_first=checked.removes_first)),
        why=choices.why,
        prepared=agreed.prepared,
        approved=agreed.approved,
    )
    ledger.create(new)
    return take_up(new)
