"""What to do after an attempt. DESIGN's table, as a pure function: only what surely did not happen is repeated."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum

from batch import codes
from batch.outcome import Applied, Blocked, Doubt, NotApplied, Outcome, Refused

LONGEST_WAIT = 300.0
"""Seconds. A provider that asks for a longer pause ends the run instead; `resume` goes on later."""


class Step(StrEnum):
    """What comes next."""

    NEXT = "next"  # this row is settled, go on with the next
    RETRY = "retry"  # the same movement again, after a wait
    STOP = "stop"  # end the run; `resume` goes on
    SETTLE = "settle"  # find out from the balances whether it was applied


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently. `backoff` is the first wait in seconds; each further one is twice as long."""

    max_attempts: int = 5
    backoff: float = 1.0
    cap: float = 60.0


def next_step(outcome: Outcome, attempts_in_a_row: int, policy: RetryPolicy) -> Step:
    """Decide from what the last attempt came to, and from how many there were since the row was taken up."""
    match outcome:
        case Applied():
            return Step.NEXT
        case Refused(code=code):
            return Step.STOP if code in codes.STOPPING else Step.NEXT
        case NotApplied(retry_after=asked):
            too_long = asked is not None and asked > LONGEST_WAIT
            return Step.STOP if too_long or attempts_in_a_row >= policy.max_attempts else Step.RETRY
        case Blocked():
            return Step.STOP
        case Doubt():
            return Step.SETTLE


def wait_seconds(outcome: Outcome, attempts_in_a_row: int, policy: RetryPolicy, rng: random.Random) -> float:
    """How long to wait before the same movement again: what `Retry-After` says, else backoff with jitter, capped."""
    if isinstance(outcome, NotApplied) and outcome.retry_after is not None:
        return max(0.0, outcome.retry_after)
    longest = min(policy.cap, policy.backoff * 2.0 ** min(attempts_in_a_row - 1, 30))
    return longest * (0.5 + rng.random() / 2)
