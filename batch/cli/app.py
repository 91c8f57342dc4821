"""The command line: every command, its arguments and options. What a command does is loaded when it is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import reduce
from pathlib import Path
from typing import Any

import click

from batch import __version__
from batch.i18n import Language, _

_LONGEST_PERIOD = 60
COMPLETION = "_CREDITBATCH_COMPLETE"
"""What the script that a shell completes by calls this program with."""


class WholeNumber(click.IntRange):
    name = _("whole number")


class Number(click.FloatRange):
    name = _("number")


FILE = click.Path(path_type=Path, readable=False)
"""A path that a shell completes; whether it can be read is for the command to say."""


def _refuse_unclear_name(_context: click.Context, _option: click.Parameter, out: Path | None) -> Path | None:
    """Refuse a name that does not say what the file is to be, before anything else is done."""
    if out is not None:
        from batch.export import refuse_other_suffixes

        refuse_other_suffixes(out)
    return out


def _tidy_period(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    """Take a period with nothing in it for none."""
    return " ".join((text or "").split())[:_LONGEST_PERIOD] or None


sheet = click.argument("sheet", type=FILE, metavar=_("SHEET"), help=_("The Excel, OpenDocument or CSV file."))
batch = click.argument("batch", metavar=_("BATCH"), help=_("The batch's name, which the command batches lists."))
json = click.option("--json", is_flag=True, help=_("Print one JSON document on standard output."))
out = click.option(
    "--out",
    type=FILE,
    metavar=_("FILE"),
    callback=_refuse_unclear_name,
    help=_("Where to write the result: a .xlsx, .csv, .json or .pdf file."),
)
force = click.option("--force", is_flag=True, help=_("Replace a file that is there already."))
timestamp = click.option(
    "--timestamp",
    metavar="URL",
    help=_("Have this authority put the time on the record (RFC 3161)."),
)
why = click.option("--why", metavar=_("TEXT"), help=_("The reason, for the ledger."))
period = click.option(
    "--period",
    metavar=_("TEXT"),
    callback=_tidy_period,
    help=_("What the list pays for, such as a week: two periods may ask for the same."),
)
max_per_second = click.option(
    "--max-per-second",
    type=Number(min=0),
    metavar="N",
    help=_("Make no more calls a second (0: as many as can be made)."),
)
lang = click.Option(
    ["--lang"], metavar=f"[{'|'.join(Language)}]", expose_value=False, help=_("The language; else the system's.")
)
"""Of every command. Only help shows it: it is taken before click is loaded, wherever it stands."""

_READING = (
    click.option("--expect-rows", type=WholeNumber(min=0), metavar="N", help=_("How many rows there must be.")),
    click.option("--expect-added", metavar="EUROS", help=_("How many euros must be added.")),
    click.option("--expect-removed", metavar="EUROS", help=_("How many euros must be removed.")),
    click.option("--removes-first", is_flag=True, help=_("Send every remove before the first add.")),
    click.option("--sheet", "sheet_name", metavar=_("NAME"), help=_("The sheet of the workbook to read.")),
    click.option(
        "--column",
        "columns",
        multiple=True,
        metavar=_("ROLE=TITLE"),
        help=_("Name a column (token, amount, direction, added, removed) by title or letter; may be repeated."),
    ),
    click.option("--remember-columns", is_flag=True, help=_("Keep what --column says for the next sheet.")),
    click.option("--signed", is_flag=True, help=_("Amounts with a minus are removes; there is no direction.")),
    click.option("--include-hidden", is_flag=True, help=_("Hidden rows and columns are meant as well.")),
)


def add_reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    return reduce(lambda decorated, option: option(decorated), reversed(_READING), command)


class InOrder(click.Group):
    """Commands in the order in which they are needed, not in that of the alphabet."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
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
@sheet
@json
@click.option("--offline", is_flag=True, help=_("Do not ask the provider."))
@add_reading_options
@period
@click.option(
    "--annotate", type=FILE, metavar=_("FILE"), help=_("Write your own workbook with the findings marked in it.")
)
@out
@force
def check(
    *,
    json: bool,
    offline: bool,
    period: str | None,
    annotate: Path | None,
    out: Path | None,
    force: bool,
    **asked: Any,
) -> int:
    from batch.cli.check import check_file, read_request

    request = read_request(**asked)
    return check_file(request, offline=offline, period=period, json=json, out=out, annotated=annotate, force=force)


@app.command(help=_("Check, show the totals, ask, perform, write the report."))
@sheet
@json
@click.option("--yes", "-y", is_flag=True, help=_("Do not ask before moving credit."))
@click.option("--skip-invalid", is_flag=True, help=_("Run the rows without errors."))
@click.option("--partial", is_flag=True, help=_("Run even if the forecast says that some rows will be refused."))
@click.option("--again", is_flag=True, help=_("Run a plan that has already been run (needs --why)."))
@why
@add_reading_options
@click.option("--only-unsettled", metavar=_("BATCH"), help=_("Send what this earlier batch has not done."))
@period
@max_per_second
@click.option("--ask-before-resend", is_flag=True, help=_("Let a person agree before a lost movement is sent again."))
@timestamp
@out
@force
def run(
    *, sheet: Path, json: bool, yes: bool, out: Path | None, force: bool, timestamp: str | None, **asked: Any
) -> int:
    from batch.cli.check import read_request
    from batch.cli.run import run_sheet
    from batch.settings import Choices

    # How the sheet is read goes into the record by the dry run.
    names = {item.name for item in fields(Choices)} & asked.keys() - {"removes_first"}
    chosen = {name: asked.pop(name) for name in names}
    request = read_request(sheet, **asked)
    return run_sheet(request, Choices(**chosen), yes=yes, json=json, out=out, force=force, timestamp=timestamp)


@app.command(help=_("Carry on a stopped or crashed batch."))
@click.argument("batch", required=False, metavar=_("[BATCH]"), help=_("The one that has not ended unless named."))
@json
@max_per_second
@click.option(
    "--ask-before-resend/--no-ask-before-resend",
    default=None,
    help=_("Let a person agree before a lost movement is sent again, or not any more."),
)
@timestamp
@out
@force
def resume(**given: Any) -> int:
    from batch.cli.run import resume_batch

    return resume_batch(**given)


@app.command(help=_("End a batch that was begun: it sends nothing more."))
@batch
@why
def abandon(batch: str, why: str | None) -> int:
    from batch.cli.run import abandon_batch

    return abandon_batch(batch, why=why or "")


@app.command(help=_("Decide about a row in doubt, with the evidence."))
@batch
@click.argument("row", type=WholeNumber(), metavar=_("ROW"), help=_("The row's number in the sheet."))
@click.option("--applied/--not-applied", default=None, help=_("What a person found out."))
@click.option("--why", metavar=_("TEXT"), help=_("How it was found out, for the ledger."))
def resolve(batch: str, row: int, *, applied: bool | None, why: str | None) -> int:
    from batch.cli.run import resolve_row

    return resolve_row(batch, row, applied=applied, why=why or "")


@app.command(help=_("List the batches in the ledger, newest first."))
@json
def batches(*, json: bool) -> int:
    from batch.cli.history import list_batches

    return list_batches(json=json)


@app.command(help=_("Show what has become of a batch, row by row."))
@batch
@json
def show(batch: str, *, json: bool) -> int:
    from batch.cli.history import show_batch

    return show_batch(batch, json=json)


@app.command(help=_("Write a batch's workbook again, from the ledger."))
@batch
@timestamp
@out
@force
def report(batch: str, *, out: Path | None, force: bool, timestamp: str | None) -> int:
    from batch.cli.proof import rewrite_report

    return rewrite_report(batch, out=out, force=force, timestamp=timestamp)


@app.command(help=_("Prove that a batch's record was not changed."))
@click.argument("batch", required=False, metavar=_("[BATCH]"), help=_("The batch; none with --all."))
@click.option("--report", type=FILE, metavar=_("FILE"), help=_("A report to compare as well, cell by cell."))
@click.option("--last-hash", metavar="HEX", help=_("The ledger's last hash from a page that was signed."))
@click.option("--all", "is_all", is_flag=True, help=_("Every batch, and that none was taken out."))
@timestamp
@json
def verify(**given: Any) -> int:
    from batch.cli.proof import verify_batches

    return verify_batches(**given)


@app.command(help=_("Write all that proves a batch into one archive."))
@batch
@timestamp
@click.option("--out", type=FILE, metavar=_("FILE"), help=_("Where to write the archive: a .zip file."))
@force
def evidence(batch: str, *, out: Path | None, force: bool, timestamp: str | None) -> int:
    from batch.cli.proof import write_evidence_file

    return write_evidence_file(batch, out=out, force=force, timestamp=timestamp)


@app.command(help=_("Print the public half of the key that signs records."))
@click.option("--out", type=FILE, metavar=_("FILE"), help=_("A file to write it to."))
@force
def key(*, out: Path | None, force: bool) -> int:
    from batch.cli.proof import export_public_key

    return export_public_key(out, force=force)


@app.command(help=_("Copy the ledger to a new file, also while a batch is run."))
@click.argument("file", type=FILE, metavar=_("FILE"), help=_("The copy; a file that exists is not replaced."))
def backup(file: Path) -> int:
    from batch.cli.history import back_up_ledger

    return back_up_ledger(file)


@app.command(help=_("Write the accounting entries of what a batch did."))
@batch
@click.option(
    "--format",
    "layout",
    type=click.Choice(["fec", "csv"]),
    default="fec",
    help=_("fec, the French tax administration's columns, or csv, a plain table."),
)
@click.option("--out", type=FILE, metavar=_("FILE"), help=_("Where to write the entries: a .txt (fec) or .csv file."))
@click.option("--validated", is_flag=True, help=_("The entries are validated: say so, with the day, in ValidDate."))
@json
@force
def journal(batch: str, layout: str, *, out: Path | None, force: bool, validated: bool, json: bool) -> int:
    from batch.cli.history import write_journal

    return write_journal(batch, layout, out=out, force=force, is_validated=validated, json=json)


@app.command(help=_("Show the main balance and every sub-account's."))
@json
def accounts(*, json: bool) -> int:
    from batch.cli.history import show_accounts

    return show_accounts(json=json)


@app.command(help=_("Write a workbook to fill in."))
@click.option("--from-account", is_flag=True, help=_("List the account's sub-accounts and their balances in it."))
@click.option("--out", type=FILE, metavar=_("FILE"), help=_("Where to write the workbook."))
@force
def template(*, from_account: bool, out: Path | None, force: bool) -> int:
    from batch.cli.history import write_template

    return write_template(out, force=force, from_account=from_account)


@app.command(help=_("A local stand-in for the provider, with faults."))
@click.option("--port", type=WholeNumber(0, 65535), default=8765, metavar="N", help=_("0 takes a free one."))
@click.option("--key", default="sandbox-key", metavar=_("KEY"), help=_("The API key it accepts."))
@click.option("--subaccounts", type=WholeNumber(0, 100_000), default=29, metavar="N", help=_("How many."))
@click.option("--state", type=FILE, metavar=_("FILE"), help=_("A file to keep the balances in."))
@click.option("--latency-ms", type=Number(min=0), default=0.0, metavar="N", help=_("Wait before every answer."))
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
    from batch.cli.serve import serve_sandbox

    serve_sandbox(**given)


@app.command(help=_("Sandbox, sample sheet and report, in one go."))
@click.option("--out", type=FILE, default=Path("reports"), metavar=_("FOLDER"), help=_("The folder for the report."))
def demo(out: Path) -> int:
    from batch.cli.serve import run_demo

    return run_demo(out)


@app.command(help=_("The web site: upload, review, approve, watch, file."))
@click.option("--host", default="127.0.0.1", metavar=_("ADDRESS"), help=_("The address to listen on."))
@click.option("--port", type=WholeNumber(0, 65535), default=8000, metavar="N", help=_("0 takes a free one."))
@click.option("--demo", is_flag=True, help=_("Against a sandbox, with three people to be."))
@click.option("--open", "open_browser", is_flag=True, help=_("Open it in the browser."))
@click.option(
    "--link-for", metavar=_("NAME"), help=_("Print a one-time link with which this person sets a new password.")
)
def serve(**given: Any) -> int:
    from batch.cli.serve import serve_site

    return serve_site(**given)


@app.command(help=_("Print the script by which a shell completes."))
@click.argument(
    "shell", type=click.Choice(["bash", "zsh", "fish"]), metavar="SHELL", help=_("bash, zsh or fish: see the README.")
)
def completion(shell: str) -> int:
    return complete_line(f"{shell}_source")


def complete_line(instruction: str) -> int:
    """Print the script of a shell ("bash_source"), or what its line may go on with ("bash_complete")."""
    from click.shell_completion import shell_complete

    return shell_complete(app, {}, "creditbatch", COMPLETION, instruction)


for command in (app, *app.commands.values()):
    command.params.append(lang)
