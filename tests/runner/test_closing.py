"""The closing balances: read again before they raise an alarm, and what they put in doubt."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from batch.ledger import verify
from batch.model import BatchState, BatchView, Cell, Movement, Status
from batch.notes import Outcome, make_note, tell
from batch.planning.reconciliation import keep_books
from batch.runner.open_account import decide
from tests.builders import NOON
from tests.provider_in_memory import MAIN
from tests.runner.worlds import Clock, Scene, ScriptedProvider, apply, kinds, lie, refuse, row, scene, statuses

DONE, REFUSED, PENDING, UNKNOWN = Status.DONE, Status.REFUSED, Status.PENDING, Status.UNKNOWN
LAST_IS_ADDED: list[list[Cell]] = [["sub-1", Decimal("12.5"), "add"], ["sub-2", Decimal(5), "add"]]
LAST_IS_TAKEN: list[list[Cell]] = [["sub-1", Decimal("12.5"), "add"], ["sub-2", Decimal(5), "remove"]]


class Lagging(ScriptedProvider):
    """Answers questions as of some seconds ago: `/me`, the list, or both."""

    def __init__(self, lag: float, on: tuple[str, ...], clock: Callable[[], float]) -> None:
        super().__init__()
        self.lag = lag
        self.on = on
        self.clock = clock
        self.past = [(-3600.0, {MAIN: self.main, **self.held})]

    def answer(self, movement: Movement) -> Outcome:
        outcome = super().answer(movement)
        self.past.append((self.clock(), {MAIN: self.main, **self.held}))
        return outcome

    def told(self, question: str, account: str) -> Decimal:
        if question not in self.on:
            return super().told(question, account)
        then = self.clock() - self.lag
        return next(held[account] for at, held in reversed(self.past) if at <= then)


def lagging(rows: list[list[Cell]], *on: str, lag: float = 0.4) -> Scene:
    clock = Clock()
    return Scene(Lagging(lag, on, clock.monotonic), clock, rows=rows)


def difference(view: BatchView, token: str | None) -> Decimal | None:
    books = keep_books(view)
    return (books.main if token is None else books.subaccounts[token]).difference


@pytest.mark.parametrize("rows", [LAST_IS_ADDED, LAST_IS_TAKEN])
@pytest.mark.parametrize("on", [("me",), ("list",), ("me", "list")])
def test_readings_that_lag_less_than_a_settling_time_are_no_alarm(rows: list[list[Cell]], on: tuple[str, ...]) -> None:
    one = lagging(rows, *on)
    view = one.run()
    assert view.head.state is BatchState.FINISHED
    assert [difference(view, account) for account in (None, "sub-1", "sub-2")] == [0, 0, 0]
    assert one.clock.waits == [60.0]
    assert kinds(view)[-3:] == ["settling", "closing", "state-changed"]


def test_a_lag_of_most_of_the_settling_time_is_seen_through() -> None:
    view = lagging(LAST_IS_ADDED, "me", "list", lag=50.0).run()
    assert difference(view, "sub-2") == 0


def test_what_was_paid_in_is_an_alarm_after_two_readings() -> None:
    one = scene()

    def apply_and_top_up(provider: ScriptedProvider, movement: Movement) -> Outcome:
        provider.held["sub-2"] += 50
        return apply(provider, movement)

    one.provider.script = [apply, apply, apply_and_top_up]
    view = one.run()
    assert view.head.state is BatchState.FINISHED
    assert keep_books(view).enriched == ("sub-2",)
    assert one.clock.waits == [60.0]


def test_accounts_that_spend_wait_for_nothing() -> None:
    one = scene()

    def spend() -> None:
        one.provider.main -= Decimal("0.045")
        one.provider.held["sub-1"] -= Decimal("0.045")

    one.provider.before_reading = spend
    view = one.run()
    assert view.head.state is BatchState.FINISHED
    assert one.clock.waits == []


@pytest.mark.parametrize(("number", "code"), [(2, 8), (3, 8), (2, 2)])
def test_a_refusal_that_was_applied_is_in_doubt_by_two_readings_and_a_person_decides(number: int, code: int) -> None:
    one = scene(*[lie(refuse(code)) if number == each else apply for each in (2, 3, 4)])
    view = one.run()
    assert row(view, number).result.status is UNKNOWN
    assert view.head.state is BatchState.STOPPED
    assert kinds(view)[-4:] == ["settling", "closing", "row-doubted", "state-changed"]
    assert one.clock.waits == [60.0]
    view = one.run(refresh=True)
    assert row(view, number).result.note == make_note("untold")
    assert view.head.state is BatchState.STOPPED
    assert kinds(view).count("settling") == 3
    decide(one.ledger, "b-1", number, applied=True, who="me", why="looked", now=lambda: NOON)
    view = one.run(refresh=True)
    assert statuses(view) == [DONE] * 3
    assert view.head.state is BatchState.FINISHED
    assert [difference(view, account) for account in (None, "sub-1", "sub-2")] == [0, 0, 0]
    assert one.provider.applied == [2, 3, 4]
    assert verify.find_difference(one.ledger, "b-1") is None


def test_a_look_that_lagged_is_found_out_by_the_closing_balances() -> None:
    one = lagging([["sub-1", Decimal("12.5"), "add"]], "me", "list", lag=5.0)
    one.provider.script = [lie(refuse(77))]
    view = one.run()
    assert statuses(view) == [UNKNOWN]
    assert view.head.state is BatchState.STOPPED
    assert kinds(view).count("row-settled") == 1


def test_a_look_that_contradicts_what_is_known_to_be_done_is_not_counted() -> None:
    one = lagging(LAST_IS_ADDED, "me", "list", lag=5.0)
    one.provider.script = [apply, lie(refuse(77))]
    assert statuses(one.run()) == [DONE, DONE]
    assert one.provider.applied == [2, 3]


def test_what_a_person_said_was_paid_in_by_hand_is_not_asked_again() -> None:
    def refuse_and_be_paid(provider: ScriptedProvider, movement: Movement) -> Outcome:
        provider.held["sub-1"] += movement.amount
        return refuse(8)(provider, movement)

    one = scene(refuse_and_be_paid)
    one.run()
    one.run(refresh=True)
    decide(one.ledger, "b-1", 2, applied=False, who="me", why="paid in by hand", now=lambda: NOON)
    one.provider.script = [refuse(8)]
    view = one.run(refresh=True)
    assert statuses(view) == [REFUSED, DONE, DONE]
    assert view.head.state is BatchState.FINISHED
    assert keep_books(view).enriched == ("sub-1",)


def test_a_stop_that_was_asked_for_waits_for_nothing_and_resume_finds_the_row() -> None:
    one = scene(apply, lie(refuse(8)))
    one.clock.stop_after = 2
    view = one.run()
    assert statuses(view) == [DONE, REFUSED, PENDING]
    assert one.clock.waits == []
    assert view.head.closing is None
    one.clock.stop_after = None
    view = one.run(refresh=True)
    assert statuses(view) == [DONE, UNKNOWN, PENDING]
    assert kinds(view)[-3:] != ["attempt-began"]
    assert one.provider.sent == [2, 3]


def test_closing_balances_that_must_confirm_a_look_must_come() -> None:
    one = scene(apply, apply, refuse(77))
    reads = 0

    def fall_silent() -> None:
        nonlocal reads
        reads += 1
        one.provider.silent = reads > 1

    one.provider.before_reading = fall_silent
    view = one.run()
    assert statuses(view) == [DONE, DONE, REFUSED]
    assert view.head.state is BatchState.STOPPED
    assert "cannot be read" in tell(view.head.reason)
    one.provider.before_reading, one.provider.silent = (lambda: None), False
    assert one.run(refresh=True).head.state is BatchState.FINISHED


def test_an_interrupt_while_they_are_confirmed_stops_the_batch_with_nothing_lost() -> None:
    one = scene(refuse(77))

    def stop(seconds: float) -> None:
        one.clock.stopping = True

    one.clock.wait = stop  # type: ignore[method-assign]
    view = one.run()
    assert statuses(view) == [REFUSED, DONE, DONE]
    assert view.head.state is BatchState.STOPPED
    del one.clock.wait
    one.clock.stopping = False
    assert one.run(refresh=True).head.state is BatchState.FINISHED


def test_readings_that_lag_are_not_taken_for_balances_when_a_run_is_carried_on() -> None:
    rows: list[list[Cell]] = [["sub-1", Decimal(5), "add"], ["sub-1", Decimal(5), "remove"]]
    one = lagging(rows, "me", "list", lag=5.0)
    one.clock.stop_after = 1
    one.run()
    one.clock.stop_after = None
    one.provider.script = [lie(refuse(500, 502))]
    view = one.run(refresh=True)
    assert statuses(view) == [DONE, DONE]
    assert one.provider.applied == [2, 3]
