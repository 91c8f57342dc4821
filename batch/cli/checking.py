"""`check`: read the sheet in its child process while the provider is asked, and say everything there is to say."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from batch.cli.console import print_json
from batch.cli.surroundings import account_of, has_ledger, now, open_client, open_ledger, read_environment
from batch.errors import UsageError
from batch.rules.amounts import read_amount
from batch.rules.checks import Expected
from batch.settings import load_key, load_settings
from batch.sheet import open_sheet

if TYPE_CHECKING:
    from decimal import Decimal

    from batch.provider.client import Client
    from batch.runner.dry_run import DryRun


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """Which sheet is to be checked, and how."""

    path: Path
    sheet_name: str | None
    expected: Expected
    removes_first: bool
    offline: bool


def expected_of(rows: int | None, added: str | None, removed: str | None) -> Expected:
    """The control totals of the command line; amounts are understood as they are in a sheet."""
    return Expected(rows, _euros("--expect-added", added), _euros("--expect-removed", removed))


def check_command(request: CheckRequest, *, json: bool, out: Path | None) -> int:
    """Check, print, and write the dry run's workbook if asked to. Returns the exit code."""
    environ = read_environment()
    settings = load_settings(environ)
    key = None if request.offline else load_key(environ)
    with open_client(settings, key) if key else nullcontext(None) as client:
        checked = dry_run_of(request, settings.api_url, client)
    if key and has_ledger(settings):
        from batch.runner.likeness import with_likeness

        checked = with_likeness(checked, open_ledger(settings), account_of(settings, key))
    if out is not None:
        from batch.report.workbook import write_report

        write_report(out, checked.view, checked.forecast)
    show_dry_run(checked, json=json, report=out)
    return 0 if checked.is_clean else 1


def dry_run_of(request: CheckRequest, api_url: str, client: Client | None) -> DryRun:
    """Read the sheet and the account side by side: the child process starts while the provider answers."""
    with open_sheet(request.path, sheet=request.sheet_name) as reader, _uncollected():
        from batch.runner.dry_run import dry_run, read_account

        account = read_account(client, api_url, now) if client else None
        grid = reader.result()
        return dry_run(grid, account, request.expected, removes_first=request.removes_first, at=now())


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without looking for cycles, of which a sheet has none: with many rows that takes as long as the checks."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def show_dry_run(checked: DryRun, *, json: bool, report: Path | None) -> None:
    """The dry run, for a script or for a person."""
    from batch.document import dry_run_document

    if json:
        print_json(dry_run_document(checked, str(report) if report else None))
        return
    from batch.cli.screens import dry_run_screen

    dry_run_screen(checked, report)


def _euros(option: str, text: str | None) -> Decimal | None:
    if text is None:
        return None
    reading = read_amount(text)
    if reading.amount is not None and reading.sign != "-":
        return reading.amount
    if reading.broken == "amount-zero":
        from batch.money import ZERO

        return ZERO
    raise UsageError(f"{option} {text} is not an amount of euros that can be read in one way: write it like 1234.50.")
