"""`backup`: a copy of the ledger."""

from __future__ import annotations

from pathlib import Path

from batch.cli.surroundings import read_environment
from batch.errors import UsageError
from batch.language import _, ngettext, number
from batch.settings import load_settings


def backup_command(path: Path) -> int:
    """Copy the ledger to a new file, and say where it is."""
    from batch.ledger.orm.connection import back_up, ledger_file, no_ledger

    settings = load_settings(read_environment())
    ledger = ledger_file(settings.home, settings.database_url)
    if ledger is None:
        raise UsageError(_("The ledger is in PostgreSQL, which makes its own backups: use pg_dump."))
    if not ledger.is_file():
        raise no_ledger(ledger)
    batches = back_up(ledger, path)
    sentence = ngettext("Backup: {path} ({batches} batch)", "Backup: {path} ({batches} batches)", batches)
    print(sentence.format(path=path, batches=number(batches)))
    return 0
