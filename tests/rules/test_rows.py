"""Reading many rows at once: whatever is in them, they are read as each of them is by itself."""

from __future__ import annotations

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
def readers(draw: st.DrawFn) -> tuple[RowReader, RowReader]:
    """Two that read alike."""
    roles = draw(ROLES)
    signed, is_text_file, known = draw(st.booleans()), draw(st.booleans()), draw(st.sampled_from([KNOWN, None]))
    table = Table(5, ("a", "b", "c", "d", ""), roles, signed, is_text_file)
    looks = Looks(draw(APPEARANCES), roles)
    return RowReader(table, known, looks), RowReader(table, known, looks)


@given(readers(), st.lists(st.lists(CELLS, max_size=6), max_size=10))
def test_rows_are_read_together_as_each_is_by_itself(
    pair: tuple[RowReader, RowReader], rows: Sequence[Sequence[Cell]]
) -> None:
    together, alone = pair
    singly = [row for number, cells in enumerate(rows, start=2) if (row := alone.read(number, cells)) is not None]
    # NaN is equal to nothing, so the rows are compared as they are written.
    assert repr(together.read_all(2, rows)) == repr(singly)
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
