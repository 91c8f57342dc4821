"""Reading a token exactly as the provider knows it, and noticing what Excel does to tokens that look like numbers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from batch.i18n import show_value
from batch.model import Cell
from batch.validation.cells import NOTHING, find_error_kind, is_invisible, quote_cell, strip_invisible

EXCEL_DIGITS = 15  # Excel keeps 15 digits of a number and replaces the rest by zeros
MAX_TOKEN = 255  # a longer text is no token; it keeps the ledger and the workbook readable
MAX_COMPARED = 5000  # sub-accounts; to look for a near miss among more would take too much memory
_COMPARED_LENGTHS = range(5, 65)  # shorter tokens are near to too many others, longer ones cost too much to compare

_SCIENTIFIC = re.compile(r"[0-9]+(?:[.,][0-9]+)?E\+[0-9]+|[0-9][.,][0-9]+E[0-9]+", re.IGNORECASE)
"""As Excel writes it, or with a decimal point; "12e45" may be a token."""
_WHOLE = re.compile(r"(0|[1-9][0-9]*)[.,]00?")
"""A whole number with decimals, as pandas writes a column of numbers with a blank; with three it would be thousands."""


Broken = tuple[str, Mapping[str, str]]  # a rule that a cell breaks, with its parameters


class TokenReading(NamedTuple):
    """A token, if one could be read, and the rules that its cell breaks."""

    token: str | None
    broken: tuple[Broken, ...] = ()


class KnownTokens:
    """All tokens of an account, indexed so that any number of unknown ones can be looked up in turn."""

    def __init__(self, tokens: Collection[str]) -> None:
        self._tokens = frozenset(tokens)

    def __contains__(self, token: str) -> bool:
        return token in self._tokens

    def list_zero_padded(self, token: str) -> list[str]:
        """List the tokens that are this one with more leading zeros, the shortest first."""
        return [candidate for candidate in self._by_rest.get(token.lstrip("0"), ()) if len(candidate) > len(token)]

    def find_same_letters(self, token: str) -> str | None:
        return self._by_letters.get(_fold_token(token))

    def find_near_miss(self, token: str) -> str | None:
        """Find the token that one character, or two swapped ones, tell apart from this; None if there are more."""
        if len(token) not in _COMPARED_LENGTHS:
            return None
        found = {self._by_shortened[key] for key in _shorten_token(token) if key in self._by_shortened}
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
        return {_fold_token(token): token for token in sorted(self._tokens, reverse=True)}

    @cached_property
    def _by_shortened(self) -> Mapping[str, str | None]:
        """Each token under itself and under itself without one character; None where several tokens meet."""
        index: dict[str, str | None] = {}
        for token in self._tokens if len(self._tokens) <= MAX_COMPARED else ():
            if len(token) in _COMPARED_LENGTHS:
                for key in set(_shorten_token(token)):
                    index[key] = None if key in index else token
        return index


def read_token(cell: Cell) -> TokenReading:
    """Read the token in a cell, without looking at the account."""
    if isinstance(cell, str):
        return _read_text(cell)
    if isinstance(cell, Decimal):
        return _read_number(cell)
    if cell is None:
        return _refuse("token-missing")
    return _refuse(f"token-{find_error_kind(cell)}", quote_cell(cell))


def check_token(token: str, known: KnownTokens) -> Broken | None:
    """Find the rule that a token breaks by not being on the account; None if it is there."""
    if token in known:
        return None
    if with_zeros := known.list_zero_padded(token):
        return "token-zeros-lost", {"value": show_value(token), "candidate": show_value(with_zeros[0])}
    params = {"value": show_value(token)}
    if same := known.find_same_letters(token):
        params |= {"as": "same", "near": show_value(same)}
    elif near := known.find_near_miss(token):
        params |= {"as": "near", "near": show_value(near)}
    return "token-unknown", params


def _read_number(number: Decimal) -> TokenReading:
    if not number.is_finite() or number < 0 or number != number.to_integral_value():
        return _refuse("token-not-text", quote_cell(number))
    if number.adjusted() >= EXCEL_DIGITS:
        digits = f"{number:.0f}" if number.adjusted() < MAX_TOKEN else str(number)
        return _refuse("token-digits-lost", {"value": show_value(digits)})
    return TokenReading(str(int(number)))


def _read_text(text: str) -> TokenReading:
    # Of a text that is far too long, what is invisible in it is not looked for.
    token = strip_invisible(text) if len(text) <= MAX_TOKEN * 4 else text
    if not token:
        return _refuse("token-missing")
    if len(token) > MAX_TOKEN:
        return _refuse("token-too-long", {"length": str(len(token)), "limit": str(MAX_TOKEN)})
    if _SCIENTIFIC.fullmatch(token):
        return _refuse("token-scientific", {"value": show_value(token)})
    if kind := find_error_kind(token):
        return _refuse(f"token-{kind}", quote_cell(token))
    broken: tuple[Broken, ...] = ()
    if token != text:
        broken = (("token-invisible", {"value": show_value(token), "characters": _list_odd_characters(text)}),)
    whole = _WHOLE.fullmatch(token)
    if whole is None:
        return TokenReading(token, broken)
    if len(whole[1]) > EXCEL_DIGITS:
        return _refuse("token-digits-lost", {"value": show_value(token)})
    return TokenReading(whole[1], (*broken, ("token-with-decimals", {"value": whole[1], "written": show_value(token)})))


def _list_odd_characters(text: str) -> str:
    """Name the code points that are invisible, for the reader who cannot see them."""
    if text.isascii() and text.isprintable():
        return "U+0020"
    odd = {char for char in text if is_invisible(char) or (char.isspace() and char != " ")}
    return ",".join([f"U+{ord(char):04X}" for char in sorted(odd)][:3]) or "U+0020"


def _fold_token(token: str) -> str:
    return "".join(strip_invisible(token).split()).casefold()


def _shorten_token(token: str) -> Iterator[str]:
    yield token
    for index in range(len(token)):
        yield token[:index] + token[index + 1 :]


def _refuse(code: str, params: Mapping[str, str] = NOTHING) -> TokenReading:
    return TokenReading(None, ((code, params),))
