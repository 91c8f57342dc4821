"""Who holds accounts, as the pages and the site's scheduler look at it; holding itself is the ledger's."""

from __future__ import annotations

from datetime import datetime

from django.db import connections

from batch.ledger import protocol
from batch.ledger.holding import is_alive, may_take
from batch.ledger.orm.models import Lease
from batch.ledger.protocol import Claim
from batch.planning.account_identity import LEASE


def is_local() -> bool:
    """Tell whether all who open the ledger run on one kernel: SQLite in WAL mode shares memory between them."""
    return connections["default"].vendor == "sqlite"


def lease_of(line: Lease) -> protocol.Lease:
    """Read a lease."""
    claim = Claim(line.machine, line.boot, line.host, line.pid, line.started)
    return protocol.Lease(claim, line.batch, line.since, line.until)


def is_running(batch: str, now: datetime) -> bool:
    """Tell whether the account is held for this batch by a process that lives, or may live."""
    line = Lease.objects.filter(batch=batch, is_held=True).first()
    return line is not None and not may_take(lease_of(line), now, is_local=is_local())


def is_gone(claim: Claim, since: datetime, now: datetime) -> bool:
    """Tell whether a process is no more that was there at a moment, and was about to hold an account.

    One that cannot be seen from here is gone when its lease has run out, or when it has none after so long a time.
    """
    alive = is_alive(claim, is_local=is_local())
    if alive is not None:
        return not alive
    its = Lease.objects.filter(machine=claim.machine, boot=claim.boot, pid=claim.pid, started=claim.started)
    until = its.order_by("-until").values_list("until", flat=True).first()
    return now > (until or since + LEASE)
