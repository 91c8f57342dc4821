"""What a batch did, as entries of double-entry accounting, and as the file that the tax office asks for.

An add debits the sub-account and credits the main account, a remove the other way round: nothing is spent or earned.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal

from batch.files import escape_formula, format_decimal
from batch.i18n import _
from batch.model import BatchHead, BatchRow, BatchView, Direction, Status
from batch.money import ZERO, encode_amount
from batch.settings import JournalSettings


@dataclass(frozen=True, slots=True)
class Line:
    """An amount on one side of one account. `auxiliary` is the token, on the line of the sub-accounts' account."""

    account: str
    label: str
    auxiliary: str | None
    debit: Decimal
    credit: Decimal


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement that was done. `number` counts from 1 without a gap; the days are those of the given zone."""

    number: int
    day: date
    document: str
    document_day: date
    text: str
    validated: date
    lines: tuple[Line, Line]


def make_entries(view: BatchView, accounts: JournalSettings, zone: tzinfo | None) -> Iterator[Entry]:
    """Make an entry for each row that is done, however that was found out, in the order in which they were done."""
    head = view.head
    done = [entry for entry in view.rows if entry.result.status is Status.DONE]
    done.sort(key=lambda entry: (_find_end(head, entry), entry.row.number))
    last = max((_find_end(head, entry) for entry in done), default=head.created_at)
    validated = (head.ended_at or last).astimezone(zone).date()
    for number, entry in enumerate(done, 1):
        yield Entry(
            number,
            _find_end(head, entry).astimezone(zone).date(),
            head.batch or "",
            head.created_at.astimezone(zone).date(),
            _compose_text(entry),
            validated,
            _make_lines(entry, accounts),
        )


def _find_end(head: BatchHead, entry: BatchRow) -> datetime:
    return entry.result.at or head.ended_at or head.created_at


def _compose_text(entry: BatchRow) -> str:
    if entry.row.direction is Direction.ADD:
        sentence = _("Credit added to {token}, row {row}")
    else:
        sentence = _("Credit removed from {token}, row {row}")
    return sentence.format(token=entry.row.token, row=entry.row.number)


def _make_lines(entry: BatchRow, accounts: JournalSettings) -> tuple[Line, Line]:
    """Put the debit before the credit."""
    amount = entry.row.amount or ZERO
    subaccount = accounts.subaccounts_account, accounts.subaccounts_label, entry.row.token
    main = accounts.main_account, accounts.main_label, None
    debited, credited = (subaccount, main) if entry.row.direction is Direction.ADD else (main, subaccount)
    return Line(*debited, amount, ZERO), Line(*credited, ZERO, amount)


def format_entries(entries: Iterable[Entry]) -> Iterator[list[str]]:
    """Give the titles, and a line for each side of each entry, with days as 2026-01-31."""
    origin = [_("Entry"), _("Day"), _("Account"), _("Account’s label"), _("Sub-account"), _("Document")]
    yield [*origin, _("Text"), _("Debit"), _("Credit")]
    for entry in entries:
        for line in entry.lines:
            yield [
                str(entry.number),
                entry.day.isoformat(),
                line.account,
                escape_formula(line.label),
                line.auxiliary or "",
                escape_formula(entry.document),
                escape_formula(entry.text),
                format_decimal(line.debit, 2) if line.debit else "",
                format_decimal(line.credit, 2) if line.credit else "",
            ]


COLUMNS = (
    "JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum", "CompAuxLib",
    "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet", "ValidDate", "Montantdevise",
    "Idevise",
)  # fmt: skip
ENCODING = "iso-8859-15"
_STAND_INS = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\u202f": " "})


def make_fec_name(accounts: JournalSettings, closed: date) -> str | None:
    """Return the name that the tax office prescribes, None if the company's number is not set."""
    return f"{accounts.siren}FEC{closed:%Y%m%d}.txt" if accounts.siren else None


def encode_fec(entries: Iterable[Entry], accounts: JournalSettings) -> Iterator[bytes]:
    """Encode the file, line by line."""
    yield _encode_line(COLUMNS)
    for entry in entries:
        number, day, documented = str(entry.number), f"{entry.day:%Y%m%d}", f"{entry.document_day:%Y%m%d}"
        for line in entry.lines:
            account = (line.account, line.label, *[line.auxiliary or ""] * 2)
            amounts = (encode_amount(amount).replace(".", ",") for amount in (line.debit, line.credit))
            what = (*account, entry.document, documented, entry.text, *amounts)
            validated = ("", "", f"{entry.validated:%Y%m%d}", "", "")
            yield _encode_line((accounts.code, accounts.label, number, day, *what, *validated))


def _encode_line(fields: Iterable[str]) -> bytes:
    return ("\t".join(map(_convert_text, fields)) + "\r\n").encode(ENCODING)


def _convert_text(text: str) -> str:
    """Put a text on one line and into the characters that the file's encoding has."""
    text = " ".join(text.translate(_STAND_INS).split())
    return text if text.isascii() else "".join(map(_convert_character, text))


def _convert_character(character: str) -> str:
    for written in (character, unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()):
        if written and written.encode(ENCODING, "ignore"):
            return written
    return "?"
