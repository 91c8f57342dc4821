"""A new workbook with the cells of a sheet of another kind (.csv, .ods, .xls), each at its own address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from openpyxl.cell import Cell as WrittenCell
from openpyxl.workbook import Workbook

from batch.model import Cell
from batch.money import as_excel_compares
from batch.report.page import writable

_TEXT = "@"
_NAME = "Sheet"
_MOMENT = "d"
_FIRST_SURE_YEAR = 1901


def cells_of(rows: Sequence[Sequence[Cell]]) -> list[list[Any]]:
    """The cells as JSON types."""
    return [[cell_to_json(cell) for cell in row] for row in rows]


def workbook_of(rows: Sequence[Sequence[Any]], name: str | None) -> Workbook:
    """The workbook. A text stays a text: an amount such as "12,50" and a token with zeros in front as well."""
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = name or _NAME
    for line, cells in enumerate(rows, 1):
        for column, cell in enumerate(cells, 1):
            if cell is not None:
                write_cell(cast("WrittenCell", sheet.cell(line, column)), cell)
    return workbook


def cell_to_json(cell: Cell) -> object:
    """Give a text, a truth value, or one of a number or a moment with its kind."""
    if isinstance(cell, datetime):
        return {_MOMENT: cell.isoformat()}
    if isinstance(cell, Decimal):
        return {"n": str(as_excel_compares(cell))} if cell.is_finite() else str(cell)
    return cell


def write_cell(cell: WrittenCell, value: Any) -> None:
    """Write what `cell_to_json` gave. A text is text, whatever it looks like."""
    match value:
        case str():
            cell.value = writable(value)
            cell.data_type = "s"
            cell.number_format = _TEXT
        case {"n": number}:
            cell.value = Decimal(number)
        case {"d": iso}:
            at = datetime.fromisoformat(iso)
            cell.value = at.replace(tzinfo=None) if at.year >= _FIRST_SURE_YEAR else iso
        case _:
            cell.value = value
