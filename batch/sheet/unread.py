"""Cells that hold something which the parser gives as a blank: error values, and formulas that were never calculated.

A row of failed look-ups must not vanish, and a cell that shows something must not be called empty. So they are found in
the sheet's own XML (ECMA-376, 18.3.1.4: a cell of type "e", or with a formula and no value) and read as the text that
they are, "#N/A" or "=B2", which no rule takes for an amount or a direction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from batch.sheet.markup import column_number

_FORMULA = rb"<f\b[^<>]*?(?:/>|>([^<]*)</f>)"
_ERROR = re.compile(
    rb'<c r="([A-Za-z]{1,3})([1-9]\d{0,6})"[^<>]*\bt="e"[^<>]*>(?:<f\b[^<>]*?(?:/>|>[^<]*</f>))?<v>([^<]*)</v>'
)
_UNCALCULATED = re.compile(
    rb'<c r="([A-Za-z]{1,3})([1-9]\d{0,6})"(?![^<>]*\bt="str")[^<>]*(?<!/)>' + _FORMULA + rb"(?:<v\s*/>|<v></v>)?</c>"
)
"""A formula whose result is an empty text (of type "str") was calculated."""

Unread = dict[int, dict[int, str]]
"""Texts by row index and column index, both from 0."""


def unread_in(piece: bytes) -> Iterator[tuple[int, int, str]]:
    """Such cells of a piece of the sheet's XML: row index, column index, text."""
    if b't="e"' in piece:
        for match in _ERROR.finditer(piece):
            yield _placed(match, match.group(3))
    if b"<f" in piece:
        for match in _UNCALCULATED.finditer(piece):
            yield _placed(match, b"=" + (match.group(3) or b""))


def with_unread(rows: Iterator[list[object]], unread: Unread) -> Iterator[list[object]]:
    """The rows with these cells filled in where they were blank, and with the rows that only such cells make."""
    if not unread:
        yield from rows
        return
    count = 0
    for count, row in enumerate(rows, start=1):
        yield _filled(row, unread.get(count - 1, {}))
    for index in range(count, max(unread) + 1):
        yield _filled([], unread.get(index, {}))


def _placed(match: re.Match[bytes], text: bytes) -> tuple[int, int, str]:
    return int(match.group(2)) - 1, column_number(match.group(1)) - 1, unescape(text.decode("utf-8", "replace"))


def _filled(row: list[object], texts: dict[int, str]) -> list[object]:
    for column, text in texts.items():
        row += [None] * (column + 1 - len(row))
        # A 0 stands in old files for what was never calculated.
        if row[column] is None or row[column] == 0:
            row[column] = text
    return row
