from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from batch.errors import UsageError
from batch.i18n import Language, use_language
from batch.model import BatchRow, BatchView
from batch.report.readback import compare_report
from batch.report.workbook import write_report
from batch.validation.vocabulary import REPORT_WORDS, find_to_fix_sheet
from tests.report.views import DONE, PENDING, REFUSED, UNKNOWN, view_of


@pytest.fixture(params=Language)
def written_in(request: pytest.FixtureRequest) -> Language:
    language: Language = request.param
    return language


def written(tmp_path: Path, view: BatchView, language: Language) -> Path:
    path = tmp_path / "report.xlsx"
    with use_language(language):
        write_report(path, view)
    return path


@pytest.mark.parametrize("reader", Language)
def test_a_report_agrees_with_a_ledger_in_any_language(tmp_path: Path, written_in: Language, reader: Language) -> None:
    view = view_of([DONE, REFUSED, UNKNOWN, PENDING])
    path = written(tmp_path, view, written_in)
    with use_language(reader):
        assert compare_report(path, view) is None


def test_a_difference_is_told_in_the_readers_language(tmp_path: Path, written_in: Language) -> None:
    view = view_of([DONE, REFUSED])
    path = written(tmp_path, view, written_in)
    changed = replace(view, rows=(view.rows[0], BatchRow(view.rows[1].row, DONE)))
    assert compare_report(path, changed) == (
        "The report says of row 3 that it is refused (code 8), but the ledger says done (code 200)."
    )
    assert compare_report(path, replace(view, rows=view.rows[:1])) == (
        "The report has a row 3 that the ledger does not have."
    )
    longer = replace(view, rows=(*view.rows, BatchRow(replace(view.rows[1].row, number=9), DONE)))
    assert compare_report(path, longer) == "The report has no row 9, which is done in the ledger."


def test_a_changed_cell_is_found(tmp_path: Path, written_in: Language) -> None:
    view = view_of([DONE, REFUSED])
    path = written(tmp_path, view, written_in)
    book = load_workbook(path)
    sheet = book[REPORT_WORDS[written_in].rows]
    status = next(cell.column for cell in sheet[1] if cell.value == REPORT_WORDS[written_in].status)
    sheet.cell(3, status).value = sheet.cell(2, status).value
    book.save(path)
    assert "says of row 3" in str(compare_report(path, view))


def test_another_workbook_is_not_taken_for_a_report(tmp_path: Path) -> None:
    path = tmp_path / "other.xlsx"
    book = Workbook()
    book.save(path)
    with pytest.raises(UsageError, match="has no sheet “Rows”"):
        compare_report(path, view_of([DONE]))
    book.create_sheet("Lignes").append(["Statut", "Code"])
    book.save(path)
    with pytest.raises(UsageError, match="has no column “Ligne du fichier”"):
        compare_report(path, view_of([DONE]))


def test_a_report_is_known_by_its_sheets_in_any_language(written_in: Language) -> None:
    names = REPORT_WORDS[written_in]
    assert find_to_fix_sheet([*names.sheets, "Notes"]) == names.to_fix
    assert find_to_fix_sheet(names.sheets[1:]) is None
