from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.model import Cell, Direction, SheetRow, list_movements
from batch.planning.plan import make_plan
from batch.validation.check_sheet import Expected, check_sheet
from tests.builders import grid, sheet_of

ROWS = st.lists(
    st.builds(
        SheetRow,
        number=st.integers(1, 1000),
        cells=st.just(()),
        token=st.sampled_from(["sub-1", "sub-2", "0012"]),
        direction=st.sampled_from(Direction),
        amount=st.decimals("0.001", "999", places=3),
        findings=st.just(()),
    )
)
ADD = SheetRow(2, (), "sub-1", Direction.ADD, Decimal(10))


def digest_of(rows: list[SheetRow]) -> str:
    return make_plan(sheet_of(rows)).digest


def digest(*rows: list[Cell], header: list[Cell] | None = None) -> str:
    return make_plan(check_sheet(grid(*rows, header=header), None, Expected())).digest


def test_a_plan_has_the_valid_rows_in_their_order_and_their_totals() -> None:
    rows: list[list[Cell]] = [["a", "5", "add"], ["b", "x", "add"], ["c", "2,5", "remove"], ["d", "1", "add"]]
    plan = make_plan(check_sheet(grid(*rows), None, Expected()))
    assert [movement.row for movement in plan.movements] == [2, 4, 5]
    assert (plan.added, plan.removed) == (Decimal(6), Decimal("2.5"))


def test_removes_first_keeps_the_order_within_each_direction() -> None:
    rows: list[list[Cell]] = [["a", "1", "+"], ["b", "2", "-"], ["c", "3", "+"], ["d", "4", "-"]]
    sheet = check_sheet(grid(*rows), None, Expected())
    plan = make_plan(sheet, removes_first=True)
    assert [movement.row for movement in plan.movements] == [3, 5, 2, 4]
    assert plan.digest == make_plan(sheet).digest


@given(ROWS, st.randoms())
def test_the_digest_depends_on_no_order_and_no_row_numbers(rows: list[SheetRow], chance: random.Random) -> None:
    moved = [replace(row, number=row.number + 7) for row in rows]
    chance.shuffle(moved)
    assert digest_of(moved) == digest_of(rows) == make_plan(sheet_of(rows), removes_first=True).digest


@given(ROWS, ROWS)
def test_other_movements_have_another_digest(first: list[SheetRow], second: list[SheetRow]) -> None:
    def essence(rows: list[SheetRow]) -> list[tuple[str, Direction, Decimal]]:
        return sorted((movement.token, movement.direction, movement.amount) for movement in list_movements(rows))

    assert (digest_of(first) == digest_of(second)) == (essence(first) == essence(second))


@pytest.mark.parametrize(
    "other",
    [replace(ADD, token="sub-2"), replace(ADD, direction=Direction.REMOVE), replace(ADD, amount=Decimal("10.001"))],
)
def test_each_part_of_a_movement_is_in_the_digest(other: SheetRow) -> None:
    assert digest_of([ADD]) != digest_of([other])
    assert digest_of([ADD]) != digest_of([ADD, ADD])


def test_the_digest_depends_on_no_format() -> None:
    plain = digest(["sub-1", "12.50", "add"], ["sub-2", Decimal(1000), "remove"])
    french = digest(
        ["Paris", "−", "1 000,00 €", "sub-2"],
        [],
        ["Lyon", "Ajout", Decimal("12.5"), "sub-1 "],
        header=["Agence", "Sens", "Montant", "Jeton"],
    )
    assert plain == french


def test_the_digest_is_the_same_in_every_version() -> None:
    assert digest_of([ADD]) == "927a0e0b0a13ed1255737edad90251ef5a051df3d20f74a3a25bdf9507b7c80c"
