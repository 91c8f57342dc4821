"""A batch that goes on after its sub-accounts rose: what may have been paid without the ledger waits for a person."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from decimal import Decimal

import pytest

from batch.ledger.events import BalancesRead, PersonDecided, Purpose
from batch.ledger.verify import find_difference
from batch.model import BatchState, BatchView, Cell, Status
from batch.notes import tell
from batch.runner.execute import perform
from tests.builders import NOON, known_to, new_batch
from tests.ledger_in_memory import MemoryLedger
from tests.runner.worlds import OPTIONS, Clock, ScriptedProvider, apply, apply_in_silence, refuse, world

ROWS: tuple[list[Cell], ...] = (
    ["sub-2", Decimal(1), "add"],
    ["sub-1", Decimal(10), "add"],
    ["sub-1", Decimal(20), "add"],
    ["sub-2", Decimal(5), "remove"],
)
DONE, PENDING, REFUSED, UNKNOWN = Status.DONE, Status.PENDING, Status.REFUSED, Status.UNKNOWN


class Stopped:
    """A batch that stopped at its second row, of four (2 to 5)."""

    def __init__(self) -> None:
        self.ledger = known_to(MemoryLedger())
        self.ledger.create(new_batch(*ROWS))
        self.provider = ScriptedProvider([apply, refuse(20)])
        self.go_on(refresh=False)
        assert self.statuses() == [DONE, REFUSED, PENDING, PENDING]
        self.provider.sent.clear()

    def go_on(self, *, refresh: bool = True) -> BatchView:
        self.clock = Clock()
        perform(
            world(self.provider, self.clock, self.ledger),
            self.ledger.work("b-1"),
            replace(OPTIONS, refresh=refresh),
            {},
        )
        assert find_difference(self.ledger.view("b-1")) is None
        return self.ledger.view("b-1")

    def statuses(self) -> list[Status]:
        return [entry.result.status for entry in self.ledger.view("b-1").rows]

    def decide(self, row: int, *, applied: bool) -> None:
        attempts = next(entry for entry in self.ledger.view("b-1").rows if entry.row.number == row).result.attempts
        self.ledger.append("b-1", [PersonDecided(NOON, row, attempts, applied, "marc", "looked")])


@pytest.fixture
def stopped() -> Stopped:
    return Stopped()


@pytest.mark.parametrize(
    ("rise", "statuses"),
    [
        ("10", [DONE, UNKNOWN, PENDING, PENDING]),
        ("9", [DONE, UNKNOWN, PENDING, PENDING]),  # a tenth was spent
        ("20", [DONE, REFUSED, UNKNOWN, PENDING]),
        ("30.01", [DONE, UNKNOWN, UNKNOWN, PENDING]),
    ],
)
def test_a_rise_that_fits_rows_makes_them_unknown_and_nothing_is_sent(
    stopped: Stopped, rise: str, statuses: list[Status]
) -> None:
    stopped.provider.held["sub-1"] += Decimal(rise)
    view = stopped.go_on()
    assert stopped.statuses() == statuses
    assert (view.head.state, stopped.provider.sent) == (BatchState.STOPPED, [])
    assert "a person must decide" in tell(view.head.reason)
    assert stopped.go_on().head.state is BatchState.STOPPED
    assert (stopped.statuses(), stopped.provider.sent) == (statuses, [])


def test_removes_of_the_list_are_asked_about_where_its_adds_were_paid(stopped: Stopped) -> None:
    stopped.provider.held["sub-1"] += Decimal(30)
    stopped.provider.held["sub-2"] -= Decimal(5)
    stopped.go_on()
    assert stopped.statuses() == [DONE, UNKNOWN, UNKNOWN, UNKNOWN]


def test_a_fall_by_itself_is_never_compared(stopped: Stopped) -> None:
    stopped.provider.held["sub-2"] -= Decimal(5)
    assert stopped.go_on().head.state is BatchState.FINISHED
    assert stopped.statuses() == [DONE] * 4


@pytest.mark.parametrize("rise", ["0.01", "3", "15", "31"])
def test_any_other_rise_is_only_said(stopped: Stopped, rise: str) -> None:
    stopped.provider.held["sub-1"] += Decimal(rise)
    stopped.go_on()
    assert stopped.statuses() == [DONE] * 4


def test_what_a_person_decided_is_not_asked_again(stopped: Stopped) -> None:
    stopped.provider.held["sub-1"] += Decimal(30)
    stopped.go_on()
    stopped.decide(3, applied=True)
    stopped.decide(4, applied=False)
    stopped.go_on()
    assert stopped.statuses() == [DONE] * 4
    assert stopped.provider.sent == [4, 5]


def test_an_add_that_was_decided_without_a_reading_since_explains_its_rise() -> None:
    ledger = known_to(MemoryLedger())
    ledger.create(new_batch(["sub-1", Decimal(10), "add"], ["sub-1", Decimal(10), "add"]))
    provider = ScriptedProvider([apply_in_silence])
    provider.before_reading = lambda: setattr(provider, "silent", True)
    perform(world(provider, Clock(), ledger), ledger.work("b-1"), OPTIONS, {})
    provider.before_reading = lambda: None
    provider.silent = False
    ledger.append("b-1", [PersonDecided(NOON, 2, 1, applied=True, who="marc", why="looked")])
    perform(world(provider, Clock(), ledger), ledger.work("b-1"), replace(OPTIONS, refresh=True), {})
    assert [entry.result.status for entry in ledger.view("b-1").rows] == [DONE, DONE]
    assert provider.applied == [2, 3]


def test_the_same_balance_is_asked_about_once_and_a_higher_one_again(stopped: Stopped) -> None:
    stopped.provider.held["sub-1"] += Decimal(10)
    stopped.go_on()
    stopped.decide(3, applied=False)
    # An older ledger that still takes the account for what it was before.
    older = deepcopy(stopped.ledger)
    older.append("b-1", [BalancesRead(NOON, Purpose.SETTLING, Decimal(900), {"sub-1": Decimal(100)})])
    same, higher = deepcopy(older), older
    stopped.ledger = same
    stopped.go_on()
    assert stopped.statuses() == [DONE] * 4
    stopped.ledger, stopped.provider.sent = higher, []
    stopped.provider.held["sub-1"] = Decimal(130)
    stopped.go_on()
    assert (stopped.statuses()[1:3], stopped.provider.sent) == ([UNKNOWN, UNKNOWN], [])
