from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path
from zipfile import ZipFile

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from batch.annotation import MOST_LINES, Annotated, annotate, encode_cells
from batch.annotation_writer import make_workbook
from batch.errors import ReportError
from batch.frames import CheckedSheet
from batch.i18n import Language, use_language
from batch.model import Cell
from batch.sheet import Limits, read_sheet
from batch.sheet.source_file import load_original
from batch.validation.check_sheet import Expected, check_sheet

KNOWN = frozenset({"sub-1", "sub-2", "0012345"})


def checked(path: Path) -> CheckedSheet:
    return check_sheet(read_sheet(path), KNOWN, Expected())


def marked(path: Path, *, keeps_macros: bool = False) -> Annotated:
    found = checked(path)
    return annotate(load_original(path, Limits()), found.source, found.all_findings, keeps_macros=keeps_macros)


def opened(annotated: Annotated, *, data_only: bool = False) -> Workbook:
    return load_workbook(io.BytesIO(annotated.data), data_only=data_only)


def fill_of(sheet: Worksheet, address: str) -> str | None:
    fill = sheet[address].fill
    return str(fill.fgColor.rgb)[-6:] if fill.fill_type else None


def addresses(sheet: CheckedSheet) -> set[str]:
    found = [*sheet.findings, *(finding for row in sheet.rows for finding in row.findings)]
    return {finding.cell for finding in found if finding.cell}


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """As accountants have them: a title, other sheets, formulas, formats, notes, hidden rows."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Mois d'été"
    sheet["A1"] = "Credits"
    sheet["A1"].font = Font(bold=True, color="FF0000")
    sheet.merge_cells("A1:C1")
    for row in (
        ("Token", "Amount", "Direction", "Note"),
        ("sub-1", 12.5, "add", "=1+1"),
        ("sub-2", None, "add", "x"),
        ("sub-9", "abc", "sideways", "y"),
        ("0012345", 7, "remove", "z"),
    ):
        sheet.append(row)
    sheet["A6"].number_format = "@"
    sheet["B5"].comment = Comment("mine", "me")
    sheet.column_dimensions["A"].width = 33
    other = book.create_sheet("Findings")
    other["A1"] = "='Mois d''été'!B3*2"
    other.sheet_state = "hidden"
    path = tmp_path / "january.xlsx"
    book.save(path)
    return path


def test_every_bad_cell_is_marked_and_no_other(workbook: Path) -> None:
    sheet = opened(marked(workbook))["Mois d'été"]
    bad = addresses(checked(workbook))
    assert bad == {"B4", "A5", "B5", "C5"}
    assert {cell.coordinate for row in sheet.iter_rows() for cell in row if fill_of(sheet, cell.coordinate)} == bad
    assert {cell.coordinate for row in sheet.iter_rows() for cell in row if cell.comment} == bad
    assert "amount is missing" in sheet["B4"].comment.text


def test_what_was_there_stays(workbook: Path) -> None:
    book = opened(marked(workbook))
    sheet = book["Mois d'été"]
    before = load_workbook(workbook)
    assert book.sheetnames == ["Findings (2)", "Mois d'été", "Findings"]
    for name in before.sheetnames:
        assert [list(row) for row in book[name].values] == [list(row) for row in before[name].values]
    assert sheet["B5"].comment.text.startswith("mine\n\n")
    assert sheet["A1"].font.color.rgb[-6:] == "FF0000"
    assert sheet.column_dimensions["A"].width == 33
    assert sheet["A6"].number_format == "@"
    assert str(sheet.merged_cells) == "A1:C1"
    assert book["Findings"].sheet_state == "hidden"


def test_a_marked_template_is_a_workbook(workbook: Path, tmp_path: Path) -> None:
    book = load_workbook(workbook)
    book.template = True
    path = tmp_path / "january.xltx"
    book.save(path)
    assert not opened(marked(path)).template


def test_the_list_comes_first_with_links_there_and_back(workbook: Path) -> None:
    book = opened(marked(workbook))
    listing, sheet = book.worksheets[:2]
    assert book.active is listing
    rows = [[cell.value for cell in row] for row in listing.iter_rows() if row[0].value in {"error", "warning"}]
    assert {cell for _, cell, _ in rows} == {"B4", "A5", "B5", "C5"}
    there = {cell.hyperlink.location for row in listing.iter_rows() for cell in row if cell.hyperlink}
    assert there == {f"'Mois d''été'!{address}" for address in ("B4", "A5", "B5", "C5")}
    back = sheet["A4"].hyperlink.location
    assert back.startswith("'Findings (2)'!B")
    assert listing[back.split("!")[1]].value == "B4"
    # A cell that is to be corrected is no link: clicking on it would lead away.
    assert sheet["B4"].hyperlink is None
    assert sheet["B4"].value is None
    assert "click on A4" in sheet["B4"].comment.text


def test_a_marked_workbook_that_is_checked_again_says_the_same(workbook: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.xlsx"
    again.write_bytes(marked(workbook).data)
    before, after = checked(workbook), checked(again)
    assert [row.findings for row in after.rows] == [row.findings for row in before.rows]
    assert after.source.sheet == "Mois d'été"


def test_results_of_formulas_are_kept(tmp_path: Path) -> None:
    book = Workbook()
    book.worksheets[0].append(["Token", "Amount", "Direction"])
    book.worksheets[0].append(["sub-1", "=5+7.5", "add"])
    book.worksheets[0].append(["sub-2", "x", "add"])
    path = tmp_path / "formulas.xlsx"
    book.save(path)
    with ZipFile(path) as old, ZipFile(tmp_path / "saved.xlsx", "w") as new:
        for part in old.infolist():
            data = old.read(part).replace(b"<f>5+7.5</f><v />", b"<f>5+7.5</f><v>12.5</v>")
            new.writestr(part, data)
    annotated = marked(tmp_path / "saved.xlsx")
    assert opened(annotated).worksheets[1]["B2"].value == "=5+7.5"
    assert opened(annotated, data_only=True).worksheets[1]["B2"].value == 12.5


def test_a_merged_cell_is_marked_at_its_top_left(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in (("Token", "Amount", "Direction"), ("sub-1", 1, "add"), ("sub-2", None, "add")):
        sheet.append(row)
    sheet.merge_cells("B2:B3")
    path = tmp_path / "merged.xlsx"
    book.save(path)
    marked_sheet = opened(marked(path)).worksheets[1]
    assert "B3" in addresses(checked(path))
    assert marked_sheet["B2"].comment
    assert fill_of(marked_sheet, "B2")


@pytest.mark.parametrize("name", ["sheet.csv", "sheet.tsv"])
def test_a_text_file_becomes_a_workbook_of_texts(tmp_path: Path, name: str) -> None:
    separator = "\t" if name.endswith("tsv") else ";"
    path = tmp_path / name
    lines = ("Title", "", "Token;Amount;Direction", "0012345;12,50;add", "=1+1;1,234;add")
    path.write_text("\n".join(lines).replace(";", separator), encoding="utf-8")
    annotated = marked(path)
    sheet = opened(annotated).worksheets[1]
    assert [cell.value for cell in sheet[4]] == ["0012345", "12,50", "add"]
    assert sheet["A5"].data_type != "f"
    assert {cell.coordinate for row in sheet.iter_rows() for cell in row if cell.comment} == {"A5", "B5"}
    assert name in annotated.remarks[0]


def test_what_openpyxl_loses_is_said_on_the_list_as_well(workbook: Path, tmp_path: Path) -> None:
    book = load_workbook(workbook)
    chart = BarChart()
    chart.add_data(Reference(book.worksheets[0], min_col=2, min_row=3, max_row=6))
    book.worksheets[0].add_chart(chart, "H2")
    path = tmp_path / "chart.xlsx"
    book.save(path)
    with ZipFile(path, "a") as archive:
        archive.writestr("xl/media/image1.png", b"")
        archive.writestr("xl/threadedComments/threadedComment1.xml", b"<x/>")
    annotated = marked(path)
    assert len(annotated.remarks) == 1
    for thing in ("pictures", "charts", "threads of comments"):
        assert thing in annotated.remarks[0]
    assert annotated.remarks[0] in [row[0].value for row in opened(annotated).worksheets[0].iter_rows()]
    assert marked(workbook).remarks == ()


def test_several_findings_on_one_cell_are_joined(tmp_path: Path) -> None:
    path = tmp_path / "two.csv"
    path.write_text("Token;Amount;Direction\n sub-9;1;add\n", encoding="utf-8")
    sheet = opened(marked(path)).worksheets[1]
    assert len(checked(path).rows[0].findings) == 2
    assert all(finding.message in sheet["A2"].comment.text for finding in checked(path).rows[0].findings)


def test_everything_of_ours_is_in_the_language(workbook: Path) -> None:
    with use_language(Language.FRENCH):
        listing = opened(marked(workbook)).worksheets[0]
    assert listing.title == "Constats"
    assert "erreur" in [row[0].value for row in listing.iter_rows()]


@pytest.mark.slow
def test_a_long_list_is_cut_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("Token;Amount;Direction\n" + "sub-1;x;add\n" * (MOST_LINES + 2), encoding="utf-8")
    listing = opened(marked(path)).worksheets[0]
    assert listing.max_row == MOST_LINES + 6
    assert "2 more findings" in str(listing["A3"].value)


def test_a_workbook_that_is_too_large_is_refused(workbook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batch.annotation.XML_SIZE", 1000)
    with pytest.raises(ReportError, match="too large"):
        marked(workbook)


def test_what_cannot_be_written_again_is_one_sentence(workbook: Path, tmp_path: Path) -> None:
    found = checked(workbook)
    path = tmp_path / "spoilt.xlsx"
    with ZipFile(workbook) as old, ZipFile(path, "w") as new:
        for part in old.infolist():
            data = old.read(part)
            if part.filename.endswith("sheet1.xml"):
                data = data.replace(b"<sheetData>", b"<sheetData><row r='x'/>")
            new.writestr(part, data)
    with pytest.raises(ReportError, match="could not be marked"):
        annotate(load_original(path, Limits()), found.source, found.all_findings)


def test_dates_numbers_and_truths_of_another_kind_of_file_stay_what_they_are() -> None:
    at = datetime(2026, 1, 31)  # noqa: DTZ001 (a cell has no zone)
    row: list[Cell] = ["007", True, at, None]
    sheet = make_workbook(encode_cells([row]), None).worksheets[0]
    assert [cell.value for cell in sheet[1]] == ["007", True, at]
