"""The cells of an old Excel sheet on their way to xlrd: those with nothing to see are taken out, because most are.

xlrd takes seconds for a million cells, and nothing is asked of it but what a few of them look like. A formula that was
never calculated can be told here only, from its record ([MS-XLS] 2.4.127): its result is an empty text, or 0 with the
request to calculate it on opening. Excel and LibreOffice write such results as well, of formulas that they calculated;
but they leave a summary of the document in the file, and programs that only write workbooks seldom do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from struct import Struct
from typing import TYPE_CHECKING

from xlrd.book import unpack_SST_table
from xlrd.sheet import unpack_RK

from batch.sheet.styles import Styles
from batch.sheet.unread import Unread

if TYPE_CHECKING:
    from xlrd.book import Book

_TEXT, _NUMBER, _PACKED, _SEVERAL_PACKED = 0x00FD, 0x0203, 0x027E, 0x00BD
_FORMULAS = frozenset({0x0006, 0x0206, 0x0406})
_BEGIN, _END = 0x0809, 0x000A
_SHEET, _TEXTS, _MORE = 0x0085, 0x00FC, 0x003C
_CELLS = _FORMULAS | {_TEXT, _NUMBER, _PACKED, _SEVERAL_PACKED}
"""Other kinds of cells are few: errors, and texts as programs wrote them before Excel 97."""
_HEAD, _PLACE = Struct("<HH"), Struct("<HHH")
_FLOAT, _RESULT, _TEXT_NUMBER, _STYLE = Struct("<d"), Struct("<8sH"), Struct("<I"), Struct("<H")
_SHEET_HEAD, _TEXTS_HEAD = Struct("<iBB"), Struct("<ii")
_OF_CELLS = 0
"""A sheet that is no chart and no macros."""
_LENGTHS = {_TEXT: 10, _NUMBER: 14, _PACKED: 10, _SEVERAL_PACKED: 12, **dict.fromkeys(_FORMULAS, 20)}
"""How long a record is at least; a shorter one is for xlrd to take offence at."""
_ON_OPENING = 0x0002
_EMPTY_TEXT = 3
_NO_NUMBER = b"\xff\xff"
_SUMMARY = "\5SummaryInformation".encode("utf-16-le")
_UNCALCULATED = "=…"
"""What the formula is, nobody needs to know: it has to be calculated, whatever it is."""
_LARGE = 10**12


class Records:
    """Put together a workbook's stream for xlrd without the cells of a sheet that nothing is to be seen of."""

    def __init__(self, book: Book, styles: Styles, data: bytes) -> None:
        self.unread: Unread = {}
        """Formulas that were never calculated."""
        self.rows = 0
        """How many rows there are, by the cells in them."""
        self._memory: bytes = book.mem[book.base : book.base + book.stream_len]
        self._struck = styles.struck
        self._has_struck_font = any(font.struck_out for font in book.font_list)
        self._formatted_texts: Collection[int] = ()
        """Texts of which a part may be struck through."""
        self._keeps_texts = False
        self._decimals = {style: shape.exact_decimals for style, shape in styles.formats.items()}
        self._styles = len(book.xf_list)
        self._is_only_written = _SUMMARY not in data

    def build_stream(self, number: int) -> bytes:
        """Join the stream up to that sheet of cells, counted from 0, and of the sheet what is xlrd's to read."""
        begin, texts = self._find_sheet(number)
        if texts and self._has_struck_font:
            self._formatted_texts = self._read_formatted(texts)
        sheet = list(self._filter_sheet(begin))
        above = bytearray(self._memory[:begin])
        if texts and not self._keeps_texts:
            # No cell asks for a text any more, and reading them all once more would take long: there are none.
            at = texts[0][0] + _TEXTS_HEAD.size
            above[at - 4 : at] = bytes(4)
        return b"".join([above, *sheet])

    def _find_sheet(self, number: int) -> tuple[int, list[tuple[int, int]]]:
        """Tell where the sheet begins, and where the pieces of the texts of all cells are."""
        begins: list[int] = []
        texts: list[tuple[int, int]] = []
        is_text = False
        for kind, at, end in self._walk(0):
            is_text = kind == _TEXTS or (is_text and kind == _MORE)
            if is_text:
                texts.append((at, end))
            elif kind == _SHEET:
                begin, _visibility, what = _SHEET_HEAD.unpack_from(self._memory, at)
                if what == _OF_CELLS:
                    begins.append(begin)
            elif kind == _END and begins[number] < end:
                raise ValueError("a sheet within the workbook's own records")
            elif kind == _END:
                break
        return begins[number], texts

    def _read_formatted(self, texts: list[tuple[int, int]]) -> Collection[int]:
        """Number the texts that are not in one font."""
        pieces = [self._memory[at:end] for at, end in texts]
        _all, count = _TEXTS_HEAD.unpack_from(pieces[0])
        _texts, runs = unpack_SST_table(pieces, count)
        return frozenset(runs)

    def _filter_sheet(self, begin: int) -> Iterator[bytes]:
        """Take the cells that can be left out from the sheet's records."""
        # A chart's part of the sheet begins and ends as the sheet does, and the numbers in it are no cells.
        within = 0
        for kind, at, end in self._walk(begin):
            if kind in _CELLS and within == 1 and self._can_be_left_out(kind, at, end - at):
                continue
            self._keeps_texts = self._keeps_texts or kind == _TEXT
            yield self._memory[at - _HEAD.size : end]
            if kind == _BEGIN:
                within = min(within + 1, 2)
            elif kind == _END:
                within -= 1
                if not within:
                    return

    def _walk(self, at: int) -> Iterator[tuple[int, int, int]]:
        """Go from record to record: of what kind each is, and where its content begins and ends."""
        while True:
            kind, length = _HEAD.unpack_from(self._memory, at)
            at += _HEAD.size
            yield kind, at, at + length
            at += length

    def _can_be_left_out(self, kind: int, at: int, length: int) -> bool:
        if length < _LENGTHS[kind]:
            return False
        memory = self._memory
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
            return _TEXT_NUMBER.unpack_from(memory, at + 6)[0] not in self._formatted_texts
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
        result, flags = _RESULT.unpack_from(self._memory, at + 6)
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
