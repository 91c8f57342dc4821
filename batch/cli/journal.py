"""`journal`: the accounting entries of what a batch did."""

from __future__ import annotations

from pathlib import Path

from batch.cli.console import note
from batch.cli.running import REPORTS
from batch.cli.surroundings import open_ledger, read_environment
from batch.language import _, ngettext, number
from batch.model import BatchState, BatchView
from batch.money import decimals
from batch.settings import JournalSettings, load_journal_settings, load_settings


def journal_command(batch: str, layout: str, *, out: Path | None) -> int:
    """Write the entries in the layout of that name, and say where and how many."""
    from batch.files import whole_file
    from batch.report.journal import entries_of

    environ = read_environment()
    accounts = load_journal_settings(environ)
    view = open_ledger(load_settings(environ)).view(batch)
    # The days are those of whoever books them, as in the names of batches.
    entries = list(entries_of(view, accounts, None))
    path = out or _path(view, accounts, layout)
    with whole_file(path) as file:
        if layout == "fec":
            from batch.report.journal import fec_bytes

            file.writelines(fec_bytes(entries, accounts))
        else:
            from batch.delimited import write_csv
            from batch.report.journal import entry_lines

            write_csv(file, entry_lines(entries))
    sentence = ngettext("Journal: {path} ({entries} entry)", "Journal: {path} ({entries} entries)", len(entries))
    print(sentence.format(path=path, entries=number(len(entries))))
    if view.head.state is not BatchState.FINISHED:
        note("creditbatch: " + _("The batch has not ended: write the journal again when it has."))
    if any(decimals(line.debit) > 2 for entry in entries for line in entry.lines):
        sentence = _("Some amounts have three decimals, which accounting programs may round: compare the totals there.")
        note("creditbatch: " + sentence)
    return 0


def _path(view: BatchView, accounts: JournalSettings, layout: str) -> Path:
    """A folder of the batch's own where the name is prescribed: two batches of one day would have the same."""
    from batch.report.journal import file_name

    batch = str(view.head.batch)
    if layout == "csv":
        return REPORTS / f"{batch}-journal.csv"
    ended = (view.head.ended_at or view.head.created_at).astimezone().date()
    prescribed = file_name(accounts, ended)
    return REPORTS / batch / prescribed if prescribed else REPORTS / f"{batch}-fec.txt"
