from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.cell import Cell as ExcelCell
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from batch.findings import Finding
from batch.frames import CheckedSheet, Grid, make_frame
from batch.ledger.old_sentences import read_sentence
from batch.model import (
    Balances,
    BatchHead,
    BatchRow,
    BatchState,
    BatchView,
    Cell,
    ColumnRole,
    Event,
    RowResult,
    SheetRow,
    Source,
    Status,
)
from batch.planning.plan import Forecast
from batch.report.verdict import Contents
from batch.report.workbook import write_report
from batch.validation.check_sheet import Expected, check_sheet

START = datetime(2026, 3, 31, 8, 15, 12, 345000, tzinfo=UTC)
END = START + timedelta(minutes=2)
SOURCE = Source("march.xlsx", "ab" * 32, 18_432, "March")
WHO = ("https://api.example/v1", "compta@example.fr")
TOKEN = "0001a"
TITLES = ("Client", "Token", "Amount", "Direction")
ROLES = {ColumnRole.TOKEN: 1, ColumnRole.AMOUNT: 2, ColumnRole.DIRECTION: 3}
DONE = RowResult(Status.DONE, 200, None, Decimal("2869.200"), Decimal("61.8"), 1, START)
REFUSED = RowResult(Status.REFUSED, 8, "Crédit insuffisant", None, None, 1, START)
INVALID = RowResult(Status.INVALID)
PENDING = RowResult(Status.PENDING)
UNKNOWN = RowResult(Status.UNKNOWN, None, "no answer within 30 s", None, None, 1, START)


def checked(rows: Sequence[Sequence[Cell]], source: Source = SOURCE) -> CheckedSheet:
    """The checks' reading of these rows, the first of which holds the titles."""
    return check_sheet(Grid(source, make_frame(rows)), None, Expected())


def row(number: int, amount: str = "50", *, direction: str = "add", token: str = TOKEN, client: Cell = "A") -> SheetRow:
    grid: list[list[Cell]] = [list(TITLES), [client, token, Decimal(amount), direction]]
    read = checked(grid).rows[0]
    return SheetRow(number, read.cells, read.token, read.direction, read.amount, read.findings)


def balances(main: str, **subaccounts: str) -> Balances:
    return Balances(Decimal(main), {token: Decimal(text) for token, text in subaccounts.items()}, START)


def view_of(
    results: Sequence[RowResult],
    rows: Sequence[SheetRow] | None = None,
    *,
    state: BatchState = BatchState.FINISHED,
    batch: str | None = "2026-03-a7f3",
    reason: str | None = None,
    columns: tuple[str, ...] = TITLES,
    roles: Mapping[ColumnRole, int] = ROLES,
    source: Source = SOURCE,
    opening: Balances | None = None,
    closing: Balances | None = None,
    findings: tuple[Finding, ...] = (),
    events: tuple[Event, ...] = (),
) -> BatchView:
    """A batch whose rows, if not given, add 50 euros each to one sub-account."""
    rows = rows if rows is not None else [row(index + 2) for index in range(len(results))]
    head = BatchHead(batch, state, read_sentence(reason), source, "cd" * 32, *WHO, START, END, opening, closing)
    pairs = tuple(BatchRow(item, result) for item, result in zip(rows, results, strict=True))
    return BatchView(head, columns, roles, pairs, findings, events)


def dry_run_of(sheet: CheckedSheet) -> BatchView:
    results = [PENDING if item.is_valid else INVALID for item in sheet.rows]
    return view_of(
        results,
        sheet.rows,
        batch=None,
        state=BatchState.CHECKED,
        columns=sheet.columns,
        roles=sheet.roles,
        findings=sheet.findings,
    )


def reopened(tmp_path: Path, view: BatchView, forecast: Forecast | None = None, *, results: bool = True) -> Workbook:
    """The report as it is read by who does not calculate, or with its formulas instead of their results."""
    path = tmp_path / "report.xlsx"
    write_report(path, Contents(view, forecast, END))
    return load_workbook(path, data_only=results)


def sheet_of(workbook: Workbook, title: str) -> Worksheet:
    sheet = workbook[title]
    assert isinstance(sheet, Worksheet)
    return sheet


def values(sheet: Worksheet) -> list[list[object]]:
    return [list(line) for line in sheet.iter_rows(values_only=True)]


def cell_under(sheet: Worksheet, title: str, line: int = 2, header: int = 1) -> ExcelCell:
    """The cell of a line in the last column of that title."""
    column = [cell.column for cell in sheet[header] if cell.value == title][-1]
    cell = sheet.cell(line, column)
    assert isinstance(cell, ExcelCell)
    return cell


def labelled(sheet: Worksheet, label: str) -> object:
    return next(line[1] for line in values(sheet) if line[0] == label)
