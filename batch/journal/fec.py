"""The layout of the French tax administration's *fichier des écritures comptables* (article A47 A-1 of the LPF).

18 columns separated by tabs, a first line with their names, days as AAAAMMJJ, decimal commas, no separators between
thousands, ISO 8859-15. Amounts keep a third decimal where one is used: rounded, they would no longer be what moved.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from batch.journal.entries import Entry, Line
from batch.money import amount_text
from batch.settings import JournalSettings

COLUMNS = (
    "JournalCode",
    "JournalLib",
    "EcritureNum",
    "EcritureDate",
    "CompteNum",
    "CompteLib",
    "CompAuxNum",
    "CompAuxLib",
    "PieceRef",
    "PieceDate",
    "EcritureLib",
    "Debit",
    "Credit",
    "EcritureLet",
    "DateLet",
    "ValidDate",
    "Montantdevise",
    "Idevise",
)
ENCODING = "iso-8859-15"
_SEPARATOR = "\t"
_LINE_END = "\r\n"
_STAND_INS = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\u202f": " "})


def file_name(accounts: JournalSettings, closed: date) -> str | None:
    """The name that the administration asks for, if the company's number is set."""
    return f"{accounts.siren}FEC{closed:%Y%m%d}.txt" if accounts.siren else None


def fec_bytes(entries: Iterable[Entry], accounts: JournalSettings) -> Iterator[bytes]:
    """The file, line by line."""
    yield _encoded(COLUMNS)
    for entry in entries:
        for line in entry.lines:
            yield _encoded(_fields(entry, line, accounts))


def _fields(entry: Entry, line: Line, accounts: JournalSettings) -> tuple[str, ...]:
    auxiliary = line.auxiliary or ""
    return (
        accounts.code,
        accounts.label,
        str(entry.number),
        _day(entry.day),
        line.account,
        line.label,
        auxiliary,
        auxiliary,
        entry.document,
        _day(entry.document_day),
        entry.text,
        _amount(line.debit),
        _amount(line.credit),
        "",
        "",
        _day(entry.validated),
        "",
        "",
    )


def _encoded(fields: Iterable[str]) -> bytes:
    return (_SEPARATOR.join(map(_plain, fields)) + _LINE_END).encode(ENCODING)


def _plain(text: str) -> str:
    """The text in the file's characters and on one line: what it does not have is written with those that it has."""
    text = " ".join(text.translate(_STAND_INS).split())
    if text.isascii():
        return text
    return "".join(map(_character, text))


def _character(character: str) -> str:
    for written in (character, unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()):
        if written and written.encode(ENCODING, "ignore"):
            return written
    return "?"


def _day(day: date) -> str:
    return f"{day:%Y%m%d}"


def _amount(amount: Decimal) -> str:
    return amount_text(amount).replace(".", ",")
