from __future__ import annotations

import importlib
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from openpyxl import Workbook

from batch.errors import SheetError
from batch.model import ColumnRole
from tests.office import needs_office, saved

from . import hostile
from .hostile import HEADER
from .reading import grid_of


def book(*sheets: tuple[str, str, tuple[str, ...]]) -> bytes:
    """A workbook with a header in each of these sheets (name, state, header)."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, state, header in sheets:
        sheet = workbook.create_sheet(name)
        sheet.append(list(header))
        sheet.sheet_state = state
    return hostile.saved(workbook)


def said(data: bytes, sheet: str | None = None) -> list[tuple[str, dict[str, str]]]:
    return [(finding.code, dict(finding.params)) for finding in grid_of(data, sheet=sheet).findings]


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_that_was_chosen_is_said(state: str) -> None:
    data = book(("March", "visible", HEADER), ("Old", state, HEADER))
    assert said(data, "Old") == [("sheet-hidden", {"sheet": "Old"})]
    assert said(data, "March") == []


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_hidden_tables_beside_the_chosen_one_are_named(state: str) -> None:
    data = book(("March", "visible", HEADER), ("Old", state, HEADER), ("Lists", state, ("a", "b")))
    assert grid_of(data).source.sheet == "March"
    assert said(data) == [("sheets-hidden", {"sheets": "“Old”"})]


def test_of_many_hidden_tables_the_first_are_named_and_the_others_counted() -> None:
    data = book(("March", "visible", HEADER), *((f"Old {number}", "hidden", HEADER) for number in range(12)))
    names = ", ".join(f"“Old {number}”" for number in range(10))
    assert said(data) == [("sheets-hidden", {"sheets": f"{names} and 2 more"})]


def test_a_table_that_is_only_hidden_is_named() -> None:
    data = book(("Notes", "visible", ("Dear Sir",)), ("Old", "hidden", HEADER))
    assert grid_of(data).source.sheet == "Notes"
    assert said(data) == [("sheets-hidden", {"sheets": "“Old”"})]


def test_columns_named_by_hand_choose_the_sheet() -> None:
    header = ("Client", "Avance du mois", "Op")
    data = book(("Notes", "visible", ("x", "y", "z")), ("Data", "visible", header))
    columns = dict(zip((ColumnRole.TOKEN, ColumnRole.AMOUNT, ColumnRole.DIRECTION), header, strict=True))
    assert grid_of(data).source.sheet == "Notes"
    assert grid_of(data, columns=columns).source.sheet == "Data"


ROW = ("sub-1", 12.5, "add")


def pages(*beside: tuple[object, ...], header: tuple[str, ...] = HEADER, row: tuple[object, ...] = ROW) -> bytes:
    return hostile.xlsx({"Page 1": [header, row], "Page 2": beside, "Empty": []})


@pytest.mark.parametrize(
    "data",
    [
        pages(("sub-2", 40, "Retrait"), ("sub-3", 7, "add")),
        pages((), ("Page 2",), (), (1234, 40, "-")),
        pages(("sub-2", 40), header=("Token", "Crédit", "Débit"), row=("sub-1", 5)),
        pages(("sub-2", None, 40), header=("Token", "Crédit", "Débit"), row=("sub-1", 5)),
    ],
)
def test_a_list_that_goes_on_on_another_sheet_is_named(data: bytes) -> None:
    assert said(data) == [("sheets-besides", {"sheets": "“Page 2”"})]
    assert said(data, "Page 1") == []


@pytest.mark.parametrize(
    "beside",
    [
        [("Dear Sir",), ("Please pay this.", None, "add")],
        [("Rates", 12.5, "per month")],
        [(None, 12.5, "add")],
        [("sub-1", "twelve", "add")],
    ],
)
def test_notes_on_another_sheet_are_not(beside: list[tuple[object, ...]]) -> None:
    assert said(pages(*beside)) == []


Sheets = Mapping[str, Sequence[tuple[str | float, ...]]]
HIDDEN = "Page 3"
LIST: Sheets = {
    "Page 1": [HEADER, ROW],
    "Page 2": [("sub-2", 40, "Retrait")],
    "Notes": [("Dear Sir",), ("Rates", 12.5, "per month")],
    HIDDEN: [("sub-4", 40, "add")],
    "Empty": [],
}
"""Of one list, the titles are on the first page only."""


def xls(sheets: Sheets) -> bytes:
    workbook = importlib.import_module("xlwt").Workbook()
    for name, rows in sheets.items():
        sheet = workbook.add_sheet(name)
        sheet.visibility = int(name == HIDDEN)
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                sheet.write(row, column, cell)
    target = io.BytesIO()
    workbook.save(target)
    return target.getvalue()


def xlsb(sheets: Sheets) -> bytes:
    return hostile.xlsb_book({name: dict(enumerate(rows)) for name, rows in sheets.items()}, {HIDDEN})


def ods(sheets: Sheets) -> bytes:
    tables = []
    for name, rows in sheets.items():
        written = "".join(f"<table:table-row>{''.join(map(ods_cell, cells))}</table:table-row>" for cells in rows)
        style = 'table:style-name="h"' if name == HIDDEN else ""
        tables.append(f'<table:table table:name="{name}" {style}>{written}</table:table>')
    data = hostile.ods([], styles=ODS_HIDDEN)
    return hostile.with_content(data, '<table:table table:name="Feuille1"></table:table>', "".join(tables))


def ods_cell(cell: str | float) -> str:
    kind = 'string"' if isinstance(cell, str) else f'float" office:value="{cell}"'
    return f'<table:table-cell office:value-type="{kind}><text:p>{cell}</text:p></table:table-cell>'


@pytest.mark.parametrize("write", [xls, xlsb, ods])
def test_a_list_that_goes_on_is_named_whatever_the_format(write: Callable[[Sheets], bytes]) -> None:
    name = f"x.{write.__name__}"
    grid = grid_of(write(LIST), name)
    assert grid.source.sheet == "Page 1"
    named = [finding.params["sheets"] for finding in grid.findings if finding.code == "sheets-besides"]
    assert named == ["“Page 2”"]
    rest = {sheet: rows for sheet, rows in LIST.items() if sheet != "Page 2"}
    assert "sheets-besides" not in {finding.code for finding in grid_of(write(rest), name).findings}


@pytest.mark.slow
@needs_office
@pytest.mark.timeout(180)
@pytest.mark.parametrize("kind", ["xls", "ods"])
def test_a_list_that_goes_on_is_named_as_libreoffice_saves_it(kind: str, tmp_path: Path) -> None:
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, rows in LIST.items():
        sheet = workbook.create_sheet(name)
        sheet.sheet_state = "hidden" if name == HIDDEN else "visible"
        for row in rows:
            sheet.append(list(row))
    path = tmp_path / "list.xlsx"
    workbook.save(path)
    findings = grid_of(saved(path, tmp_path, kind).read_bytes(), f"x.{kind}").findings
    assert [(finding.code, dict(finding.params)) for finding in findings] == [
        ("sheets-besides", {"sheets": "“Page 2”"})
    ]


ODS_HIDDEN = (
    '<style:style style:name="h" style:family="table"><style:table-properties table:display="false"/></style:style>'
)


def test_hidden_opendocument_sheets() -> None:
    data = hostile.ods([hostile.ods_row(*HEADER)], styles=ODS_HIDDEN)
    table = '<table:table table:name="Feuille1">'
    hidden = hostile.with_content(data, table, '<table:table table:name="Feuille1" table:style-name="h">')
    with pytest.raises(SheetError, match="has no visible sheet"):
        grid_of(hidden, "x.ods")
    assert [entry.code for entry in grid_of(hidden, "x.ods", sheet="feuille1").findings] == ["sheet-hidden"]
