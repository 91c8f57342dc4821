"""What is recorded of an outcome, and what is said when a run stops."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from batch import codes
from batch.language import _
from batch.ledger.facts import AttemptEnded, RowSettled
from batch.model import Movement, RowResult, Status
from batch.outcome import Applied, Doubt, NotApplied, Outcome, Refused, Throttled, Unproven
from batch.rules.evidence import MISSING, SEEN_MISSING, UNTOLD
from batch.rules.retry import MOST_UNPROVEN, find_refusal
from batch.rules.settle import Verdict
from batch.runner.settling import Evidence


def status_of(outcome: Outcome) -> Status:
    """What the row is after this outcome. An answer that is no proof leaves it in doubt until balances were read."""
    match outcome:
        case Applied():
            return Status.DONE
        case Refused():
            return Status.REFUSED
        case NotApplied():
            return Status.PENDING
        case Unproven() | Throttled() | Doubt():
            return Status.UNKNOWN


def ended_fact(at: datetime, row: int, attempt: int, outcome: Outcome) -> AttemptEnded:
    """The end of an attempt, for the ledger."""
    code: int | None = None
    message: str | None = None
    note: str | None = None
    main: Decimal | None = None
    subaccount: Decimal | None = None
    refusal = find_refusal(outcome)
    if refusal is not None:
        code, message = refusal.code, refusal.words
    match outcome:
        case Applied(main, subaccount):
            code = codes.OK
        case Unproven():
            note = _("The provider refused in a way that it does not document")
        case NotApplied(reason) | Throttled(reason) | Doubt(reason):
            note = reason
    name = type(outcome).__name__
    return AttemptEnded(at, row, attempt, name, status_of(outcome), code, message, main, subaccount, note)


def looked_fact(at: datetime, row: int, attempt: int, answer: Outcome, status: Status) -> RowSettled:
    """What one look at the balances cleared, for the ledger."""
    return RowSettled(at, row, attempt, status, SEEN_MISSING, None, None, *_said(answer, status))


def settled_fact(
    at: datetime, row: int, attempt: int, evidence: Evidence, answer: Outcome, status: Status
) -> RowSettled:
    """What two readings of the balances say, for the ledger."""
    reading = evidence.reading
    match evidence.verdict:
        case Verdict.APPLIED if reading:
            words = _("Settled by the balances: it was applied")
            return RowSettled(at, row, attempt, status, words, reading.main, reading.subaccount)
        case Verdict.NOT_APPLIED:
            return RowSettled(at, row, attempt, status, MISSING, None, None, *_said(answer, status))
        case _:
            return RowSettled(at, row, attempt, status, UNTOLD, None, None, *_said(answer, status))


def _said(answer: Outcome, status: Status) -> tuple[int | None, str | None]:
    """The code and the words of an answer, as long as the row is what it said or may still be."""
    refusal = None if status is Status.PENDING else find_refusal(answer)
    return (None, None) if refusal is None else (refusal.code, refusal.words)


def recall_answer(result: RowResult) -> Doubt:
    """Return the answer that a row in doubt once got, as far as the ledger kept it."""
    if result.code is None and result.message is None:
        return Doubt(result.note or "")
    return Doubt(result.note or "", Refused(result.code, result.message or "", 0))


def stop_reason(movement: Movement, outcome: Outcome, times: int) -> str:
    """Why a run stops after this outcome of the last of so many attempts, in a sentence."""
    refusal = find_refusal(outcome)
    if refusal is not None:
        sentence = _("The provider refuses the whole account with code {code}: {meaning}.")
        if refusal.words:
            sentence = _("The provider refuses the whole account with code {code}: {meaning} (it says “{words}”).")
        return sentence.format(code=refusal.code, meaning=codes.meaning(refusal.code), words=refusal.words)
    if isinstance(outcome, Doubt) and not outcome.is_blocked:
        return _("Row {row} was sent {times} times and never applied.").format(row=movement.row, times=times)
    return _("Row {row} could not be sent: {why}.").format(row=movement.row, why=getattr(outcome, "reason", ""))


def unproven_reason(refusal: Refused) -> str:
    """Why a run stops after several refusals in a row that are no proof, in a sentence."""
    sentence = _("The provider refused {count} rows in a row in a way that it does not document: {meaning}.")
    if refusal.words:
        sentence = _(
            "The provider refused {count} rows in a row in a way that it does not document: {meaning} "
            "(it says “{words}”)."
        )
    meaning = codes.meaning(refusal.code)
    return sentence.format(count=MOST_UNPROVEN, meaning=meaning, words=refusal.words)


def untold_reason(row: int) -> str:
    """Why a run stops at a row that the balances do not tell of: a person decides."""
    return _("Whether row {row} was applied is unknown: {why}.").format(row=row, why=_("the balances do not tell"))


def doubted_reason(row: int) -> str:
    """Why a run stops where the books put a row in doubt."""
    sentence = _("Whether row {row} was applied is unknown: {why}.")
    return sentence.format(row=row, why=_("the books do not balance by about what it moves"))


def unread_reason(movement: Movement, why: str) -> str:
    """Why a run stops where a doubt cannot be settled; what the provider says to that is a sentence of its own."""
    sentence = _("Whether row {row} was applied is unknown, because the balances cannot be read. {why}")
    return sentence.format(row=movement.row, why=why)
