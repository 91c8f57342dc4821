"""Words below a table, such as a place, a date and a signature: what tells them from a movement that lacks something.

It is money, so every doubt goes to the movement. A row of words has nothing in a column of amounts or directions, and
no cell that is a number. Where no total says that the table has ended, it also stands apart from the table, below a row
that is blank, and its texts hold no digit but a date's, and no token. A text in the token column is such words only if
it has several of them, or a colon as in "Signature :", and is not close to any token.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from batch.frames import AMOUNT, TOKEN
from batch.model import Cell, Role, SheetRow
from batch.rules.amounts import read_amount
from batch.rules.cells import is_blank, visible
from batch.rules.periods import MONTHS
from batch.rules.tokens import KnownTokens
from batch.rules.vocabulary import fold, total_label

if TYPE_CHECKING:
    from pandas import DataFrame

LONGEST_NOTE = 1_000
"""Characters. A longer text is not looked at further, and is no note."""

_NO_NUMBERS = frozenset({"amount-not-a-number", "amount-missing", "amount-date"})
"""What is said of a cell that nobody takes for an amount."""
_BETWEEN = re.compile(r"[\s;|,]+")
_AROUND = "()[]«»“”\"'*.:"
_DIGIT = re.compile(r"\d")
_DATE_OR_TIME = re.compile(
    r"(?:3[01]|[12]\d|0?[1-9])(?:/(?:1[0-2]|0?[1-9])|([/.-])(?:1[0-2]|0?[1-9])\1(?:20)?\d\d)"
    r"|20\d\d-(?:1[0-2]|0[1-9])-(?:3[01]|[12]\d|0[1-9])|1er|1st|2nd|3rd|(?:2[0-3]|[01]?\d)(?:h|[h:][0-5]\d)",
    re.IGNORECASE,
)
_DAY = re.compile(r"3[01]|[12]\d|0?[1-9]")
_YEAR = re.compile(r"20\d\d")
_WORD = re.compile(r"[^\W\d_]{2,}")
_COLON = re.compile(r":(?!\S)")


class Words:
    """Tells words from movements, by where the sheet's columns are and which tokens there are."""

    def __init__(self, frame: DataFrame, roles: Mapping[Role, int], known: Collection[str]) -> None:
        self._token_at = roles.get(Role.TOKEN)
        self._others = [column for role, column in roles.items() if role is not Role.TOKEN]
        movements = frame[frame[AMOUNT].notna()]
        named = set(movements[TOKEN].dropna())
        self._movements = movements
        # Where a token of the sheet's movements has a space in it, a space tells nothing.
        self._has_spaced = any(" " in token and not total_label(token) for token in named)
        self._tokens = named.union(known)

    @cached_property
    def _letters(self) -> KnownTokens:
        """The tokens without their case and punctuation."""
        return KnownTokens({_letters(token) for token in self._tokens})

    def is_words(self, row: SheetRow) -> bool:
        """Whether there is nothing in the row that could be a movement, or a part of one."""
        texts = [cell for cell in row.cells if isinstance(cell, str) and not is_blank(cell)]
        return self._has_words_at_most(row) and not any(self._says_more(text) or total_label(text) for text in texts)

    def is_words_below_total(self, row: SheetRow) -> bool:
        """The same of a row that no movement can stand in, unless somebody wrote one below the total."""
        token = None if self._token_at is None else row.cells[self._token_at]
        is_silent = is_blank(token) or (isinstance(token, str) and not self._says_more(token))
        return is_silent and self._has_words_at_most(row)

    def has_words_alone(self, row: SheetRow) -> bool:
        """Whether a single cell of the row has words in it, which are no token."""
        texts = [cell for cell in row.cells if not is_blank(cell)]
        if len(texts) != 1 or not isinstance(texts[0], str) or any(not is_blank(row.cells[at]) for at in self._others):
            return False
        return not _is_number(texts[0]) and not self._is_near_token(texts[0])

    def stand_apart(self, row: SheetRow) -> bool:
        """Whether they stand right above a movement, in the token's column or one that movements leave blank."""
        column = next(at for at, cell in enumerate(row.cells) if not is_blank(cell))
        is_theirs = column == self._token_at or self._movements[column].map(is_blank).all()
        return row.number + 1 in self._movements.index and bool(is_theirs)

    def _has_words_at_most(self, row: SheetRow) -> bool:
        """Whether there is no amount, no direction, nothing like a token, and no number anywhere."""
        if any(not is_blank(row.cells[column]) for column in self._others) or any(map(_is_number, row.cells)):
            return False
        token = None if self._token_at is None else row.cells[self._token_at]
        return is_blank(token) or (isinstance(token, str) and not self._could_be_token(token))

    def _could_be_token(self, text: str) -> bool:
        """Whether it may be a token by looking, or is nearly one that there is."""
        words = sum(_WORD.fullmatch(piece) is not None for piece in _pieces(text))
        if len(text) > LONGEST_NOTE or self._has_spaced or (words < 2 and not _COLON.search(text)):
            return True
        return self._is_near_token(text)

    def _is_near_token(self, text: str) -> bool:
        letters = _letters(text)
        return letters in self._letters or self._letters.near(letters) is not None

    def _says_more(self, text: str) -> bool:
        """Whether a digit is in it that is no date's, or a token."""
        pieces = _pieces(text)
        return len(text) > LONGEST_NOTE or not self._tokens.isdisjoint(pieces) or _has_digit(pieces)


def _is_number(cell: Cell) -> bool:
    """Whether a cell is or reads as a number, whatever is wrong with it, or may be one once it is calculated."""
    if isinstance(cell, str):
        return read_amount(cell).broken not in _NO_NUMBERS
    return isinstance(cell, bool | Decimal)


def _letters(token: str) -> str:
    return fold(token).replace(" ", "")


def _pieces(text: str) -> list[str]:
    return [piece for piece in (piece.strip(_AROUND) for piece in _BETWEEN.split(visible(text))) if piece]


def _has_digit(pieces: Sequence[str]) -> bool:
    """Whether one of them has a digit, and is no date or time: neither whole, nor a day or a year by its month."""
    is_month = [False, *(fold(piece) in MONTHS for piece in pieces), False]
    for index, piece in enumerate(pieces):
        if _DIGIT.search(piece) and not (
            _DATE_OR_TIME.fullmatch(piece)
            or (is_month[index + 2] and _DAY.fullmatch(piece))
            or (is_month[index] and _YEAR.fullmatch(piece))
        ):
            return True
    return False
