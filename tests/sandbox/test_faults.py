from __future__ import annotations

import pytest

from batch.sandbox.account import SandboxCall
from batch.sandbox.faults import Fault, FaultKind, FaultPlan


def struck(fault: Fault, calls: int) -> list[int]:
    plan = FaultPlan([fault])
    return [n for n in range(1, calls + 1) if plan.pick(SandboxCall.ADD, "a")]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("reset", Fault(FaultKind.RESET)), ("429:retry_after=1", Fault(FaultKind.TOO_MANY, retry_after=1)),
        ("reset-after:skip=3,times=2", Fault(FaultKind.RESET, "after", skip=3, times=2)),
        ("refuse-connection:seconds=2", Fault(FaultKind.REFUSE_CONNECTION, seconds=2)),
        ("refuse-connection-before", Fault(FaultKind.REFUSE_CONNECTION, "before")),
        ("502-html-after:on=any", Fault(FaultKind.BAD_GATEWAY, "after", on="any")),
        ("refuse:code=20,token=sub-0002", Fault(FaultKind.REFUSE, code=20, token="sub-0002")),
        ("refuse-after:code=8,status=403", Fault(FaultKind.REFUSE, "after", code=8, status=403)),
        ("page-after:body=no", Fault(FaultKind.PAGE, "after", body="no")),
        ("stale:on=me", Fault(FaultKind.STALE, on="me")),
        ("stale:seconds=3,times=0", Fault(FaultKind.STALE, on="read", seconds=3, times=0)),
        ("hang:probability=0.5,seed=7,times=0", Fault(FaultKind.HANG, probability=0.5, seed=7, times=0)),
    ],
)  # fmt: skip
def test_a_fault_is_read_from_text(text: str, fault: Fault) -> None:
    assert Fault.from_text(text) == fault
    assert Fault.from_fields(fault.list_fields()) == fault


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("explode", "“explode” is not a fault; the faults are refuse-connection"), ("", "is not a fault"),
        ("reset:skip", "“skip” should read key=value"), ("reset:skip=many", "skip should be a whole number"),
        ("hang:seconds=long", "seconds should be a number"), ("hang:seconds=nan", "seconds is between"),
        ("reset:colour=red", "no “colour”"), ("reset:on=tuesday", "“tuesday” is none of them"),
        ("reset:moment=during", "before or after"), ("reset:probability=2", "probability is between 0 and 1"),
        ("429:retry_after=-1", "retry_after cannot be negative"), ("stale:on=move", "stale is on me, list or read"),
        ("refuse", "needs a code"), ("reset:code=4", "no other fault has one"),
        ("late-before", "late can only come after"), ("twice-before", "twice can only come after"),
        ("error-list-after", "error-list can only come before"), ("page:status=99", "status is between 200 and 599"),
        ("reset:status=403", "only the faults refuse and page have one"),
        ("refuse:code=8,body=x", "Only the fault page has a body"),
    ],
)  # fmt: skip
def test_a_fault_that_makes_no_sense_is_told_in_a_sentence(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Fault.from_text(text)


def test_skip_and_times_choose_the_calls() -> None:
    assert struck(Fault(FaultKind.RESET), 5) == [1]
    assert struck(Fault(FaultKind.RESET, skip=2, times=2), 9) == [3, 4]
    assert struck(Fault(FaultKind.RESET, skip=1, times=0), 4) == [2, 3, 4]


def test_chance_repeats_with_its_seed() -> None:
    fault = Fault(FaultKind.RESET, times=0, probability=0.3, seed=4)
    assert struck(fault, 200) == struck(fault, 200)
    assert struck(fault, 200) != struck(Fault(FaultKind.RESET, times=0, probability=0.3, seed=5), 200)
    assert 30 < len(struck(fault, 200)) < 90


def test_a_fault_concerns_its_own_calls_and_token() -> None:
    plan = FaultPlan([Fault(FaultKind.RESET, on="remove", token="a")])
    assert plan.pick(SandboxCall.ADD, "a") is None
    assert plan.pick(SandboxCall.REMOVE, "b") is None
    assert plan.pick(SandboxCall.REMOVE, "a") is not None
    assert FaultPlan([Fault(FaultKind.RESET)]).pick(SandboxCall.ME, None) is None
    assert FaultPlan([Fault(FaultKind.RESET, on="any")]).pick(SandboxCall.ME, None) is not None


def test_one_call_takes_one_fault_and_the_next_waits_its_turn() -> None:
    plan = FaultPlan([Fault(FaultKind.RESET), Fault(FaultKind.CLOSE)])
    kinds = [fault.kind if (fault := plan.pick(SandboxCall.ADD, "a")) else None for _ in range(3)]
    assert kinds == [FaultKind.RESET, FaultKind.CLOSE, None]
    assert [(one["seen"], one["hits"]) for one in plan.list_faults()] == [(3, 1), (3, 1)]
