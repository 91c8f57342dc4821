"""Which of a workbook's sheets is meant: the one that was named, else the only visible one with a header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from batch.errors import SheetError
from batch.findings import Finding
from batch.language import _, number
from batch.model import AMOUNTS, Cell, Role
from batch.sheet.complaints import list_names, shown
from batch.sheet.table import Table
from batch.validation.cells import is_blank
from batch.validation.header import ENOUGH_ROLES, SEARCHED_ROWS, Header, Merged, find_header
from batch.validation.vocabulary import direction_of, to_fix_sheet

_HIDDEN_SEARCHED = 50
"""Sheets; who hides more than that does not hide a list of movements among them."""


class Book(Protocol):
    """A workbook that was opened, whoever reads it, and whose sheets are looked into one by one."""

    def sheets(self) -> list[Sheet]:
        """Its worksheets in their order."""
        ...

    def top(self, sheet: str) -> list[list[Cell]]:
        """The rows in which a header is looked for; none of a sheet that is empty."""
        ...

    def merged(self, sheet: str) -> list[Merged]:
        """The merged cells in those rows."""
        ...

    def forget(self, sheet: str) -> None:
        """It is not meant, and need not be held any longer."""
        ...

    def table(self, choice: Choice) -> Table:
        """The chosen sheet; only its top if no table is in it."""
        ...


@dataclass(frozen=True, slots=True)
class Sheet:
    """A worksheet by its name, in the workbook that it is in."""

    name: str
    is_visible: bool
    book: Book

    def find_header(self, columns: Mapping[Role, str]) -> Header | None:
        """Find the row among its first in which enough columns are that we know, or that were named by hand."""
        header = find_header(self.book.top(self.name), columns, self.book.merged(self.name))
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


def choose(name: str, sheets: Sequence[Sheet], asked: str | None, columns: Mapping[Role, str]) -> Choice:
    """The sheet that was asked for, hidden or not, or that is meant; a `SheetError` if that cannot be told."""
    if asked is not None:
        return _named(name, sheets, asked)
    visible = [sheet for sheet in sheets if sheet.is_visible]
    if not visible:
        raise SheetError(
            _("{file} has no visible sheet: show the one that is meant, and save it again.").format(file=shown(name))
        )
    to_fix = to_fix_sheet([sheet.name for sheet in visible])
    if to_fix:
        # A report that was sent in again: its other sheets name rows that are done.
        visible = [sheet for sheet in visible if sheet.name == to_fix]
    return _meant(name, visible, [sheet for sheet in sheets if not sheet.is_visible], columns)


def _named(name: str, sheets: Sequence[Sheet], asked: str) -> Choice:
    """Excel lets no two names differ by capitals alone."""
    same = [sheet for sheet in sheets if sheet.name.casefold() == asked.casefold()]
    if not same:
        raise SheetError(
            _("{file} has no sheet {sheet}: it has {sheets}.").format(
                file=shown(name), sheet=shown(asked), sheets=list_names([sheet.name for sheet in sheets])
            )
        )
    chosen = next((sheet for sheet in same if sheet.name == asked), same[0])
    hidden = () if chosen.is_visible else (Finding("sheet-hidden", params={"sheet": chosen.name}),)
    return Choice(chosen.name, findings=hidden)


def _meant(name: str, visible: list[Sheet], hidden: list[Sheet], columns: Mapping[Role, str]) -> Choice:
    """The only visible sheet with a header. Without any, the top of the first that holds something, to speak about."""
    candidates: dict[str, Header] = {}
    filled: dict[str, Sequence[Sequence[Cell]]] = {}
    for sheet in visible:
        top = sheet.book.top(sheet.name)
        header = sheet.find_header(columns)
        if header:
            candidates[sheet.name] = header
        elif top:
            filled[sheet.name] = top
    if len(candidates) > 1:
        raise SheetError(
            _("{file} has {count} sheets that could be meant, {sheets}: choose one with --sheet NAME.").format(
                file=shown(name), count=number(len(candidates)), sheets=list_names(list(candidates))
            ),
            tuple(candidates),
        )
    out_of_sight = [sheet.name for sheet in hidden[:_HIDDEN_SEARCHED] if sheet.find_header(columns)]
    findings = _speak("sheets-hidden", out_of_sight)
    for chosen, header in candidates.items():
        besides = [other for other, top in filled.items() if any(_is_like(row, header) for row in top)]
        return Choice(chosen, findings=(*findings, *_speak("sheets-besides", besides)))
    return Choice(next(iter(filled), visible[0].name), is_only_top=True, findings=findings)


def _speak(code: str, sheets: list[str]) -> tuple[Finding, ...]:
    """Say something of these sheets, if there are any."""
    return (Finding(code, params={"sheets": list_names(sheets)}),) if sheets else ()


def _is_like(row: Sequence[Cell], header: Header) -> bool:
    """Whether a row of another sheet could be one below this header: a list that goes on without its titles."""
    cells = {role: row[column] if column < len(row) else None for role, column in header.roles.items()}
    direction = cells.get(Role.DIRECTION)
    if Role.DIRECTION in cells and not (isinstance(direction, str) and direction_of(direction)):
        return False
    amounts = [cells[role] for role in AMOUNTS if role in cells]
    return not is_blank(cells.get(Role.TOKEN)) and any(isinstance(amount, Decimal) for amount in amounts)
