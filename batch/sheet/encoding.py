"""The text of a file, whatever its encoding: told by a mark, by its bytes, or by how much it looks like French."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from itertools import islice
from typing import NamedTuple

from batch.errors import SheetError
from batch.i18n import _
from batch.sheet.source_file import make_error

_LONGEST = 2**16
_BEYOND = re.compile("[^\x00-\x7f]+")
_FRENCH = frozenset("éèêëàâùûîïôçœÉÈÊËÀÂÙÛÎÏÔÇŒ")
_SPACES = frozenset("\u00a0\u202f\u2009")
_OPENING = frozenset("«“‘")
_CLOSING = frozenset("»”’")
_TEXT_MARKS = _OPENING | _CLOSING | frozenset("€°º…–—•·´²³½¼¾§£©®™±×÷µ¤ª\u00ad\ufeff")
_PLACES = {
    "à": re.compile(r"[ljç]\W"), "ù": re.compile(r"o\W"), "ë": re.compile("[aeiouyé](?s:.)"),
    "ï": re.compile("[aeouâ](?s:.)"), "ç": re.compile("(?s:.)[aouâôû]"), "œ": re.compile(r"(?s:.)\w"),
    **dict.fromkeys("èêâîôû", re.compile("(?s:.)[bcdfghjklmnpqrstvwxzç]")),
}  # fmt: skip
"""The letters that French has before and behind one with an accent, or the end of a word; there are few exceptions."""
_LAST_LATIN = "\u017f"


class Weight(NamedTuple):
    """The points of a text, more than nothing for what people write; whether nothing in it is odd; what is oddest."""

    points: int
    is_plausible: bool
    oddest: str


def gather_letters(text: str) -> str:
    """Gather the characters beyond ASCII of a text's beginning, each run of them with its neighbours, in lines."""
    runs = islice(_BEYOND.finditer(text), _LONGEST // 2)
    return "\n".join([text[max(0, run.start() - 1) : run.end() + 1] for run in runs])[:_LONGEST]


def weigh(around: str) -> Weight:
    places = Counter(zip("\n" + around, around, around[1:] + "\n", strict=False))
    worths = {place: _rate(*place) for place in places if not place[1].isascii()}
    if not worths:
        return Weight(0, is_plausible=True, oddest="")
    points = sum(worth * places[place] for place, worth in worths.items())
    count = sum(places[place] for place in worths)
    oddest = min(worths, key=lambda place: (worths[place], not place[1].isalpha()))
    return Weight(points, min(worths.values()) >= 0 and points >= count, "".join(oddest).strip("\n"))


def _rate(before: str, char: str, after: str) -> int:
    """Rate a character: 2 for what is usual, 1 for what may be, less than 0 for what nobody writes."""
    if char in _SPACES:
        return 2 if before.isdigit() or before in _OPENING or after in "€%:;!?»)" else 1
    if char in _TEXT_MARKS:
        return _rate_mark(before, char, after)
    if not char.isalpha() or char > _LAST_LATIN:
        return -3 if char == "\ufffd" else -2
    worth = _rate_letter(before, char, after)
    return worth if char in _FRENCH else min(worth, 0 if before.isalpha() or after.isalpha() else -1)


def _rate_mark(before: str, char: str, after: str) -> int:
    if before.isalpha() and after.isalpha():
        # l’été, salarié·e, l´été
        return {"’": 2, "·": 1, "´": 0}.get(char, -2)
    if char in _OPENING:
        return -2 if before.isalnum() else 1
    if char in _CLOSING:
        return -2 if after.isalnum() else 1 if char != "’" else 0
    if char == "…":
        return -1 if after.isalpha() else 1 if before.isalnum() else 0
    if char == "€":
        return 0 if after.isalpha() else 2 if not before.isalpha() or before in "kKM" else 0
    if char in "°º²":
        return 2 if before.isdigit() or before in "nNm" else 0
    return 1 if char in "–—•" else 0


def _rate_letter(before: str, char: str, after: str) -> int:
    if char.isupper():
        if before.islower() or before.isdigit() or (before.isupper() and after.islower()):
            return -2
        before, char, after = before.lower(), char.lower(), after.lower()
    if after.isupper() or (before.isdigit() and (char != "è" or after.isdigit())):
        return -2
    if not (before.isalpha() or after.isalpha()):
        return 2 if char == "à" else 0
    place = _PLACES.get(char)
    if place and not place.fullmatch(before.lower() + after):
        return 0
    # No word begins with é and another vowel.
    return 2 if before.isalpha() or (char == "é" and after.lower() not in "aeiouy") else 1


_TELLING = 16
# UTF-32's mark begins with UTF-16's, so it is asked for first.
_MARKS = {
    codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF32_LE: "utf-32-le", codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be",
}  # fmt: skip
# Which of four bytes in turn are 0 in Western text without a mark.
_NUL_BYTES = {"x000": "utf-32-le", "000x": "utf-32-be", "x0x0": "utf-16-le", "0x0x": "utf-16-be"}
# Code page 858 is 850 with the euro sign; French letters are the same bytes in 437.
_EIGHT_BITS = {
    "cp1252": "Windows-1252", "cp858": "CP850 (MS-DOS)", "mac-roman": "Mac Roman", "latin-1": "ISO 8859-1",
    "iso-8859-15": "ISO 8859-15",
}  # fmt: skip
"""The candidates, the most usual first, with the names that people know them by."""
_READ_BY_MISTAKE = ("cp1252", "mac-roman", "cp850", "cp437", "latin-1")
"""As what programs read UTF-8 and write what they saw as UTF-8 again."""
_WINDOWS = {ord(char): byte for byte in range(0x80, 0xA0) if (char := bytes([byte]).decode("cp1252", "ignore"))}
"""The letters that Windows has where ISO 8859-1 has none. Bytes that it does not know are kept as ISO 8859-1's."""
_TWICE = (
    "Ã", "Â", "Å", "ï»¿", "â€", "â‚", "â\x80", "â\x82", "√", "¬", "≈", "‚", "├", "┬", "┼", "ÔÇ", "Ôé", "Γ", "\ufffd",
)  # fmt: skip
"""What the first bytes of UTF-8 letters then look like, and the sign for a letter that is lost."""
TWICE = "twice"
_MARGIN = 2
_USUAL = "éèàêçôîâûùïëœÉÈÀÇ€’«»°\u00a0"
"""In a text that was read as UTF-8 none of them comes about by chance."""
_LAST_OF_TWO_BYTES = "\u07ff"
_CONTROL = re.compile("[\x80-\x9f]")
"""What nobody writes: a text in which it stands was read once too often."""
_BETWEEN_WORDS = re.compile(r'[ \t\r\n;,|"]')
_LONGEST_HALF = 30


class Decoded(NamedTuple):
    """A file's text, without a mark. `assumed` names the encoding where it was not certain."""

    text: str
    assumed: str | None = None
    example: str = ""
    """A word of the text by which a person sees whether the assumption is right."""


def decode_text(data: bytes, name: str) -> Decoded:
    """Decode a file; a `SheetError` if it is no text, or is damaged."""
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return _read_marked(data[len(mark) :], encoding, name)
    wide = _find_wide_encoding(data[:4096])
    if wide:
        return _read_marked(data, wide, name)
    if b"\0" in data:
        _refuse_nul(data.decode("latin-1"), name)
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
        raise _make_damage_error(data, error, name) from None
    _refuse_nul(text, name)
    return _read_again(text)


def _find_wide_encoding(head: bytes) -> str | None:
    """Find UTF-16 or UTF-32 by NUL bytes: every second, or three of four, in Western text and hardly any other."""
    if len(head) < _TELLING:
        return None
    shares = [head[at::4].count(0) / len(head[at::4]) for at in range(4)]
    is_clear = all(share > 0.4 or share < 0.05 for share in shares)
    return _NUL_BYTES.get("".join("0" if share > 0.4 else "x" for share in shares)) if is_clear else None


def _refuse_nul(text: str, name: str) -> None:
    before, nul, _after = text.partition("\0")
    if nul:
        sentence = _(
            "{file} has NUL bytes (the first is in line {line}), so it is not a text file or is damaged: "
            "save it again from Excel."
        )
        raise make_error(name, sentence, line=_count_lines(before))


def _count_lines(text: str) -> int:
    return max(text.count("\n"), text.count("\r")) + 1


def _is_cut(data: bytes, error: UnicodeDecodeError) -> bool:
    """Tell whether what cannot be read is the beginning of a letter, and nothing follows it."""
    try:
        codecs.getincrementaldecoder(error.encoding)().decode(data[error.start :])
    except UnicodeDecodeError:
        return False
    return True


def _make_damage_error(data: bytes, error: UnicodeDecodeError, name: str) -> SheetError:
    line = _count_lines(data[: error.start].decode(error.encoding, "ignore"))
    if _is_cut(data, error):
        sentence = _(
            "{file} ends in the middle of a letter (line {line}), so its end is missing: copy or download it again."
        )
        return make_error(name, sentence, line=line)
    sentence = _(
        "{file} is {encoding} text, but line {line} has bytes that are no letter in {encoding}: "
        "correct the line and save the file again as “CSV UTF-8”, or as .xlsx."
    )
    return make_error(name, sentence, encoding="-".join(error.encoding.upper().split("-")[:2]), line=line)


def _read_again(text: str) -> Decoded:
    """Read a text once less if a program read its UTF-8 as something else and saved that as UTF-8.

    Where only parts of it are so, or letters were lost, it stays as it is and that is said.
    """
    text = text.removeprefix("\ufeff")
    if text.isascii() or not any(mark in text for mark in _TWICE):
        return Decoded(text)
    around = gather_letters(text)
    once = _undo(text, weigh(around))
    if once and once.text.isascii():
        return once
    if once:
        return Decoded(once.text, TWICE, once.example or _find_oddest_word(once.text))
    parts = dict.fromkeys(around.split("\n"))
    odd = next((part for part in parts if "\ufffd" in part or _undo(part, weigh(part))), None)
    return Decoded(text, "UTF-8", _find_word(text, odd)) if odd else Decoded(text)


def _undo(text: str, seen: Weight) -> Decoded | None:
    """Read the text once less, if that can be done and is no worse for it."""
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
    """Read letters of another encoding that happen to meet as UTF-8, in a text with few."""
    sample = gather_letters(data.decode("latin-1"))
    text = sample.encode("latin-1").decode("utf-8", "replace")
    if max(text) > _LAST_OF_TWO_BYTES or weigh(text).points >= 0:
        return None
    best, weight, _is_alone = _find_likeliest_encoding(sample)
    return _assume_encoding(data, best) if weight.is_plausible else None


def _read_eight_bits(data: bytes, error: UnicodeDecodeError, name: str) -> Decoded:
    """Read by the likeliest encoding of one byte a letter; a `SheetError` for what is likelier damaged UTF-8."""
    sample = gather_letters(data.decode("latin-1"))
    best, weight, is_alone = _find_likeliest_encoding(sample)
    is_cut = _is_cut(data, error)
    utf8 = weigh(sample.encode("latin-1").decode("utf-8", "ignore" if is_cut else "replace"))
    # The more bytes begin the letter that is cut, the less it is chance.
    if utf8.points + (3 * (error.end - error.start) - 2 if is_cut else 0) > weight.points:
        raise _make_damage_error(data, error, name)
    try:
        text = data.decode(best)
    except UnicodeDecodeError:
        # A byte that Windows does not know lies beyond what was weighed.
        return _assume_encoding(data, "latin-1")
    return Decoded(text) if is_alone and weight.is_plausible else _assume_encoding(data, best)


def _find_likeliest_encoding(sample: str) -> tuple[str, Weight, bool]:
    """Find the best of the encodings, how good it is, and whether no other comes near or all that do read alike."""
    readings = {encoding: sample.encode("latin-1").decode(encoding, "replace") for encoding in _EIGHT_BITS}
    weights = {encoding: weigh(text) for encoding, text in readings.items()}
    best = max(weights, key=lambda encoding: weights[encoding].points)
    least = weights[best].points - _MARGIN
    near = {readings[encoding] for encoding, weight in weights.items() if weight.points > least}
    return best, weights[best], len(near) == 1


def _assume_encoding(data: bytes, encoding: str) -> Decoded:
    text = data.decode(encoding)
    return Decoded(text, _EIGHT_BITS[encoding], _find_oddest_word(text))


def _find_oddest_word(text: str) -> str:
    return _find_word(text, weigh(gather_letters(text)).oddest)


def _find_word(text: str, odd: str) -> str:
    """Find the word in which what is odd stands; it may have neighbours that are none of it."""
    at = text.find(odd) + next(place for place, char in enumerate(odd) if not char.isascii())
    before, after = text[max(0, at - _LONGEST_HALF) : at], text[at : at + _LONGEST_HALF]
    return _BETWEEN_WORDS.split(before)[-1] + _BETWEEN_WORDS.split(after)[0]
