"""Look back: batches, reports, the journal, balances, a copy of the ledger, an empty sheet."""

from __future__ import annotations

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
from batch.export import make_accounts_document, make_batch_document, make_line_document
from batch.files import open_whole_file, write_csv
from batch.i18n import _, format_number, ngettext
from batch.model import Balances, BatchState, BatchView, SubAccount
from batch.money import count_decimals
from batch.report.journal import encode_fec, format_entries, make_entries, make_fec_name
from batch.settings import JournalSettings, load_journal_settings, load_settings
from batch.zone import localize

if TYPE_CHECKING:
    from batch.provider.responses import MainAccount


def show_accounts(*, json: bool) -> int:
    main, subaccounts = _fetch_account()
    if json:
        print_json(make_accounts_document(main.name, main.balance, subaccounts))
    else:
        from batch.cli.screens import print_accounts

        print_accounts(main.name, main.balance, subaccounts)
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


def write_template(out: Path | None, *, from_account: bool) -> int:
    """Write the template, with the account's sub-accounts if asked to."""
    from batch.report.template import choose_file_name, make_template

    path = out or Path(choose_file_name())
    if path.suffix.lower() != ".xlsx":
        raise UsageError(_("{path} is not named like a workbook: give it the ending .xlsx.").format(path=path))
    if path.exists():
        raise UsageError(_("{path} is there already: remove it, or choose another name with --out.").format(path=path))
    subaccounts, balances = None, None
    if from_account:
        main, subaccounts = _fetch_account()
        balances = Balances(main.balance, {account.token: account.balance for account in subaccounts}, read_clock())
    content = make_template(subaccounts, balances)
    with open_whole_file(path) as file:
        file.write(content)
    print(_("Template: {path}").format(path=path))
    return 0


def _fetch_account() -> tuple[MainAccount, tuple[SubAccount, ...]]:
    settings, key = load_settings_and_key()
    with open_client(settings, key) as client:
        return client.fetch_main_account(), client.fetch_subaccounts()


def write_journal(batch: str, layout: str, *, out: Path | None) -> int:
    """Write the entries in the layout of that name, and say where and how many."""
    environ = read_environment()
    accounts = load_journal_settings(environ)
    ledger = open_ledger(load_settings(environ))
    view = ledger.view(batch)
    # The days are those of whoever books them, as in the names of batches.
    entries = list(make_entries(view, accounts, None))
    path = out or _choose_path(view, accounts, layout)
    with open_whole_file(path) as file:
        if layout == "fec":
            file.writelines(encode_fec(entries, accounts))
        else:
            write_csv(file, format_entries(entries))
    record_unless_held(ledger, view, path)
    sentence = ngettext("Journal: {path} ({entries} entry)", "Journal: {path} ({entries} entries)", len(entries))
    print(sentence.format(path=path, entries=format_number(len(entries))))
    if view.head.state is not BatchState.FINISHED:
        say("creditbatch: " + _("The batch has not ended: write the journal again when it has."))
    if any(count_decimals(line.debit) > 2 for entry in entries for line in entry.lines):
        sentence = _("Some amounts have three decimals, which accounting programs may round: compare the totals there.")
        say("creditbatch: " + sentence)
    return 0


def _choose_path(view: BatchView, accounts: JournalSettings, layout: str) -> Path:
    """Choose a folder of the batch's own where the name is prescribed: two batches of one day would have the same."""
    batch = str(view.head.batch)
    if layout == "csv":
        return REPORTS / f"{batch}-journal.csv"
    ended = localize(view.head.ended_at or view.head.created_at).date()
    prescribed = make_fec_name(accounts, ended)
    return REPORTS / batch / prescribed if prescribed else REPORTS / f"{batch}-fec.txt"


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
