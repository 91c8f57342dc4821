"""Text files come in whatever encoding the program that wrote them liked. Here they become text, by what is in them.

A mark says it; UTF-8 is so regular that what can be read as it is it. Otherwise every letter beyond ASCII is one byte,
and Windows and old Macs mean other letters by it: the reading that makes French words, prices and quotations is taken,
and where the two come close that is said.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from batch.errors import SheetError
from batch.language import _, number
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
_EIGHT_BITS = {
    "cp1252": "Windows-1252",
    "latin-1": "ISO 8859-1",
    "iso-8859-15": "ISO 8859-15",
    "mac-roman": "Mac Roman",
}
"""The candidates, the most usual first, with the names that people know them by."""
_WEIGHED = 20_000
"""Letters; more prove nothing more."""
_MARGIN = 2
"""Points by which a reading must be better than the next to be certain."""
_HIGH = re.compile(rb"[\x80-\xff]")
_SMALL_LETTERS = frozenset("éèêëàâäùûüôöîïçœæñáíóúãõÿ")
_GREAT_LETTERS = frozenset(letter.upper() for letter in _SMALL_LETTERS)
_COMMON = frozenset("éèàêçùâîôûœ")
_FOREIGN = frozenset("ñáíóúãõÿ")
_MARKS_IN_TEXT = frozenset("«»’‘“”–—…•°£§²³½·®©™±×÷")
_WORD = re.compile(r"\w*[^\x00-\x7f]\w*")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text, without a mark. `assumed` names the encoding where it was not certain."""

    text: str
    assumed: str | None = None

    @property
    def example(self) -> str:
        """A word of the text by which a person sees whether the assumption is right."""
        match = _WORD.search(self.text)
        return match.group() if match else ""


def decoded(data: bytes, name: str) -> Decoded:
    """The text of a file; a `SheetError` if it is no text."""
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return Decoded(_marked(data[len(mark) :], encoding, name))
    sixteen = _utf16_without_mark(data[:_LOOKED_AT])
    if sixteen:
        return Decoded(_marked(data, sixteen, name))
    _refuse_nul(data.find(b"\0"), data.count(b"\n", 0, max(0, data.find(b"\0"))), name)
    try:
        return Decoded(data.decode("utf-8"))
    except UnicodeDecodeError:
        return _eight_bits(data)


def _marked(data: bytes, encoding: str, name: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise SheetError(
            _(
                "{file} begins like {encoding} text but is not: save it again from Excel as “CSV UTF-8”, or as .xlsx."
            ).format(file=shown(name), encoding=encoding[:6].upper().rstrip("-"))
        ) from None
    position = text.find("\0")
    _refuse_nul(position, text.count("\n", 0, max(0, position)), name)
    return text


def _utf16_without_mark(head: bytes) -> str | None:
    """Western text in UTF-16 is NUL in every second byte, and in hardly any other."""
    half = len(head) // 2
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if half < _TELLING or not (even or odd):
        return None
    if odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 * half and odd < 0.05 * half else None


def _refuse_nul(position: int, lines_before: int, name: str) -> None:
    if position != -1:
        raise SheetError(
            _(
                "{file} has NUL bytes (the first is in line {line}), so it is not a text file or is damaged: "
                "save it again from Excel."
            ).format(file=shown(name), line=number(lines_before + 1))
        )


def _eight_bits(data: bytes) -> Decoded:
    """The likeliest of the encodings with one byte for every letter; certain if no other comes near, or reads alike."""
    contexts = _contexts(data)
    readings = {}
    for encoding in _EIGHT_BITS:
        read = [context.decode(encoding, "replace") for context in contexts]
        readings[encoding] = (sum(map(_worth, read)), read)
    # Bytes that Windows does not know cannot be kept apart in its reading.
    possible = [encoding for encoding in _EIGHT_BITS if not any("\ufffd" in read for read in readings[encoding][1])]
    most = max(readings[encoding][0] for encoding in possible)
    # Of those that come near, the most usual is taken.
    best = next(encoding for encoding in possible if readings[encoding][0] > most - _MARGIN)
    others = [points for points, read in readings.values() if read != readings[best][1]]
    is_certain = all(readings[best][0] >= points + _MARGIN for points in others) and readings[best][0] > 0
    try:
        text = data.decode(best)
    except UnicodeDecodeError:
        # A byte that Windows does not know lies beyond what was weighed.
        return Decoded(data.decode("latin-1"), _EIGHT_BITS["latin-1"])
    return Decoded(text, None if is_certain else _EIGHT_BITS[best])


def _contexts(data: bytes) -> list[bytes]:
    """Every byte beyond ASCII with the one before and the one behind it."""
    found: list[bytes] = []
    for match in _HIGH.finditer(data):
        at = match.start()
        found.append(data[max(0, at - 1) : at + 2] if at else b" " + data[:2])
        if len(found) == _WEIGHED:
            break
    return found


def _worth(read: str) -> int:
    """How much a character in its place looks like what people write; less than nothing for what nobody does."""
    before, char, after = read[0], read[1], read[2:3]
    if char in _SMALL_LETTERS:
        return _worth_of_small(before, char, after)
    if char in _GREAT_LETTERS:
        return -2 if before.islower() or before.isdigit() else 1 if after.isalpha() or before.isupper() else 0
    if char in "\u00a0€":
        near = before.isdigit() or after.isdigit() or before in " \u00a0(" or after in "€)\u00a0"
        return 2 if near or not after else 1
    if char in _MARKS_IN_TEXT:
        is_inside = after.isalpha() and (before.isalpha() or char == "…") and char not in "’‘"
        return -1 if is_inside else 1
    return -2


def _worth_of_small(before: str, char: str, after: str) -> int:
    if char in _FOREIGN:
        return 0
    if not (before.isalpha() or after.isalpha()):
        return 1 if char == "à" else 0
    # Before a capital letter it is a reading gone wrong.
    return -1 if after.isupper() and after.isascii() else 2 if char in _COMMON else 1
