"""How much a text looks like what people write in French sheets, by each character beyond ASCII and its neighbours."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice

_LONGEST = 2**16
"""Characters that are weighed; more prove nothing more."""
_BEYOND = re.compile("[^\x00-\x7f]+")
_FRENCH = frozenset("éèêëàâùûîïôçœÉÈÊËÀÂÙÛÎÏÔÇŒ")
_SPACES = frozenset("\u00a0\u202f\u2009")
_OPENING = frozenset("«“‘")
_CLOSING = frozenset("»”’")
_TEXT_MARKS = _OPENING | _CLOSING | frozenset("€°º…–—•·´²³½¼¾§£©®™±×÷µ¤ª\u00ad\ufeff")
_PLACES = {
    "à": re.compile(r"[ljç]\W"),
    "ù": re.compile(r"o\W"),
    "ë": re.compile("[aeiouyé](?s:.)"),
    "ï": re.compile("[aeouâ](?s:.)"),
    "ç": re.compile("(?s:.)[aouâôû]"),
    "œ": re.compile(r"(?s:.)\w"),
    **dict.fromkeys("èêâîôû", re.compile("(?s:.)[bcdfghjklmnpqrstvwxzç]")),
}
"""The letters that French has before and behind one with an accent, or the end of a word; there are few exceptions."""
_LAST_LATIN = "\u017f"


@dataclass(frozen=True, slots=True)
class Weight:
    """The points of a text, more than nothing for what people write; whether nothing in it is odd; what is oddest."""

    points: int
    is_plausible: bool
    oddest: str


def gather_letters(text: str) -> str:
    """The characters beyond ASCII at the beginning of a text, each run of them with its neighbours, in lines."""
    runs = islice(_BEYOND.finditer(text), _LONGEST // 2)
    return "\n".join([text[max(0, run.start() - 1) : run.end() + 1] for run in runs])[:_LONGEST]


def weigh(around: str) -> Weight:
    """How much what stands around letters looks like what people write."""
    places = Counter(zip("\n" + around, around, around[1:] + "\n", strict=False))
    worths = {place: _rate(*place) for place in places if not place[1].isascii()}
    if not worths:
        return Weight(0, is_plausible=True, oddest="")
    points = sum(worth * places[place] for place, worth in worths.items())
    count = sum(places[place] for place in worths)
    oddest = min(worths, key=lambda place: (worths[place], not place[1].isalpha()))
    return Weight(points, min(worths.values()) >= 0 and points >= count, "".join(oddest).strip("\n"))


def _rate(before: str, char: str, after: str) -> int:
    """Two for what is usual, one for what may be, less than nothing for what nobody writes."""
    if char in _SPACES:
        return 2 if before.isdigit() or before in _OPENING or after in "€%:;!?»)" else 1
    if char in _TEXT_MARKS:
        return _rate_mark(before, char, after)
    if not char.isalpha() or char > _LAST_LATIN:
        return -3 if char == "\ufffd" else -2
    worth = _rate_great(before, char, after) if char.isupper() else _rate_small(before, char, after)
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


def _rate_great(before: str, char: str, after: str) -> int:
    if before.islower() or before.isdigit() or (before.isupper() and after.islower()):
        return -2
    return _rate_small(before.lower(), char.lower(), after.lower())


def _rate_small(before: str, char: str, after: str) -> int:
    if after.isupper() or (before.isdigit() and (char != "è" or after.isdigit())):
        return -2
    if not (before.isalpha() or after.isalpha()):
        return 2 if char == "à" else 0
    place = _PLACES.get(char)
    if place and not place.fullmatch(before.lower() + after):
        return 0
    # No word begins with é and another vowel.
    return 2 if before.isalpha() or (char == "é" and after.lower() not in "aeiouy") else 1
