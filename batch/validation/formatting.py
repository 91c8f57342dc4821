"""What the eye sees is what runs: what is hidden, covered, struck through, or shown otherwise than it is stored."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache

from batch.findings import Finding
from batch.i18n import show_value
from batch.model import AMOUNTS, Cell, CellFormatting, ColumnRole, Roles
from batch.money import round_like_excel
from batch.validation.cells import (
    format_cell,
    format_row_ranges,
    has_foreign_unit,
    is_blank,
    quote_cell,
    shorten_list,
    strip_invisible,
)
from batch.validation.header import Merged, format_cell_address, format_column_letters
from batch.validation.tokens import EXCEL_DIGITS
from batch.validation.vocabulary import fold, list_words

_AREAS_NAMED = 5
_NUMBER = re.compile(r"-?[0-9][0-9,]*(?:\.[0-9]*)?|-?\.[0-9]+")
_EUROS = re.compile(r"€|(?<![^\W\d_])(?:eur(?:os?)?)(?![^\W\d_])\.?", re.IGNORECASE)
_TAXES = re.compile(r"(?<![^\W\d_])(?:h\.?t|t\.?t\.?c|nets?|bruts?)(?![^\W\d_])\.?", re.IGNORECASE)
_FACTORS = list_words("bn c cr d db dr md mds mio mn mrd tsd")
"""Of euros, as "Md€"; or they say which way an amount goes, which its column does."""
_AROUND = re.compile(r"\([^()\d\0]*[^\W\d_][^()\d\0]*\)|[^\W\d_]+")
_MARKS = re.compile(r"(?<!\d)[.,:;'’/*](?!\d)|(?<!\d)[:;'’/*]|[:;](?!\d)")
_SPACES = re.compile(r"\s+")

Problem = tuple[ColumnRole, str, Mapping[str, str]]  # a rule that the cell of a role breaks, with its parameters


class FormattingChecks:
    def __init__(self, appearance: CellFormatting, roles: Roles, last_row: int) -> None:
        self._appearance = appearance
        self._roles = roles
        columns = set(roles.values())
        self._covered = _find_covered(appearance, columns, last_row)
        odd = (*appearance.shown, *appearance.struck, *self._covered)
        self.odd_rows = frozenset(row for row, column in odd if column in columns)
        """The rows in which a cell of a role is not what it seems."""

    def problems(self, row: int, cells: Sequence[Cell]) -> Iterator[Problem]:
        for role, column in self._roles.items():
            merged = self._covered.get((row, column))
            if merged and not is_blank(cells[column]):
                yield role, "cell-covered", {**quote_cell(cells[column]), "over": _name_range(merged)}
            if (row, column) in self._appearance.struck and cells[column] is not None:
                yield role, "cell-struck", {"column": role.value}
            text = self._appearance.shown.get((row, column))
            if text is not None and cells[column] is not None:
                yield from _check_shown_text(role, cells[column], text)

    def find_shown_token(self, row: int, cells: Sequence[Cell]) -> str | None:
        """Find the token as it is shown, where that is its number with zeros in front; None where it is as stored."""
        column = self._roles.get(ColumnRole.TOKEN)
        if column is None:
            return None
        text = strip_invisible(self._appearance.shown.get((row, column), ""))
        return text if _is_zero_padded(cells[column], text) else None


def check_hidden_cells(
    appearance: CellFormatting, rows: Iterable[int], roles: Roles, *, included: bool
) -> Iterator[Finding]:
    """Name hidden rows that carry movements, and hidden columns that these are read from."""
    suffix = "-included" if included else ""
    if appearance.hidden_rows:
        hidden = [row for row in rows if row in appearance.hidden_rows]
        if hidden:
            yield Finding(f"rows-hidden{suffix}", hidden[0], None, {"rows": format_row_ranges(hidden)})
    for role, column in roles.items():
        if column in appearance.hidden_columns:
            letters = format_column_letters(column)
            yield Finding(f"column-hidden{suffix}", params={"column": role.value, "letters": letters})


def check_untold_areas(appearance: CellFormatting, rows: Sequence[int], roles: Roles) -> Iterator[Finding]:
    """Name cells of rows and roles of which a rule that is not evaluated may strike or hide any."""
    # An error: what such a rule marks is most often what was cancelled, and nobody would see that it is paid.
    areas = [
        (top, left, bottom, right)
        for top, left, bottom, right in appearance.untold
        if rows and top <= max(rows) and bottom >= min(rows) and any(left <= at <= right for at in roles.values())
    ]
    if areas:
        named = shorten_list([_name_range(area) for area in areas], _AREAS_NAMED)
        yield Finding("format-not-evaluated", areas[0][0], None, {"areas": named})


def _find_covered(
    appearance: CellFormatting, columns: Iterable[int], last_row: int
) -> Mapping[tuple[int, int], Merged]:
    """Find the cells of these columns that merged cells cover, each with the merged cell; of two the upper one."""
    covered = {}
    for column in columns:
        looked_at = 0
        for merged in sorted(appearance.merged):
            top, left, bottom, right = merged
            if left <= column <= right:
                first = top + 1 if column == left else top
                for row in range(max(first, looked_at + 1), min(bottom, last_row) + 1):
                    covered[row, column] = merged
                looked_at = max(looked_at, bottom)
    return {place: merged for place, merged in covered.items() if place not in appearance.rewritten}


def _name_range(merged: Merged) -> str:
    top, left, bottom, right = merged
    first, last = format_cell_address(left, top), format_cell_address(right, bottom)
    return first if first == last else f"{first}:{last}"


def _check_shown_text(role: ColumnRole, cell: Cell, text: str) -> Iterator[Problem]:
    if not strip_invisible(text):
        yield role, "cell-not-shown", quote_cell(cell)
    elif role is ColumnRole.TOKEN and not _has_lost_digits(cell):
        code = "token-as-shown" if _is_zero_padded(cell, strip_invisible(text)) else "token-shown-otherwise"
        yield role, code, {"stored_as": format_cell(cell), "value": show_value(text)}
    elif role in AMOUNTS and isinstance(cell, Decimal) and cell.is_finite():
        yield from _check_shown_amount(role, cell, text)


def _check_shown_amount(role: ColumnRole, cell: Decimal, text: str) -> Iterator[Problem]:
    number = _find_number(text)
    if "%" in text or "‰" in text:
        yield role, "amount-percentage", {"value": show_value(text), "stored": "shown"}
    elif number is None:
        yield role, "amount-other-unit", {"value": show_value(text), "stored": "shown"}
    elif Decimal(number.replace(",", "")) != round_like_excel(cell):
        yield role, "amount-shown-rounded", {"stored_as": format_cell(cell), "value": number, "stored": "shown"}


def _find_number(text: str) -> str | None:
    """Find the digits of a text as formats show numbers: decimals behind a point, groups between commas."""
    plain = strip_euros(text).replace("(", "-").replace(")", "").replace("−", "-")
    return plain if _NUMBER.fullmatch(plain) else None


@lru_cache(maxsize=1024)
def strip_euros(text: str) -> str:
    """Take away what leaves a number of euros what it is: the unit, taxes, and beside the unit any other word.

    A NUL may stand for the digits.
    """
    left = _EUROS.sub(" ", text)
    if left != text and not has_foreign_unit(left) and _FACTORS.isdisjoint(fold(left).split()):
        left = _MARKS.sub("", _AROUND.sub("", left))
    else:
        left = _TAXES.sub("", left)
    return _SPACES.sub("", left)


def _is_zero_padded(cell: Cell, text: str) -> bool:
    is_number = isinstance(cell, Decimal) and cell.is_finite() and not _has_lost_digits(cell)
    return is_number and text.isascii() and text.isdecimal() and Decimal(text) == cell


def _has_lost_digits(cell: Cell) -> bool:
    """Tell whether it is a number of which nobody knows any more how it was typed, however it is shown."""
    return isinstance(cell, Decimal) and cell.is_finite() and cell.adjusted() >= EXCEL_DIGITS
