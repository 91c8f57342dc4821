from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import UTC, date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.files import write_csv
from batch.i18n import Language, use_language
from batch.model import BatchView, RowResult, Status, make_tally
from batch.money import ZERO
from batch.notes import make_note
from batch.report.journal import COLUMNS, ENCODING, encode_fec, format_entries, make_entries, make_fec_name
from batch.settings import load_journal_settings
from tests.report.views import DONE, END, INVALID, PENDING, REFUSED, START, UNKNOWN, row, view_of

ACCOUNTS = load_journal_settings({})
ADMINISTRATION = """
    JournalCode JournalLib EcritureNum EcritureDate CompteNum CompteLib CompAuxNum CompAuxLib PieceRef PieceDate
    EcritureLib Debit Credit EcritureLet DateLet ValidDate Montantdevise Idevise
"""


def fec_of(view: BatchView) -> list[dict[str, str]]:
    """The file as the administration's program reads it."""
    text = b"".join(encode_fec(make_entries(view, ACCOUNTS, UTC), ACCOUNTS)).decode(ENCODING)
    assert text.endswith("\r\n")
    lines = [line.split("\t") for line in text.removesuffix("\r\n").split("\r\n")]
    assert {len(line) for line in lines} == {18}
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


def euros(text: str) -> Decimal:
    assert re.fullmatch(r"\d+,\d{2,3}", text)
    return Decimal(text.replace(",", "."))


def test_has_the_columns_that_the_administration_defines_in_their_order() -> None:
    assert list(COLUMNS) == ADMINISTRATION.split()


def test_an_add_debits_the_subaccount_and_credits_the_main_account() -> None:
    debit, credit = fec_of(view_of([DONE], [row(2, "1234.5")]))
    assert list(debit.values()) == [
        "SMS", "Crédits SMS", "1", "20260331", "467200", "Crédit SMS, sous-comptes", "0001a", "0001a",
        "2026-03-a7f3", "20260331", "Credit added to 0001a, row 2", "1234,50", "0,00", "", "", "20260331", "", "",
    ]  # fmt: skip
    columns = ("CompteNum", "CompAuxNum", "Debit", "Credit")
    assert [credit[column] for column in columns] == ["467100", "", "0,00", "1234,50"]


def test_a_remove_debits_the_main_account_and_credits_the_subaccount() -> None:
    debit, credit = fec_of(view_of([DONE], [row(2, "0.005", direction="remove")]))
    assert (debit["CompteNum"], debit["Debit"], debit["Credit"]) == ("467100", "0,005", "0,00")
    assert (credit["CompteNum"], credit["CompAuxNum"], credit["Credit"]) == ("467200", "0001a", "0,005")


def test_only_what_is_done_is_booked_however_it_was_found_out() -> None:
    decided = RowResult(
        Status.DONE, 200, None, None, None, 2, START, make_note("decided-applied", who="anne", reason="seen")
    )
    lines = fec_of(view_of([DONE, REFUSED, INVALID, UNKNOWN, PENDING, decided]))
    assert [line["EcritureLib"][-5:] for line in lines] == ["row 2", "row 2", "row 7", "row 7"]


def test_entries_are_numbered_without_a_gap_in_the_order_of_time() -> None:
    later = replace(DONE, at=START + timedelta(days=1))
    lines = fec_of(view_of([later, REFUSED, DONE]))
    entries = [(line["EcritureNum"], line["EcritureDate"]) for line in lines[::2]]
    assert entries == [("1", "20260331"), ("2", "20260401")]
    assert {line["ValidDate"] for line in lines} == {f"{END:%Y%m%d}"}


def test_a_batch_that_did_nothing_has_only_the_titles() -> None:
    assert fec_of(view_of([REFUSED])) == []


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
    for debit, credit in zip(lines[::2], lines[1::2], strict=True):
        assert debit["EcritureNum"] == credit["EcritureNum"]
        assert euros(debit["Debit"]) == euros(credit["Credit"])
        assert euros(debit["Credit"]) == euros(credit["Debit"]) == 0
    added = sum((euros(line["Debit"]) for line in lines if line["CompteNum"] == "467200"), ZERO)
    assert added == counted.added
    numbers = [int(line["EcritureNum"]) for line in lines[::2]]
    assert numbers == list(range(1, len(numbers) + 1))


def test_no_text_breaks_a_line_or_a_column(tmp_path_factory: pytest.TempPathFactory) -> None:
    odd = row(2, token="a\tb\nc|“œ€”…\u202f漢")
    first, _second = fec_of(view_of([DONE], [odd]))
    assert first["CompAuxNum"] == 'a b c|"œ€"... ?'


def test_the_files_name_is_the_one_prescribed_if_the_companys_number_is_set() -> None:
    assert make_fec_name(ACCOUNTS, date(2026, 3, 31)) is None
    siren = load_journal_settings({"CREDITBATCH_SIREN": "732 829 320"})
    assert make_fec_name(siren, date(2026, 3, 31)) == "732829320FEC20260331.txt"


@pytest.mark.parametrize("language", Language)
def test_the_plain_table_balances_and_is_written_as_the_language_does(language: Language) -> None:
    view = view_of([DONE, DONE], [row(2, "1.5"), row(3, "2", direction="remove")])
    buffer = io.BytesIO()
    with use_language(language):
        write_csv(buffer, format_entries(make_entries(view, ACCOUNTS, UTC)))
    separator = ";" if language is Language.FRENCH else ","
    titles, *lines = csv.reader(io.StringIO(buffer.getvalue().decode("utf-8-sig"), newline=""), delimiter=separator)
    assert titles[-2:] == (["Débit", "Crédit"] if language is Language.FRENCH else ["Debit", "Credit"])
    sides = [[Decimal(line[side].replace(",", ".") or 0) for line in lines] for side in (-2, -1)]
    assert [sum(side) for side in sides] == [Decimal("3.5"), Decimal("3.5")]
    assert lines[0][4] == "0001a"


def test_amounts_of_the_plain_table_have_two_decimals_as_the_ledger_keeps_three() -> None:
    view = view_of([DONE, DONE], [row(2, "5.250"), row(3, "1000.000")])
    titles, *lines = format_entries(make_entries(view, ACCOUNTS, UTC))
    assert [line[titles.index("Debit")] for line in lines[::2]] == ["5.25", "1000.00"]
