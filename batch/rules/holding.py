"""When one runner may take an account over from another: a dead one at once, a live one never."""

from __future__ import annotations

from datetime import datetime, timedelta

LEASE = timedelta(minutes=15)
"""How long a lease lasts without being renewed. Longer than any wait of a run, each of which ends in a renewal."""

PROOF_SECONDS = 2.0
"""A commit proves that the account is held. So long after one nothing is sent any more: the process may have slept, and
another have taken over meanwhile.
"""


def may_take_over(*, same_machine: bool, is_alive: bool | None, until: datetime, now: datetime) -> bool:
    """Decide about another's lease. `is_alive` is what this machine says of the process; None on another machine."""
    if same_machine:
        return is_alive is False
    return now > until
