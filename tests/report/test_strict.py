"""That Excel opens a report without offering a repair, that its links lead where they say, and that it all prints."""

from __future__ import annotations

import shutil
import subprocess
import warnings
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from batch.language import Language, speaking
from batch.model import BatchState, BatchView, Event, People, Role, RowResult, Status
from batch.notes import note
from batch.report.links import MOST_LINKS
from batch.report.workbook import write_report
from batch.rules.checks import Expected, check_sheet
from batch.rules.forecast import forecast
from batch.rules.plan import make_plan
from batch.rules.vocabulary import REPORT_WORDS
from batch.sheet import read_sheet
from tests.report.strict import Package, complain_about, links_of
from tests.report.views import (
    DONE,
    INVALID,
    PENDING,
    REFUSED,
    START,
    TITLES,
    UNKNOWN,
    balances,
    checked,
    dry_run_of,
    row,
    view_of,
)
from tests.template.office import needs_office, saved_in_french


def events_of(rows: int) -> tuple[Event, ...]:
    """Two attempts of each row from 2 on."""
    events: list[Event] = []
    for attempt in (1, 2):
        for number in range(2, rows + 2):
            data = {"row": number, "attempt": attempt, "main_balance": "9.500", "subaccount_balance": None}
            at = START + timedelta(seconds=len(events))
            events.append(Event(len(events) + 1, at, "attempt-began", data, f"{len(events):064x}"))
    return tuple(events)


def mixed() -> BatchView:
    rows = [row(number, str(number * 10), token=f"sub-{number}") for number in range(2, 7)]
    tokens = {f"sub-{number}": "5.125" for number in range(2, 7)}
    view = view_of(
        [DONE, REFUSED, UNKNOWN, PENDING, INVALID],
        rows,
        state=BatchState.STOPPED,
        reason="Interrupted by Ctrl-C.",
        opening=balances("500", **tokens),
        closing=balances("480", **{**tokens, "sub-2": "24.99"}),
        events=events_of(5),
    )
    return replace(view, head=replace(view.head, people=People("anne", ("bruno",), ("anne",))))


def long_texts() -> BatchView:
    text = "Très long texte, avec des mots " * 2000
    said = RowResult(Status.REFUSED, 8, text, None, None, 1, START, note("said", words=text))
    return view_of([said, DONE], [row(2, client=text, token="x" * 300), row(3)], reason=text, events=events_of(2))


CASES = {
    "mixed": mixed(),
    "all done": view_of([DONE] * 3),
    "empty": view_of([], columns=(), roles={}),
    "titles twice, empty, long and like formulas": view_of(
        [DONE], columns=("Status", "status", "=1+1", "x" * 400), roles={Role.TOKEN: 1, Role.AMOUNT: 2}
    ),
    "long texts": long_texts(),
}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("case", CASES)
def test_excel_has_nothing_to_repair(tmp_path: Path, case: str, language: Language) -> None:
    path = tmp_path / "report.xlsx"
    with speaking(language):
        write_report(path, CASES[case])
    complain_about(path)


@pytest.mark.parametrize("language", Language)
def test_excel_has_nothing_to_repair_in_a_dry_run(tmp_path: Path, language: Language) -> None:
    read = checked([["token", "amount", "direction"], ["a1", "5", "add"], ["a2", "7", "add"], ["a2", "?", "add"]])
    foreseen = forecast(make_plan(read.rows), Decimal(6), {"a1": Decimal(1), "a2": Decimal(2)})
    for number, given_forecast in enumerate((foreseen, None)):
        path = tmp_path / f"{number}.xlsx"
        with speaking(language):
            write_report(path, dry_run_of(read), given_forecast)
        complain_about(path)
    assert ("Rows", "A4", "'Balances'!A3") in [
        (sheet.replace("Lignes", "Rows"), cell, place.replace("Soldes", "Balances"))
        for sheet, cell, place in links_of(tmp_path / "0.xlsx")
    ]


@settings(max_examples=25)
@given(st.lists(st.text(alphabet=st.characters(), max_size=12), min_size=4, max_size=4))
@example(["_x0041_", "a_x000d_", "", "A"])
def test_any_titles_make_a_table_of_excels(tmp_path_factory: pytest.TempPathFactory, titles: list[str]) -> None:
    path = tmp_path_factory.mktemp("titles") / "report.xlsx"
    write_report(path, view_of([DONE], columns=tuple(titles)))
    complain_about(path)


@pytest.mark.parametrize("language", Language)
def test_rows_that_need_a_look_lead_to_their_evidence_and_back(tmp_path: Path, language: Language) -> None:
    path = tmp_path / "report.xlsx"
    with speaking(language):
        write_report(path, mixed())
    names = REPORT_WORDS[language]
    book = load_workbook(path)
    links = {(sheet, cell): place for sheet, cell, place in links_of(path)}
    events, rows, accounts = book[names.events], book[names.rows], book[names.balances]
    # Rows 3 (refused) and 4 (unknown) stand on lines 3 and 4; their last attempts are the events 7 and 8.
    row_column = next(cell.column_letter for cell in rows[1] if cell.value == names.row)
    for line in (3, 4):
        place = links.pop((names.rows, f"{row_column}{line}"))
        target = place.rsplit("!A", 1)[1]
        assert place == f"'{names.events}'!A{target}"
        assert events[f"A{target}"].value == line + 4
        assert links.pop((names.events, f"A{target}")) == f"'{names.rows}'!A{line}"
        place = links.pop((names.rows, f"B{line}"))
        target = place.rsplit("!A", 1)[1]
        assert accounts[f"A{target}"].value == rows[f"B{line}"].value
        assert links.pop((names.balances, f"A{target}")) == f"'{names.rows}'!A{line}"
    assert links == {}


def test_there_are_never_more_links_than_excel_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_LINKS * 3 < 65_530
    monkeypatch.setattr("batch.report.links.MOST_LINKS", 2)
    path = tmp_path / "report.xlsx"
    write_report(path, view_of([REFUSED] * 5, events=events_of(5)))
    assert {cell for sheet, cell, _place in links_of(path) if sheet == "Events"} == {"A7", "A8"}


def test_figures_have_names_that_are_the_same_in_every_language(tmp_path: Path) -> None:
    found = []
    for language in Language:
        path = tmp_path / f"{language}.xlsx"
        with speaking(language):
            write_report(path, mixed())
        book = load_workbook(path)
        values = {}
        for name, defined in book.defined_names.items():
            sheet, ref = next(iter(defined.destinations))
            cells = book[sheet][ref]
            values[name] = cells.value if hasattr(cells, "value") else len(cells)
        found.append(values)
        assert set(book[REPORT_WORDS[language].rows].tables) == {"Rows"}
    english, french = found
    assert english == french
    assert (english["AskedAdded"], english["DoneAdded"], english["RefusedRows"]) == (200, 20, 1)
    assert (english["MainOpening"], english["MainClosing"], english["MainDifference"]) == (500, 480, 0)
    assert (english["PlanDigest"], english["Balances"]) == ("cd" * 32, 5)


def test_charts_are_drawn_from_cells_that_can_be_seen(tmp_path: Path) -> None:
    path = tmp_path / "report.xlsx"
    write_report(path, mixed())
    package = Package(path)
    charts = [package.parts[part].decode() for part in package.parts if part.startswith("xl/charts/chart")]
    assert len(charts) == 2
    assert "'Balances'!$F$2:$F$5" in charts[1]
    book = load_workbook(path)
    assert {sheet.sheet_state for sheet in book.worksheets} == {"visible"}
    for title in ("Summary", "Balances"):
        dimensions = [*book[title].row_dimensions.values(), *book[title].column_dimensions.values()]
        assert not any(dimension.hidden for dimension in dimensions)


@pytest.mark.slow
@needs_office
@pytest.mark.parametrize("language", Language)
def test_what_is_to_fix_is_the_same_after_libreoffice_in_france_has_saved_it(
    tmp_path: Path, language: Language
) -> None:
    path = tmp_path / "report.xlsx"
    amounts = ["1234.5", "7", "0.005"]
    with speaking(language):
        write_report(path, view_of([REFUSED] * 3, [row(number, text) for number, text in enumerate(amounts, 2)]))
    grid = read_sheet(saved_in_french(path, tmp_path), sheet=REPORT_WORDS[language].to_fix)
    rows = check_sheet(grid, None, Expected()).rows
    assert [(item.amount, item.findings) for item in rows[:2]] == [(Decimal(text), ()) for text in amounts[:2]]
    assert rows[2].amount == Decimal(amounts[2])


@pytest.mark.slow
@pytest.mark.parametrize("language", Language)
def test_libreoffice_prints_every_sheet_without_losing_a_text(tmp_path: Path, language: Language) -> None:
    soffice, pdftotext = shutil.which("soffice"), shutil.which("pdftotext")
    if not soffice or not pdftotext:
        # Loud: a reader of the test's outcome must see that nothing was printed.
        warnings.warn(pytest.PytestWarning("LibreOffice or poppler is missing: no report was printed"), stacklevel=1)
        pytest.skip("LibreOffice or poppler is missing")
    path = tmp_path / "report.xlsx"
    with speaking(language):
        write_report(path, mixed())
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = [soffice, profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=110)
    printed = subprocess.run(
        [pdftotext, "-layout", str(tmp_path / "report.pdf"), "-"], check=True, capture_output=True, encoding="utf-8"
    ).stdout
    squeezed = "".join(printed.split())
    for sheet in load_workbook(path).worksheets:
        assert sheet.title in printed
        for line in sheet.iter_rows(values_only=True):
            for value in line:
                if isinstance(value, str):
                    lost = [word for word in value.split() if "".join(word.split()) not in squeezed]
                    assert not lost, (sheet.title, lost)
    assert TITLES[0] in printed
