"""Reading many rows at once: whatever is in them, they are read as each of them is by itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.model import Appearance, Cell, Direction, Role, SheetRow
from batch.rules.appearance import Looks
from batch.rules.rows import RowReader, Table
from batch.rules.tokens import KnownTokens

KNOWN = KnownTokens(["sub-1", "sub-2", "0012", "1"])
ROLES = st.sampled_from(
    [
        {Role.TOKEN: 0, Role.AMOUNT: 1, Role.DIRECTION: 2},
        {Role.TOKEN: 2, Role.AMOUNT: 0},
        {Role.TOKEN: 0, Role.ADDED: 2, Role.REMOVED: 1},
        {Role.TOKEN: 0, Role.ADDED: 2, Role.REMOVED: 1, Role.AMOUNT: 3},
        {Role.AMOUNT: 1, Role.DIRECTION: 2},
        {Role.TOKEN: 1, Role.DIRECTION: 0},
        {Role.TOKEN: 0},
    ]
)
NUMBERS = [
    "1",
    "1.0",
    "1.00",
    "-1",
    "0",
    "-0",
    "12",
    "0.1",
    "0.10000000000000001",
    "12.3456",
    "NaN",
    "sNaN",
    "Infinity",
]
CELLS: st.SearchStrategy[Cell] = (
    st.sampled_from([None, "", " ", "\u200b", True, False, datetime(2026, 5, 12)])  # noqa: DTZ001 (a cell has no zone)
    | st.sampled_from(["sub-1", " sub-1", "0012", "12", "1", "Total", "sub-9", "#N/A", "=A1"])
    | st.sampled_from(["add", "Retrait", "+", "?", "1,50", "-1", "+1", "1,234", "1,5 €", "0", "-", "50 %"])
    | st.sampled_from(NUMBERS).map(Decimal)
    | st.decimals(allow_nan=None, allow_infinity=None)
    | st.text(max_size=4)
)
PLACES = st.tuples(st.integers(2, 12), st.integers(0, 4))
APPEARANCES = st.builds(
    Appearance,
    shown=st.dictionaries(PLACES, st.sampled_from(["0012", "", "12.35", "50%"]), max_size=2),
    struck=st.frozensets(PLACES, max_size=1),
)


@st.composite
def sheets(draw: st.DrawFn) -> tuple[RowReader, RowReader, Sequence[Sequence[Cell]]]:
    """Two readers that read alike, and rows for them. A text file holds nothing but texts."""
    roles = draw(ROLES)
    signed, is_text_file, known = draw(st.booleans()), draw(st.booleans()), draw(st.sampled_from([KNOWN, None]))
    table = Table(5, ("a", "b", "c", "d", ""), roles, signed, is_text_file)
    looks = Looks(draw(APPEARANCES), roles)
    cells = CELLS.map(lambda cell: str(cell) or None) if is_text_file else CELLS
    rows = draw(st.lists(st.lists(cells, max_size=6), max_size=10))
    return RowReader(table, known, looks), RowReader(table, known, looks), rows


def written(rows: Sequence[SheetRow]) -> str:
    """The rows as text, their numbers without zeros at the end."""
    return re.sub(r"Decimal\('(-?\d+)\.0+'\)", r"Decimal('\1')", repr(rows))


@given(sheets())
def test_rows_are_read_together_as_each_is_by_itself(
    sheet: tuple[RowReader, RowReader, Sequence[Sequence[Cell]]],
) -> None:
    together, alone, rows = sheet
    singly = [row for number, cells in enumerate(rows, start=2) if (row := alone.read(number, cells)) is not None]
    # NaN is equal to nothing, so the rows are compared as they are written; 1.0 and 1 are one amount.
    assert written(together.read_all(2, rows)) == written(singly)
    assert together.labels == alone.labels
    assert together.has_alike == alone.has_alike
    assert together.has_nameless == alone.has_nameless
    assert together.has_wordless_sign == alone.has_wordless_sign


@pytest.mark.parametrize("odd", [True, datetime(2026, 5, 12), Decimal("sNaN"), Decimal("Infinity"), "#N/A"])  # noqa: DTZ001
def test_a_cell_that_cannot_be_an_amount_is_never_taken_for_a_number_like_it(odd: Cell) -> None:
    table = Table(3, ("a", "b", "c"), {Role.TOKEN: 0, Role.ADDED: 1, Role.REMOVED: 2}, False, is_text_file=False)
    reader = RowReader(table, None, Looks(Appearance(), table.roles))
    rows = reader.read_all(2, [("x", Decimal(1), None), ("x", odd, None), ("x", odd, Decimal(1))])
    assert rows[0] == SheetRow(2, ("x", Decimal(1), None), "x", Direction.ADD, Decimal(1))
    assert [(row.amount, len(row.findings)) for row in rows[1:]] == [(None, 1), (None, 1)]


def test_every_row_of_a_long_sheet_has_its_own_number() -> None:
    table = Table(3, ("a", "b", "c"), {Role.TOKEN: 0, Role.AMOUNT: 1, Role.DIRECTION: 2}, False, is_text_file=False)
    reader = RowReader(table, None, Looks(Appearance(), table.roles))
    rows = reader.read_all(5, ((f"t{number}", "1,5", "add") for number in range(5, 3505)))
    assert [(row.number, row.token) for row in rows] == [(number, f"t{number}") for number in range(5, 3505)]
    assert not reader.has_alike


def test_a_row_of_nothing_but_uncalculated_formulas_beside_the_movement_is_empty_and_any_other_is_not() -> None:
    roles = {Role.TOKEN: 0, Role.AMOUNT: 1, Role.DIRECTION: 2}
    reader = RowReader(Table(4, tuple("abcd"), roles, False, is_text_file=False), None, Looks(Appearance(), roles))
    of_text = RowReader(Table(4, tuple("abcd"), roles, False, is_text_file=True), None, Looks(Appearance(), roles))
    beside = (None, None, " ", '=IF(A2="","",1)')
    assert reader.read(2, beside) is None
    kept: tuple[tuple[Cell, ...], ...] = (("=B9", None, None, None), (None, "=B9", None, "=B9"), (*[None] * 3, "== 1"))
    assert all(reader.read(2, cells) is not None for cells in kept)
    assert of_text.read(2, beside) is not None
