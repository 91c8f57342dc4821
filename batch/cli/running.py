"""`run` and `resume`: ask, perform, write the report, and say what has become of every row."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from batch.cli.checking import CheckRequest, dry_run_of, show_dry_run
from batch.cli.console import note, print_json, progress
from batch.cli.surroundings import (
    SignalBrake,
    account_of,
    now,
    open_client,
    open_ledger,
    read_environment,
    settings_and_key,
)
from batch.errors import LedgerError, ReportError, UsageError
from batch.model import BatchState, BatchView, Status, tally
from batch.money import euros
from batch.report.words import count
from batch.rules.books import is_alarming
from batch.settings import Secret, Settings, load_settings

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


@dataclass(frozen=True, slots=True)
class Manner:
    """How the person wants it performed."""

    max_per_second: float | None = None
    ask_before_resend: bool = False
    refresh: bool = False


def run_command(request: CheckRequest, consent: Consent, manner: Manner, *, json: bool, out: Path | None) -> int:
    """Check, ask, perform, report. Returns the exit code."""
    from batch.runner.likeness import with_likeness

    settings, key = settings_and_key()
    if consent.again and not (consent.why or "").strip():
        raise UsageError("--again needs --why with the reason for running the same plan again.")
    ledger = open_ledger(settings)
    with open_client(settings, key) as client, _holding(ledger, settings, key):
        checked = dry_run_of(request, settings.api_url, client)
        checked = with_likeness(checked, ledger, account_of(settings, key))
        obstacle = _obstacle_in_sheet(checked, consent)
        if obstacle is None and not consent.again:
            _refuse_repetition(ledger, checked, settings, key)
        obstacle = obstacle or _obstacle_in_forecast(checked, consent)
        if obstacle:
            show_dry_run(checked, json=json, report=None)
            note(f"creditbatch: Nothing was sent: {obstacle}")
            return 1
        if not consent.yes:
            _ask(checked, settings)
        batch = _accept(ledger, checked, settings, key, consent)
        pages = checked.account.pages if checked.account else {}
        # A person may have thought about the question for long: then the balances read before it are old.
        manner = replace(manner, refresh=not consent.yes)
        return _perform(client, ledger, settings, batch, pages, manner, json=json, out=out)


def resume_command(name: str | None, manner: Manner, *, json: bool, out: Path | None) -> int:
    """Carry on a batch where it stopped. Returns the exit code."""
    ledger = open_ledger(load_settings(read_environment()))
    batch = name or ledger.latest()
    if batch is None:
        raise UsageError("There is no batch in the ledger to resume: `creditbatch run SHEET` makes one.")
    if ledger.head(batch).state is BatchState.FINISHED:
        view = ledger.view(batch)
        # Nothing is changed but for a workbook that is missing, or was written before the batch had ended.
        written = None if out else existing_report(view)
        return _show_result(view, written or _write_report(view, out or REPORTS / f"{batch}.xlsx"), json=json)
    settings, key = settings_and_key()
    _refuse_another_account(ledger, batch, settings, key)
    with open_client(settings, key) as client, _holding(ledger, settings, key, resuming=batch):
        return _perform(client, ledger, settings, batch, {}, replace(manner, refresh=True), json=json, out=out)


def _refuse_another_account(ledger: Ledger, batch: str, settings: Settings, key: Secret) -> None:
    bound = ledger.key_of(batch)
    if bound.api_url != settings.api_url:
        raise UsageError(f"Batch {batch} was begun at {bound.api_url}: set CREDITBATCH_API_URL to that.")
    if bound.fingerprint != key.fingerprint():
        raise UsageError(f"Batch {batch} was begun with another API key: set the key of that account.")


@contextmanager
def _holding(ledger: Ledger, settings: Settings, key: Secret, resuming: str | None = None) -> Iterator[None]:
    """Nobody else sends on the account meanwhile, and no row of another batch on it is in doubt."""
    from batch.ledger.holding import may_take, this_process

    account, mine = account_of(settings, key), this_process()
    ledger.hold(account, mine, now(), lambda lease: may_take(mine, lease, now()))
    try:
        doubtful = ledger.in_doubt(account)
        if doubtful not in {None, resuming}:
            raise UsageError(
                f"Batch {doubtful} has a row of which it is not known whether it was applied, and sending on this "
                f"account would blur what the balances tell: `creditbatch resume {doubtful}` first."
            )
        yield
    finally:
        # A ledger that cannot be written just now has said so already; the lease of a process that ended holds nobody.
        with suppress(LedgerError):
            ledger.let_go()


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


def _obstacle_in_sheet(checked: DryRun, consent: Consent) -> str | None:
    """Why the sheet is not run as it is; None if it may be."""
    if checked.sheet.has_sheet_errors:
        return "the sheet as a whole has errors; correct them first."
    if checked.sheet.invalid_rows and not consent.skip_invalid:
        rows = count(checked.sheet.invalid_rows, "row")
        have = "has an error" if checked.sheet.invalid_rows == 1 else "have errors"
        return f"{rows} {have}; correct it all, or leave those rows out with --skip-invalid."
    return None if checked.plan.movements else "no row can be sent."


def _obstacle_in_forecast(checked: DryRun, consent: Consent) -> str | None:
    """Why the plan is not run although its rows could be sent; None if it may be."""
    if checked.forecast is None or checked.forecast.passes or consent.partial:
        return None
    short = f" (the main account lacks {euros(checked.forecast.top_up)})" if checked.forecast.top_up else ""
    rows = count(len(checked.forecast.refusals), "row")
    return f"by the forecast {rows} would be refused{short}; top up first, or run the rest with --partial."


def _refuse_repetition(ledger: Ledger, checked: DryRun, settings: Settings, key: Secret) -> None:
    """Exactly the same movements are not sent twice by accident, however the sheet was re-saved or re-ordered."""
    earlier = ledger.batch_with_digest(checked.plan.digest, settings.api_url, key.fingerprint())
    if earlier is None:
        return
    head = ledger.head(earlier)
    if head.state is not BatchState.FINISHED:
        raise UsageError(
            f"Exactly these movements are batch {earlier}, which has not ended: `creditbatch resume {earlier}` goes on."
        )
    raise UsageError(
        f"Exactly these movements were already run as batch {earlier} ({head.source.file_name}, "
        f"{head.created_at.astimezone():%Y-%m-%d}): `creditbatch show {earlier}` shows it; to pay them a second time, "
        "add --again --why REASON."
    )


def _ask(checked: DryRun, settings: Settings) -> None:
    """Show euros, rows and the account, and let the person decide; without a terminal nobody can."""
    if not sys.stdin.isatty():
        raise UsageError("There is no terminal to ask at: add --yes to move the credit without asking.")
    from batch.cli.screens import confirmation_screen

    confirmation_screen(checked, settings.api_url)
    print("Move this credit now? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().casefold() not in {"y", "yes"}:
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
    )
    # Listening until the end: who stops a run wants its report and its result as well.
    with SignalBrake().listening() as brake:
        try:
            with progress() as watcher:
                perform(World(client, ledger, now, brake, watcher), batch, options, pages)
        except LedgerError as error:
            # What was sent is in the ledger as far as it could be written; nothing more was sent.
            note(f"creditbatch: {error} `creditbatch resume {batch}` goes on.")
            return 3
        view = ledger.view(batch)
        return _show_result(view, _write_report(view, out or REPORTS / f"{batch}.xlsx"), json=json)


def _write_report(view: BatchView, path: Path) -> Path | None:
    from batch.report.workbook import write_report

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
