"""Check a sheet and show what is found; hand it back with its mistakes marked."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from batch.cli.terminal import (
    agree_to_address,
    has_ledger,
    open_client,
    open_ledger,
    print_json,
    read_clock,
    read_environment,
    say,
)
from batch.errors import SettingsError, UsageError
from batch.export import make_dry_run_document, refuse_replacing, write_dry_run
from batch.files import open_whole_file
from batch.frames import CheckedSheet
from batch.i18n import _
from batch.model import ColumnRole
from batch.money import ZERO
from batch.settings import Choices, Secret, Settings, load_key, load_settings
from batch.sheet import Limits, Reader, open_sheet, read_sheet
from batch.sheet.source_file import load_original
from batch.validation.amounts import read_amount
from batch.validation.check_sheet import Conventions, Expected, choose_header, keep_titles
from batch.validation.header import PAIR, WORDED

if TYPE_CHECKING:
    from decimal import Decimal

    from batch.frames import CheckedSheet, Grid
    from batch.provider.client import Client
    from batch.runner.dry_run import AccountSnapshot, DryRun


def refuse_annotating(sheet: Path, out: Path, report: Path | None, *, force: bool) -> None:
    """Refuse at once what cannot be the name of the marked workbook, beside that of the report."""
    wanted = ".xlsm" if sheet.suffix.lower() == ".xlsm" else ".xlsx"
    if out.suffix.lower() not in {".xlsx", wanted}:
        sentence = _("{path} cannot be the marked workbook: give it the ending {ending}.")
        raise UsageError(sentence.format(path=out, ending=wanted))
    if report is not None and report.resolve() == out.resolve():
        raise UsageError(_("--annotate and --out name the same file: choose another name for one of them."))
    refuse_replacing(out, force=force, option="--annotate", sheet=sheet)


def write_annotated(path: Path, checked: CheckedSheet, out: Path, limits: Limits) -> None:
    """Write the marked workbook, and say what could not be kept."""
    from batch.annotation import annotate

    original = load_original(path, limits)
    if original.sha256 != checked.source.sha256:
        raise UsageError(_("{file} was changed while it was checked: check it again.").format(file=original.name))
    annotated = annotate(
        original, checked.source, checked.all_findings, keeps_macros=out.suffix.lower() == ".xlsm", limits=limits
    )
    with open_whole_file(out) as file:
        file.write(annotated.data)
    for remark in annotated.remarks:
        say("creditbatch: " + remark)
    say(_("Marked workbook: {path}").format(path=out))


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """Which sheet is to be checked, and how it is to be read."""

    path: Path
    sheet_name: str | None = None
    expected: Expected = field(default_factory=Expected)
    conventions: Conventions = field(default_factory=Conventions)
    remember_columns: bool = False
    removes_first: bool = False


def read_request(
    sheet: Path,
    *,
    sheet_name: str | None,
    expect_rows: int | None,
    expect_added: str | None,
    expect_removed: str | None,
    columns: Sequence[str],
    remember_columns: bool,
    signed: bool,
    include_hidden: bool,
    removes_first: bool,
) -> CheckRequest:
    """Read the options of how a sheet is to be read. Amounts are understood as they are in a sheet."""
    return CheckRequest(
        sheet,
        sheet_name,
        Expected(
            expect_rows, _read_euros("--expect-added", expect_added), _read_euros("--expect-removed", expect_removed)
        ),
        Conventions(
            _read_columns(columns, remember=remember_columns),
            signed=signed,
            include_hidden=include_hidden,
            sheet=sheet_name,
        ),
        remember_columns=remember_columns,
        removes_first=removes_first,
    )


def _read_columns(columns: Sequence[str], *, remember: bool) -> dict[ColumnRole, str]:
    """Read which title each role has, from texts such as "amount=Avance du mois"."""
    named: dict[ColumnRole, str] = {}
    for column in columns:
        role, _equals, title = (part.strip() for part in column.partition("="))
        if role.casefold() not in set(ColumnRole) or not title:
            sentence = _("--column {column} is not understood: write ROLE=TITLE, where ROLE is one of {roles}.")
            raise UsageError(sentence.format(column=column, roles=", ".join(ColumnRole)))
        if ColumnRole(role.casefold()) in named:
            raise UsageError(_("--column {role} is given twice: name one column.").format(role=role))
        named[ColumnRole(role.casefold())] = title
    if set(PAIR) & set(named) and set(WORDED) & set(named):
        raise UsageError(
            _("--column names an amount or a direction, and a pair of columns as well: name one or the other.")
        )
    if remember and not named:
        raise UsageError(_("--remember-columns keeps what --column says: name a column with it."))
    return named


def check_file(
    request: CheckRequest,
    *,
    offline: bool = False,
    period: str | None = None,
    json: bool = False,
    out: Path | None = None,
    annotated: Path | None = None,
    force: bool = False,
) -> int:
    """Check, print, and write the dry run's workbook or the marked one if asked to; return the exit code."""
    if out is not None:
        refuse_replacing(out, force=force, sheet=request.path)
    if annotated is not None:
        refuse_annotating(request.path, annotated, out, force=force)
    environ = read_environment()
    settings = load_settings(environ)
    key = _find_key(settings, environ) if offline else load_key(environ)
    asks = key is not None and not offline
    if key is not None and asks:
        agree_to_address(settings, key)
    # Not only when `check_request` begins: the rows of a text file may be there before.
    gc.disable()
    with (
        begin_reading(request, settings) as reader,
        open_client(settings, key) if key and asks else nullcontext(None) as client,
    ):
        checked = check_request(request, settings, reader, client, lambda found: _find_account(settings, key, found))
    account = _find_account(settings, key, checked.account)
    if account is not None:
        from batch.runner.acceptance import check_against_ledger

        checked = check_against_ledger(checked, open_ledger(settings), account, Choices(period=period))
    if out is not None:
        write_dry_run(out, checked)
    if annotated is not None:
        write_annotated(request.path, checked.sheet, annotated, make_limits(settings))
    show_dry_run(checked, json=json, report=out)
    return 0 if checked.is_clean else 1


def _find_account(settings: Settings, key: Secret | None, account: AccountSnapshot | None) -> int | None:
    """Find the account of the key, or of what the provider says of it, if there is a ledger that knows it."""
    if key is None or not has_ledger(settings):
        return None
    from batch.runner.open_account import find_account

    owner = account.owner if account else None
    return find_account(open_ledger(settings), settings.api_url, key.compute_fingerprint(), owner)


def _find_key(settings: Settings, environ: Mapping[str, str]) -> Secret | None:
    """Find the key that offline only tells whose list it is, where there are lists to compare with."""
    try:
        return load_key(environ) if has_ledger(settings) else None
    except SettingsError:
        return None


def make_limits(settings: Settings) -> Limits:
    return Limits.from_settings(
        file_mb=settings.max_file_mb, unpacked_mb=settings.max_unpacked_mb, rows=settings.max_rows
    )


def begin_reading(request: CheckRequest, settings: Settings) -> Reader:
    """Begin to read the sheet, most often in a child process: what takes time besides can be done meanwhile."""
    columns = request.conventions.columns
    return open_sheet(request.path, sheet=request.sheet_name, columns=columns, limits=make_limits(settings))


def check_request(
    request: CheckRequest,
    settings: Settings,
    reader: Reader,
    client: Client | None,
    account_of: Callable[[AccountSnapshot | None], int | None],
) -> DryRun:
    """Ask the provider about the account while the sheet is read, and check it. Columns are remembered by what
    `account_of` says: which account of the ledger it is.
    """
    from batch.runner.dry_run import make_dry_run, read_account

    # A sheet has no cycles, and looking for some among many rows would take as long as the checks.
    gc.disable()
    try:
        account = read_account(client, settings.api_url, read_clock) if client else None
        grid, conventions = _complete_reading(reader.result(), request, settings, lambda: account_of(account))
        checked = make_dry_run(
            grid, account, request.expected, conventions, removes_first=request.removes_first, at=read_clock()
        )
    finally:
        # What was made meanwhile is kept until the process ends, so that it need not be looked through.
        gc.freeze()
        gc.enable()
    if request.remember_columns:
        open_ledger(settings)
        from batch.ledger.orm.queries import remember_columns

        remember_columns(account_of(account), keep_titles(checked.sheet, conventions.columns), read_clock())
    return checked


def _complete_reading(
    grid: Grid, request: CheckRequest, settings: Settings, account: Callable[[], int | None]
) -> tuple[Grid, Conventions]:
    """Complete how the grid is to be read with what was named for an earlier sheet, where that is needed."""
    header = choose_header(grid, request.conventions)
    # A check never makes a ledger for it.
    if (header is not None and not header.missing) or not has_ledger(settings):
        return grid, request.conventions
    open_ledger(settings)
    from batch.ledger.orm.queries import recall_columns

    remembered = recall_columns(account())
    if not remembered:
        return grid, request.conventions
    # With more known of the columns, another sheet of the workbook may be the one that is meant.
    columns = {**remembered, **request.conventions.columns}
    grid = read_sheet(request.path, sheet=request.sheet_name, columns=columns, limits=make_limits(settings))
    return grid, replace(request.conventions, remembered=remembered)


def show_dry_run(checked: DryRun, *, json: bool, report: Path | None) -> None:
    if json:
        print_json(make_dry_run_document(checked, str(report) if report else None))
        return
    from batch.cli.screens import print_dry_run

    print_dry_run(checked, report)


def _read_euros(option: str, text: str | None) -> Decimal | None:
    if text is None:
        return None
    reading = read_amount(text)
    if reading.amount is not None and reading.sign != "-":
        return reading.amount
    if reading.broken == "amount-zero":
        return ZERO
    sentence = _("{option} {value} is not an amount of euros that can be read in one way: write it like 1234.50.")
    raise UsageError(sentence.format(option=option, value=text))
