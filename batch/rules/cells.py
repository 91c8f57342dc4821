"""What a cell holds before anything is read in it: what the eye sees of a text, and what is neither text nor number."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from batch.model import Cell
from batch.money import MAX_DIGITS, as_excel_compares
from batch.values import shown

NOTHING: Mapping[str, str] = {}
"""No parameters."""

_ERRORS = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#VALEUR!", "#NAME?", "#NOM?", "#DIV/0!", "#NULL!", "#NUL!", "#NUM!", "#NOMBRE!",
     "#SPILL!", "#CALC!", "#GETTING_DATA", "#FIELD!", "#BLOCKED!", "#CONNECT!", "#BUSY!", "#UNKNOWN!", "#N/D"}
)  # fmt: skip
"""As Excel and LibreOffice show them in English and French, of which some have a space before the last sign."""
_ERROR_NUMBER = re.compile(r"Err ?:\d{3}")
_FIRST_OF_ERRORS = frozenset("#E")
# Blank on the screen, but letters or marks to Unicode's categories.
_BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u2800\u3164\uffa0") | {
    chr(selector) for selector in range(0xFE00, 0xFE10)
}


def visible(text: str) -> str:
    """The text without invisible characters, and without white space around it; white space inside is one space."""
    if text.isprintable() and "  " not in text and _BLANK_LETTERS.isdisjoint(text):
        return text.strip(" ")
    kept = (" " if char.isspace() else char for char in text if char.isspace() or not is_invisible(char))
    return " ".join("".join(kept).split())


def is_invisible(char: str) -> bool:
    """Whether nobody sees that the character is there; white space is seen."""
    return char in _BLANK_LETTERS or unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp", "Co", "Cs"}


def is_blank(cell: Cell) -> bool:
    """Whether a person sees an empty cell."""
    return cell is None or (isinstance(cell, str) and not visible(cell))


def has_content(cells: Sequence[Cell]) -> bool:
    """Whether a person sees anything in the row."""
    return not all(map(is_blank, cells))


def oddity(cell: Cell) -> str | None:
    """What a cell holds that is neither a text nor a number: a date, a truth value, an error, an uncalculated formula.

    Errors and formulas without a saved result are read as the text that they are, "#N/A" or "=B2".
    """
    if isinstance(cell, str):
        first = cell[:1]
        return "formula" if first == "=" else "error" if first in _FIRST_OF_ERRORS and _is_error(cell) else None
    return "boolean" if isinstance(cell, bool) else "date" if isinstance(cell, datetime) else None


def _is_error(text: str) -> bool:
    return "".join(text.split()) in _ERRORS or _ERROR_NUMBER.fullmatch(visible(text)) is not None


def quoted(cell: Cell) -> Mapping[str, str]:
    """The cell as parameters of a finding: its value, and what kind of value it is where that changes how it looks."""
    kind = "boolean" if isinstance(cell, bool) else "date" if isinstance(cell, datetime) else None
    kind = kind or ("number" if isinstance(cell, Decimal) else None)
    return {"value": cell_shown(cell), "stored": kind} if kind else {"value": cell_shown(cell)}


def cell_shown(cell: Cell) -> str:
    """The cell for a message: on one line and short, whatever it holds."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d}"
    if isinstance(cell, Decimal) and cell.is_finite() and abs(cell.adjusted()) < MAX_DIGITS:
        return f"{as_excel_compares(cell).normalize():f}"
    return shown(str(cell).strip())
