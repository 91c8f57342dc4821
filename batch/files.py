"""Write files whole or not at all, and text files that spreadsheets open as they are meant."""

from __future__ import annotations

import csv
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO

from batch.errors import ReportError, system_words
from batch.i18n import Language, _, language

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


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its name only once it is complete and on the disk, and is removed if it does not get there.

    Missing folders are made. A file that is there already is replaced, but only by a whole one.
    """
    temporary = path.parent / f".creditbatch-{secrets.token_hex(8)}.tmp"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _take_name(temporary, path)
    except OSError as error:
        sentence = _("{path} cannot be written: {why}; choose a folder that can be written to, with enough room.")
        raise ReportError(sentence.format(path=path, why=system_words(error))) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _take_name(temporary: Path, path: Path) -> None:
    try:
        temporary.replace(path)
    except PermissionError as error:
        sentence = _("{path} cannot be replaced: close it if it is open in Excel, or choose another name.")
        raise ReportError(sentence.format(path=path)) from error
