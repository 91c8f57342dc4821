"""`resolve`: the evidence for a row in doubt, and a person's decision about it."""

from __future__ import annotations

import getpass

from batch.cli.console import note
from batch.cli.surroundings import now, open_ledger, read_environment
from batch.errors import UsageError
from batch.ledger.facts import PersonDecided
from batch.ledger.holding import may_take, this_process
from batch.ledger.protocol import Ledger
from batch.model import BatchRow, BatchView, Status
from batch.money import euros
from batch.settings import load_settings


def resolve_command(batch: str, row: int, *, applied: bool | None, why: str) -> int:
    """Show the evidence; with a decision and a reason, record it. Returns the exit code."""
    ledger = open_ledger(load_settings(read_environment()))
    view = ledger.view(batch)
    entry = next((entry for entry in view.rows if entry.row.number == row), None)
    if entry is None:
        raise UsageError(f"Batch {batch} has no row {row}: `creditbatch show {batch}` lists its rows.")
    if entry.result.status is not Status.UNKNOWN:
        raise UsageError(f"Row {row} of batch {batch} is {entry.result.status.value}, not in doubt: nothing to decide.")
    _show_evidence(view, entry)
    if applied is None or not why.strip():
        raise UsageError("To decide, add --applied or --not-applied, and --why with how you found out.")
    _record(ledger, batch, entry, applied=applied, why=why.strip())
    note(f"Recorded: row {row} was {'applied' if applied else 'not applied'}; `creditbatch resume {batch}` goes on.")
    return 0


def _record(ledger: Ledger, batch: str, entry: BatchRow, *, applied: bool, why: str) -> None:
    mine = this_process()
    ledger.hold(ledger.key_of(batch), mine, now(), lambda lease: may_take(mine, lease, now()))
    try:
        attempt, row = entry.result.attempts, entry.row.number
        ledger.append(batch, [PersonDecided(now(), row, attempt, applied, _person(), why)])
    finally:
        ledger.let_go()


def _person() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "somebody without a user name"


def _show_evidence(view: BatchView, entry: BatchRow) -> None:
    """What was asked for, the balances before and after, and what later rows' answers say."""
    from batch.cli.screens import evidence_screen
    from batch.rules.evidence import evidence_of

    amount = euros(entry.row.amount) if entry.row.amount is not None else ""
    note(f"Row {entry.row.number}: {entry.row.direction} {amount}, sub-account {entry.row.token}")
    evidence_screen(evidence_of(view, entry))
