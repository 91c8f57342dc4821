"""Which process of which system this is, and whether another is still alive."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import uuid
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import psutil

from batch.i18n import _
from batch.ledger.protocol import Claim, Lease
from batch.planning.account_identity import Sight, may_take_lease, tell_sight
from batch.zone import tell_moment

_IS_LINUX = sys.platform == "linux"
_MACHINE_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_SPACES = (Path("/proc/self/ns/pid"), Path("/proc/self/ns/time"))
"""A container counts its processes apart, and may count their time apart."""
_GONE = {b"Z", b"X"}
"""States of a process that has ended, and that its parent has not asked for yet."""


def name_this_process() -> Claim:
    return name_process(os.getpid())


def name_process(pid: int) -> Claim:
    """Name a process of this machine by what neither a new host name nor a clock that is set can change."""
    boot = _read(_BOOT_ID)
    stat = _read_stat(pid)
    started = stat[1] if stat else psutil.Process(pid).create_time()
    return Claim(_name_machine(boot), boot, platform.node() or "this computer", pid, started)


def is_alive(claim: Claim, *, is_local: bool) -> bool | None:
    """Tell whether the process that made a claim still runs; None where only time tells."""
    mine = name_this_process()
    match tell_sight(same_machine=claim.machine == mine.machine, same_boot=claim.boot == mine.boot, is_local=is_local):
        case Sight.NOTHING:
            return None
        case Sight.OVER:
            return False
        case Sight.PROCESS:
            return _is_running_on_linux(claim) if _IS_LINUX else _is_running(claim)


def may_take(lease: Lease, now: datetime, *, is_local: bool) -> bool:
    """Tell whether the lease may be taken over."""
    return may_take_lease(is_alive=is_alive(lease.claim, is_local=is_local), until=lease.until, now=now)


def _name_machine(boot: str) -> str:
    """Name the system that counts this process: a machine, and on it the container."""
    if not _IS_LINUX:
        return f"{uuid.getnode():x}"
    spaces: list[str] = []
    for space in _SPACES:
        with suppress(OSError):
            spaces.append(str(space.readlink()))
    # The machine's own number is not to be shown. Where it has none, it is another one after each start.
    number = next((number for number in map(_read, _MACHINE_IDS) if number), boot)
    return " ".join([hashlib.sha256(b"creditbatch machine\0" + number.encode()).hexdigest()[:16], *spaces])


def _is_running_on_linux(claim: Claim) -> bool | None:
    try:
        os.kill(claim.pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # It is there, and another user's.
    stat = _read_stat(claim.pid)
    if stat is None:
        return None  # Some systems hide what other users run.
    state, started = stat
    return started == claim.started and state not in _GONE


def _is_running(claim: Claim) -> bool | None:
    try:
        process = psutil.Process(claim.pid)
        # Some systems move the time of a start when the clock is set: then it is not known whether it is another's.
        same = process.create_time() == claim.started
        return process.status() != psutil.STATUS_ZOMBIE if same else None
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return None


def _read_stat(pid: int) -> tuple[bytes, float] | None:
    """Read a process's state and its start, in the kernel's ticks since it booted; None where that cannot be read."""
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    # The name before the last bracket may hold anything.
    fields = text.rpartition(b")")[2].split()
    return fields[0], float(fields[19])


def _read(file: Path) -> str:
    try:
        return file.read_text("ascii", "replace").strip()
    except OSError:
        return ""


def describe_holder(lease: Lease) -> str:
    """Say who holds the account, to whoever has to wait."""
    sentence = _(
        "This account is in use: another batch has been running since {moment} on {host} (process {pid}); "
        "wait until it has ended, then try again."
    )
    if lease.batch:
        sentence = _(
            "This account is in use: batch {batch} has been running since {moment} on {host} (process {pid}); "
            "wait until it has ended, then try again."
        )
    since = tell_moment(lease.since)
    return sentence.format(batch=lease.batch, moment=since, host=lease.claim.host, pid=lease.claim.pid)
