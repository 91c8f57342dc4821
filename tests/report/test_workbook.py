from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from batch.errors import ReportError
from batch.model import BatchRow, Event, Source
from batch.report import workbook
from batch.report.result_labels import DRY_RUN
from batch.report.table import WIDEST
from batch.report.verdict import Contents
from batch.report.workbook import write_report
from tests.report.views import (
    DONE,
    INVALID,
    REFUSED,
    START,
    checked,
    dry_run_of,
    reopened,
    row,
    sheet_of,
    values,
    view_of,
)

SHEETS = ["Summary", "Rows", "Balances", "To fix", "Events"]
EVENT = Event(1, START, "batch-approved", {"by": "anne"}, "0" * 64)


def test_has_the_five_sheets_and_opens_on_the_first(tmp_path: Path) -> None:
    book = reopened(tmp_path, view_of([DONE]))
    assert book.sheetnames == SHEETS
    assert book.active is not None
    assert book.active.title == "Summary"
    assert book.properties.creator == "creditbatch"
    assert book.properties.title == "Credit batch 2026-03-a7f3"


@pytest.mark.parametrize("title", SHEETS)
def test_every_sheet_prints_on_a4_as_wide_as_the_paper(tmp_path: Path, title: str) -> None:
    sheet = sheet_of(reopened(tmp_path, view_of([DONE, REFUSED], events=(EVENT,))), title)
    assert sheet.page_setup.orientation == ("portrait" if title == "Summary" else "landscape")
    assert str(sheet.page_setup.paperSize) == sheet.PAPERSIZE_A4
    assert sheet.sheet_properties.pageSetUpPr is not None
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.page_setup.fitToWidth == 1
    assert sheet.oddHeader is not None
    assert sheet.oddHeader.left.text == "march.xlsx"
    assert sheet.oddFooter is not None
    assert sheet.oddFooter.right.text == "&P / &N"


@pytest.mark.parametrize("title", SHEETS[1:])
def test_every_table_has_titles_that_stay_filter_and_print_on_each_page(tmp_path: Path, title: str) -> None:
    sheet = sheet_of(reopened(tmp_path, view_of([DONE, REFUSED], events=(EVENT,))), title)
    header = 3 if title == "Balances" else 1
    assert sheet.freeze_panes == f"A{header + 1}"
    assert sheet.print_title_rows == f"${header}:${header}"
    filters = [table.autoFilter.ref for table in sheet.tables.values() if table.autoFilter] or [sheet.auto_filter.ref]
    last = sheet.max_row - (title != "Events")
    assert filters == [f"A{header}:{get_column_letter(sheet.max_column)}{last}"]


def test_columns_are_wide_enough_for_what_is_in_them_but_not_endless(tmp_path: Path) -> None:
    clients = ["A name of twenty-four ch", "x" * 5000]
    sheet = sheet_of(reopened(tmp_path, view_of([DONE], [row(2, client=clients[0])])), "Rows")
    assert sheet.column_dimensions["B"].width > len(clients[0])
    sheet = sheet_of(reopened(tmp_path, view_of([DONE], [row(2, client=clients[1])])), "Rows")
    assert sheet.column_dimensions["B"].width <= WIDEST


def test_dry_run_is_marked_on_every_sheet(tmp_path: Path) -> None:
    sheet = checked([["token", "amount", "direction"], ["a1", "5,00", "add"], ["a1", "?", "add"]])
    book = reopened(tmp_path, dry_run_of(sheet))
    assert book.sheetnames == SHEETS
    for title in SHEETS:
        page = sheet_of(book, title)
        assert page.oddHeader is not None
        assert DRY_RUN in str(page.oddHeader.right.text)
        if title != "To fix":
            assert page["A1"].value == DRY_RUN
    assert sheet_of(book, "Rows").freeze_panes == "A3"
    assert values(sheet_of(book, "To fix"))[0][1:4] == ["token", "amount", "direction"]


def test_real_run_says_nothing_of_a_dry_run(tmp_path: Path) -> None:
    book = reopened(tmp_path, view_of([DONE, INVALID]))
    assert not [cell for title in SHEETS for line in values(sheet_of(book, title)) for cell in line if cell == DRY_RUN]


def test_empty_batch_is_a_workbook_too(tmp_path: Path) -> None:
    book = reopened(tmp_path, view_of([], columns=(), roles={}))
    assert book.sheetnames == SHEETS
    assert values(sheet_of(book, "To fix")) == [["Row in sheet", "Why it was not done"]]


@pytest.mark.parametrize(
    "name", ['&[Page] R&D &"x".xlsx', "=1+1.xlsx", "a\x01b\ud800.csv", "x" * 400 + ".xlsx", "&" * 100]
)
def test_any_file_name_makes_a_readable_workbook(tmp_path: Path, name: str) -> None:
    source = Source(name, "ab" * 32, 1, None)
    book = reopened(tmp_path, view_of([DONE], source=source))
    summary = sheet_of(book, "Summary")
    assert all(cell.data_type != "f" for line in summary.iter_rows() for cell in line)
    assert summary.oddHeader is not None
    assert len(str(summary.oddHeader)) < 255


def test_missing_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "2026" / "march" / "report.xlsx"
    write_report(path, Contents(view_of([DONE]), None))
    assert load_workbook(path).sheetnames == SHEETS


def test_existing_report_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "report.xlsx"
    path.write_bytes(b"old")
    write_report(path, Contents(view_of([DONE]), None))
    assert load_workbook(path).sheetnames == SHEETS
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("sheet", ["write_rows", "write_events"])
def test_failure_leaves_only_the_old_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sheet: str) -> None:
    streams = tmp_path / "streams"
    streams.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(streams))
    write = getattr(workbook, sheet)

    def fail(*arguments: object) -> None:
        write(*arguments)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(workbook, sheet, fail)
    path = tmp_path / "reports" / "report.xlsx"
    path.parent.mkdir()
    path.write_bytes(b"old")
    with pytest.raises(ReportError, match=r"cannot be written: no space left on device; .*\.$"):
        write_report(path, Contents(view_of([DONE]), None))
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]
    assert list(streams.iterdir()) == []


def test_failure_in_the_middle_of_a_row_leaves_nothing_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    streams = tmp_path / "streams"
    streams.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(streams))
    view = view_of([DONE, DONE])
    broken = (view.rows[0], BatchRow(view.rows[1].row, None))  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        write_report(
            tmp_path / "reports" / "report.xlsx",
            Contents(view_of([DONE]).__class__(view.head, view.columns, view.roles, broken), None),
        )
    assert list((tmp_path / "reports").iterdir()) == []
    assert list(streams.iterdir()) == []


def test_report_that_is_open_in_excel_is_told_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> Path:
        raise PermissionError(13, "The process cannot access the file", str(target))

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(ReportError, match="close it if it is open in Excel"):
        write_report(tmp_path / "report.xlsx", Contents(view_of([DONE]), None))
    assert list(tmp_path.iterdir()) == []


def test_folder_in_the_reports_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ReportError):
        write_report(tmp_path / "file" / "report.xlsx", Contents(view_of([DONE]), None))
    (tmp_path / "report.xlsx").mkdir()
    with pytest.raises(ReportError):
        write_report(tmp_path / "report.xlsx", Contents(view_of([DONE]), None))
