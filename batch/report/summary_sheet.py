"""The first sheet: verdict, totals, books, and what differs and why, for the accountant who signs it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from batch import __version__
from batch.i18n import _, format_euros, format_number, ngettext
from batch.model import BatchRow, BatchView, Direction, Status, name_severity, name_status
from batch.money import CENT, ZERO
from batch.notes import tell
from batch.planning.reconciliation import AccountBook
from batch.planning.settlement import is_awaiting_person
from batch.report import page, result_labels
from batch.report.page import Frame
from batch.report.result_labels import explain_code
from batch.report.summary_layout import GREEN, LARGEST, LAST, STEEL, Bars, Data, Form, Picture, make_chart
from batch.report.verdict import Contents, Course, Mood, judge_contents, tell_next_steps
from batch.settings import read_choices

MOST_REASONS = 5


def list_remarks(contents: Contents) -> list[str]:
    """List all there is to say of a batch: what was asked against what was done, then its books."""
    return [*_tell_rows(contents.view), *_tell_books(contents)]


def _tell_rows(view: BatchView) -> Iterator[str]:
    by_status: dict[Status, list[BatchRow]] = defaultdict(list)
    for entry in view.rows:
        by_status[entry.result.status].append(entry)
    yield from _tell_refusals(by_status[Status.REFUSED])
    yield from _tell_doubts(by_status[Status.UNKNOWN])
    if pending := by_status[Status.PENDING]:
        yield _fill_sentence(_choose_sentence(len(pending), is_over=view.head.is_over), pending)
    yield from _tell_errors(by_status[Status.INVALID])
    found_out = [entry for entry in by_status[Status.DONE] if entry.result.note]
    if found_out:
        yield _fill_sentence(
            ngettext(
                "{rows} row ({amount}) was found to be done only afterwards: its note says how.",
                "{rows} rows ({amount}) were found to be done only afterwards: their notes say how.",
                len(found_out),
            ),
            found_out,
        )


def _tell_doubts(entries: list[BatchRow]) -> Iterator[str]:
    undecided = [entry for entry in entries if is_awaiting_person(entry.result)]
    interrupted = [entry for entry in entries if not is_awaiting_person(entry.result)]
    if undecided:
        sentence = ngettext(
            "Of {rows} row ({amount}) it is not known whether the credit moved: a person must decide.",
            "Of {rows} rows ({amount}) it is not known whether the credit moved: a person must decide.",
            len(undecided),
        )
        yield _fill_sentence(sentence, undecided)
    if interrupted:
        sentence = ngettext(
            "Of {rows} row ({amount}) it is not known yet whether the credit moved: resuming the batch finds out.",
            "Of {rows} rows ({amount}) it is not known yet whether the credit moved: resuming the batch finds out.",
            len(interrupted),
        )
        yield _fill_sentence(sentence, interrupted)


def _choose_sentence(rows: int, *, is_over: bool) -> str:
    if is_over:
        return ngettext("{rows} row ({amount}) was not moved.", "{rows} rows ({amount}) were not moved.", rows)
    return ngettext(
        "{rows} row ({amount}) was not moved and can still be sent.",
        "{rows} rows ({amount}) were not moved and can still be sent.",
        rows,
    )


def _tell_refusals(entries: list[BatchRow]) -> Iterator[str]:
    """Tell the commonest reasons, each with its rows and euros."""
    by_code: dict[int | None, list[BatchRow]] = defaultdict(list)
    for entry in entries:
        by_code[entry.result.code].append(entry)
    groups = sorted(by_code.items(), key=lambda item: -len(item[1]))
    for code, refused in groups[:MOST_REASONS]:
        sentence = ngettext(
            "{rows} row ({amount}) was refused: {why}.", "{rows} rows ({amount}) were refused: {why}.", len(refused)
        )
        yield _fill_sentence(sentence, refused, why=explain_code(code))
    rest = [entry for _code, group in groups[MOST_REASONS:] for entry in group]
    if rest:
        sentence = ngettext(
            "{rows} row ({amount}) was refused for another reason.",
            "{rows} rows ({amount}) were refused for other reasons.",
            len(rest),
        )
        yield _fill_sentence(sentence, rest)


def _tell_errors(entries: list[BatchRow]) -> Iterator[str]:
    if not entries:
        return
    sentence = ngettext(
        "{rows} row has an error and was never sent.", "{rows} rows have errors and were never sent.", len(entries)
    )
    yield _fill_sentence(sentence, entries)
    unread = [entry for entry in entries if entry.row.amount is None or entry.row.direction is None]
    if unread:
        sentence = ngettext(
            "The amount or the direction of {rows} of them could not be read: it is in no total of euros.",
            "The amount or the direction of {rows} of them could not be read: they are in no total of euros.",
            len(unread),
        )
        yield sentence.format(rows=format_number(len(unread)))


def _fill_sentence(sentence: str, entries: list[BatchRow], **fields: str) -> str:
    amount = sum((entry.row.amount or ZERO for entry in entries), ZERO)
    return sentence.format(rows=format_number(len(entries)), amount=format_euros(amount), **fields)


def _tell_books(contents: Contents) -> Iterator[str]:
    books = contents.books
    accounts = [books.main, *books.subaccounts.values()]
    if any(book.difference is None for book in accounts):
        yield _tell_unread_balances(accounts)
    elif not any(book.difference for book in accounts):
        yield _("On every account, opening balance + movements = closing balance, to the thousandth of a euro.")
        return
    if books.main.difference:
        yield _tell_main_difference(books.main.difference)
    yield from _tell_subaccount_differences([book.difference for book in books.subaccounts.values() if book.difference])


def _tell_unread_balances(accounts: list[AccountBook]) -> str:
    unread = sum(book.difference is None for book in accounts)
    return ngettext(
        "The opening or the closing balance of {number} account could not be read, so its books cannot be compared.",
        "The opening or the closing balance of {number} accounts could not be read, so their books cannot be compared.",
        unread,
    ).format(number=format_number(unread))


def _tell_main_difference(difference: Decimal) -> str:
    if difference > CENT:
        sentence = _(
            "The main account holds {amount} more than the movements explain: somebody paid in, or a movement was "
            "applied that is not counted here. Look into it before anything else is sent."
        )
    elif difference > 0:
        sentence = _("The main account holds {amount} more than expected, which is rounding.")
    else:
        sentence = _("The main account holds {amount} less than expected: it was spent on other things meanwhile.")
    return sentence.format(amount=format_euros(abs(difference)))


def _tell_subaccount_differences(differences: list[Decimal]) -> Iterator[str]:
    less = [difference for difference in differences if difference < 0]
    more = [difference for difference in differences if difference > CENT]
    if less:
        yield ngettext(
            "{number} sub-account holds {amount} less than expected: messages were sent meanwhile.",
            "{number} sub-accounts hold {amount} less than expected together: messages were sent meanwhile.",
            len(less),
        ).format(number=format_number(len(less)), amount=format_euros(-sum(less, ZERO)))
    if more:
        yield ngettext(
            "{number} sub-account holds {amount} more than the movements explain. Look into it.",
            "{number} sub-accounts hold {amount} more than the movements explain together. Look into it.",
            len(more),
        ).format(number=format_number(len(more)), amount=format_euros(sum(more, ZERO)))


SHOWN_FINDINGS = 20
CHART_LINES = 16

_BANDS = {
    Mood.GOOD: page.BAND_GOOD,
    Mood.OPEN: page.BAND_ATTENTION,
    Mood.ATTENTION: page.BAND_ATTENTION,
    Mood.BAD: page.BAND_BAD,
    Mood.DRY_RUN: page.BAND_DRY_RUN,
}
_ASKED_ORDER = (Status.DONE, Status.REFUSED, Status.PENDING, Status.INVALID, Status.UNKNOWN)


@dataclass(frozen=True, slots=True)
class ChartSheets:
    """The sheets that the charts point at."""

    summary: Worksheet
    balances: Worksheet


def write_summary(
    workbook: Workbook, sheets: ChartSheets, contents: Contents, lines: Sequence[Course], frame: Frame
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
        form.band(_(result_labels.DRY_RUN), page.DRY_RUN_MARK, 30)
    form.band(result_labels.make_title(head.batch, head.source.file_name), page.TITLE, 32)
    found = judge_contents(contents)
    steps = tell_next_steps(contents.view)
    form.sentence(f"{found.in_full} {steps}".rstrip(), _BANDS[found.mood])


def _write_totals(form: Form, contents: Contents) -> int:
    """Write rows and euros in and out, asked and by status, and return the line of the first status."""
    names, rows = result_labels.get_report_words(), contents.view.rows
    form.section(_(result_labels.CONTROL_TOTALS))
    form.heads(["", "", _(result_labels.IN), "", _(result_labels.OUT), "", ""], spans=((2, 3), (4, 5)))
    row, euro = _(result_labels.ROWS_TITLE), _(result_labels.EUROS_TITLE)
    form.heads([names.status, "", row, euro, row, euro, _(result_labels.ALL)])
    asked = _sum_rows(rows)
    form.totals(_(result_labels.ASKED), "", asked, is_strong=True, called="Asked")
    first = form.row + 1
    by_status: dict[Status, list[BatchRow]] = {status: [] for status in Status}
    for entry in rows:
        by_status[entry.result.status].append(entry)
    for status in _ASKED_ORDER:
        found = by_status[status]
        look = page.STATUS_LOOKS[status] if found else page.LABEL
        meaning = _(result_labels.STATUS_MEANINGS[status])
        form.totals(name_status(status), meaning, _sum_rows(found), look=look, called=status.value.capitalize())
    if contents.view.control_total:
        form.text(_(result_labels.SHEET_TOTAL), result_labels.tell_control_total(contents.view.control_total))
    return first


def _sum_rows(rows: Sequence[BatchRow]) -> tuple[int, Decimal, int, Decimal, int]:
    """Sum up rows and euros in, rows and euros out, and all rows, of which some may say neither."""
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
    form.section(_(result_labels.FORECAST))
    form.euros(_(result_labels.MAIN_BEFORE), forecast.before if forecast else None)
    form.euros(_(result_labels.WOULD_ADD), contents.sum_planned_euros(Direction.ADD))
    form.euros(_(result_labels.WOULD_REMOVE), contents.sum_planned_euros(Direction.REMOVE))
    form.euros(_(result_labels.EXPECTED_AFTER), forecast.after if forecast else None)
    if forecast:
        form.euros(_(result_labels.LOWEST), forecast.lowest, result_labels.tell_lowest_time(forecast.lowest_row))
        form.euros(_(result_labels.TOP_UP), forecast.top_up)


def _write_balances(form: Form, contents: Contents) -> None:
    """Write the books of the main account, of the sub-accounts and of both, where movements between them cancel out."""
    books = contents.books
    subaccounts = _sum_books(list(books.subaccounts.values()))
    together = _sum_books([books.main, subaccounts])
    form.section(_(result_labels.BALANCES_SECTION))
    titles = ["", "", "", _(result_labels.MAIN_ACCOUNT), "", _(result_labels.SUBACCOUNTS), _(result_labels.TOGETHER)]
    form.heads(titles)
    kept = (books.main, subaccounts, together)
    form.balances(_(result_labels.OPENING), [book.opening for book in kept], called="Opening")
    form.balances(_(result_labels.RECEIVED), [book.received for book in kept])
    form.balances(_(result_labels.GIVEN), [book.given for book in kept])
    form.balances(_(result_labels.EXPECTED), [book.expected for book in kept], called="Expected")
    form.balances(_(result_labels.CLOSING), [book.closing for book in kept], called="Closing")
    form.differences(_(result_labels.DIFFERENCE), [book.difference for book in kept], called="Difference")


def _sum_books(books: Sequence[AccountBook]) -> AccountBook:
    """Sum them up as if they were one account; a balance that is not known for one is not known for all."""
    return AccountBook(
        _sum_balances([book.opening for book in books]),
        sum((book.received for book in books), ZERO),
        sum((book.given for book in books), ZERO),
        _sum_balances([book.closing for book in books]),
    )


def _sum_balances(balances: Sequence[Decimal | None]) -> Decimal | None:
    known = [balance for balance in balances if balance is not None]
    return sum(known, ZERO) if known and len(known) == len(balances) else None


def _write_remarks(form: Form, contents: Contents) -> None:
    form.section(_(result_labels.REMARKS))
    for remark in list_remarks(contents):
        form.remark(remark)


def _write_charts(
    form: Form, sheets: ChartSheets, contents: Contents, lines: Sequence[Course], frame: Frame, first_status: int
) -> None:
    """Draw euros by status, and beside it balances before and after where both are known."""
    if not contents.view.rows:
        return
    form.section(_(result_labels.CHARTS))
    top = form.row
    form.room(CHART_LINES)
    euros = contents.tally.euros
    statuses = Data(sheets.summary, first_status, first_status + len(_ASKED_ORDER) - 1, max(euros.values()))
    in_and_out = (Bars(4, _(result_labels.IN), GREEN), Bars(6, _(result_labels.OUT), STEEL))
    left = ((0, top), (2, top + CHART_LINES))
    sheets.summary.add_chart(
        make_chart(Picture(_(result_labels.EUROS_BY_STATUS), statuses, in_and_out, left, is_stacked=True))
    )
    after = 5 if contents.is_dry_run else 6
    largest = lines[:LARGEST]
    known = [
        balance for line in largest for balance in (line.opening, line.expected, line.final) if balance is not None
    ]
    if not known:
        return
    before_and_after = (
        Bars(2, _(result_labels.BALANCE_TITLES[1]), STEEL),
        Bars(after, _(result_labels.BALANCE_TITLES[after - 1]), page.NAVY),
    )
    data = Data(sheets.balances, frame.first_line, frame.first_line + len(largest) - 1, max(known))
    right = ((2, top), (LAST, top + CHART_LINES))
    sheets.summary.add_chart(make_chart(Picture(_(result_labels.LARGEST_MOVEMENTS), data, before_and_after, right)))


def _write_people(form: Form, contents: Contents) -> None:
    people = contents.view.head.people
    form.section(_(result_labels.PEOPLE))
    if people.prepared is not None and people.approved == (people.prepared,):
        form.remark(_(result_labels.SAME_PERSON))
    form.signature(_(result_labels.PREPARED), people.prepared or "")
    form.signature(_(result_labels.APPROVED), result_labels.join_people(people.approved))
    form.signature(_(result_labels.RUN), result_labels.join_people(people.run))
    if people.abandoned is not None:
        form.signature(_(result_labels.ABANDONED_BY), people.abandoned)


def _write_run(form: Form, contents: Contents) -> None:
    head, events = contents.view.head, contents.view.events
    form.section(_(result_labels.WHAT_RAN))
    form.text(_(result_labels.BATCH), head.batch)
    form.text(_(result_labels.STATE), _(result_labels.STATE_WORDS[head.state]))
    form.text(_(result_labels.STATE_REASON), tell(head.reason))
    form.text(_(result_labels.FILE_NAME), head.source.file_name)
    form.text(_(result_labels.SHEET_NAME), head.source.sheet)
    if period := read_choices(head.options).period:
        form.text(_(result_labels.PERIOD), period)
    form.text(_(result_labels.FILE_SIZE), result_labels.format_file_size(head.source.size))
    form.text(_(result_labels.FILE_SHA), head.source.sha256, called="FileSHA256")
    form.text(_(result_labels.PLAN_DIGEST), head.digest, called="PlanDigest")
    form.text(_(result_labels.LAST_HASH), events[-1].hash if events else None, called="LastHash")
    form.time(_(result_labels.STARTED if head.batch else result_labels.CHECKED_AT), head.created_at)
    form.time(_(result_labels.ENDED), head.ended_at)
    form.text(_(result_labels.ACCOUNT), head.account or _(result_labels.NOT_ASKED))
    form.text(_(result_labels.API), head.api_url or _(result_labels.NOT_ASKED))
    form.text(_(result_labels.WRITTEN_BY), f"{result_labels.PROGRAM} {__version__}")


def _write_findings(form: Form, contents: Contents) -> None:
    findings = contents.view.findings
    if not findings:
        return
    form.section(_(result_labels.SHEET_FINDINGS))
    for found in findings[:SHOWN_FINDINGS]:
        form.text(name_severity(found.severity).capitalize(), result_labels.place_finding(found))
    if len(findings) > SHOWN_FINDINGS:
        form.text(" ", result_labels.tell_hidden_count(len(findings) - SHOWN_FINDINGS))
