"""Reading an amount as its writer meant it, or saying why it cannot be read. Never a guess: it is money.

Of point and comma the last one separates the decimals. A lone one with exactly three digits behind it may be thousands,
and a space or an apostrophe with one or two may be decimals: such a text is two amounts, and the reader is told both.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from batch.model import Cell
from batch.money import EXCEL_PRECISION, THOUSANDTH, ZERO, count_decimals, encode_amount
from batch.validation.cells import NOTHING, find_error_kind, format_cell, quote_cell, strip_invisible
from batch.validation.vocabulary import MINUS_SIGNS, PLUS_SIGNS

MAX_TEXT = 64  # a longer text is not an amount; it is not looked at further

_USUAL = re.compile(r"([0-9]{1,9})(?:[.,]([0-9]{1,2}))?")
# A line break is not among them: it parts two numbers rather than two groups of digits.
_SPACES = re.compile(r"[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_CURRENCY = re.compile(r"^(?:eur|euros?)(?![a-z])|(?<![a-z])(?:eur|euros?)$", re.IGNORECASE)
_ALIKE = str.maketrans("’‘ʼ`´＇，．\u00a0\u2009\u202f", "'''''',.   ") | str.maketrans(
    {"€": "eur"} | dict.fromkeys(MINUS_SIGNS, "-") | dict.fromkeys(PLUS_SIGNS, "+")
)
_GROUPED = re.compile(r"\d{1,3}(?:[ ']\d{3})+")
_CUT = re.compile(r"([0-9]{1,3}(?:[ ']?[0-9]{3})*)[ ']([0-9]{1,2})")
_NOT_TO_DROP = "\u00ad\u202e"  # a soft hyphen may have been a minus; what follows the other is back to front
_LARGEST = Decimal("999999999.999")  # euros. A million rows of it still add up within a 64-bit number of thousandths.
_FARTHEST = 400  # powers of ten; no number that a workbook can store is beyond


class AmountReading(NamedTuple):
    """An amount (0 or more) with the sign that was written before it ("+", "-" or ""), or the rule it breaks."""

    amount: Decimal | None = None
    sign: str = ""
    broken: str | None = None
    params: Mapping[str, str] = NOTHING


def read_amount(cell: Cell) -> AmountReading:
    """Read the amount in a cell: a number as it is (as Excel shows it), a text by the rules above."""
    if isinstance(cell, str):
        return _read_text(cell)
    if isinstance(cell, Decimal):
        return _read_number(cell)
    if cell is None:
        return AmountReading(broken="amount-missing")
    return _refuse(f"amount-{find_error_kind(cell)}", cell)


def _read_number(cell: Decimal) -> AmountReading:
    if not cell.is_finite() or abs(cell.adjusted()) > _FARTHEST:
        return _refuse("amount-not-a-number", cell)
    # As Excel compares: the first 15 significant digits.
    return _check_number(EXCEL_PRECISION.abs(cell), "-" if cell < 0 else "", cell)


@lru_cache(maxsize=1 << 14)
def _read_text(text: str) -> AmountReading:
    usual = _USUAL.fullmatch(text)
    if usual:
        return _check_number(Decimal(f"{usual[1]}.{usual[2] or 0}"), "", text)
    plain = _normalize_text(text) if len(text) <= MAX_TEXT else ""
    if not plain:
        return _refuse("amount-not-a-number", text) if strip_invisible(text) else AmountReading(broken="amount-missing")
    if kind := find_error_kind(text):
        return _refuse(f"amount-{kind}", text)
    sign, digits = _split_sign(plain)
    grouped, separators = _strip_groups(digits)
    if not re.fullmatch(r"[\d.,]*\d", grouped):
        return _find_fault(text, grouped)
    if separators == "" or len(set(separators)) == 2:
        number = _parse_decimal(grouped, separators)
    elif len(separators) > 1:
        number = Decimal(grouped.replace(separators[0], "")) if _is_grouped(grouped, separators[0]) else None
    else:
        whole, fraction = grouped.split(separators)
        if grouped == digits and _may_be_group(whole, fraction):
            return _report_ambiguous(text, whole, fraction)
        number = Decimal(f"{whole or 0}.{fraction}")
    return _refuse("amount-not-a-number", text) if number is None else _check_number(number, sign, text)


def _find_fault(text: str, grouped: str) -> AmountReading:
    """Find what a text breaks that has more in it than digits, points and commas."""
    if re.fullmatch(r"[\d.,]*\d ?%", grouped):
        return _refuse("amount-percentage", text)
    cut = _CUT.fullmatch(grouped)
    if cut is None:
        return _refuse("amount-not-a-number", text)
    whole, fraction = re.sub("[ ']", "", cut[1]), cut[2]
    return _report_ambiguous(text, whole, fraction) if int(whole + fraction) else AmountReading(broken="amount-zero")


def _may_be_group(whole: str, fraction: str) -> bool:
    """Tell whether three digits behind the only separator could be thousands; nobody writes 0,125 for 125."""
    return len(fraction) == 3 and 1 <= len(whole) <= 3 and whole != "0" and int(whole + fraction) != 0


def _normalize_text(text: str) -> str:
    """Write a text with ASCII digits, signs and single spaces, without the euro sign and invisible characters."""
    text = text.translate(_ALIKE)
    if not text.isascii():
        text = "".join(map(_normalize_char, text))
    plain = _SPACES.sub(" ", text).strip()
    # Excel's own mark for "this is a text" stands in front where somebody typed it into a text.
    return _CURRENCY.sub("", plain.removeprefix("'")).strip()


def _normalize_char(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.decimal(char))
    return "" if category == "Cf" and char not in _NOT_TO_DROP else char


def _split_sign(text: str) -> tuple[str, str]:
    """Split off the sign; brackets and a sign behind the number (SAP's way) are signs as well."""
    if text.startswith("(") and text.endswith(")"):
        return "-", _CURRENCY.sub("", text[1:-1].strip()).strip()
    if text[:1] in {"+", "-"}:
        return text[0], _CURRENCY.sub("", text[1:].strip()).strip()
    if text[-1:] in {"+", "-"}:
        return text[-1], _CURRENCY.sub("", text[:-1].strip()).strip()
    return "", text


def _strip_groups(digits: str) -> tuple[str, str]:
    """Take out well-formed groups by spaces or apostrophes, and list the points and commas that are left, in order."""
    whole = re.split(r"[.,]", digits, maxsplit=1)[0]
    if _GROUPED.fullmatch(whole) and not (" " in whole and "'" in whole):
        digits = re.sub(r"[ ']", "", whole) + digits[len(whole) :]
    return digits, "".join(char for char in digits if char in ".,")


def _parse_decimal(grouped: str, separators: str) -> Decimal | None:
    if not separators:
        return Decimal(grouped)
    group, decimal = separators[0], separators[-1]
    if group == decimal or separators.count(decimal) != 1:
        return None
    whole, fraction = grouped.split(decimal)
    return Decimal(f"{whole.replace(group, '')}.{fraction}") if _is_grouped(whole, group) else None


def _is_grouped(whole: str, group: str) -> bool:
    return re.fullmatch(rf"[1-9]\d{{0,2}}(?:{re.escape(group)}\d{{3}})+", whole) is not None


def _report_ambiguous(text: str, whole: str, fraction: str) -> AmountReading:
    small, large = Decimal(f"{whole}.{fraction}"), Decimal(whole + fraction)
    params = {
        "value": format_cell(text),
        "first": f"{small}",
        "second": f"{large}",
        # Two decimals can only be decimals; where three are needed, a fourth makes them so.
        "first_as": encode_amount(small) if count_decimals(small) < 3 else f"{small:.4f}",
        "second_as": encode_amount(large),
    }
    return AmountReading(broken="amount-ambiguous", params=params)


def _check_number(number: Decimal, sign: str, cell: Cell) -> AmountReading:
    if number == ZERO:
        return AmountReading(broken="amount-zero")
    if number > _LARGEST:
        return _refuse("amount-too-large", cell)
    if number % THOUSANDTH:
        return _refuse("amount-decimals", cell)
    return AmountReading(number, sign)


def _refuse(broken: str, cell: Cell) -> AmountReading:
    return AmountReading(broken=broken, params=quote_cell(cell))
