from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook

from batch.errors import SheetError
from batch.sheet.source_file import Limits

from . import hostile
from .hostile import HEADER
from .reading import read, rows_of

Sheets = dict[str, list[tuple[object, ...]]]
MOVEMENT = ("00123", 12.5, "add")
TABLE = [list(HEADER), ["00123", Decimal("12.5"), "add"]]


def xls() -> bytes:
    def fill(sheet: Any) -> None:
        for row, cells in ((3, HEADER), (4, MOVEMENT)):
            for column, cell in enumerate(cells):
                sheet.write(row, column, cell)

    return hostile.xls(fill)


def below_blank_rows() -> bytes:
    return hostile.xlsx({"Sheet": [[], [], [], HEADER, MOVEMENT]})


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.xlsx", below_blank_rows()), ("x.xlsm", below_blank_rows()), ("x.xls", xls()), ("x.xls", below_blank_rows()),
        ("x.xlsb", hostile.xlsb({3: HEADER, 4: MOVEMENT})),
    ],
)  # fmt: skip
def test_every_format_keeps_the_row_numbers(name: str, data: bytes) -> None:
    assert rows_of(data, name) == [[None] * 3] * 3 + TABLE


def test_errors_in_a_binary_workbook_are_cells() -> None:
    rows = [[b"\x2a", b"\x17", b"\x2b"], [b"\x07"]]
    data = hostile.xlsb({3: HEADER, 4: rows[0], 70_000: rows[1]})
    table = rows_of(data, "x.xlsb")
    assert table[3:5] == [list(HEADER), ["#N/A", "#REF!", "#GETTING_DATA"]]
    assert (len(table), table[-1]) == (70_001, ["#DIV/0!", None, None])
    assert rows_of(hostile.xlsb({2: [1.5, b"\x2a"]}), "x.xlsb")[2] == [Decimal("1.5"), "#N/A"]
    assert rows_of(hostile.xlsb({2: [b"\x2a"]}), "x.xlsb")[2] == ["#N/A"]


@pytest.mark.parametrize("suffix", [".xlt", ".xls", ".ots", ".xltx", ".xltm"])
def test_templates_are_read_like_what_they_are(suffix: str) -> None:
    data = {".xlt": xls(), ".xls": xls(), ".ots": hostile.ods([hostile.ods_row(*HEADER)])}
    assert list(HEADER) in rows_of(data.get(suffix, below_blank_rows()), f"x{suffix}")


def test_an_opendocument_sheet_keeps_the_row_numbers() -> None:
    rows = [hostile.ods_row(repeated=3), hostile.ods_row(*HEADER), hostile.ods_row(repeated=1_048_000)]
    assert read(hostile.ods(rows), "x.ods") == ("Feuille1", [*[[None] * 3] * 3, list(HEADER)])


def test_every_cell_is_what_it_is() -> None:
    cells = {
        "text that looks like a number": ("00123", "00123"),
        "no value to pandas": ("NA", "NA"),
        "fraction": (0.1, Decimal("0.1")),
        "whole number": (12, Decimal(12)),
        "truth": (True, True),
        "moment": (datetime(2026, 3, 1, 12, 30), datetime(2026, 3, 1, 12, 30)),  # noqa: DTZ001
        "day": (date(2026, 3, 1), datetime(2026, 3, 1)),  # noqa: DTZ001
        "time": (time(12, 30), "12:30:00"),
        "duration": (timedelta(hours=26, minutes=30), "26:30:00"),
        "nothing": (None, None),
        "accents": ("Crédit €", "Crédit €"),
        "markup": ('{"d": "2026-03-01"}', '{"d": "2026-03-01"}'),
        "end": ("end", "end"),
    }
    rows = rows_of(hostile.xlsx({"Sheet": [[written] for written, _ in cells.values()]}))
    assert dict(zip(cells, (row[0] for row in rows), strict=True)) == {name: read for name, (_, read) in cells.items()}
    assert isinstance(rows[2][0], Decimal)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("0.30000000000000004", Decimal("0.30000000000000004")), ("NaN", "NaN"), ("1e400", "Infinity"),
        ("-1e400", "-Infinity"), ("12345678901234567890", Decimal("12345678901234567000")), ("1e300", Decimal("1e300")),
    ],
)  # fmt: skip
def test_numbers_that_excel_shows_otherwise(written: str, value: object) -> None:
    assert rows_of(hostile.xlsx_with(hostile.number("A1", written))) == [[value]]


def test_the_sheet_with_the_header_is_meant() -> None:
    sheets: Sheets = {"Notes": [("Dear Sir",)], "March": [("Credits",), (), HEADER, MOVEMENT], "Empty": []}
    assert read(hostile.xlsx(sheets)) == ("March", [["Credits", None, None], [None] * 3, *TABLE])


def test_two_sheets_that_could_be_meant_are_named() -> None:
    sheets: Sheets = {"March": [HEADER], "April": [HEADER], "Notes": [("x",)]}
    with pytest.raises(SheetError, match=r"2 sheets that could be meant, “March”, “April”: choose one with --sheet"):
        rows_of(hostile.xlsx(sheets))
    assert read(hostile.xlsx(sheets), sheet="april") == ("April", [list(HEADER)])


def test_a_sheet_that_is_not_there() -> None:
    many = {f"S{index}": [["x"]] for index in range(40)}
    with pytest.raises(SheetError, match=r"has no sheet “May”: it has “S0”, .*“S9” and 30 more\.$"):
        rows_of(hostile.xlsx(many), sheet="May")


def test_without_a_header_the_top_of_the_first_filled_sheet_is_returned() -> None:
    assert read(hostile.xlsx({"Empty": [], "Long": [["x"]] * 100})) == ("Long", [["x"]] * 30)
    assert read(hostile.xlsx({"Empty": [], "Empty too": []})) == ("Empty", [])


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.xlsx", hostile.xlsx({"Sheet": [*[[]] * 40, HEADER, MOVEMENT]})),
        ("x.ods", hostile.ods([hostile.ods_row(repeated=40), hostile.ods_row(*HEADER)])),
    ],
)
def test_a_sheet_that_begins_far_down_is_not_called_empty(name: str, data: bytes) -> None:
    rows = rows_of(data, name)
    assert (len(rows), list(rows[40])) == (41, list(HEADER))


def test_hidden_sheets_and_charts_are_passed_over_unless_named() -> None:
    workbook = Workbook()
    hidden = workbook.worksheets[0]
    hidden.title = "Hidden"
    hidden.append(list(HEADER))
    hidden.sheet_state = "hidden"
    workbook.create_chartsheet("Chart")
    shown = workbook.create_sheet("Shown")
    shown.append(list(HEADER))
    data = hostile.saved(workbook)
    assert read(data)[0] == "Shown"
    assert read(data, sheet="Hidden")[0] == "Hidden"
    with pytest.raises(SheetError, match="has no sheet “Chart”"):
        read(data, sheet="Chart")


def test_a_thousand_sheets_take_no_time_to_look_through() -> None:
    sheets: Sheets = {f"S{index}": [] for index in range(1000)}
    assert read(hostile.xlsx({**sheets, "Last": [HEADER]}))[0] == "Last"


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(rows=1), r"has more than 1 rows \(its last cell is in row 2, column 3\)"),
        (Limits(columns=2), "has more than 2 columns"),
        (Limits(cells=5), "has more than 5 cells"),
    ],
)
def test_a_table_that_is_too_large(limits: Limits, words: str) -> None:
    with pytest.raises(SheetError, match=words):
        rows_of(hostile.xlsx({"Sheet": [HEADER, MOVEMENT]}), limits=limits)


def test_a_stray_cell_in_the_last_row() -> None:
    data = hostile.xlsx_with(hostile.HEADER_ROW + hostile.number("XFD1048576", "1"))
    with pytest.raises(
        SheetError, match=r"has more than 1,000,000 rows \(its last cell is in row 1,048,576, column 16,384"
    ):
        rows_of(data)


def test_rows_that_are_only_formatted_are_not_there() -> None:
    formatted = "".join(f'<row r="{row}"><c r="A{row}" s="0"/></row>' for row in range(2, 20_000))
    assert rows_of(hostile.xlsx_with(hostile.number("A1", "7") + formatted)) == [[Decimal(7)]]


def test_an_absurd_dimension_is_not_believed() -> None:
    assert rows_of(hostile.xlsx_with(hostile.number("A1", "7"), dimension="A1:XFD1048576")) == [[Decimal(7)]]


@pytest.mark.parametrize(
    "data",
    [
        hostile.entity_bomb(), hostile.file_entity("/etc/hostname"), hostile.xlsx_with('<row r="1"><c r="A1"><v>1'),
        hostile.bomb(2**24, declared=1000), hostile.ole("Workbook"),
        hostile.zipped({"[Content_Types].xml": b"", "xl/workbook.xml": b"\xff\xfe"}),
    ],
)  # fmt: skip
def test_damaged_and_hostile_workbooks(data: bytes) -> None:
    with pytest.raises(SheetError, match=r"could not be read \(it is damaged"):
        rows_of(data)
