"""Every command with its options. Each imports what it needs when it is called, so that `--help` stays instant."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from batch import __version__

app = typer.Typer(
    name="creditbatch",
    help="Pay a sheet of SMS Partner sub-account credits, each row exactly once.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

SheetFile = Annotated[Path, typer.Argument(metavar="SHEET", help="The Excel, OpenDocument or CSV file.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Out = Annotated[Optional[Path], typer.Option("--out", help="Where to write the workbook.")]  # noqa: UP045 (typer)
SheetName = Annotated[Optional[str], typer.Option("--sheet", help="The sheet of the workbook to read.")]  # noqa: UP045
ExpectRows = Annotated[Optional[int], typer.Option("--expect-rows", min=0, help="How many rows there must be.")]  # noqa: UP045
ExpectAdded = Annotated[
    Optional[str], typer.Option("--expect-added", help="How many euros must be added.")  # noqa: UP045
]
ExpectRemoved = Annotated[
    Optional[str], typer.Option("--expect-removed", help="How many euros must be removed.")  # noqa: UP045
]
RemovesFirst = Annotated[bool, typer.Option("--removes-first", help="Send every remove before the first add.")]
Pace = Annotated[
    Optional[float], typer.Option("--max-per-second", min=0.001, help="Send no more movements a second.")  # noqa: UP045
]
AskBeforeResend = Annotated[
    bool, typer.Option("--ask-before-resend", help="Let a person agree before a lost movement is sent again.")
]
BatchName = Annotated[str, typer.Argument(metavar="BATCH", help="The batch, as `creditbatch batches` names it.")]


def _version(*, value: bool) -> None:
    if value:
        typer.echo(f"creditbatch {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=lambda value: _version(value=value), is_eager=True, help="The version."),
    ] = False,
) -> None:
    """Pay a sheet of SMS Partner sub-account credits, each row exactly once."""


@app.command()
def check(
    sheet: SheetFile,
    *,
    json: Json = False,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the provider.")] = False,
    expect_rows: ExpectRows = None,
    expect_added: ExpectAdded = None,
    expect_removed: ExpectRemoved = None,
    removes_first: RemovesFirst = False,
    sheet_name: SheetName = None,
    out: Out = None,
) -> None:
    """Dry run: what is wrong with a sheet, and the forecast."""
    from batch.cli.checking import CheckRequest, check_command, expected_of

    expected = expected_of(expect_rows, expect_added, expect_removed)
    request = CheckRequest(sheet, sheet_name, expected, removes_first=removes_first, offline=offline)
    raise typer.Exit(check_command(request, json=json, out=out))


@app.command()
def run(
    sheet: SheetFile,
    *,
    json: Json = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before moving credit.")] = False,
    skip_invalid: Annotated[bool, typer.Option("--skip-invalid", help="Run the rows without errors.")] = False,
    partial: Annotated[
        bool, typer.Option("--partial", help="Run even if the forecast says that some rows will be refused.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Run a plan that has already been run (needs --why).")] = False,
    why: Annotated[Optional[str], typer.Option("--why", help="The reason, for the ledger.")] = None,  # noqa: UP045
    expect_rows: ExpectRows = None,
    expect_added: ExpectAdded = None,
    expect_removed: ExpectRemoved = None,
    removes_first: RemovesFirst = False,
    sheet_name: SheetName = None,
    max_per_second: Pace = None,
    ask_before_resend: AskBeforeResend = False,
    out: Out = None,
) -> None:
    """Check, show the totals, ask, perform, write the report."""
    from batch.cli.checking import CheckRequest, expected_of
    from batch.cli.running import Consent, Manner, run_command

    expected = expected_of(expect_rows, expect_added, expect_removed)
    request = CheckRequest(sheet, sheet_name, expected, removes_first=removes_first, offline=False)
    consent = Consent(yes=yes, skip_invalid=skip_invalid, partial=partial, again=again, why=why)
    manner = Manner(max_per_second, ask_before_resend)
    raise typer.Exit(run_command(request, consent, manner, json=json, out=out))


@app.command()
def resume(
    batch: Annotated[Optional[str], typer.Argument(metavar="[BATCH]", help="The latest unless named.")] = None,  # noqa: UP045
    *,
    json: Json = False,
    max_per_second: Pace = None,
    ask_before_resend: AskBeforeResend = False,
    out: Out = None,
) -> None:
    """Carry on a stopped or crashed batch."""
    from batch.cli.running import Manner, resume_command

    raise typer.Exit(resume_command(batch, Manner(max_per_second, ask_before_resend), json=json, out=out))


@app.command()
def resolve(
    batch: BatchName,
    row: Annotated[int, typer.Argument(metavar="ROW", help="The row's number in the sheet.")],
    *,
    applied: Annotated[
        Optional[bool],  # noqa: UP045
        typer.Option("--applied/--not-applied", help="What a person found out."),
    ] = None,
    why: Annotated[str, typer.Option("--why", help="How it was found out, for the ledger.")] = "",
) -> None:
    """Decide about a row in doubt, with the evidence."""
    from batch.cli.deciding import resolve_command

    raise typer.Exit(resolve_command(batch, row, applied=applied, why=why))


@app.command()
def batches(*, json: Json = False) -> None:
    """List the batches in the ledger, newest first."""
    from batch.cli.history import batches_command

    raise typer.Exit(batches_command(json=json))


@app.command()
def show(batch: BatchName, *, json: Json = False) -> None:
    """Show what has become of a batch, row by row."""
    from batch.cli.history import show_command

    raise typer.Exit(show_command(batch, json=json))


@app.command()
def report(batch: BatchName, *, out: Out = None) -> None:
    """Write a batch's workbook again, from the ledger."""
    from batch.cli.history import report_command

    raise typer.Exit(report_command(batch, out=out))


@app.command()
def verify(
    batch: BatchName,
    *,
    report: Annotated[Optional[Path], typer.Option("--report", help="A report to compare as well.")] = None,  # noqa: UP045
) -> None:
    """Prove that a batch's record was not changed."""
    from batch.cli.history import verify_command

    raise typer.Exit(verify_command(batch, report))


@app.command()
def accounts(*, json: Json = False) -> None:
    """Show the main balance and every sub-account's."""
    from batch.cli.accounts import accounts_command

    raise typer.Exit(accounts_command(json=json))


@app.command()
def sandbox(
    *,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 8765,
    key: Annotated[str, typer.Option("--key", help="The API key it accepts.")] = "sandbox-key",
    subaccounts: Annotated[int, typer.Option("--subaccounts", min=0, max=100_000, help="How many.")] = 29,
    state: Annotated[Optional[Path], typer.Option("--state", help="A file to keep the balances in.")] = None,  # noqa: UP045
    latency_ms: Annotated[float, typer.Option("--latency-ms", min=0, help="Wait before every answer.")] = 0.0,
    language: Annotated[str, typer.Option("--language", help="Of the messages: fr or en.")] = "fr",
    error_status: Annotated[int, typer.Option("--error-status", help="HTTP status of a refusal: 200 or 400.")] = 200,
    fault: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--fault", help="A fault, such as reset-after:skip=3 (see docs/sandbox.md); may be repeated."),
    ] = None,
    drift: Annotated[str, typer.Option("--drift", help="Euros that a sub-account spends between two looks.")] = "0",
) -> None:
    """A local stand-in for the provider, with faults."""
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


@app.command()
def demo(*, out: Annotated[Path, typer.Option("--out", help="The folder for the report.")] = Path("reports")) -> None:
    """Sandbox, sample sheet and report, in one go."""
    from batch.cli.demo import demo_command

    raise typer.Exit(demo_command(out))
