"""What an old Excel workbook (.xls) says beyond its cells' values: the same that `looks` finds in a new one.

xlrd reads it, because it alone knows fonts, formats and hidden rows of these files; the values are calamine's. It was
written for honest files, so whatever it stumbles over means only that the looks are not known.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from decimal import Decimal
from typing import IO, TYPE_CHECKING

from batch.sheet.looks import Looks
from batch.sheet.numberformat import number_format
from batch.sheet.styles import BUILT_IN, Styles

if TYPE_CHECKING:
    from xlrd.book import Book
    from xlrd.sheet import Sheet

_OLDEST = 50
"""Excel 5.0: before that, formats were numbered by their order in the file."""
_NUMBERS = frozenset({2, 3})
_ERROR = 5
_FILLED = frozenset({1, 4, _ERROR}) | _NUMBERS
"""Kinds of cells as xlrd numbers them. What it takes for a date is a number as well: the format decides that here."""


def old_looks_of(data: bytes, sheet: str) -> Looks:
    """The looks of a sheet in an .xls file; nothing, and not whole, where xlrd cannot tell."""
    try:
        return _look(data, sheet)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 (on a damaged file xlrd raises whatever its code runs into, even assertions)
        return Looks()


def _look(data: bytes, name: str) -> Looks:
    # Only .xls files need it.
    from batch.sheet.oldrecords import Records

    # xlrd's messages would otherwise go to the standard output, which is the answer's.
    with open(os.devnull, "w", encoding="utf-8", errors="replace") as nowhere:  # noqa: PTH123 (a device, no path)
        book = _open(data, nowhere)
        if book.biff_version < _OLDEST or book.sheet_names().count(name) != 1:
            return Looks()
        styles = _styles(book)
        records = Records(book, styles, data)
        book.release_resources()
        sheet = _open(records.build_stream(book.sheet_names().index(name)), nowhere).sheet_by_name(name)
    looks = Looks(records.unread, is_whole=True)
    looks.hidden_rows.update(_hidden_rows(sheet, max(sheet.nrows, records.rows)))
    looks.hidden_columns.update(column for column, info in sheet.colinfo_map.items() if info.hidden or not info.width)
    looks.struck.update(_struck_runs(book, sheet))
    _look_at_cells(looks, sheet, styles)
    return looks


def _open(data: bytes, messages: IO[str]) -> Book:
    """Open a workbook, and read none of its sheets yet."""
    import xlrd

    return xlrd.open_workbook(
        file_contents=data,
        logfile=messages,
        formatting_info=True,
        on_demand=True,
        ragged_rows=True,
        # Excel takes no offence at sectors that are listed twice, as some programs write them.
        ignore_workbook_corruption=True,
    )


def _hidden_rows(sheet: Sheet, rows: int) -> Iterator[int]:
    """By hand, by a filter, in a collapsed group, of no height, or because all that are not described are hidden."""
    for row, info in sheet.rowinfo_map.items():
        if info.hidden or not (info.height or info.has_default_height):
            yield row
    if sheet.default_row_hidden:
        yield from (row for row in range(rows) if row not in sheet.rowinfo_map)


def _struck_runs(book: Book, sheet: Sheet) -> Iterator[tuple[int, int]]:
    """Cells of whose text a part is struck through. Runs begin at a unit of UTF-16; one behind the text is empty."""
    for place, runs in sheet.rich_text_runlist_map.items():
        length = len(sheet.cell_value(*place).encode("utf-16-le", "surrogatepass")) // 2
        if any(start < length and book.font_list[font].struck_out for start, font in runs):
            yield place


def _styles(book: Book) -> Styles:
    """By the number of the style that a cell gives. A file need not describe the formats that Excel has of its own."""
    codes = BUILT_IN | {entry.format_key: entry.format_str for entry in book.format_list}
    struck, formats = set(), {}
    for index, style in enumerate(book.xf_list):
        if book.font_list[style.font_index].struck_out:
            struck.add(index)
        shape = number_format(codes.get(style.format_key, ""))
        if shape and not shape.shows_numbers_as_they_are:
            formats[index] = shape
    return Styles(frozenset(struck), formats)


def _look_at_cells(looks: Looks, sheet: Sheet, styles: Styles) -> None:
    """Cells that are struck through, numbers that are shown as something else, and error values.

    Most others did not come this far.
    """
    for row in range(sheet.nrows):
        for column, kind in enumerate(sheet.row_types(row)):
            if kind == _ERROR:
                looks.unread.setdefault(row, {})[column] = _error(sheet.cell_value(row, column))
            if kind not in _FILLED or not (styles.struck or kind in _NUMBERS):
                continue
            style, value = sheet.cell_xf_index(row, column), sheet.cell_value(row, column)
            if style in styles.struck and value != "":
                looks.struck.add((row, column))
            if kind in _NUMBERS and style in styles.formats:
                text = styles.formats[style].shown_otherwise(Decimal(repr(value)))
                if text is not None:
                    looks.shown[row, column] = text


def _error(code: int) -> str:
    from xlrd import error_text_from_code

    return str(error_text_from_code.get(code, "#N/A"))
