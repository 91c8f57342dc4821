"""What a worksheet's XML says beyond its cells' values: what is hidden, struck through, or shown as something else.

It is read once, beside the parser, and looked through by patterns rather than by a reader of XML: most of a long
sheet's cells are of no interest here, and a pattern passes them by several times as fast.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from batch.sheet.compact import left_of_texts
from batch.sheet.markup import Dialect, Markup, column_number
from batch.sheet.numberformat import NumberFormat
from batch.sheet.parts import UNREADABLE, Parts
from batch.sheet.styles import Styles, styles_of
from batch.sheet.unread import Unread, unread_in

_ADDRESS = rb'<c r="([A-Za-z]{1,3})([1-9]\d{0,6})"'
_FORMULA = rb"(?:<f\b[^<>]*(?:/>|>[^<]*</f>))?"
_COLUMN = re.compile(rb"<col\b([^<>]*)>")
_ROW = re.compile(rb'<row r="([1-9]\d{0,6})"([^<>]*)>')
_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"|\bwidth="0(?:\.\d*)?"|\bht="[01](?:\.\d*)?"')
"""Or too small for anything to be seen: a row of less than two points, a column of less than one character."""
_MAY_BE_HIDDEN = (b'hidden="', b'ht="0', b'ht="1"', b'ht="1.')
_TEXT = re.compile(_ADDRESS + rb'[^<>]*\bt="s"[^<>]*>' + _FORMULA + rb"<v>(\d{1,9})</v>")
_OTHER_TYPE = re.compile(rb'\bt="(?!n")')
_RUN = re.compile(_ADDRESS + rb"|<strike\b([^<>]*)>")
_ITEM = re.compile(rb"<(?:(si)|strike)\b([^<>]*)>")
_NOT = re.compile(rb'\bval="(?:0|false)"')
_UNSTYLED = re.compile(_ADDRESS + rb'(?![^<>]*\bs=")')
_FEW = 16
"""Styles; more are told apart by their numbers rather than by the pattern."""
_MOST_COLUMNS = 16_384


@dataclass(slots=True)
class Looks:
    """What was found, by row and column index from 0; `is_whole` says whether all of it could be looked at."""

    unread: Unread = field(default_factory=dict)
    shown: dict[tuple[int, int], str] = field(default_factory=dict)
    struck: set[tuple[int, int]] = field(default_factory=set)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    is_whole: bool = False


def looks_of(data: bytes, sheet: str) -> Looks:
    """The looks of a sheet in an Office Open XML workbook; nothing, and not whole, for any other kind of file."""
    looks = Looks()
    try:
        parts = Parts.of(data, sheet)
        if parts is not None:
            with parts.archive:
                looks.is_whole = _look(looks, parts)
    except UNREADABLE:
        # The parser has read the workbook in spite of this; there is no more to be learnt here.
        looks.is_whole = False
    return looks


def _look(looks: Looks, parts: Parts) -> bool:
    """Look through all of the sheet. Error values are found even where the styles cannot be looked at."""
    markup = Markup.of(parts)
    if markup is None:
        return False
    try:
        styles, texts, is_whole = styles_of(parts), _struck_texts(parts), True
    except UNREADABLE:
        styles, texts, is_whole = Styles(), frozenset(), False
    looks.hidden_columns.update(_hidden_columns(markup.head))
    numbers, struck = _numbers_pattern(styles), _struck_pattern(styles)
    for piece in _styled(markup.pieces, styles):
        for row, column, text in unread_in(piece):
            looks.unread.setdefault(row, {})[column] = text
        looks.hidden_rows.update(_hidden_rows(piece))
        if struck:
            looks.struck.update(_struck_cells(piece, struck, styles.struck))
        if texts:
            looks.struck.update(_cells_of_texts(piece, texts))
        if b"<strike" in piece:
            looks.struck.update(_struck_runs(piece))
        if numbers:
            looks.shown.update(_shown_otherwise(piece, numbers, styles.formats))
    return is_whole and markup.is_seen


def _styled(pieces: Iterator[bytes], styles: Styles) -> Iterator[bytes]:
    """The pieces, in which every cell gives its style where the one that is meant without a word deceives."""
    is_odd = 0 in styles.struck or 0 in styles.formats
    return (_UNSTYLED.sub(rb'\g<0> s="0"', piece) for piece in pieces) if is_odd else pieces


def _hidden_columns(head: bytes) -> Iterator[int]:
    """Of ranges of columns; what is grouped and collapsed is hidden, and so is what has no width."""
    for match in _COLUMN.finditer(head):
        attributes = match.group(1)
        if _HIDDEN.search(attributes):
            first, last = _attribute(attributes, b"min"), _attribute(attributes, b"max")
            yield from range(max(0, first - 1), min(last, _MOST_COLUMNS))


def _attribute(attributes: bytes, name: bytes) -> int:
    match = re.search(rb'\b%b="(\d{1,9})"' % name, attributes)
    return int(match.group(1)) if match else 0


def _hidden_rows(piece: bytes) -> Iterator[int]:
    """By hand, by a filter, in a collapsed group, or of no height."""
    if any(mark in piece for mark in _MAY_BE_HIDDEN):
        for match in _ROW.finditer(piece):
            if _HIDDEN.search(match.group(2)):
                yield int(match.group(1)) - 1


def _struck_texts(parts: Parts) -> frozenset[int]:
    """The shared texts of which any part is struck through, by their numbers; `ValueError` if that cannot be told."""
    struck = set()
    index = -1
    for piece in _pieces_of_texts(parts):
        if left_of_texts(piece):
            raise ValueError("texts are written in an unusual form")
        if b"<strike" not in piece:
            index += piece.count(b"<si")
            continue
        for match in _ITEM.finditer(piece):
            if match.group(1):
                index += 1
            elif not _NOT.search(match.group(2)):
                struck.add(index)
    return frozenset(struck)


def _pieces_of_texts(parts: Parts) -> Iterator[bytes]:
    if parts.texts is None:
        return iter(())
    dialect = Dialect.of(parts.archive, parts.texts, b"sst")
    if dialect is None:
        raise ValueError("texts are written in an unusual encoding")
    return dialect.pieces(parts.archive, parts.texts, b"si")


def _styles_pattern(numbers: Iterable[int]) -> bytes:
    listed = sorted(numbers)
    return b"|".join(b"%d" % number for number in listed) if len(listed) <= _FEW else rb"\d{1,6}"


def _struck_pattern(styles: Styles) -> re.Pattern[bytes] | None:
    """Cells of those styles that hold something."""
    pattern = _ADDRESS + rb'[^<>]*\bs="(' + _styles_pattern(styles.struck) + rb')"[^<>]*(?<!/)><(?!/c>)'
    return re.compile(pattern) if styles.struck else None


def _struck_cells(piece: bytes, pattern: re.Pattern[bytes], styles: frozenset[int]) -> Iterator[tuple[int, int]]:
    for match in pattern.finditer(piece):
        if int(match.group(3)) in styles:
            yield _place(match)


def _cells_of_texts(piece: bytes, texts: frozenset[int]) -> Iterator[tuple[int, int]]:
    for match in _TEXT.finditer(piece):
        if int(match.group(3)) in texts:
            yield _place(match)


def _struck_runs(piece: bytes) -> Iterator[tuple[int, int]]:
    """Cells with their text inside them, some of it struck through."""
    cell: re.Match[bytes] | None = None
    for match in _RUN.finditer(piece):
        if match.group(1):
            cell = match
        elif cell is not None and not _NOT.search(match.group(3)):
            yield _place(cell)


def _numbers_pattern(styles: Styles) -> re.Pattern[bytes] | None:
    """Cells of those styles with a value that may be shown as something else: most are passed by here already."""
    groups: dict[int | None, list[int]] = {}
    for number, shape in styles.formats.items():
        groups.setdefault(shape.exact_decimals, []).append(number)
    if len(styles.formats) > _FEW:
        groups = {None: list(styles.formats)}
    kinds = [
        rb'[^<>]*\bs="(?:' + _styles_pattern(numbers) + rb')"[^<>]*>' + _FORMULA + rb"<v>" + _but(decimals)
        for decimals, numbers in groups.items()
    ]
    return re.compile(_ADDRESS + rb"((?:" + b"|".join(kinds) + rb"))([^<]{1,40})</v>") if kinds else None


def _but(decimals: int | None) -> bytes:
    """Not before a positive number of no more decimals than are shown."""
    if decimals is None:
        return b""
    return rb"(?!\d{1,12}(?:\.\d{1,%d})?</v>)" % decimals if decimals else rb"(?!\d{1,12}</v>)"


def _shown_otherwise(
    piece: bytes, pattern: re.Pattern[bytes], formats: Mapping[int, NumberFormat]
) -> Iterator[tuple[tuple[int, int], str]]:
    for match in pattern.finditer(piece):
        attributes = match.group(3).split(b">", 1)[0]
        shape = formats.get(_attribute(attributes, b"s"))
        if shape is None or _OTHER_TYPE.search(attributes):
            continue
        text = shape.shown_otherwise(_decimal(match.group(4)))
        if text is not None:
            yield _place(match), text


def _decimal(text: bytes) -> Decimal:
    try:
        return Decimal(text.decode("ascii", "replace"))
    except InvalidOperation:
        return Decimal("NaN")


def _place(match: re.Match[bytes]) -> tuple[int, int]:
    return int(match.group(2)) - 1, column_number(match.group(1)) - 1
