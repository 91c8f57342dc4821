"""What a person reads on the terminal, at 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from batch import codes
from batch.cli.console import console
from batch.findings import Finding, Severity
from batch.ledger.protocol import BatchLine
from batch.model import BatchRow, BatchView, Direction, Movement, Status, SubAccount, tally
from batch.money import ZERO, euros
from batch.report.contents import Contents
from batch.report.verdict import Mood, verdict
from batch.rules.evidence import Observation
from batch.rules.forecast import Forecast
from batch.runner.dry_run import DryRun

MOST_FINDINGS = 25
"""A longer list is not read on a terminal; the workbook and --json have all."""

STATUS_STYLES = {
    Status.DONE: "green",
    Status.REFUSED: "red",
    Status.INVALID: "magenta",
    Status.UNKNOWN: "bold yellow",
    Status.PENDING: "cyan",
}
_MOOD_STYLES = {
    Mood.GOOD: "bold green",
    Mood.ATTENTION: "bold yellow",
    Mood.BAD: "bold red",
    Mood.DRY_RUN: "bold",
}


def dry_run_screen(checked: DryRun, report: Path | None) -> None:
    """What the checks say, and the forecast."""
    screen = console()
    _print_findings(screen, checked)
    _print_title(screen, "DRY RUN, nothing has moved", checked)
    _print_plan(screen, checked)
    if checked.forecast:
        _print_forecast(screen, checked.forecast)
    else:
        screen.print("  Offline: tokens were not looked up on the account, and there is no forecast.")
    _print_verdict(screen, checked.view, checked.forecast)
    _print_report(screen, report)


def confirmation_screen(checked: DryRun, api_url: str) -> None:
    """Euros, rows and the account, before anything moves."""
    screen = console(errors=True)
    _print_findings(screen, checked)
    _print_title(screen, "READY TO RUN", checked)
    _print_plan(screen, checked)
    if checked.forecast:
        _print_forecast(screen, checked.forecast)
    account = checked.account.name if checked.account else ""
    screen.print(f"  account       {account} at {api_url}", soft_wrap=True)


def result_screen(view: BatchView, report: Path | None) -> None:
    """What has become of a batch, to be read in ten seconds."""
    screen = console()
    counted = tally(view.rows)
    head = view.head
    screen.print()
    screen.print(Text(f"{head.source.file_name}   batch {head.batch}", style="bold"), soft_wrap=True)
    table = _table()
    for status in Status:
        if counted.rows[status] or status is Status.DONE:
            style = STATUS_STYLES[status]
            table.add_row(Text(status.value, style), f"{counted.rows[status]:,} rows", euros(counted.euros[status]))
    screen.print(table)
    before = head.opening.main if head.opening else None
    after = head.closing.main if head.closing else None
    lines = _table()
    lines.add_row("added", "", euros(counted.added))
    lines.add_row("removed", "", euros(counted.removed))
    lines.add_row("main account", "before", _or_unknown(before))
    lines.add_row("", "after", _or_unknown(after))
    screen.print(lines)
    _print_verdict(screen, view, None)
    _print_report(screen, report)


def rows_screen(view: BatchView) -> None:
    """Every row and what has become of it."""
    screen = console()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title, right in (("row", True), ("token", False), ("direction", False), ("amount", True), ("status", False)):
        table.add_column(title, justify="right" if right else "left", no_wrap=title != "token")
    table.add_column("why", overflow="fold")
    for entry in view.rows:
        row, result = entry.row, entry.result
        amount = "" if row.amount is None else euros(row.amount)
        direction = row.direction.value if row.direction else ""
        status = Text(result.status.value, STATUS_STYLES[result.status])
        table.add_row(str(row.number), row.token or "", direction, amount, status, _why(entry))
    screen.print(table)


def evidence_screen(observations: Sequence[Observation]) -> None:
    """The balances around a doubtful attempt, in the order of time."""
    screen = console(errors=True)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("when", no_wrap=True)
    table.add_column("seen")
    table.add_column("main account", justify="right", no_wrap=True)
    table.add_column("sub-account", justify="right", no_wrap=True)
    for seen in observations:
        at = f"{seen.at.astimezone():%Y-%m-%d %H:%M:%S}"
        table.add_row(at, seen.what, _or_unknown(seen.main), _or_unknown(seen.subaccount))
    screen.print(table)


def batches_screen(lines: Sequence[BatchLine]) -> None:
    """The batches, newest first."""
    screen = console()
    if not lines:
        screen.print("There is no batch in the ledger yet: `creditbatch run SHEET` makes one.")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title, justify in (("batch", "left"), ("state", "left"), ("rows done", "right"), ("added", "right")):
        table.add_column(title, justify="right" if justify == "right" else "left", no_wrap=title == "batch")
    table.add_column("removed", justify="right")
    table.add_column("file", overflow="fold")
    for line in lines:
        rows = sum(line.tally.rows.values())
        done = f"{line.tally.rows[Status.DONE]:,} of {rows:,}"
        head = line.head
        table.add_row(
            head.batch,
            head.state.value,
            done,
            euros(line.tally.added),
            euros(line.tally.removed),
            head.source.file_name,
        )
    screen.print(table)


def accounts_screen(name: str, main: Decimal, subaccounts: Sequence[SubAccount]) -> None:
    """The main balance and every sub-account's."""
    screen = console()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("token", no_wrap=True)
    table.add_column("email", overflow="fold")
    table.add_column("type")
    table.add_column("balance", justify="right", no_wrap=True)
    for account in subaccounts:
        table.add_row(account.token, account.email, account.kind, euros(account.balance))
    screen.print(table)
    total = sum((account.balance for account in subaccounts), ZERO)
    screen.print(f"{len(subaccounts):,} sub-accounts hold {euros(total)}")
    screen.print(Text(f"main account {name} holds {euros(main)}", style="bold"))


def _why(entry: BatchRow) -> str:
    """The server's words, ours, and the findings: whatever there is to say of a row."""
    result = entry.result
    words = [codes.meaning(result.code)] if result.status is Status.REFUSED else []
    words += [said for said in (result.message, result.note) if said]
    return "; ".join([*words, *(finding.message for finding in entry.row.findings)])


def _print_title(screen: Console, what: str, checked: DryRun) -> None:
    source = checked.sheet.source
    sheet = f", sheet “{source.sheet}”" if source.sheet else ""
    screen.print()
    screen.print(Text(f"{what}: {source.file_name}{sheet}", style="bold"), soft_wrap=True)


def _print_plan(screen: Console, checked: DryRun) -> None:
    table = _table()
    movements = checked.plan.movements
    for direction, total in ((Direction.ADD, checked.plan.added), (Direction.REMOVE, checked.plan.removed)):
        table.add_row(direction.value, f"{_count(movements, direction):,} rows", euros(total))
    if checked.sheet.invalid_rows:
        table.add_row(Text("invalid", "magenta"), f"{checked.sheet.invalid_rows:,} rows", "")
    screen.print(table)


def _print_forecast(screen: Console, forecast: Forecast) -> None:
    table = _table()
    lowest = f"row {forecast.lowest_row}" if forecast.lowest_row else "at the start"
    table.add_row("main account", "before", euros(forecast.before))
    table.add_row("", f"lowest, {lowest}", euros(forecast.lowest))
    table.add_row("", "after", euros(forecast.after))
    if forecast.top_up:
        table.add_row(Text("to top up", "bold yellow"), "for every row to pass", euros(forecast.top_up))
    screen.print(table)
    for refusal in forecast.refusals[:MOST_FINDINGS]:
        short = f", short of {euros(refusal.short)}" if refusal.short else ""
        words = f"  row {refusal.row} ({refusal.token}): would be refused, code {refusal.code}, "
        screen.print(words + codes.meaning(refusal.code).lower() + short)
    _print_rest(screen, len(forecast.refusals), "refusals")
    if forecast.removes_first_helps:
        screen.print("  --removes-first would help: the removes bring the credit that the adds need.")


def _print_findings(screen: Console, checked: DryRun) -> None:
    findings = [*checked.sheet.findings, *(finding for row in checked.sheet.rows for finding in row.findings)]
    if not findings:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings[:MOST_FINDINGS]:
        style = "red" if finding.severity is Severity.ERROR else "yellow"
        table.add_row(_place(finding), Text(finding.severity.value, style), finding.message)
    screen.print(table)
    _print_rest(screen, len(findings), "findings")


def _print_rest(screen: Console, number: int, what: str) -> None:
    if number > MOST_FINDINGS:
        screen.print(f"  … and {number - MOST_FINDINGS:,} more {what}: --json or --out FILE.xlsx has them all")


def _print_verdict(screen: Console, view: BatchView, forecast: Forecast | None) -> None:
    judged = verdict(Contents(view, forecast))
    screen.print(Text(judged.sentence, style=_MOOD_STYLES[judged.mood]))


def _print_report(screen: Console, report: Path | None) -> None:
    if report:
        screen.print(f"Report: {report}", soft_wrap=True)


def _place(finding: Finding) -> str:
    if finding.cell:
        return finding.cell
    return f"row {finding.row}" if finding.row else "sheet"


def _count(movements: Iterable[Movement], direction: Direction) -> int:
    return sum(movement.direction is direction for movement in movements)


def _or_unknown(balance: Decimal | None) -> str:
    return "not read" if balance is None else euros(balance)


def _table() -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(min_width=14)
    table.add_column(min_width=22)
    table.add_column(justify="right", no_wrap=True, min_width=14)
    return table
