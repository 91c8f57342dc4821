"""What a worksheet holds, however it is read, how large that may be, and which sheet of a workbook is meant."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from batch.findings import Finding
from batch.i18n import N_, _
from batch.model import AMOUNTS, Cell, CellFormatting, ColumnRole
from batch.sheet.source_file import Limits, list_names, make_error, quote_name
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


@dataclass(slots=True)
class SheetContent:
    """What a worksheet holds, and what a person sees of it. Rows and columns count from 0."""

    rows: dict[int, list[object]] = field(default_factory=dict)
    """By number, those that hold something, a blank as None."""
    shown: dict[tuple[int, int], str] = field(default_factory=dict)
    struck: set[tuple[int, int]] = field(default_factory=set)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merged: list[Merged] = field(default_factory=list)
    untold: list[Merged] = field(default_factory=list)
    findings: tuple[Finding, ...] = ()

    @property
    def height(self) -> int:
        """How many rows there are down to the last that holds something."""
        return max(self.rows, default=-1) + 1

    def put_row(self, row: int, cells: list[object]) -> None:
        while cells and cells[-1] is None:
            cells.pop()
        if cells:
            self.rows[row] = cells

    def put(self, row: int, column: int, cell: object) -> None:
        cells = self.rows.setdefault(row, [])
        cells += [None] * (column + 1 - len(cells))
        cells[column] = cell

    def get_cell(self, row: int, column: int) -> object:
        cells = self.rows.get(row, ())
        return cells[column] if 0 <= column < len(cells) else None

    def take_top(self) -> list[list[Cell]]:
        return [list(map(convert_cell, self.rows.get(row, ()))) for row in range(min(self.height, SEARCHED_ROWS))]

    @property
    def appearance(self) -> CellFormatting:
        """What a person sees, in the words of a grid; nothing is hidden below the last row."""
        height = self.height
        return CellFormatting(
            shown={(row + 1, column): text for (row, column), text in self.shown.items()},
            hidden_rows=frozenset(row + 1 for row in self.hidden_rows if row < height),
            hidden_columns=frozenset(self.hidden_columns),
            struck=frozenset((row + 1, column) for row, column in self.struck),
            merged=tuple(self.merged),
            untold=tuple(self.untold),
        )


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
            raise make_error(name, _(sentence), limit=limit, rows=rows, columns=columns)


_HIDDEN_SEARCHED = 50
"""Sheets; who hides more than that does not hide a list of movements among them."""


@dataclass(eq=False)
class Sheet:
    """A worksheet by its name, which is loaded when it is looked into."""

    name: str
    is_visible: bool
    load: Callable[[], SheetContent]

    @cached_property
    def content(self) -> SheetContent:
        return self.load()

    def find_header(self, columns: Mapping[ColumnRole, str]) -> Header | None:
        """Find among its first rows one with enough columns that are known, or were named by hand."""
        header = find_header(self.content.take_top(), columns, self.content.merged)
        if header is not None and len(header.roles) >= ENOUGH_ROLES:
            return header
        # A sheet that is not meant need not be kept.
        del self.content
        return None


class Choice(NamedTuple):
    """A sheet, whether only its top is wanted, to speak about, and what is to be said of the choice."""

    sheet: Sheet
    is_only_top: bool = False
    findings: tuple[Finding, ...] = ()


def choose_sheet(name: str, sheets: Sequence[Sheet], asked: str | None, columns: Mapping[ColumnRole, str]) -> Choice:
    """Choose the sheet that was asked for, hidden or not, or that is meant; a `SheetError` if that cannot be told."""
    if asked is not None:
        return _choose_by_name(name, sheets, asked)
    visible = [sheet for sheet in sheets if sheet.is_visible]
    if not visible:
        raise make_error(name, _("{file} has no visible sheet: show the one that is meant, and save it again."))
    to_fix = find_to_fix_sheet([sheet.name for sheet in visible])
    if to_fix:
        # A report that was sent in again: its other sheets name rows that are done.
        visible = [sheet for sheet in visible if sheet.name == to_fix]
    return _choose_by_header(name, visible, [sheet for sheet in sheets if not sheet.is_visible], columns)


def _choose_by_name(name: str, sheets: Sequence[Sheet], asked: str) -> Choice:
    """Choose by name; Excel lets no two differ by capitals alone."""
    same = [sheet for sheet in sheets if sheet.name.casefold() == asked.casefold()]
    if not same:
        sentence, names = _("{file} has no sheet {sheet}: it has {sheets}."), [sheet.name for sheet in sheets]
        raise make_error(name, sentence, sheet=quote_name(asked), sheets=list_names(names))
    chosen = next((sheet for sheet in same if sheet.name == asked), same[0])
    hidden = () if chosen.is_visible else (Finding("sheet-hidden", params={"sheet": chosen.name}),)
    return Choice(chosen, findings=hidden)


def _choose_by_header(
    name: str, visible: list[Sheet], hidden: list[Sheet], columns: Mapping[ColumnRole, str]
) -> Choice:
    """Choose the only visible sheet with a header; without any, the top of the first that holds something."""
    candidates: list[tuple[Sheet, Header]] = []
    filled: list[tuple[Sheet, Sequence[Sequence[Cell]]]] = []
    for sheet in visible:
        top = sheet.content.take_top()
        header = sheet.find_header(columns)
        if header:
            candidates.append((sheet, header))
        elif top:
            filled.append((sheet, top))
    if len(candidates) > 1:
        names = [sheet.name for sheet, _header in candidates]
        sentence = _("{file} has {count} sheets that could be meant, {sheets}: choose one with --sheet NAME.")
        raise make_error(name, sentence, names, count=len(names), sheets=list_names(names))
    out_of_sight = [sheet.name for sheet in hidden[:_HIDDEN_SEARCHED] if sheet.find_header(columns)]
    findings = _make_findings("sheets-hidden", out_of_sight)
    for chosen, header in candidates:
        besides = [other.name for other, top in filled if any(_is_continuation(row, header) for row in top)]
        return Choice(chosen, findings=(*findings, *_make_findings("sheets-besides", besides)))
    return Choice(filled[0][0] if filled else visible[0], is_only_top=True, findings=findings)


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
