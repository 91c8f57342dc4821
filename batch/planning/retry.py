"""What to do after an attempt, and after the balances were read for it, as pure functions.

Only what surely did not happen is repeated. An answer that is no proof waits for one look at the balances, or for
settling: two readings a settling time apart that agree.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum

from batch.errors import ProviderError, ProviderUnreachable, SubAccountGone
from batch.model import Status
from batch.notes import Applied, Doubt, NotApplied, Outcome, Refused, Throttled, Unproven
from batch.planning.settlement import DoubtVerdict

LONGEST_WAIT = 300.0  # seconds. A provider that asks for a longer pause ends the run instead; `resume` goes on later.
MOST_UNPROVEN = 3  # refusals in a row with codes that prove nothing: a person should ask what they mean


class Step(StrEnum):
    NEXT = "next"  # this row is settled, go on with the next
    RETRY = "retry"  # the same movement again
    STOP = "stop"  # end the run; `resume` goes on
    LOOK = "look"  # look at the balances once
    SETTLE = "settle"  # find out from the balances whether it was applied


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently. `backoff` is the first wait in seconds; each further one is twice as long."""

    max_attempts: int = 5
    backoff: float = 1.0
    cap: float = 60.0


@dataclass(frozen=True, slots=True)
class Found:
    status: Status
    step: Step


def judge_attempt(outcome: Outcome, attempts_in_a_row: int, policy: RetryPolicy) -> Found:
    """Judge what the last attempt came to, by how many there were since the row was taken up.

    An answer that is no proof leaves the row in doubt until balances were read.
    """
    match outcome:
        case Applied():
            return Found(Status.DONE, Step.NEXT)
        case Refused():
            return Found(Status.REFUSED, _choose_step(outcome))
        case Unproven() | Throttled():
            return Found(Status.UNKNOWN, Step.LOOK)
        case NotApplied():
            is_last = attempts_in_a_row >= policy.max_attempts
            return Found(Status.PENDING, Step.STOP if is_last else Step.RETRY)
        case Doubt():
            return Found(Status.UNKNOWN, Step.SETTLE)


def judge_look(answer: Outcome, verdict: DoubtVerdict, attempts_in_a_row: int, policy: RetryPolicy) -> Found:
    """Decide after one look, which can only clear a movement: whatever else it shows is for the settling to confirm."""
    if verdict is not DoubtVerdict.NOT_APPLIED:
        return Found(Status.UNKNOWN, Step.SETTLE)
    return _judge_missing(answer, attempts_in_a_row, policy)


def judge_settling(
    answer: Outcome, verdict: DoubtVerdict, attempts_in_a_row: int, policy: RetryPolicy, *, ask_before_resend: bool
) -> Found:
    """Decide after a doubt was settled, or could not be."""
    if verdict is DoubtVerdict.APPLIED:
        return Found(Status.DONE, Step.NEXT)
    if verdict is DoubtVerdict.UNKNOWN:
        return Found(Status.UNKNOWN, Step.STOP)
    found = _judge_missing(answer, attempts_in_a_row, policy)
    return Found(Status.UNKNOWN, Step.STOP) if ask_before_resend and found.status is Status.PENDING else found


def _judge_missing(answer: Outcome, attempts_in_a_row: int, policy: RetryPolicy) -> Found:
    """Decide where it was not applied: the row is what the answer said."""
    refusal = find_refusal(answer)
    if refusal is not None:
        return Found(Status.REFUSED, _choose_step(refusal))
    is_blocked = isinstance(answer, Doubt) and answer.is_blocked
    too_long = isinstance(answer, Throttled) and is_too_long(answer)
    is_over = is_blocked or too_long or attempts_in_a_row >= policy.max_attempts
    return Found(Status.PENDING, Step.STOP if is_over else Step.RETRY)


def find_refusal(answer: Outcome) -> Refused | None:
    """Find the refusal that an answer gave, proof or not."""
    match answer:
        case Refused():
            return answer
        case Unproven(refusal) | Doubt(refusal=refusal):
            return refusal
    return None


def is_too_long(answer: Throttled) -> bool:
    return answer.retry_after is not None and answer.retry_after > LONGEST_WAIT


def may_answer_later(error: BaseException) -> bool:
    """Tell whether a question about balances is worth asking again within this run."""
    return (
        isinstance(error, ProviderError)
        and not isinstance(error, SubAccountGone)
        and (find_asked_pause(error) or 0.0) <= LONGEST_WAIT
    )


def find_asked_pause(error: BaseException | None) -> float | None:
    """Find for how many seconds the provider asked to be left alone."""
    return error.retry_after if isinstance(error, ProviderUnreachable) else None


def compute_wait(asked: float | None, attempts_in_a_row: int, policy: RetryPolicy, rng: random.Random) -> float:
    """Compute the seconds until asking again: what the provider asked for, else backoff with jitter, capped."""
    if asked is not None:
        return max(0.0, asked)
    longest = min(policy.cap, policy.backoff * 2.0 ** min(attempts_in_a_row - 1, 30))
    return longest * (0.5 + rng.random() / 2)


def _choose_step(refusal: Refused) -> Step:
    return Step.STOP if refusal.of_account else Step.NEXT
