"""Which of a workbook's sheets is meant: the one that was named, else the only visible one with a header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from batch.errors import SheetError
from batch.findings import Finding
from batch.language import _, ngettext, number, pgettext
from batch.model import Cell, Role
from batch.rules.header import ENOUGH_ROLES, Merged, find_header
from batch.rules.vocabulary import to_fix_sheet
from batch.sheet.complaints import shown

_NAMES_SHOWN = 10
_HIDDEN_SEARCHED = 50
"""Sheets; who hides more than that does not hide a list of movements among them."""


class Tops(Protocol):
    """Looks into a workbook's sheets, one by one."""

    def top(self, sheet: str) -> list[list[Cell]]:
        """The rows in which a header is looked for."""
        ...

    def merged(self, sheet: str) -> list[Merged]:
        """The merged cells in those rows."""
        ...

    def is_filled(self, sheet: str) -> bool:
        """Whether anything is in it."""
        ...

    def forget(self, sheet: str) -> None:
        """It is not meant, and need not be held any longer."""
        ...


@dataclass(frozen=True, slots=True)
class Sheet:
    """A worksheet by its name, in the workbook that it is in."""

    name: str
    is_visible: bool
    book: Tops

    def has_header(self, columns: Mapping[Role, str]) -> bool:
        """Whether enough columns that we know, or that were named by hand, are in one of its first rows."""
        header = find_header(self.book.top(self.name), columns, self.book.merged(self.name))
        has = header is not None and len(header.roles) >= ENOUGH_ROLES
        if not has:
            self.book.forget(self.name)
        return has


@dataclass(frozen=True, slots=True)
class Choice:
    """A sheet, whether only its top is wanted, to speak about, and what is to be said of the choice."""

    sheet: str
    is_only_top: bool = False
    findings: tuple[Finding, ...] = ()


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
                file=shown(name), sheet=shown(asked), sheets=_listed([sheet.name for sheet in sheets])
            )
        )
    chosen = next((sheet for sheet in same if sheet.name == asked), same[0])
    hidden = () if chosen.is_visible else (Finding("sheet-hidden", params={"sheet": chosen.name}),)
    return Choice(chosen.name, findings=hidden)


def _meant(name: str, visible: list[Sheet], hidden: list[Sheet], columns: Mapping[Role, str]) -> Choice:
    """The only visible sheet with a header. Without any, the top of the first that holds something, to speak about."""
    candidates, filled = [], []
    for sheet in visible:
        is_filled = sheet.book.is_filled(sheet.name)
        if sheet.has_header(columns):
            candidates.append(sheet.name)
        elif is_filled:
            filled.append(sheet.name)
    if len(candidates) > 1:
        raise SheetError(
            _("{file} has {count} sheets that could be meant, {sheets}: choose one with --sheet NAME.").format(
                file=shown(name), count=number(len(candidates)), sheets=_listed(candidates)
            ),
            tuple(candidates),
        )
    beside = [sheet.name for sheet in hidden[:_HIDDEN_SEARCHED] if sheet.has_header(columns)]
    named = ", ".join([shown(sheet) for sheet in beside[:_NAMES_SHOWN]] + ["…"] * (len(beside) > _NAMES_SHOWN))
    findings = (Finding("sheets-hidden", params={"sheets": named}),) if beside else ()
    if candidates:
        return Choice(candidates[0], findings=findings)
    return Choice((filled or [sheet.name for sheet in visible])[0], is_only_top=True, findings=findings)


def _listed(sheets: list[str]) -> str:
    rest = len(sheets) - _NAMES_SHOWN
    listed = ", ".join(shown(sheet) for sheet in sheets[:_NAMES_SHOWN])
    if rest > 0:
        return ngettext("{sheets} and {count} more", "{sheets} and {count} more", rest).format(
            sheets=listed, count=number(rest)
        )
    return listed or pgettext("sheets", "none")
