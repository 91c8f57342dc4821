"""What a batch did, as entries of double-entry accounting, and as the file that the tax office asks for.

An add debits the sub-account and credits the main account, a remove the other way round: nothing is spent or earned.
"""

from __future__ import annotations

import unicodedata
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import BinaryIO

from batch.files import escape_formula, format_decimal, write_csv
from batch.i18n import Language, _, use_language
from batch.ledger.events import EntriesNumbered
from batch.model import BatchHead, BatchRow, BatchView, Direction, Status
from batch.money import ZERO, encode_amount
from batch.report.journal_settings import JournalSettings
from batch.zone import localize


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
    """One movement that was done, by its number in the journal of its fiscal year. The days are those of the zone."""

    number: int
    day: date
    document: str
    document_day: date
    numbered: date
    """From when on it is for good: what its number was given to is never changed."""
    moved: BatchRow
    lines: tuple[Line, Line]


def find_closing_day(day: date, year_end: tuple[int, int]) -> date:
    """Find the day on which the fiscal year closes that the day belongs to."""
    this_year = _make_closing_day(day.year, year_end)
    return this_year if day <= this_year else _make_closing_day(day.year + 1, year_end)


def _make_closing_day(year: int, year_end: tuple[int, int]) -> date:
    month, day = year_end
    return date(year, month, min(day, monthrange(year, month)[1]))


def list_moved(view: BatchView, accounts: JournalSettings) -> dict[date, list[BatchRow]]:
    """List the rows that are done, however that was found out, in the order in which they moved.

    By the closing days of their fiscal years, oldest first; a batch that moved nothing is of the one in which it ended.
    """
    head = view.head
    done = [entry for entry in view.rows if entry.result.status is Status.DONE]
    done.sort(key=lambda entry: (_find_moment(head, entry), entry.row.number))
    years: defaultdict[date, list[BatchRow]] = defaultdict(list)
    for entry in done:
        years[find_closing_day(_find_day(head, entry), accounts.year_end)].append(entry)
    ended = localize(head.ended_at or head.created_at).date()
    return dict(years) or {find_closing_day(ended, accounts.year_end): []}


def _find_moment(head: BatchHead, entry: BatchRow) -> datetime:
    return entry.result.moved_at or head.ended_at or head.created_at


def _find_day(head: BatchHead, entry: BatchRow) -> date:
    return localize(_find_moment(head, entry)).date()


def list_unnumbered(
    view: BatchView, numberings: Iterable[EntriesNumbered], accounts: JournalSettings
) -> dict[date, list[int]]:
    """List the rows that have no number yet of the journal and their fiscal year, by its closing day."""
    known = _read_numbers(numberings, accounts.code)
    years = {
        closes_on: [entry.row.number for entry in moved if (closes_on, entry.row.number) not in known]
        for closes_on, moved in list_moved(view, accounts).items()
    }
    return {closes_on: rows for closes_on, rows in years.items() if rows}


def _read_numbers(numberings: Iterable[EntriesNumbered], journal: str) -> dict[tuple[date, int], tuple[int, date]]:
    """Read the number of each row, and the day on which it was given, by the closing day and the row."""
    return {
        (its.closes_on, row): (number, localize(its.at).date())
        for its in numberings
        if its.journal == journal
        for number, row in enumerate(its.numbered, its.first)
    }


def make_entries(
    view: BatchView, numberings: Iterable[EntriesNumbered], accounts: JournalSettings
) -> dict[date, list[Entry]]:
    """Make the entries of rows that all have numbers, in the order of these, by the closing day of the fiscal year."""
    head, numbers = view.head, _read_numbers(numberings, accounts.code)
    return {
        closes_on: sorted(
            (_make_entry(head, entry, *numbers[closes_on, entry.row.number], accounts) for entry in moved),
            key=attrgetter("number"),
        )
        for closes_on, moved in list_moved(view, accounts).items()
    }


def _make_entry(head: BatchHead, entry: BatchRow, number: int, numbered: date, accounts: JournalSettings) -> Entry:
    document = f"{head.batch}/{entry.row.number}"
    accepted = localize(head.created_at).date()
    return Entry(number, _find_day(head, entry), document, accepted, numbered, entry, _make_lines(entry, accounts))


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
                escape_formula(_compose_text(entry.moved)),
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


def encode_fec(entries: Iterable[Entry], accounts: JournalSettings, *, is_validated: bool = False) -> Iterator[bytes]:
    """Encode the file, line by line, in French whatever the language. Only who says so has validated the entries."""
    yield _encode_line(COLUMNS)
    for entry in entries:
        number, day, documented = str(entry.number), f"{entry.day:%Y%m%d}", f"{entry.document_day:%Y%m%d}"
        validated = f"{entry.numbered:%Y%m%d}" if is_validated else ""
        with use_language(Language.FRENCH):
            text = _compose_text(entry.moved)
        for line in entry.lines:
            account = (line.account, line.label, *[line.auxiliary or ""] * 2)
            amounts = (encode_amount(amount).replace(".", ",") for amount in (line.debit, line.credit))
            what = (*account, entry.document, documented, text, *amounts)
            yield _encode_line((accounts.code, accounts.label, number, day, *what, "", "", validated, "", ""))


FEC = "fec"
SUFFIXES = {FEC: ".txt", "csv": ".csv"}
"""How the files of each layout are called."""


def name_journal(batch: str, layout: str, accounts: JournalSettings, closes_on: date, *, is_alone: bool) -> str:
    """Name the file of a fiscal year, as the tax administration prescribes it where the company's number is set.

    `is_alone` is whether the batch has entries of no other year.
    """
    if layout == FEC and accounts.siren:
        return f"{accounts.siren}FEC{closes_on:%Y%m%d}{SUFFIXES[layout]}"
    what = FEC if layout == FEC else "journal"
    year = "" if is_alone else f"-{closes_on:%Y%m%d}"
    return f"{batch}-{what}{year}{SUFFIXES[layout]}"


def write_entries(
    file: BinaryIO, layout: str, entries: Iterable[Entry], accounts: JournalSettings, *, is_validated: bool = False
) -> None:
    """Write the entries of one fiscal year."""
    if layout == FEC:
        file.writelines(encode_fec(entries, accounts, is_validated=is_validated))
    else:
        write_csv(file, format_entries(entries))


def _encode_line(fields: Iterable[str]) -> bytes:
    return ("\t".join(map(_convert_text, fields)) + "\r\n").encode(ENCODING)


@lru_cache(maxsize=1000)
def _convert_text(text: str) -> str:
    """Put a text on one line and into the characters that the file's encoding has."""
    text = " ".join(text.translate(_STAND_INS).split())
    if text.isascii() or len(text.encode(ENCODING, "ignore")) == len(text):
        return text
    return "".join(map(_convert_character, text))


def _convert_character(character: str) -> str:
    for written in (character, unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()):
        if written and written.encode(ENCODING, "ignore"):
            return written
    return "?"
