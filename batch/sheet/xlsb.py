"""Binary workbooks (.xlsb): calamine reads their cells, and what it gives as blanks, the errors, is found here.

The records are those of [MS-XLSB] 2.3 and 2.5.97.2. What Excel shows of such a workbook is not known.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partial
from struct import Struct

from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from batch.findings import Finding
from batch.sheet.sheet_selection import Sheet, SheetContent
from batch.sheet.source_file import Original
from batch.sheet.xml_package import Package

_SHEET, _ROW, _ERROR, _FORMULA_WITH_ERROR = 156, 0, 3, 11
_NUMBER, _SHEET_HEAD, _CELL = Struct("<I"), Struct("<II"), Struct("<IIB")
_LAST_ROW, _LAST_COLUMN = 2**20 - 1, 2**14 - 1
_ERRORS = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}  # fmt: skip


def read_xlsb(original: Original, package: Package) -> list[Sheet]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(original.data))
    parts = _find_parts(package)

    def load(name: str) -> SheetContent:
        # An empty text is how calamine gives a blank.
        sheet = book.get_sheet_by_name(name)
        before: list[object] = [None] * (sheet.start[1] if sheet.start else 0)
        content = SheetContent(findings=(Finding("appearance-unseen"),))
        for row, cells in enumerate(sheet.iter_rows()):
            content.put_row(row, before + [None if cell == "" else cell for cell in cells])
        for row, column, error in _find_errors(package.open(parts[name]).read()):
            content.put(row, column, error)
        return content

    return [
        Sheet(entry.name, entry.visible == SheetVisibleEnum.Visible, partial(load, entry.name))
        for entry in book.sheets_metadata
        if entry.typ == SheetTypeEnum.WorkSheet
    ]


def _find_parts(package: Package) -> dict[str, str]:
    parts = {}
    for kind, content in _walk_records(package.open(package.workbook).read()):
        if kind == _SHEET:
            relation, rest = _read_text(content[_SHEET_HEAD.size :])
            parts[_read_text(rest)[0]] = package.related[relation][1]
    return parts


def _find_errors(part: bytes) -> Iterator[tuple[int, int, str]]:
    row = 0
    for kind, content in _walk_records(part):
        if kind == _ROW:
            (row,) = _NUMBER.unpack_from(content)
        elif kind in {_ERROR, _FORMULA_WITH_ERROR}:
            column, _style, code = _CELL.unpack_from(content)
            if row > _LAST_ROW or column > _LAST_COLUMN:
                raise ValueError("a cell is beyond the last one")
            yield row, column, _ERRORS[code]


def _walk_records(part: bytes) -> Iterator[tuple[int, bytes]]:
    """Walk through a part's records. Kinds and lengths are written in groups of seven bits, the lowest first."""
    at = 0
    while at < len(part):
        kind, length = part[at], 0
        at += 1
        if kind >= 0x80:
            kind = kind & 0x7F | part[at] << 7
            at += 1
        for shift in range(0, 28, 7):
            group = part[at]
            at += 1
            length |= (group & 0x7F) << shift
            if group < 0x80:
                break
        yield kind, part[at : at + length]
        at += length


def _read_text(content: bytes) -> tuple[str, bytes]:
    end = 4 + 2 * int(_NUMBER.unpack_from(content)[0])
    return content[4:end].decode("utf-16-le", "replace"), content[end:]
