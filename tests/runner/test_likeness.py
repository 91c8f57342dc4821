"""A list that looks like one that was run is said to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from batch.ledger.memory import MemoryLedger
from batch.ledger.protocol import BatchKey
from batch.model import Cell
from batch.rules.plan import make_plan
from batch.runner.dry_run import DryRun
from batch.runner.likeness import with_likeness
from tests.builders import NOON, checked, new_batch

ROWS: tuple[list[Cell], ...] = (
    ["sub-1", Decimal("12.5"), "add"],
    ["sub-2", Decimal(5), "remove"],
    ["sub-1", Decimal(7), "add"],
)
ACCOUNT = BatchKey("http://127.0.0.1:1/v1", "f" * 16)


def said(*rows: Sequence[Cell], days: int = 1, name: str = "other.xlsx", account: BatchKey = ACCOUNT) -> list[str]:
    """The codes that are said of these rows, so many days after ROWS were run."""
    ledger = MemoryLedger()
    ledger.create(new_batch(*ROWS))
    sheet = checked(*rows)
    sheet = replace(sheet, source=replace(sheet.source, file_name=name, sha256="cd" * 32))
    dry_run = DryRun(sheet, make_plan(sheet.rows), None, None, removes_first=False, at=NOON + timedelta(days=days))
    return [finding.code for finding in with_likeness(dry_run, ledger, account).sheet.findings]


CHANGED: list[Cell] = ["sub-1", Decimal(8), "add"]


@pytest.mark.parametrize(
    "rows",
    [(*ROWS[:2], CHANGED), ROWS[:2], (*ROWS, CHANGED), (*reversed(ROWS), CHANGED)],
    ids=["one changed", "one left out", "one added", "another order"],
)
def test_all_movements_but_one_are_noticed(rows: tuple[list[Cell], ...]) -> None:
    assert said(*rows) == ["movements-again"]


def test_two_changes_are_another_list() -> None:
    assert said(ROWS[0], CHANGED, CHANGED) == []


def test_one_row_in_common_says_nothing() -> None:
    assert said(ROWS[0], CHANGED) == []


def test_the_same_file_name_with_other_content_is_noticed() -> None:
    assert said(CHANGED, name="january.xlsx") == ["file-name-again"]


def test_after_forty_days_it_is_another_month() -> None:
    assert said(*ROWS[:2], name="january.xlsx", days=41) == []


def test_another_account_is_not_looked_at() -> None:
    assert said(*ROWS[:2], account=BatchKey("https://elsewhere", "0" * 16)) == []
