"""The plan: which rows are sent, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batch.frames import AMOUNT, DIRECTION, TOKEN, CheckedSheet, Plan
from batch.model import Direction
from batch.money import from_thousandths

if TYPE_CHECKING:
    from pandas import DataFrame


def make_plan(sheet: CheckedSheet, *, removes_first: bool = False) -> Plan:
    """The valid rows, in sheet order, or with every remove before the first add."""
    frame = put_removes_first(sheet.valid) if removes_first else sheet.valid
    sums = frame.groupby([TOKEN, DIRECTION], sort=False, observed=True)[AMOUNT].sum()
    moved = {
        (token, Direction(way)): from_thousandths(amount)
        for (token, way), amount in zip(sums.index, sums.tolist(), strict=True)
    }
    return Plan(frame, moved)


def put_removes_first(frame: DataFrame) -> DataFrame:
    """The same rows with every remove before the first add; otherwise they keep their order."""
    return frame.sort_values(DIRECTION, ascending=False, kind="stable")
