"""`resolve`: the evidence for a row in doubt, and a person's decision about it."""

from __future__ import annotations

from batch.cli.console import note
from batch.cli.surroundings import now, open_ledger, person, read_environment
from batch.errors import UsageError
from batch.euros_shown import euros
from batch.language import N_, _
from batch.model import BatchRow, BatchView
from batch.runner.open_account import decide, find_undecided
from batch.settings import load_settings
from batch.wording import direction_word


def resolve_command(batch: str, row: int, *, applied: bool | None, why: str) -> int:
    """Show the evidence; with a decision and a reason, record it. Returns the exit code."""
    ledger = open_ledger(load_settings(read_environment()))
    view = ledger.view(batch)
    _show_evidence(view, find_undecided(view, row))
    if applied is None or not why.strip():
        raise UsageError(_("To decide, add --applied or --not-applied, and --why with how you found out."))
    who = person() or N_("somebody without a user name")
    decide(ledger, batch, row, applied=applied, who=who, why=why.strip(), now=now)
    sentence = _("Recorded: row {row} was not applied; `creditbatch resume {batch}` goes on.")
    if applied:
        sentence = _("Recorded: row {row} was applied; `creditbatch resume {batch}` goes on.")
    note(sentence.format(row=row, batch=batch))
    return 0


def _show_evidence(view: BatchView, entry: BatchRow) -> None:
    """What was asked for, the balances before and after, and what later rows' answers say."""
    from batch.cli.screens import evidence_screen
    from batch.planning.settlement import evidence_of

    amount = euros(entry.row.amount) if entry.row.amount is not None else ""
    direction = direction_word(entry.row.direction) if entry.row.direction else ""
    sentence = _("Row {row}: {direction} {amount}, sub-account {token}")
    note(sentence.format(row=entry.row.number, direction=direction, amount=amount, token=entry.row.token))
    evidence_screen(evidence_of(view, entry))
