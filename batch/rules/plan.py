"""The plan: which rows are sent, in which order, and the digest that names their movements."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING

from batch.frames import AMOUNT, DIRECTION, READ, TOKEN, CheckedSheet, Plan
from batch.model import Direction
from batch.money import from_thousandths

if TYPE_CHECKING:
    from pandas import DataFrame

_DIGEST_VERSION = b"creditbatch plan 1"


def make_plan(sheet: CheckedSheet, *, removes_first: bool = False) -> Plan:
    """The valid rows, in sheet order, or with every remove before the first add."""
    frame = put_removes_first(sheet.valid) if removes_first else sheet.valid
    sums = frame.groupby([TOKEN, DIRECTION], sort=False, observed=True)[AMOUNT].sum()
    moved = {
        (token, Direction(way)): from_thousandths(amount)
        for (token, way), amount in zip(sums.index, sums.tolist(), strict=True)
    }
    return Plan(frame, _digest(frame), moved)


def put_removes_first(frame: DataFrame) -> DataFrame:
    """The same rows with every remove before the first add; otherwise they keep their order."""
    return frame.sort_values(DIRECTION, ascending=False, kind="stable")


def _digest(frame: DataFrame) -> str:
    """SHA-256 over the movements themselves, sorted: a re-saved, re-ordered or converted sheet has the same digest.

    It is over a line for each, "token TAB direction TAB thousandths". Those of one token and direction begin alike, so
    they are sorted by themselves; and no token has a tab in it, so their beginnings are in the order of the lines.
    """
    amounts: dict[str, list[str]] = defaultdict(list)
    columns = (frame[name].tolist() for name in READ)
    for token, direction, thousandths in zip(*columns, strict=True):
        amounts[f"\n{token}\t{direction}\t"].append(str(thousandths))
    digest = hashlib.sha256(_DIGEST_VERSION)
    for beginning in sorted(amounts):
        digest.update((beginning + beginning.join(sorted(amounts[beginning]))).encode())
    digest.update(b"\n")
    return digest.hexdigest()
