"""A dead process loses the account at once, a live one never; where nobody can tell, time does."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from batch.ledger.lease import is_alive, may_take, name_this_process
from batch.ledger.protocol import Claim, Lease
from batch.planning.account_identity import Sight, may_take_lease, tell_sight
from tests.builders import NOON

PAST, FUTURE = NOON - timedelta(hours=1), NOON + timedelta(hours=1)
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's own count of a start is Linux's")


@pytest.mark.parametrize(
    ("alive", "until", "may"),
    [
        (True, FUTURE, False), (True, PAST, False), (False, FUTURE, True), (None, FUTURE, False), (None, PAST, True),
    ],
)  # fmt: skip
def test_the_rule(*, alive: bool | None, until: object, may: bool) -> None:
    assert may_take_lease(is_alive=alive, until=until, now=NOON) is may  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("same_machine", "same_boot", "is_local", "sight"),
    [
        (True, True, True, Sight.PROCESS), (True, True, False, Sight.PROCESS), (True, False, True, Sight.OVER),
        (True, False, False, Sight.NOTHING), (False, True, True, Sight.NOTHING), (False, False, True, Sight.NOTHING),
        (False, False, False, Sight.NOTHING),
    ],
)  # fmt: skip
def test_what_can_be_seen(*, same_machine: bool, same_boot: bool, is_local: bool, sight: Sight) -> None:
    assert tell_sight(same_machine=same_machine, same_boot=same_boot, is_local=is_local) is sight


def alive(claim: Claim, *, is_local: bool = True) -> bool | None:
    return is_alive(claim, is_local=is_local)


def test_a_reused_process_number_is_not_the_process() -> None:
    assert alive(replace(name_this_process(), started=name_this_process().started - 3600)) is not True


def test_an_ended_process_is_dead() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    assert alive(replace(name_this_process(), pid=ended.pid)) is False


@on_linux
def test_a_process_that_nobody_has_asked_for_yet_is_dead() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as zombie:
        os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
        claim = replace(name_this_process(), pid=zombie.pid, started=started_ticks(zombie.pid))
        assert alive(claim) is False


@on_linux
def test_a_reused_process_number_is_dead() -> None:
    assert alive(replace(name_this_process(), started=name_this_process().started - 1)) is False


@on_linux
def test_the_start_is_the_kernel_s_own_count() -> None:
    assert name_this_process().started == started_ticks(os.getpid())


@on_linux
def test_a_clock_that_is_set_kills_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    claim = name_this_process()
    monkeypatch.setattr(psutil.Process, "create_time", lambda _process: claim.started + 3)
    assert alive(claim) is True
    assert name_this_process() == claim


def test_a_host_that_is_renamed_is_the_same_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    claim = name_this_process()
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    monkeypatch.setattr(platform, "node", lambda: "renamed")
    assert name_this_process().host == "renamed"
    assert name_this_process() == claim
    assert alive(claim) is True
    assert alive(replace(claim, pid=ended.pid)) is False


def test_two_machines_of_one_name_are_two() -> None:
    mine = name_this_process()
    there = replace(mine, machine="another machine", pid=mine.pid + 1)
    assert alive(there) is None


@on_linux
def test_another_container_of_this_kernel_is_another_machine() -> None:
    mine = name_this_process()
    space = str(Path("/proc/self/ns/pid").readlink())
    assert space in mine.machine
    assert alive(replace(mine, machine=mine.machine.replace(space, "pid:[1]"))) is None


def test_the_machine_s_number_is_not_shown() -> None:
    for file in (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id")):
        if file.is_file() and file.read_text().strip():
            assert file.read_text().strip() not in str(name_this_process())
    assert len(name_this_process().machine.split()[0]) <= len(hashlib.sha256().hexdigest())


def test_an_earlier_boot_of_this_machine_is_over_where_all_run_on_one_kernel() -> None:
    before = replace(name_this_process(), boot="an earlier one")
    assert alive(before, is_local=True) is False
    assert alive(before, is_local=False) is None


def test_a_lease_is_judged_by_its_process_or_by_its_time() -> None:
    mine = name_this_process()
    elsewhere = replace(mine, machine="another machine")
    for claim, until, may in (
        (mine, PAST, False),
        (replace(mine, boot="an earlier one"), FUTURE, True),
        (elsewhere, FUTURE, False),
        (elsewhere, PAST, True),
    ):
        assert may_take(Lease(claim, "b-1", NOON, until), NOON, is_local=True) is may


def started_ticks(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
