from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.model import Status
from batch.notes import Applied, Doubt, NotApplied, Outcome, Refused, Throttled, Unproven, make_note
from batch.planning.retry import (
    LONGEST_WAIT,
    Found,
    RetryPolicy,
    Step,
    compute_wait,
    judge_attempt,
    judge_look,
    judge_settling,
)
from batch.planning.settlement import DoubtVerdict
from batch.provider import codes

POLICY = RetryPolicy(max_attempts=5, backoff=1.0, cap=60.0)


def refused(code: int | None) -> Refused:
    return codes.translate(code, "Non")


@pytest.mark.parametrize(
    ("outcome", "step"),
    [
        (Applied(Decimal(1), Decimal(2)), Step.NEXT),
        (NotApplied(make_note("said", words="connection refused")), Step.RETRY),
        (Throttled(make_note("said", words="429"), retry_after=2.0), Step.LOOK),
        (Throttled(make_note("said", words="429"), retry_after=float("inf")), Step.LOOK),
        (Unproven(refused(77)), Step.LOOK),
        (Doubt(make_note("said", words="403 by a proxy"), is_blocked=True), Step.SETTLE),
        (Doubt(make_note("with-code", code="500"), refused(500)), Step.SETTLE),
        (Doubt(make_note("said", words="read timeout")), Step.SETTLE),
    ],
)
def test_the_table_of_the_design(outcome: Outcome, step: Step) -> None:
    assert judge_attempt(outcome, 1, POLICY).step is step


@pytest.mark.parametrize("code", sorted(codes.STOPPING))
def test_a_refusal_that_every_row_would_get_stops_the_batch(code: int) -> None:
    assert judge_attempt(refused(code), 1, POLICY).step is Step.STOP


@pytest.mark.parametrize("code", [*sorted(codes.PROOF - codes.STOPPING), None])
def test_any_other_refusal_is_its_row_s_alone_and_never_repeated(code: int | None) -> None:
    assert judge_attempt(refused(code), 1, POLICY).step is Step.NEXT


@given(st.integers(1, 100))
def test_a_doubt_is_never_repeated_however_many_attempts_are_left(attempts: int) -> None:
    assert judge_attempt(Doubt(make_note("said", words="reset")), attempts, POLICY).step is Step.SETTLE


def test_attempts_come_to_an_end() -> None:
    steps = [
        judge_attempt(NotApplied(make_note("said", words="refused")), attempts, POLICY).step for attempts in range(1, 7)
    ]
    assert steps == [Step.RETRY] * 4 + [Step.STOP] * 2


CUT_OFF = Doubt(make_note("said", words="read timeout"))
BLOCKED = Doubt(make_note("said", words="403 by a proxy"), is_blocked=True)
FAILED = Doubt(make_note("with-code", code="500"), refused(500))
SLOW_DOWN = Throttled(make_note("said", words="429"), 2.0)
UNDOCUMENTED = Unproven(refused(77))
EVERY_ANSWER = (CUT_OFF, BLOCKED, FAILED, SLOW_DOWN, UNDOCUMENTED)


@pytest.mark.parametrize(
    ("answer", "attempts", "found"),
    [
        (UNDOCUMENTED, 1, Found(Status.REFUSED, Step.NEXT)),
        (UNDOCUMENTED, 5, Found(Status.REFUSED, Step.NEXT)),
        (SLOW_DOWN, 4, Found(Status.PENDING, Step.RETRY)),
        (SLOW_DOWN, 5, Found(Status.PENDING, Step.STOP)),
        (Throttled(make_note("said", words="429"), LONGEST_WAIT), 1, Found(Status.PENDING, Step.RETRY)),
        (Throttled(make_note("said", words="429"), LONGEST_WAIT + 1), 1, Found(Status.PENDING, Step.STOP)),
    ],
)
def test_without_a_movement_a_row_is_what_the_answer_said(answer: Outcome, attempts: int, found: Found) -> None:
    assert judge_look(answer, DoubtVerdict.NOT_APPLIED, attempts, POLICY) == found


@pytest.mark.parametrize("verdict", [DoubtVerdict.APPLIED, DoubtVerdict.UNKNOWN])
@pytest.mark.parametrize("answer", EVERY_ANSWER)
def test_a_look_that_shows_anything_else_is_settled(answer: Outcome, verdict: DoubtVerdict) -> None:
    assert judge_look(answer, verdict, 1, POLICY) == Found(Status.UNKNOWN, Step.SETTLE)


@pytest.mark.parametrize(
    ("answer", "attempts", "found"),
    [
        (CUT_OFF, 1, Found(Status.PENDING, Step.RETRY)), (CUT_OFF, 5, Found(Status.PENDING, Step.STOP)),
        (SLOW_DOWN, 1, Found(Status.PENDING, Step.RETRY)), (BLOCKED, 1, Found(Status.PENDING, Step.STOP)),
        (FAILED, 1, Found(Status.REFUSED, Step.NEXT)), (UNDOCUMENTED, 1, Found(Status.REFUSED, Step.NEXT)),
        (Doubt(make_note("said", words="HTTP 500"), refused(8)), 1, Found(Status.REFUSED, Step.NEXT)),
        (Doubt(make_note("said", words="HTTP 500"), refused(20)), 1, Found(Status.REFUSED, Step.STOP)),
    ],
)  # fmt: skip
def test_what_is_settled_as_not_applied_is_what_the_answer_said(answer: Outcome, attempts: int, found: Found) -> None:
    assert judge_settling(answer, DoubtVerdict.NOT_APPLIED, attempts, POLICY, ask_before_resend=False) == found


@pytest.mark.parametrize("answer", EVERY_ANSWER)
def test_settled_as_applied_is_done_and_not_settled_stops(answer: Outcome) -> None:
    applied = judge_settling(answer, DoubtVerdict.APPLIED, 5, POLICY, ask_before_resend=True)
    assert applied == Found(Status.DONE, Step.NEXT)
    untold = judge_settling(answer, DoubtVerdict.UNKNOWN, 1, POLICY, ask_before_resend=False)
    assert untold == Found(Status.UNKNOWN, Step.STOP)


def test_a_person_is_asked_only_before_something_is_sent_again() -> None:
    found = {
        answer: judge_settling(answer, DoubtVerdict.NOT_APPLIED, 1, POLICY, ask_before_resend=True)
        for answer in (CUT_OFF, BLOCKED, FAILED)
    }
    assert found[CUT_OFF] == found[BLOCKED] == Found(Status.UNKNOWN, Step.STOP)
    assert found[FAILED] == Found(Status.REFUSED, Step.NEXT)


@pytest.mark.parametrize(("asked", "waited"), [(0.0, 0.0), (2.5, 2.5), (300.0, 300.0), (-3.0, 0.0)])
def test_the_provider_s_own_wait_is_kept_to_exactly(asked: float, waited: float) -> None:
    assert compute_wait(asked, 3, POLICY, random.Random(1)) == waited


@given(st.integers(1, 10_000), st.randoms())
def test_backoff_doubles_with_jitter_up_to_the_cap(attempts: int, rng: random.Random) -> None:
    longest = min(60.0, 2.0 ** min(attempts - 1, 30))
    assert longest / 2 <= compute_wait(None, attempts, POLICY, rng) <= longest


def test_two_runs_do_not_knock_at_the_same_moment() -> None:
    rng = random.Random(1)
    waits = {compute_wait(None, 3, POLICY, rng) for _ in range(20)}
    assert len(waits) == 20
