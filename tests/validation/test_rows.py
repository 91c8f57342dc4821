from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.frames import DTYPES, make_frame, take_rows
from batch.model import Cell, CellFormatting, ColumnRole, Direction, SheetRow
from batch.validation.cells import Body
from batch.validation.formatting import FormattingChecks
from batch.validation.rows import ReadRows, TableLayout, read_rows
from batch.validation.tokens import KnownTokens

KNOWN = KnownTokens(["sub-1", "sub-2", "0012", "1"])
ROLES = st.sampled_from(
    [
        {ColumnRole.TOKEN: 0, ColumnRole.AMOUNT: 1, ColumnRole.DIRECTION: 2},
        {ColumnRole.TOKEN: 2, ColumnRole.AMOUNT: 0},
        {ColumnRole.TOKEN: 0, ColumnRole.ADDED: 2, ColumnRole.REMOVED: 1},
        {ColumnRole.TOKEN: 0, ColumnRole.ADDED: 2, ColumnRole.REMOVED: 1, ColumnRole.AMOUNT: 3},
        {ColumnRole.AMOUNT: 1, ColumnRole.DIRECTION: 2},
        {ColumnRole.TOKEN: 1, ColumnRole.DIRECTION: 0},
        {ColumnRole.TOKEN: 0},
    ]
)
NUMBERS = [
    "1", "1.0", "1.00", "-1", "0", "-0", "12", "0.1", "0.10000000000000001", "12.3456",
]  # fmt: skip
CELLS: st.SearchStrategy[Cell] = (
    st.sampled_from([None, "", " ", "\u200b", True, False, datetime(2026, 5, 12)])  # noqa: DTZ001 (a cell has no zone)
    | st.sampled_from(["sub-1", " sub-1", "0012", "12", "1", "Total", "sub-9", "#N/A", "=A1"])
    | st.sampled_from(["add", "Retrait", "+", "?", "1,50", "-1", "+1", "1,234", "1,5 €", "0", "-", "50 %"])
    | st.sampled_from(NUMBERS).map(Decimal)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4)
)
PLACES = st.tuples(st.integers(2, 12), st.integers(0, 4))
APPEARANCES = st.builds(
    CellFormatting,
    shown=st.dictionaries(PLACES, st.sampled_from(["0012", "", "12.35", "50%"]), max_size=2),
    struck=st.frozensets(PLACES, max_size=1),
)


def read(
    rows: Sequence[Sequence[Cell]], table: TableLayout, known: KnownTokens | None, looks: FormattingChecks, first: int
) -> ReadRows:
    width = len(table.titles)
    padded = [(*row[:width], *[None] * (width - len(row))) for row in rows]
    frame = make_frame([*[[None] * width] * (first - 1), *padded]).iloc[first - 1 :]
    if table.is_text_file:
        frame = frame.fillna("").astype("str")
    return read_rows(Body(frame), table, known, looks)


def rows_of(read: ReadRows) -> list[SheetRow]:
    return list(take_rows(read.frame, read.findings))


def table_of(roles: dict[ColumnRole, int], *, signed: bool = False, is_text_file: bool = False) -> TableLayout:
    return TableLayout(("a", "b", "c", "d", ""), roles, signed, is_text_file)


def written(rows: Sequence[SheetRow]) -> str:
    """The rows as text, their numbers without zeros at the end, and without what compares them with each other.

    Whether a column without a title holds currencies is told by all of its cells.
    """
    compared = {"row-duplicate", "currency-other"}
    alone = [replace(row, findings=tuple(said for said in row.findings if said.code not in compared)) for row in rows]
    return re.sub(r"Decimal\('(-?\d+)\.0+'\)", r"Decimal('\1')", repr(alone))


@given(
    ROLES,
    st.booleans(),
    st.booleans(),
    st.sampled_from([KNOWN, None]),
    APPEARANCES,
    st.lists(st.lists(CELLS, max_size=6), max_size=10),
)
def test_rows_are_read_together_as_each_is_by_itself(
    roles: dict[ColumnRole, int],
    signed: bool,
    is_text_file: bool,
    known: KnownTokens | None,
    appearance: CellFormatting,
    rows: list[list[Cell]],
) -> None:
    table, looks = (
        table_of(roles, signed=signed, is_text_file=is_text_file),
        FormattingChecks(appearance, roles, len(rows) + 1),
    )
    if is_text_file:
        rows = [[None if cell is None else str(cell) for cell in row] for row in rows]
    together = read(rows, table, known, looks, 2)
    singly = [read([row], table, known, looks, number) for number, row in enumerate(rows, start=2)]
    # As they are written: 1.0 and 1 are one amount.
    assert written(rows_of(together)) == written([row for one in singly for row in rows_of(one)])
    assert together.labels == frozenset().union(*(one.labels for one in singly))
    assert together.has_wordless_sign == any(one.has_wordless_sign for one in singly)
    assert {name: str(together.frame[name].dtype) for name in DTYPES} == DTYPES


@pytest.mark.parametrize("odd", [True, datetime(2026, 5, 12), "#N/A"])  # noqa: DTZ001
def test_a_cell_that_cannot_be_an_amount_is_never_taken_for_a_number_like_it(odd: Cell) -> None:
    table = table_of({ColumnRole.TOKEN: 0, ColumnRole.ADDED: 1, ColumnRole.REMOVED: 2})
    cells = [("x", Decimal(1), None), ("x", odd, None), ("x", odd, Decimal(1))]
    rows = rows_of(read(cells, table, None, FormattingChecks(CellFormatting(), table.roles, 9), 2))
    assert (rows[0].token, rows[0].direction, rows[0].amount) == ("x", Direction.ADD, Decimal(1))
    assert [(row.amount, len(row.findings)) for row in rows[1:]] == [(None, 1), (None, 1)]


def test_every_row_of_a_long_sheet_has_its_own_number() -> None:
    table = table_of({ColumnRole.TOKEN: 0, ColumnRole.AMOUNT: 1, ColumnRole.DIRECTION: 2})
    cells = [(f"t{number}", "1,5", "add") for number in range(5, 3505)]
    found = read(cells, table, None, FormattingChecks(CellFormatting(), table.roles, 9), 5)
    assert [(row.number, row.token) for row in rows_of(found)] == [(number, f"t{number}") for number in range(5, 3505)]
    assert found.findings == {}


def test_a_row_of_nothing_but_uncalculated_formulas_beside_the_movement_is_empty_and_any_other_is_not() -> None:
    roles = {ColumnRole.TOKEN: 0, ColumnRole.AMOUNT: 1, ColumnRole.DIRECTION: 2}
    beside = (None, None, " ", '=IF(A2="","",1)')
    kept: list[Sequence[Cell]] = [("=B9", None, None, None), (None, "=B9", None, "=B9"), (*[None] * 3, "== 1")]
    found = read([beside, *kept], table_of(roles), None, FormattingChecks(CellFormatting(), roles, 9), 2)
    assert [row.number for row in rows_of(found)] == [3, 4, 5]
    of_text = read([beside], table_of(roles, is_text_file=True), None, FormattingChecks(CellFormatting(), roles, 9), 2)
    assert len(of_text.frame) == 1
