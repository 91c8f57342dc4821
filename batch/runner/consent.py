"""What stands between a dry run and its batch, and the batch that is made once a person has agreed. For both shells."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from batch.ledger.protocol import BatchKey, Ledger, NewBatch
from batch.model import BatchHead
from batch.runner.dry_run import DryRun
from batch.runner.unsettled import close_unfinished, family_of, option_for


@dataclass(frozen=True, slots=True)
class Consent:
    """What the person agreed to beyond what is plain."""

    skip_invalid: bool = False
    partial: bool = False
    again: bool = False
    why: str | None = None
    only_unsettled: str | None = None
    """The earlier batch of the same list, of which only what is not done is sent: see `runner.unsettled`."""


NOTHING_MORE = Consent()


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


def obstacle_in_sheet(checked: DryRun, consent: Consent) -> Obstacle | None:
    """What in the sheet keeps it from being run; None if nothing does."""
    if checked.sheet.has_sheet_errors:
        return Obstacle.SHEET_ERRORS
    if checked.invalid_rows and not consent.skip_invalid:
        return Obstacle.INVALID_ROWS
    return None if checked.plan.rows else Obstacle.NOTHING_TO_SEND


def obstacle_in_forecast(checked: DryRun, consent: Consent) -> Obstacle | None:
    """What in the forecast keeps the plan from being run; None if nothing does."""
    forecast = checked.forecast
    return None if forecast is None or forecast.passes or consent.partial else Obstacle.WOULD_BE_REFUSED


def already_run(ledger: Ledger, digest: str, account: BatchKey, consent: Consent = NOTHING_MORE) -> BatchHead | None:
    """The newest batch in which exactly these movements were accepted, however the sheet was re-saved or re-ordered.

    None also where that batch is of the list that is continued: what is left of it is what it did not do.
    """
    earlier = ledger.batch_with_digest(digest, account.api_url, account.fingerprint)
    continued = consent.only_unsettled
    if earlier is None or (continued is not None and earlier in family_of(ledger, account, continued)):
        return None
    return ledger.head(earlier)


def accept(ledger: Ledger, checked: DryRun, account: BatchKey, consent: Consent, agreed: Agreed, at: datetime) -> str:
    """Record the plan as a batch; returns its name. A batch whose list it continues must not go on from here."""
    if checked.account is None:
        raise AssertionError("a run is never offline")
    if consent.only_unsettled is not None:
        close_unfinished(ledger, account, consent.only_unsettled, at)
    # The same plan may be accepted twice in one second.
    mark = hashlib.sha256(f"{checked.plan.digest} {at.isoformat()}".encode()).hexdigest()[:6]
    name = f"{at.astimezone():%Y%m%d-%H%M%S}-{mark}"
    options = {
        "skip-invalid": consent.skip_invalid,
        "partial": consent.partial,
        "again": consent.again,
        "removes-first": checked.removes_first,
    }
    ledger.create(
        NewBatch(
            name=name,
            at=at,
            sheet=checked.sheet,
            plan=checked.plan,
            opening=checked.account.balances,
            api_url=account.api_url,
            account=checked.account.name,
            key_fingerprint=account.fingerprint,
            options=(*(option for option, given in options.items() if given), *_continuing(consent)),
            why=consent.why,
            prepared=agreed.prepared,
            approved=agreed.approved,
        )
    )
    return name


def _continuing(consent: Consent) -> tuple[str, ...]:
    return () if consent.only_unsettled is None else (option_for(consent.only_unsettled),)
