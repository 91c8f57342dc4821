"""What a fact makes of a row. Both ledgers use it, so both say the same, at every moment between two commits."""

from __future__ import annotations

from dataclasses import replace

from batch import codes
from batch.ledger.facts import AttemptBegan, AttemptEnded, PersonDecided, RowSettled
from batch.model import RowResult, Status

RowFact = AttemptBegan | AttemptEnded | RowSettled | PersonDecided

UNDER_WAY = "An attempt was begun and its outcome is not recorded"


def began(result: RowResult, fact: AttemptBegan) -> RowResult:
    """From the commit before sending to the one after, what happened is not known: a crash in between leaves this."""
    return replace(
        result, status=Status.UNKNOWN, code=None, message=None, note=UNDER_WAY, attempts=fact.attempt, at=fact.at
    )


def ended(result: RowResult, fact: AttemptEnded) -> RowResult:
    """The row after an attempt."""
    return RowResult(
        status=fact.status,
        code=fact.code,
        message=fact.message,
        note=fact.note,
        main_balance=fact.main_balance,
        subaccount_balance=fact.subaccount_balance,
        attempts=result.attempts,
        at=fact.at,
    )


def settled(result: RowResult, fact: RowSettled) -> RowResult:
    """The row after its doubt was settled, or left open."""
    return replace(
        result,
        status=fact.status,
        code=codes.OK if fact.status is Status.DONE else None,
        message=None,
        note=fact.note,
        main_balance=fact.main_balance,
        subaccount_balance=fact.subaccount_balance,
        at=fact.at,
    )


def decided(result: RowResult, fact: PersonDecided) -> RowResult:
    """The row after a person decided: done, or to be sent."""
    what = "it was applied" if fact.applied else "it was not applied"
    return replace(
        result,
        status=Status.DONE if fact.applied else Status.PENDING,
        code=codes.OK if fact.applied else None,
        message=None,
        note=f"{fact.who} decided that {what}: {fact.why}",
        main_balance=None,
        subaccount_balance=None,
        at=fact.at,
    )


def after(result: RowResult, fact: RowFact) -> RowResult:
    """The row after the fact."""
    match fact:
        case AttemptBegan():
            return began(result, fact)
        case AttemptEnded():
            return ended(result, fact)
        case RowSettled():
            return settled(result, fact)
        case PersonDecided():
            return decided(result, fact)
