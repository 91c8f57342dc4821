"""Which sheet of a workbook is meant, its table as the child reads it row by row, and how large that may be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from batch.errors import SheetError
from batch.findings import Finding
from batch.i18n import N_, _, format_number
from batch.model import AMOUNTS, Cell, CellFormatting, ColumnRole
from batch.sheet.source_file import Limits, list_names, quote_name
from batch.validation.cells import is_blank
from batch.validation.header import ENOUGH_ROLES, SEARCHED_ROWS, Header, Merged, find_header
from batch.validation.vocabulary import find_direction, find_to_fix_sheet

_TOO_MANY_ROWS = N_(
    "{file} has more than {limit} rows (its last cell is in row {rows}, column {columns}): "
    "delete what is below the table, or split it."
)
_TOO_MANY_COLUMNS = N_(
    "{file} has more than {limit} columns (its last cell is in row {rows}, column {columns}): "
    "delete what is beside the table, or split it."
)
_TOO_MANY_CELLS = N_(
    "{file} has more than {limit} cells (its last cell is in row {rows}, column {columns}): "
    "delete what is below and beside the table, or split it."
)


@dataclass(frozen=True, slots=True)
class SheetTable:
    """The rows of one sheet, a blank None; `columns` is how wide the widest may be."""

    sheet: str
    rows: Iterator[list[object]]
    columns: int = 1
    appearance: CellFormatting = field(default_factory=CellFormatting)
    findings: tuple[Finding, ...] = ()


def convert_cell(value: object) -> Cell:
    """Convert a cell for the rules; what they have no type for (a time) is nothing to them in a header."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(repr(value))
    return value if isinstance(value, Cell) else None


def check_extent(name: str, rows: int, columns: int, cells: int, limits: Limits) -> None:
    """Refuse a table larger than any list of movements, most often because of something far below it."""
    for found, limit, sentence in (
        (rows, limits.rows, _TOO_MANY_ROWS),
        (columns, limits.columns, _TOO_MANY_COLUMNS),
        (cells, limits.cells, _TOO_MANY_CELLS),
    ):
        if found > limit:
            raise SheetError(
                _(sentence).format(
                    file=quote_name(name),
                    limit=format_number(limit),
                    rows=format_number(rows),
                    columns=format_number(columns),
                )
            )


_HIDDEN_SEARCHED = 50
"""Sheets; who hides more than that does not hide a list of movements among them."""


class Book(Protocol):
    """An opened workbook, whoever reads it, whose sheets are looked into one by one."""

    def list_sheets(self) -> list[Sheet]:
        """List its worksheets in their order."""
        ...

    def read_top(self, sheet: str) -> list[list[Cell]]:
        """Read the rows in which a header is looked for; none of an empty sheet."""
        ...

    def list_merged_cells(self, sheet: str) -> list[Merged]:
        """List the merged cells in those rows."""
        ...

    def forget(self, sheet: str) -> None:
        """Let go of a sheet that is not meant."""
        ...

    def read_table(self, choice: Choice) -> SheetTable:
        """Read the chosen sheet; only its top if no table is in it."""
        ...


@dataclass(frozen=True, slots=True)
class Sheet:
    """A worksheet by its name, in the workbook that it is in."""

    name: str
    is_visible: bool
    book: Book

    def find_header(self, columns: Mapping[ColumnRole, str]) -> Header | None:
        """Find among its first rows one with enough columns that are known, or were named by hand."""
        header = find_header(self.book.read_top(self.name), columns, self.book.list_merged_cells(self.name))
        if header is not None and len(header.roles) >= ENOUGH_ROLES:
            return header
        self.book.forget(self.name)
        return None


@dataclass(frozen=True, slots=True)
class Choice:
    """A sheet, whether only its top is wanted, to speak about, and what is to be said of the choice."""

    sheet: str
    is_only_top: bool = False
    findings: tuple[Finding, ...] = ()

    def cut(self, height: int, first: int) -> int:
        """Tell how many rows are wanted: the first that holds something with them, or the sheet would seem empty."""
        return min(height, max(SEARCHED_ROWS, first + 1)) if self.is_only_top else height


def choose_sheet(name: str, sheets: Sequence[Sheet], asked: str | None, columns: Mapping[ColumnRole, str]) -> Choice:
    """Choose the sheet that was asked for, hidden or not, or that is meant; a `SheetError` if that cannot be told."""
    if asked is not None:
        return _choose_by_name(name, sheets, asked)
    visible = [sheet for sheet in sheets if sheet.is_visible]
    if not visible:
        raise SheetError(
            _("{file} has no visible sheet: show the one that is meant, and save it again.").format(
                file=quote_name(name)
            )
        )
    to_fix = find_to_fix_sheet([sheet.name for sheet in visible])
    if to_fix:
        # A report that was sent in again: its other sheets name rows that are done.
        visible = [sheet for sheet in visible if sheet.name == to_fix]
    return _choose_by_header(name, visible, [sheet for sheet in sheets if not sheet.is_visible], columns)


def _choose_by_name(name: str, sheets: Sequence[Sheet], asked: str) -> Choice:
    """Choose by name; Excel lets no two differ by capitals alone."""
    same = [sheet for sheet in sheets if sheet.name.casefold() == asked.casefold()]
    if not same:
        raise SheetError(
            _("{file} has no sheet {sheet}: it has {sheets}.").format(
                file=quote_name(name), sheet=quote_name(asked), sheets=list_names([sheet.name for sheet in sheets])
            )
        )
    chosen = next((sheet for sheet in same if sheet.name == asked), same[0])
    hidden = () if chosen.is_visible else (Finding("sheet-hidden", params={"sheet": chosen.name}),)
    return Choice(chosen.name, findings=hidden)


def _choose_by_header(
    name: str, visible: list[Sheet], hidden: list[Sheet], columns: Mapping[ColumnRole, str]
) -> Choice:
    """Choose the only visible sheet with a header; without any, the top of the first that holds something."""
    candidates: dict[str, Header] = {}
    filled: dict[str, Sequence[Sequence[Cell]]] = {}
    for sheet in visible:
        top = sheet.book.read_top(sheet.name)
        header = sheet.find_header(columns)
        if header:
            candidates[sheet.name] = header
        elif top:
            filled[sheet.name] = top
    if len(candidates) > 1:
        raise SheetError(
            _("{file} has {count} sheets that could be meant, {sheets}: choose one with --sheet NAME.").format(
                file=quote_name(name), count=format_number(len(candidates)), sheets=list_names(list(candidates))
            ),
            tuple(candidates),
        )
    out_of_sight = [sheet.name for sheet in hidden[:_HIDDEN_SEARCHED] if sheet.find_header(columns)]
    findings = _make_findings("sheets-hidden", out_of_sight)
    for chosen, header in candidates.items():
        besides = [other for other, top in filled.items() if any(_is_continuation(row, header) for row in top)]
        return Choice(chosen, findings=(*findings, *_make_findings("sheets-besides", besides)))
    return Choice(next(iter(filled), visible[0].name), is_only_top=True, findings=findings)


def _make_findings(code: str, sheets: list[str]) -> tuple[Finding, ...]:
    return (Finding(code, params={"sheets": list_names(sheets)}),) if sheets else ()


def _is_continuation(row: Sequence[Cell], header: Header) -> bool:
    """Tell whether a row of another sheet could go on below this header: a list without its titles."""
    cells = {role: row[column] if column < len(row) else None for role, column in header.roles.items()}
    direction = cells.get(ColumnRole.DIRECTION)
    if ColumnRole.DIRECTION in cells and not (isinstance(direction, str) and find_direction(direction)):
        return False
    amounts = [cells[role] for role in AMOUNTS if role in cells]
    return not is_blank(cells.get(ColumnRole.TOKEN)) and any(isinstance(amount, Decimal) for amount in amounts)


@dataclass(slots=True)
class LoadedSheet:
    """One sheet's rows without blanks at their ends, and what a person sees of it. Rows and columns count from 0."""

    name: str
    is_visible: bool = True
    rows: list[list[object]] = field(default_factory=list)
    shown: dict[tuple[int, int], str] = field(default_factory=dict)
    struck: set[tuple[int, int]] = field(default_factory=set)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merged: list[Merged] = field(default_factory=list)
    """Rows count from 1 here."""
    findings: tuple[Finding, ...] = ()

    def add_row(self, cells: list[object]) -> None:
        """Add a row without the blanks at its end."""
        while cells and cells[-1] is None:
            cells.pop()
        self.rows.append(cells)

    def put(self, row: int, column: int, cell: object) -> None:
        self.rows += [[] for _row in range(row + 1 - len(self.rows))]
        cells = self.rows[row]
        cells += [None] * (column + 1 - len(cells))
        cells[column] = cell

    @property
    def appearance(self) -> CellFormatting:
        """What a person sees, in the words of a grid; nothing is hidden below the last row."""
        return CellFormatting(
            {(row + 1, column): text for (row, column), text in self.shown.items()},
            frozenset(row + 1 for row in self.hidden_rows if row < len(self.rows)),
            frozenset(self.hidden_columns),
            frozenset((row + 1, column) for row, column in self.struck),
            tuple(self.merged),
        )


class LoadedWorkbook:
    """All sheets of a workbook."""

    def __init__(self, name: str, sheets: Sequence[LoadedSheet], limits: Limits) -> None:
        self._name, self._limits, self._in_order = name, limits, sheets
        self._by_name = {sheet.name: sheet for sheet in reversed(sheets)}

    def list_sheets(self) -> list[Sheet]:
        return [Sheet(sheet.name, sheet.is_visible, self) for sheet in self._in_order]

    def read_top(self, sheet: str) -> list[list[Cell]]:
        return [list(map(convert_cell, row)) for row in self._by_name[sheet].rows[:SEARCHED_ROWS]]

    def list_merged_cells(self, sheet: str) -> list[Merged]:
        return self._by_name[sheet].merged

    def forget(self, sheet: str) -> None:
        """Do nothing: all sheets were read in one go."""

    def read_table(self, choice: Choice) -> SheetTable:
        sheet = self._by_name[choice.sheet]
        rows = sheet.rows
        columns = max(map(len, rows), default=1)
        rows = rows[: choice.cut(len(rows), next((index for index, row in enumerate(rows) if row), 0))]
        check_extent(self._name, len(rows), columns, len(rows) * columns, self._limits)
        return SheetTable(sheet.name, iter(rows), columns, sheet.appearance, sheet.findings)
