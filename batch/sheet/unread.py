"""Cells that hold something which the parser gives as a blank: error values, and formulas that were never calculated.

A row of failed look-ups must not vanish, and a cell that shows something must not be called empty. So they are found in
the sheet's own XML (ECMA-376, 18.3.1.4: a cell of type "e", or with a formula and no value) and read as the text that
they are, "#N/A" or "=B2", which no rule takes for an amount or a direction.
"""

from __future__ import annotations

import io
import posixpath
import re
from collections.abc import Iterator
from zipfile import BadZipFile, ZipFile

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

_WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_RELATION_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_SMALL = 4_000_000
"""Bytes that the list of sheets may have."""
_CHUNK = 1_000_000
_FORMULA = rb"<f\b[^>]*?(?:/>|>([^<]*)</f>)"
_ERROR = re.compile(rb'<c\b([^>]*\bt="e"[^>]*)>(?:<f\b[^>]*?(?:/>|>[^<]*</f>))?<v>([^<]*)</v>')
_UNCALCULATED = re.compile(rb"<c\b([^>]*[^/>])>" + _FORMULA + rb"(?:<v\s*/>|<v></v>)?</c>")
_ADDRESS = re.compile(rb'\br="([A-Z]{1,3})([1-9]\d{0,6})"')

Unread = dict[int, dict[int, str]]
"""Texts by row index and column index, both from 0."""


def unread_cells(data: bytes, sheet: str) -> Unread:
    """Such cells of a sheet in an Office Open XML workbook; none for any other kind of file."""
    found: Unread = {}
    try:
        with ZipFile(io.BytesIO(data)) as archive:
            part = _part_of(archive, sheet)
            if part is not None:
                for row, column, text in _scan(archive, part):
                    found.setdefault(row, {})[column] = text
    except (BadZipFile, DefusedXmlException, ParseError, KeyError, ValueError, OSError, NotImplementedError):
        # The parser has read the workbook in spite of this; there is no more to be learnt here.
        return found
    return found


def with_unread(pieces: Iterator[list[list[object]]], unread: Unread) -> Iterator[list[list[object]]]:
    """The rows with these cells filled in where they were blank, and with the rows that only such cells make."""
    count = 0
    for piece in pieces:
        for index, row in enumerate(piece, start=count):
            _fill(row, unread.get(index, {}))
        count += len(piece)
        yield piece
    last = max(unread, default=-1)
    if last >= count:
        rest: list[list[object]] = [[] for _ in range(count, last + 1)]
        for index, row in enumerate(rest, start=count):
            _fill(row, unread.get(index, {}))
        yield rest


def _fill(row: list[object], texts: dict[int, str]) -> None:
    for column, text in texts.items():
        row += [None] * (column + 1 - len(row))
        if row[column] is None:
            row[column] = text


def _part_of(archive: ZipFile, sheet: str) -> str | None:
    """The file inside the workbook that holds the sheet of that name."""
    names = set(archive.namelist())
    if not {_WORKBOOK, _RELATIONS} <= names:
        return None
    if max(archive.getinfo(name).file_size for name in (_WORKBOOK, _RELATIONS)) > _SMALL:
        return None
    sheets = fromstring(archive.read(_WORKBOOK), forbid_dtd=True).iter()
    relation = next((entry.get(_RELATION_ID) for entry in sheets if entry.get("name") == sheet), None)
    targets = fromstring(archive.read(_RELATIONS), forbid_dtd=True)
    target = next((entry.get("Target", "") for entry in targets if entry.get("Id") == relation), None)
    path = posixpath.normpath(posixpath.join("xl", target)).lstrip("/") if target else ""
    return path if path in names else None


def _scan(archive: ZipFile, part: str) -> Iterator[tuple[int, int, str]]:
    """Every such cell, from the sheet's XML read piece by piece; a cell that a piece cuts in two waits for the next."""
    rest = b""
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            text = rest + chunk
            cut = text.rfind(b"<c ")
            whole, rest = (text[:cut], text[cut:]) if cut > 0 else (text, b"")
            yield from _cells(whole)
    yield from _cells(rest)


def _cells(text: bytes) -> Iterator[tuple[int, int, str]]:
    if b't="e"' in text:
        for match in _ERROR.finditer(text):
            yield from _placed(match.group(1), match.group(2).decode("utf-8", "replace"))
    if b"<f" in text:
        for match in _UNCALCULATED.finditer(text):
            yield from _placed(match.group(1), "=" + (match.group(2) or b"").decode("utf-8", "replace"))


def _placed(attributes: bytes, text: str) -> Iterator[tuple[int, int, str]]:
    address = _ADDRESS.search(attributes)
    if address:
        column = 0
        for letter in address.group(1):
            column = column * 26 + letter - ord("A") + 1
        yield int(address.group(2)) - 1, column - 1, text
