"""Reading a token exactly as the provider knows it, and noticing what Excel does to tokens that look like numbers."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from batch.model import Cell

EXCEL_DIGITS = 15
"""Excel keeps 15 digits of a number and replaces the rest by zeros."""
MAX_TOKEN = 255
"""A longer text is no token; it keeps the ledger and the workbook readable."""
MAX_COMPARED = 5000
"""Beyond as many sub-accounts no near miss is looked for: it would take longer than the answer is worth."""

_SCIENTIFIC = re.compile(r"\d+(?:[.,]\d+)?E\+\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TokenReading:
    """A token, if one could be read, and the rules that its cell breaks."""

    token: str | None
    broken: tuple[tuple[str, Mapping[str, str]], ...] = field(default=())


def read_token(cell: Cell) -> TokenReading:
    """The token in a cell, without looking at the account."""
    if cell is None:
        return TokenReading(None, (("token-missing", {}),))
    if isinstance(cell, bool):
        return _not_text("TRUE or FALSE")
    if isinstance(cell, datetime):
        return _not_text(f"the date {cell:%Y-%m-%d}")
    if isinstance(cell, Decimal):
        return _read_number(cell)
    return _read_text(cell)


def against_account(token: str, known: Collection[str]) -> tuple[str, Mapping[str, str]] | None:
    """The rule that a token breaks by not being on the account, whose tokens are all given; None if it is there."""
    if token in known:
        return None
    for candidate in known:
        if candidate.startswith("0") and candidate.lstrip("0") == token.lstrip("0") and len(candidate) > len(token):
            return "token-zeros-lost", {"value": _shown(token), "candidate": candidate}
    return "token-unknown", {"value": _shown(token), "suggestion": _suggestion(token, known)}


def visible(text: str) -> str:
    """The text without invisible characters, and without white space around it; white space inside is one space."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip(" ")
    kept = (" " if char.isspace() else char for char in text if char.isspace() or not _is_invisible(char))
    return " ".join("".join(kept).split())


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp", "Co", "Cs"}


def _read_number(number: Decimal) -> TokenReading:
    if not number.is_finite() or number != number.to_integral_value() or number < 0:
        return _not_text(f"the number {number}")
    digits = f"{number:f}".split(".")[0] if number.adjusted() < MAX_TOKEN else str(number)
    if len(digits) > EXCEL_DIGITS:
        return TokenReading(None, (("token-digits-lost", {"value": _shown(digits)}),))
    return TokenReading(digits)


def _read_text(text: str) -> TokenReading:
    if len(text) > MAX_TOKEN * 4:
        return _too_long(len(text))
    token = visible(text)
    if not token:
        return TokenReading(None, (("token-missing", {}),))
    if len(token) > MAX_TOKEN:
        return _too_long(len(token))
    if _SCIENTIFIC.fullmatch(token):
        return TokenReading(None, (("token-scientific", {"value": _shown(token)}),))
    if token != text:
        return TokenReading(token, (("token-invisible", {"value": token, "characters": _odd_characters(text)}),))
    return TokenReading(token)


def _odd_characters(text: str) -> str:
    """Names of the characters that `visible` takes away, for the reader who cannot see them."""
    odd = {char for char in text if _is_invisible(char) or (char.isspace() and char != " ")}
    names = sorted(unicodedata.name(char, f"U+{ord(char):04X}").lower() for char in odd)
    return ", ".join(names[:3]) or "space"


def _suggestion(token: str, known: Collection[str]) -> str:
    squeezed = "".join(token.split()).casefold()
    for candidate in known:
        if "".join(candidate.split()).casefold() == squeezed:
            return f" Did you mean {candidate}, which differs only by spaces or capitals?"
    close = difflib.get_close_matches(token, known, n=1, cutoff=0.85) if len(known) <= MAX_COMPARED else []
    return f" Did you mean {close[0]}?" if close else ""


def _not_text(kind: str) -> TokenReading:
    return TokenReading(None, (("token-not-text", {"kind": kind}),))


def _too_long(length: int) -> TokenReading:
    return TokenReading(None, (("token-too-long", {"length": str(length), "limit": str(MAX_TOKEN)}),))


def _shown(token: str) -> str:
    return token if len(token) <= 60 else token[:59] + "…"
