"""Workbooks through pandas and calamine: which sheet is meant, and its cells as what they are."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import pandas
from python_calamine import CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from batch.errors import SheetError
from batch.rules.header import ENOUGH_ROLES, SEARCHED_ROWS, find_header
from batch.rules.vocabulary import REPORT_SHEETS, TO_FIX_SHEET
from batch.sheet.complaints import password, shown
from batch.sheet.limits import Limits
from batch.sheet.original import Original
from batch.sheet.table import Table, check_extent, pieces
from batch.sheet.unread import unread_cells, with_unread

_NAMES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class _Choice:
    """A sheet by its name, the table's rows and columns, and how many rows from the top are wanted (None for all)."""

    sheet: str
    extent: tuple[int, int]
    wanted: int | None = None


def read_workbook(original: Original, sheet: str | None, limits: Limits) -> Table:
    """The table of the sheet that was named or, by its header, is meant."""
    try:
        excel = pandas.ExcelFile(io.BytesIO(original.data), engine="calamine")
    except PasswordError:
        raise password(original.name) from None
    book = cast("CalamineWorkbook", excel.book)
    choice = _named(original.name, book, sheet) if sheet is not None else _meant(original.name, book)
    if choice.wanted is None:
        check_extent(original.name, *choice.extent, limits)
    unread = unread_cells(original.data, choice.sheet) if choice.wanted is None else {}
    if unread:
        columns = max(column + 1 for cells in unread.values() for column in cells)
        check_extent(original.name, max(choice.extent[0], max(unread) + 1), max(choice.extent[1], columns), limits)
    return Table(choice.sheet, with_unread(_rows(excel, choice), unread))


def _rows(excel: pandas.ExcelFile, choice: _Choice) -> Iterator[list[list[object]]]:
    with excel:
        frame = pandas.read_excel(
            excel,
            sheet_name=choice.sheet,
            header=None,
            nrows=choice.wanted,
            dtype=object,
            keep_default_na=False,
            na_filter=False,
        )
    yield from pieces(frame)


def _named(name: str, book: CalamineWorkbook, sheet: str) -> _Choice:
    """The sheet that was asked for, hidden or not. Excel lets no two names differ by capitals alone."""
    sheets = [entry.name for entry in book.sheets_metadata if entry.typ == SheetTypeEnum.WorkSheet]
    same = [candidate for candidate in sheets if candidate.casefold() == sheet.casefold()]
    if not same:
        raise SheetError(f"{shown(name)} has no sheet {shown(sheet)}: it has {_listed(sheets)}.")
    chosen = sheet if sheet in same else same[0]
    return _Choice(chosen, _extent(book.get_sheet_by_name(chosen)))


def _meant(name: str, book: CalamineWorkbook) -> _Choice:
    """The only visible sheet with a header. Without any, the top of the first that holds something, to speak about."""
    candidates, filled = [], []
    visible = _visible(name, book)
    if set(REPORT_SHEETS) <= set(visible):
        # A report that was sent in again: its other sheets name rows that are done.
        visible = [TO_FIX_SHEET]
    for sheet in visible:
        table = book.get_sheet_by_name(sheet)
        if _has_header(table):
            candidates.append(_Choice(sheet, _extent(table)))
        elif table.end is not None:
            filled.append(sheet)
    if len(candidates) > 1:
        listed = _listed([candidate.sheet for candidate in candidates])
        raise SheetError(
            f"{shown(name)} has {len(candidates):,} sheets that could be meant, {listed}: choose one with --sheet NAME."
        )
    return candidates[0] if candidates else _Choice((filled or visible)[0], (0, 0), SEARCHED_ROWS)


def _visible(name: str, book: CalamineWorkbook) -> list[str]:
    visible = [
        entry.name
        for entry in book.sheets_metadata
        if entry.typ == SheetTypeEnum.WorkSheet and entry.visible == SheetVisibleEnum.Visible
    ]
    if not visible:
        raise SheetError(f"{shown(name)} has no visible sheet: show the one that is meant, and save it again.")
    return visible


def _has_header(table: CalamineSheet) -> bool:
    top = table.to_python(skip_empty_area=False, nrows=SEARCHED_ROWS)
    header = find_header([[cell if isinstance(cell, str) else None for cell in row] for row in top])
    return header is not None and len(header.roles) >= ENOUGH_ROLES


def _extent(table: CalamineSheet) -> tuple[int, int]:
    """Rows and columns down to the last cell. `total_height` would be one too small."""
    return (table.end[0] + 1, table.end[1] + 1) if table.end is not None else (0, 0)


def _listed(sheets: list[str]) -> str:
    rest = len(sheets) - _NAMES_SHOWN
    listed = ", ".join(shown(sheet) for sheet in sheets[:_NAMES_SHOWN])
    return f"{listed} and {rest:,} more" if rest > 0 else listed or "none"
