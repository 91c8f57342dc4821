"""The cells of an old Excel sheet on their way to xlrd: those with nothing to see are taken out, because most are.

xlrd takes seconds for a million cells, and nothing is asked of it but what a few of them look like. A formula that was
never calculated can be told here only, from its record ([MS-XLS] 2.4.127): its result is an empty text, or 0 with the
request to calculate it on opening. Excel and LibreOffice write such results as well, of formulas that they calculated;
but they leave a summary of the document in the file, and programs that only write workbooks seldom do.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from xlrd.sheet import unpack_RK

from batch.sheet.styles import Styles
from batch.sheet.unread import Unread

if TYPE_CHECKING:
    from xlrd.book import Book

_TEXT, _NUMBER, _PACKED, _SEVERAL_PACKED = 0x00FD, 0x0203, 0x027E, 0x00BD
_FORMULAS = frozenset({0x0006, 0x0206, 0x0406})
_BEGIN, _END = 0x0809, 0x000A
_CELLS = _FORMULAS | {_TEXT, _NUMBER, _PACKED, _SEVERAL_PACKED}
"""Other kinds of cells are few: errors, and texts as programs wrote them before Excel 97."""
_HEAD, _PLACE = Struct("<HH"), Struct("<HHH")
_FLOAT, _RESULT, _TEXT_NUMBER, _STYLE = Struct("<d"), Struct("<8sH"), Struct("<I"), Struct("<H")
_LENGTHS = {_TEXT: 10, _NUMBER: 14, _PACKED: 10, _SEVERAL_PACKED: 12, **dict.fromkeys(_FORMULAS, 20)}
"""How long a record is at least; a shorter one is for xlrd to take offence at."""
_ON_OPENING = 0x0002
_EMPTY_TEXT = 3
_NO_NUMBER = b"\xff\xff"
_SUMMARY = "\5SummaryInformation".encode("utf-16-le")
_UNCALCULATED = "=…"
"""What the formula is, nobody needs to know: it has to be calculated, whatever it is."""
_LARGE = 10**12

Record = tuple[int, int, bytes]


class Records:
    """Gives xlrd one record of a sheet after the other, but for the cells that nothing is to be seen of."""

    def __init__(self, book: Book, styles: Styles, data: bytes) -> None:
        self.unread: Unread = {}
        """Formulas that were never calculated."""
        self.rows = 0
        """How many rows there are, by the cells in them."""
        self._book = book
        self._struck_texts = book._rich_text_runlist_map
        self._struck = styles.struck
        self._decimals = {style: shape.exact_decimals for style, shape in styles.formats.items()}
        self._styles = len(book.xf_list)
        self._is_only_written = _SUMMARY not in data
        self._is_beside = False
        """Whether this is a chart's part of the sheet, whose numbers are no cells."""

    def next(self) -> Record:
        """The next record that is xlrd's to read."""
        book = self._book
        memory, at = book.mem, book._position
        while True:
            kind, length = _HEAD.unpack_from(memory, at)
            begin, at = at + 4, at + 4 + length
            if kind in _CELLS and not self._is_beside and self._can_be_left_out(kind, begin, length):
                continue
            if kind in (_BEGIN, _END):
                self._is_beside = kind == _BEGIN
            book._position = at
            return kind, length, memory[begin:at]

    def _can_be_left_out(self, kind: int, at: int, length: int) -> bool:
        if length < _LENGTHS[kind]:
            return False
        memory = self._book.mem
        row, column, style = _PLACE.unpack_from(memory, at)
        if row >= self.rows:
            self.rows = row + 1
        if kind == _SEVERAL_PACKED:
            return all(
                self._is_plain(_STYLE.unpack_from(memory, place)[0], unpack_RK(memory[place + 2 : place + 6]))
                for place in range(at + 4, at + length - 2, 6)
            )
        if style >= self._styles or style in self._struck:
            return False
        if kind == _TEXT:
            return not self._struck_texts or _TEXT_NUMBER.unpack_from(memory, at + 6)[0] not in self._struck_texts
        if kind == _PACKED:
            return style not in self._decimals or self._is_plain(style, unpack_RK(memory[at + 6 : at + 10]))
        if kind == _NUMBER:
            return style not in self._decimals or self._is_plain(style, _FLOAT.unpack_from(memory, at + 6)[0])
        return self._is_plain_formula(row, column, style, at)

    def _is_plain(self, style: int, value: float) -> bool:
        """Whether it is surely shown as it is: a positive number of no more decimals than are shown, as most are."""
        if style >= self._styles or style in self._struck:
            return False
        if style not in self._decimals:
            return True
        decimals = self._decimals[style]
        return decimals is not None and 0 <= value < _LARGE and round(value, decimals) == value

    def _is_plain_formula(self, row: int, column: int, style: int, at: int) -> bool:
        result, flags = _RESULT.unpack_from(self._book.mem, at + 6)
        is_number = result[6:] != _NO_NUMBER
        if self._is_only_written and (
            (is_number and flags & _ON_OPENING and not any(result)) or (not is_number and result[0] == _EMPTY_TEXT)
        ):
            self.unread.setdefault(row, {})[column] = _UNCALCULATED
            return True
        if is_number:
            return self._is_plain(style, _FLOAT.unpack(result)[0])
        # An error value is xlrd's to name.
        return result[0] in {0, 1, _EMPTY_TEXT}
