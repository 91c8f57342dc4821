"""The statements that every row of a run waits for, and many lines at once: the ORM takes several times as long."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice

from django.db import connection
from django.db.backends.utils import CursorWrapper

from batch.errors import LedgerError
from batch.ledger import replay
from batch.ledger.chain import Line, Tip
from batch.ledger.encoding import cell_to_json, finding_to_json
from batch.ledger.facts import AttemptBegan
from batch.ledger.orm.fields import prepare_euros
from batch.ledger.protocol import NewBatch
from batch.ledger.sentences import taken_over, written_by_another
from batch.model import SheetRow, Status
from batch.notes import note_text
from batch.planning.account_identity import LEASE

Value = str | int | datetime | None
"""What a statement is given: a time as `_moment` has it, an amount as `prepare_euros` has it."""
_FACTS_AT_ONCE = 1000
_json = json.JSONEncoder().encode

# The number that was given with the lease is only ever followed by greater ones.
_RENEW = 'UPDATE "ledger_account_lease" SET "batch" = %s, "until" = %s WHERE "account_id" = %s AND "fence" = %s'
_ADVANCE = """
UPDATE "ledger_batch" SET "events_count" = %s, "last_hash" = %s
WHERE "name" = %s AND "events_count" = %s AND "last_hash" = %s"""
_BEGIN_ATTEMPT = """
UPDATE "ledger_movement" SET "status" = %s, "code" = %s, "message" = %s, "note" = %s, "at" = %s,
"attempts" = %s, "main_before" = %s, "subaccount_before" = %s
WHERE "batch_id" = %s AND "row" = %s AND "attempts" = %s AND "status" IN (%s, %s)"""
_RECORD_OUTCOME = """
UPDATE "ledger_movement" SET "status" = %s, "code" = %s, "message" = %s, "note" = %s, "at" = %s,
"main_balance" = %s, "subaccount_balance" = %s
WHERE "batch_id" = %s AND "row" = %s AND "attempts" = %s AND "status" IN (%s, %s)"""
_EVENT = ("batch_id", "number", "at", "kind", "data", "hash")
_ROW = (
    *("batch_id", "position", "row", "turn", "cells", "findings", "token", "direction", "amount"),
    *("status", "attempts"),
)


def renew_lease(cursor: CursorWrapper, account: int, fence: int, batch: str, at: datetime) -> None:
    """Prove that the account is still held, and hold it for longer."""
    if _update(cursor, _RENEW, batch, _moment(at + LEASE), account, fence) != 1:
        raise LedgerError(taken_over(batch))


def add_events(cursor: CursorWrapper, batch: str, tip: Tip, lines: Sequence[Line]) -> None:
    """Let the events follow on the tip. Of two writers that built on the same tip, the second is not believed."""
    last = lines[-1]
    if _update(cursor, _ADVANCE, last.number, last.hash, batch, tip.number, tip.hash) != 1:
        raise LedgerError(written_by_another(batch))
    values = ((batch, line.number, _moment(line.at), line.kind, line.data, line.hash) for line in lines)
    add_lines(cursor, "ledger_event", _EVENT, values)


def change_row(cursor: CursorWrapper, batch: str, fact: replay.RowFact) -> None:
    """Make of a row what the fact says; the row must be as the fact takes it to be: none is sent or decided twice."""
    change = replay.change_of(fact)
    common = change["status"].value, change["code"], change["message"], note_text(change["note"]), _moment(change["at"])
    statuses, attempts = replay.expected(fact)
    where = batch, fact.row, attempts, statuses[0].value, statuses[-1].value
    if isinstance(fact, AttemptBegan):
        before = prepare_euros(fact.main_balance), prepare_euros(fact.subaccount_balance)
        changed = _update(cursor, _BEGIN_ATTEMPT, *common, change["attempts"], *before, *where)
    else:
        after = prepare_euros(change["main_balance"]), prepare_euros(change["subaccount_balance"])
        changed = _update(cursor, _RECORD_OUTCOME, *common, *after, *where)
    if changed != 1:
        raise LedgerError(written_by_another(batch))


def add_rows(cursor: CursorWrapper, new: NewBatch) -> None:
    """Add the rows of the sheet. A row that is never sent has no turn."""
    turns = {movement.row: turn for turn, movement in enumerate(new.plan.movements)}
    lines = (
        (new.name, position, row.number, turns.get(row.number), *_read(row))
        for position, row in enumerate(new.sheet.rows)
    )
    add_lines(cursor, "ledger_movement", _ROW, lines)


def add_lines(cursor: CursorWrapper, table: str, columns: Sequence[str], lines: Iterable[Sequence[Value]]) -> None:
    """Add lines to a table."""
    names = ", ".join(f'"{column}"' for column in columns)
    marks = ", ".join(["%s"] * len(columns))
    left = iter(lines)
    # Some at a time: Django's cursor keeps all that it is given at once.
    while some := list(islice(left, _FACTS_AT_ONCE)):
        cursor.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', some)  # noqa: S608 (our own names)


def _update(cursor: CursorWrapper, statement: str, *values: Value) -> int:
    """Carry it out; returns how many lines it touched."""
    cursor.execute(statement, values)
    return int(cursor.rowcount)


def _moment(at: datetime) -> Value:
    """A time as Django keeps it in this database."""
    return connection.ops.adapt_datetimefield_value(at)


def _read(row: SheetRow) -> tuple[Value, ...]:
    return (
        _json([cell_to_json(cell) for cell in row.cells]),
        _json([finding_to_json(finding) for finding in row.findings]),
        row.token,
        row.direction.value if row.direction else None,
        prepare_euros(row.amount),
        (Status.PENDING if row.is_valid else Status.INVALID).value,
        0,
    )
