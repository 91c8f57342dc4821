"""Which process on which machine this is, and whether another is still alive."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import psutil

from batch.language import _, moment
from batch.ledger.protocol import Claim, Lease
from batch.rules.holding import may_take_over

_SAME_START = 2.0
"""Seconds by which two readings of a process's start may differ."""


def this_process() -> Claim:
    """This process. A container counts its processes apart, so where there are such spaces the space is named too."""
    space = ""
    with suppress(OSError):
        space = str(Path("/proc/self/ns/pid").readlink())
    host = platform.node() or "this computer"
    pid = os.getpid()
    return Claim(host, space, host, pid, psutil.Process(pid).create_time())


def is_alive(claim: Claim) -> bool:
    """Whether the process that made the claim on this machine still runs (a reused pid is another process)."""
    try:
        process = psutil.Process(claim.pid)
        same = abs(process.create_time() - claim.started) <= _SAME_START
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        # It is there, but this user may not look at it: it may be alive.
        return True


def may_take(mine: Claim, lease: Lease, now: datetime) -> bool:
    """Whether the lease may be taken over."""
    same = (lease.claim.machine, lease.claim.boot) == (mine.machine, mine.boot)
    return may_take_over(
        same_machine=same, is_alive=is_alive(lease.claim) if same else None, until=lease.until, now=now
    )


def busy(lease: Lease) -> str:
    """The sentence for whoever has to wait."""
    sentence = _(
        "This account is in use: another batch has been running since {moment} on {host} (process {pid}); "
        "wait until it has ended, then try again."
    )
    if lease.batch:
        sentence = _(
            "This account is in use: batch {batch} has been running since {moment} on {host} (process {pid}); "
            "wait until it has ended, then try again."
        )
    since = moment(lease.since.astimezone())
    return sentence.format(batch=lease.batch, moment=since, host=lease.claim.host, pid=lease.claim.pid)
