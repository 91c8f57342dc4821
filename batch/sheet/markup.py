"""A worksheet's XML as patterns can look for cells in it: fast, because a long sheet has millions of them.

Programs write the same sheet in several dialects: with a prefix before every tag, with other quotation marks, with
every tag in a line of its own, without the addresses of rows and cells. All are made one here, rows and cells with
their address as the first attribute. What is still otherwise after that is not understood (`compact`).
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from operator import lt
from zipfile import ZipFile

from batch.sheet.compact import END_OF_ROWS, PROLOG, has_compact_head, left_of_rows
from batch.sheet.parts import Parts, pieces_of

_TAG = re.compile(rb"<[^<>]*>")
_QUOTED = re.compile(rb"=\s*'([^'\"]*)'")
_GAP = re.compile(rb">\s+<(?!/[tvf]>)")
"""White space between tags; what stands before one of those that end is a text."""
_PLACE = re.compile(rb"<(row|c)(?=[\s/>])([^<>]*)>")
_ROW_NUMBER = re.compile(rb'<row r="(\d{1,7})"')
_OWN = re.compile(rb'\sr="([A-Za-z]{0,3})(\d{0,7})"')
_BEGINNING = 16_384
"""Bytes in which the sheet's own element begins."""
_FAR = 1_048_576


@dataclass(frozen=True, slots=True)
class Markup:
    """A sheet's XML: what stands before the rows, and the rows in pieces of whole ones, as they are counted."""

    head: bytes
    pieces: Iterator[bytes]
    rows: Rows

    @classmethod
    def of(cls, parts: Parts) -> Markup | None:
        """The sheet's; None if it is not written in UTF-8, or begins with something else than the sheet."""
        dialect = Dialect.of(parts.archive, parts.sheet, b"worksheet")
        if dialect is None:
            return None
        raw = dialect.pieces(parts.archive, parts.sheet, b"row")
        first = next(raw)
        # What follows belongs to it as well if the rows begin only there.
        start = first.find(b"<sheetData")
        head, begun = (first[:start], first[start:]) if start >= 0 else (first, b"")
        rows = Rows()
        return cls(head, rows.addressed_pieces(begun, raw), rows)

    @property
    def is_seen(self) -> bool:
        """Whether all of it is written so that patterns find everything. It is known when all pieces were taken."""
        # A row that the parser has dropped cannot be seen either.
        return has_compact_head(self.head) and self.rows.are_compact and not self.rows.are_repeated


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a part is written where programs differ, and are understood all the same."""

    prefix: bytes | None
    has_other_quotes: bool
    gaps: frozenset[bytes]
    """White space between two tags, with their signs: the kinds that most of it is."""

    @classmethod
    def of(cls, archive: ZipFile, part: str, root: bytes) -> Dialect | None:
        """That of a part whose outermost element has this name; None if another thing stands at its beginning."""
        with archive.open(part) as stream:
            beginning = stream.read(_BEGINNING)
        found = re.match(PROLOG + rb"<(?:([A-Za-z_][\w.-]*):)?" + root + rb"\b([^<>]*)>", beginning)
        if found is None:
            return None
        gaps = frozenset(_GAP.findall(beginning, found.end() - 1))
        return cls(found.group(1), b"'" in found.group(2), gaps)

    def pieces(self, archive: ZipFile, part: str, element: bytes) -> Iterator[bytes]:
        """The part in pieces that end where such an element does, as it would be written without peculiarities."""
        name = self.prefix + b":" + element if self.prefix else element
        return map(self._plain, pieces_of(archive, part, b"</%b>" % name))

    def _plain(self, text: bytes) -> bytes:
        """The text without prefixes, other quotation marks, and white space between tags."""
        if self.prefix:
            text = text.replace(b"<" + self.prefix + b":", b"<").replace(b"</" + self.prefix + b":", b"</")
        if self.has_other_quotes or b"='" in text:
            text = _TAG.sub(lambda tag: _QUOTED.sub(rb'="\1"', tag.group()), text)
        for gap in self.gaps:
            text = text.replace(gap, b"><")
        return _GAP.sub(b"><", text) if self.gaps else text


class Rows:
    """Counts rows and cells where they do not say where they are, as every reader does."""

    def __init__(self) -> None:
        self._row = self._column = 0
        self._numbers = array("L")
        self._is_in_order = True
        self._is_over = False
        self.are_compact = True
        """Whether all rows so far are written in the one form that every pattern knows."""

    @property
    def are_repeated(self) -> bool:
        """Whether two rows say that they are the same one, of which every reader drops one."""
        return not self._is_in_order and len(set(self._numbers)) < len(self._numbers)

    def addressed_pieces(self, first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
        """The pieces, of which the first begins where the rows do."""
        for text in chain((first,), rest):
            piece = self._addressed(text)
            self._look_at(piece)
            yield piece

    def _look_at(self, piece: bytes) -> None:
        if self.are_compact and not self._is_over:
            left = left_of_rows(piece)
            self._is_over = left.startswith(END_OF_ROWS)
            self.are_compact = self._is_over or not left

    def _addressed(self, text: bytes) -> bytes:
        """The text with an address as the first attribute of every row and cell."""
        if text.count(b"<c") == text.count(b'<c r="'):
            numbers = list(map(int, _ROW_NUMBER.findall(text)))
            if len(numbers) == text.count(b"<row"):
                self._count(numbers)
                return text
        return _PLACE.sub(self._placed, text)

    def _count(self, numbers: list[int]) -> None:
        if numbers:
            self._is_in_order &= self._row < numbers[0] and all(map(lt, numbers, numbers[1:]))
            self._row = numbers[-1]
            self._numbers.extend(numbers)

    def _placed(self, match: re.Match[bytes]) -> bytes:
        tag, attributes = match.group(1), match.group(2)
        own = _OWN.search(attributes)
        rest = attributes.replace(own.group(), b"", 1) if own else attributes
        if tag == b"row":
            self._count([min(int(own.group(2)), _FAR) if own and own.group(2) else self._row + 1])
            self._column = 0
            return b'<row r="%d"%b>' % (self._row, rest)
        if own and own.group(1) and own.group(2):
            self._column = column_number(own.group(1))
            return b'<c r="%b%b"%b>' % (own.group(1), own.group(2), rest)
        self._column += 1
        return b'<c r="%b%d"%b>' % (_letters(self._column), self._row, rest)


def column_number(letters: bytes) -> int:
    """A column's number from 1: 1 for A, 27 for AA."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _letters(number: int) -> bytes:
    letters = b""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = bytes([65 + rest]) + letters
    return letters
