"""What a file really is, by its first bytes: people rename files, and programs export one kind under another's name."""

from __future__ import annotations

import codecs
import re
from enum import StrEnum

from batch.errors import SheetError
from batch.language import N_, _
from batch.sheet.complaints import damaged, password, shown
from batch.sheet.original import TEXT_SUFFIXES, Original

LOOKED_AT = 4096
"""Bytes from the start; what a file is shows in them."""


class Kind(StrEnum):
    """Which reader the content is for."""

    ARCHIVE = "archive"  # zipped: .xlsx, .xlsm, .xlsb and .ods, in whichever of them the name says
    BINARY = "binary"  # .xls
    TEXT = "text"


_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLD_EXCEL = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08")
_FOREIGN = {
    b"%PDF-": N_("a PDF document"),
    b"\x89PNG\r\n": N_("a PNG image"),
    b"\xff\xd8\xff": N_("a JPEG image"),
    b"GIF87a": N_("a GIF image"),
    b"GIF89a": N_("a GIF image"),
    b"{\\rtf": N_("an RTF document"),
    b"Rar!\x1a": N_("a RAR archive"),
    b"7z\xbc\xaf\x27\x1c": N_("a 7-Zip archive"),
    b"\x1f\x8b\x08": N_("a gzip archive"),
    b"SQLite format 3\x00": N_("a SQLite database"),
}
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x19\x1b-\x1f]")
_ENTRY = 128
"""Bytes of a directory entry in an OLE file; entries lie at multiples of it, whatever the size of a sector."""


def kind_of(original: Original) -> Kind:
    """The reader to use, or a `SheetError` that says what the file is instead of a sheet. Looks at little of it."""
    head = original.data[:LOOKED_AT]
    for magic, description in _FOREIGN.items():
        if head.startswith(magic):
            raise _not_a_sheet(original.name, description)
    if head.startswith(_ZIP):
        kind = Kind.ARCHIVE
    elif head.startswith(_OLE):
        _check_ole(original)
        kind = Kind.BINARY
    elif head.startswith(_OLD_EXCEL):
        kind = Kind.BINARY
    else:
        return _check_text(original, head)
    if original.suffix in TEXT_SUFFIXES:
        raise SheetError(
            _("{file} is a workbook under the name of a text file: give it the ending .xlsx or .xls.").format(
                file=shown(original.name)
            )
        )
    return kind


def _check_ole(original: Original) -> None:
    """Old Office files and encrypted new ones share a container; the names of the streams in it tell them apart."""
    if _has_stream(original.data, "Workbook") or _has_stream(original.data, "Book"):
        return
    if _has_stream(original.data, "EncryptedPackage"):
        raise password(original.name)
    for stream, description in (("WordDocument", N_("a Word document")), ("PowerPoint Document", N_("a presentation"))):
        if _has_stream(original.data, stream):
            raise _not_a_sheet(original.name, description)
    raise damaged(original.name)


def _has_stream(data: bytes, name: str) -> bool:
    """Whether an entry of that name begins where entries do; cheaper and safer than following the sectors."""
    wanted = name.encode("utf-16-le") + b"\0\0"
    position = data.find(wanted)
    while position != -1 and position % _ENTRY:
        position = data.find(wanted, position + 1)
    return position != -1


def _check_text(original: Original, head: bytes) -> Kind:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith(b"<"):
        raise _not_a_sheet(original.name, _markup(start))
    if original.suffix in TEXT_SUFFIXES:
        return Kind.TEXT
    if _is_readable(head):
        raise SheetError(
            _("{file} is a text file, not a workbook: give it the ending .csv.").format(file=shown(original.name))
        )
    raise damaged(original.name)


def _is_readable(head: bytes) -> bool:
    """Whether it is UTF-16, or has no control characters other than those that text files have."""
    return head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or not _CONTROL.search(head)


def _markup(start: bytes) -> str:
    if b"urn:schemas-microsoft-com:office:spreadsheet" in start:
        return N_("an XML spreadsheet of Excel 2003")
    if b"office:document" in start:
        return N_("a flat XML OpenDocument file")
    return N_("an XML file") if start.startswith(b"<?xml") and b"html" not in start else N_("a web page (HTML)")


def _not_a_sheet(name: str, description: str) -> SheetError:
    return SheetError(
        _("{file} is {kind}, not a sheet: if Excel or LibreOffice opens it, save it from there as .xlsx.").format(
            file=shown(name), kind=_(description)
        )
    )
