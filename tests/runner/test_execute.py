"""What a run sends, what it never sends again, and what the ledger says of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from batch.errors import LedgerError
from batch.ledger.events import Fact
from batch.ledger.protocol import explain_takeover
from batch.model import BatchState, Movement, Status
from batch.notes import Outcome, tell
from batch.planning.account_identity import PROOF_SECONDS
from tests.ledger_in_memory import MemoryLedger
from tests.runner.worlds import (
    Clock,
    Scene,
    ScriptedProvider,
    apply,
    apply_in_silence,
    lose,
    refuse,
    row,
    scene,
    statuses,
    unreachable,
)


def test_every_row_is_sent_once_in_sheet_order() -> None:
    one = scene()
    view = one.run()
    assert one.provider.applied == [2, 3, 4]
    assert statuses(view) == [Status.DONE] * 3
    assert (view.head.state, view.head.reason) == (BatchState.FINISHED, None)
    assert row(view, 2).result.main_balance == Decimal("987.500")
    assert row(view, 2).result.subaccount_balance == Decimal("112.500")


def test_the_closing_balances_are_read_at_the_end() -> None:
    view = scene().run()
    assert view.head.closing is not None
    assert view.head.closing.main == Decimal("985.500")
    assert dict(view.head.closing.subaccounts) == {"sub-1": Decimal("119.500"), "sub-2": Decimal("45.000")}


@pytest.mark.parametrize("code", [1, 4, 10, 20, 30, 40, 96])
def test_a_refusal_of_the_account_stops_the_batch_and_resume_sends_it_and_the_rest(code: int) -> None:
    one = scene(apply, refuse(code))
    view = one.run()
    assert statuses(view) == [Status.DONE, Status.REFUSED, Status.PENDING]
    assert view.head.state is BatchState.STOPPED
    assert f"code {code}" in tell(view.head.reason)
    assert one.provider.sent == [2, 3]
    assert statuses(one.run()) == [Status.DONE] * 3
    assert one.provider.applied == [2, 3, 4]


def test_what_surely_was_not_sent_is_sent_again_with_growing_waits() -> None:
    one = scene(unreachable, unreachable, apply)
    view = one.run()
    assert statuses(view) == [Status.DONE] * 3
    assert row(view, 2).result.attempts == 3
    first, second = one.clock.waits
    assert 0.5 <= first <= 1.0 <= second <= 2.0


def test_a_doubt_that_was_applied_is_done_and_not_sent_again() -> None:
    one = scene(apply_in_silence)
    view = one.run()
    assert statuses(view) == [Status.DONE] * 3
    assert one.provider.applied == [2, 3, 4]
    assert row(view, 2).result.subaccount_balance == Decimal("112.500")
    assert one.clock.waits == [60.0]


def test_a_late_application_between_the_readings_is_found_by_another_reading() -> None:
    one = scene(lose)
    seen = 0

    def apply_late() -> None:
        nonlocal seen
        seen += 1
        if seen == 2:
            apply(one.provider, Movement(2, "sub-1", one.ledger.view("b-1").rows[0].row.direction, Decimal("12.5")))  # type: ignore[arg-type]

    one.provider.before_reading = apply_late
    view = one.run()
    assert statuses(view) == [Status.DONE] * 3
    assert one.provider.applied == [2, 3, 4]
    assert one.clock.waits == [60.0, 60.0]


def test_balances_that_do_not_tell_leave_the_row_unknown_and_stop_everything() -> None:
    one = scene(lose)
    one.provider.before_reading = lambda: one.provider.held.update({"sub-1": one.provider.held["sub-1"] + 50})
    view = one.run()
    assert statuses(view) == [Status.UNKNOWN, Status.PENDING, Status.PENDING]
    assert view.head.state is BatchState.STOPPED
    assert one.provider.sent == [2]


def test_balances_that_cannot_be_read_leave_the_row_unknown() -> None:
    one = scene(apply_in_silence)
    one.provider.silent = True
    view = one.run()
    assert statuses(view) == [Status.UNKNOWN, Status.PENDING, Status.PENDING]
    one.provider.silent = False
    assert statuses(one.run()) == [Status.DONE] * 3
    assert one.provider.applied == [2, 3, 4]


def test_an_interrupt_lets_the_row_under_way_end_and_keeps_the_rest() -> None:
    one = scene()
    one.clock.stop_after = 1
    view = one.run()
    assert statuses(view) == [Status.DONE, Status.PENDING, Status.PENDING]
    assert view.head.state is BatchState.STOPPED
    one.clock.stop_after = None
    assert statuses(one.run()) == [Status.DONE] * 3
    assert one.provider.applied == [2, 3, 4]


@pytest.mark.parametrize(("turn", "sent"), [(0.0, [2]), (100.0, [])])
def test_an_interrupt_while_waiting_to_retry_or_for_a_turn_stops_at_once(turn: float, sent: list[int]) -> None:
    one = scene(unreachable)
    one.provider.waits_ahead = turn

    def stop(seconds: float) -> None:
        one.clock.stopping = True

    one.clock.wait = stop  # type: ignore[method-assign]
    view = one.run()
    assert statuses(view) == [Status.PENDING] * 3
    assert view.head.state is BatchState.STOPPED
    assert one.provider.sent == sent


def test_stopping_at_once_leaves_the_row_under_way_unknown_and_resume_settles_it() -> None:
    def stop_now(provider: ScriptedProvider, movement: Movement) -> Outcome:
        apply(provider, movement)
        raise KeyboardInterrupt

    one = scene(stop_now)
    view = one.run()
    assert statuses(view) == [Status.UNKNOWN, Status.PENDING, Status.PENDING]
    assert view.head.state is BatchState.STOPPED
    assert statuses(one.run()) == [Status.DONE] * 3
    assert one.provider.applied == [2, 3, 4]


def test_a_finished_batch_is_left_as_it_is() -> None:
    one = scene()
    events = len(one.run().events)
    assert len(one.run().events) == events
    assert one.provider.applied == [2, 3, 4]


class Brittle(MemoryLedger):
    """Fails to write at the nth commit after the batch was created."""

    commits_left = 10**6

    def append(self, batch: str, facts: Sequence[Fact]) -> None:
        self.commits_left -= 1
        if self.commits_left < 0:
            raise LedgerError("The disk is full.")
        super().append(batch, facts)


@pytest.mark.parametrize("commits", range(1, 5))
def test_what_cannot_be_written_down_is_not_sent(commits: int) -> None:
    ledger = Brittle()
    one = Scene(ScriptedProvider(), ledger=ledger)
    ledger.commits_left = commits
    with pytest.raises(LedgerError):
        one.run()
    begun = [event for event in ledger.view("b-1").events if event.kind == "attempt-began"]
    assert len(one.provider.sent) == len(begun)
    ledger.commits_left = 10**6
    assert statuses(one.run()) == [Status.DONE] * 3
    assert one.provider.applied == [2, 3, 4]


def test_an_attempt_is_committed_before_it_is_sent() -> None:
    one = scene()
    seen: list[int] = []

    def look(provider: ScriptedProvider, movement: Movement) -> Outcome:
        seen.append(sum(event.kind == "attempt-began" for event in one.ledger.view("b-1").events))
        return apply(provider, movement)

    one.provider.script = [look, look, look]
    one.run()
    assert seen == [1, 2, 3]


def test_a_turn_is_waited_for_with_everything_written_down() -> None:
    one = scene()
    one.provider.waits_ahead = 0.5
    written: list[int] = []

    def wait(seconds: float) -> None:
        assert seconds == 0.5
        events = one.ledger.view("b-1").events
        written.append(sum(event.kind == "attempt-ended" for event in events))
        assert all(entry.result.status is not Status.UNKNOWN for entry in one.ledger.view("b-1").rows)

    one.clock.wait = wait  # type: ignore[method-assign]
    assert statuses(one.run()) == [Status.DONE] * 3
    assert written == [0, 1, 2]


def test_the_balances_before_an_attempt_are_those_of_the_answer_before() -> None:
    one = scene()
    view = one.run()
    began = [event.data for event in view.events if event.kind == "attempt-began"]
    assert [entry["main_balance"] for entry in began] == ["1000.000", "987.500", "992.500"]
    assert began[2]["subaccount_balance"] == "112.500"


class Renewing(MemoryLedger):
    """Notes each renewal; it and each commit take so many seconds."""

    def __init__(self, clock: Clock, *, renewal: float = 0.0, commit: float = 0.0) -> None:
        super().__init__()
        self.renewals = 0
        self._is_committing = False
        self._clock, self._renewal, self._commit = clock, renewal, commit

    def append(self, batch: str, facts: Sequence[Fact]) -> None:
        self._is_committing = True
        super().append(batch, facts)
        self._is_committing = False
        self._clock.at += timedelta(seconds=self._commit)

    def renew(self, batch: str, at: datetime) -> None:
        super().renew(batch, at)
        # A commit renews the lease as well.
        if not self._is_committing:
            self.renewals += 1
            self._clock.at += timedelta(seconds=self._renewal)


def renewing(*, renewal: float = 0.0, commit: float = 0.0) -> tuple[Scene, Renewing]:
    clock = Clock()
    ledger = Renewing(clock, renewal=renewal, commit=commit)
    return Scene(ScriptedProvider(), clock, ledger), ledger


LONG = PROOF_SECONDS + 0.1


def test_what_is_sent_soon_after_its_commit_needs_no_renewal() -> None:
    one, ledger = renewing()
    one.run()
    assert (one.provider.sent, ledger.renewals) == ([2, 3, 4], 0)


@pytest.mark.parametrize("seen_by", [("wall", "monotonic"), ("wall",), ("monotonic",)])
def test_what_slept_since_its_commit_is_sent_when_the_account_is_still_held(seen_by: tuple[str, ...]) -> None:
    one, ledger = renewing()
    slept = [0.0]

    def sleep() -> None:
        if "wall" in seen_by:
            one.clock.wait(LONG)
        if "monotonic" in seen_by:
            slept[0] += LONG

    one.clock.monotonic = lambda: slept[0]  # type: ignore[method-assign]
    one.provider.before_sending = sleep
    view = one.run()
    assert statuses(view) == [Status.DONE] * 3
    assert ledger.renewals == 3
    assert [entry.result.attempts for entry in view.rows] == [1, 1, 1]


def test_a_commit_that_took_long_proves_nothing_any_more() -> None:
    one, ledger = renewing(commit=LONG)
    assert statuses(one.run()) == [Status.DONE] * 3
    assert ledger.renewals == 3


def test_where_the_renewal_takes_long_nothing_is_sent() -> None:
    one, ledger = renewing(commit=LONG, renewal=LONG)
    view = one.run()
    assert statuses(view) == [Status.PENDING] * 3
    assert view.head.state is BatchState.STOPPED
    assert (one.provider.sent, ledger.renewals) == ([], 3)


def test_what_was_taken_over_meanwhile_is_not_sent() -> None:
    class TakenOver(MemoryLedger):
        def renew(self, batch: str, at: datetime) -> None:
            super().renew(batch, at)
            if clock.waits:
                raise LedgerError(explain_takeover(batch))

    clock = Clock()
    one = Scene(ScriptedProvider(), clock, TakenOver())
    one.provider.before_sending = lambda: one.clock.wait(LONG)
    with pytest.raises(LedgerError, match="taken batch b-1 over"):
        one.run()
    assert one.provider.sent == []
