"""From the tables to the types: rows, heads and events as the database keeps them."""

from __future__ import annotations

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
from batch.money import from_thousandths, to_thousandths


def batch_row(row: Movement) -> BatchRow:
    """The row of the sheet, and what has become of it."""
    sheet_row = SheetRow(
        number=row.row,
        cells=tuple(cell_from_json(cell) for cell in row.cells),
        token=row.token,
        direction=Direction(row.direction) if row.direction else None,
        amount=euros(row.amount),
        findings=tuple(finding_from_json(finding) for finding in row.findings),
    )
    return BatchRow(sheet_row, _result(row))


def _result(row: Movement) -> RowResult:
    return RowResult(
        Status(row.status),
        row.code,
        row.message,
        euros(row.main_balance),
        euros(row.subaccount_balance),
        row.attempts,
        row.at,
        row.note,
    )


def head_of(batch: Batch, balances: AtBothEnds) -> BatchHead:
    """A batch without its rows, with the balances that were read for it."""
    return BatchHead(
        batch=batch.name,
        state=BatchState(batch.state),
        reason=batch.reason,
        source=Source(batch.file_name, batch.sha256, batch.size, batch.sheet),
        digest=batch.digest,
        api_url=batch.api_url,
        account=batch.account,
        created_at=batch.created_at,
        ended_at=batch.ended_at,
        opening=balances.get(Purpose.OPENING),
        closing=balances.get(Purpose.CLOSING),
        people=people_of(batch),
    )


def people_of(batch: Batch) -> People:
    """Who prepared, approved and ran it."""
    known = batch.people or {}
    return People(known.get("prepared"), tuple(known.get("approved", ())), tuple(known.get("run", ())))


def people_json(people: People) -> dict[str, Any]:
    """The people as the table keeps them."""
    return {"prepared": people.prepared, "approved": list(people.approved), "run": list(people.run)}


def events_in(lines: QuerySet[EventLine]) -> tuple[Event, ...]:
    """Lines of the audit trail, in their order. There are many: they become events without becoming models before."""
    return tuple(Event(*line) for line in lines.values_list("number", "at", "kind", "data", "hash"))


def euros(thousandths: int | None) -> Decimal | None:
    """The amount of whole thousandths; None stays None."""
    return None if thousandths is None else from_thousandths(thousandths)


def thousandths(amount: Decimal | None) -> int | None:
    """The whole thousandths of an amount; None stays None."""
    return None if amount is None else to_thousandths(amount)
