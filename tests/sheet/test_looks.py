from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.styles import Color, Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from batch.errors import SheetError
from batch.model import CellFormatting

from . import hostile
from .hostile import HEADER
from .reading import grid_of
from .rewriting import SHEET

ROWS: list[Any] = [
    HEADER, ("sub-1", 12.5, "add"), ("sub-2", 12.345, "add"), ("sub-3", 0.5, "add"), ("sub-4", 7, "remove"),
]  # fmt: skip


def workbook(change: Callable[[Any], None]) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in ROWS:
        sheet.append(row)
    change(sheet)
    return hostile.saved(book)


def seen(change: Callable[[Any], None]) -> CellFormatting:
    return grid_of(workbook(change)).appearance


def formatted(sheet: Worksheet) -> None:
    for row in range(2, 6):
        sheet.cell(row, 2).number_format = "#,##0.00 [$€-40C]"
    sheet["B4"].number_format = "0%"


def test_amounts_that_are_shown_otherwise() -> None:
    assert seen(formatted).shown == {(3, 1): "12.35 €", (4, 1): "50%"}


def test_an_ordinary_sheet_has_nothing_to_see() -> None:
    assert seen(lambda _sheet: None) == CellFormatting()


@pytest.mark.parametrize(
    ("size", "is_hidden"), [("0", True), ("0.75", True), ("1", True), ("2", False), ("15.75", False)]
)
def test_rows_and_columns_in_which_nothing_can_be_seen_are_hidden(size: str, is_hidden: bool) -> None:
    data = with_sheet(
        workbook(lambda _sheet: None),
        lambda xml: xml.replace('<row r="3"', f'<row r="3" ht="{size}" customHeight="1"').replace(
            "<sheetData>",
            '<cols><col min="2" max="2" width="0.4"/><col min="3" max="3" width="1.4"/></cols><sheetData>',
        ),
    )
    assert grid_of(data).appearance == CellFormatting(
        hidden_rows=frozenset({3} if is_hidden else ()), hidden_columns=frozenset({1})
    )


def test_a_cell_that_is_there_twice_is_not_dropped_in_silence() -> None:
    def doubled(xml: str) -> str:
        return re.sub(r'(<row r="4".*?</row>)', r"\1\1", xml)

    assert [finding.code for finding in grid_of(with_sheet(workbook(formatted), doubled)).findings] == [
        "appearance-unseen"
    ]


def test_a_cell_in_another_row_than_it_says_is_not_read() -> None:
    with pytest.raises(SheetError, match="could not be read"):
        grid_of(with_sheet(workbook(formatted), lambda xml: xml.replace('<row r="4"', '<row r="3"')))


def test_rows_in_any_order_and_one_for_each_cell_are_those_that_they_say() -> None:
    def scattered(xml: str) -> str:
        rows = re.sub(r"(?<=</c>)(?=<c )", "</row><row>", xml[xml.index("<row") : xml.index("</sheetData>")])
        numbered = [re.sub(r'<row[^<>]*>(<c r="[A-Z]+(\d+)")', r'<row r="\2">\1', row) for row in rows.split("</row>")]
        return xml.replace(xml[xml.index("<row") : xml.index("</sheetData>")], "</row>".join([*numbered[::-1][1:], ""]))

    plain = workbook(formatted)
    grid = grid_of(with_sheet(plain, scattered))
    assert (grid.rows, grid.appearance, grid.findings) == (grid_of(plain).rows, grid_of(plain).appearance, ())


def test_what_is_written_in_the_colour_of_its_paper_is_not_shown() -> None:
    def change(sheet: Worksheet) -> None:
        sheet["A2"].font = Font(color="FFFFFFFF")
        sheet["B2"].font = Font(color=Color(theme=0))
        sheet["B3"].font, sheet["B3"].fill = Font(color="FF00B050"), PatternFill("solid", fgColor="0000B050")
        sheet["B4"].font, sheet["B4"].fill = Font(color="FFFFFFFF"), PatternFill("solid", fgColor="FF000000")
        sheet["B5"].font, sheet["B5"].fill = Font(color="FFFFFFFF"), PatternFill("gray125")
        sheet["C5"].fill = PatternFill("solid", fgColor="FF000000")

    assert seen(change).shown == {(2, 0): "", (2, 1): "", (3, 1): "", (5, 2): ""}


def test_a_format_may_hide_numbers_alone_or_texts_as_well() -> None:
    def change(sheet: Worksheet) -> None:
        for cell in ("A2", "B2"):
            sheet[cell].number_format = ";;;"
        for cell in ("A3", "B3"):
            sheet[cell].number_format = ";;"

    assert seen(change).shown == {(2, 0): "", (2, 1): "", (3, 1): ""}


def test_a_cell_without_a_style_has_the_first_one() -> None:
    """As all have where somebody has changed the style “Normal”."""
    styles = (
        '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts><font><strike/></font>'
        '<font/></fonts><cellXfs><xf numFmtId="2" fontId="0"/><xf numFmtId="0" fontId="1"/></cellXfs></styleSheet>'
    )
    cells = (
        '<c r="A1"><v>1.234</v></c><c r="B1" t="n"><f>A1</f><v>1.234</v></c><c r="C1" s="1"><v>1.234</v></c><c r="D1"/>'
    )
    rows = f'<row r="1">{cells}</row><row r="2"><c r="B2" t="inlineStr"><is><t>a</t></is></c></row>'
    grid = grid_of(hostile.with_part(hostile.xlsx_with(rows), "xl/styles.xml", styles.encode()), sheet="Sheet")
    assert grid.appearance.shown == {(1, 0): "1.23", (1, 1): "1.23"}
    assert grid.appearance.struck == {(1, 0), (1, 1), (2, 1)}
    assert grid.findings == ()


def with_sheet(data: bytes, change: Callable[[str], str]) -> bytes:
    return hostile.with_part(data, SHEET, change(hostile.unzipped(data)[SHEET].decode()).encode())


def test_what_cannot_be_seen_is_said() -> None:
    assert [entry.code for entry in grid_of(hostile.xlsb({0: HEADER}), "x.xlsb").findings] == ["appearance-unseen"]


def test_styles_that_cannot_be_read_hide_no_error_value() -> None:
    data = hostile.with_part(workbook(lambda sheet: sheet.append(["#N/A"])), "xl/styles.xml", b"<styleSheet")
    grid = grid_of(data)
    assert [finding.code for finding in grid.findings] == ["appearance-unseen"]
    assert grid.rows[5][0] == "#N/A"
