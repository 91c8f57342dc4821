from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from batch.annotation import annotate
from batch.frames import CheckedSheet
from batch.model import Cell, CellFormatting, SheetRow
from batch.sheet import Limits, read_sheet
from batch.sheet.source_file import load_original
from batch.validation.check_sheet import Expected, check_sheet

Corrections = dict[tuple[int, int], Cell]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Five rows, whose amounts are a plain number, a date, a percentage, one that is shown rounded, and a formula."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(("Token", "Amount", "Direction"))
    for token, amount, look in (
        ("sub-1", 1, "#,##0.00 [$€-40C]"),
        (123, date(2026, 5, 1), "dd/mm/yyyy"),
        ("sub-3", 0.05, "0%"),
        ("sub-4", 4.5, "0"),
        ("sub-5", "=B2*2", "0.00"),
    ):
        sheet.append((token, amount, "add"))
        sheet.cell(sheet.max_row, 2).number_format = look
    sheet["A3"].font = Font(bold=True, strike=True)
    sheet["A3"].fill = PatternFill("solid", fgColor="00FF00")
    book.create_sheet("Other")["B2"] = "untouched"
    path = tmp_path / "january.xlsx"
    book.save(path)
    return path


def checked(path: Path, corrections: Corrections) -> CheckedSheet:
    grid = replace(read_sheet(path).replace_cells(corrections), appearance=CellFormatting())
    return check_sheet(grid, None, Expected())


def corrected(path: Path, corrections: Corrections) -> bytes:
    found = checked(path, corrections)
    return annotate(load_original(path, Limits()), found.source, found.all_findings, corrections=corrections).data


def sheet_of(data: bytes) -> Worksheet:
    book = load_workbook(io.BytesIO(data))
    return book["Sheet"]


def read_again(data: bytes, folder: Path) -> CheckedSheet:
    """As if it was uploaded: without the list of findings in front."""
    book = load_workbook(io.BytesIO(data))
    del book[book.sheetnames[0]]
    book.save(folder / "again.xlsx")
    return check_sheet(read_sheet(folder / "again.xlsx", sheet="Sheet"), None, Expected())


def test_a_number_keeps_the_format_that_shows_it_and_no_other(path: Path) -> None:
    amounts = [Decimal("1234.5"), Decimal("1.5"), Decimal("5"), Decimal("4.25"), Decimal("3")]
    sheet = sheet_of(corrected(path, {(row, 1): amount for row, amount in enumerate(amounts, 2)}))
    assert [sheet.cell(row, 2).value for row in range(2, 7)] == [1234.5, 1.5, 5, 4.25, 3]
    looks = [sheet.cell(row, 2).number_format for row in range(2, 7)]
    assert looks == ["#,##0.00 [$€-40C]", "General", "General", "General", "0.00"]


def test_a_text_stays_a_text_in_the_look_of_its_cell_but_for_the_line_through_it(path: Path) -> None:
    sheet = sheet_of(corrected(path, {(3, 0): "0012345", (2, 2): "=1+1"}))
    token = sheet["A3"]
    assert (token.value, token.data_type, token.font.b, token.font.strike) == ("0012345", "s", True, False)
    assert token.fill.fgColor.rgb[-6:] == "00FF00"
    assert (sheet["C2"].value, sheet["C2"].data_type) == ("=1+1", "s")


def test_nothing_else_is_touched_and_an_emptied_cell_is_empty(path: Path) -> None:
    data = corrected(path, {(2, 0): None})
    before, after = load_workbook(path), load_workbook(io.BytesIO(data))
    for name in before.sheetnames:
        changed = {
            cell.coordinate
            for row in before[name].iter_rows()
            for cell in row
            if after[name][cell.coordinate].value != cell.value
        }
        assert changed == ({"A2"} if name == "Sheet" else set())
    assert after["Sheet"]["A2"].value is None


def test_a_cell_that_a_merged_one_covers_can_be_corrected(path: Path) -> None:
    book = load_workbook(path)
    book["Sheet"]["A4"] = None
    book["Sheet"].merge_cells("A3:A4")
    book["Sheet"].merge_cells("C5:C6")
    book.save(path)
    sheet = sheet_of(corrected(path, {(4, 0): "sub-3"}))
    assert (sheet["A3"].value, sheet["A4"].value) == (123, "sub-3")
    assert str(sheet.merged_cells) == "C5:C6"


def test_what_is_read_from_the_copy_is_what_was_checked(path: Path, tmp_path: Path) -> None:
    corrections: Corrections = {
        (3, 0): "sub-2",
        (3, 1): Decimal("1.5"),
        (4, 1): Decimal("5"),
        (5, 1): "4.250",
        (6, 1): Decimal("-3"),
    }
    again = read_again(corrected(path, corrections), tmp_path)
    assert [list_of(row) for row in again.rows] == [list_of(row) for row in checked(path, corrections).rows]
    # Row 3 was struck through, and its amount a date.
    codes = [[finding.code for finding in row.findings] for row in again.rows]
    assert codes == [[], [], [], ["amount-ambiguous"], ["sign-contradicts"]]


def list_of(row: SheetRow) -> list[object]:
    return [row.token, row.amount, row.direction, [finding.code for finding in row.findings]]


def test_a_sheet_of_another_kind_is_corrected_as_well(tmp_path: Path) -> None:
    path = tmp_path / "january.csv"
    path.write_text("Token;Amount;Direction\nsub-1;1.234;add\n")
    sheet = sheet_of(corrected(path, {(2, 1): Decimal("1234")}))
    assert [cell.value for cell in sheet[2]] == ["sub-1", 1234, "add"]
    assert sheet["B2"].comment is None
