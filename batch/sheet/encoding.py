"""Text files come in whatever encoding the program that wrote them liked. Here they all become UTF-8."""

from __future__ import annotations

import codecs

from batch.errors import SheetError
from batch.sheet.complaints import shown

_LOOKED_AT = 4096
_TELLING = 8
"""Pairs of bytes; in fewer, NUL bytes in every second place are nothing but damage."""
# UTF-32's mark begins with UTF-16's, so it is asked for first.
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}


def to_utf8(data: bytes, name: str) -> bytes:
    """The text as UTF-8 without a byte order mark; a `SheetError` if it is no text."""
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return _recoded(data[len(mark) :], encoding, name)
    sixteen = _utf16_without_mark(data[:_LOOKED_AT])
    if sixteen:
        return _recoded(data, sixteen, name)
    _refuse_nul(data, name)
    return _eight_bits(data)


def _eight_bits(data: bytes) -> bytes:
    """UTF-8 if all of it is: other text hardly ever is by chance. Else what Windows writes in western Europe."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return data.decode("cp1252").encode("utf-8")
        except UnicodeDecodeError:
            return data.decode("latin-1").encode("utf-8")
    return data


def _recoded(data: bytes, encoding: str, name: str) -> bytes:
    try:
        recoded = data.decode(encoding).encode("utf-8")
    except UnicodeDecodeError:
        raise SheetError(
            f"{shown(name)} begins like {encoding[:6].upper().rstrip('-')} text but is not: "
            "save it again from Excel as “CSV UTF-8”, or as .xlsx."
        ) from None
    _refuse_nul(recoded, name)
    return recoded


def _utf16_without_mark(head: bytes) -> str | None:
    """Western text in UTF-16 is NUL in every second byte, and in hardly any other."""
    half = len(head) // 2
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if half < _TELLING or not (even or odd):
        return None
    if odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 * half and odd < 0.05 * half else None


def _refuse_nul(data: bytes, name: str) -> None:
    position = data.find(b"\0")
    if position != -1:
        line = data.count(b"\n", 0, position) + 1
        raise SheetError(
            f"{shown(name)} has NUL bytes (the first is in line {line:,}), so it is not a text file or is damaged: "
            "save it again from Excel."
        )
