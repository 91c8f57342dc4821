"""The file as it lies on the disk: looked at from outside, then read once, so that what is hashed is what is parsed."""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from batch.errors import SheetError
from batch.language import _, number
from batch.sheet.complaints import shown
from batch.sheet.limits import MEGABYTE, Limits

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
        raise SheetError(
            _("There is no file {file}: check the name and the folder.").format(file=shown(str(path)))
        ) from None
    except PermissionError:
        raise SheetError(
            _("{file} may not be read: ask for the right to read it, or copy it.").format(file=shown(name))
        ) from None
    except (OSError, ValueError):
        raise SheetError(
            _("{file} cannot be opened: check the name and the disk.").format(file=shown(str(path)))
        ) from None
    if not data:
        raise SheetError(_("{file} is empty (0 bytes): save the sheet again.").format(file=shown(name)))
    if len(data) > limits.file_size:
        raise _too_large(name, len(data), limits)
    return Original(name, path.suffix.lower(), data)


def _check_status(path: Path, name: str, mode: int, size: int, limits: Limits) -> None:
    if stat.S_ISDIR(mode):
        raise SheetError(_("{file} is a folder: name the file in it.").format(file=shown(path.name or str(path))))
    if not stat.S_ISREG(mode):
        # Opening a pipe or a device could wait forever.
        raise SheetError(
            _("{file} is not a file on a disk: name a sheet's file.").format(file=shown(path.name or str(path)))
        )
    if path.suffix.lower() not in WORKBOOK_SUFFIXES + TEXT_SUFFIXES:
        known = ", ".join(WORKBOOK_SUFFIXES + TEXT_SUFFIXES)
        raise SheetError(
            _("{file} is not named like a sheet: save it as one of {known}.").format(file=shown(name), known=known)
        )
    if size > limits.file_size:
        raise _too_large(name, size, limits)


def _too_large(name: str, size: int, limits: Limits) -> SheetError:
    return SheetError(
        _(
            "{file} is {size} MB, more than the {limit} MB that a sheet may have: "
            "copy the rows that matter into a new file."
        ).format(file=shown(name), size=number(Decimal(size) / MEGABYTE, 1), limit=number(limits.file_size // MEGABYTE))
    )
