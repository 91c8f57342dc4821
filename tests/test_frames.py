"""The sheet as a frame: the same kinds of columns after every step, and amounts that are never floats."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest

from batch.frames import AMOUNT, DIRECTION, DTYPES, READ, TOKEN, CheckedSheet, Grid, make_frame
from batch.model import Cell, Direction, Movement, SheetRow
from batch.planning.plan import make_plan, sign_amounts
from batch.validation.amounts import read_amount
from batch.validation.check_sheet import Expected, check_sheet
from tests.builders import SOURCE
from tests.sheet.reading import grid_of

CSV = "Token;Montant;Sens;Note\na;12,50;ajout;x\nb;7;retrait;\nc;?;+;\nSous-total;19,50;;\na;1;ajout;\nTotal;20,50;;\n"


def kinds(frame: pd.DataFrame) -> dict[str, str]:
    return {name: str(frame[name].dtype) for name in READ}


@pytest.fixture(params=["text", "workbook"])
def grid(request: pytest.FixtureRequest) -> Grid:
    text = grid_of(CSV.encode(), "x.csv")
    return text if request.param == "text" else Grid(SOURCE, make_frame(text.rows))


@pytest.fixture
def sheet(grid: Grid) -> CheckedSheet:
    return check_sheet(grid, None, Expected())


def test_cells_are_texts_or_whatever_a_workbook_holds_under_excels_row_numbers(grid: Grid) -> None:
    assert {str(grid.frame[column].dtype) for column in grid.frame} in ({"str"}, {"object"})
    assert grid.frame.columns.equals(pd.RangeIndex(4))
    assert grid.frame.index.tolist() == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("removes_first", [False, True])
def test_what_is_read_has_one_kind_after_every_step(sheet: CheckedSheet, removes_first: bool) -> None:
    plan = make_plan(sheet, removes_first=removes_first)
    steps = [sheet.frame, sheet.valid, sheet.drop_rows([2]).frame, sheet.add_findings({2: ()}).valid, plan.frame]
    assert [kinds(frame) for frame in steps] == [DTYPES] * len(steps)
    assert str(sign_amounts(plan).cumsum().dtype) == DTYPES[AMOUNT]
    assert not sheet.frame.select_dtypes("float").columns.tolist()


def test_a_sheet_without_rows_has_the_same_kinds() -> None:
    header: list[Cell] = ["Token", "Montant", "Sens"]
    some: list[list[list[Cell]]] = [[], [header], [header[:1], header[1:2]]]
    for rows in some:
        assert kinds(check_sheet(Grid(SOURCE, make_frame(rows)), None, Expected()).frame) == DTYPES


def test_rows_and_movements_are_what_the_frame_holds(sheet: CheckedSheet) -> None:
    assert sheet.rows[0] == SheetRow(2, ("a", "12,50", "ajout", "x"), "a", Direction.ADD, Decimal("12.5"))
    assert (sheet.rows[2].amount, sheet.rows[2].is_valid) == (None, False)
    assert [sheet.frame.at[2, name] for name in (TOKEN, DIRECTION, AMOUNT)] == ["a", "add", 12_500]
    assert make_plan(sheet).movements == (
        Movement(2, "a", Direction.ADD, Decimal("12.5")),
        Movement(3, "b", Direction.REMOVE, Decimal(7)),
        Movement(6, "a", Direction.ADD, Decimal(1)),
    )


def test_a_million_of_the_largest_amounts_add_up() -> None:
    largest = read_amount("999999999,999").amount
    assert largest is not None
    movements: list[list[Cell]] = [[f"t{number}", largest, "ajout"] for number in range(10)]
    header: list[Cell] = ["Token", "Montant", "Sens"]
    rows = [header, *movements]
    frame = check_sheet(Grid(SOURCE, make_frame(rows)), None, Expected()).frame
    assert int(frame[AMOUNT].sum()) * 100_000 < 2**63
    assert read_amount("1000000000").broken == "amount-too-large"
