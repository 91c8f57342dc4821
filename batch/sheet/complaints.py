"""The sentences that more than one module says of a file."""

from __future__ import annotations

from batch.errors import SheetError
from batch.sheet.limits import Limits

LONGEST_NAME = 80


def shown(name: str) -> str:
    """A file's or a sheet's name for a sentence: quoted, short, and harmless to a terminal."""
    clean = "".join(char if char.isprintable() else "?" for char in name)
    return f"“{clean if len(clean) <= LONGEST_NAME else clean[: LONGEST_NAME - 1] + '…'}”"


def damaged(name: str) -> SheetError:
    """The file is of a kind we know, but the parser gave up on it."""
    return SheetError(
        f"{shown(name)} could not be read (it is damaged, or uses something this program cannot read): "
        "open it in Excel or LibreOffice and save it again as .xlsx."
    )


def password(name: str) -> SheetError:
    """The file is encrypted."""
    return SheetError(f"{shown(name)} is protected by a password: save it again without one.")


def too_much_memory(name: str, limits: Limits) -> SheetError:
    """Reading it takes more memory than any sheet is given."""
    return SheetError(
        f"{shown(name)} needs more than {limits.memory_mib} MiB of memory to read: "
        "copy the rows that matter into a new workbook and save that."
    )


def too_slow(name: str, limits: Limits) -> SheetError:
    """Reading it takes more time than any sheet is given."""
    return SheetError(
        f"{shown(name)} could not be read within {limits.seconds:g} seconds: "
        "copy the rows that matter into a new workbook and save that."
    )


def died(name: str, limits: Limits) -> SheetError:
    """The child ended without an answer: a parser that aborts does so for memory or over nonsense."""
    return SheetError(
        f"{shown(name)} could not be read (it is damaged, or needs more than {limits.memory_mib} MiB of memory): "
        "open it in Excel or LibreOffice and save it again as .xlsx."
    )


def cannot_start(name: str) -> SheetError:
    """The file may be fine, but the machine has no room for the child."""
    return SheetError(
        f"{shown(name)} could not be read because no other process could be started: close other programs, try again."
    )
