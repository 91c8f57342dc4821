"""What a file really is, by its first bytes: people rename files, and programs export one kind under another's name."""

from __future__ import annotations

import codecs
import re
from enum import StrEnum

from batch.errors import SheetError
from batch.sheet.archive import check_archive
from batch.sheet.complaints import damaged, password, shown
from batch.sheet.limits import Limits
from batch.sheet.original import TEXT_SUFFIXES, Original

LOOKED_AT = 4096
"""Bytes from the start; what a file is shows in them."""


class Kind(StrEnum):
    """Which reader the content is for."""

    WORKBOOK = "workbook"  # .xlsx, .xlsm, .xlsb, .ods and .xls, in whichever of them the name says
    TEXT = "text"


_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLD_EXCEL = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08")
_FOREIGN = {
    b"%PDF-": "a PDF document",
    b"\x89PNG\r\n": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF87a": "a GIF image",
    b"GIF89a": "a GIF image",
    b"{\\rtf": "an RTF document",
    b"Rar!\x1a": "a RAR archive",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"\x1f\x8b\x08": "a gzip archive",
    b"SQLite format 3\x00": "a SQLite database",
}
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x19\x1b-\x1f]")
_ENTRY = 128
"""Bytes of a directory entry in an OLE file; entries lie at multiples of it, whatever the size of a sector."""


def kind_of(original: Original, limits: Limits) -> Kind:
    """The reader to use, or a `SheetError` that says what the file is instead of a sheet."""
    head = original.data[:LOOKED_AT]
    for magic, description in _FOREIGN.items():
        if head.startswith(magic):
            raise _not_a_sheet(original.name, description)
    if head.startswith(_ZIP):
        check_archive(original, limits)
    elif head.startswith(_OLE):
        _check_ole(original)
    elif not head.startswith(_OLD_EXCEL):
        return _check_text(original, head)
    if original.suffix in TEXT_SUFFIXES:
        raise SheetError(
            f"{shown(original.name)} is a workbook under the name of a text file: give it the ending .xlsx or .xls."
        )
    return Kind.WORKBOOK


def _check_ole(original: Original) -> None:
    """Old Office files and encrypted new ones share a container; the names of the streams in it tell them apart."""
    if _has_stream(original.data, "Workbook") or _has_stream(original.data, "Book"):
        return
    if _has_stream(original.data, "EncryptedPackage"):
        raise password(original.name)
    for stream, description in (("WordDocument", "a Word document"), ("PowerPoint Document", "a presentation")):
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
        raise SheetError(f"{shown(original.name)} is a text file, not a workbook: give it the ending .csv.")
    raise damaged(original.name)


def _is_readable(head: bytes) -> bool:
    """Whether it is UTF-16, or has no control characters other than those that text files have."""
    return head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or not _CONTROL.search(head)


def _markup(start: bytes) -> str:
    if b"urn:schemas-microsoft-com:office:spreadsheet" in start:
        return "an XML spreadsheet of Excel 2003"
    if b"office:document" in start:
        return "a flat XML OpenDocument file"
    return "an XML file" if start.startswith(b"<?xml") and b"html" not in start else "a web page (HTML)"


def _not_a_sheet(name: str, description: str) -> SheetError:
    return SheetError(
        f"{shown(name)} is {description}, not a sheet: if Excel or LibreOffice opens it, save it from there as .xlsx."
    )
