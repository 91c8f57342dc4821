"""Old Excel workbooks (.xls), read by xlrd: values, what is shown of them, what is hidden."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from math import isfinite
from struct import Struct

import xlrd
from xlrd.book import Book
from xlrd.sheet import Sheet as XlsSheet
from xlrd.xldate import xldate_as_datetime

from batch.findings import Finding
from batch.sheet.cell_styles import CellStyle
from batch.sheet.number_format import BUILT_IN, parse_format
from batch.sheet.sheet_selection import Sheet, SheetContent
from batch.sheet.source_file import Original, make_damage_error, make_password_error

# What xlrd takes for a date is a number: the file's own format decides.
_TEXT, _NUMBER, _DATE, _BOOLEAN, _ERROR = 1, 2, 3, 4, 5
_FORMULAS = frozenset({0x0006, 0x0206, 0x0406})
_BEGIN, _END, _SHEET = 0x0809, 0x000A, 0x0085
_RECORD, _SHEET_RECORD, _FORMULA_RECORD = Struct("<HH"), Struct("<iBB"), Struct("<HHH8sH")
_OF_CELLS, _EXCEL_5, _ON_OPENING = 0, 50, 0x0002
_EMPTY_TEXT, _NO_NUMBER = 3, b"\xff\xff"
_SUMMARY = "\5SummaryInformation".encode("utf-16-le")
_UNCALCULATED = "=…"
"""What the formula is, nobody needs to know: it has to be calculated, whatever it is."""


def read_xls(original: Original) -> list[Sheet]:
    """Read all sheets; without what is seen of them where xlrd stumbles over that alone."""
    problem = ""
    for formatted in (True, False):
        try:
            return _read_sheets(original, formatted=formatted)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 (over a damaged file xlrd raises whatever its code runs into)
            problem = str(error)
    raise (make_password_error if "encrypted" in problem else make_damage_error)(original.name)


def _read_sheets(original: Original, *, formatted: bool) -> list[Sheet]:
    book = xlrd.open_workbook(
        file_contents=original.data,
        # Its messages would otherwise go to the standard output, which is the answer's.
        logfile=io.StringIO(),
        formatting_info=formatted,
        on_demand=True,
        ragged_rows=True,
        # Excel takes no offence at sectors that are listed twice, as some programs write them.
        ignore_workbook_corruption=True,
    )
    # Before Excel 5.0 there is no such list.
    begins = _find_sheets(book) if book.biff_version >= _EXCEL_5 and _SUMMARY not in original.data else []
    sheets = []
    for index in range(book.nsheets):
        # One after the other, because xlrd keeps all cells of those that are loaded.
        sheet = book.sheet_by_index(index)
        sheets.append(_read_sheet(book, sheet, begins[index] if index < len(begins) else None, formatted=formatted))
        book.unload_sheet(index)
    return sheets


def _read_sheet(book: Book, sheet: XlsSheet, begin: int | None, *, formatted: bool) -> Sheet:
    content = SheetContent()
    styles = _read_styles(book) if formatted else []
    for row in range(sheet.nrows):
        _read_row(content, book, sheet, row, styles)
    if formatted:
        _see_sheet(content, book, sheet)
    else:
        content.findings = (Finding("appearance-unseen"),)
    if begin is not None:
        _put_formulas(content, book, begin)
    return Sheet(sheet.name, not sheet.visibility, lambda: content)


def _see_sheet(content: SheetContent, book: Book, sheet: XlsSheet) -> None:
    content.hidden_rows.update(_find_hidden_rows(sheet))
    content.hidden_columns.update(column for column, info in sheet.colinfo_map.items() if info.hidden or not info.width)
    content.struck.update(_find_struck_cells(book, sheet))
    content.merged += [
        (top + 1, left, bottom, right - 1)
        for top, bottom, left, right in sheet.merged_cells
        if bottom - top > 1 or right - left > 1
    ]


def _read_row(content: SheetContent, book: Book, sheet: XlsSheet, row: int, styles: list[CellStyle]) -> None:
    cells: list[object] = []
    for column, (kind, value) in enumerate(zip(sheet.row_types(row), sheet.row_values(row), strict=True)):
        style = styles[sheet.cell_xf_index(row, column)] if styles and value != "" else None
        if style and style.strikes:
            content.struck.add((row, column))
        cell: object = None
        if kind in {_NUMBER, _DATE}:
            cell = _read_number(content, book, (row, column), value, style) if style else value
            if kind == _DATE and not style:
                cell = _convert_time(value, book, "date")
        elif kind == _TEXT:
            cell = value or None
        elif kind == _BOOLEAN:
            cell = bool(value)
        elif kind == _ERROR:
            cell = str(xlrd.error_text_from_code.get(value, "#UNKNOWN!"))
        cells.append(cell)
    content.put_row(row, cells)


def _read_number(content: SheetContent, book: Book, place: tuple[int, int], value: float, style: CellStyle) -> object:
    if style.shape is None or style.shape.is_exact(value) or not isfinite(value):
        return value
    number = Decimal(repr(value))
    time = style.shape.find_time_kind(number)
    if time:
        return _convert_time(value, book, time)
    text = style.shape.find_misleading_text(number)
    if text is not None:
        content.shown[place] = text
    return value


def _read_styles(book: Book) -> list[CellStyle]:
    """Read the styles by their numbers. A file need not describe the formats that Excel has of its own."""
    codes = BUILT_IN | {entry.format_key: entry.format_str for entry in book.format_list}
    struck = {index for index, font in enumerate(book.font_list) if font.struck_out}
    return [
        CellStyle(strikes=style.font_index in struck, shape=parse_format(codes.get(style.format_key, "")))
        for style in book.xf_list
    ]


def _convert_time(value: float, book: Book, kind: str) -> object:
    """Convert to a duration, a date, or a time where there is no day; what is beyond all days stays a number."""
    try:
        if kind == "duration":
            return timedelta(value)
        moment = xldate_as_datetime(value, book.datemode)
    except (OverflowError, ValueError):
        return value
    return moment.time() if 0 <= value < 1 else moment


def _find_hidden_rows(sheet: XlsSheet) -> Iterator[int]:
    """Find rows hidden by hand, by a filter, in a group, of no height, or as all that are not described."""
    for row, info in sheet.rowinfo_map.items():
        if info.hidden or not (info.height or info.has_default_height):
            yield row
    if sheet.default_row_hidden:
        yield from (row for row in range(sheet.nrows) if row not in sheet.rowinfo_map)


def _find_struck_cells(book: Book, sheet: XlsSheet) -> Iterator[tuple[int, int]]:
    """Find cells whose text is struck through in part. Runs begin at a unit of UTF-16; one behind the text is empty."""
    for place, runs in sheet.rich_text_runlist_map.items():
        length = len(sheet.cell_value(*place).encode("utf-16-le", "surrogatepass")) // 2
        if any(start < length and book.font_list[font].struck_out for start, font in runs):
            yield place


def _find_sheets(book: Book) -> list[int]:
    begins = []
    for kind, at in _walk_records(book, 0):
        if kind == _END:
            break
        if kind == _SHEET:
            begin, _visibility, what = _SHEET_RECORD.unpack_from(book.mem, at)
            if what == _OF_CELLS:
                begins.append(begin)
    return begins


def _put_formulas(content: SheetContent, book: Book, begin: int) -> None:
    """Put in formulas that were never calculated, which xlrd does not tell from others ([MS-XLS] 2.4.127).

    The result is an empty text, or 0 with the request to calculate it on opening. Programs that calculate write such
    results as well, but leave a summary of the document, as programs that only write workbooks seldom do.
    """
    # A chart's part of the sheet begins and ends as the sheet does, and has no cells.
    depth = 0
    for kind, at in _walk_records(book, begin):
        if kind in _FORMULAS and depth == 1:
            row, column, _style, result, flags = _FORMULA_RECORD.unpack_from(book.mem, at)
            is_empty_text = result[0] == _EMPTY_TEXT and result[6:] == _NO_NUMBER
            if is_empty_text or (flags & _ON_OPENING and not any(result)):
                content.put(row, column, _UNCALCULATED)
                content.shown.pop((row, column), None)
        depth += (kind == _BEGIN) - (kind == _END)
        if not depth:
            return


def _walk_records(book: Book, begin: int) -> Iterator[tuple[int, int]]:
    at, end = book.base + begin, book.base + book.stream_len
    while at + _RECORD.size <= end:
        kind, length = _RECORD.unpack_from(book.mem, at)
        yield kind, at + _RECORD.size
        at += _RECORD.size + length
