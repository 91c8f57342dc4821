"""`run` and `resume`: ask, perform, write the report, and say what has become of every row."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from batch.cli.checking import CheckRequest, dry_run_of, show_dry_run
from batch.cli.console import note, print_json, progress
from batch.cli.surroundings import SignalBrake, now, open_client, open_ledger, settings_and_key
from batch.errors import LedgerError, ReportError, UsageError
from batch.model import BatchState, BatchView, Status, tally
from batch.money import euros
from batch.settings import Secret, Settings

if TYPE_CHECKING:
    from batch.ledger.protocol import Ledger
    from batch.provider.client import Client
    from batch.runner.dry_run import DryRun

REPORTS = Path("reports")


@dataclass(frozen=True, slots=True)
class Consent:
    """What the person agreed to on the command line."""

    yes: bool = False
    skip_invalid: bool = False
    partial: bool = False
    again: bool = False
    why: str | None = None


def run_command(
    request: CheckRequest, consent: Consent, *, json: bool, max_per_second: float | None, out: Path | None
) -> int:
    """Check, ask, perform, report. Returns the exit code."""
    settings, key = settings_and_key()
    if consent.again and not (consent.why or "").strip():
        raise UsageError("--again needs --why with the reason for running the same plan again.")
    with open_client(settings, key) as client:
        checked = dry_run_of(request, settings.api_url, client)
        obstacle = _obstacle(checked, consent)
        if obstacle:
            show_dry_run(checked, json=json, report=None)
            note(f"creditbatch: Nothing was sent: {obstacle}")
            return 1
        ledger = open_ledger(settings)
        _refuse_repetition(ledger, checked, settings, key, consent)
        if not consent.yes:
            _ask(checked, settings)
        batch = _accept(ledger, checked, settings, key, consent)
        pages = checked.account.pages if checked.account else {}
        return _perform(client, ledger, settings, batch, pages, json=json, max_per_second=max_per_second, out=out)


def resume_command(name: str | None, *, json: bool, max_per_second: float | None, out: Path | None) -> int:
    """Carry on a batch where it stopped. Returns the exit code."""
    settings, key = settings_and_key()
    ledger = open_ledger(settings)
    batch = name or ledger.latest()
    if batch is None:
        raise UsageError("There is no batch in the ledger to resume: `creditbatch run SHEET` makes one.")
    if ledger.head(batch).state is BatchState.FINISHED:
        view = ledger.view(batch)
        return _show_result(view, out or existing_report(batch), json=json)
    bound = ledger.key_of(batch)
    if bound.api_url != settings.api_url:
        raise UsageError(f"Batch {batch} was begun at {bound.api_url}: set CREDITBATCH_API_URL to that.")
    if bound.fingerprint != key.fingerprint():
        raise UsageError(f"Batch {batch} was begun with another API key: set the key of that account.")
    with open_client(settings, key) as client:
        return _perform(client, ledger, settings, batch, {}, json=json, max_per_second=max_per_second, out=out)


def exit_code(view: BatchView) -> int:
    """0: all that was asked is done. 1: there is something to fix. 3: stopped before the end, `resume` goes on."""
    rows = tally(view.rows).rows
    if view.head.state is not BatchState.FINISHED or rows[Status.UNKNOWN]:
        return 3
    return 1 if rows[Status.REFUSED] or rows[Status.INVALID] or rows[Status.PENDING] else 0


def existing_report(batch: str) -> Path | None:
    """Where the batch's workbook is, if it is where `run` puts it."""
    path = REPORTS / f"{batch}.xlsx"
    return path if path.is_file() else None


def _obstacle(checked: DryRun, consent: Consent) -> str | None:
    """Why the plan is not run as it is; None if it may be."""
    if checked.sheet.has_sheet_errors:
        return "the sheet as a whole has errors; correct them first."
    if checked.sheet.invalid_rows and not consent.skip_invalid:
        return f"{checked.sheet.invalid_rows} rows have errors; correct them, or leave them out with --skip-invalid."
    if not checked.plan.movements:
        return "no row can be sent."
    if checked.forecast and not checked.forecast.passes and not consent.partial:
        short = f" (the main account lacks {euros(checked.forecast.top_up)})" if checked.forecast.top_up else ""
        refused = len(checked.forecast.refusals)
        return f"by the forecast {refused} rows would be refused{short}; top up first, or run the rest with --partial."
    return None


def _refuse_repetition(ledger: Ledger, checked: DryRun, settings: Settings, key: Secret, consent: Consent) -> None:
    earlier = ledger.batch_with_digest(checked.plan.digest, settings.api_url, key.fingerprint())
    if earlier is None or consent.again:
        return
    head = ledger.head(earlier)
    if head.state is BatchState.FINISHED:
        raise UsageError(
            f"Exactly these movements were already run as batch {earlier} ({head.source.file_name}, "
            f"{head.created_at:%Y-%m-%d}): `creditbatch show {earlier}` shows it; to pay them a second time, "
            "add --again --why REASON."
        )
    raise UsageError(
        f"Exactly these movements are batch {earlier}, which has not ended: `creditbatch resume {earlier}` goes on."
    )


def _ask(checked: DryRun, settings: Settings) -> None:
    """Show euros, rows and the account, and let the person decide; without a terminal nobody can."""
    if not sys.stdin.isatty():
        raise UsageError("There is no terminal to ask at: add --yes to move the credit without asking.")
    import typer

    from batch.cli.screens import confirmation_screen

    confirmation_screen(checked, settings.api_url)
    if not typer.confirm("Move this credit now?", default=False, err=True):
        raise UsageError("Nothing was sent: you said no.")


def _accept(ledger: Ledger, checked: DryRun, settings: Settings, key: Secret, consent: Consent) -> str:
    from batch.ledger.protocol import NewBatch

    if checked.account is None:
        raise AssertionError("a run is never offline")
    at = now()
    name = f"{at.astimezone():%Y%m%d-%H%M%S}-{checked.plan.digest[:6]}"
    options = {"skip-invalid": consent.skip_invalid, "partial": consent.partial, "again": consent.again}
    chosen = (*(option for option, given in options.items() if given), *_order(checked))
    ledger.create(
        NewBatch(
            name=name,
            at=at,
            sheet=checked.sheet,
            plan=checked.plan,
            opening=checked.account.balances,
            api_url=settings.api_url,
            account=checked.account.name,
            key_fingerprint=key.fingerprint(),
            options=chosen,
            why=consent.why,
        )
    )
    return name


def _order(checked: DryRun) -> tuple[str, ...]:
    return ("removes-first",) if checked.removes_first else ()


def _perform(
    client: Client,
    ledger: Ledger,
    settings: Settings,
    batch: str,
    pages: dict[str, int],
    *,
    json: bool,
    max_per_second: float | None,
    out: Path | None,
) -> int:
    from batch.rules.retry import RetryPolicy
    from batch.runner.perform import RunOptions, World, perform

    options = RunOptions(
        RetryPolicy(settings.max_attempts, settings.backoff_seconds), settings.settle_seconds, max_per_second
    )
    with SignalBrake().listening() as brake, progress() as watcher:
        try:
            perform(World(client, ledger, now, brake, watcher), batch, options, pages)
        except LedgerError as error:
            # What was sent is in the ledger as far as it could be written; nothing more was sent.
            note(f"creditbatch: {error} `creditbatch resume {batch}` goes on.")
            return 3
    view = ledger.view(batch)
    return _show_result(view, _write_report(view, out or REPORTS / f"{batch}.xlsx"), json=json)


def _write_report(view: BatchView, path: Path) -> Path | None:
    from batch.report import write_report

    try:
        write_report(path, view)
    except ReportError as error:
        note(f"creditbatch: {error} `creditbatch report {view.head.batch} --out FILE` writes it elsewhere.")
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
        note(f"creditbatch: {view.head.reason or 'A row is unknown.'} `creditbatch resume {view.head.batch}` goes on.")
    return code
