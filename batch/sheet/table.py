"""A table as the child reads it: plain values, piece by piece, so that a long sheet is never held twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from batch.errors import SheetError
from batch.sheet.complaints import shown
from batch.sheet.limits import Limits

if TYPE_CHECKING:
    import pandas

_CELLS_IN_A_PIECE = 50_000


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one sheet in pieces of many rows; `sheet` is None for a text file. A blank is None."""

    sheet: str | None
    pieces: Iterator[list[list[object]]]


def check_extent(name: str, rows: int, columns: int, limits: Limits) -> None:
    """Refuse a table that is larger than any list of movements, most often because of something far below it."""
    for number, limit, what in (
        (rows, limits.rows, "rows"),
        (columns, limits.columns, "columns"),
        (rows * columns, limits.cells, "cells"),
    ):
        if number > limit:
            raise SheetError(
                f"{shown(name)} has more than {limit:,} {what} (its last cell is in row {rows:,}, column {columns:,}): "
                "delete what is below and beside the table, or split it."
            )


def rows_in_a_piece(columns: int) -> int:
    """How many rows are handed on at once."""
    return max(1, _CELLS_IN_A_PIECE // max(1, columns))


def pieces(frame: pandas.DataFrame) -> Iterator[list[list[object]]]:
    """The frame's rows. An empty text is how both parsers give a blank."""
    step = rows_in_a_piece(frame.shape[1])
    for start in range(0, len(frame), step):
        cells = frame.iloc[start : start + step].to_numpy(dtype=object, copy=True)
        cells[cells == ""] = None
        yield cells.tolist()
