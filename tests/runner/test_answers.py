"""What an answer proves: which are believed, which wait for one look at the balances, and which for settling."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from batch.errors import ProviderUnreachable
from batch.ledger import verify
from batch.model import BatchState, Cell, Movement, Status
from batch.notes import Outcome, Throttled, make_note, tell
from batch.planning.retry import LONGEST_WAIT
from batch.provider.codes import PROOF, STOPPING
from batch.runner.execute import perform
from tests.runner.worlds import (
    OPTIONS,
    Script,
    ScriptedProvider,
    apply,
    kinds,
    lie,
    lose,
    refuse,
    row,
    say,
    scene,
    statuses,
    throttle,
    world,
)

DONE, REFUSED, PENDING, UNKNOWN = Status.DONE, Status.REFUSED, Status.PENDING, Status.UNKNOWN
PAGE = say(403, "<html>Forbidden</html>")
BY_FIELD = say(400, '{"error": [{"elementId": "credit", "message": "Crédit invalide"}]}')


@pytest.mark.parametrize(
    ("answer", "said"),
    [(BY_FIELD, (None, "Crédit invalide")), *((refuse(n), (n, f"Non {n}")) for n in sorted(PROOF - STOPPING))],
)
def test_a_documented_refusal_or_reasons_by_field_are_proof_and_take_no_look(answer: Script, said: object) -> None:
    one = scene(answer)
    view = one.run()
    assert statuses(view) == [REFUSED, DONE, DONE]
    assert (row(view, 2).result.code, row(view, 2).result.message) == said
    assert (view.head.state, one.clock.waits) == (BatchState.FINISHED, [])
    assert "settling" not in kinds(view)


def test_an_honest_run_with_fifty_refusals_waits_for_nothing_and_reads_no_balance_between() -> None:
    rows: list[list[Cell]] = [[f"sub-{1 + number % 2}", Decimal("1.25"), "add"] for number in range(200)]
    one = scene(*[refuse(8) if number % 4 == 0 else apply for number in range(200)], rows=rows)
    view = one.run()
    assert [statuses(view).count(status) for status in (DONE, REFUSED)] == [150, 50]
    assert one.clock.waits == []
    read = [event.data["purpose"] for event in view.events if event.kind == "balances-read"]
    assert read == ["opening", "closing"]


class TestAnUndocumentedRefusal:
    def test_it_is_refused_after_one_look_and_confirmed_a_settling_time_later(self) -> None:
        one = scene(refuse(77))
        view = one.run()
        assert statuses(view) == [REFUSED, DONE, DONE]
        result = row(view, 2).result
        assert (result.code, result.message, result.note) == (77, "Non 77", make_note("seen-missing"))
        assert kinds(view).count("settling") == 1
        assert one.clock.waits == [pytest.approx(60.0, abs=0.1)]
        assert view.head.state is BatchState.FINISHED
        assert verify.find_difference(one.ledger, "b-1") is None

    @pytest.mark.parametrize(
        ("amount", "status"), [("0.01", REFUSED), ("0.02", REFUSED), ("0.006", REFUSED), ("0.005", UNKNOWN)]
    )
    def test_balances_that_did_not_change_tell_of_more_than_half_a_cent(self, amount: str, status: Status) -> None:
        assert statuses(scene(refuse(77), rows=[["sub-1", Decimal(amount), "add"]]).run()) == [status]

    def test_applied_all_the_same_it_is_settled_and_not_sent_again(self) -> None:
        one = scene(lie(refuse(77)))
        view = one.run()
        assert statuses(view) == [DONE, DONE, DONE]
        assert one.provider.applied == [2, 3, 4]
        assert kinds(view).count("settling") == 3

    @pytest.mark.parametrize(
        ("script", "said"), [(refuse(77), (77, "Non 77")), (lie(refuse(77)), (77, "Non 77")), (throttle, (None, None))]
    )
    def test_until_the_look_it_is_in_doubt_and_resume_settles(self, script: Script, said: tuple[object, ...]) -> None:
        one = scene(script)
        looks = 0

        def stop_now() -> None:
            nonlocal looks
            looks += 1
            if looks == 1:
                raise KeyboardInterrupt

        one.provider.before_reading = stop_now
        view = one.run()
        assert statuses(view) == [UNKNOWN, PENDING, PENDING]
        assert (row(view, 2).result.code, row(view, 2).result.message) == said
        view = one.run()
        assert statuses(view) == [DONE if one.provider.applied[0] == 2 else REFUSED, DONE, DONE]
        assert sorted(one.provider.applied) == [
            number for number in (2, 3, 4) if row(view, number).result.status is DONE
        ]

    def test_settled_as_not_applied_it_keeps_what_the_answer_said(self) -> None:
        one = scene(refuse(77))
        one.provider.silent = True
        assert statuses(one.run()) == [UNKNOWN, PENDING, PENDING]
        one.provider.silent = False
        view = one.run()
        assert statuses(view) == [REFUSED, DONE, DONE]
        result = row(view, 2).result
        assert (result.code, result.message, result.note) == (77, "Non 77", make_note("settled-missing"))
        assert one.provider.sent == [2, 3, 4]
        assert verify.find_difference(one.ledger, "b-1") is None

    def test_three_in_a_row_stop_the_batch_and_resume_goes_on_behind_them(self) -> None:
        rows: list[list[Cell]] = [["sub-1", Decimal(number), "add"] for number in range(1, 6)]
        one = scene(refuse(77), refuse(0), refuse(499), rows=rows)
        view = one.run()
        assert statuses(view) == [REFUSED, REFUSED, REFUSED, PENDING, PENDING]
        assert view.head.state is BatchState.STOPPED
        assert "3 rows in a row" in tell(view.head.reason)
        assert statuses(one.run()) == [REFUSED, REFUSED, REFUSED, DONE, DONE]

    def test_any_other_answer_between_them_begins_the_count_anew(self) -> None:
        rows: list[list[Cell]] = [["sub-1", Decimal(number), "add"] for number in range(1, 6)]
        view = scene(refuse(77), refuse(77), refuse(8), refuse(77), refuse(77), rows=rows).run()
        assert view.head.state is BatchState.FINISHED

    def test_a_look_that_finds_no_such_sub_account_leaves_it_to_a_person(self) -> None:
        one = scene(refuse(77))
        one.provider.before_reading = one.provider.held.clear
        view = one.run()
        assert statuses(view) == [UNKNOWN, PENDING, PENDING]
        assert row(view, 2).result.note == make_note("untold")


class TestAFailure:
    @pytest.mark.parametrize(("code", "status"), [(500, 200), (500, 400), (8, 500)])
    def test_a_code_of_500_and_a_5xx_with_a_refusal_are_settled_and_then_refused(self, code: int, status: int) -> None:
        one = scene(refuse(code, status))
        view = one.run()
        assert statuses(view) == [REFUSED, DONE, DONE]
        assert (row(view, 2).result.code, row(view, 2).result.message) == (code, f"Non {code}")
        assert one.clock.waits == [60.0]
        assert one.provider.sent == [2, 3, 4]

    @pytest.mark.parametrize(
        "answer", [refuse(500), refuse(8, 500), refuse(500, 502), PAGE, say(500, ""), say(302, "")]
    )
    def test_applied_all_the_same_it_is_done_once(self, answer: Script) -> None:
        one = scene(lie(answer))
        assert statuses(one.run()) == [DONE, DONE, DONE]
        assert one.provider.applied == [2, 3, 4]

    def test_a_page_that_refuses_stops_the_batch_and_leaves_the_row_pending(self) -> None:
        one = scene(apply, PAGE)
        view = one.run()
        assert statuses(view) == [DONE, PENDING, PENDING]
        assert tell(view.head.reason) == (
            "Row 3 could not be sent: something between this computer and the provider refuses (HTTP status 403)."
        )
        assert one.clock.waits == [60.0]
        assert statuses(one.run()) == [DONE, DONE, DONE]
        assert one.provider.applied == [2, 3, 4]

    @pytest.mark.parametrize("answer", [refuse(500, 500), lose])
    def test_a_doubt_that_was_not_applied_is_sent_again(self, answer: Script) -> None:
        one = scene(answer)
        assert statuses(one.run()) == [DONE, DONE, DONE]
        assert one.provider.sent == [2, 2, 3, 4]
        assert one.provider.applied == [2, 3, 4]


class TestSlowDown:
    @pytest.mark.parametrize("answer", [throttle, refuse(429), say(429, "<html>")])
    def test_it_is_looked_at_once_and_sent_again(self, answer: Script) -> None:
        one = scene(answer)
        view = one.run()
        assert statuses(view) == [DONE, DONE, DONE]
        assert one.provider.sent == [2, 2, 3, 4]
        assert kinds(view).count("settling") == 1
        assert sum(one.clock.waits) < 4

    @pytest.mark.parametrize("answer", [throttle, refuse(429), say(429, "<html>")])
    def test_applied_all_the_same_it_is_settled_and_not_sent_again(self, answer: Script) -> None:
        one = scene(lie(answer))
        assert statuses(one.run()) == [DONE, DONE, DONE]
        assert one.provider.sent == [2, 3, 4]

    def test_two_cents_are_sent_again_if_nothing_changed(self) -> None:
        one = scene(throttle, rows=[["sub-1", Decimal("0.02"), "add"]])
        assert statuses(one.run()) == [DONE]
        assert one.clock.waits == [3.0]

    def test_the_wait_comes_before_the_look(self) -> None:
        one = scene(throttle)
        waits: list[float] = []
        one.provider.before_reading = lambda: waits.append(sum(one.clock.waits))
        one.run()
        assert waits[0] == 3.0

    def test_it_counts_as_an_attempt_and_then_the_batch_stops_with_the_row_pending(self) -> None:
        one = scene(throttle, throttle, throttle)
        view = one.run()
        assert statuses(view) == [PENDING, PENDING, PENDING]
        assert row(view, 2).result.attempts == 3
        assert view.head.state is BatchState.STOPPED
        assert tell(view.head.reason) == "Row 2 could not be sent: the provider asks to slow down."
        assert one.clock.waits == [3.0, 3.0]
        assert statuses(one.run()) == [DONE, DONE, DONE]

    def test_a_pause_that_is_too_long_is_not_waited_for(self) -> None:
        def later(_provider: ScriptedProvider, _movement: Movement) -> Outcome:
            return Throttled(make_note("asked-to-slow-down"), LONGEST_WAIT + 1)

        one = scene(later)
        view = one.run()
        assert statuses(view) == [PENDING, PENDING, PENDING]
        assert view.head.state is BatchState.STOPPED
        assert one.clock.waits == []

    def test_a_look_that_is_asked_to_slow_down_waits_within_the_same_attempts(self) -> None:
        one = scene(throttle, throttle, throttle)
        slow = [7.0]

        def throttle_the_look() -> None:
            if slow:
                raise ProviderUnreachable(
                    make_note("said", words="The provider answers with HTTP status 429."), retry_after=slow.pop()
                )

        one.provider.before_reading = throttle_the_look
        view = one.run()
        assert one.clock.waits == [3.0, 7.0]
        assert one.provider.sent == [2, 2]
        assert statuses(view) == [PENDING, PENDING, PENDING]

    def test_a_look_that_never_gets_an_answer_leaves_the_row_to_resume(self) -> None:
        one = scene(throttle)
        one.provider.silent = True
        view = one.run()
        assert statuses(view) == [UNKNOWN, PENDING, PENDING]
        assert "cannot be read" in tell(view.head.reason)
        one.provider.silent = False
        assert statuses(one.run()) == [DONE, DONE, DONE]

    def test_spending_meanwhile_is_no_doubt(self) -> None:
        one = scene(throttle)
        spent = Decimal("0.045")

        def spend() -> None:
            one.provider.main -= spent
            one.provider.held["sub-1"] -= spent

        one.provider.before_reading = spend
        assert statuses(one.run()) == [DONE, DONE, DONE]
        assert one.clock.waits == [3.0]


def test_who_wants_to_be_asked_before_it_is_sent_again_is_not_asked_about_a_refusal() -> None:
    one = scene(refuse(500))
    perform(
        world(one.provider, one.clock, one.ledger), one.ledger.work("b-1"), replace(OPTIONS, ask_before_resend=True), {}
    )
    assert statuses(one.ledger.view("b-1")) == [REFUSED, DONE, DONE]


def test_a_doubt_about_a_sub_account_that_is_gone_is_for_a_person() -> None:
    def be_emptied(provider: ScriptedProvider, movement: Movement) -> Outcome:
        provider.held.clear()
        return say(500, "")(provider, movement)

    view = scene(be_emptied).run()
    assert statuses(view) == [UNKNOWN, PENDING, PENDING]
    assert row(view, 2).result.note == make_note("untold")
