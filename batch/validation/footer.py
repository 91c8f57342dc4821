"""Rows that are no movement, by their words: totals of everything or of a group, counts, page footers, notes.

A sub-account's token or a client may begin with such a word ("total-energies"), so beside it only words that we know
may stand: months, years, numbers in brackets, what is counted. Only a subtotal may name its group.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from batch.frames import AMOUNT, TOKEN
from batch.model import Cell, ColumnRole, Roles, SheetRow
from batch.validation.amounts import read_amount
from batch.validation.cells import is_blank, strip_invisible
from batch.validation.tokens import KnownTokens
from batch.validation.vocabulary import (
    COUNTED,
    LONGEST_LABEL,
    MONTHS,
    fold,
    list_words,
    parse_total_label,
    strip_period,
)

if TYPE_CHECKING:
    from pandas import DataFrame


class LabelKind(StrEnum):
    TOTAL = "total"
    SUBTOTAL = "subtotal"
    CARRIED = "carried"  # what is carried to the next page, or brought from the one before
    COUNT = "count"
    FOOTER = "footer"  # the number of the page, or when and by what it was printed


_FOOTER = re.compile(
    r"(?:pages?|p)(?: n)? \d+(?: (?:sur|of|de|\d+))*"
    r"|(?:edite|imprime|genere|exporte|extrait|cree|tire|printed|generated|exported|created|produced)e?s?"
    r" (?:(?:le|par|on|by|at)(?: .*)?|automatiquement|automatically|\d.*)"
    r"|(?:edition|impression) du \d.*"
    r"|(?:date d (?:edition|impression|export|extraction)|(?:print|export) date)(?: .*)?"
    r"|(?:fin|end)(?: (?:de|du|d|la|l|of|the))* (?:fichier|liste|etat|rapport|releve|tableau|file|list|report|table)"
)
_SUBTOTAL = re.compile(
    r"(?:sous tota(?:l|ux)|soustotal|sub totals?|subtotals?|s total)(?: .*)?"
    r"|.+ (?:sous total|soustotal|sub total|subtotal)"
    r"|(?:total|totaux) (?:partiels?|partiaux|intermediaires?|(?:de (?:la )?)?page)|(?:partial|page) totals?"
)
_CARRIED = re.compile(
    r"\b(?:report a nouveau|a reporter|reports?|reportee?s?|(?:carried|brought|carry|bring) (?:forward|fwd|over)"
    r"|[bc] f(?:wd)?|a nouveaux?)(?!\S)"
)
_BESIDE_CARRIED = list_words("""amount balance de des du from general la le montant next of page precedent precedente
    previous solde somme sous suivante sum the to total totaux""")
_ROWS = rf"(?:(?:sous|sub) )?(?:{'|'.join(sorted(COUNTED))})"
_COUNT = re.compile(
    rf"(?:nombre|nbre|nbr|nb|(?:row |line |total )?count)(?: total)?"
    rf"|(?:nombre|nbre|nbr|nb|no|number|total number|count)(?: (?:total|de|d|des|of|the))* {_ROWS}(?: \d+)?"
    rf"|\d+ {_ROWS}|1 (?:ligne|row|mouvement|movement)"
)
_COUNT_BEHIND_COLON = re.compile(r"\s*[:=]\s*\d*\s*$")


def find_label_kind(text: str) -> LabelKind | None:
    """Find what a text says that its row is; None for any other text, such as a token or a name."""
    if len(text) > LONGEST_LABEL:
        return None
    folded = fold(text)
    if _FOOTER.fullmatch(folded):
        return LabelKind.FOOTER
    if _is_carried(folded):
        return LabelKind.CARRIED
    if _SUBTOTAL.fullmatch(folded):
        return LabelKind.SUBTOTAL
    if _is_count(text):
        return LabelKind.COUNT
    return LabelKind.TOTAL if parse_total_label(text, strict=True) else None


def _is_carried(folded: str) -> bool:
    if not _CARRIED.search(folded):
        return False
    rest = strip_period(_CARRIED.sub(" ", folded)).split()
    return all(word in _BESIDE_CARRIED or (word.isdecimal() and "page" in rest) for word in rest)


def _is_count(text: str) -> bool:
    """Tell whether a text counts rows. Behind a colon a number is the count, behind a hyphen a part of a token."""
    label = fold(_COUNT_BEHIND_COLON.sub("", text))
    if _COUNT.fullmatch(strip_period(label)):
        return True
    return _COUNT_BEHIND_COLON.search(text) is not None and re.fullmatch(_ROWS, label) is not None


LONGEST_NOTE = 1_000  # characters. A longer text is not looked at further, and is no note.

_NO_NUMBERS = frozenset({"amount-not-a-number", "amount-missing", "amount-date"})
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

    def __init__(self, frame: DataFrame, roles: Roles, known: Collection[str]) -> None:
        self._token_at = roles.get(ColumnRole.TOKEN)
        self._others = [column for role, column in roles.items() if role is not ColumnRole.TOKEN]
        movements = frame[frame[AMOUNT].notna()]
        named = set(movements[TOKEN].dropna())
        self._movements = movements
        # Where a token of the sheet's movements has a space in it, a space tells nothing.
        self._has_spaced = any(" " in token and not parse_total_label(token) for token in named)
        self._tokens = named.union(known)

    @cached_property
    def _letters(self) -> KnownTokens:
        """The tokens without their case and punctuation."""
        return KnownTokens({_fold_token(token) for token in self._tokens})

    def is_words(self, row: SheetRow) -> bool:
        """Tell whether there is nothing in the row that could be a movement, or a part of one."""
        texts = [cell for cell in row.cells if isinstance(cell, str) and not is_blank(cell)]
        return self._has_words_at_most(row) and not any(
            self._may_say_more(text) or parse_total_label(text) for text in texts
        )

    def is_words_below_total(self, row: SheetRow) -> bool:
        """Tell the same of a row that no movement can stand in, unless somebody wrote one below the total."""
        token = None if self._token_at is None else row.cells[self._token_at]
        is_silent = is_blank(token) or (isinstance(token, str) and not self._may_say_more(token))
        return is_silent and self._has_words_at_most(row)

    def has_words_alone(self, row: SheetRow) -> bool:
        """Tell whether a single cell of the row has words in it, which are no token."""
        texts = [cell for cell in row.cells if not is_blank(cell)]
        if len(texts) != 1 or not isinstance(texts[0], str) or any(not is_blank(row.cells[at]) for at in self._others):
            return False
        return not _is_number(texts[0]) and not self._is_near_token(texts[0])

    def stand_apart(self, row: SheetRow) -> bool:
        """Tell whether they stand right above a movement, in the token's column or one that movements leave blank."""
        column = next(at for at, cell in enumerate(row.cells) if not is_blank(cell))
        is_theirs = column == self._token_at or self._movements[column].map(is_blank).all()
        return row.number + 1 in self._movements.index and bool(is_theirs)

    def _has_words_at_most(self, row: SheetRow) -> bool:
        """Tell whether there is no amount, no direction, nothing like a token, and no number anywhere."""
        if any(not is_blank(row.cells[column]) for column in self._others) or any(map(_is_number, row.cells)):
            return False
        token = None if self._token_at is None else row.cells[self._token_at]
        return is_blank(token) or (isinstance(token, str) and not self._may_be_token(token))

    def _may_be_token(self, text: str) -> bool:
        """Tell whether a text looks like a token, or is nearly one that there is."""
        words = sum(_WORD.fullmatch(piece) is not None for piece in _split_pieces(text))
        if len(text) > LONGEST_NOTE or self._has_spaced or (words < 2 and not _COLON.search(text)):
            return True
        return self._is_near_token(text)

    def _is_near_token(self, text: str) -> bool:
        letters = _fold_token(text)
        return letters in self._letters or self._letters.find_near_miss(letters) is not None

    def _may_say_more(self, text: str) -> bool:
        """Tell whether a token is in it, or a digit that is no date's."""
        pieces = _split_pieces(text)
        return len(text) > LONGEST_NOTE or not self._tokens.isdisjoint(pieces) or _has_digit(pieces)


def _is_number(cell: Cell) -> bool:
    """Tell whether a cell is or reads as a number, whatever is wrong with it, or may be one once it is calculated."""
    if isinstance(cell, str):
        return read_amount(cell).broken not in _NO_NUMBERS
    return isinstance(cell, bool | Decimal)


def _fold_token(token: str) -> str:
    return fold(token).replace(" ", "")


def _split_pieces(text: str) -> list[str]:
    return [piece for piece in (piece.strip(_AROUND) for piece in _BETWEEN.split(strip_invisible(text))) if piece]


def _has_digit(pieces: Sequence[str]) -> bool:
    """Tell whether one has a digit and is no date or time: neither whole, nor a day or a year by its month."""
    is_month = [False, *(fold(piece) in MONTHS for piece in pieces), False]
    for index, piece in enumerate(pieces):
        if _DIGIT.search(piece) and not (
            _DATE_OR_TIME.fullmatch(piece)
            or (is_month[index + 2] and _DAY.fullmatch(piece))
            or (is_month[index] and _YEAR.fullmatch(piece))
        ):
            return True
    return False
