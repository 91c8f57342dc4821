"""What a fact makes of a row. Both ledgers use it, so both say the same, at every moment between two commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from batch.ledger.facts import AttemptBegan, AttemptEnded, PersonDecided, RowDoubted, RowSettled
from batch.model import DONE_CODE, BatchState, People, RowResult, Status
from batch.notes import note

RowFact = AttemptBegan | AttemptEnded | RowSettled | RowDoubted | PersonDecided
Change = Mapping[str, Any]
"""The fields of a `RowResult` that a fact changes: it says all of them without looking at the row."""


def began(fact: AttemptBegan) -> Change:
    """From the commit before sending to the one after, what happened is not known: a crash in between leaves this."""
    return {
        "status": Status.UNKNOWN,
        "code": None,
        "message": None,
        "note": note("under-way"),
        "attempts": fact.attempt,
        "at": fact.at,
    }


def ended(fact: AttemptEnded) -> Change:
    """The row after an attempt."""
    return {
        "status": fact.status,
        "code": fact.code,
        "message": fact.message,
        "note": fact.note,
        "main_balance": fact.main_balance,
        "subaccount_balance": fact.subaccount_balance,
        "at": fact.at,
    }


def settled(fact: RowSettled) -> Change:
    """The row after its doubt was settled, or left open."""
    return {
        "status": fact.status,
        "code": DONE_CODE if fact.status is Status.DONE else fact.code,
        "message": fact.message,
        "note": fact.note,
        "main_balance": fact.main_balance,
        "subaccount_balance": fact.subaccount_balance,
        "at": fact.at,
    }


def doubted(fact: RowDoubted) -> Change:
    """The row after the balances said that it may have been applied without us."""
    return {
        "status": Status.UNKNOWN,
        "code": None,
        "message": None,
        "note": fact.note,
        "main_balance": fact.main_balance,
        "subaccount_balance": fact.subaccount_balance,
        "at": fact.at,
    }


def decided(fact: PersonDecided) -> Change:
    """The row after a person decided: done, or to be sent."""
    code = "decided-applied" if fact.applied else "decided-missing"
    return {
        "status": Status.DONE if fact.applied else Status.PENDING,
        "code": DONE_CODE if fact.applied else None,
        "message": None,
        "note": note(code, who=fact.who, reason=fact.why),
        "main_balance": None,
        "subaccount_balance": None,
        "at": fact.at,
    }


def change_of(fact: RowFact) -> Change:
    """What the fact changes of its row."""
    match fact:
        case AttemptBegan():
            return began(fact)
        case AttemptEnded():
            return ended(fact)
        case RowSettled():
            return settled(fact)
        case RowDoubted():
            return doubted(fact)
        case PersonDecided():
            return decided(fact)


def fits(result: RowResult, fact: RowFact) -> bool:
    """Whether the row is as it must be for the fact: an attempt is the next one, and what ends a doubt finds one."""
    statuses, attempts = expected(fact)
    return result.status in statuses and result.attempts == attempts


def expected(fact: RowFact) -> tuple[tuple[Status, ...], int]:
    """The statuses that the fact may find, and the attempts made so far."""
    if isinstance(fact, AttemptBegan):
        return (Status.PENDING, Status.REFUSED), fact.attempt - 1
    if isinstance(fact, RowDoubted):
        return (Status.PENDING, Status.REFUSED), fact.attempt
    return (Status.UNKNOWN,), fact.attempt


def after(result: RowResult, fact: RowFact) -> RowResult:
    """The row after the fact."""
    return replace(result, **change_of(fact))


def started(people: People, state: BatchState, by: str | None) -> People:
    """The people of a batch after its state changed: who starts or resumes it is named once, and who abandoned it."""
    if state is BatchState.ABANDONED:
        return replace(people, abandoned=by)
    if state is not BatchState.RUNNING or by is None or by in people.run:
        return people
    return replace(people, run=(*people.run, by))
