"""Every command with its options. Each imports what it needs when it is called, so that `--help` stays instant.

This module is imported once the language is chosen: the texts in it are looked up as it is read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from batch import __version__
from batch.cli import options
from batch.language import _


class InOrder(click.Group):
    """Commands in the order in which they are needed, not in that of the alphabet."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Name them as they follow here."""
        return list(self.commands)


@click.group(
    cls=InOrder,
    help=_("Pay a sheet of SMS Partner sub-account credits, each row exactly once."),
    subcommand_metavar=_("COMMAND [ARGUMENTS]…"),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100, "show_default": True},
)
@click.version_option(__version__, message="creditbatch %(version)s", help=_("The version."))
def app() -> None:
    pass


@app.command(help=_("Dry run: what is wrong with a sheet, and the forecast."))
@options.sheet
@options.json
@click.option("--offline", is_flag=True, help=_("Do not ask the provider."))
@options.add_reading
@options.period
@click.option(
    "--annotate", type=Path, metavar=_("FILE"), help=_("Write your own workbook with the findings marked in it.")
)
@options.out
def check(
    *, json: bool, offline: bool, period: str | None, annotate: Path | None, out: Path | None, **asked: Any
) -> int:
    from batch.cli.checking import check_command, read_request

    request = read_request(**asked)
    return check_command(request, offline=offline, period=period, json=json, out=out, annotated=annotate)


@app.command(help=_("Check, show the totals, ask, perform, write the report."))
@options.sheet
@options.json
@click.option("--yes", "-y", is_flag=True, help=_("Do not ask before moving credit."))
@click.option("--skip-invalid", is_flag=True, help=_("Run the rows without errors."))
@click.option("--partial", is_flag=True, help=_("Run even if the forecast says that some rows will be refused."))
@click.option("--again", is_flag=True, help=_("Run a plan that has already been run (needs --why)."))
@options.why
@options.add_reading
@click.option("--only-unsettled", metavar=_("BATCH"), help=_("Send what this earlier batch has not done."))
@options.period
@options.max_per_second
@click.option("--ask-before-resend", is_flag=True, help=_("Let a person agree before a lost movement is sent again."))
@options.out
def run(
    *,
    json: bool,
    yes: bool,
    skip_invalid: bool,
    partial: bool,
    again: bool,
    why: str | None,
    only_unsettled: str | None,
    period: str | None,
    max_per_second: float | None,
    ask_before_resend: bool,
    out: Path | None,
    **asked: Any,
) -> int:
    from batch.choices import Choices
    from batch.cli.checking import read_request
    from batch.cli.running import run_command

    choices = Choices(
        skip_invalid=skip_invalid,
        partial=partial,
        again=again,
        why=why,
        only_unsettled=only_unsettled,
        period=period,
        max_per_second=max_per_second,
        ask_before_resend=ask_before_resend,
    )
    return run_command(read_request(**asked), choices, yes=yes, json=json, out=out)


@app.command(help=_("Carry on a stopped or crashed batch."))
@click.argument("batch", required=False, metavar=_("[BATCH]"), help=_("The one that has not ended unless named."))
@options.json
@options.max_per_second
@click.option(
    "--ask-before-resend/--no-ask-before-resend",
    default=None,
    help=_("Let a person agree before a lost movement is sent again, or not any more."),
)
@options.out
def resume(**given: Any) -> int:
    from batch.cli.running import resume_command

    return resume_command(**given)


@app.command(help=_("End a batch that was begun: what it has not sent it never will."))
@options.batch
@options.why
def abandon(batch: str, why: str | None) -> int:
    from batch.cli.running import abandon_command

    return abandon_command(batch, why=why or "")


@app.command(help=_("Decide about a row in doubt, with the evidence."))
@options.batch
@click.argument("row", type=options.WholeNumber(), metavar=_("ROW"), help=_("The row's number in the sheet."))
@click.option("--applied/--not-applied", default=None, help=_("What a person found out."))
@click.option("--why", metavar=_("TEXT"), help=_("How it was found out, for the ledger."))
def resolve(batch: str, row: int, *, applied: bool | None, why: str | None) -> int:
    from batch.cli.deciding import resolve_command

    return resolve_command(batch, row, applied=applied, why=why or "")


@app.command(help=_("List the batches in the ledger, newest first."))
@options.json
def batches(*, json: bool) -> int:
    from batch.cli.history import batches_command

    return batches_command(json=json)


@app.command(help=_("Show what has become of a batch, row by row."))
@options.batch
@options.json
def show(batch: str, *, json: bool) -> int:
    from batch.cli.history import show_command

    return show_command(batch, json=json)


@app.command(help=_("Write a batch's workbook again, from the ledger."))
@options.batch
@options.out
def report(batch: str, out: Path | None) -> int:
    from batch.cli.history import report_command

    return report_command(batch, out=out)


@app.command(help=_("Prove that a batch's record was not changed."))
@options.batch
@click.option("--report", type=Path, metavar=_("FILE"), help=_("A report to compare as well."))
def verify(batch: str, report: Path | None) -> int:
    from batch.cli.history import verify_command

    return verify_command(batch, report)


@app.command(help=_("Copy the ledger to a new file, also while a batch is run."))
@click.argument("file", type=Path, metavar=_("FILE"), help=_("The copy; a file that exists is not replaced."))
def backup(file: Path) -> int:
    from batch.cli.backup import backup_command

    return backup_command(file)


@app.command(help=_("Write the accounting entries of what a batch did."))
@options.batch
@click.option(
    "--format",
    "layout",
    type=click.Choice(["fec", "csv"]),
    default="fec",
    help=_("fec, the French tax administration's columns, or csv, a plain table."),
)
@click.option("--out", type=Path, metavar=_("FILE"), help=_("Where to write the entries."))
def journal(batch: str, layout: str, out: Path | None) -> int:
    from batch.cli.journal import journal_command

    return journal_command(batch, layout, out=out)


@app.command(help=_("Show the main balance and every sub-account's."))
@options.json
def accounts(*, json: bool) -> int:
    from batch.cli.accounts import accounts_command

    return accounts_command(json=json)


@app.command(help=_("Write a workbook to fill in."))
@click.option("--from-account", is_flag=True, help=_("List the account's sub-accounts and their balances in it."))
@click.option("--out", type=Path, metavar=_("FILE"), help=_("Where to write the workbook."))
def template(*, from_account: bool, out: Path | None) -> int:
    from batch.cli.template import template_command

    return template_command(out, from_account=from_account)


@app.command(help=_("A local stand-in for the provider, with faults."))
@click.option("--port", type=options.WholeNumber(0, 65535), default=8765, metavar="N", help=_("0 takes a free one."))
@click.option("--key", default="sandbox-key", metavar=_("KEY"), help=_("The API key it accepts."))
@click.option("--subaccounts", type=options.WholeNumber(0, 100_000), default=29, metavar="N", help=_("How many."))
@click.option("--state", type=Path, metavar=_("FILE"), help=_("A file to keep the balances in."))
@click.option("--latency-ms", type=options.Number(min=0), default=0.0, metavar="N", help=_("Wait before every answer."))
@click.option("--language", type=click.Choice(["fr", "en"]), default="fr", help=_("Of the messages."))
@click.option("--error-status", type=click.Choice([200, 400]), default=200, help=_("HTTP status of a refusal."))
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar=_("FAULT"),
    help=_("A fault, such as reset-after:skip=3 (see docs/sandbox.md); may be repeated."),
)
@click.option("--drift", default="0", metavar="EUROS", help=_("Euros that a sub-account spends between two looks."))
def sandbox(**given: Any) -> None:
    from batch.cli.sandbox import sandbox_command

    sandbox_command(**given)


@app.command(help=_("Sandbox, sample sheet and report, in one go."))
@click.option("--out", type=Path, default=Path("reports"), metavar=_("FOLDER"), help=_("The folder for the report."))
def demo(out: Path) -> int:
    from batch.cli.demo import demo_command

    return demo_command(out)


@app.command(help=_("The web site: upload, review, approve, watch, file."))
@click.option("--host", default="127.0.0.1", metavar=_("ADDRESS"), help=_("The address to listen on."))
@click.option("--port", type=options.WholeNumber(0, 65535), default=8000, metavar="N", help=_("0 takes a free one."))
@click.option("--demo", is_flag=True, help=_("Against a sandbox, with three people to be."))
@click.option("--open", "open_browser", is_flag=True, help=_("Open it in the browser."))
@click.option(
    "--link-for", metavar=_("NAME"), help=_("Print a one-time link with which this person sets a new password.")
)
def serve(**given: Any) -> int:
    from batch.cli.serve import Served, serve_command

    return serve_command(Served(**given))


for command in (app, *app.commands.values()):
    command.params.append(options.lang)
