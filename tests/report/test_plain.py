from __future__ import annotations

import csv
import io
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.files import escape_formula, format_decimal, is_formula_like, write_csv
from batch.i18n import Language, use_language
from batch.model import BatchView, Cell, ColumnRole, RowResult, Status
from batch.money import count_decimals
from batch.report.rows_sheet import format_rows
from batch.report.verdict import Contents
from tests.report.views import DONE, INVALID, REFUSED, START, checked, row, view_of


def read_back(view: BatchView, language: Language = Language.ENGLISH) -> list[dict[str, str]]:
    """The file as a program of that language reads it."""
    buffer = io.BytesIO()
    with use_language(language):
        write_csv(buffer, format_rows(Contents(view, None)))
    text = buffer.getvalue().decode("utf-8-sig")
    assert buffer.getvalue().startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if language is Language.FRENCH else ","))


def test_english_and_french_say_the_same_each_in_its_way() -> None:
    view = view_of([DONE, REFUSED], [row(2, "1234.5"), row(3, "0.005")])
    first, second = read_back(view)
    assert (first["Token"], first["Amount"], first["Status"], first["Code"]) == ("0001a", "1234.50", "done", "200")
    assert (first["Main balance after"], first["Established at (UTC)"]) == ("2869.200", "2026-03-31 08:15:12")
    assert (second["Amount"], second["Status"], second["Row in sheet"]) == ("0.005", "refused", "3")
    french, _other = read_back(view, Language.FRENCH)
    assert (french["Amount"], french["Solde principal après"]) == ("1234,50", "2869,200")
    assert french["Statut"] == "effectuée"


def test_amounts_are_numbers_as_they_were_read_whatever_the_convention() -> None:
    cells: list[list[Cell]] = [["token", "amount", "direction"], ["a", "12,50", "add"], ["a", "1.250", "add"]]
    read = checked(cells)
    view = view_of([DONE, INVALID], read.rows, columns=read.columns, roles=read.roles)
    assert [line["amount"] for line in read_back(view)] == ["12.50", "1.250"]
    signed = row(2, "12.5", direction="remove")
    signed = type(signed)(2, ("A", "0001a", "-12,50"), "0001a", signed.direction, signed.amount)
    view = view_of(
        [DONE], [signed], columns=("Client", "Token", "Amount"), roles={ColumnRole.TOKEN: 1, ColumnRole.AMOUNT: 2}
    )
    assert read_back(view)[0]["Amount"] == "-12.50"
    pair = type(signed)(2, ("0001a", "–", "12,50"), "0001a", signed.direction, signed.amount)
    roles = {ColumnRole.TOKEN: 0, ColumnRole.ADDED: 1, ColumnRole.REMOVED: 2}
    view = view_of([DONE], [pair], columns=("Token", "In", "Out"), roles=roles)
    assert (read_back(view)[0]["In"], read_back(view)[0]["Out"]) == ("–", "12.50")


@pytest.mark.parametrize("text", ['=HYPERLINK("x")', "+1+1", "-2+3", "@SUM(A1)", "\t=1", " =1", "=cmd|' /C calc'!A0"])
def test_what_could_be_run_is_made_harmless_and_nothing_else(text: str) -> None:
    view = view_of(
        [RowResult(Status.REFUSED, 8, text, None, None, 1, START)], [row(2, client=text)], columns=(text,) * 4
    )
    line = read_back(view)[0]
    assert list(line.values())[1] == f"'{text}"
    assert line["Provider’s message"] == f"'{text}"
    assert not any(is_formula_like(title) for title in line)


def test_numbers_and_tokens_that_were_used_are_not_touched() -> None:
    for text in ("-12,50", "+33612345678", "-5", "12"):
        assert escape_formula(text) == text
    used = row(2, token="-0001")
    assert read_back(view_of([DONE], [used]))[0]["Token"] == "-0001"
    assert read_back(view_of([INVALID], [used]))[0]["Token"] == "-0001"
    assert read_back(view_of([INVALID], [row(2, token="=1+1")]))[0]["Token"] == "'=1+1"


def test_other_values_are_what_they_are() -> None:
    cells: dict[Cell, str] = {
        Decimal("0.30000000000000004"): "0.3",
        Decimal("1234567890123456"): "1234567890123456",
        Decimal("1E+3"): "1000",
        True: "yes",
        None: "",
        datetime(2026, 3, 31): "2026-03-31",  # noqa: DTZ001
        datetime(2026, 3, 31, 14, 5): "2026-03-31 14:05:00",  # noqa: DTZ001
        "a\x00b": "a�b",
    }
    for value, written in cells.items():
        assert read_back(view_of([DONE], [row(2, client=value)]))[0]["Client"] == written


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**12), max_value=10**12))
def test_decimals_keep_their_value(number: Decimal) -> None:
    written = format_decimal(number, 2)
    assert Decimal(written) == number
    assert len(written.partition(".")[2]) == max(2, count_decimals(number))
    with use_language(Language.FRENCH):
        assert Decimal(format_decimal(number, 2).replace(",", ".")) == number


def test_a_line_break_stays_in_its_cell(tmp_path: Path) -> None:
    line = read_back(view_of([DONE], [row(2, client='one\r\ntwo;three,four "five"')]))[0]
    assert line["Client"] == 'one\ntwo;three,four "five"'
