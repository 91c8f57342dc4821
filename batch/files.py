"""Write files whole or not at all, and text as spreadsheets take it: in cells, and in text files."""

from __future__ import annotations

import csv
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO

from batch.errors import ReportError, SheetError, explain_os_error
from batch.i18n import Language, _, get_language

_FORMULA_LIKE = ("=", "+", "-", "@", "\t", "\n", "\r")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_SEPARATORS = {Language.ENGLISH: ",", Language.FRENCH: ";"}
_DECIMAL_SIGNS = {Language.ENGLISH: ".", Language.FRENCH: ","}


def is_formula_like(text: str) -> bool:
    """Tell whether a spreadsheet program might take the text for a formula, if only once somebody edits it."""
    return text.startswith(_FORMULA_LIKE) or text.lstrip().startswith(_FORMULA_LIKE)


def escape_formula(text: str) -> str:
    """Escape the text so that no program runs it."""
    return f"'{text}" if is_formula_like(text) and not _NUMBER.fullmatch(text) else text


def format_decimal(number: Decimal, least: int = 0) -> str:
    """Write all digits of the number, at least so many decimals, and the language's decimal sign.

    No zero more: "5.250" is five thousand in half of the programs that open such files.
    """
    whole, _, fraction = f"{number:f}".partition(".")
    fraction = fraction.rstrip("0").ljust(least, "0")
    return f"{whole}{_DECIMAL_SIGNS[get_language()]}{fraction}" if fraction else whole


def write_csv(file: BinaryIO, lines: Iterable[Sequence[str]]) -> None:
    """Write the lines in UTF-8 with a mark that Excel knows it by, and the language's separator."""
    text = TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
    csv.writer(text, delimiter=_SEPARATORS[get_language()], lineterminator="\r\n").writerows(lines)
    text.flush()
    text.detach()


Record = Callable[[Path], None]


@contextmanager
def open_whole_file(path: Path, record: Record | None = None) -> Iterator[BinaryIO]:
    """Open a file that takes its name, and replaces another, only once it is whole and on the disk; else it is removed.

    `record` is called with it just before. Missing folders are made; `ReportError` if it cannot be written.
    """
    temporary = path.parent / f".creditbatch-{secrets.token_hex(8)}.tmp"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if record is not None:
            record(temporary)
        _take_name(temporary, path)
    except OSError as error:
        sentence = _("{path} cannot be written: {why}; choose a folder that can be written to, with enough room.")
        raise ReportError(sentence.format(path=path, why=explain_os_error(error))) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _take_name(temporary: Path, path: Path) -> None:
    try:
        temporary.replace(path)
    except PermissionError as error:
        sentence = _("{path} cannot be replaced: close it if it is open in Excel, or choose another name.")
        raise ReportError(sentence.format(path=path)) from error


def read_file(path: Path) -> bytes:
    """Read the file; `SheetError` if it cannot be read any more."""
    try:
        return path.read_bytes()
    except OSError as error:
        sentence = _("{file} cannot be read: {why}.")
        raise SheetError(sentence.format(file=path, why=explain_os_error(error))) from error


_OF_OTHERS = 0o077
"""What a mode lets others than the owner do."""


def is_open_to_others(path: Path) -> bool:
    """Tell whether others than the owner may do anything with it; never where there are no modes."""
    try:
        return os.name == "posix" and bool(path.stat().st_mode & _OF_OTHERS)
    except OSError:
        return False


def protect(path: Path) -> None:
    """Take from others what they may do with a file or folder, if it is there, and ours to close."""
    if is_open_to_others(path):
        with suppress(OSError):
            path.chmod(path.stat().st_mode & 0o700)


def make_private_file(path: Path, make: Callable[[], str]) -> None:
    """Make a file that only its owner may read, unless there is one. Two processes that come at once have the same.

    A folder that is missing is made for its owner alone.
    """
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(8)}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(make().rstrip("\n") + "\n")
            file.flush()
            os.fsync(file.fileno())
        # Neither replaces what is there: a link to a name that is taken fails, and so does Windows's rename.
        with suppress(FileExistsError):
            (os.link if os.name == "posix" else os.rename)(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


CELL_LIMIT = 32_767
"""What Excel lets a cell hold, counted in UTF-16 units."""
REPLACED = "\N{REPLACEMENT CHARACTER}"
CUT = "…"

# Excel, LibreOffice and calamine read `_x0041_` inside a text as "A", so an underscore that would begin one is escaped.
_ESCAPE_LIKE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LINE_END = re.compile(r"\r\n?")


def fit_cell(text: str) -> str:
    """Fit a text to a cell: what cannot be written becomes a visible mark, and what is too long is cut."""
    text = mark_unwritable(text)
    if "_x" in text:
        text = _ESCAPE_LIKE.sub("_x005F_", text)
    return text if len(text) <= CELL_LIMIT // 2 else _cut_text(text)


def mark_unwritable(text: str) -> str:
    """Mark what no file of ours can hold, and make all line ends alike."""
    if text.isascii() and text.isprintable():
        return text
    return _UNWRITABLE.sub(REPLACED, _LINE_END.sub("\n", text))


def fit_line(text: str, limit: int) -> str:
    """Put a text on one line, no longer than the limit, for a page header or a property of the file."""
    line = " ".join(_UNWRITABLE.sub(REPLACED, text).split())
    return line if len(line) <= limit else line[: limit - 1] + CUT


def _cut_text(text: str) -> str:
    units = text.encode("utf-16-le")
    if len(units) <= CELL_LIMIT * 2:
        return text
    # A pair of units that stands for one character must not be cut in the middle: what is left of it is dropped.
    return units[: (CELL_LIMIT - 1) * 2].decode("utf-16-le", errors="ignore") + CUT
