"""The parts of an Office Open XML workbook that speak of one sheet, read piece by piece (ECMA-376, part 1)."""

from __future__ import annotations

import io
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from xml.etree.ElementTree import Element
from zipfile import BadZipFile, ZipFile

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from batch.sheet.compact import PROLOG

UNREADABLE = (BadZipFile, DefusedXmlException, ParseError, KeyError, ValueError, OSError, NotImplementedError, EOFError)
"""What a damaged part may raise. The parser has then read the workbook in spite of it, or will say so itself."""

_WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_PACKAGE = "_rels/.rels"
_USUAL = {"styles": "xl/styles.xml", "sharedStrings": "xl/sharedStrings.xml"}
"""By what relations call them. The parser of the cells looks for these names, whatever the relations say."""
_REFERENCE = re.compile(rb"&#\w+;")
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
        """The parts for the sheet of that name; None if it is no such workbook, or its parts have unusual names."""
        archive = ZipFile(io.BytesIO(data))
        names = set(archive.namelist())
        if not {_WORKBOOK, _RELATIONS} <= names or _are_ambiguous(archive.namelist()):
            return None
        books = [path for kind, path in _relations(archive, _PACKAGE, "").values() if kind == "officeDocument"]
        relations = _relations(archive, _RELATIONS, "xl")
        if books != [_WORKBOOK] or any(path != _USUAL.get(kind, path) for kind, path in relations.values()):
            return None
        sheets = small_xml(archive, _WORKBOOK, _SMALL).iter()
        relation = next((_relation(entry) for entry in sheets if entry.get("name") == sheet), None)
        part = relations.get(relation or "", ("", ""))[1]
        styles, texts = (usual if usual in names else None for usual in _USUAL.values())
        return cls(archive, part, styles, texts) if part in names else None


def small_xml(archive: ZipFile, part: str, limit: int) -> Element:
    """A part as a tree; `ValueError` if it is larger than it needs to be, or may be another one to another reader."""
    if archive.getinfo(part).file_size > limit:
        raise ValueError("a part is too large to be looked at")
    text = archive.read(part)
    if not re.match(PROLOG + rb"<[^?]", text):
        raise ValueError("a part is not in UTF-8")
    if any(_is_plain_letter(unescape(reference.decode())) for reference in _REFERENCE.findall(text)):
        raise ValueError("letters or digits are written as references")
    root: Element = fromstring(text, forbid_dtd=True)
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


def _are_ambiguous(names: list[str]) -> bool:
    """Whether names differ only as they do not for every reader, or a part that is looked for is named so."""
    alike = {_folded(name): name for name in names}
    looked_for = (_WORKBOOK, _RELATIONS, *_USUAL.values())
    return len(alike) < len(names) or any(alike.get(_folded(name), name) != name for name in looked_for)


def _folded(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").casefold()


def _is_plain_letter(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _relations(archive: ZipFile, part: str, folder: str) -> dict[str, tuple[str, str]]:
    """What the relations name: the kind of each part and its path, by the relation's id."""
    return {
        entry.get("Id", ""): (entry.get("Type", "").rpartition("/")[2], _path(folder, entry.get("Target", "")))
        for entry in small_xml(archive, part, _SMALL)
    }


def _path(folder: str, target: str) -> str:
    return posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/") if target else ""


def _relation(entry: Element) -> str | None:
    """The id of a sheet's relation: its namespace is another one in strict workbooks."""
    return next((value for name, value in entry.items() if name.endswith("relationships}id")), None)
