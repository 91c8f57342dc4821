"""Our workbooks in the programs and libraries that people open them with: each reads the same values."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter
from python_calamine import CalamineWorkbook

from batch.annotation import annotate
from batch.export import write_batch
from batch.i18n import Language, use_language
from batch.planning.plan import compute_forecast, make_plan
from batch.report.template import make_template
from batch.report.verdict import Contents
from batch.report.workbook import write_report
from batch.sheet import Limits, read_sheet
from batch.sheet.source_file import load_original
from batch.validation.check_sheet import Expected, check_sheet
from tests.office import needs_office, saved
from tests.programs import found, needs
from tests.report.views import DONE, END, INVALID, REFUSED, START, UNKNOWN, balances, checked, dry_run_of, row, view_of

NPM = found("npm")
LIBRARIES = ("exceljs@4.4.0", "xlsx@0.18.5")
READER = Path(__file__).parent / "read_workbook.cjs"
DAY_ZERO = datetime(1899, 12, 30, tzinfo=UTC)
needs_npm = needs("npm", NPM, "what JavaScript libraries read in our workbooks was not tested")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

Values = Mapping[str, Mapping[str, object]]


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the libraries, from the registry that the machine's npm is set to."""
    folder = tmp_path_factory.mktemp("npm")
    install = [str(NPM), "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), *LIBRARIES]
    if subprocess.run(install, cwd=folder, capture_output=True, timeout=200).returncode:
        pytest.skip("A REGISTRY OF NPM IS MISSING: what JavaScript libraries read in our workbooks was not tested")
    shutil.copy(READER, folder)
    return folder


def report(path: Path) -> None:
    rows = [row(2, "12.5", token="sub-1"), row(3, "7.005", token="sub-2", client="Étoile & fils <1>"), row(4), row(5)]
    money = {"opening": balances("100", **{"sub-1": "5"}), "closing": balances("80", **{"sub-1": "17.5"})}
    write_batch(path, view_of([DONE, REFUSED, UNKNOWN, INVALID], rows, **money), END)  # type: ignore[arg-type]


def dry_run(path: Path) -> None:
    read = checked(
        [["token", "amount", "direction"], ["a1", "50,25", "add"], ["a1", "2", "remove"], ["a2", "?", "add"]]
    )
    forecast = compute_forecast(make_plan(read), balances("10").main, {"a1": balances("1").main})
    write_report(path, Contents(dry_run_of(read), forecast, START))


def annotated(path: Path) -> None:
    book = Workbook()
    lines: list[tuple[Any, ...]] = [
        ("Token", "Amount", "Direction"),
        ("sub-1", 12.5, "add"),
        ("sub-1", None, "add"),
        ("sub-2", "abc", "??"),
    ]
    for line in lines:
        book.worksheets[0].append(line)
    book.save(path)
    read = check_sheet(read_sheet(path), None, Expected())
    path.write_bytes(annotate(load_original(path, Limits()), read.source, read.all_findings, keeps_macros=False).data)


def template(path: Path) -> None:
    path.write_bytes(make_template(None))


@pytest.fixture(params=[report, dry_run, annotated, template], ids=lambda make: make.__name__)
def workbook(request: pytest.FixtureRequest, tmp_path: Path, language: Language) -> Path:
    path = tmp_path / f"{request.param.__name__}.xlsx"
    with use_language(language):
        request.param(path)
    return path


@pytest.fixture(params=Language)
def language(request: pytest.FixtureRequest) -> Language:
    return Language(request.param)


def told(value: Any) -> object:
    """The value as any program may hold it: a moment as a number of days, and no more digits than all of them keep."""
    if isinstance(value, dict):
        value = datetime.fromisoformat(value["at"])
    if isinstance(value, datetime):
        value = (value.replace(tzinfo=UTC) - DAY_ZERO) / timedelta(days=1)
    return float(f"{value:.9g}") if isinstance(value, int | float) else value


def filled(sheets: Mapping[str, Mapping[str, object]]) -> Values:
    """What is in cells that hold anything; exceljs leaves out what comes to 0."""
    return {
        name: {at: told(value) for at, value in cells.items() if value not in (None, "", 0)}
        for name, cells in sheets.items()
    }


def by_calamine(path: Path) -> Values:
    book = CalamineWorkbook.from_path(path)
    sheets = {}
    for name in book.sheet_names:
        sheet = book.get_sheet_by_name(name)
        left = sheet.start[1] if sheet.start else 0
        sheets[name] = {
            f"{get_column_letter(left + column + 1)}{line}": value
            for line, cells in enumerate(sheet.iter_rows(), 1)
            for column, value in enumerate(cells)
        }
    return filled(sheets)


def by_openpyxl(path: Path) -> Values:
    book = load_workbook(io.BytesIO(path.read_bytes()), data_only=True)
    return filled(
        {
            sheet.title: {cell.coordinate: cell.value for line in sheet.iter_rows() for cell in line}
            for sheet in book.worksheets
        }
    )


def by_javascript(path: Path, library: str, folder: Path) -> Values:
    command = ["node", READER.name, library, str(path)]
    ended = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=100)
    assert ended.returncode == 0, ended.stderr.decode()[-500:]
    return filled(json.loads(ended.stdout))


@needs_npm
@pytest.mark.parametrize("library", ["exceljs", "xlsx"])
def test_javascript_libraries_read_every_value(workbook: Path, library: str, libraries: Path) -> None:
    assert by_javascript(workbook, library, libraries) == by_calamine(workbook)


def test_openpyxl_reads_every_value(workbook: Path) -> None:
    assert by_openpyxl(workbook) == by_calamine(workbook)


@needs_office
def test_libreoffice_comes_to_the_same_values(workbook: Path, tmp_path: Path) -> None:
    assert by_calamine(saved(workbook, tmp_path)) == by_calamine(workbook)
