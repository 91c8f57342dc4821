"""Workbooks: which sheet is meant, its cells as what they are, and what a person sees of them.

The cells of .xlsx and .xlsm are read by calamine, directly: a data frame in between would take longer than all the
rest, and every cell is an object of its own to us. What is seen of the sheet is found meanwhile by a thread (`looks`),
because calamine knows nothing of it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Protocol

from python_calamine import CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from batch.findings import Finding
from batch.model import Appearance, Cell
from batch.rules.header import SEARCHED_ROWS, Merged
from batch.sheet.archive import check_archive
from batch.sheet.choice import Choice, Sheet, choose
from batch.sheet.complaints import password
from batch.sheet.kind import Kind, kind_of
from batch.sheet.looks import Looks, looks_of
from batch.sheet.ods import read_document
from batch.sheet.table import Table, check_extent
from batch.sheet.unread import with_unread
from batch.sheet.wire import Request
from batch.sheet.xls import read_xls
from batch.sheet.xlsb import read_xlsb

_NEW = frozenset({".xlsx", ".xlsm", ".xltx", ".xltm"})


class Book(Protocol):
    """A workbook that was opened, whoever reads it."""

    def sheets(self) -> list[Sheet]:
        """Its worksheets in their order."""
        ...

    def table(self, choice: Choice) -> Table:
        """The chosen sheet; only its top if no table is in it."""
        ...


def read_workbook(request: Request) -> Table:
    """The table of the sheet that was named or, by its header, is meant."""
    original, limits = request.original, request.limits
    kind = kind_of(original)
    if kind is Kind.ARCHIVE:
        check_archive(original, limits)
    book: Book
    if kind is Kind.BINARY:
        book = read_xls(original, limits)
    else:
        book = read_document(original, limits) or read_xlsb(original, limits) or _Calamine.open(request)
    choice = choose(original.name, book.sheets(), request.sheet, request.columns)
    table = book.table(choice)
    return Table(table.sheet, table.rows, table.columns, table.appearance, (*choice.findings, *table.findings))


class _Calamine:
    """A workbook that calamine reads. The sheet that is likely meant is looked at while calamine reads it."""

    def __init__(self, request: Request, book: CalamineWorkbook, likely: str | None) -> None:
        self._name, self._suffix, self._data = request.original.name, request.original.suffix, request.original.data
        self._limits = request.limits
        self._book, self._likely = book, likely
        self._tables: dict[str, CalamineSheet] = {}
        threads = ThreadPoolExecutor(1)
        self._looks: Future[Looks] | None = threads.submit(looks_of, self._data, likely) if likely else None
        threads.shutdown(wait=False)

    @classmethod
    def open(cls, request: Request) -> _Calamine:
        """Open it. Most likely the sheet is meant that was asked for, or else the first that is visible."""
        try:
            book = CalamineWorkbook.from_filelike(io.BytesIO(request.original.data))
        except PasswordError:
            raise password(request.original.name) from None
        visible = [entry.name for entry in book.sheets_metadata if entry.visible == SheetVisibleEnum.Visible]
        return cls(request, book, request.sheet or next(iter(visible), None))

    def sheets(self) -> list[Sheet]:
        """Its worksheets in their order; charts are no sheets to us."""
        return [
            Sheet(entry.name, entry.visible == SheetVisibleEnum.Visible, self)
            for entry in self._book.sheets_metadata
            if entry.typ == SheetTypeEnum.WorkSheet
        ]

    def top(self, sheet: str) -> list[list[Cell]]:
        """The rows in which a header is looked for; only their texts."""
        rows = self._sheet(sheet).to_python(skip_empty_area=False, nrows=SEARCHED_ROWS)
        return [[cell if isinstance(cell, str) and cell else None for cell in row] for row in rows]

    def merged(self, sheet: str) -> list[Merged]:
        """The merged cells that begin in those rows."""
        return [
            (top + 1, left, bottom + 1, right)
            for (top, left), (bottom, right) in self._sheet(sheet).merged_cell_ranges or []
            if top < SEARCHED_ROWS
        ]

    def is_filled(self, sheet: str) -> bool:
        """Whether anything is in it."""
        return self._sheet(sheet).end is not None

    def forget(self, sheet: str) -> None:
        """Let go of a sheet that is not meant, because all of it is held."""
        self._tables.pop(sheet, None)

    def table(self, choice: Choice) -> Table:
        """The chosen sheet, within the limits, with what was seen of it."""
        sheet = self._sheet(choice.sheet)
        # `total_height` would be one too small.
        rows, columns = (sheet.end[0] + 1, sheet.end[1] + 1) if sheet.end is not None else (0, 0)
        if choice.is_only_top:
            # With at least the first row that holds something, so that nobody is told that the sheet is empty.
            top = max(SEARCHED_ROWS, sheet.start[0] + 1) if sheet.start is not None else 0
            check_extent(self._name, top, columns, top * columns, self._limits)
            findings = self._unseen(self._looks_of(choice.sheet))
            return Table(choice.sheet, islice(_cells(sheet), top), max(1, columns), findings=findings)
        check_extent(self._name, rows, columns, rows * columns, self._limits)
        looks = self._looks_of(choice.sheet)
        if looks.unread:
            widest = max(column + 1 for cells in looks.unread.values() for column in cells)
            rows, columns = max(rows, max(looks.unread) + 1), max(columns, widest)
            check_extent(self._name, rows, columns, rows * columns, self._limits)
        return Table(
            choice.sheet,
            with_unread(_cells(sheet), looks.unread),
            max(1, columns),
            _appearance(looks, self.merged(choice.sheet), rows),
            self._unseen(looks),
        )

    def _unseen(self, looks: Looks) -> tuple[Finding, ...]:
        """What is said where not all could be looked at. A new workbook is mended by what Excel makes of it."""
        params = {"as": "again"} if self._suffix in _NEW else {}
        return () if looks.is_whole else (Finding("appearance-unseen", params=params),)

    def _sheet(self, name: str) -> CalamineSheet:
        if name not in self._tables:
            self._tables[name] = self._book.get_sheet_by_name(name)
        return self._tables[name]

    def _looks_of(self, sheet: str) -> Looks:
        if self._looks is not None and sheet == self._likely:
            return self._looks.result()
        return looks_of(self._data, sheet)


def _cells(sheet: CalamineSheet) -> Iterator[list[object]]:
    """All rows from the first and all columns from A. An empty text is how the parser gives a blank."""
    before: list[object] = [None] * (sheet.start[1] if sheet.start is not None else 0)
    for row in sheet.iter_rows():
        cells = [None if cell == "" else cell for cell in row] if "" in row else row
        yield before + cells if before else list(cells)


def _appearance(looks: Looks, merged: list[Merged], rows: int) -> Appearance:
    """As a grid has it: rows as Excel counts them, and none below the last cell."""
    return Appearance(
        shown=_from_one(looks.shown),
        hidden_rows=frozenset(row + 1 for row in looks.hidden_rows if row < rows),
        hidden_columns=frozenset(looks.hidden_columns),
        struck=frozenset((row + 1, column) for row, column in looks.struck),
        merged=tuple(merged),
    )


def _from_one(shown: Mapping[tuple[int, int], str]) -> dict[tuple[int, int], str]:
    return {(row + 1, column): text for (row, column), text in shown.items()}
