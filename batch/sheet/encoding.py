"""Text files come in whatever encoding the program that wrote them liked. Here they become text, by what is in them.

A mark says it; UTF-8 is so regular that what can be read as it is it, but for a few letters that meet by chance.
Otherwise every letter beyond ASCII is one byte, and Windows, MS-DOS and old Macs mean other letters by it: the reading
that makes French words, prices and quotations is taken, and what is not certain is said with an example. A file that is
UTF-8 but for some bytes is damaged: no other encoding is made of it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass

from batch.errors import SheetError
from batch.language import _, number
from batch.sheet.complaints import shown
from batch.sheet.weighing import Weight, gather_letters, weigh

_LOOKED_AT = 4096
_TELLING = 16
"""Bytes; in fewer, NUL bytes in every second place are nothing but damage."""
# UTF-32's mark begins with UTF-16's, so it is asked for first.
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_NUL_BYTES: Mapping[tuple[bool, ...], str] = {
    (False, True, True, True): "utf-32-le",
    (True, True, True, False): "utf-32-be",
    (False, True, False, True): "utf-16-le",
    (True, False, True, False): "utf-16-be",
}
"""Which of four bytes in turn are NUL in Western text without a mark."""
_EIGHT_BITS = {
    "cp1252": "Windows-1252",
    # Code page 850 with the euro sign; French letters are the same bytes in 437.
    "cp858": "CP850 (MS-DOS)",
    "mac-roman": "Mac Roman",
    "latin-1": "ISO 8859-1",
    "iso-8859-15": "ISO 8859-15",
}
"""The candidates, the most usual first, with the names that people know them by."""
_READ_BY_MISTAKE = ("cp1252", "mac-roman", "cp850", "cp437", "latin-1")
"""As what programs read UTF-8 and write what they saw as UTF-8 again."""
_WINDOWS = {ord(char): byte for byte in range(0x80, 0xA0) if (char := bytes([byte]).decode("cp1252", "ignore"))}
"""The letters that Windows has where ISO 8859-1 has none. Bytes that it does not know are kept as ISO 8859-1's."""
_TWICE = (
    *("Ã", "Â", "Å", "ï»¿", "â€", "â‚", "â\x80", "â\x82"),
    *("√", "¬", "≈", "‚", "├", "┬", "┼", "ÔÇ", "Ôé", "Γ", "\ufffd"),
)
"""What the first bytes of UTF-8 letters then look like, and the sign for a letter that is lost."""
TWICE = "twice"
"""How UTF-8 that was encoded twice is named in a finding."""
_MARGIN = 2
"""Points by which a reading must be better than the next to be certain."""
_USUAL = "éèàêçôîâûùïëœÉÈÀÇ€’«»°\u00a0"
"""In a text that was read as UTF-8 none of them comes about by chance."""
_LAST_OF_TWO_BYTES = "\u07ff"
_CONTROL = re.compile("[\x80-\x9f]")
"""What nobody writes: a text in which it stands was read once too often."""
_FIRST_WORD = re.compile(r'[^ \t\r\n;,|"]*')
_LAST_WORD = re.compile(r'[^ \t\r\n;,|"]*\Z')
_LONGEST_HALF = 30


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text, without a mark. `assumed` names the encoding where it was not certain."""

    text: str
    assumed: str | None = None
    example: str = ""
    """A word of the text by which a person sees whether the assumption is right."""


def decoded(data: bytes, name: str) -> Decoded:
    """Decode a file; a `SheetError` if it is no text, or is damaged."""
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return _read_marked(data[len(mark) :], encoding, name)
    wide = _find_wide_encoding(data[:_LOOKED_AT])
    if wide:
        return _read_marked(data, wide, name)
    _refuse_nul(data.find(b"\0"), data, "latin-1", name)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _read_eight_bits(data, error, name)
    if not text.isascii() and not any(char in text for char in _USUAL):
        return _read_chance_letters(data) or _read_again(text)
    return _read_again(text)


def _read_marked(data: bytes, encoding: str, name: str) -> Decoded:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _damaged(data, error, name) from None
    _refuse_nul(text.find("\0"), text, encoding, name)
    return _read_again(text)


def _find_wide_encoding(head: bytes) -> str | None:
    """Western text in UTF-16 is NUL in every second byte, in UTF-32 in three of four, and in hardly any other."""
    if len(head) < _TELLING:
        return None
    shares = [head[at::4].count(0) / len(head[at::4]) for at in range(4)]
    is_clear = all(share > 0.4 or share < 0.05 for share in shares)
    return _NUL_BYTES.get(tuple(share > 0.4 for share in shares)) if is_clear else None


def _refuse_nul(position: int, content: bytes | str, encoding: str, name: str) -> None:
    if position != -1:
        raise SheetError(
            _(
                "{file} has NUL bytes (the first is in line {line}), so it is not a text file or is damaged: "
                "save it again from Excel."
            ).format(file=shown(name), line=number(_find_line(content[:position], encoding)))
        )


def _find_line(before: bytes | str, encoding: str) -> int:
    """The line in which something stands, however lines end."""
    text = before if isinstance(before, str) else before.decode(encoding, "ignore")
    return max(text.count("\n"), text.count("\r")) + 1


def _is_cut(data: bytes, error: UnicodeDecodeError) -> bool:
    """Whether what cannot be read is the beginning of a letter, and nothing follows it."""
    try:
        codecs.getincrementaldecoder(error.encoding)().decode(data[error.start :])
    except UnicodeDecodeError:
        return False
    return True


def _damaged(data: bytes, error: UnicodeDecodeError, name: str) -> SheetError:
    line = number(_find_line(data[: error.start], error.encoding))
    if _is_cut(data, error):
        return SheetError(
            _(
                "{file} ends in the middle of a letter (line {line}), so its end is missing: copy or download it again."
            ).format(file=shown(name), line=line)
        )
    family, width = error.encoding.upper().split("-")[:2]
    return SheetError(
        _(
            "{file} is {encoding} text, but line {line} has bytes that are no letter in {encoding}: "
            "correct the line and save the file again as “CSV UTF-8”, or as .xlsx."
        ).format(file=shown(name), encoding=f"{family}-{width}", line=line)
    )


def _read_again(text: str) -> Decoded:
    """A text as it was read, or what it was before a program read its UTF-8 as something else and saved that as UTF-8.

    Where only parts of it are so, or letters were lost, it stays as it is and that is said.
    """
    text = text.removeprefix("\ufeff")
    if text.isascii() or not any(mark in text for mark in _TWICE):
        return Decoded(text)
    around = gather_letters(text)
    seen = weigh(around)
    once = _undo(text, seen)
    if once:
        is_plain = once.text.isascii()
        return once if is_plain else Decoded(once.text, TWICE, once.example or _find_oddest_word(once.text))
    odd = next(
        (part for part in dict.fromkeys(around.split("\n")) if "\ufffd" in part or _undo(part, weigh(part))), None
    )
    return Decoded(text, "UTF-8", _find_word(text, odd)) if odd else Decoded(text)


def _undo(text: str, seen: Weight) -> Decoded | None:
    """The text read once less, if that can be undone and is no worse for it."""
    for encoding in _READ_BY_MISTAKE:
        try:
            seen_as = text.translate(_WINDOWS) if encoding == "latin-1" else text
            once = _read_again(seen_as.encode(encoding).decode("utf-8"))
        except UnicodeError:
            continue
        if weigh(gather_letters(once.text)).points >= seen.points and not _CONTROL.search(once.text):
            return once
    return None


def _read_chance_letters(data: bytes) -> Decoded | None:
    """Letters of another encoding that are read as one of UTF-8 because they happen to meet, in a text with few."""
    sample = gather_letters(data.decode("latin-1"))
    text = sample.encode("latin-1").decode("utf-8", "replace")
    if max(text) > _LAST_OF_TWO_BYTES or weigh(text).points >= 0:
        return None
    best, weight, _is_alone = _find_likeliest(sample)
    return _assume(data, best) if weight.is_plausible else None


def _read_eight_bits(data: bytes, error: UnicodeDecodeError, name: str) -> Decoded:
    """The likeliest of the encodings with one byte for every letter; certain if no other comes near, or reads alike.

    What is likelier even as UTF-8 with bytes that are none is damaged.
    """
    sample = gather_letters(data.decode("latin-1"))
    best, weight, is_alone = _find_likeliest(sample)
    is_cut = _is_cut(data, error)
    utf8 = weigh(sample.encode("latin-1").decode("utf-8", "ignore" if is_cut else "replace"))
    # The more bytes begin the letter that is cut, the less it is chance.
    if utf8.points + (3 * (error.end - error.start) - 2 if is_cut else 0) > weight.points:
        raise _damaged(data, error, name)
    try:
        text = data.decode(best)
    except UnicodeDecodeError:
        # A byte that Windows does not know lies beyond what was weighed.
        return _assume(data, "latin-1")
    return Decoded(text) if is_alone and weight.is_plausible else _assume(data, best)


def _find_likeliest(sample: str) -> tuple[str, Weight, bool]:
    """The best of the encodings, how good it is, and whether no other comes near or all that do read alike."""
    readings = {encoding: sample.encode("latin-1").decode(encoding, "replace") for encoding in _EIGHT_BITS}
    weights = {encoding: weigh(text) for encoding, text in readings.items()}
    best = max(weights, key=lambda encoding: weights[encoding].points)
    least = weights[best].points - _MARGIN
    near = {readings[encoding] for encoding, weight in weights.items() if weight.points > least}
    return best, weights[best], len(near) == 1


def _assume(data: bytes, encoding: str) -> Decoded:
    text = data.decode(encoding)
    return Decoded(text, _EIGHT_BITS[encoding], _find_oddest_word(text))


def _find_oddest_word(text: str) -> str:
    return _find_word(text, weigh(gather_letters(text)).oddest)


def _find_word(text: str, odd: str) -> str:
    """The word that what is odd stands in; it may have neighbours that are none of it."""
    at = text.find(odd) + next(place for place, char in enumerate(odd) if not char.isascii())
    before = _LAST_WORD.search(text, max(0, at - _LONGEST_HALF), at)
    after = _FIRST_WORD.match(text, at, at + _LONGEST_HALF)
    return (before.group() if before else "") + (after.group() if after else "")
