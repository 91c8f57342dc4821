"""Text files with columns, the way the spreadsheet programs of each language read them without being asked.

A text that such a program might take for a formula gets an apostrophe before it, so that opening the file runs nothing.
Numbers need none: "-12,50" is a number, and stays one.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from io import TextIOWrapper
from typing import BinaryIO

from batch.language import Language, language

_FORMULA_LIKE = ("=", "+", "-", "@", "\t", "\n", "\r")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_SEPARATORS = {Language.ENGLISH: ",", Language.FRENCH: ";"}
_DECIMAL_SIGNS = {Language.ENGLISH: ".", Language.FRENCH: ","}


def is_formula_like(text: str) -> bool:
    """Whether a spreadsheet program might take the text for a formula once somebody opens, edits or exports it."""
    return text.startswith(_FORMULA_LIKE) or text.lstrip().startswith(_FORMULA_LIKE)


def harmless(text: str) -> str:
    """The text as no program runs it."""
    return f"'{text}" if is_formula_like(text) and not _NUMBER.fullmatch(text) else text


def decimal_text(number: Decimal, least: int = 0) -> str:
    """All digits of the number and at least so many decimals, with the language's decimal sign and nothing else.

    No zero more: "5.250" is five thousand in half of the programs that open such files.
    """
    whole, _, fraction = f"{number:f}".partition(".")
    fraction = fraction.rstrip("0").ljust(least, "0")
    return f"{whole}{_DECIMAL_SIGNS[language()]}{fraction}" if fraction else whole


def write_csv(file: BinaryIO, lines: Iterable[Sequence[str]]) -> None:
    """Write the lines in UTF-8 with a mark that Excel knows it by, and the language's separator."""
    text = TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
    csv.writer(text, delimiter=_SEPARATORS[language()], lineterminator="\r\n").writerows(lines)
    text.flush()
    text.detach()
