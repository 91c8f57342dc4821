"""The file as it lies on the disk: looked at from outside, then read once, so that what is hashed is what is parsed."""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path

from batch.errors import SheetError
from batch.sheet.complaints import shown
from batch.sheet.limits import Limits

WORKBOOK_SUFFIXES = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
TEXT_SUFFIXES = (".csv", ".tsv")


@dataclass(frozen=True, slots=True)
class Original:
    """A file's bytes under its name; `suffix` is in lower case and one of those above."""

    name: str
    suffix: str
    data: bytes

    @property
    def sha256(self) -> str:
        """The digest over the bytes, as `sha256sum` shows it."""
        return hashlib.sha256(self.data).hexdigest()


def load(path: Path, limits: Limits) -> Original:
    """The file's bytes, or a `SheetError` for what can be told without looking into them."""
    # A name that is no text (its bytes are not UTF-8) must not break the report or the database later.
    name = path.name.encode("utf-8", "replace").decode("utf-8")
    try:
        status = path.stat()
        _check_status(path, name, status.st_mode, status.st_size, limits)
        with path.open("rb") as file:
            data = file.read(limits.file_size + 1)
    except FileNotFoundError:
        raise SheetError(f"There is no file {shown(str(path))}: check the name and the folder.") from None
    except PermissionError:
        raise SheetError(f"{shown(name)} may not be read: ask for the right to read it, or copy it.") from None
    except (OSError, ValueError):
        raise SheetError(f"{shown(str(path))} cannot be opened: check the name and the disk.") from None
    if not data:
        raise SheetError(f"{shown(name)} is empty (0 bytes): save the sheet again.")
    if len(data) > limits.file_size:
        raise _too_large(name, len(data), limits)
    return Original(name, path.suffix.lower(), data)


def _check_status(path: Path, name: str, mode: int, size: int, limits: Limits) -> None:
    if stat.S_ISDIR(mode):
        raise SheetError(f"{shown(str(path))} is a folder: name the file in it.")
    if not stat.S_ISREG(mode):
        # Opening a pipe or a device could wait forever.
        raise SheetError(f"{shown(str(path))} is not a file on a disk: name a sheet's file.")
    if path.suffix.lower() not in WORKBOOK_SUFFIXES + TEXT_SUFFIXES:
        known = ", ".join(WORKBOOK_SUFFIXES + TEXT_SUFFIXES)
        raise SheetError(f"{shown(name)} is not named like a sheet: save it as one of {known}.")
    if size > limits.file_size:
        raise _too_large(name, size, limits)


def _too_large(name: str, size: int, limits: Limits) -> SheetError:
    return SheetError(
        f"{shown(name)} is {size / 1e6:,.1f} MB, more than the {limits.file_size / 1e6:g} MB that a sheet may have: "
        "copy the rows that matter into a new file."
    )
