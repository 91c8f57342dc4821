"""Holding the provider's account while its credit is moved or decided about."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from batch.errors import LedgerError, UsageError
from batch.language import _
from batch.ledger.facts import PersonDecided
from batch.ledger.holding import may_take, this_process
from batch.ledger.protocol import BatchKey, Ledger
from batch.model import Status

_deciding = threading.Lock()
"""An account is held by a process: the site's threads, which are one process, decide one after the other."""


@contextmanager
def holding(
    ledger: Ledger, account: BatchKey, now: Callable[[], datetime], resuming: str | None = None
) -> Iterator[None]:
    """Nobody else sends on the account meanwhile, and no row of another batch on it is in doubt."""
    mine = this_process()
    ledger.hold(account, mine, now(), lambda lease: may_take(mine, lease, now()))
    try:
        doubtful = ledger.in_doubt(account)
        if doubtful not in {None, resuming}:
            raise UsageError(
                _(
                    "Batch {batch} has a row of which it is not known whether it was applied, and sending on this "
                    "account would blur what the balances tell: `creditbatch resume {batch}` first."
                ).format(batch=doubtful)
            )
        yield
    finally:
        # A ledger that cannot be written just now has said so already; the lease of a process that ended holds nobody.
        with suppress(LedgerError):
            ledger.let_go()


def refuse_another_account(ledger: Ledger, batch: str, account: BatchKey) -> None:
    """A batch goes on only where it was begun: elsewhere it would move other people's credit."""
    bound = ledger.key_of(batch)
    if bound.api_url != account.api_url:
        raise UsageError(
            _("Batch {batch} was begun at {api_url}: set CREDITBATCH_API_URL to that.").format(
                batch=batch, api_url=bound.api_url
            )
        )
    if bound.fingerprint != account.fingerprint:
        raise UsageError(
            _("Batch {batch} was begun with another API key: set the key of that account.").format(batch=batch)
        )


def decide(
    ledger: Ledger, batch: str, row: int, *, applied: bool, who: str, why: str, now: Callable[[], datetime]
) -> None:
    """Record a person's decision about a row in doubt. A row that is not, or no longer, in doubt is a `UsageError`."""
    with _deciding:
        mine = this_process()
        ledger.hold(ledger.key_of(batch), mine, now(), lambda lease: may_take(mine, lease, now()))
        try:
            # Looked at while nobody else can decide: of two who press at once, the second is told.
            entry = next((entry for entry in ledger.view(batch).rows if entry.row.number == row), None)
            if entry is None:
                raise UsageError(
                    _("Batch {batch} has no row {row}: `creditbatch show {batch}` lists its rows.").format(
                        batch=batch, row=row
                    )
                )
            if entry.result.status is not Status.UNKNOWN:
                raise UsageError(
                    _("Row {row} of batch {batch} is not in doubt: nothing to decide.").format(row=row, batch=batch)
                )
            ledger.append(batch, [PersonDecided(now(), row, entry.result.attempts, applied, who, why)])
        finally:
            ledger.let_go()
