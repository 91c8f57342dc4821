"""Every command with its options. Each imports what it needs when it is called, so that `--help` stays instant.

This module is imported once the language is chosen: the texts in it are looked up as it is read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from batch import __version__
from batch.cli.help import App, Group
from batch.language import _

_LONGEST_PERIOD = 60
app = App(
    name="creditbatch",
    cls=Group,
    help=_("Pay a sheet of SMS Partner sub-account credits, each row exactly once."),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

SheetFile = Annotated[Path, typer.Argument(metavar=_("SHEET"), help=_("The Excel, OpenDocument or CSV file."))]
Json = Annotated[bool, typer.Option("--json", help=_("Print one JSON document on standard output."))]


def _writable(out: Path | None) -> Path | None:
    """A name that does not say what the file is to be is refused before anything else is done."""
    if out is not None:
        from batch.output import refuse_other_suffixes

        refuse_other_suffixes(out)
    return out


Out = Annotated[
    Optional[Path],  # noqa: UP045 (typer)
    typer.Option("--out", callback=_writable, help=_("Where to write the result: a .xlsx, .csv or .json file.")),
]
SheetName = Annotated[Optional[str], typer.Option("--sheet", help=_("The sheet of the workbook to read."))]  # noqa: UP045
ExpectRows = Annotated[Optional[int], typer.Option("--expect-rows", min=0, help=_("How many rows there must be."))]  # noqa: UP045
ExpectAdded = Annotated[
    Optional[str], typer.Option("--expect-added", help=_("How many euros must be added."))  # noqa: UP045
]
ExpectRemoved = Annotated[
    Optional[str], typer.Option("--expect-removed", help=_("How many euros must be removed."))  # noqa: UP045
]
Columns = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "--column",
        metavar=_("ROLE=TITLE"),
        help=_("Name a column (token, amount, direction, added, removed) by title or letter; may be repeated."),
    ),
]
RememberColumns = Annotated[
    bool, typer.Option("--remember-columns", help=_("Keep what --column says for the next sheet."))
]
Signed = Annotated[bool, typer.Option("--signed", help=_("Amounts with a minus are removes; there is no direction."))]
IncludeHidden = Annotated[bool, typer.Option("--include-hidden", help=_("Hidden rows and columns are meant as well."))]
RemovesFirst = Annotated[bool, typer.Option("--removes-first", help=_("Send every remove before the first add."))]
Pace = Annotated[
    Optional[float],  # noqa: UP045
    typer.Option("--max-per-second", min=0, help=_("Make no more calls a second (0: as many as can be made).")),
]
AskBeforeResend = Annotated[
    bool, typer.Option("--ask-before-resend", help=_("Let a person agree before a lost movement is sent again."))
]
Period = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--period", help=_("What the list pays for, such as a week: two periods may ask for the same.")),
]
BatchName = Annotated[str, typer.Argument(metavar=_("BATCH"), help=_("The batch, as `creditbatch batches` names it."))]


def _period_of(text: str | None) -> str | None:
    """A period with nothing in it is none."""
    return " ".join((text or "").split())[:_LONGEST_PERIOD] or None


def _version(*, value: bool) -> None:
    if value:
        typer.echo(f"creditbatch {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=lambda value: _version(value=value), is_eager=True, help=_("The version.")),
    ] = False,
) -> None:
    pass


@app.command(help=_("Dry run: what is wrong with a sheet, and the forecast."))
def check(
    sheet: SheetFile,
    *,
    json: Json = False,
    offline: Annotated[bool, typer.Option("--offline", help=_("Do not ask the provider."))] = False,
    expect_rows: ExpectRows = None,
    expect_added: ExpectAdded = None,
    expect_removed: ExpectRemoved = None,
    removes_first: RemovesFirst = False,
    sheet_name: SheetName = None,
    column: Columns = None,
    remember_columns: RememberColumns = False,
    signed: Signed = False,
    include_hidden: IncludeHidden = False,
    period: Period = None,
    annotate: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--annotate", help=_("Write your own workbook with the findings marked in it.")),
    ] = None,
    out: Out = None,
) -> None:
    from batch.cli.checking import CheckRequest, check_command, conventions_of, expected_of

    expected = expected_of(expect_rows, expect_added, expect_removed)
    conventions = conventions_of(column or [], remember=remember_columns, signed=signed, include_hidden=include_hidden)
    request = CheckRequest(
        sheet,
        sheet_name,
        expected,
        removes_first=removes_first,
        offline=offline,
        conventions=conventions,
        remember_columns=remember_columns,
        period=_period_of(period),
    )
    raise typer.Exit(check_command(request, json=json, out=out, annotated=annotate))


@app.command(help=_("Check, show the totals, ask, perform, write the report."))
def run(
    sheet: SheetFile,
    *,
    json: Json = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help=_("Do not ask before moving credit."))] = False,
    skip_invalid: Annotated[bool, typer.Option("--skip-invalid", help=_("Run the rows without errors."))] = False,
    partial: Annotated[
        bool, typer.Option("--partial", help=_("Run even if the forecast says that some rows will be refused."))
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help=_("Run a plan that has already been run (needs --why)."))
    ] = False,
    why: Annotated[Optional[str], typer.Option("--why", help=_("The reason, for the ledger."))] = None,  # noqa: UP045
    expect_rows: ExpectRows = None,
    expect_added: ExpectAdded = None,
    expect_removed: ExpectRemoved = None,
    removes_first: RemovesFirst = False,
    sheet_name: SheetName = None,
    column: Columns = None,
    remember_columns: RememberColumns = False,
    signed: Signed = False,
    include_hidden: IncludeHidden = False,
    only_unsettled: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--only-unsettled", metavar=_("BATCH"), help=_("Send what this earlier batch has not done.")),
    ] = None,
    period: Period = None,
    max_per_second: Pace = None,
    ask_before_resend: AskBeforeResend = False,
    out: Out = None,
) -> None:
    from batch.choices import Choices
    from batch.cli.checking import CheckRequest, conventions_of, expected_of
    from batch.cli.running import run_command

    expected = expected_of(expect_rows, expect_added, expect_removed)
    conventions = conventions_of(column or [], remember=remember_columns, signed=signed, include_hidden=include_hidden)
    request = CheckRequest(
        sheet,
        sheet_name,
        expected,
        removes_first=removes_first,
        offline=False,
        conventions=conventions,
        remember_columns=remember_columns,
    )
    choices = Choices(
        skip_invalid=skip_invalid,
        partial=partial,
        again=again,
        why=why,
        only_unsettled=only_unsettled,
        ask_before_resend=ask_before_resend,
        max_per_second=max_per_second,
        period=_period_of(period),
    )
    raise typer.Exit(run_command(request, choices, yes=yes, json=json, out=out))


@app.command(help=_("Carry on a stopped or crashed batch."))
def resume(
    batch: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(metavar=_("[BATCH]"), help=_("The one that has not ended unless named.")),
    ] = None,
    *,
    json: Json = False,
    max_per_second: Pace = None,
    ask_before_resend: Annotated[
        Optional[bool],  # noqa: UP045
        typer.Option(
            "--ask-before-resend/--no-ask-before-resend",
            help=_("Let a person agree before a lost movement is sent again, or not any more."),
        ),
    ] = None,
    out: Out = None,
) -> None:
    from batch.cli.running import GivenManner, resume_command

    raise typer.Exit(resume_command(batch, GivenManner(max_per_second, ask_before_resend), json=json, out=out))


@app.command(help=_("End a batch that was begun: what it has not sent it never will."))
def abandon(
    batch: BatchName, *, why: Annotated[str, typer.Option("--why", help=_("The reason, for the ledger."))] = ""
) -> None:
    from batch.cli.running import abandon_command

    raise typer.Exit(abandon_command(batch, why=why))


@app.command(help=_("Decide about a row in doubt, with the evidence."))
def resolve(
    batch: BatchName,
    row: Annotated[int, typer.Argument(metavar=_("ROW"), help=_("The row's number in the sheet."))],
    *,
    applied: Annotated[
        Optional[bool],  # noqa: UP045
        typer.Option("--applied/--not-applied", help=_("What a person found out.")),
    ] = None,
    why: Annotated[str, typer.Option("--why", help=_("How it was found out, for the ledger."))] = "",
) -> None:
    from batch.cli.deciding import resolve_command

    raise typer.Exit(resolve_command(batch, row, applied=applied, why=why))


@app.command(help=_("List the batches in the ledger, newest first."))
def batches(*, json: Json = False) -> None:
    from batch.cli.history import batches_command

    raise typer.Exit(batches_command(json=json))


@app.command(help=_("Show what has become of a batch, row by row."))
def show(batch: BatchName, *, json: Json = False) -> None:
    from batch.cli.history import show_command

    raise typer.Exit(show_command(batch, json=json))


@app.command(help=_("Write a batch's workbook again, from the ledger."))
def report(batch: BatchName, *, out: Out = None) -> None:
    from batch.cli.history import report_command

    raise typer.Exit(report_command(batch, out=out))


@app.command(help=_("Prove that a batch's record was not changed."))
def verify(
    batch: BatchName,
    *,
    report: Annotated[Optional[Path], typer.Option("--report", help=_("A report to compare as well."))] = None,  # noqa: UP045
) -> None:
    from batch.cli.history import verify_command

    raise typer.Exit(verify_command(batch, report))


@app.command(help=_("Copy the ledger to a new file, also while a batch is run."))
def backup(
    file: Annotated[Path, typer.Argument(metavar=_("FILE"), help=_("The copy; a file that exists is not replaced."))],
) -> None:
    from batch.cli.backup import backup_command

    raise typer.Exit(backup_command(file))


@app.command(help=_("Write the accounting entries of what a batch did."))
def journal(
    batch: BatchName,
    *,
    layout: Annotated[
        str, typer.Option("--format", help=_("fec, the French tax administration's columns, or csv, a plain table."))
    ] = "fec",
    out: Annotated[Optional[Path], typer.Option("--out", help=_("Where to write the entries."))] = None,  # noqa: UP045
) -> None:
    from batch.cli.journal import journal_command

    raise typer.Exit(journal_command(batch, layout, out=out))


@app.command(help=_("Show the main balance and every sub-account's."))
def accounts(*, json: Json = False) -> None:
    from batch.cli.accounts import accounts_command

    raise typer.Exit(accounts_command(json=json))


@app.command(help=_("Write a workbook to fill in."))
def template(
    *,
    from_account: Annotated[
        bool, typer.Option("--from-account", help=_("List the account's sub-accounts and their balances in it."))
    ] = False,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--out", help=_("Where to write the workbook.")),
    ] = None,
) -> None:
    from batch.cli.template import template_command

    raise typer.Exit(template_command(out, from_account=from_account))


@app.command(help=_("A local stand-in for the provider, with faults."))
def sandbox(
    *,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help=_("0 takes a free one."))] = 8765,
    key: Annotated[str, typer.Option("--key", help=_("The API key it accepts."))] = "sandbox-key",
    subaccounts: Annotated[int, typer.Option("--subaccounts", min=0, max=100_000, help=_("How many."))] = 29,
    state: Annotated[Optional[Path], typer.Option("--state", help=_("A file to keep the balances in."))] = None,  # noqa: UP045
    latency_ms: Annotated[float, typer.Option("--latency-ms", min=0, help=_("Wait before every answer."))] = 0.0,
    language: Annotated[str, typer.Option("--language", help=_("Of the messages: fr or en."))] = "fr",
    error_status: Annotated[int, typer.Option("--error-status", help=_("HTTP status of a refusal: 200 or 400."))] = 200,
    fault: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--fault", help=_("A fault, such as reset-after:skip=3 (see docs/sandbox.md); may be repeated.")),
    ] = None,
    drift: Annotated[str, typer.Option("--drift", help=_("Euros that a sub-account spends between two looks."))] = "0",
) -> None:
    from batch.cli.sandbox import sandbox_command

    sandbox_command(
        port=port,
        key=key,
        subaccounts=subaccounts,
        state=state,
        latency_ms=latency_ms,
        language=language,
        error_status=error_status,
        faults=fault or [],
        drift=drift,
    )


@app.command(help=_("Sandbox, sample sheet and report, in one go."))
def demo(
    *, out: Annotated[Path, typer.Option("--out", help=_("The folder for the report."))] = Path("reports")
) -> None:
    from batch.cli.demo import demo_command

    raise typer.Exit(demo_command(out))


@app.command(help=_("The web site: upload, review, approve, watch, file."))
def serve(
    *,
    host: Annotated[str, typer.Option("--host", help=_("The address to listen on."))] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help=_("0 takes a free one."))] = 8000,
    demo: Annotated[bool, typer.Option("--demo", help=_("Against a sandbox, with three people to be."))] = False,
    open_browser: Annotated[bool, typer.Option("--open", help=_("Open it in the browser."))] = False,
    link_for: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--link-for", help=_("Print a one-time link with which this person sets a new password.")),
    ] = None,
) -> None:
    from batch.cli.serve import Served, serve_command

    raise typer.Exit(serve_command(Served(host, port, demo, open_browser, link_for)))
