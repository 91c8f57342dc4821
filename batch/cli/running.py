"""`run` and `resume`: ask, perform, write the report, and say what has become of every row."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from batch.cli.console import note, print_json, progress
from batch.cli.surroundings import (
    SignalBrake,
    account_of,
    now,
    open_client,
    open_ledger,
    person,
    read_environment,
    settings_and_key,
)
from batch.errors import LedgerError, ReportError, UsageError
from batch.language import _, day, ngettext, number
from batch.model import BatchState, BatchView, Status, tally
from batch.money import euros
from batch.output import refuse_replacing
from batch.retelling import retold
from batch.rules.books import is_alarming
from batch.settings import Settings, load_settings

if TYPE_CHECKING:
    from batch.cli.checking import CheckRequest
    from batch.ledger.protocol import BatchKey, Ledger
    from batch.provider.client import Client
    from batch.runner.consent import Consent, Obstacle
    from batch.runner.dry_run import DryRun

REPORTS = Path("reports")
_YES = {"y", "yes", "o", "oui"}


@dataclass(frozen=True, slots=True)
class Manner:
    """How the person wants it performed."""

    max_per_second: float | None = None
    ask_before_resend: bool = False
    refresh: bool = False


def run_command(
    request: CheckRequest, consent: Consent, manner: Manner, *, yes: bool, json: bool, out: Path | None
) -> int:
    """Check, ask, perform, report. Returns the exit code."""
    from batch.cli.checking import begin_reading, dry_run_of, show_dry_run
    from batch.runner.account import holding
    from batch.runner.consent import obstacle_in_forecast, obstacle_in_sheet
    from batch.runner.likeness import with_likeness
    from batch.runner.unsettled import is_all_done, only_unsettled

    if out is not None:
        refuse_replacing(request.path, out)
    settings, key = settings_and_key()
    if consent.again and not (consent.why or "").strip():
        raise UsageError(_("--again needs --why with the reason for running the same plan again."))
    account = account_of(settings, key)
    with (
        # First, because the ledger's libraries take as long to load as the sheet takes to be read.
        begin_reading(request, settings) as reader,
        nullcontext(open_ledger(settings)) as ledger,
        open_client(settings, key) as client,
        holding(ledger, account, now),
    ):
        checked = dry_run_of(request, settings, reader, client)
        checked = with_likeness(checked, ledger, account)
        if consent.only_unsettled is not None:
            checked = only_unsettled(checked, ledger, account, consent.only_unsettled, request.expected)
            if is_all_done(checked):
                show_dry_run(checked, json=json, report=None)
                note("creditbatch: " + _("Nothing was sent: every row of the sheet is done already."))
                return 0
        obstacle = obstacle_in_sheet(checked, consent)
        if obstacle is None and not consent.again:
            _refuse_repetition(ledger, checked, account, consent)
        obstacle = obstacle or obstacle_in_forecast(checked, consent)
        if obstacle:
            show_dry_run(checked, json=json, report=None)
            note("creditbatch: " + _("Nothing was sent: {why}").format(why=_obstacle(obstacle, checked)))
            return 1
        if not yes:
            _ask(checked, settings)
        batch = _accept(ledger, checked, account, consent)
        pages = checked.account.pages if checked.account else {}
        # A person may have thought about the question for long: then the balances read before it are old.
        manner = replace(manner, refresh=not yes)
        return _perform(client, ledger, settings, batch, pages, manner, json=json, out=out)


def resume_command(name: str | None, manner: Manner, *, json: bool, out: Path | None) -> int:
    """Carry on a batch where it stopped. Returns the exit code."""
    from batch.runner.account import holding, refuse_another_account

    ledger = open_ledger(load_settings(read_environment()))
    batch = name or ledger.latest()
    if batch is None:
        raise UsageError(_("There is no batch in the ledger to resume: `creditbatch run SHEET` makes one."))
    if ledger.head(batch).state is BatchState.FINISHED:
        view = ledger.view(batch)
        # Nothing is changed but for a workbook that is missing, or was written before the batch had ended.
        written = None if out else existing_report(view)
        return _show_result(view, written or _write_report(view, out or REPORTS / f"{batch}.xlsx"), json=json)
    settings, key = settings_and_key()
    account = account_of(settings, key)
    refuse_another_account(ledger, batch, account)
    with open_client(settings, key) as client, holding(ledger, account, now, resuming=batch):
        return _perform(client, ledger, settings, batch, {}, replace(manner, refresh=True), json=json, out=out)


def exit_code(view: BatchView) -> int:
    """0: all that was asked is done. 1: there is something to fix. 3: stopped before the end, `resume` goes on."""
    rows = tally(view.rows).rows
    if view.head.state is not BatchState.FINISHED or rows[Status.UNKNOWN]:
        return 3
    return 1 if rows[Status.REFUSED] or rows[Status.INVALID] or rows[Status.PENDING] or is_alarming(view) else 0


def existing_report(view: BatchView) -> Path | None:
    """The batch's workbook, if it is where `run` puts it and was written after the batch came to its present state."""
    path = REPORTS / f"{view.head.batch}.xlsx"
    ended_at = view.head.ended_at
    try:
        return path if ended_at is not None and path.stat().st_mtime >= ended_at.timestamp() else None
    except OSError:
        return None


def _obstacle(obstacle: Obstacle, checked: DryRun) -> str:
    """What is in the way, and the option that takes it out of the way."""
    match obstacle:
        case "sheet-errors":
            return _("the sheet as a whole has errors; correct them first.")
        case "nothing-to-send":
            return _("no row can be sent.")
        case "invalid-rows":
            invalid = checked.invalid_rows
            return ngettext(
                "{count} row has an error; correct it, or leave it out with --skip-invalid.",
                "{count} rows have errors; correct them, or leave those rows out with --skip-invalid.",
                invalid,
            ).format(count=number(invalid))
    return _would_be_refused(checked)


def _would_be_refused(checked: DryRun) -> str:
    refused = len(checked.forecast.refusals) if checked.forecast else 0
    top_up = checked.forecast.top_up if checked.forecast else None
    if top_up:
        return ngettext(
            "by the forecast {count} row would be refused (the main account lacks {top_up}); "
            "top up first, or run the rest with --partial.",
            "by the forecast {count} rows would be refused (the main account lacks {top_up}); "
            "top up first, or run the rest with --partial.",
            refused,
        ).format(count=number(refused), top_up=euros(top_up))
    return ngettext(
        "by the forecast {count} row would be refused; top up first, or run the rest with --partial.",
        "by the forecast {count} rows would be refused; top up first, or run the rest with --partial.",
        refused,
    ).format(count=number(refused))


def _refuse_repetition(ledger: Ledger, checked: DryRun, account: BatchKey, consent: Consent) -> None:
    """Exactly the same movements are not sent twice by accident."""
    from batch.runner.consent import already_run

    earlier = already_run(ledger, checked.plan.digest, account, consent)
    if earlier is None:
        return
    if earlier.state is not BatchState.FINISHED:
        raise UsageError(
            _(
                "Exactly these movements are batch {batch}, which has not ended: `creditbatch resume {batch}` goes on."
            ).format(batch=earlier.batch)
        )
    raise UsageError(
        _(
            "Exactly these movements were already run as batch {batch} ({file}, {day}): `creditbatch show {batch}` "
            "shows it; to pay them a second time, add --again --why REASON."
        ).format(batch=earlier.batch, file=earlier.source.file_name, day=day(earlier.created_at.astimezone()))
    )


def _ask(checked: DryRun, settings: Settings) -> None:
    """Show euros, rows and the account, and let the person decide; without a terminal nobody can."""
    if not sys.stdin.isatty():
        raise UsageError(_("There is no terminal to ask at: add --yes to move the credit without asking."))
    from batch.cli.screens import confirmation_screen

    confirmation_screen(checked, settings.api_url)
    print(_("Move this credit now? [y/N]"), end=" ", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().casefold() not in _YES:
        raise UsageError(_("Nothing was sent: you said no."))


def _accept(ledger: Ledger, checked: DryRun, account: BatchKey, consent: Consent) -> str:
    from batch.runner.consent import Agreed, accept

    who = person()
    return accept(ledger, checked, account, consent, Agreed(who, (who,) if who else ()), now())


def _perform(
    client: Client,
    ledger: Ledger,
    settings: Settings,
    batch: str,
    pages: dict[str, int],
    manner: Manner,
    *,
    json: bool,
    out: Path | None,
) -> int:
    from batch.rules.retry import RetryPolicy
    from batch.runner.perform import RunOptions, World, perform

    options = RunOptions(
        policy=RetryPolicy(settings.max_attempts, settings.backoff_seconds),
        settle_seconds=settings.settle_seconds,
        max_per_second=manner.max_per_second,
        ask_before_resend=manner.ask_before_resend,
        refresh=manner.refresh,
        by=person(),
    )
    # Listening until the end: who stops a run wants its report and its result as well.
    with SignalBrake().listening() as brake:
        try:
            with progress() as watcher:
                perform(World(client, ledger, now, brake, watcher), batch, options, pages)
        except LedgerError as error:
            # What was sent is in the ledger as far as it could be written; nothing more was sent.
            sentence = _("{why} `creditbatch resume {batch}` goes on.")
            note("creditbatch: " + sentence.format(why=retold(str(error)), batch=batch))
            return 3
        view = ledger.view(batch)
        return _show_result(view, _write_report(view, out or REPORTS / f"{batch}.xlsx"), json=json)


def _write_report(view: BatchView, path: Path) -> Path | None:
    from batch.output import write_batch

    try:
        write_batch(path, view)
    except ReportError as error:
        sentence = _("{why} `creditbatch report {batch} --out FILE` writes it elsewhere.")
        note("creditbatch: " + sentence.format(why=error, batch=view.head.batch))
        return None
    return path


def _show_result(view: BatchView, report: Path | None, *, json: bool) -> int:
    from batch.document import batch_document

    if json:
        print_json(batch_document(view, str(report) if report else None))
    else:
        from batch.cli.screens import result_screen

        result_screen(view, report)
    code = exit_code(view)
    if code == 3:
        why = retold(view.head.reason or "") or _("It is not known whether a row was applied.")
        sentence = _("{why} `creditbatch resume {batch}` goes on.")
        note("creditbatch: " + sentence.format(why=why, batch=view.head.batch))
    return code
