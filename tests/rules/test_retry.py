"""The retry decision: only what surely did not happen is repeated."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch import codes
from batch.outcome import Applied, Blocked, Doubt, NotApplied, Outcome, Refused
from batch.rules.retry import LONGEST_WAIT, RetryPolicy, Step, next_step, wait_seconds

POLICY = RetryPolicy(max_attempts=5, backoff=1.0, cap=60.0)


def refused(code: int | None) -> Refused:
    return Refused(code, "Non", 200)


@pytest.mark.parametrize(
    ("outcome", "step"),
    [
        (Applied(Decimal(1), Decimal(2)), Step.NEXT),
        (NotApplied("connection refused"), Step.RETRY),
        (NotApplied("429", retry_after=2.0), Step.RETRY),
        (NotApplied("429", retry_after=LONGEST_WAIT), Step.RETRY),
        (NotApplied("429", retry_after=LONGEST_WAIT + 1), Step.STOP),
        (NotApplied("429", retry_after=float("inf")), Step.STOP),
        (Blocked("403 by a proxy"), Step.STOP),
        (Doubt("read timeout"), Step.SETTLE),
    ],
)
def test_the_table_of_the_design(outcome: Outcome, step: Step) -> None:
    assert next_step(outcome, 1, POLICY) is step


@pytest.mark.parametrize("code", sorted(codes.STOPPING))
def test_a_refusal_that_every_row_would_get_stops_the_batch(code: int) -> None:
    assert next_step(refused(code), 1, POLICY) is Step.STOP


@pytest.mark.parametrize("code", [2, 3, 5, 6, 7, 8, 11, 90, 500, 999, 0, -1, None])
def test_any_other_refusal_is_its_row_s_alone_and_never_repeated(code: int | None) -> None:
    assert next_step(refused(code), 1, POLICY) is Step.NEXT


@given(st.integers(1, 100))
def test_a_doubt_is_never_repeated_however_many_attempts_are_left(attempts: int) -> None:
    assert next_step(Doubt("reset"), attempts, POLICY) is Step.SETTLE


def test_attempts_come_to_an_end() -> None:
    steps = [next_step(NotApplied("refused"), attempts, POLICY) for attempts in range(1, 7)]
    assert steps == [Step.RETRY] * 4 + [Step.STOP] * 2


@pytest.mark.parametrize(("asked", "waited"), [(0.0, 0.0), (2.5, 2.5), (300.0, 300.0), (-3.0, 0.0)])
def test_the_provider_s_own_wait_is_kept_to_exactly(asked: float, waited: float) -> None:
    assert wait_seconds(NotApplied("429", asked), 3, POLICY, random.Random(1)) == waited


@given(st.integers(1, 10_000), st.randoms())
def test_backoff_doubles_with_jitter_up_to_the_cap(attempts: int, rng: random.Random) -> None:
    longest = min(60.0, 2.0 ** min(attempts - 1, 30))
    assert longest / 2 <= wait_seconds(NotApplied("refused"), attempts, POLICY, rng) <= longest


def test_two_runs_do_not_knock_at_the_same_moment() -> None:
    rng = random.Random(1)
    waits = {wait_seconds(NotApplied("refused"), 3, POLICY, rng) for _ in range(20)}
    assert len(waits) == 20
