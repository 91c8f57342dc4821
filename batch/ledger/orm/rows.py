"""Between the tables and the types: rows, heads, balances and tallies as the database keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Count, Q, Sum

from batch.ledger import replay
from batch.ledger.encoding import cell_from_json, cell_to_json, finding_from_json, finding_to_json
from batch.ledger.facts import BalancesRead, Purpose
from batch.ledger.orm.models import Batch, Reading
from batch.ledger.orm.models import Movement as Line
from batch.model import (
    Balances,
    BatchHead,
    BatchRow,
    BatchState,
    Direction,
    RowResult,
    SheetRow,
    Source,
    Status,
    Tally,
)
from batch.money import ZERO, from_thousandths, to_thousandths


def line_of(batch: Batch, position: int, row: SheetRow, turn: int | None) -> Line:
    """A row of the sheet as a line of the table."""
    return Line(
        batch=batch,
        position=position,
        row=row.number,
        turn=turn,
        cells=[cell_to_json(cell) for cell in row.cells],
        findings=[finding_to_json(finding) for finding in row.findings],
        token=row.token,
        direction=row.direction.value if row.direction else None,
        amount=thousandths(row.amount),
        status=(Status.PENDING if row.is_valid else Status.INVALID).value,
    )


def update_row(batch: Batch, fact: replay.RowFact) -> None:
    """What a fact makes of its row."""
    row = Line.objects.get(batch=batch, row=fact.row)
    result = replay.after(_result(row), fact)
    row.status, row.code = result.status.value, result.code
    row.message, row.note = result.message, result.note
    row.main_balance, row.subaccount_balance = (
        thousandths(result.main_balance),
        thousandths(result.subaccount_balance),
    )
    row.attempts, row.at = result.attempts, result.at
    row.save(
        update_fields=["status", "code", "message", "note", "main_balance", "subaccount_balance", "attempts", "at"],
        force_update=True,
    )


def batch_row(row: Line) -> BatchRow:
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


def _result(row: Line) -> RowResult:
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


def head_of(batch: Batch) -> BatchHead:
    """A batch without its rows."""
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
        opening=_balances(batch, Purpose.OPENING),
        closing=_balances(batch, Purpose.CLOSING),
    )


def _balances(batch: Batch, purpose: Purpose) -> Balances | None:
    """The newest balances read for this purpose; closing balances of a run before the last one do not count."""
    readings = batch.readings.filter(purpose=purpose.value)
    if purpose is Purpose.CLOSING and batch.running_at is not None:
        readings = readings.filter(at__gte=batch.running_at)
    newest = readings.aggregate(at=models.Max("at"))["at"]
    found = dict(readings.filter(at=newest).values_list("token", "balance")) if newest else {}
    if None not in found:
        return None
    subaccounts = {token: from_thousandths(value) for token, value in found.items() if token is not None}
    return Balances(from_thousandths(found[None]), subaccounts, newest)


def readings_of(batch: Batch, fact: BalancesRead) -> Iterator[Reading]:
    """A reading of balances as lines of the table: the main account's and each sub-account's."""
    tokens: list[str | None] = [None, *fact.subaccounts]
    for token in tokens:
        balance = fact.main_balance if token is None else fact.subaccounts[token]
        yield Reading(batch=batch, at=fact.at, purpose=fact.purpose.value, token=token, balance=to_thousandths(balance))


def balances_in_order(batch: Batch) -> list[tuple[datetime, str | None, int]]:
    """Every balance that the provider ever gave in this batch, oldest first."""
    found: list[tuple[datetime, str | None, int]] = list(batch.readings.values_list("at", "token", "balance"))
    answered = batch.movements.filter(main_balance__isnull=False, at__isnull=False)
    for at, token, main, subaccount in answered.values_list("at", "token", "main_balance", "subaccount_balance"):
        if at is not None and main is not None and subaccount is not None:
            found += [(at, None, main), (at, token, subaccount)]
    return sorted(found, key=lambda entry: entry[0])


def tallies() -> dict[str, Tally]:
    """Every batch's tally, in one question to the database."""
    done = Q(status=Status.DONE.value)
    groups = Line.objects.values("batch_id", "status").annotate(
        rows=Count("pk"),
        euros=Sum("amount"),
        added=Sum("amount", filter=done & Q(direction=Direction.ADD.value)),
        removed=Sum("amount", filter=done & Q(direction=Direction.REMOVE.value)),
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for group in groups:
        found.setdefault(group["batch_id"], []).append(dict(group))
    return {name: _tally(group) for name, group in found.items()}


def _tally(groups: list[dict[str, Any]]) -> Tally:
    rows = dict.fromkeys(Status, 0) | {Status(group["status"]): group["rows"] for group in groups}
    euros = dict.fromkeys(Status, ZERO) | {Status(group["status"]): _sum(group["euros"]) for group in groups}
    added = sum((_sum(group["added"]) for group in groups), ZERO)
    return Tally(rows, added, sum((_sum(group["removed"]) for group in groups), ZERO), euros)


def _sum(thousandths: int | None) -> Decimal:
    return from_thousandths(int(thousandths or 0))


def euros(thousandths: int | None) -> Decimal | None:
    """The amount of whole thousandths; None stays None."""
    return None if thousandths is None else from_thousandths(thousandths)


def thousandths(amount: Decimal | None) -> int | None:
    """The whole thousandths of an amount; None stays None."""
    return None if amount is None else to_thousandths(amount)
