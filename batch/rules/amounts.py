"""Reading an amount as its writer meant it, or saying why it cannot be read. Never a guess: it is money.

A text may group thousands with spaces, points, commas or apostrophes and may carry the euro sign. Where point and comma
both occur, the last one separates the decimals. Where only one occurs, once, with one to three digits before it and
exactly three behind it, the text is two amounts at the same time, and the reader is told both.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from batch.model import Cell
from batch.money import MAX_DIGITS, ZERO, amount_text, as_excel_compares, decimals
from batch.rules.vocabulary import MINUS_SIGNS, PLUS_SIGNS

MAX_TEXT = 64
"""A longer text is not an amount; it is not looked at further."""

_SPACES = re.compile(r"[\s\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
_CURRENCY = re.compile(r"^(?:€|eur|euros?)(?![a-z])|(?<![a-z])(?:€|eur|euros?)$", re.IGNORECASE)
_APOSTROPHES = str.maketrans("’ʼ`´", "''''")
_GROUPED = re.compile(r"\d{1,3}(?:[ ']\d{3})+")
_LATE_SIGN = re.compile(r"([+-])$")


@dataclass(frozen=True, slots=True)
class AmountReading:
    """An amount (0 or more) with the sign that was written before it ("+", "-" or ""), or the rule it breaks."""

    amount: Decimal | None = None
    sign: str = ""
    broken: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)


def read_amount(cell: Cell) -> AmountReading:
    """The amount in a cell: a number as it is (as Excel shows it), a text by the rules above."""
    if cell is None or (isinstance(cell, str) and not _SPACES.sub("", cell)):
        return AmountReading(broken="amount-missing")
    if isinstance(cell, bool):
        return _not_a_number("TRUE" if cell else "FALSE")
    if isinstance(cell, datetime):
        return _not_a_number(f"{cell:%Y-%m-%d} (a date)")
    if isinstance(cell, Decimal):
        return _checked(as_excel_compares(abs(cell)), "-" if cell < 0 else "", amount_shown(cell))
    return _read_text(cell)


def amount_shown(cell: Cell) -> str:
    """The cell for a message: short, whatever it holds."""
    text = str(cell)
    if isinstance(cell, Decimal) and cell.is_finite() and abs(cell.adjusted()) < MAX_DIGITS:
        text = f"{as_excel_compares(cell).normalize():f}"
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def _read_text(text: str) -> AmountReading:
    shown = amount_shown(text.strip())
    if len(text) > MAX_TEXT:
        return _not_a_number(shown)
    sign, digits = _split_sign(_plain(text))
    grouped, separators = _separators(digits)
    if not re.fullmatch(r"[\d.,]*\d", grouped):
        return _not_a_number(shown)
    if separators == "" or len(set(separators)) == 2:
        number = _with_last_as_decimal(grouped, separators)
    elif len(separators) > 1:
        number = _all_groups(grouped, separators[0])
    else:
        whole, fraction = grouped.split(separators)
        if len(fraction) == 3 and re.fullmatch(r"[1-9]\d{0,2}", whole) and grouped == digits:
            return _ambiguous(shown, whole, fraction)
        number = Decimal(f"{whole or 0}.{fraction}")
    return _not_a_number(shown) if number is None else _checked(number, sign, shown)


def _plain(text: str) -> str:
    """The text with ASCII digits, signs and single spaces, without the euro sign and invisible characters."""
    chars = []
    for char in text.translate(_APOSTROPHES):
        if char in MINUS_SIGNS:
            chars.append("-")
        elif char in PLUS_SIGNS:
            chars.append("+")
        elif not char.isascii() and unicodedata.category(char) == "Nd":
            chars.append(str(unicodedata.decimal(char)))
        elif unicodedata.category(char) != "Cf":
            chars.append(char)
    plain = _SPACES.sub(" ", "".join(chars)).strip()
    return _CURRENCY.sub("", plain).strip()


def _split_sign(text: str) -> tuple[str, str]:
    """The sign and what it stands before; brackets and a sign behind the number (SAP's way) are signs as well."""
    if text.startswith("(") and text.endswith(")"):
        return "-", _CURRENCY.sub("", text[1:-1].strip()).strip()
    if text[:1] in {"+", "-"} and text:
        return text[0], _CURRENCY.sub("", text[1:].strip()).strip()
    late = _LATE_SIGN.search(text)
    return (late.group(1), _CURRENCY.sub("", text[:-1].strip()).strip()) if late else ("", text)


def _separators(digits: str) -> tuple[str, str]:
    """The text without well-formed groups by spaces or apostrophes, and the points and commas in it, in order."""
    whole = re.split(r"[.,]", digits, maxsplit=1)[0]
    if _GROUPED.fullmatch(whole) and not (" " in whole and "'" in whole):
        digits = re.sub(r"[ ']", "", whole) + digits[len(whole) :]
    return digits, "".join(char for char in digits if char in ".,")


def _with_last_as_decimal(grouped: str, separators: str) -> Decimal | None:
    if not separators:
        return Decimal(grouped)
    group, decimal = separators[0], separators[-1]
    if group == decimal or separators.count(decimal) != 1:
        return None
    whole, fraction = grouped.split(decimal)
    return Decimal(f"{whole.replace(group, '')}.{fraction}") if _is_grouped(whole, group) else None


def _all_groups(grouped: str, group: str) -> Decimal | None:
    return Decimal(grouped.replace(group, "")) if _is_grouped(grouped, group) else None


def _is_grouped(whole: str, group: str) -> bool:
    return re.fullmatch(rf"[1-9]\d{{0,2}}(?:{re.escape(group)}\d{{3}})+", whole) is not None


def _ambiguous(shown: str, whole: str, fraction: str) -> AmountReading:
    small, large = Decimal(f"{whole}.{fraction}"), Decimal(whole + fraction)
    params = {
        "value": shown,
        "first": f"{whole}.{fraction}",
        "second": f"{large}",
        # Two decimals can only be decimals; where three are needed, a fourth makes them so.
        "first_as": amount_text(small) if decimals(small) < 3 else f"{small:.4f}",
        "second_as": amount_text(large),
    }
    return AmountReading(broken="amount-ambiguous", params=params)


def _checked(number: Decimal, sign: str, shown: str) -> AmountReading:
    if not number.is_finite():
        return _not_a_number(shown)
    if number == ZERO:
        return AmountReading(broken="amount-zero")
    if number.adjusted() >= MAX_DIGITS:
        return AmountReading(broken="amount-too-large", params={"value": shown})
    if decimals(number) > 3:
        return AmountReading(broken="amount-decimals", params={"value": shown})
    return AmountReading(number, sign)


def _not_a_number(shown: str) -> AmountReading:
    return AmountReading(broken="amount-not-a-number", params={"value": f"“{shown}”"})
