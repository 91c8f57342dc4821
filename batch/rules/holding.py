"""When one runner may take an account over from another: a dead one at once, a live one never."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

LEASE = timedelta(minutes=15)
"""How long a lease lasts without being renewed. Longer than any wait of a run, each of which ends in a renewal."""
PROOF_SECONDS = 2.0
"""A commit proves that the account is held. So long after one nothing is sent before that is proved again: the process
may have slept, and another have taken over meanwhile.
"""


class Sight(StrEnum):
    """What can be seen from here of the process that made a claim."""

    PROCESS = "process"  # it is, or was, one of the processes that are counted here
    OVER = "over"  # the system that counted it has ended, and all its processes with it
    NOTHING = "nothing"  # it is on another machine or in another container: only time tells


def tell_sight(*, same_machine: bool, same_boot: bool, is_local: bool) -> Sight:
    """Tell what can be seen of another's process.

    `is_local` says that whoever opens the ledger runs on one kernel, as SQLite's shared memory asks for: then another
    boot of this machine is one that is over. A server's ledger is also reached by a copy of this machine that was made
    with its name in it, and runs: there another boot tells nothing.
    """
    if not same_machine:
        return Sight.NOTHING
    if same_boot:
        return Sight.PROCESS
    return Sight.OVER if is_local else Sight.NOTHING


def may_take_over(*, is_alive: bool | None, until: datetime, now: datetime) -> bool:
    """Decide about another's lease. `is_alive` is None where nobody here can tell."""
    return now > until if is_alive is None else not is_alive
