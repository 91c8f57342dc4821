"""A sheet's file, how much reading it may take, and the sentences for what cannot be read. Sheets are untrusted."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from batch.errors import SheetError
from batch.i18n import N_, _, format_number, ngettext, pgettext
from batch.model import Source

MEBIBYTE, MEGABYTE = 2**20, 10**6
_CELLS_IN_A_ROW = 5


@dataclass(frozen=True, slots=True)
class Limits:
    """The defaults let a million rows of a text file through, and hold what is hostile to 512 MiB and 8 seconds."""

    file_size: int = 25 * MEGABYTE
    unpacked: int = 300 * MEGABYTE
    parts: int = 10_000
    rows: int = 1_000_000
    """What is said of a row takes far more memory than its cells, so rows are bounded apart from cells."""
    columns: int = 1_000
    cells: int = _CELLS_IN_A_ROW * 1_000_000
    cell_text: int = 32_767
    """Characters of one cell of a text file; Excel holds no more."""
    answer: int = 192 * MEBIBYTE
    seconds: float = 8
    """Processor time, from the child's start until the grid is complete; a busy machine may take four times as long."""
    memory_mib: int = 400
    """What reading a workbook takes in both processes together, beyond what the caller held before."""

    @classmethod
    def from_settings(cls, *, file_mb: int, unpacked_mb: int, rows: int) -> Limits:
        """Make the limits that the settings choose. Larger files are given more time and memory in proportion."""
        usual = cls()
        factor = max(1, file_mb * MEGABYTE / usual.file_size, unpacked_mb * MEGABYTE / usual.unpacked)
        return cls(
            file_size=file_mb * MEGABYTE,
            unpacked=unpacked_mb * MEGABYTE,
            rows=rows,
            cells=max(usual.cells, rows * _CELLS_IN_A_ROW),
            answer=int(usual.answer * factor),
            seconds=usual.seconds * factor,
            memory_mib=int(usual.memory_mib * factor),
        )


LONGEST_NAME, _NAMES_SHOWN = 80, 10
_NEW = (".xlsx", ".xlsm", ".xltx", ".xltm")
_DAMAGED = (
    N_(
        "{file} could not be read (it is damaged, or uses something this program cannot read): "
        "open it in Excel or LibreOffice and save it again as .xlsx."
    ),
    N_(
        "{file} could not be read (it is damaged, or uses something this program cannot read): "
        "open it in Excel or LibreOffice and save it again."
    ),
)
_DIED = (
    N_(
        "{file} could not be read (it is damaged, or needs more than {memory} MiB of memory): "
        "open it in Excel or LibreOffice and save it again as .xlsx."
    ),
    N_(
        "{file} could not be read (it is damaged, or needs more than {memory} MiB of memory): "
        "open it in Excel or LibreOffice and save it again."
    ),
)


def quote_name(name: str) -> str:
    """Quote a file's or a sheet's name for a sentence: short, and harmless to a terminal."""
    clean = "".join(char if char.isprintable() else "?" for char in name)
    return _("“{name}”").format(name=clean if len(clean) <= LONGEST_NAME else clean[: LONGEST_NAME - 1] + "…")


def make_error(name: str, sentence: str, choices: Sequence[str] = (), **values: str | int) -> SheetError:
    """Make what says the sentence of a file. Numbers are written as its language does."""
    shown = {key: format_number(value) if isinstance(value, int) else value for key, value in values.items()}
    return SheetError(sentence.format(file=quote_name(name), **shown), tuple(choices))


def make_damage_error(name: str) -> SheetError:
    return make_error(name, _(_DAMAGED[name.lower().endswith(_NEW)]))


def make_crash_error(name: str, limits: Limits) -> SheetError:
    """Say that the child ended without an answer: a parser that aborts does so for memory or over nonsense."""
    return make_error(name, _(_DIED[name.lower().endswith(_NEW)]), memory=limits.memory_mib)


def make_password_error(name: str) -> SheetError:
    return make_error(name, _("{file} is protected by a password: save it again without one."))


def make_memory_error(name: str, limits: Limits) -> SheetError:
    sentence = _(
        "{file} needs more than {memory} MiB of memory to read: "
        "copy the rows that matter into a new workbook and save that."
    )
    return make_error(name, sentence, memory=limits.memory_mib)


def make_time_error(name: str, limits: Limits, sheets: Sequence[str] = ()) -> SheetError:
    sentence = _(
        "{file} could not be read within {seconds} seconds: "
        "copy the rows that matter into a new workbook and save that."
    )
    if len(sheets) > 1:
        sentence = _(
            "{file} could not be read within {seconds} seconds: choose one of its sheets with --sheet NAME ({sheets}), "
            "or copy the rows that matter into a new workbook and save that."
        )
    return make_error(name, sentence, sheets, seconds=f"{limits.seconds:g}", sheets=list_names(sheets))


def list_names(sheets: Sequence[str]) -> str:
    rest = len(sheets) - _NAMES_SHOWN
    listed = ", ".join(quote_name(sheet) for sheet in sheets[:_NAMES_SHOWN])
    if rest > 0:
        sentence = ngettext("{sheets} and {count} more", "{sheets} and {count} more", rest)
        return sentence.format(sheets=listed, count=format_number(rest))
    return listed or pgettext("sheets", "none")


WORKBOOK_SUFFIXES = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".xltx", ".xltm", ".xlt", ".ots")
TEXT_SUFFIXES = (".csv", ".tsv", ".txt")


@dataclass(frozen=True, slots=True)
class Original:
    """A file's bytes under its name; `suffix` is in lower case and one of those above."""

    name: str
    suffix: str
    data: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def make_source(self, sheet: str | None) -> Source:
        return Source(self.name, self.sha256, len(self.data), sheet)


def load_original(path: Path, limits: Limits) -> Original:
    """Load a file's bytes, or raise a `SheetError` for what can be told without looking into them."""
    # A name that is no text (its bytes are not UTF-8) must not break the report or the database later.
    name = path.name.encode("utf-8", "replace").decode("utf-8")
    try:
        status = path.stat()
        _check_status(path, name, status.st_mode, status.st_size, limits)
        with path.open("rb") as file:
            data = file.read(limits.file_size + 1)
    except FileNotFoundError:
        raise make_error(str(path), _("There is no file {file}: check the name and the folder.")) from None
    except PermissionError:
        raise make_error(name, _("{file} may not be read: ask for the right to read it, or copy it.")) from None
    except (OSError, ValueError):
        raise make_error(str(path), _("{file} cannot be opened: check the name and the disk.")) from None
    if not data:
        raise make_error(name, _("{file} is empty (0 bytes): save the sheet again."))
    _check_size(name, len(data), limits)
    return Original(name, path.suffix.lower(), data)


def _check_status(path: Path, name: str, mode: int, size: int, limits: Limits) -> None:
    if stat.S_ISDIR(mode):
        raise make_error(path.name or str(path), _("{file} is a folder: name the file in it."))
    if not stat.S_ISREG(mode):
        # Opening a pipe or a device could wait forever.
        raise make_error(path.name or str(path), _("{file} is not a file on a disk: name a sheet's file."))
    if path.suffix.lower() not in WORKBOOK_SUFFIXES + TEXT_SUFFIXES:
        known = ", ".join(WORKBOOK_SUFFIXES + TEXT_SUFFIXES)
        raise make_error(name, _("{file} is not named like a sheet: save it as one of {known}."), known=known)
    _check_size(name, size, limits)


def _check_size(name: str, size: int, limits: Limits) -> None:
    if size > limits.file_size:
        sentence = _(
            "{file} is {size} MB, more than the {limit} MB that a sheet may have: "
            "copy the rows that matter into a new file."
        )
        shown = format_number(Decimal(size) / MEGABYTE, 1)
        raise make_error(name, sentence, size=shown, limit=limits.file_size // MEGABYTE)
