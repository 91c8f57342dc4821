"""Run and resume batches, and decide what only a person can."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from batch.cli.proof import (
    REPORTS,
    choose_authority,
    load_key_early,
    tell_unwritten,
    write_report_again,
    write_signed_report,
)
from batch.cli.terminal import (
    InterruptSignal,
    ask_person,
    find_user_name,
    load_settings_and_key,
    open_client,
    open_ledger,
    print_json,
    read_clock,
    read_environment,
    say,
    show_progress,
)
from batch.errors import AlreadyRun, LedgerError, LedgerFailed, NoSuchBatch, ReportError, SettingsError, UsageError
from batch.export import make_batch_document, refuse_replacing, refuse_replacing_of_batch
from batch.files import read_file
from batch.i18n import N_, _, format_euros, format_number, ngettext
from batch.ledger.events import OptionsChanged
from batch.model import ENDED, BatchRow, BatchState, BatchView, People, Status, make_tally, name_direction
from batch.money import ZERO
from batch.notes import tell
from batch.planning.reconciliation import is_alarming
from batch.planning.retry import RetryPolicy
from batch.planning.settlement import collect_evidence
from batch.runner import acceptance, open_account
from batch.runner.dry_run import DryRun, read_account
from batch.settings import (
    DATABASE_URL,
    HOME,
    Choices,
    Secret,
    Settings,
    check_pace,
    find_strays,
    load_settings,
    read_choices,
    replace_manner,
    write_choices,
)

if TYPE_CHECKING:
    from batch.cli.check import CheckRequest
    from batch.ledger.protocol import Access, Ledger, Work
    from batch.provider.client import Client


def run_sheet(
    request: CheckRequest,
    choices: Choices,
    *,
    yes: bool,
    json: bool,
    out: Path | None,
    force: bool,
    timestamp: str | None,
) -> int:
    """Check, ask, perform, report; return the exit code."""
    from batch.cli.check import begin_reading, check_request, show_dry_run

    if out is not None:
        refuse_replacing(out, force=force, sheet=request.path)
    settings, key = load_settings_and_key()
    _check_pace(choices.max_per_second)
    authority = choose_authority(settings, timestamp)
    if choices.again and not (choices.why or "").strip():
        raise UsageError(_("--again needs --why with the reason for running the same plan again."))
    with (
        # First, because the ledger's libraries take as long to load as the sheet takes to be read.
        begin_reading(request, settings) as reader,
        nullcontext(open_ledger(settings)) as ledger,
        open_client(settings, key) as client,
    ):
        # Where the first key is made, there is a ledger already.
        load_key_early(settings)
        client.keep_pace(choices.max_per_second)
        if yes:
            _refuse_stray_ledger(ledger, settings, key)
        access, is_new = _bind(ledger, settings, key, client)
        with open_account.hold_account(ledger, access.account, read_clock):
            continued = choices.only_unsettled
            family = () if continued is None else acceptance.list_family(ledger, access.account, continued)
            open_account.refuse_unfinished(ledger, access.account, family)
            checked = check_request(request, settings, reader, client, lambda _account: access.account)
            if continued is not None:
                totals = request.expected
                checked = acceptance.select_unsettled(
                    checked, ledger, access.account, continued, totals, despite_alarm=choices.again
                )
            checked = acceptance.check_against_ledger(checked, ledger, access.account, choices)
            if continued is not None and acceptance.is_all_done(checked):
                show_dry_run(checked, json=json, report=None)
                say("creditbatch: " + _("Nothing was sent: every row of the sheet is done already."))
                return 0
            repetition = acceptance.find_repeat_finding(checked)
            if repetition is not None:
                raise AlreadyRun(repetition.message)
            obstacle = acceptance.find_sheet_obstacle(checked, choices)
            obstacle = obstacle or acceptance.find_forecast_obstacle(checked, choices)
            if obstacle:
                show_dry_run(checked, json=json, report=None)
                say("creditbatch: " + _("Nothing was sent: {why}").format(why=_explain_obstacle(obstacle, checked)))
                return 1
            if is_new:
                _tell_new_account(checked, settings)
            if yes:
                from batch.cli.screens import print_findings

                print_findings(checked, settings.api_url)
            else:
                _ask(checked, settings)
            who = find_user_name()
            agreed = People(who, (who,) if who else ())
            content = read_file(request.path)
            choices = replace(choices, tolerance=settings.tolerance)
            work = acceptance.accept(ledger, checked, access, choices, agreed, read_clock(), content)
            pages = checked.account.pages if checked.account else {}
            # A person may have thought about the question for long: then the balances read before it are old.
            view, report = _perform(
                client, ledger, settings, work, choices, refresh=not yes, pages=pages, out=out, authority=authority
            )
            return _show_result(view, report, json=json)


def resume_batch(
    batch: str | None,
    *,
    max_per_second: float | None,
    ask_before_resend: bool | None,
    json: bool,
    out: Path | None,
    force: bool,
    timestamp: str | None,
) -> int:
    """Carry on a batch where it stopped, and as it was chosen where None is given; return the exit code."""
    stored = load_settings(read_environment())
    ledger, authority = open_ledger(stored), choose_authority(stored, timestamp)
    batch = batch or _choose_batch(ledger)
    path = out or REPORTS / f"{batch}.xlsx"
    if ledger.read_head(batch).state in ENDED:
        view = ledger.view(batch)
        # Nothing is changed but for a workbook that is missing, or was written before the batch had ended.
        written = None if out else find_report(view)
        if written is None:
            refuse_replacing_of_batch(ledger, batch, path, force=force)
            written = _write_again(ledger, stored, view, path, authority)
        return _show_result(view, written, json=json)
    # Before anything is sent: what cannot be written afterwards would be missed then.
    refuse_replacing_of_batch(ledger, batch, path, force=force)
    settings, key = load_settings_and_key()
    _check_pace(max_per_second)
    load_key_early(settings)
    open_account.refuse_another_address(ledger, batch, settings.api_url)
    with open_client(settings, key) as client:
        access, _is_new = _bind(ledger, settings, key, client)
        open_account.refuse_another_account(ledger, batch, access)
        with open_account.hold_account(ledger, access.account, read_clock, resuming=batch):
            who = find_user_name()
            open_account.accept_key(
                ledger, batch, access, lambda: [one.token for one in client.fetch_subaccounts()], who, read_clock()
            )
            kept = read_choices(ledger.read_options(batch))
            choices = replace_manner(kept, ask_before_resend=ask_before_resend, max_per_second=max_per_second)
            client.keep_pace(choices.max_per_second)
            if choices != kept:
                ledger.append(batch, [OptionsChanged(read_clock(), write_choices(choices), who)])
            work = ledger.work(batch)
            view, report = _perform(
                client, ledger, settings, work, choices, refresh=True, pages={}, out=path, authority=authority
            )
            return _show_result(view, report, json=json)


def abandon_batch(batch: str, *, why: str) -> int:
    """End a batch that was begun: what it has not sent never will be by it."""
    if not why.strip():
        raise UsageError(_("To give a batch up, add --why with the reason, which the ledger keeps."))
    ledger = open_ledger(load_settings(read_environment()))
    who = find_user_name() or N_("somebody without a user name")
    open_account.abandon(ledger, batch, who=who, why=why.strip(), now=read_clock)
    sentence = _(
        "Batch {batch} was given up: what it had not sent is not sent any more; "
        "`creditbatch run SHEET --only-unsettled {batch}` sends it from a sheet."
    )
    say(sentence.format(batch=batch))
    return 0


def _choose_batch(ledger: Ledger) -> str:
    """Choose the one batch that has not ended; without any, the newest."""
    begun = ledger.list_unfinished()
    if len(begun) > 1:
        sentence = _("Several batches have not ended: say which one is to go on ({batches}).")
        raise UsageError(sentence.format(batches=", ".join(begun)))
    newest = begun[0] if begun else ledger.find_newest()
    if newest is None:
        raise NoSuchBatch(_("There is no batch in the ledger to resume: `creditbatch run SHEET` makes one."))
    return newest


def _bind(ledger: Ledger, settings: Settings, key: Secret, client: Client) -> tuple[Access, bool]:
    return open_account.bind_account(
        ledger,
        settings.api_url,
        key.compute_fingerprint(),
        lambda: read_account(client, settings.api_url, read_clock).owner,
        read_clock(),
    )


def _refuse_stray_ledger(ledger: Ledger, settings: Settings, key: Secret) -> None:
    """Refuse to pay unasked by a ledger that only a `.env` in this folder names and that never paid for the account:
    another one may remember the list.
    """
    strays = find_strays(os.environ, Path.cwd()) & {HOME, DATABASE_URL}
    if strays and open_account.find_account(ledger, settings.api_url, key.compute_fingerprint()) is None:
        sentence = _(
            "The .env file in this folder names a ledger that does not know this API key, which is kept elsewhere; "
            "another ledger may know what was paid: set {setting} in the environment, or run it once without --yes."
        )
        raise SettingsError(sentence.format(setting=min(strays)))


def _tell_new_account(checked: DryRun, settings: Settings) -> None:
    sentence = _(
        "The account {name} at {address} is new to this ledger: what was run for it elsewhere is not known here."
    )
    name = checked.account.name if checked.account else ""
    say(sentence.format(name=name or _("without a name"), address=settings.api_url))


def _check_pace(chosen: float | None) -> None:
    if chosen is not None:
        try:
            check_pace(chosen, "--max-per-second")
        except SettingsError as error:
            raise UsageError(str(error)) from error


def decide_exit_code(view: BatchView) -> int:
    """Decide: 0, all that was asked is done; 1, there is something to fix; 3, stopped early, `resume` goes on."""
    rows = make_tally(view.rows).rows
    if view.head.state is BatchState.ABANDONED:
        return 1
    if view.head.state is not BatchState.FINISHED or rows[Status.UNKNOWN]:
        return 3
    return 1 if rows[Status.REFUSED] or rows[Status.INVALID] or rows[Status.PENDING] or is_alarming(view) else 0


def find_report(view: BatchView) -> Path | None:
    """Find the batch's workbook, if it is where `run` puts it and was written after the batch ended."""
    path = REPORTS / f"{view.head.batch}.xlsx"
    ended_at = view.head.ended_at
    try:
        return path if ended_at is not None and path.stat().st_mtime >= ended_at.timestamp() else None
    except OSError:
        return None


def _explain_obstacle(obstacle: acceptance.Obstacle, checked: DryRun) -> str:
    if obstacle == "sheet-errors":
        return _("the sheet as a whole has errors; correct them first.")
    if obstacle == "nothing-to-send":
        return _("no row can be sent.")
    if obstacle == "invalid-rows":
        count = checked.invalid_rows
        sentence = ngettext(
            "{count} row has an error; correct it, or leave it out with --skip-invalid.",
            "{count} rows have errors; correct them, or leave those rows out with --skip-invalid.",
            count,
        )
        return sentence.format(count=format_number(count))
    count = len(checked.forecast.refusals) if checked.forecast else 0
    sentence = ngettext(
        "by the forecast {count} row would be refused; top up first, or run the rest with --partial.",
        "by the forecast {count} rows would be refused; top up first, or run the rest with --partial.",
        count,
    )
    top_up = checked.forecast.top_up if checked.forecast else ZERO
    if top_up:
        sentence = ngettext(
            "by the forecast {count} row would be refused (the main account lacks {top_up}); "
            "top up first, or run the rest with --partial.",
            "by the forecast {count} rows would be refused (the main account lacks {top_up}); "
            "top up first, or run the rest with --partial.",
            count,
        )
    return sentence.format(count=format_number(count), top_up=format_euros(top_up))


def _ask(checked: DryRun, settings: Settings) -> None:
    """Show euros, rows and the account, and let the person decide; without a terminal nobody can."""
    if not sys.stdin.isatty():
        raise UsageError(_("There is no terminal to ask at: add --yes to move the credit without asking."))
    from batch.cli.screens import print_confirmation

    print_confirmation(checked, settings.api_url)
    if not ask_person(_("Move this credit now? [y/N]")):
        raise UsageError(_("Nothing was sent: you said no."))


def _perform(
    client: Client,
    ledger: Ledger,
    settings: Settings,
    work: Work,
    choices: Choices,
    *,
    refresh: bool,
    pages: dict[str, int],
    out: Path | None,
    authority: str | None,
) -> tuple[BatchView, Path | None]:
    from batch.runner.execute import perform
    from batch.runner.session import Environment, RunOptions

    options = RunOptions(
        policy=RetryPolicy(settings.max_attempts, settings.backoff_seconds),
        settle_seconds=settings.settle_seconds,
        ask_before_resend=choices.ask_before_resend,
        refresh=refresh,
        by=find_user_name(),
    )
    # Listening until the end: who stops a run wants its report and its result as well.
    with InterruptSignal().listen() as brake:
        try:
            with show_progress() as watcher:
                perform(Environment(client, ledger, read_clock, brake, watcher), work, options, pages)
        except LedgerError as error:
            # What was sent is in the ledger as far as it could be written; nothing more was sent.
            sentence = _("{why} `creditbatch resume {batch}` goes on.")
            raise LedgerFailed(sentence.format(why=error, batch=work.batch)) from error
        try:
            path = out or REPORTS / f"{work.batch}.xlsx"
            return write_signed_report(ledger, settings, work.batch, path, authority)
        except LedgerError as error:
            sentence = _(
                "{why} What became of batch {batch} is recorded: `creditbatch report {batch}` writes its report, and "
                "`creditbatch resume {batch}` goes on if it has not ended."
            )
            raise LedgerFailed(sentence.format(why=error, batch=work.batch)) from error


def _write_again(ledger: Ledger, settings: Settings, view: BatchView, path: Path, authority: str | None) -> Path | None:
    try:
        write_report_again(ledger, settings, str(view.head.batch), path, authority)
    except ReportError as error:
        tell_unwritten(str(view.head.batch), error)
        return None
    return path


def _show_result(view: BatchView, report: Path | None, *, json: bool) -> int:
    if json:
        print_json(make_batch_document(view, str(report) if report else None))
    else:
        from batch.cli.screens import print_result

        print_result(view, report)
    code = decide_exit_code(view)
    if code == 3:
        why = tell(view.head.reason) or _("It is not known whether a row was applied.")
        sentence = _("{why} `creditbatch resume {batch}` goes on.")
        say("creditbatch: " + sentence.format(why=why, batch=view.head.batch))
    return code


def resolve_row(batch: str, row: int, *, applied: bool | None, why: str) -> int:
    """Show the evidence; with a decision and a reason, record it."""
    ledger = open_ledger(load_settings(read_environment()))
    view = ledger.view(batch)
    _show_evidence(view, open_account.get_undecided_row(view, row))
    if applied is None and not why.strip():
        sentence = _(
            "To decide: `creditbatch resolve {batch} {row} --applied --why TEXT` or `creditbatch resolve {batch} {row} "
            "--not-applied --why TEXT`, where TEXT says how you found out."
        )
        say(sentence.format(batch=batch, row=row))
        return 0
    if applied is None or not why.strip():
        raise UsageError(_("To decide, add --applied or --not-applied, and --why with how you found out."))
    who = find_user_name() or N_("somebody without a user name")
    open_account.decide(ledger, batch, row, applied=applied, who=who, why=why.strip(), now=read_clock)
    sentence = _("Recorded: row {row} was not applied; `creditbatch resume {batch}` goes on.")
    if applied:
        sentence = _("Recorded: row {row} was applied; `creditbatch resume {batch}` goes on.")
    say(sentence.format(row=row, batch=batch))
    return 0


def _show_evidence(view: BatchView, entry: BatchRow) -> None:
    """Show what was asked for, the balances before and after, and what later rows' answers say."""
    from batch.cli.screens import print_evidence

    amount = format_euros(entry.row.amount) if entry.row.amount is not None else ""
    direction = name_direction(entry.row.direction) if entry.row.direction else ""
    sentence = _("Row {row}: {direction} {amount}, sub-account {token}")
    say(sentence.format(row=entry.row.number, direction=direction, amount=amount, token=entry.row.token))
    print_evidence(collect_evidence(view, entry))
