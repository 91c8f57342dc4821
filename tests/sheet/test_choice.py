"""Which sheet is meant, and what is said of sheets that are hidden."""

from __future__ import annotations

import pytest
from openpyxl import Workbook

from batch.errors import SheetError
from batch.model import Role

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


def test_a_table_that_is_only_hidden_is_named() -> None:
    data = book(("Notes", "visible", ("Dear Sir",)), ("Old", "hidden", HEADER))
    assert grid_of(data).source.sheet == "Notes"
    assert said(data) == [("sheets-hidden", {"sheets": "“Old”"})]


def test_columns_named_by_hand_choose_the_sheet() -> None:
    header = ("Client", "Avance du mois", "Op")
    data = book(("Notes", "visible", ("x", "y", "z")), ("Data", "visible", header))
    columns = dict(zip((Role.TOKEN, Role.AMOUNT, Role.DIRECTION), header, strict=True))
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


def test_hidden_opendocument_sheets() -> None:
    styles = (
        '<style:style style:name="h" style:family="table"><style:table-properties table:display="false"/></style:style>'
    )
    data = hostile.ods([hostile.ods_row(*HEADER)], styles=styles)
    table = '<table:table table:name="Feuille1">'
    hidden = hostile.with_content(data, table, '<table:table table:name="Feuille1" table:style-name="h">')
    with pytest.raises(SheetError, match="has no visible sheet"):
        grid_of(hidden, "x.ods")
    assert [entry.code for entry in grid_of(hidden, "x.ods", sheet="feuille1").findings] == ["sheet-hidden"]
