"""Where each row of a batch and the batch itself stand by its facts, and what the first facts are."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from batch.ledger.events import (
    Accepted,
    AttemptBegan,
    AttemptEnded,
    BalancesRead,
    EntriesNumbered,
    Fact,
    Origin,
    PersonDecided,
    Purpose,
    RowDoubted,
    RowFact,
    RowsAccepted,
    RowSettled,
    StateChanged,
    encode_cell,
    encode_finding,
    encode_row,
)
from batch.ledger.protocol import NewBatch
from batch.model import ENDED, Balances, BatchState, People, RowResult, SheetRow, Status
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
        "attempted_at": fact.at,
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
    """Take the row for done, or for one to be sent, as a person decided. No answer came, so there is no code."""
    code = "decided-applied" if fact.applied else "decided-missing"
    return {
        "status": Status.DONE if fact.applied else Status.PENDING,
        "code": None,
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
            return take_result(fact, fact.status, fact.code, fact.message)
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


def find_end(state: BatchState, at: datetime) -> datetime | None:
    """Find when a batch ended that came to a state at a moment; None if it goes on."""
    return at if state is BatchState.STOPPED or state in ENDED else None


AtBothEnds = Mapping[Purpose, Balances]
"""A batch's opening and closing balances, as far as they were read."""


def choose_end_balances(
    running_at: datetime | None, readings: Iterable[tuple[str, datetime, str | None, Decimal]]
) -> AtBothEnds:
    """Choose the newest reading of each purpose, given oldest first. What closed an earlier run does not close this."""
    times: dict[str, datetime] = {}
    found: defaultdict[str, dict[str | None, Decimal]] = defaultdict(dict)
    for purpose, at, token, balance in readings:
        if purpose == Purpose.CLOSING.value and running_at is not None and at < running_at:
            continue
        if times.get(purpose) != at:
            times[purpose] = at
            found[purpose] = {}
        found[purpose][token] = balance
    return {
        Purpose(purpose): Balances(main, {token: held for token, held in balances.items() if token is not None}, at)
        for purpose, at in times.items()
        for balances in (found[purpose],)
        if (main := balances.get(None)) is not None
    }


_ROWS_AT_ONCE = 100
"""So many stand in one event: each can be read and shown by itself."""


def make_first_facts(new: NewBatch, origin: Origin) -> list[Fact]:
    """Make what is recorded when a plan is accepted: the plan, its rows, its opening balances, and the approval."""
    source = new.sheet.source
    accepted = Accepted(
        at=new.at,
        batch=new.name,
        digest=new.plan.digest,
        file_name=source.file_name,
        sha256=source.sha256,
        size=source.size,
        is_kept=new.content is not None,
        sheet=source.sheet,
        columns=tuple(new.sheet.columns),
        roles={role.value: column for role, column in new.sheet.roles.items()},
        findings=tuple(encode_finding(finding) for finding in new.sheet.findings),
        rows=len(new.sheet.frame),
        movements=len(new.plan.frame),
        added=new.plan.added,
        removed=new.plan.removed,
        api_url=new.access.api_url,
        account=new.owner,
        key_fingerprint=new.access.fingerprint,
        options=new.options,
        why=new.why,
        prepared=new.people.prepared,
        approved=new.people.approved,
        origin=origin,
    )
    turns = new.turns
    listed = iter([encode_row(row, turns.get(row.number)) for row in new.sheet.rows])
    rows: list[Fact] = []
    while some := tuple(islice(listed, _ROWS_AT_ONCE)):
        rows.append(RowsAccepted(new.at, some))
    named = new.plan.tokens
    balances = {token: balance for token, balance in new.opening.subaccounts.items() if token in named}
    opening = BalancesRead(new.opening.at, Purpose.OPENING, new.opening.main, balances)
    return [accepted, *rows, opening, StateChanged(new.at, BatchState.APPROVED)]


_NUMBERS_AT_ONCE = 1000
"""So many entries stand in one event, which a cell of a report has room for."""


def make_numberings(
    journal: str, years: Mapping[date, Sequence[int]], last: Mapping[date, int], at: datetime
) -> list[EntriesNumbered]:
    """Make the facts that number the rows of each year in their order, behind the last number that it has so far."""
    return [
        EntriesNumbered(at, journal, closes_on, last.get(closes_on, 0) + place + 1, tuple(some))
        for closes_on, rows in sorted(years.items())
        for place in range(0, len(rows), _NUMBERS_AT_ONCE)
        for some in (rows[place : place + _NUMBERS_AT_ONCE],)
    ]


def encode_old_row(row: SheetRow) -> bytes:
    """Write a row's number, its cells, and what was read in them: older versions recorded the SHA-256 over all rows."""
    cells = [encode_cell(cell) for cell in row.cells]
    amount = None if row.amount is None else to_thousandths(row.amount)
    line = json.dumps([row.number, cells, row.token, row.direction, amount, row.is_valid], ensure_ascii=True)
    return line.encode() + b"\n"
