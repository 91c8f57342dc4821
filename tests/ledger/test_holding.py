"""A dead process loses the account at once, a live one never."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest

from batch.ledger.holding import is_alive, may_take, this_process
from batch.ledger.protocol import Lease
from batch.rules.holding import may_take_over
from tests.builders import NOON

PAST, FUTURE = NOON - timedelta(hours=1), NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    ("same_machine", "alive", "until", "may"),
    [
        (True, True, FUTURE, False),
        (True, True, PAST, False),
        (True, False, FUTURE, True),
        (False, None, FUTURE, False),
        (False, None, PAST, True),
    ],
)
def test_the_rule(*, same_machine: bool, alive: bool | None, until: object, may: bool) -> None:
    assert may_take_over(same_machine=same_machine, is_alive=alive, until=until, now=NOON) is may  # type: ignore[arg-type]


def test_this_process_is_alive() -> None:
    assert is_alive(this_process())


def test_a_reused_process_number_is_another_process() -> None:
    assert not is_alive(replace(this_process(), started=this_process().started - 3600))


def test_an_ended_process_is_dead() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    assert not is_alive(replace(this_process(), pid=ended.pid))


def test_an_account_of_this_machine_is_judged_by_its_process() -> None:
    mine = this_process()
    living = Lease(mine, "b-1", NOON, PAST)
    dead = Lease(replace(mine, started=mine.started - 3600), "b-1", NOON, FUTURE)
    assert not may_take(replace(mine, pid=mine.pid + 1), living, NOON)
    assert may_take(mine, dead, NOON)


def test_an_account_of_another_machine_is_judged_by_its_lease() -> None:
    mine = this_process()
    elsewhere = replace(mine, machine="another machine")
    assert not may_take(mine, Lease(elsewhere, None, NOON, FUTURE), NOON)
    assert may_take(mine, Lease(elsewhere, None, NOON, PAST), NOON)
