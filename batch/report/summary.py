"""The sheet *Summary*: what an accountant prints on A4 and signs.

From the top: the verdict, the control totals, the balances, what differs and why, two pictures, who answers for it, and
what names the batch beyond doubt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from batch import __version__
from batch.choices import read_choices
from batch.language import _
from batch.model import BatchRow, Direction, Status
from batch.money import ZERO
from batch.notes import tell
from batch.planning.reconciliation import AccountBook
from batch.report import styles, words
from batch.report.charts import GREEN, LARGEST, STEEL, Bars, Data, Picture, chart_of
from batch.report.contents import Contents
from batch.report.courses import Course
from batch.report.form import LAST, Form
from batch.report.page import Frame
from batch.report.remarks import remarks
from batch.report.verdict import Mood, tell_next_steps, verdict
from batch.wording import severity_word, status_word

SHOWN_FINDINGS = 20
CHART_LINES = 16

_BANDS = {
    Mood.GOOD: styles.BAND_GOOD,
    Mood.OPEN: styles.BAND_ATTENTION,
    Mood.ATTENTION: styles.BAND_ATTENTION,
    Mood.BAD: styles.BAND_BAD,
    Mood.DRY_RUN: styles.BAND_DRY_RUN,
}
_ASKED_ORDER = (Status.DONE, Status.REFUSED, Status.PENDING, Status.INVALID, Status.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Sheets:
    """The sheets that the first one speaks of, before any but it is written."""

    summary: Worksheet
    balances: Worksheet


def write_summary(
    workbook: Workbook, sheets: Sheets, contents: Contents, lines: Sequence[Course], frame: Frame
) -> None:
    """Write the page from top to bottom."""
    form = Form(workbook, sheets.summary)
    _write_head(form, contents)
    first_status = _write_totals(form, contents)
    if contents.is_dry_run:
        _write_forecast(form, contents)
    else:
        _write_balances(form, contents)
        _write_remarks(form, contents)
    _write_charts(form, sheets, contents, lines, frame, first_status)
    if not contents.is_dry_run:
        _write_people(form, contents)
    _write_run(form, contents)
    _write_findings(form, contents)
    form.close()


def _write_head(form: Form, contents: Contents) -> None:
    head = contents.view.head
    if contents.is_dry_run:
        form.band(_(words.DRY_RUN), styles.DRY_RUN_MARK, 30)
    form.band(words.title(head.batch, head.source.file_name), styles.TITLE, 32)
    found = verdict(contents)
    steps = tell_next_steps(contents.view)
    form.sentence(f"{found.in_full} {steps}".rstrip(), _BANDS[found.mood])


def _write_totals(form: Form, contents: Contents) -> int:
    """Rows and euros in and out: what was asked, and what has become of it. Returns the line of the first status."""
    names, rows = words.ours(), contents.view.rows
    form.section(_(words.CONTROL_TOTALS))
    form.heads(["", "", _(words.IN), "", _(words.OUT), "", ""], spans=((2, 3), (4, 5)))
    row, euro = _(words.ROWS_TITLE), _(words.EUROS_TITLE)
    form.heads([names.status, "", row, euro, row, euro, _(words.ALL)])
    asked = _sums(rows)
    form.totals(_(words.ASKED), "", asked, is_strong=True, called="Asked")
    first = form.row + 1
    by_status: dict[Status, list[BatchRow]] = {status: [] for status in Status}
    for entry in rows:
        by_status[entry.result.status].append(entry)
    for status in _ASKED_ORDER:
        found = by_status[status]
        look = styles.STATUS_LOOKS[status] if found else styles.LABEL
        meaning = _(words.STATUS_MEANINGS[status])
        form.totals(status_word(status), meaning, _sums(found), look=look, called=status.value.capitalize())
    if contents.view.control_total:
        form.text(_(words.SHEET_TOTAL), words.control_total(contents.view.control_total))
    return first


def _sums(rows: Sequence[BatchRow]) -> tuple[int, Decimal, int, Decimal, int]:
    """Rows and euros in, rows and euros out, and all rows, of which some may say neither."""
    count = dict.fromkeys(Direction, 0)
    total = dict.fromkeys(Direction, ZERO)
    for entry in rows:
        if entry.row.direction is not None:
            count[entry.row.direction] += 1
            total[entry.row.direction] += entry.row.amount or ZERO
    adds, removes = Direction.ADD, Direction.REMOVE
    return count[adds], total[adds], count[removes], total[removes], len(rows)


def _write_forecast(form: Form, contents: Contents) -> None:
    forecast = contents.forecast
    form.section(_(words.FORECAST))
    form.euros(_(words.MAIN_BEFORE), forecast.before if forecast else None)
    form.euros(_(words.WOULD_ADD), contents.planned_total(Direction.ADD))
    form.euros(_(words.WOULD_REMOVE), contents.planned_total(Direction.REMOVE))
    form.euros(_(words.EXPECTED_AFTER), forecast.after if forecast else None)
    if forecast:
        form.euros(_(words.LOWEST), forecast.lowest, words.lowest_at(forecast.lowest_row))
        form.euros(_(words.TOP_UP), forecast.top_up)


def _write_balances(form: Form, contents: Contents) -> None:
    """The books of the main account, of the sub-accounts and of both: together, movements between them cancel out."""
    books = contents.books
    subaccounts = _added_up(list(books.subaccounts.values()))
    together = _added_up([books.main, subaccounts])
    form.section(_(words.BALANCES_SECTION))
    titles = ["", "", "", _(words.MAIN_ACCOUNT), "", _(words.SUBACCOUNTS), _(words.TOGETHER)]
    form.heads(titles)
    kept = (books.main, subaccounts, together)
    form.balances(_(words.OPENING), [book.opening for book in kept], called="Opening")
    form.balances(_(words.RECEIVED), [book.received for book in kept])
    form.balances(_(words.GIVEN), [book.given for book in kept])
    form.balances(_(words.EXPECTED), [book.expected for book in kept], called="Expected")
    form.balances(_(words.CLOSING), [book.closing for book in kept], called="Closing")
    form.differences(_(words.DIFFERENCE), [book.difference for book in kept], called="Difference")


def _added_up(books: Sequence[AccountBook]) -> AccountBook:
    """All of them as if they were one account; a balance that is not known for one is not known for all."""
    return AccountBook(
        _sum_of([book.opening for book in books]),
        sum((book.received for book in books), ZERO),
        sum((book.given for book in books), ZERO),
        _sum_of([book.closing for book in books]),
    )


def _sum_of(balances: Sequence[Decimal | None]) -> Decimal | None:
    known = [balance for balance in balances if balance is not None]
    return sum(known, ZERO) if known and len(known) == len(balances) else None


def _write_remarks(form: Form, contents: Contents) -> None:
    form.section(_(words.REMARKS))
    for remark in remarks(contents):
        form.remark(remark)


def _write_charts(
    form: Form, sheets: Sheets, contents: Contents, lines: Sequence[Course], frame: Frame, first_status: int
) -> None:
    """Euros by status, and beside it balances before and after where both are known."""
    if not contents.view.rows:
        return
    form.section(_(words.CHARTS))
    top = form.row
    form.room(CHART_LINES)
    euros = contents.tally.euros
    statuses = Data(sheets.summary, first_status, first_status + len(_ASKED_ORDER) - 1, max(euros.values()))
    in_and_out = (Bars(4, _(words.IN), GREEN), Bars(6, _(words.OUT), STEEL))
    left = ((0, top), (2, top + CHART_LINES))
    sheets.summary.add_chart(chart_of(Picture(_(words.EUROS_BY_STATUS), statuses, in_and_out, left, is_stacked=True)))
    after = 5 if contents.is_dry_run else 6
    largest = lines[:LARGEST]
    known = [
        balance for line in largest for balance in (line.opening, line.expected, line.final) if balance is not None
    ]
    if not known:
        return
    before_and_after = (
        Bars(2, _(words.BALANCE_TITLES[1]), STEEL),
        Bars(after, _(words.BALANCE_TITLES[after - 1]), styles.NAVY),
    )
    data = Data(sheets.balances, frame.first_line, frame.first_line + len(largest) - 1, max(known))
    right = ((2, top), (LAST, top + CHART_LINES))
    sheets.summary.add_chart(chart_of(Picture(_(words.LARGEST_MOVEMENTS), data, before_and_after, right)))


def _write_people(form: Form, contents: Contents) -> None:
    people = contents.view.head.people
    form.section(_(words.PEOPLE))
    if people.prepared is not None and people.approved == (people.prepared,):
        form.remark(_(words.SAME_PERSON))
    form.signature(_(words.PREPARED), people.prepared or "")
    form.signature(_(words.APPROVED), words.people(people.approved))
    form.signature(_(words.RUN), words.people(people.run))
    if people.abandoned is not None:
        form.signature(_(words.ABANDONED_BY), people.abandoned)


def _write_run(form: Form, contents: Contents) -> None:
    head, events = contents.view.head, contents.view.events
    form.section(_(words.WHAT_RAN))
    form.text(_(words.BATCH), head.batch)
    form.text(_(words.STATE), _(words.STATE_WORDS[head.state]))
    form.text(_(words.STATE_REASON), tell(head.reason))
    form.text(_(words.FILE_NAME), head.source.file_name)
    form.text(_(words.SHEET_NAME), head.source.sheet)
    if period := read_choices(head.options).period:
        form.text(_(words.PERIOD), period)
    form.text(_(words.FILE_SIZE), words.file_size(head.source.size))
    form.text(_(words.FILE_SHA), head.source.sha256, called="FileSHA256")
    form.text(_(words.PLAN_DIGEST), head.digest, called="PlanDigest")
    form.text(_(words.LAST_HASH), events[-1].hash if events else None, called="LastHash")
    form.time(_(words.STARTED if head.batch else words.CHECKED_AT), head.created_at)
    form.time(_(words.ENDED), head.ended_at)
    form.text(_(words.ACCOUNT), head.account or _(words.NOT_ASKED))
    form.text(_(words.API), head.api_url or _(words.NOT_ASKED))
    form.text(_(words.WRITTEN_BY), f"{words.PROGRAM} {__version__}")


def _write_findings(form: Form, contents: Contents) -> None:
    findings = contents.view.findings
    if not findings:
        return
    form.section(_(words.SHEET_FINDINGS))
    for found in findings[:SHOWN_FINDINGS]:
        form.text(severity_word(found.severity).capitalize(), words.finding_in_place(found))
    if len(findings) > SHOWN_FINDINGS:
        form.text(" ", words.further(len(findings) - SHOWN_FINDINGS))
