"""Cells of an old workbook which the parser gives as a blank: errors, and formulas that were never calculated.

A row of failed look-ups must not vanish, and a cell that shows something must not be called empty. So they are read as
the text that they are, "#N/A" or "=B2", which no rule takes for an amount or a direction.
"""

from __future__ import annotations

from collections.abc import Iterator

Unread = dict[int, dict[int, str]]
"""Texts by row index and column index, both from 0."""


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


def _filled(row: list[object], texts: dict[int, str]) -> list[object]:
    for column, text in texts.items():
        row += [None] * (column + 1 - len(row))
        # A 0 stands in old files for what was never calculated.
        if row[column] is None or row[column] == 0:
            row[column] = text
    return row
