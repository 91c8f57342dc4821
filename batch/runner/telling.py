"""What is recorded of an outcome, and what is said when a run stops."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from batch import codes
from batch.language import _
from batch.ledger.facts import AttemptEnded, RowSettled
from batch.model import Movement, Status
from batch.outcome import Applied, Blocked, Doubt, NotApplied, Outcome, Refused
from batch.rules.settle import Verdict
from batch.runner.settling import Evidence


def status_of(outcome: Outcome) -> Status:
    """What the row is after this outcome."""
    match outcome:
        case Applied():
            return Status.DONE
        case Refused():
            return Status.REFUSED
        case NotApplied() | Blocked():
            return Status.PENDING
        case Doubt():
            return Status.UNKNOWN


def ended_fact(at: datetime, row: int, attempt: int, outcome: Outcome) -> AttemptEnded:
    """The end of an attempt, for the ledger."""
    code: int | None = None
    message: str | None = None
    note: str | None = None
    main: Decimal | None = None
    subaccount: Decimal | None = None
    match outcome:
        case Applied(main, subaccount):
            code = codes.OK
        case Refused(code, message):
            pass
        case NotApplied(reason) | Blocked(reason) | Doubt(reason):
            note = reason
    name = type(outcome).__name__
    return AttemptEnded(at, row, attempt, name, status_of(outcome), code, message, main, subaccount, note)


def settled_fact(at: datetime, row: int, attempt: int, evidence: Evidence, *, must_ask: bool) -> RowSettled:
    """The verdict on a doubt, for the ledger."""
    reading = evidence.reading
    match evidence.verdict:
        case Verdict.APPLIED if reading:
            words = _("Settled by the balances: it was applied")
            return RowSettled(at, row, attempt, Status.DONE, words, reading.main, reading.subaccount)
        case Verdict.NOT_APPLIED:
            status = Status.UNKNOWN if must_ask else Status.PENDING
            return RowSettled(at, row, attempt, status, _("Settled by the balances: it was not applied"))
        case _:
            return RowSettled(at, row, attempt, Status.UNKNOWN, _("The balances do not tell whether it was applied"))


def stop_reason(movement: Movement, outcome: Outcome) -> str:
    """Why a run stops after this outcome, in a sentence."""
    match outcome:
        case Refused(code, words):
            sentence = _("The provider refuses the whole account with code {code}: {meaning}.")
            if words:
                sentence = _("The provider refuses the whole account with code {code}: {meaning} (it says “{words}”).")
            return sentence.format(code=code, meaning=codes.meaning(code), words=words)
        case NotApplied(reason) | Blocked(reason) | Doubt(reason):
            return _("Row {row} could not be sent: {why}.").format(row=movement.row, why=reason)
        case Applied():
            raise AssertionError("a success stops nothing")


def unknown_reason(movement: Movement, why: str) -> str:
    """Why a run stops at a row in doubt, in a sentence."""
    return _("Whether row {row} was applied is unknown: {why}.").format(row=movement.row, why=why)


def unread_reason(movement: Movement, why: str) -> str:
    """Why a run stops where a doubt cannot be settled; what the provider says to that is a sentence of its own."""
    sentence = _("Whether row {row} was applied is unknown, because the balances cannot be read. {why}")
    return sentence.format(row=movement.row, why=why)
