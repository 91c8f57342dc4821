"""The sentences that more than one module says of a file."""

from __future__ import annotations

from collections.abc import Sequence

from batch.errors import SheetError
from batch.language import N_, _, ngettext, number, pgettext
from batch.sheet.limits import Limits

LONGEST_NAME = 80
_NAMES_SHOWN = 10
_NEW = (".xlsx", ".xlsm", ".xltx", ".xltm")
"""Nobody is told to save as .xlsx what is one."""
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


def shown(name: str) -> str:
    """A file's or a sheet's name for a sentence: quoted, short, and harmless to a terminal."""
    clean = "".join(char if char.isprintable() else "?" for char in name)
    return _("“{name}”").format(name=clean if len(clean) <= LONGEST_NAME else clean[: LONGEST_NAME - 1] + "…")


def damaged(name: str) -> SheetError:
    """The file is of a kind we know, but the parser gave up on it."""
    return SheetError(_(_DAMAGED[name.lower().endswith(_NEW)]).format(file=shown(name)))


def password(name: str) -> SheetError:
    """The file is encrypted."""
    return SheetError(_("{file} is protected by a password: save it again without one.").format(file=shown(name)))


def too_much_memory(name: str, limits: Limits) -> SheetError:
    """Reading it takes more memory than any sheet is given."""
    return SheetError(
        _(
            "{file} needs more than {memory} MiB of memory to read: "
            "copy the rows that matter into a new workbook and save that."
        ).format(file=shown(name), memory=number(limits.memory_mib))
    )


def too_slow(name: str, limits: Limits, sheets: Sequence[str] = ()) -> SheetError:
    """Reading it takes more time than any sheet is given; of several sheets, one may be read sooner."""
    sentence = _(
        "{file} could not be read within {seconds} seconds: "
        "copy the rows that matter into a new workbook and save that."
    )
    if len(sheets) > 1:
        sentence = _(
            "{file} could not be read within {seconds} seconds: choose one of its sheets with --sheet NAME ({sheets}), "
            "or copy the rows that matter into a new workbook and save that."
        )
    return SheetError(
        sentence.format(file=shown(name), seconds=f"{limits.seconds:g}", sheets=list_names(sheets)), tuple(sheets)
    )


def died(name: str, limits: Limits) -> SheetError:
    """The child ended without an answer: a parser that aborts does so for memory or over nonsense."""
    sentence = _(_DIED[name.lower().endswith(_NEW)])
    return SheetError(sentence.format(file=shown(name), memory=number(limits.memory_mib)))


def cannot_start(name: str) -> SheetError:
    """The file may be fine, but the machine has no room for the child."""
    return SheetError(
        _(
            "{file} could not be read because no other process could be started: close other programs, try again."
        ).format(file=shown(name))
    )


def list_names(sheets: Sequence[str]) -> str:
    """List names of sheets, the first of many."""
    rest = len(sheets) - _NAMES_SHOWN
    listed = ", ".join(shown(sheet) for sheet in sheets[:_NAMES_SHOWN])
    if rest > 0:
        return ngettext("{sheets} and {count} more", "{sheets} and {count} more", rest).format(
            sheets=listed, count=number(rest)
        )
    return listed or pgettext("sheets", "none")
