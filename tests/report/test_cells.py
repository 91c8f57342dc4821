from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl.cell import Cell as ExcelCell
from openpyxl.utils.escape import unescape

from batch import model
from batch.files import CELL_LIMIT, fit_cell, fit_line, is_formula_like
from batch.findings import Finding
from batch.model import BatchState, Event, RowResult, SheetRow, Source, Status
from tests.report.views import START, TITLES, cell_under, reopened, row, sheet_of, view_of

HOSTILE = [
    '=HYPERLINK("http://evil.example","click")', "=cmd|' /C calc'!A0", "+1+1", "-1", "@SUM(A1)", "\t=1", "\n=1",
    " =1+1", "#REF!", "=",
]  # fmt: skip


def own_cell(value: model.Cell, column: int = 0) -> ExcelCell:
    cells: list[model.Cell] = ["A", "0001a", Decimal(5), "add"]
    cells[column] = value
    sheet_row = SheetRow(2, tuple(cells), "0001a", model.Direction.ADD, Decimal(5))
    with TemporaryDirectory() as folder:
        sheet = sheet_of(reopened(Path(folder), view_of([RowResult(Status.PENDING)], [sheet_row])), "Rows")
        cell = sheet.cell(2, column + 2)
        assert isinstance(cell, ExcelCell)
        return cell


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text_on_every_sheet(tmp_path: Path, text: str) -> None:
    refused = RowResult(Status.REFUSED, 7, text, None, None, 1, START)
    rows = [row(2, client=text, token=f"{text.strip()}x"), row(3, client=text)]
    finding = Finding("column-unknown", 1, "A1", {"title": text, "suggestion": text})
    view = view_of(
        [refused, RowResult(Status.PENDING)],
        rows,
        state=BatchState.STOPPED,
        batch=text,
        reason=text,
        columns=(text, *TITLES[1:]),
        source=Source(text, "ab" * 32, 1, text),
        findings=(finding,),
        events=(Event(1, START, text, {text: text}, text),),
    )
    book = reopened(tmp_path, view, results=False)
    cells = [cell for sheet in book.worksheets for line in sheet.iter_rows() for cell in line]
    cells = [cell for cell in cells if not str(cell.value).startswith("=SUBTOTAL(1")]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
    assert not [cell for cell in cells if cell.hyperlink and (cell.hyperlink.target or not cell.hyperlink.location)]
    shown = sheet_of(book, "Rows")["B2"]
    assert shown.value == text
    if is_formula_like(text):
        assert shown.number_format == "@"
        assert shown.quotePrefix


@settings(max_examples=15)
@given(st.text(alphabet=st.characters(), min_size=1))
def test_any_text_comes_back_as_text(text: str) -> None:
    cell = own_cell(text)
    assert cell.data_type == "s"
    assert unescape(str(cell.value)) == unescape(fit_cell(text))


@example("_x005F_")
@example("_x0041_x0042_")
@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), max_size=50))
def test_text_without_control_characters_is_kept_as_it_is(text: str) -> None:
    kept = text.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
    assert unescape(fit_cell(text)) == kept


def test_what_a_workbook_cannot_hold_is_replaced_by_a_visible_mark() -> None:
    assert fit_cell("a\x00b\x1fc\ud800d\uffff") == "a�b�c�d�"
    assert fit_cell("one\r\ntwo\rthree\tfour") == "one\ntwo\nthree\tfour"


def test_text_that_looks_like_an_escape_is_escaped() -> None:
    assert fit_cell("_x0041_") == "_x005F_x0041_"
    assert unescape(fit_cell("_x005F_")) == "_x005F_"
    assert fit_cell("a_x1_b") == "a_x1_b"


def test_long_text_is_cut_with_a_mark_and_never_within_a_character() -> None:
    assert len(fit_cell("x" * 40_000)) == CELL_LIMIT
    assert fit_cell("x" * 40_000).endswith("x…")
    faces = fit_cell("😀" * 20_000)
    assert faces.endswith("😀…")
    assert len(faces.encode("utf-16-le")) // 2 <= CELL_LIMIT
    assert fit_cell("x" * CELL_LIMIT) == "x" * CELL_LIMIT
    assert str(own_cell("é" * 40_000).value).endswith("…")


def test_one_line_is_one_short_line() -> None:
    assert fit_line("a\nb\tc\x01", 20) == "a b c�"
    assert fit_line("x" * 50, 10) == "x" * 9 + "…"


@pytest.mark.parametrize("text", ["0.005", "12.5", "999999999999.999", "0.3", "-7.125", "1E+3"])
def test_amounts_are_exact_numbers_in_euros(text: str) -> None:
    cell = own_cell(Decimal(text), 2)
    assert cell.data_type == "n"
    assert Decimal(str(cell.value)) == Decimal(text)
    assert "€" in cell.number_format


@pytest.mark.parametrize(
    ("text", "number_format"), [("12", '"€"#,##0.00'), ("12.50", '"€"#,##0.00'), ("0.005", '"€"#,##0.000')]
)
def test_an_amount_shows_all_its_decimals(text: str, number_format: str) -> None:
    assert own_cell(Decimal(text), 2).number_format == f"{number_format};-{number_format}"


def test_what_binary_fractions_add_is_not_shown() -> None:
    assert own_cell(Decimal("0.30000000000000004"), 2).value == 0.3


def test_number_that_would_lose_digits_is_written_as_text() -> None:
    assert own_cell(Decimal("12345678901234567")).value == "12345678901234567"
    assert own_cell(Decimal("NaN")).value == "NaN"
    assert own_cell(Decimal("1E+400")).data_type == "s"


def test_long_whole_number_is_shown_with_all_its_digits() -> None:
    cell = own_cell(Decimal("123456789012345"))
    assert (cell.value, cell.number_format) == (123456789012345, "0")


def test_balance_beyond_exact_numbers_is_written_as_text(tmp_path: Path) -> None:
    balance = Decimal("1234567890123.456")
    result = RowResult(Status.DONE, 200, None, balance, Decimal("1.5"), 1, START)
    sheet = sheet_of(reopened(tmp_path, view_of([result])), "Rows")
    assert cell_under(sheet, "Main balance after").value == "€1,234,567,890,123.456"
    assert cell_under(sheet, "Sub-account balance after").number_format == '"€"#,##0.000;-"€"#,##0.000'


def test_truth_values_and_dates_stay_what_they_are() -> None:
    assert own_cell(True).value is True
    assert own_cell(None).value is None
    assert own_cell(datetime(2026, 3, 31)).value == datetime(2026, 3, 31)  # noqa: DTZ001
    assert own_cell(datetime(2026, 3, 31, 14, 5)).value == datetime(2026, 3, 31, 14, 5)  # noqa: DTZ001
    assert own_cell(datetime(1899, 5, 1)).value == "1899-05-01 00:00:00"  # noqa: DTZ001


def test_times_are_real_times_in_utc_and_say_so(tmp_path: Path) -> None:
    in_paris = START.astimezone(tz=START.tzinfo).replace(tzinfo=None) + timedelta(hours=2)
    result = RowResult(Status.DONE, 200, None, None, None, 1, START)
    cell = cell_under(sheet_of(reopened(tmp_path, view_of([result])), "Rows"), "Established at (UTC)")
    assert isinstance(cell.value, datetime)
    assert cell.value.replace(tzinfo=UTC) - START < timedelta(milliseconds=1)
    assert cell.value != in_paris
    assert cell.number_format == "yyyy-mm-dd hh:mm:ss"
