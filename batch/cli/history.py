"""Look back: batches, reports, the journal, balances, a copy of the ledger, an empty sheet."""

from __future__ import annotations

from pathlib import Path

from batch.cli.run import REPORTS, existing_report, exit_code
from batch.cli.terminal import note, now, open_client, open_ledger, print_json, read_environment, settings_and_key
from batch.errors import UsageError
from batch.files import whole_file
from batch.i18n import _, ngettext, number
from batch.model import Balances, BatchState, BatchView, SubAccount
from batch.money import decimals
from batch.settings import JournalSettings, load_journal_settings, load_settings


def accounts_command(*, json: bool) -> int:
    """Ask the provider and show what it says."""
    settings, key = settings_and_key()
    with open_client(settings, key) as client:
        main = client.main_account()
        subaccounts = client.subaccounts()
    if json:
        from batch.export import accounts_document

        print_json(accounts_document(main.name, main.balance, subaccounts))
    else:
        from batch.cli.screens import accounts_screen

        accounts_screen(main.name, main.balance, subaccounts)
    return 0


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


def template_command(out: Path | None, *, from_account: bool) -> int:
    """Write the template, with the account's sub-accounts if asked to."""
    from batch.report.template import file_name, template_bytes

    path = out or Path(file_name())
    if path.suffix.lower() != ".xlsx":
        raise UsageError(_("{path} is not named like a workbook: give it the ending .xlsx.").format(path=path))
    if path.exists():
        raise UsageError(_("{path} is there already: remove it, or choose another name with --out.").format(path=path))
    subaccounts, balances = _account() if from_account else (None, None)
    content = template_bytes(subaccounts, balances)
    with whole_file(path) as file:
        file.write(content)
    print(_("Template: {path}").format(path=path))
    return 0


def _account() -> tuple[tuple[SubAccount, ...], Balances]:
    """Read what the provider says of the account now."""
    settings, key = settings_and_key()
    with open_client(settings, key) as client:
        main = client.main_account()
        subaccounts = client.subaccounts()
    return subaccounts, Balances(main.balance, {account.token: account.balance for account in subaccounts}, now())


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
            from batch.files import write_csv
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
    """Choose a folder of the batch's own where the name is prescribed: two batches of one day would have the same."""
    from batch.report.journal import file_name

    batch = str(view.head.batch)
    if layout == "csv":
        return REPORTS / f"{batch}-journal.csv"
    ended = (view.head.ended_at or view.head.created_at).astimezone().date()
    prescribed = file_name(accounts, ended)
    return REPORTS / batch / prescribed if prescribed else REPORTS / f"{batch}-fec.txt"


def batches_command(*, json: bool) -> int:
    """List every batch, newest first."""
    lines = open_ledger(load_settings(read_environment())).lines()
    if json:
        from batch.export import line_document

        print_json([line_document(line) for line in lines])
    else:
        from batch.cli.screens import batches_screen

        batches_screen(lines)
    return 0


def show_command(batch: str, *, json: bool) -> int:
    """Show a batch, and exit as the run that made it did."""
    view = open_ledger(load_settings(read_environment())).view(batch)
    path = existing_report(view)
    if json:
        from batch.export import batch_document

        print_json(batch_document(view, str(path) if path else None))
    else:
        from batch.cli.screens import result_screen, rows_screen

        rows_screen(view)
        result_screen(view, path)
    return exit_code(view)


def report_command(batch: str, *, out: Path | None) -> int:
    """Write the workbook from the ledger alone."""
    view = open_ledger(load_settings(read_environment())).view(batch)
    from batch.export import write_batch

    path = out or REPORTS / f"{batch}.xlsx"
    write_batch(path, view)
    print(_("Report: {path}").format(path=path))
    return 0


def verify_command(batch: str, report: Path | None) -> int:
    """Recompute the chain, replay the events, and say the first place where the record parts from itself."""
    from batch.ledger.verify import first_difference

    view = open_ledger(load_settings(read_environment())).view(batch)
    difference = first_difference(view)
    if difference is None and report is not None:
        from batch.report.readback import difference_in

        difference = difference_in(report, view)
    if difference is not None:
        note(f"creditbatch: {difference}")
        return 1
    sentence = ngettext(
        "The record of batch {batch} is whole: {events} events and {rows} row agree.",
        "The record of batch {batch} is whole: {events} events and {rows} rows agree.",
        len(view.rows),
    )
    if report is not None:
        sentence = ngettext(
            "The record of batch {batch} is whole: {events} events and {rows} row agree with the report.",
            "The record of batch {batch} is whole: {events} events and {rows} rows agree with the report.",
            len(view.rows),
        )
    note(sentence.format(batch=batch, events=number(len(view.events)), rows=number(len(view.rows))))
    return 0
