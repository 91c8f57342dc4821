"""What a person reads on the terminal, at 80 columns."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from batch.cli.terminal import make_console, wrap_sentence
from batch.finding_rules import Severity
from batch.findings import Finding
from batch.i18n import _, format_euros, format_moment, format_number, ngettext, pgettext
from batch.ledger.protocol import BatchLine
from batch.model import (
    BatchRow,
    BatchView,
    Direction,
    Status,
    SubAccount,
    name_direction,
    name_severity,
    name_state,
    name_status,
)
from batch.money import ZERO
from batch.planning.plan import Forecast, Refusal
from batch.planning.settlement import Observation
from batch.report.result_labels import explain_code, predict_code, tell_note
from batch.report.verdict import Contents, Mood, Verdict, judge_contents, judge_dry_run, tell_next_steps
from batch.runner.dry_run import DryRun
from batch.zone import localize, name_zone

_MOST_FINDINGS = 25
"""A longer list is not read on a terminal; the workbook and --json have all."""

_INDENT = (0, 0, 0, 2)
_BESIDE = (0, 2, 0, 0)

_STATUS_STYLES = {
    Status.DONE: "green", Status.REFUSED: "red", Status.INVALID: "magenta", Status.UNKNOWN: "bold yellow",
    Status.PENDING: "cyan",
}  # fmt: skip
_MOOD_STYLES = {
    Mood.GOOD: "bold green", Mood.OPEN: "bold", Mood.ATTENTION: "bold yellow", Mood.BAD: "bold red",
    Mood.DRY_RUN: "bold",
}  # fmt: skip


def print_dry_run(checked: DryRun, report: Path | None) -> None:
    """Print what the checks say, and the forecast."""
    screen = make_console()
    _print_finding_table(screen, checked)
    _print_title(screen, _("DRY RUN, nothing has moved: {where}"), checked)
    _print_plan(screen, checked)
    if checked.forecast:
        _print_forecast(screen, checked.forecast)
    else:
        offline = _("Offline: tokens were not looked up on the account, and there is no forecast.")
        screen.print(Padding(offline, _INDENT))
    if checked.account:
        _print_account(screen, checked.account.name, checked.account.api_url)
    sheet = checked.sheet
    _print_verdict(screen, judge_dry_run(sheet.findings, len(sheet.frame), checked.invalid_rows, checked.forecast))
    _print_report(screen, report)


def print_findings(checked: DryRun, api_url: str) -> None:
    """Print what is said of the sheet and whose credit is moved, where nobody is asked."""
    screen = make_console(errors=True)
    _print_finding_table(screen, checked)
    _print_account(screen, checked.account.name if checked.account else "", api_url)


def print_confirmation(checked: DryRun, api_url: str) -> None:
    """Print euros, rows and the account, before anything moves."""
    screen = make_console(errors=True)
    _print_finding_table(screen, checked)
    _print_title(screen, _("READY TO RUN: {where}"), checked)
    _print_plan(screen, checked)
    if checked.forecast:
        _print_forecast(screen, checked.forecast)
    _print_account(screen, checked.account.name if checked.account else "", api_url)


def print_result(view: BatchView, report: Path | None) -> None:
    """Print what has become of a batch, to be read in ten seconds."""
    screen = make_console()
    contents, head = Contents(view, None), view.head
    counted = contents.tally
    screen.print()
    title = _("{file}, batch {batch}").format(file=head.source.file_name, batch=head.batch)
    screen.print(Text(title, style="bold"), soft_wrap=True)
    table = _make_table()
    for status in Status:
        if counted.rows[status] or status is Status.DONE:
            word = Text(name_status(status), _STATUS_STYLES[status])
            table.add_row(word, _format_rows(counted.rows[status]), format_euros(counted.euros[status]))
    screen.print(table)
    before = head.opening.main if head.opening else None
    after = head.closing.main if head.closing else None
    lines = _make_table()
    lines.add_row(_("added"), "", format_euros(counted.added))
    lines.add_row(_("removed"), "", format_euros(counted.removed))
    lines.add_row(_("main account"), pgettext("a balance", "before"), _format_balance(before))
    lines.add_row("", pgettext("a balance", "after"), _format_balance(after))
    screen.print(lines)
    _print_verdict(screen, judge_contents(contents))
    steps = tell_next_steps(view)
    if steps:
        _print_sentence(screen, steps)
    _print_report(screen, report)


def print_rows(view: BatchView) -> None:
    screen = make_console()
    table = _make_titled_table()
    table.add_column(_("row"), justify="right", no_wrap=True)
    table.add_column(_("token"), overflow="fold")
    table.add_column(_("direction"), no_wrap=True)
    table.add_column(_("amount"), justify="right", no_wrap=True)
    table.add_column(_("status"), no_wrap=True)
    table.add_column(_("why"), overflow="fold")
    for entry in view.rows:
        row, result = entry.row, entry.result
        amount = "" if row.amount is None else format_euros(row.amount)
        direction = name_direction(row.direction) if row.direction else ""
        status = Text(name_status(result.status), _STATUS_STYLES[result.status])
        table.add_row(str(row.number), row.token or "", direction, amount, status, _explain_row(entry))
    screen.print(table)


def print_evidence(observations: Sequence[Observation]) -> None:
    """Print the balances around a doubtful attempt, in the order of time."""
    screen = make_console(errors=True)
    amounts = _name_amounts(_("main account"), _("sub-account"))
    table = _make_titled_table(Column(_("when ({zone})").format(zone=name_zone()), no_wrap=True), _("seen"), *amounts)
    for seen in observations:
        held = _format_balance(seen.main), _format_balance(seen.subaccount)
        table.add_row(format_moment(localize(seen.at)), seen.what, *held)
    screen.print(table)


def print_batches(lines: Sequence[BatchLine]) -> None:
    screen = make_console()
    if not lines:
        _print_sentence(screen, _("There is no batch in the ledger yet: `creditbatch run SHEET` makes one."))
        return
    table = _make_titled_table(
        Column(_("batch"), no_wrap=True),
        _("state"),
        Column(_("rows done"), justify="right"),
        *_name_amounts(_("added"), _("removed")),
        Column(_("file"), overflow="fold"),
    )
    for line in lines:
        head, tally = line.head, line.tally
        done, rows = format_number(tally.rows[Status.DONE]), format_number(sum(tally.rows.values()))
        share = _("{number} of {all}").format(number=done, all=rows)
        amounts = format_euros(tally.added), format_euros(tally.removed)
        table.add_row(head.batch, name_state(head.state), share, *amounts, head.source.file_name)
    screen.print(table)


def print_accounts(name: str, main: Decimal, subaccounts: Sequence[SubAccount], api_url: str) -> None:
    screen = make_console()
    token, email = Column(_("token"), no_wrap=True), Column(_("email"), overflow="fold")
    table = _make_titled_table(token, email, _("type"), *_name_amounts(_("balance")))
    for account in subaccounts:
        table.add_row(account.token, account.email, account.kind, format_euros(account.balance))
    screen.print(table)
    total = sum((account.balance for account in subaccounts), ZERO)
    count = len(subaccounts)
    together = ngettext("{number} sub-account holds {total}", "{number} sub-accounts hold {total}", count)
    screen.print(together.format(number=format_number(count), total=format_euros(total)))
    holds = _("main account {name} holds {balance}").format(name=name, balance=format_euros(main))
    screen.print(Text(holds, style="bold"))
    _print_account(screen, name, api_url)


def _explain_row(entry: BatchRow) -> str:
    """Join the server's words, ours, and the findings: whatever there is to say of a row."""
    result = entry.result
    words = [explain_code(result.code)] if result.status is Status.REFUSED else []
    words += [said for said in (result.message, tell_note(result)) if said]
    return "; ".join([*words, *(finding.message for finding in entry.row.findings)])


def _print_title(screen: Console, title: str, checked: DryRun) -> None:
    source = checked.sheet.source
    where = source.file_name
    if source.sheet:
        where = _("{file}, sheet “{sheet}”").format(file=where, sheet=source.sheet)
    screen.print()
    screen.print(Text(title.format(where=where), style="bold"), soft_wrap=True)


def _print_plan(screen: Console, checked: DryRun) -> None:
    table = _make_table()
    plan = checked.plan
    table.add_row(_("would add"), _format_rows(plan.count(Direction.ADD)), format_euros(plan.added))
    table.add_row(_("would remove"), _format_rows(plan.count(Direction.REMOVE)), format_euros(plan.removed))
    if checked.invalid_rows:
        table.add_row(Text(name_status(Status.INVALID), "magenta"), _format_rows(checked.invalid_rows), "")
    screen.print(table)


def _print_account(screen: Console, name: str, api_url: str) -> None:
    screen.print(_("account {name} at {address}").format(name=name, address=api_url), soft_wrap=True)


def _print_forecast(screen: Console, forecast: Forecast) -> None:
    table = _make_table()
    row = forecast.lowest_row
    lowest = _("lowest, row {row}").format(row=row) if row else _("lowest, at the start")
    table.add_row(_("main account"), pgettext("a balance", "before"), format_euros(forecast.before))
    table.add_row("", lowest, format_euros(forecast.lowest))
    table.add_row("", pgettext("a balance", "after"), format_euros(forecast.after))
    if forecast.top_up:
        table.add_row(Text(_("to top up"), "bold yellow"), _("for every row to pass"), format_euros(forecast.top_up))
    screen.print(table)
    for refusal in forecast.refusals[:_MOST_FINDINGS]:
        screen.print(Padding(_format_refusal(refusal), _INDENT))
    rest = len(forecast.refusals) - _MOST_FINDINGS
    more = ngettext("… and {number} more refusal: {how}", "… and {number} more refusals: {how}", rest)
    _print_rest(screen, rest, more)
    if forecast.removes_first_helps:
        helps = _("--removes-first would help: the removes bring the credit that the adds need.")
        screen.print(Padding(helps, _INDENT))


def _format_refusal(refusal: Refusal) -> str:
    sentence = _("row {row} ({token}): would be refused, code {code}: {meaning}")
    if refusal.short:
        sentence = _("row {row} ({token}): would be refused, code {code}: {meaning}, {short} short")
    short = format_euros(refusal.short) if refusal.short else ""
    code = predict_code(refusal)
    return sentence.format(row=refusal.row, token=refusal.token, code=code, meaning=explain_code(code), short=short)


def _print_finding_table(screen: Console, checked: DryRun) -> None:
    findings = checked.sheet.all_findings
    if not findings:
        return
    table = Table.grid(Column(no_wrap=True), Column(no_wrap=True), Column(overflow="fold"), padding=_BESIDE)
    for finding in findings[:_MOST_FINDINGS]:
        style = "red" if finding.severity is Severity.ERROR else "yellow"
        table.add_row(_format_place(finding), Text(name_severity(finding.severity), style), finding.message)
    screen.print(table)
    rest = len(findings) - _MOST_FINDINGS
    more = ngettext("… and {number} more finding: {how}", "… and {number} more findings: {how}", rest)
    _print_rest(screen, rest, more)


def _print_rest(screen: Console, rest: int, sentence: str) -> None:
    if rest > 0:
        how = _("--json or --out FILE.xlsx has them all")
        screen.print(Padding(sentence.format(number=format_number(rest), how=how), _INDENT))


def _print_sentence(screen: Console, sentence: str) -> None:
    """Print a sentence in which there may be a command."""
    screen.print(wrap_sentence(sentence, screen.width), soft_wrap=True)


def _print_verdict(screen: Console, judged: Verdict) -> None:
    screen.print(judged.in_full, style=_MOOD_STYLES[judged.mood])


def _print_report(screen: Console, report: Path | None) -> None:
    if report:
        screen.print(_("Report: {path}").format(path=report), soft_wrap=True)


def _format_place(finding: Finding) -> str:
    if finding.cell:
        return finding.cell
    return _("row {row}").format(row=finding.row) if finding.row else pgettext("place of a finding", "sheet")


def _format_balance(balance: Decimal | None) -> str:
    return pgettext("a balance", "not read") if balance is None else format_euros(balance)


def _format_rows(count: int) -> str:
    return ngettext("{number} row", "{number} rows", count).format(number=format_number(count))


def _make_titled_table(*columns: Column | str) -> Table:
    return Table(*columns, box=None, pad_edge=False, padding=_BESIDE)


def _name_amounts(*titles: str) -> list[Column]:
    return [Column(title, justify="right", no_wrap=True) for title in titles]


def _make_table() -> Table:
    amounts = Column(justify="right", no_wrap=True, min_width=14)
    return Table.grid(Column(min_width=16), Column(min_width=22), amounts, padding=_BESIDE)
