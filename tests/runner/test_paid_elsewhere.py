"""A batch that goes on after its sub-accounts rose: what may have been paid without the ledger waits for a person."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal

import pytest

from batch.ledger.events import BalancesRead, PersonDecided, Purpose
from batch.ledger.verify import find_difference
from batch.model import BatchState, BatchView, Cell, Status
from batch.notes import tell
from tests.builders import NOON
from tests.runner.worlds import Scene, apply, apply_in_silence, refuse, row, scene, statuses

ROWS: tuple[list[Cell], ...] = (
    ["sub-2", Decimal(1), "add"],
    ["sub-1", Decimal(10), "add"],
    ["sub-1", Decimal(20), "add"],
    ["sub-2", Decimal(5), "remove"],
)
DONE, PENDING, REFUSED, UNKNOWN = Status.DONE, Status.PENDING, Status.REFUSED, Status.UNKNOWN


@pytest.fixture
def stopped() -> Scene:
    """A batch that stopped at its second row, of four (2 to 5)."""
    one = scene(apply, refuse(20), rows=ROWS)
    assert statuses(one.run()) == [DONE, REFUSED, PENDING, PENDING]
    one.provider.sent.clear()
    return one


def go_on(stopped: Scene) -> BatchView:
    stopped.clock.at = NOON
    view = stopped.run(refresh=True)
    assert find_difference(stopped.ledger, "b-1") is None
    return view


def decide(stopped: Scene, number: int, *, applied: bool) -> None:
    attempts = row(stopped.ledger.view("b-1"), number).result.attempts
    stopped.ledger.append("b-1", [PersonDecided(NOON, number, attempts, applied, "marc", "looked")])


@pytest.mark.parametrize(
    ("rise", "wanted"),
    [
        ("10", [DONE, UNKNOWN, PENDING, PENDING]),
        ("9", [DONE, UNKNOWN, PENDING, PENDING]),  # a tenth was spent
        ("20", [DONE, REFUSED, UNKNOWN, PENDING]),
        ("30.01", [DONE, UNKNOWN, UNKNOWN, PENDING]),
    ],
)
def test_a_rise_that_fits_rows_leaves_them_unknown_and_unsent(stopped: Scene, rise: str, wanted: list[Status]) -> None:
    stopped.provider.held["sub-1"] += Decimal(rise)
    view = go_on(stopped)
    assert statuses(view) == wanted
    assert (view.head.state, stopped.provider.sent) == (BatchState.STOPPED, [])
    assert "a person must decide" in tell(view.head.reason)
    view = go_on(stopped)
    assert (view.head.state, statuses(view), stopped.provider.sent) == (BatchState.STOPPED, wanted, [])


def test_removes_of_the_list_are_asked_about_where_its_adds_were_paid(stopped: Scene) -> None:
    stopped.provider.held["sub-1"] += Decimal(30)
    stopped.provider.held["sub-2"] -= Decimal(5)
    assert statuses(go_on(stopped)) == [DONE, UNKNOWN, UNKNOWN, UNKNOWN]


def test_a_fall_by_itself_is_never_compared(stopped: Scene) -> None:
    stopped.provider.held["sub-2"] -= Decimal(5)
    view = go_on(stopped)
    assert (view.head.state, statuses(view)) == (BatchState.FINISHED, [DONE] * 4)


@pytest.mark.parametrize("rise", ["0.01", "3", "15", "31"])
def test_any_other_rise_is_only_said(stopped: Scene, rise: str) -> None:
    stopped.provider.held["sub-1"] += Decimal(rise)
    assert statuses(go_on(stopped)) == [DONE] * 4


def test_what_a_person_decided_is_not_asked_again(stopped: Scene) -> None:
    stopped.provider.held["sub-1"] += Decimal(30)
    go_on(stopped)
    decide(stopped, 3, applied=True)
    decide(stopped, 4, applied=False)
    assert statuses(go_on(stopped)) == [DONE] * 4
    assert stopped.provider.sent == [4, 5]


def test_an_add_that_was_decided_without_a_reading_since_explains_its_rise() -> None:
    one = scene(apply_in_silence, rows=[["sub-1", Decimal(10), "add"]] * 2)
    one.provider.before_reading = lambda: setattr(one.provider, "silent", True)
    one.run()
    one.provider.before_reading = lambda: None
    one.provider.silent = False
    decide(one, 2, applied=True)
    assert statuses(one.run(refresh=True)) == [DONE, DONE]
    assert one.provider.applied == [2, 3]


def test_the_same_balance_is_asked_about_once_and_a_higher_one_again(stopped: Scene) -> None:
    stopped.provider.held["sub-1"] += Decimal(10)
    go_on(stopped)
    decide(stopped, 3, applied=False)
    # An older ledger that still takes the account for what it was before.
    older = deepcopy(stopped.ledger)
    older.append("b-1", [BalancesRead(NOON, Purpose.SETTLING, Decimal(900), {"sub-1": Decimal(100)})])
    same, higher = deepcopy(older), older
    stopped.ledger = same
    assert statuses(go_on(stopped)) == [DONE] * 4
    stopped.ledger, stopped.provider.sent = higher, []
    stopped.provider.held["sub-1"] = Decimal(130)
    assert (statuses(go_on(stopped))[1:3], stopped.provider.sent) == ([UNKNOWN, UNKNOWN], [])
