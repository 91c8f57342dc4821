"""Cells that were corrected after the workbook was read, put into it with its own look."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from decimal import Decimal
from typing import Any, cast

from openpyxl.cell import Cell, MergedCell
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from batch.annotate.grid import write_cell
from batch.sheet.number_format import number_format

_GENERAL = "General"


def put_corrections(sheet: Worksheet, corrections: Iterable[tuple[int, int, Any]]) -> None:
    """Write cells: row as Excel shows it, column from 0, content as JSON. Of its look stays what does not belie it."""
    for row, column, content in corrections:
        cell = _find_cell(sheet, row, column + 1)
        look = cell.number_format
        write_cell(cell, content)
        cell.number_format = look
        if isinstance(cell.value, Decimal) and _belies(cell, cell.value):
            cell.number_format = _GENERAL
        if cell.font.strike:
            font = cast("Font", copy(cell.font))
            font.strike = False
            cell.font = font


def _find_cell(sheet: Worksheet, row: int, column: int) -> Cell:
    """Find the cell. Nothing can be written where a merged cell covers others, so that is taken apart."""
    covered = sheet.cell(row, column)
    if isinstance(covered, MergedCell):
        for merged in list(sheet.merged_cells.ranges):
            if covered.coordinate in merged:
                sheet.unmerge_cells(merged.coord)
    return cast("Cell", sheet.cell(row, column))


def _belies(cell: Cell, number: Decimal) -> bool:
    """Tell whether the cell's format makes a date of the number, or shows another one."""
    shape = number_format(cell.number_format)
    return cell.is_date or (shape is not None and shape.shown_otherwise(number) is not None)
