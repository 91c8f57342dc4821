from __future__ import annotations

import importlib
import re
import struct
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font

from batch.errors import SheetError
from batch.frames import Grid
from batch.model import CellFormatting
from batch.sheet.number_format import parse_format
from batch.validation.check_sheet import Expected, check_sheet
from tests.office import needs_office, saved

from . import hostile
from .hostile import HEADER
from .reading import grid_of

XLWT: Any = importlib.import_module("xlwt")
ROWS: list[Any] = [("sub-1", 12.5, "add"), ("sub-2", 12.345, "add"), (123, 0.5, "add"), ("sub-4", 7, "remove")]
ODD_COLUMN = hostile.xls_record(0x7D, b"\0")


def read(change: Callable[[Any], None], records: Iterable[bytes] = ()) -> Grid:
    def fill(sheet: Any) -> None:
        for row, cells in enumerate([HEADER, *ROWS]):
            for column, cell in enumerate(cells):
                sheet.write(row, column, cell)
        change(sheet)

    return grid_of(hostile.xls(fill, records), "x.xls")


def style(code: str = "General", *, struck: bool = False) -> Any:
    return XLWT.easyxf("font: struck_out on" if struck else "", num_format_str=code)


def again(sheet: Any, row: int, column: int, look: Any) -> None:
    """The cell as it was, in that style."""
    sheet._cell_overwrite_ok = True
    sheet.write(row, column, ROWS[row - 1][column], look)


def test_numbers_that_are_shown_otherwise() -> None:
    def change(sheet: Any) -> None:
        again(sheet, 1, 1, style("#,##0.00"))
        again(sheet, 2, 1, style('#,##0.00 "€"'))
        again(sheet, 3, 0, style("00000"))
        again(sheet, 3, 1, style("0%"))
        again(sheet, 4, 1, style('#,##0.00 "USD"'))

    grid = read(change)
    assert grid.appearance.shown == {(3, 1): "12.35 €", (4, 0): "00123", (4, 1): "50%", (5, 1): "7.00 USD"}
    assert not grid.findings
    # The values stay those that are stored.
    assert [row[1] for row in grid.rows[1:]] == [Decimal("12.5"), Decimal("12.345"), Decimal("0.5"), Decimal(7)]


def test_an_ordinary_sheet_has_nothing_to_see() -> None:
    grid = read(lambda _sheet: None)
    assert (grid.appearance, grid.findings) == (CellFormatting(), ())


def test_hidden_rows_and_columns() -> None:
    def change(sheet: Any) -> None:
        sheet.row(2).hidden = True
        sheet.row(3).height_mismatch = True
        sheet.row(3).height = 0
        sheet.row(4).level = 1
        sheet.row(30).hidden = True
        sheet.col(2).hidden = True
        sheet.col(4).width = 0

    appearance = read(change).appearance
    assert appearance.hidden_rows == {3, 4}
    assert appearance.hidden_columns == {2, 4}


def test_rows_that_are_hidden_because_all_others_are() -> None:
    hidden = hostile.xls_record(0x225, b"\x02\0\xff\0")
    number = hostile.xls_record(0x203, bytes((7, 0, 1, 0, 15, 0)) + bytes(8))
    # Five rows are described, and are not hidden.
    assert read(lambda _sheet: None, [hidden, number]).appearance.hidden_rows == {6, 7, 8}


def test_cells_that_are_struck_through() -> None:
    def change(sheet: Any) -> None:
        again(sheet, 2, 0, style(struck=True))
        again(sheet, 3, 1, style(struck=True))
        sheet.write(9, 5, None, style(struck=True))
        struck = XLWT.easyfont("struck_out on")
        sheet.write_rich_text(4, 4, ("sub-", ("4", struck)))
        sheet.write_rich_text(4, 5, (("sub-4", XLWT.easyfont("bold on")), ("", struck)))

    # A blank cell with such a font shows nothing.
    assert read(change).appearance.struck == {(3, 0), (4, 1), (5, 4)}


def test_merged_cells_and_what_they_cover() -> None:
    covered = hostile.xls_record(0xE5, struct.pack("<HHHHH", 1, 1, 2, 1, 1))

    def change(sheet: Any) -> None:
        sheet.write_merge(6, 7, 0, 2, "below")
        sheet.write_merge(39, 39, 0, 1, "far below")

    grid = read(change, [covered])
    assert sorted(grid.appearance.merged) == [(2, 1, 3, 1), (7, 0, 8, 2), (40, 0, 40, 1)]
    assert grid.rows[2][1] == Decimal("12.345")


def test_a_row_of_failed_look_ups_does_not_vanish() -> None:
    def change(sheet: Any) -> None:
        for column, code in enumerate((0x2A, 0x17, 0x07)):
            sheet.row(5).set_cell_error(column, code)

    unknown = hostile.xls_record(0x205, struct.pack("<HHHBB", 6, 0, 15, 0x99, 1))
    assert read(change, [unknown]).rows[5:] == [("#N/A", "#REF!", "#DIV/0!"), ("#UNKNOWN!", None, None)]


def test_a_sheet_of_nothing_but_errors_is_not_empty() -> None:
    assert grid_of(hostile.xls(lambda sheet: sheet.row(2).set_cell_error(1, 0x2A)), "x.xls").rows[2] == (None, "#N/A")


def test_what_is_a_date_the_files_own_formats_say() -> None:
    def fill(sheet: Any) -> None:
        formats = ("dd/mm/yyyy", "hh:mm", "[h]:mm", '#,##0.00 "d"', "0.00 HT", 'yyyy" €"', "dd/mm/yyyy")
        for row, (code, value) in enumerate(zip(formats, (61.5, 0.5, 1.5, 61.5, 61.5, 61.5, 1e9), strict=True)):
            sheet.write(row, 0, value, style(code))

    grid = grid_of(hostile.xls(fill), "x.xls")
    moment = datetime(1900, 3, 1, 12)  # noqa: DTZ001 (a cell has no zone)
    assert [row[0] for row in grid.rows] == [
        moment, "12:00:00", "36:00:00", Decimal("61.5"), Decimal("61.5"), moment, Decimal(10) ** 9
    ]  # fmt: skip


def test_days_may_count_from_1904() -> None:
    data = hostile.xls(lambda sheet: sheet.write(0, 0, 1.0, style("dd/mm/yyyy")))
    old = data.replace(hostile.xls_record(0x22, b"\0\0"), hostile.xls_record(0x22, b"\1\0"))
    assert grid_of(old, "x.xls").rows[0][0] == datetime(1904, 1, 2)  # noqa: DTZ001


def test_a_format_under_a_number_that_excel_has_for_dates_is_what_the_file_says() -> None:
    # As Gnumeric numbers them. xlwt does not, and its first number is 164.
    data = hostile.xls(lambda sheet: sheet.write(0, 0, 12.5, style('#,##0.00 "€"')))
    code = '#,##0.00 "€"'.encode("utf-16-le")
    at = data.index(code) - 5
    for number in (14, 50):
        changed = data[:at] + struct.pack("<H", number) + data[at + 2 :]
        changed = re.sub(rb"(?<=\xe0\x00\x14\x00..)\xa4\x00", struct.pack("<H", number), changed, flags=re.DOTALL)
        assert grid_of(changed, "x.xls").rows == [(Decimal("12.5"),)]


@given(
    value=st.floats(-1e13, 1e13) | st.integers(-(10**7), 10**7).map(lambda cents: cents / 100),
    code=st.sampled_from(["0", "0.00", "#,##0.00", "0.000;-0.00", "0%", "0.00E+00", "00000", "[Red]0.0;[Blue]0.0"]),
)
def test_passing_most_numbers_by_changes_nothing(value: float, code: str) -> None:
    def fill(sheet: Any) -> None:
        for column, title in enumerate(HEADER):
            sheet.write(0, column, title)
        sheet.write(1, 1, value, style(code))

    shape = parse_format(code)
    assert shape is not None
    expected = shape.find_misleading_text(Decimal(repr(value)))
    assert grid_of(hostile.xls(fill), "x.xls").appearance.shown == ({} if expected is None else {(2, 1): expected})


@pytest.mark.parametrize(
    "data",
    [hostile.ole("Workbook"), hostile.xls(lambda sheet: sheet.write(0, 0, 1), [hostile.xls_record(0x203, b"\0")])],
)
def test_a_damaged_workbook_is_said_to_be(data: bytes) -> None:
    with pytest.raises(SheetError, match=r"could not be read .* save it again as \.xlsx"):
        grid_of(data, "x.xls")


def test_a_workbook_that_is_protected_by_a_password_is_said_to_be() -> None:
    plain = hostile.xls(lambda sheet: sheet.write(0, 0, "token"))
    behind_beginning = plain.index(struct.pack("<HH", 0x809, 16)) + 20
    encrypted = plain[:behind_beginning] + struct.pack("<H", 0x2F) + plain[behind_beginning + 2 :]
    with pytest.raises(SheetError, match="is protected by a password: save it again without one"):
        grid_of(encrypted, "x.xls")


OLDER = [("token", "amount", "direction"), ("sub-1", 12.5, "add"), ("sub-2", 1234.56, "remove")]


def older(begin: bytes, text: int, number: int, style: bytes, length: str) -> bytes:
    """A sheet that is the whole file, as programs wrote it before Excel 97."""
    record = hostile.xls_record
    cells = b""
    for row, values in enumerate(OLDER):
        for column, value in enumerate(values):
            place = struct.pack("<HH", row, column) + style
            if isinstance(value, str):
                cells += record(text, place + struct.pack(length, len(value)) + value.encode())
            else:
                cells += record(number, place + struct.pack("<d", value))
    return begin + cells + record(0x0A, b"")


@pytest.mark.parametrize(
    "data",
    [
        older(hostile.xls_record(0x009, struct.pack("<HH", 2, 16)), 0x004, 0x003, bytes(3), "<B"),
        older(hostile.xls_record(0x209, struct.pack("<HHH", 0, 16, 0)), 0x204, 0x203, bytes(2), "<H"),
        older(hostile.xls_record(0x409, struct.pack("<HHH", 0, 16, 0)), 0x204, 0x203, bytes(2), "<H"),
        # As scripts on many web pages write it.
        older(hostile.xls_record(0x809, struct.pack("<HHHH", 0, 16, 0, 0)), 0x204, 0x203, bytes(2), "<H"),
    ],
)
def test_a_sheet_without_a_container_is_read(data: bytes) -> None:
    grid = grid_of(data, "x.xls")
    assert grid.rows == [OLDER[0], ("sub-1", Decimal("12.5"), "add"), ("sub-2", Decimal("1234.56"), "remove")]
    assert not grid.findings


def test_what_cannot_be_seen_keeps_the_sheet_from_being_sent() -> None:
    grid = read(lambda _sheet: None, [ODD_COLUMN])
    assert [finding.code for finding in grid.findings] == ["appearance-unseen"]
    assert grid.rows[1][:3] == ("sub-1", Decimal("12.5"), "add")
    assert check_sheet(grid, None, Expected()).has_sheet_errors


def test_a_sheet_below_another_is_seen() -> None:
    def fill(sheet: Any) -> None:
        sheet.write(0, 0, "other")
        below = sheet.get_parent().add_sheet("Second")
        below.write(3, 0, 0.5, style("0%"))
        below.write(4, 0, "struck", style(struck=True))
        sheet.get_parent().add_sheet("Hidden").visibility = 1

    appearance = grid_of(hostile.xls(fill), "x.xls", sheet="second").appearance
    assert appearance == CellFormatting({(4, 0): "50%"}, struck=frozenset({(5, 0)}))
    hidden = grid_of(hostile.xls(fill), "x.xls", sheet="Hidden")
    assert [finding.code for finding in hidden.findings] == ["sheet-hidden"]


def formula(row: int, column: int, result: bytes = b"\3\0\0\0\0\0\xff\xff", flags: int = 0) -> bytes:
    tokens = b"\x1e\5\0\x1e\7\0\3"
    return hostile.xls_record(6, struct.pack("<HHH8sHIH", row, column, 15, result, flags, 0, len(tokens)) + tokens)


def test_a_formula_that_was_never_calculated_is_no_empty_cell() -> None:
    def change(sheet: Any) -> None:
        sheet._cell_overwrite_ok = True
        sheet.write(1, 1, XLWT.Formula("5+7"))
        sheet.write(2, 2, XLWT.Formula('IF(B3>0;"add";"remove")'))
        for column in range(3):
            sheet.write(6, column, XLWT.Formula("A2"))

    grid = read(change)
    assert (grid.rows[1][1], grid.rows[2][2], grid.rows[6]) == ("=…", "=…", ("=…", "=…", "=…"))


def test_a_macro_sheet_beside_the_table_is_passed_over() -> None:
    def fill(sheet: Any) -> None:
        sheet.write(0, 0, "macros")
        table = sheet.get_parent().add_sheet("Second")
        table.write(0, 0, "token")
        table.write(1, 0, XLWT.Formula("5+7"))

    data = hostile.xls(fill)
    kind = data.index(b"\x07\x00Feuille") - 1
    assert grid_of(data[:kind] + b"\1" + data[kind + 1 :], "x.xls").rows == [("token",), ("=…",)]


def test_a_zero_that_is_to_be_calculated_on_opening_is_no_result() -> None:
    asked, calculated = formula(5, 1, bytes(8), flags=2), formula(6, 1, bytes(8))
    grid = read(lambda _sheet: None, [asked, calculated, formula(7, 1, struct.pack("<d", 12.5), flags=2)])
    assert [row[1] for row in grid.rows[5:]] == ["=…", Decimal(0), Decimal("12.5")]


def test_an_empty_text_that_a_spreadsheet_program_calculated_is_an_empty_cell() -> None:
    data = hostile.xls(lambda sheet: sheet.write(0, 0, "Token"), [formula(1, 0), formula(2, 0, bytes(8), flags=2)])
    assert grid_of(data, "x.xls").rows == [("Token",), ("=…",), ("=…",)]
    summary = data + "\5SummaryInformation".encode("utf-16-le")
    assert grid_of(summary, "x.xls").rows == [("Token",), (None,), (Decimal(0),)]


def test_several_numbers_in_one_record_are_each_looked_at() -> None:
    # In the format 0% of the second style, and in General.
    def change(sheet: Any) -> None:
        sheet.write(20, 0, 1, style("0%"))

    percent = struct.unpack_from("<H", _last_cell(hostile.xls(change)), 4)[0]
    numbers = struct.pack("<HH" + "HI" * 3 + "H", 5, 1, 15, 50 << 2 | 2, percent, 50 << 2 | 2, 15, 7 << 2 | 2, 3)
    plain = struct.pack("<HH" + "HI" * 2 + "H", 30, 0, 15, 50 << 2 | 2, 15, 50 << 2 | 2, 1)
    data = hostile.xls(change, [hostile.xls_record(0xBD, numbers), hostile.xls_record(0xBD, plain)])
    assert grid_of(data, "x.xls").appearance.shown == {(6, 2): "5000%", (21, 0): "100%"}


def _last_cell(data: bytes) -> bytes:
    return data[data.rindex(struct.pack("<HH", 0x27E, 10)) + 4 :]


def test_the_numbers_of_a_chart_are_no_cells() -> None:
    number = hostile.xls_record(0x203, struct.pack("<HHHd", 40, 0, 0xFFFF, 1.5))
    chart = [hostile.xls_record(0x809, struct.pack("<HHHHII", 0x600, 0x20, 0, 0, 0, 0)), number]
    assert not read(lambda _sheet: None, [*chart, hostile.xls_record(0x0A, b"")]).findings
    with pytest.raises(SheetError):
        read(lambda _sheet: None, [number])


def test_xlrd_says_nothing_where_the_answer_goes(capfd: pytest.CaptureFixture[str]) -> None:
    odd = hostile.xls(lambda sheet: sheet.write(0, 0, 1), [hostile.xls_record(0x208, b"\xff\xff" + bytes(14))])
    grid_of(odd, "x.xls")
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
@needs_office
@pytest.mark.timeout(180)
def test_saved_as_xls_by_libreoffice_a_workbook_looks_the_same(tmp_path: Path) -> None:
    book = Workbook()
    sheet: Any = book.worksheets[0]
    for row in [HEADER, *ROWS]:
        sheet.append(row)
    sheet["B3"].number_format = "#,##0.00 [$€-40C]"
    sheet["A4"].number_format = "00000"
    sheet["B4"].number_format = "0%"
    sheet["B5"].font = Font(strike=True)
    sheet["A5"] = CellRichText("sub-", TextBlock(InlineFont(strike=True), "4"))
    sheet.row_dimensions[3].hidden = True
    sheet.column_dimensions["C"].hidden = True
    sheet.append(["=NA()", "=1/0"])
    path = tmp_path / "looks.xlsx"
    book.save(path)
    new, old = (grid_of(saved(path, tmp_path, kind).read_bytes(), f"x.{kind}") for kind in ("xlsx", "xls"))
    assert old.appearance == new.appearance
    assert old.appearance.shown == {(3, 1): "12.35 €", (4, 0): "00123", (4, 1): "50%"}
    assert old.appearance.struck == {(5, 0), (5, 1)}
    assert old.appearance.hidden_rows == {3}
    assert old.appearance.hidden_columns == {2}
    assert old.rows == new.rows
    assert old.rows[5][:2] == ("#N/A", "#DIV/0!")
    assert not old.findings
