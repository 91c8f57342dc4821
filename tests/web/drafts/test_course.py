"""The main balance's course, in few points."""

from __future__ import annotations

from decimal import Decimal

from batch.model import Balances, Cell
from batch.runner.dry_run import AccountSnapshot, DryRun, make_dry_run
from batch.validation.check_sheet import Expected
from batch.web.drafts.versions import MOST_POINTS, compute_course
from tests.builders import NOON, grid


def played(rows: list[list[Cell]], main: int) -> DryRun:
    account = AccountSnapshot("me", "http://127.0.0.1:1/v1", Balances(Decimal(main), {"s": Decimal(10_000)}, NOON), {})
    return make_dry_run(grid(*rows), account, Expected(), removes_first=False, at=NOON)


def points(run: DryRun) -> list[tuple[int, Decimal]]:
    assert run.forecast is not None
    return compute_course(run.plan, run.forecast)


def test_it_goes_down_and_up_and_skips_what_would_be_refused() -> None:
    run = played([["s", Decimal(30), "add"], ["s", Decimal(500), "add"], ["s", Decimal(5), "remove"]], 100)
    assert points(run) == [(0, Decimal(100)), (1, Decimal(70)), (2, Decimal(70)), (3, Decimal(75))]


def test_a_long_course_keeps_its_ends_and_its_lowest_point() -> None:
    rows: list[list[Cell]] = [
        ["s", Decimal(number % 7 + 1), "remove" if number % 3 else "add"] for number in range(2000)
    ]
    rows[777] = ["s", Decimal(900), "add"]
    run = played(rows, 1000)
    found = points(run)
    assert run.forecast is not None
    assert len(found) <= MOST_POINTS
    assert found[0] == (0, Decimal(1000))
    assert found[-1] == (2000, run.forecast.after)
    assert min(balance for _, balance in found) == run.forecast.lowest
    assert [turn for turn, _ in found] == sorted({turn for turn, _ in found})
