"""What is recorded of an outcome, and what is said when a run stops."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from batch.ledger.events import AttemptEnded, RowSettled
from batch.model import DONE_CODE, Movement, RowResult, Status
from batch.notes import Note, note
from batch.outcome import Applied, Doubt, NotApplied, Outcome, Refused, Throttled, Unproven
from batch.planning.retry import MOST_UNPROVEN, find_refusal
from batch.planning.settlement import Verdict
from batch.runner.settling import Evidence


def ended_fact(at: datetime, row: int, attempt: int, outcome: Outcome, status: Status) -> AttemptEnded:
    """The end of an attempt, for the ledger."""
    code: int | None = None
    message: str | None = None
    said: Note | None = None
    main: Decimal | None = None
    subaccount: Decimal | None = None
    refusal = find_refusal(outcome)
    if refusal is not None:
        code, message = refusal.code, refusal.words
    match outcome:
        case Applied(main, subaccount):
            code = DONE_CODE
        case Refused(of_account=True, meaning=meaning):
            said = note("account-refused", meaning=meaning, refuses="account")
        case Unproven():
            said = note("refused-undocumented")
        case NotApplied(reason) | Throttled(reason) | Doubt(reason):
            said = reason
    name = type(outcome).__name__
    return AttemptEnded(at, row, attempt, name, status, code, message, main, subaccount, said)


def looked_fact(at: datetime, row: int, attempt: int, answer: Outcome, status: Status) -> RowSettled:
    """What one look at the balances cleared, for the ledger."""
    return RowSettled(
        at, row, attempt, status, _mark("seen-missing", answer, status), None, None, *_said(answer, status)
    )


def settled_fact(
    at: datetime, row: int, attempt: int, evidence: Evidence, answer: Outcome, status: Status
) -> RowSettled:
    """What two readings of the balances say, for the ledger."""
    reading = evidence.reading
    match evidence.verdict:
        case Verdict.APPLIED if reading:
            return RowSettled(at, row, attempt, status, note("settled-applied"), reading.main, reading.subaccount)
        case Verdict.NOT_APPLIED:
            return RowSettled(
                at, row, attempt, status, _mark("settled-missing", answer, status), None, None, *_said(answer, status)
            )
        case _:
            return RowSettled(at, row, attempt, status, note("untold"), None, None, *_said(answer, status))


def _said(answer: Outcome, status: Status) -> tuple[int | None, str | None]:
    """The code and the words of an answer, as long as the row is what it said or may still be."""
    refusal = None if status is Status.PENDING else find_refusal(answer)
    return (None, None) if refusal is None else (refusal.code, refusal.words)


def _mark(code: str, answer: Outcome, status: Status) -> Note:
    """Note what balances say; of a refusal that every further row would get, that as well."""
    refusal = find_refusal(answer) if status is Status.REFUSED else None
    return note(code, refuses="account") if refusal is not None and refusal.of_account else note(code)


def recall_answer(result: RowResult, recall: Callable[[int | None, str], Refused]) -> Doubt:
    """Return the answer that a row in doubt once got, as the ledger kept it and the provider can `recall` it."""
    why = result.note or note("under-way")
    if result.code is None and result.message is None:
        return Doubt(why)
    return Doubt(why, recall(result.code, result.message or ""))


def stop_reason(movement: Movement, outcome: Outcome, times: int) -> Note:
    """Say why a run stops after this outcome of the last of so many attempts."""
    refusal = find_refusal(outcome)
    if refusal is not None and refusal.words:
        return note("account-stopped-saying", code=refusal.code, meaning=refusal.meaning, words=refusal.words)
    if refusal is not None:
        return note("account-stopped", code=refusal.code, meaning=refusal.meaning)
    if isinstance(outcome, Doubt) and not outcome.is_blocked:
        return note("row-never-applied", row=movement.row, times=times)
    why = outcome.reason if isinstance(outcome, NotApplied | Throttled | Doubt) else None
    return note("row-not-sent", row=movement.row, why=why)


def unproven_reason(refusal: Refused) -> Note:
    """Say why a run stops after several refusals in a row that are no proof."""
    if refusal.words:
        return note("undocumented-saying", count=MOST_UNPROVEN, meaning=refusal.meaning, words=refusal.words)
    return note("undocumented", count=MOST_UNPROVEN, meaning=refusal.meaning)


def untold_reason(row: int) -> Note:
    """Say why a run stops at a row that the balances do not tell of: a person decides."""
    return note("row-unknown", row=row, why=note("balances-silent"))


def doubted_reason(row: int) -> Note:
    """Say why a run stops where the books put a row in doubt."""
    return note("row-unknown", row=row, why=note("books-differ"))


def unread_reason(movement: Movement, why: Note) -> Note:
    """Say why a run stops where a doubt cannot be settled."""
    return note("row-unread", row=movement.row, why=why)
