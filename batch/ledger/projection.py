"""Where each row of a batch stands by its facts, and what the first facts are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from batch.ledger.events import (
    Accepted,
    AttemptBegan,
    AttemptEnded,
    BalancesRead,
    PersonDecided,
    Purpose,
    RowDoubted,
    RowFact,
    RowSettled,
    StateChanged,
    encode_cell,
)
from batch.ledger.protocol import NewBatch
from batch.model import DONE_CODE, BatchState, People, RowResult, SheetRow, Status
from batch.money import to_thousandths
from batch.notes import make_note

Change = Mapping[str, Any]
"""The fields of a `RowResult` that a fact changes: it says all of them without looking at the row."""


def begin_attempt(fact: AttemptBegan) -> Change:
    """Leave the row in doubt from the commit before sending to the one after: so a crash in between finds it."""
    return {
        "status": Status.UNKNOWN,
        "code": None,
        "message": None,
        "note": make_note("under-way"),
        "attempts": fact.attempt,
        "at": fact.at,
    }


def take_result(
    fact: AttemptEnded | RowSettled | RowDoubted, status: Status, code: int | None, words: str | None
) -> Change:
    """Take over what was found out about the row, and the balances that go with it."""
    return {
        "status": status,
        "code": code,
        "message": words,
        "note": fact.note,
        "main_balance": fact.main_balance,
        "subaccount_balance": fact.subaccount_balance,
        "at": fact.at,
    }


def decide_row(fact: PersonDecided) -> Change:
    """Take the row for done, or for one to be sent, as a person decided."""
    code = "decided-applied" if fact.applied else "decided-missing"
    return {
        "status": Status.DONE if fact.applied else Status.PENDING,
        "code": DONE_CODE if fact.applied else None,
        "message": None,
        "note": make_note(code, who=fact.who, reason=fact.why),
        "main_balance": None,
        "subaccount_balance": None,
        "at": fact.at,
    }


def derive_change(fact: RowFact) -> Change:
    match fact:
        case AttemptBegan():
            return begin_attempt(fact)
        case AttemptEnded():
            return take_result(fact, fact.status, fact.code, fact.message)
        case RowSettled():
            return take_result(fact, fact.status, DONE_CODE if fact.status is Status.DONE else fact.code, fact.message)
        case RowDoubted():
            return take_result(fact, Status.UNKNOWN, None, None)
        case PersonDecided():
            return decide_row(fact)


def get_precondition(fact: RowFact) -> tuple[tuple[Status, ...], int]:
    """Return the statuses that the fact may find, and the attempts made so far: what ends a doubt needs one."""
    if isinstance(fact, AttemptBegan):
        return (Status.PENDING, Status.REFUSED), fact.attempt - 1
    if isinstance(fact, RowDoubted):
        return (Status.PENDING, Status.REFUSED), fact.attempt
    return (Status.UNKNOWN,), fact.attempt


def apply_fact(result: RowResult, fact: RowFact) -> RowResult:
    return replace(result, **derive_change(fact))


def add_person(people: People, state: BatchState, by: str | None) -> People:
    """Add who changed the state: who starts or resumes is named once, and who abandons."""
    if state is BatchState.ABANDONED:
        return replace(people, abandoned=by)
    if state is not BatchState.RUNNING or by is None or by in people.run:
        return people
    return replace(people, run=(*people.run, by))


def make_first_facts(new: NewBatch) -> tuple[Accepted, BalancesRead, StateChanged]:
    """Make what is recorded when a plan is accepted: the plan, its opening balances, and the approval."""
    fact = Accepted(
        at=new.at,
        batch=new.name,
        digest=new.plan.digest,
        file_name=new.sheet.source.file_name,
        sha256=new.sheet.source.sha256,
        rows=len(new.sheet.frame),
        movements=len(new.plan.frame),
        added=new.plan.added,
        removed=new.plan.removed,
        rows_sha256=hash_rows(new.sheet.rows),
        api_url=new.access.api_url,
        account=new.owner,
        key_fingerprint=new.access.fingerprint,
        options=new.options,
        why=new.why,
        prepared=new.people.prepared,
        approved=new.people.approved,
    )
    named = new.plan.tokens
    balances = {token: balance for token, balance in new.opening.subaccounts.items() if token in named}
    opening = BalancesRead(new.opening.at, Purpose.OPENING, new.opening.main, balances)
    return fact, opening, StateChanged(new.at, BatchState.APPROVED)


def hash_rows(rows: tuple[SheetRow, ...]) -> str:
    """Compute SHA-256 over every row: its number, its cells, and what was read in them."""
    digest = hashlib.sha256()
    for row in rows:
        cells = [encode_cell(cell) for cell in row.cells]
        amount = None if row.amount is None else to_thousandths(row.amount)
        line = json.dumps([row.number, cells, row.token, row.direction, amount, row.is_valid], ensure_ascii=True)
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()
