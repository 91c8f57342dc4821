"""Reading a token exactly as the provider knows it, and noticing what Excel does to tokens that look like numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from batch.findings import shown
from batch.model import Cell

EXCEL_DIGITS = 15
"""Excel keeps 15 digits of a number and replaces the rest by zeros."""
MAX_TOKEN = 255
"""A longer text is no token; it keeps the ledger and the workbook readable."""
MAX_COMPARED = 5000
"""Beyond as many sub-accounts no near miss is looked for: it would take more memory than the answer is worth."""
_COMPARED_LENGTHS = range(5, 65)
"""Shorter tokens are near to too many others, longer ones cost too much to compare."""

_SCIENTIFIC = re.compile(r"[0-9]+(?:[.,][0-9]+)?E\+[0-9]+", re.IGNORECASE)
_EXCEL_ERRORS = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#VALEUR!", "#NAME?", "#NOM?", "#DIV/0!", "#NULL!", "#NUL!", "#NUM!", "#NOMBRE!"}
)
# Blank on the screen, but letters or marks to Unicode's categories.
_BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u2800\u3164\uffa0") | {
    chr(selector) for selector in range(0xFE00, 0xFE10)
}
_NAMES = {"\t": "tab", "\n": "line break", "\r": "line break"}


@dataclass(frozen=True, slots=True)
class TokenReading:
    """A token, if one could be read, and the rules that its cell breaks."""

    token: str | None
    broken: tuple[tuple[str, Mapping[str, str]], ...] = field(default=())


class KnownTokens:
    """All tokens of an account, indexed so that any number of unknown ones can be looked up in turn."""

    def __init__(self, tokens: Collection[str]) -> None:
        self._tokens = frozenset(tokens)

    def __contains__(self, token: str) -> bool:
        return token in self._tokens

    def with_zeros(self, token: str) -> list[str]:
        """The tokens that are this one with more leading zeros, the shortest first."""
        return [candidate for candidate in self._by_rest.get(token.lstrip("0"), ()) if len(candidate) > len(token)]

    def same_but_for_spaces(self, token: str) -> str | None:
        """A token that only spaces or capitals tell apart from this one."""
        return self._by_letters.get(_letters(token))

    def near(self, token: str) -> str | None:
        """The only token that one character, or two swapped ones, tell apart from this one; None if there are more."""
        if len(token) not in _COMPARED_LENGTHS:
            return None
        found = {self._by_shortened[key] for key in _shortened(token) if key in self._by_shortened}
        return found.pop() if len(found) == 1 else None

    @cached_property
    def _by_rest(self) -> Mapping[str, list[str]]:
        index: dict[str, list[str]] = {}
        for token in sorted(self._tokens, key=lambda token: (len(token), token)):
            if token.startswith("0"):
                index.setdefault(token.lstrip("0"), []).append(token)
        return index

    @cached_property
    def _by_letters(self) -> Mapping[str, str]:
        return {_letters(token): token for token in sorted(self._tokens, reverse=True)}

    @cached_property
    def _by_shortened(self) -> Mapping[str, str | None]:
        """Each token under itself and under itself without one character; None where several tokens meet."""
        index: dict[str, str | None] = {}
        for token in self._tokens if len(self._tokens) <= MAX_COMPARED else ():
            if len(token) in _COMPARED_LENGTHS:
                for key in set(_shortened(token)):
                    index[key] = None if key in index else token
        return index


def read_token(cell: Cell) -> TokenReading:
    """The token in a cell, without looking at the account."""
    if isinstance(cell, str):
        return _read_text(cell)
    if cell is None:
        return TokenReading(None, (("token-missing", {}),))
    if isinstance(cell, bool):
        return _not_text("TRUE" if cell else "FALSE")
    if isinstance(cell, datetime):
        return _not_text(f"the date {cell:%Y-%m-%d}")
    return _read_number(cell)


def against_account(token: str, known: KnownTokens) -> tuple[str, Mapping[str, str]] | None:
    """The rule that a token breaks by not being on the account; None if it is there."""
    if token in known:
        return None
    with_zeros = known.with_zeros(token)
    if with_zeros:
        candidates = " or ".join(f"“{shown(candidate)}”" for candidate in with_zeros[:3])
        return "token-zeros-lost", {"value": shown(token), "candidate": candidates}
    return "token-unknown", {"value": shown(token), "suggestion": _suggestion(token, known)}


def visible(text: str) -> str:
    """The text without invisible characters, and without white space around it; white space inside is one space."""
    if text.isprintable() and "  " not in text and _BLANK_LETTERS.isdisjoint(text):
        return text.strip(" ")
    kept = (" " if char.isspace() else char for char in text if char.isspace() or not _is_invisible(char))
    return " ".join("".join(kept).split())


def _is_invisible(char: str) -> bool:
    return char in _BLANK_LETTERS or unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp", "Co", "Cs"}


def _read_number(number: Decimal) -> TokenReading:
    if not number.is_finite() or number < 0 or number != number.to_integral_value():
        return _not_text(f"the number {shown(str(number))}")
    if number.adjusted() >= EXCEL_DIGITS:
        digits = f"{number:.0f}" if number.adjusted() < MAX_TOKEN else str(number)
        return TokenReading(None, (("token-digits-lost", {"value": shown(digits)}),))
    return TokenReading(str(int(number)))


def _read_text(text: str) -> TokenReading:
    if len(text) > MAX_TOKEN * 4:
        return _too_long(len(text))
    token = visible(text)
    if not token:
        return TokenReading(None, (("token-missing", {}),))
    if len(token) > MAX_TOKEN:
        return _too_long(len(token))
    if _SCIENTIFIC.fullmatch(token):
        return TokenReading(None, (("token-scientific", {"value": shown(token)}),))
    if token in _EXCEL_ERRORS:
        return _not_text(f"the error {token}")
    if token != text:
        return TokenReading(token, (("token-invisible", {"value": shown(token), "characters": _odd_characters(text)}),))
    return TokenReading(token)


def _odd_characters(text: str) -> str:
    """Names of the characters that `visible` takes away, for the reader who cannot see them."""
    if text.isascii() and text.isprintable():
        return "space"
    odd = {char for char in text if _is_invisible(char) or (char.isspace() and char != " ")}
    names = sorted({_NAMES.get(char) or unicodedata.name(char, f"U+{ord(char):04X}").lower() for char in odd})
    return ", ".join(names[:3]) or "space"


def _suggestion(token: str, known: KnownTokens) -> str:
    same = known.same_but_for_spaces(token)
    if same:
        return f" Did you mean “{shown(same)}”, which differs only by spaces or capitals?"
    near = known.near(token)
    return f" Did you mean “{shown(near)}”?" if near else ""


def _letters(token: str) -> str:
    return "".join(visible(token).split()).casefold()


def _shortened(token: str) -> Iterator[str]:
    yield token
    for index in range(len(token)):
        yield token[:index] + token[index + 1 :]


def _not_text(kind: str) -> TokenReading:
    return TokenReading(None, (("token-not-text", {"kind": kind}),))


def _too_long(length: int) -> TokenReading:
    return TokenReading(None, (("token-too-long", {"length": str(length), "limit": str(MAX_TOKEN)}),))
