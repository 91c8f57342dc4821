"""From the tables to the types: rows, heads and events as the database keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from batch.ledger.encoding import cell_from_json, finding_from_json
from batch.ledger.facts import Purpose
from batch.ledger.orm.balances import AtBothEnds
from batch.ledger.orm.models import Batch, Movement
from batch.ledger.orm.models import Event as EventLine
from batch.model import (
    BatchHead,
    BatchRow,
    BatchState,
    Direction,
    Event,
    People,
    RowResult,
    SheetRow,
    Source,
    Status,
)
from batch.notes import note_in

_SHEET_ROW = ("row", "cells", "findings", "token", "direction", "amount")
_RESULT = ("status", "code", "message", "main_balance", "subaccount_balance", "attempts", "at", "note")
_ROWS_AT_ONCE = 1000
ROW = (*_SHEET_ROW, *_RESULT)
"""The columns that a row is made of."""


def rows_in(lines: QuerySet[Movement]) -> Iterator[BatchRow]:
    """Rows of the sheet, and what has become of them. There are many: they do not become models before."""
    return map(batch_row, lines.values_list(*ROW).iterator(chunk_size=_ROWS_AT_ONCE))


def batch_row(line: Sequence[Any]) -> BatchRow:
    """The row of which these are the columns."""
    return BatchRow(_sheet_row(*line[: len(_SHEET_ROW)]), _result(*line[len(_SHEET_ROW) :]))


def _sheet_row(
    row: int, cells: list[Any], findings: list[Any], token: str | None, direction: str | None, amount: Decimal | None
) -> SheetRow:
    return SheetRow(
        row,
        tuple([cell_from_json(cell) for cell in cells]),
        token,
        Direction(direction) if direction else None,
        amount,
        tuple([finding_from_json(finding) for finding in findings]),
    )


def _result(
    status: str,
    code: int | None,
    message: str | None,
    main_balance: Decimal | None,
    subaccount_balance: Decimal | None,
    attempts: int,
    at: datetime | None,
    note: str | None,
) -> RowResult:
    return RowResult(Status(status), code, message, main_balance, subaccount_balance, attempts, at, note_in(note))


def head_of(batch: Batch, balances: AtBothEnds) -> BatchHead:
    """A batch without its rows, with the balances that were read for it."""
    return BatchHead(
        batch=batch.name,
        state=BatchState(batch.state),
        reason=note_in(batch.reason),
        source=Source(batch.file_name, batch.sha256, batch.size, batch.sheet),
        digest=batch.digest,
        api_url=batch.api_url,
        account=batch.owner,
        created_at=batch.created_at,
        ended_at=batch.ended_at,
        opening=balances.get(Purpose.OPENING),
        closing=balances.get(Purpose.CLOSING),
        people=people_of(batch),
        options=tuple(batch.options),
    )


def people_of(batch: Batch) -> People:
    """Who prepared, approved and ran it."""
    known = batch.people or {}
    run = tuple(known.get("run", ()))
    return People(known.get("prepared"), tuple(known.get("approved", ())), run, known.get("abandoned"))


def people_json(people: People) -> dict[str, Any]:
    """The people as the table keeps them."""
    return {
        "prepared": people.prepared,
        "approved": list(people.approved),
        "run": list(people.run),
        "abandoned": people.abandoned,
    }


def events_in(lines: QuerySet[EventLine]) -> tuple[Event, ...]:
    """Lines of the audit trail, in their order. There are many: they become events without becoming models before."""
    return tuple(Event(*line) for line in lines.values_list("number", "at", "kind", "data", "hash"))
