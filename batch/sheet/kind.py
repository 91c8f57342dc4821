"""What a file really is, by its first bytes: people rename files, and programs export one kind under another's name."""

from __future__ import annotations

import codecs
import re
from enum import StrEnum

from batch.errors import SheetError
from batch.language import _
from batch.sheet.archive import refuse_other_archive
from batch.sheet.complaints import damaged, password, shown
from batch.sheet.foreign import MAIL, PRESENTATION, WORD, not_a_sheet, refuse_foreign
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
_STREAMS = {"WordDocument": WORD, "PowerPoint Document": PRESENTATION, "__properties_version1.0": MAIL}
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x19\x1b-\x1f]")
_ENTRY = 128
"""Bytes of a directory entry in an OLE file; entries lie at multiples of it, whatever the size of a sector."""


def kind_of(original: Original) -> Kind:
    """The reader to use, or a `SheetError` that says what the file is instead of a sheet. Looks at little of it."""
    head = original.data[:LOOKED_AT]
    refuse_foreign(original.name, original.data)
    if head.startswith(_ZIP):
        kind = Kind.ARCHIVE
    elif head.startswith(_OLE):
        _check_ole(original)
        kind = Kind.BINARY
    elif head.startswith(_OLD_EXCEL):
        kind = Kind.BINARY
    elif original.suffix in TEXT_SUFFIXES:
        return Kind.TEXT
    elif _is_readable(head):
        raise SheetError(
            _("{file} is a text file, not a workbook: give it the ending .csv.").format(file=shown(original.name))
        )
    else:
        raise damaged(original.name)
    if original.suffix in TEXT_SUFFIXES:
        refuse_other_archive(original)
        raise SheetError(
            _("{file} is a workbook under the name of a text file: give it the ending .xlsx or .xls.").format(
                file=shown(original.name)
            )
        )
    return kind


def _check_ole(original: Original) -> None:
    """Old Office files and encrypted new ones share a container; the names of the streams in it tell them apart."""
    if any(_has_stream(original.data, name) for name in ("Workbook", "Book")):
        return
    if _has_stream(original.data, "EncryptedPackage"):
        raise password(original.name)
    for stream, foreign in _STREAMS.items():
        if _has_stream(original.data, stream):
            raise not_a_sheet(original.name, foreign)
    raise damaged(original.name)


def _has_stream(data: bytes, name: str) -> bool:
    """Whether an entry of that name begins where entries do; cheaper and safer than following the sectors.

    Programs write the names in capitals as they like.
    """
    wanted = re.compile(re.escape(name.encode("utf-16-le") + b"\0\0"), re.IGNORECASE)
    return any(found.start() % _ENTRY == 0 for found in wanted.finditer(data))


def _is_readable(head: bytes) -> bool:
    """Whether it is UTF-16, or has no control characters other than those that text files have."""
    return head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or not _CONTROL.search(head)
