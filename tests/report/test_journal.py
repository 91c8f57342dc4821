"""The entries of a batch and their files: what an accountant imports, by the tax administration's rules."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.i18n import Language, use_language
from batch.ledger.events import EntriesNumbered
from batch.ledger.projection import make_numberings
from batch.model import BatchView, RowResult, Status, make_tally
from batch.money import ZERO
from batch.notes import make_note
from batch.report.journal import (
    COLUMNS,
    ENCODING,
    Entry,
    find_closing_day,
    format_entries,
    list_unnumbered,
    make_entries,
    name_journal,
    write_entries,
)
from batch.report.journal_settings import JournalSettings, load_journal_settings
from batch.zone import use_zone
from tests import fec
from tests.report.views import DONE, END, INVALID, PENDING, REFUSED, START, UNKNOWN, row, view_of

ACCOUNTS = load_journal_settings({"CREDITBATCH_SIREN": "732 829 320"})
CLOSED = date(2026, 12, 31)
EXPORTED = END + timedelta(days=3)
NAME = "732829320FEC20261231.txt"


def numbered(view: BatchView, *before: EntriesNumbered, accounts: JournalSettings = ACCOUNTS) -> list[EntriesNumbered]:
    """What was numbered before, and the rest as a ledger would number it."""
    last: dict[date, int] = {}
    for its in before:
        last[its.closes_on] = its.last
    left = list_unnumbered(view, before, accounts)
    return [*before, *make_numberings(accounts.code, left, last, EXPORTED)]


def entries_of(view: BatchView) -> list[Entry]:
    [entries] = make_entries(view, numbered(view), ACCOUNTS).values()
    return entries


def files_of(
    view: BatchView, *before: EntriesNumbered, accounts: JournalSettings = ACCOUNTS, is_validated: bool = False
) -> dict[str, bytes]:
    """By their names; each is as the tax administration wants it."""
    files = {}
    years = make_entries(view, numbered(view, *before, accounts=accounts), accounts)
    for closes_on, entries in years.items():
        buffer = io.BytesIO()
        write_entries(buffer, "fec", entries, accounts, is_validated=is_validated)
        files[name_journal("b", "fec", accounts, closes_on, is_alone=len(years) == 1)] = buffer.getvalue()
    assert fec.find_faults(files) == set()
    return files


def read_fec(content: bytes) -> list[dict[str, str]]:
    """The file as the administration's program reads it."""
    titles, *lines = [line.split("\t") for line in content.decode(ENCODING).split("\r\n")[:-1]]
    return [dict(zip(titles, line, strict=True)) for line in lines]


def fec_of(view: BatchView, *, is_validated: bool = False) -> list[dict[str, str]]:
    [content] = files_of(view, is_validated=is_validated).values()
    return read_fec(content)


def moved_at(moment: datetime, established: datetime | None = None) -> RowResult:
    return replace(DONE, attempted_at=moment, at=established or moment)


def euros(text: str) -> Decimal:
    assert re.fullmatch(r"\d+,\d{2,3}", text)
    return Decimal(text.replace(",", "."))


def test_has_the_columns_that_the_administration_defines_in_their_order() -> None:
    assert list(COLUMNS) == fec.COLUMNS


@pytest.mark.parametrize("language", Language)
def test_an_add_debits_the_subaccount_and_credits_the_main_account_in_french_always(language: Language) -> None:
    with use_language(language):
        debit, credit = fec_of(view_of([DONE], [row(2, "1234.5")]))
    assert list(debit.values()) == [
        "SMS", "Crédits SMS", "1", "20260331", "467200", "Crédit SMS, sous-comptes", "0001a", "0001a",
        "2026-03-a7f3/2", "20260331", "Ajout de crédit à 0001a, ligne 2", "1234,50", "0,00", "", "", "", "", "",
    ]  # fmt: skip
    columns = ("CompteNum", "CompAuxNum", "Debit", "Credit")
    assert [credit[column] for column in columns] == ["467100", "", "0,00", "1234,50"]


def test_a_remove_debits_the_main_account_and_credits_the_subaccount() -> None:
    debit, credit = fec_of(view_of([DONE], [row(2, "0.005", direction="remove")]))
    assert (debit["CompteNum"], debit["Debit"], debit["Credit"]) == ("467100", "0,005", "0,00")
    assert (credit["CompteNum"], credit["CompAuxNum"], credit["Credit"]) == ("467200", "0001a", "0,005")


def test_only_what_is_done_is_booked_however_it_was_found_out() -> None:
    decided = RowResult(
        Status.DONE, None, None, None, None, 2, START, make_note("decided-applied", who="anne", reason="seen")
    )
    lines = fec_of(view_of([DONE, REFUSED, INVALID, UNKNOWN, PENDING, decided]))
    assert [line["PieceRef"] for line in lines] == [*["2026-03-a7f3/2"] * 2, *["2026-03-a7f3/7"] * 2]


def test_entries_are_numbered_without_a_gap_in_the_order_in_which_they_moved() -> None:
    later = moved_at(START + timedelta(days=1))
    # Found out a week later that it had moved first: the day is that of the movement.
    settled = moved_at(START - timedelta(hours=9), START + timedelta(days=7))
    lines = fec_of(view_of([later, REFUSED, DONE, settled]))
    entries = [(line["EcritureNum"], line["EcritureDate"], line["PieceRef"][-2:]) for line in lines[::2]]
    assert entries == [("1", "20260330", "/5"), ("2", "20260331", "/4"), ("3", "20260401", "/2")]


def test_a_row_that_becomes_done_later_gets_the_next_number_and_the_others_keep_theirs() -> None:
    view = view_of([DONE, UNKNOWN, DONE])
    before = numbered(view)
    decided = view_of([DONE, moved_at(START - timedelta(days=1)), DONE])
    [content] = files_of(decided, *before).values()
    assert [(line["EcritureNum"], line["PieceRef"][-2:]) for line in read_fec(content)[::2]] == [
        ("1", "/2"), ("2", "/4"), ("3", "/3"),
    ]  # fmt: skip


def test_each_fiscal_year_has_a_file_and_numbers_of_its_own_by_the_day_in_the_zone() -> None:
    midnight = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    view = view_of([moved_at(midnight), moved_at(midnight - timedelta(hours=1)), moved_at(midnight)])
    files = files_of(view)
    assert [line["EcritureNum"] for line in read_fec(files[NAME])] == ["1", "1", "2", "2", "3", "3"]
    with use_zone(ZoneInfo("Europe/Paris")):
        files = files_of(view)
    assert list(files) == [NAME, "732829320FEC20271231.txt"]
    old, new = map(read_fec, files.values())
    assert [(line["EcritureNum"], line["EcritureDate"]) for line in old[::2]] == [("1", "20261231")]
    assert [(line["EcritureNum"], line["EcritureDate"]) for line in new[::2]] == [("1", "20270101"), ("2", "20270101")]


def test_a_batch_that_did_nothing_has_only_the_titles() -> None:
    assert fec_of(view_of([REFUSED])) == []


def test_entries_are_validated_only_for_who_says_so_on_the_day_of_their_number() -> None:
    view = view_of([DONE, moved_at(START - timedelta(days=1))])
    assert {line["ValidDate"] for line in fec_of(view)} == {""}
    assert {line["ValidDate"] for line in fec_of(view, is_validated=True)} == {f"{EXPORTED:%Y%m%d}"}


@pytest.mark.parametrize(
    ("setting", "day", "closes_on"),
    [
        ("", "2026-12-31", "2026-12-31"), ("", "2027-01-01", "2027-12-31"), ("06-30", "2026-06-30", "2026-06-30"),
        ("6-30", "2026-07-01", "2027-06-30"), ("02-29", "2027-02-28", "2027-02-28"),
        ("02-29", "2027-03-01", "2028-02-29"), ("02-29", "2028-02-29", "2028-02-29"),
        ("02-28", "2028-02-29", "2029-02-28"),
    ],
)  # fmt: skip
def test_the_fiscal_year_closes_on_the_day_that_is_set(setting: str, day: str, closes_on: str) -> None:
    year_end = load_journal_settings({"CREDITBATCH_FISCAL_YEAR_END": setting}).year_end
    assert find_closing_day(date.fromisoformat(day), year_end).isoformat() == closes_on


@given(
    st.lists(
        st.tuples(st.integers(1, 10**9), st.sampled_from(["add", "remove"]), st.sampled_from([DONE, REFUSED, PENDING])),
        max_size=12,
    )
)
def test_debit_equals_credit_and_both_equal_the_reports_totals(drawn: list[tuple[int, str, RowResult]]) -> None:
    amounts = [(str(Decimal(thousandths).scaleb(-3)), direction) for thousandths, direction, _result in drawn]
    rows = [row(index + 2, amount, direction=direction) for index, (amount, direction) in enumerate(amounts)]
    view = view_of([result for *_rest, result in drawn], rows)
    lines = fec_of(view)
    counted = make_tally(view.rows)
    assert sum((euros(line["Debit"]) for line in lines), ZERO) == counted.added + counted.removed
    assert sum((euros(line["Credit"]) for line in lines), ZERO) == counted.added + counted.removed
    added = sum((euros(line["Debit"]) for line in lines if line["CompteNum"] == "467200"), ZERO)
    assert added == counted.added


def test_no_text_breaks_a_line_or_a_column() -> None:
    odd = row(2, token="a\tb\nc|“œ€”…\u202f漢")
    first, _second = fec_of(view_of([DONE], [odd]))
    assert first["CompAuxNum"] == 'a b c|"œ€"... ?'


def test_the_files_name_is_the_one_prescribed_if_the_companys_number_is_set() -> None:
    plain = load_journal_settings({})
    assert name_journal("b", "fec", ACCOUNTS, CLOSED, is_alone=False) == NAME
    assert name_journal("b", "fec", plain, CLOSED, is_alone=True) == "b-fec.txt"
    assert name_journal("b", "fec", plain, CLOSED, is_alone=False) == "b-fec-20261231.txt"
    assert name_journal("b", "csv", ACCOUNTS, CLOSED, is_alone=True) == "b-journal.csv"


@pytest.mark.parametrize("language", Language)
def test_the_plain_table_balances_and_is_written_as_the_language_does(language: Language) -> None:
    view = view_of([DONE, DONE], [row(2, "1.5"), row(3, "2", direction="remove")])
    buffer = io.BytesIO()
    with use_language(language):
        write_entries(buffer, "csv", entries_of(view), ACCOUNTS)
    separator = ";" if language is Language.FRENCH else ","
    titles, *lines = csv.reader(io.StringIO(buffer.getvalue().decode("utf-8-sig"), newline=""), delimiter=separator)
    assert titles[-2:] == (["Débit", "Crédit"] if language is Language.FRENCH else ["Debit", "Credit"])
    sides = [[Decimal(line[side].replace(",", ".") or 0) for line in lines] for side in (-2, -1)]
    assert [sum(side) for side in sides] == [Decimal("3.5"), Decimal("3.5")]
    assert lines[0][4] == "0001a"


def test_amounts_of_the_plain_table_have_two_decimals_as_the_ledger_keeps_three() -> None:
    view = view_of([DONE, DONE], [row(2, "5.250"), row(3, "1000.000")])
    titles, *lines = format_entries(entries_of(view))
    assert [line[titles.index("Debit")] for line in lines[::2]] == ["5.25", "1000.00"]


def changed(line: int, column: str, value: str) -> Callable[[bytes], bytes]:
    """Another value in a column of a line, of which the first is 1."""

    def change(content: bytes) -> bytes:
        lines = [record.split("\t") for record in content.decode(ENCODING).split("\r\n")]
        lines[line][fec.COLUMNS.index(column)] = value
        return "\r\n".join("\t".join(fields) for fields in lines).encode(ENCODING)

    return change


def without(*numbers: int) -> Callable[[bytes], bytes]:
    def cut(content: bytes) -> bytes:
        return b"".join(line for at, line in enumerate(content.splitlines(keepends=True)) if at not in numbers)

    return cut


def ordered(*numbers: int) -> Callable[[bytes], bytes]:
    return lambda content: b"".join(content.splitlines(keepends=True)[number] for number in numbers)


BROKEN: list[tuple[str, str, Callable[[bytes], bytes]]] = [
    ("name", "732829320FEC20261331.txt", bytes),
    ("name", "732829320-20261231.txt", bytes),
    ("name", "732829320FEC20261231.csv", bytes),
    ("characters", NAME, lambda content: content.decode(ENCODING).encode("utf-16-le")),
    ("characters", NAME, lambda content: content.replace(b"\xe9", "é…".encode())),
    ("records", NAME, lambda content: content.removesuffix(b"\r\n")),
    ("records", NAME, lambda content: content.replace(b"\r\n", b"\n")),
    ("records", NAME, lambda content: content + b"\r\n"),
    ("titles", NAME, lambda content: content.replace(b"\t", b";")),
    ("titles", NAME, lambda content: content.replace(b"Debit\tCredit", b"Credit\tDebit")),
    ("titles", NAME, without(0)),
    ("fields", NAME, lambda content: content.removesuffix(b"\t\r\n") + b"\r\n"),
    *[("mandatory columns", NAME, changed(2, column, "")) for column in fec.MANDATORY if column != "EcritureNum"],
    ("columns in pairs", NAME, changed(1, "CompAuxLib", "")),
    ("columns in pairs", NAME, changed(1, "EcritureLet", "A")),
    ("columns in pairs", NAME, changed(1, "Idevise", "EUR")),
    ("dates", NAME, changed(1, "EcritureDate", "2026-03-31")),
    ("dates", NAME, changed(1, "PieceDate", "20260231")),
    ("dates", NAME, changed(1, "ValidDate", "31032026")),
    ("amounts", NAME, changed(1, "Debit", "50.00")),
    ("amounts", NAME, changed(1, "Debit", "1 234,00")),
    ("amounts", NAME, changed(2, "Credit", "+50,00")),
    ("accounts of the general plan", NAME, changed(1, "CompteNum", "X67200")),
    ("numbers are numbers", NAME, changed(1, "EcritureNum", "")),
    ("one label a code", NAME, changed(1, "JournalLib", "Ventes")),
    ("one label a code", NAME, changed(1, "CompteLib", "Clients")),
    ("fiscal year", NAME, changed(1, "EcritureDate", "20270101")),
    ("fiscal year", NAME, changed(1, "EcritureDate", "20251231")),
    ("lines of an entry together", NAME, ordered(0, 1, 3, 2, 4)),
    ("numbers in order", NAME, ordered(0, 3, 4, 1, 2)),
    ("all validated or none", NAME, changed(2, "ValidDate", "")),
    ("order of validation", NAME, changed(4, "ValidDate", "20260402")),
    ("one day and one document an entry", NAME, changed(1, "EcritureDate", "20260330")),
    ("one day and one document an entry", NAME, changed(1, "PieceRef", "other")),
    ("debit equals credit", NAME, changed(1, "Debit", "50,01")),
    ("one side a line", NAME, changed(1, "Debit", "0,00")),
    ("one side a line", NAME, changed(1, "Credit", "50,00")),
    ("validated after it was entered", NAME, changed(1, "ValidDate", "20260330")),
    ("numbers without a gap", NAME, without(1, 2)),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "name", "change"), BROKEN)
def test_the_administrations_rules_notice_a_file_that_breaks_them(
    rule: str, name: str, change: Callable[[bytes], bytes]
) -> None:
    [content] = files_of(view_of([DONE, DONE]), is_validated=True).values()
    assert rule in fec.find_faults({name: change(content)})


def test_numbers_given_twice_are_noticed_over_several_files() -> None:
    [content] = files_of(view_of([DONE, DONE])).values()
    assert fec.find_faults({f"one/{NAME}": content, f"two/{NAME}": content}) == {"numbers without a gap"}
