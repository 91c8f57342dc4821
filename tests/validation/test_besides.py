from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.table import Table

from batch.model import Cell
from batch.validation.check_sheet import Expected, check_sheet
from tests.sheet import hostile
from tests.sheet.reading import grid_of

Block = Sequence[Sequence[Cell | float]]
HEADER = ("Token", "Amount", "Direction")
LIST: Block = [HEADER, ("sub-1", 5, "add"), ("sub-2", 6, "add"), ("sub-3", 7, "remove")]
OTHERS: Block = [("sub-8", 12.5, "add"), ("sub-9", 6, "remove")]


def said(blocks: Mapping[str, Block], tables: Sequence[str] = ()) -> list[str]:
    """Where the other tables begin, in a workbook with these blocks of cells."""
    book = Workbook()
    sheet = book.worksheets[0]
    for at, block in blocks.items():
        for row, cells in enumerate(block, start=sheet[at].row):
            for column, cell in enumerate(cells, start=sheet[at].column):
                sheet.cell(row, column, cell)
    for number, area in enumerate(tables):
        sheet.add_table(Table(displayName=f"Table{number}", ref=area))
    checked = check_sheet(grid_of(hostile.saved(book)), None, Expected())
    return [finding.params["at"] for finding in checked.findings if finding.code == "tables-besides"]


@pytest.mark.parametrize("titles", [HEADER, ("Sous-compte", "Somme", "Sens"), ()])
@pytest.mark.parametrize("at", ["E1", "F3"])
def test_a_table_on_the_right_is_named(at: str, titles: Sequence[str]) -> None:
    assert said({"A1": LIST, at: [titles, *OTHERS] if titles else OTHERS}) == [at]


def test_a_table_of_pairs_lower_on_the_right_is_named() -> None:
    assert said({"A1": LIST, "F3": [("Token", "Crédit", "Débit"), ("sub-8", 5, None)]}) == ["F3"]


def test_two_tables_of_excel_are_two_tables() -> None:
    blocks = {"A1": LIST, "F1": [("Identifiant", "Valeur", "Type"), *OTHERS]}
    assert said(blocks, ["A1:C4", "F1:H3"]) == ["F1"]


@pytest.mark.parametrize(
    ("above", "begins"),
    [
        ([("Token", "Amount"), ("sub-8", 5)], "A1"),
        ([("Sous-compte", "Crédit"), ("sub-8", "5,50")], "A1"),
        (OTHERS, "A1"),
    ],
)
def test_a_table_above_is_named(above: Block, begins: str) -> None:
    assert said({"A1": above, "A5": LIST}) == [begins]


def test_several_tables_are_named_as_far_as_they_help() -> None:
    assert said({"A1": LIST, "F1": OTHERS, "J2": OTHERS}) == ["F1, J2"]
    many = {f"{letter}1": OTHERS for letter in "FJNRVZ"}
    assert said({"A1": LIST, **many}) == ["F1, J1, N1, R1, V1, …"]


@pytest.mark.parametrize(
    "blocks",
    [
        {"A1": [(*HEADER, "Compte", "Montant HT"), ("sub-1", 5, "add", "606", 4.5)]},
        {"A1": [(*HEADER, None, "Note"), ("sub-1", 5, "add", None, "North")]},
        {"A1": [("Relevé", "Mars", 2026), ("Compte principal", 2869.2)], "A5": LIST},
        {"A1": [("Total", "ajout", 11), ("Total", "retrait", 7)], "A5": LIST},
        {"A1": LIST, "F2": [("Total", "ajout", 11), ("Solde", 1500)]},
        {"A1": LIST, "F1": [("Sous-compte", "Nom"), ("sub-1", "North")]},
        {"A1": LIST, "F1": [("Token", "Amount")]},
        {"A1": [("", "Mouvement"), ("Token", "Ajout", "Retrait"), ("sub-1", 5, None)]},
        {"A1": [HEADER, *[("sub-1", 5, "add")] * 40], "F35": OTHERS},
    ],
    ids=["columns", "note", "letterhead", "totals above", "totals", "names", "no rows", "two rows", "far below"],
)
def test_what_is_no_other_table_is_not_named(blocks: Mapping[str, Block]) -> None:
    assert said(blocks) == []


def test_rows_below_are_read_as_rows() -> None:
    """Of whatever shape they are, something is said of each of them."""
    book = Workbook()
    sheet = book.worksheets[0]
    for row in (*LIST, (), HEADER, *OTHERS, (), ("Direction", "Token", "Amount"), ("add", "sub-8", 5)):
        sheet.append(list(row))
    checked = check_sheet(grid_of(hostile.saved(book)), None, Expected())
    assert [movement.row for row in checked.rows if (movement := row.movement)] == [2, 3, 4, 7, 8]
    assert sorted(checked.row_findings) == [10, 11]
