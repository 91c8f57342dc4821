"""Look back: batches, reports, the journal, balances, a copy of the ledger, an empty sheet."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from batch.cli.proof import REPORTS, record_unless_held
from batch.cli.run import decide_exit_code, find_report
from batch.cli.terminal import (
    load_settings_and_key,
    open_client,
    open_ledger,
    print_json,
    read_clock,
    read_environment,
    say,
)
from batch.errors import UsageError
from batch.export import (
    make_accounts_document,
    make_batch_document,
    make_entries_document,
    make_journal_document,
    make_line_document,
    refuse_replacing,
    refuse_replacing_of_batch,
)
from batch.files import open_whole_file
from batch.i18n import _, format_number, ngettext
from batch.model import Balances, BatchView, SubAccount
from batch.report.journal import FEC, SUFFIXES, list_moved, name_journal, write_entries
from batch.report.journal_settings import JournalSettings, load_journal_settings
from batch.runner.numbering import make_journal
from batch.settings import Secret, Settings, load_settings

if TYPE_CHECKING:
    from batch.provider.responses import MainAccount


def show_accounts(*, json: bool) -> int:
    settings, key = load_settings_and_key()
    main, subaccounts = _fetch_account(settings, key)
    if json:
        print_json(make_accounts_document(main.name, main.balance, subaccounts))
    else:
        from batch.cli.screens import print_accounts

        print_accounts(main.name, main.balance, subaccounts, settings.api_url)
    return 0


def back_up_ledger(path: Path) -> int:
    from batch.ledger.orm.backup import explain_missing_ledger, make_backup
    from batch.ledger.orm.connection import find_ledger_file

    settings = load_settings(read_environment())
    ledger = find_ledger_file(settings.home, settings.database_url)
    if ledger is None:
        raise UsageError(_("The ledger is in PostgreSQL, which makes its own backups: use pg_dump."))
    if not ledger.is_file():
        raise explain_missing_ledger(ledger)
    batches = make_backup(ledger, path)
    sentence = ngettext("Backup: {path} ({batches} batch)", "Backup: {path} ({batches} batches)", batches)
    print(sentence.format(path=path, batches=format_number(batches)))
    return 0


def write_template(out: Path | None, *, force: bool, from_account: bool) -> int:
    """Write the template, with the account's sub-accounts if asked to."""
    from batch.report.template import choose_file_name, make_template

    path = out or Path(choose_file_name())
    if path.suffix.lower() != ".xlsx":
        raise UsageError(_("{path} is not named like a workbook: give it the ending .xlsx.").format(path=path))
    refuse_replacing(path, force=force)
    subaccounts, balances = None, None
    if from_account:
        main, subaccounts = _fetch_account(*load_settings_and_key())
        balances = Balances(main.balance, {account.token: account.balance for account in subaccounts}, read_clock())
    content = make_template(subaccounts, balances)
    with open_whole_file(path) as file:
        file.write(content)
    print(_("Template: {path}").format(path=path))
    return 0


def _fetch_account(settings: Settings, key: Secret) -> tuple[MainAccount, tuple[SubAccount, ...]]:
    with open_client(settings, key) as client:
        return client.fetch_main_account(), client.fetch_subaccounts()


def write_journal(batch: str, layout: str, *, out: Path | None, force: bool, is_validated: bool, json: bool) -> int:
    """Write the entries in the layout of that name, a file for each fiscal year, and say where and how many."""
    if is_validated and layout != FEC:
        raise UsageError(_("--validated is for the format fec: a plain table has no column for it."))
    if out is not None and out.suffix.lower() != SUFFIXES[layout]:
        sentence = _("{path} is not named like a file of the format {layout}: give it the ending {suffix}.")
        raise UsageError(sentence.format(path=out, layout=layout, suffix=SUFFIXES[layout]))
    environ = read_environment()
    accounts = load_journal_settings(environ)
    ledger = open_ledger(load_settings(environ))
    view = ledger.view(batch)
    # Before any number is given.
    for path in _choose_paths(batch, list_moved(view, accounts), layout, accounts, out).values():
        refuse_replacing_of_batch(ledger, batch, path, force=force)
    journal = make_journal(ledger, view, accounts, read_clock)
    files = []
    for closes_on, path in _choose_paths(batch, journal.years, layout, accounts, out).items():
        entries = journal.years[closes_on]
        with open_whole_file(path) as file:
            write_entries(file, layout, entries, accounts, is_validated=is_validated)
        record_unless_held(ledger, journal.view, path)
        sentence = ngettext("Journal: {path} ({entries} entry)", "Journal: {path} ({entries} entries)", len(entries))
        (say if json else print)(sentence.format(path=path, entries=format_number(len(entries))))
        files.append(make_entries_document(path, closes_on, entries))
    for remark in journal.remarks:
        say(f"creditbatch: {remark}")
    if json:
        print_json(make_journal_document(batch, layout, files, is_validated=is_validated))
    return 0


def _choose_paths(
    batch: str, years: Collection[date], layout: str, accounts: JournalSettings, out: Path | None
) -> dict[date, Path]:
    """Choose where each fiscal year goes: two years need two names, whatever was asked for.

    Where the name is prescribed, in a folder of the batch's own, since two batches of one year have the same.
    """
    is_alone = len(years) == 1
    if out is not None:
        return {day: out if is_alone else out.with_stem(f"{out.stem}-{day:%Y%m%d}") for day in years}
    folder = REPORTS / batch if layout == FEC and accounts.siren else REPORTS
    return {day: folder / name_journal(batch, layout, accounts, day, is_alone=is_alone) for day in years}


def list_batches(*, json: bool) -> int:
    lines = open_ledger(load_settings(read_environment())).list_batches()
    if json:
        print_json([make_line_document(line) for line in lines])
    else:
        from batch.cli.screens import print_batches

        print_batches(lines)
    return 0


def _view(batch: str) -> BatchView:
    return open_ledger(load_settings(read_environment())).view(batch)


def show_batch(batch: str, *, json: bool) -> int:
    """Show a batch, and exit as the run that made it did."""
    view = _view(batch)
    path = find_report(view)
    if json:
        print_json(make_batch_document(view, str(path) if path else None))
    else:
        from batch.cli.screens import print_result, print_rows

        print_rows(view)
        print_result(view, path)
    return decide_exit_code(view)
