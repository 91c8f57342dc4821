"""The parts of an Office Open XML workbook that speak of one sheet, read piece by piece (ECMA-376, part 1)."""

from __future__ import annotations

import io
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element
from zipfile import BadZipFile, ZipFile

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

UNREADABLE = (BadZipFile, DefusedXmlException, ParseError, KeyError, ValueError, OSError, NotImplementedError, EOFError)
"""What a damaged part may raise. The parser has then read the workbook in spite of it, or will say so itself."""

_WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_SMALL = 4_000_000
"""Bytes that the list of sheets may have."""
_CHUNK = 1_000_000
_LONGEST = 8_000_000
"""Bytes in which a piece must come to an end; one that does not is cut where a tag begins."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The archive, and the names of three parts in it; None for one that it does not have."""

    archive: ZipFile
    sheet: str
    styles: str | None
    texts: str | None

    @classmethod
    def of(cls, data: bytes, sheet: str) -> Parts | None:
        """The parts for the sheet of that name; None if it is no such workbook."""
        archive = ZipFile(io.BytesIO(data))
        names = set(archive.namelist())
        if not {_WORKBOOK, _RELATIONS} <= names:
            return None
        relations = {
            entry.get("Id", ""): (entry.get("Type", "").rpartition("/")[2], _path(entry.get("Target", "")))
            for entry in small_xml(archive, _RELATIONS, _SMALL)
        }
        sheets = small_xml(archive, _WORKBOOK, _SMALL).iter()
        relation = next((_relation(entry) for entry in sheets if entry.get("name") == sheet), None)
        part = relations.get(relation or "", ("", ""))[1]
        # The parser of the cells looks for the usual names only.
        usual = {"styles": "xl/styles.xml", "sharedStrings": "xl/sharedStrings.xml"}
        by_type = dict([*usual.items(), *relations.values()])
        styles, texts = (by_type[kind] if by_type[kind] in names else None for kind in usual)
        return cls(archive, part, styles, texts) if part in names else None


def small_xml(archive: ZipFile, part: str, limit: int) -> Element:
    """A part as a tree; `ValueError` if it is larger than it needs to be, or has entities."""
    if archive.getinfo(part).file_size > limit:
        raise ValueError("a part is too large to be looked at")
    root: Element = fromstring(archive.read(part), forbid_dtd=True)
    return root


def pieces_of(archive: ZipFile, part: str, ends: bytes) -> Iterator[bytes]:
    """The part's bytes in pieces that end where `ends` does; the last one ends anywhere."""
    rest: list[bytes] = []
    held = 0
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            cut = chunk.rfind(ends)
            # The mark itself may be cut in two; then the next one in the chunk that follows serves as well.
            cut = cut + len(ends) if cut >= 0 else chunk.rfind(b"<c ") if held > _LONGEST else -1
            if cut < 0 and held > _LONGEST:
                cut = max(chunk.rfind(b"<"), 0)
            if cut < 0:
                rest.append(chunk)
                held += len(chunk)
            else:
                yield b"".join((*rest, chunk[:cut]))
                rest, held = [chunk[cut:]], len(chunk) - cut
    yield b"".join(rest)


def _path(target: str) -> str:
    return posixpath.normpath(posixpath.join("xl", target)).lstrip("/") if target else ""


def _relation(entry: Element) -> str | None:
    """The id of a sheet's relation: its namespace is another one in strict workbooks."""
    return next((value for name, value in entry.items() if name.endswith("relationships}id")), None)
