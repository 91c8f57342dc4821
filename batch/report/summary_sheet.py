"""The first sheet: verdict, totals, books, and what differs and why, for the accountant who signs it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from openpyxl.worksheet.worksheet import Worksheet

from batch import __version__
from batch.i18n import _, format_euros, format_number, ngettext, pgettext
from batch.ledger.replay import find_last_proof
from batch.model import BatchRow, Direction, Status, name_severity, name_status
from batch.money import ZERO
from batch.notes import tell
from batch.planning.reconciliation import AccountBook
from batch.planning.settlement import is_awaiting_person
from batch.report import page, result_labels
from batch.report.agreements import list_controls, list_decisions, tell_options, tell_relaxed
from batch.report.book_sentences import tell_books
from batch.report.page import Frame
from batch.report.result_labels import explain_code
from batch.report.summary_layout import GREEN, LARGEST, LAST, STEEL, Bars, Data, Form, SummaryForm, Sums, make_chart
from batch.report.verdict import Contents, Course, Mood, judge_contents, tell_next_steps
from batch.settings import read_choices
from batch.zone import name_zone

_MOST_REASONS = 5


def list_remarks(contents: Contents) -> list[str]:
    """List all there is to say of a batch: what was asked against what was done, then its books."""
    return [*_tell_rows(contents), *tell_books(contents.view, contents.books)]


def _tell_rows(contents: Contents) -> Iterator[str]:
    by_status = contents.by_status
    yield from _tell_refusals(by_status[Status.REFUSED])
    yield from _tell_doubts(by_status[Status.UNKNOWN])
    pending = by_status[Status.PENDING]
    yield from _fill_sentence(_choose_sentence(len(pending), is_over=contents.view.head.is_over), pending)
    yield from _tell_errors(by_status[Status.INVALID])
    found_out = [entry for entry in by_status[Status.DONE] if entry.result.note]
    decided = [entry for entry in found_out if _is_decided(entry)]
    settled = [entry for entry in found_out if not _is_decided(entry)]
    sentence = ngettext(
        "{rows} row ({amount}) was found to be done only afterwards, by the balances.",
        "{rows} rows ({amount}) were found to be done only afterwards, by the balances.",
        len(settled),
    )
    yield from _fill_sentence(sentence, settled)
    sentence = ngettext(
        "{rows} row ({amount}) is done by what a person decided: see below.",
        "{rows} rows ({amount}) are done by what a person decided: see below.",
        len(decided),
    )
    yield from _fill_sentence(sentence, decided)


def _is_decided(entry: BatchRow) -> bool:
    return entry.result.note is not None and entry.result.note.code == "decided-applied"


def _tell_doubts(entries: list[BatchRow]) -> Iterator[str]:
    undecided = [entry for entry in entries if is_awaiting_person(entry.result)]
    interrupted = [entry for entry in entries if not is_awaiting_person(entry.result)]
    sentence = ngettext(
        "Of {rows} row ({amount}) it is not known whether the credit moved: a person must decide.",
        "Of {rows} rows ({amount}) it is not known whether the credit moved: a person must decide.",
        len(undecided),
    )
    yield from _fill_sentence(sentence, undecided)
    sentence = ngettext(
        "Of {rows} row ({amount}) it is not known yet whether the credit moved: resuming the batch finds out.",
        "Of {rows} rows ({amount}) it is not known yet whether the credit moved: resuming the batch finds out.",
        len(interrupted),
    )
    yield from _fill_sentence(sentence, interrupted)


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
    for code, refused in groups[:_MOST_REASONS]:
        sentence = ngettext(
            "{rows} row ({amount}) was refused: {why}.", "{rows} rows ({amount}) were refused: {why}.", len(refused)
        )
        yield from _fill_sentence(sentence, refused, why=explain_code(code))
    rest = [entry for _code, group in groups[_MOST_REASONS:] for entry in group]
    sentence = ngettext(
        "{rows} row ({amount}) was refused for another reason.",
        "{rows} rows ({amount}) were refused for other reasons.",
        len(rest),
    )
    yield from _fill_sentence(sentence, rest)


def _tell_errors(entries: list[BatchRow]) -> Iterator[str]:
    sentence = ngettext(
        "{rows} row has an error and was never sent.", "{rows} rows have errors and were never sent.", len(entries)
    )
    yield from _fill_sentence(sentence, entries)
    unread = [entry for entry in entries if entry.row.amount is None or entry.row.direction is None]
    sentence = ngettext(
        "The amount or the direction of {rows} of them could not be read: it is in no total of euros.",
        "The amount or the direction of {rows} of them could not be read: they are in no total of euros.",
        len(unread),
    )
    yield from _fill_sentence(sentence, unread)


def _fill_sentence(sentence: str, entries: list[BatchRow], **fields: str) -> Iterator[str]:
    """Fill it in, if there are such rows."""
    if entries:
        amount = sum((entry.row.amount or ZERO for entry in entries), ZERO)
        yield sentence.format(rows=format_number(len(entries)), amount=format_euros(amount), **fields)


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


def write_summary(form: SummaryForm, contents: Contents, draw: Callable[[int], None] | None = None) -> None:
    """Write the page from top to bottom. `draw` adds charts of the totals by status, whose first line it is given."""
    _write_head(form, contents)
    first_status = _write_totals(form, contents)
    if contents.is_dry_run:
        _write_forecast(form, contents)
    else:
        _write_balances(form, contents)
        form.section(_("What differs, and why"))
        for remark in list_remarks(contents):
            form.remark(remark)
    _write_agreements(form, contents)
    if draw is not None and contents.view.rows:
        draw(first_status)
    if not contents.is_dry_run:
        _write_people(form, contents)
    _write_run(form, contents)
    _write_findings(form, contents)
    form.close()


def _write_head(form: SummaryForm, contents: Contents) -> None:
    head = contents.view.head
    if contents.is_dry_run:
        form.band(_(result_labels.DRY_RUN), page.DRY_RUN_MARK, 30)
    form.band(result_labels.make_title(head.batch, head.source.file_name), page.TITLE, 32)
    found = judge_contents(contents)
    steps = tell_next_steps(contents.view)
    form.sentence(f"{found.in_full} {steps}".rstrip(), _BANDS[found.mood])


def _write_totals(form: SummaryForm, contents: Contents) -> int:
    """Write rows and euros in and out, asked and by status, and return the line of the first status."""
    names = result_labels.get_report_words()
    form.section(_("Control totals"))
    form.heads(["", "", _("Added to sub-accounts"), "", _("Removed from sub-accounts"), "", ""], spans=((2, 3), (4, 5)))
    row, euro = _("Rows"), _("Euros")
    form.heads([names.status, "", row, euro, row, euro, _("All rows")])
    form.totals(_("Asked for"), "", _sum_rows(contents.view.rows), is_strong=True, called="Asked")
    first = form.row + 1
    for status in _ASKED_ORDER:
        found = contents.by_status[status]
        look = page.STATUS_LOOKS[status] if found else page.LABEL
        meaning = _(result_labels.STATUS_MEANINGS[status])
        form.totals(name_status(status), meaning, _sum_rows(found), look=look, called=status.value.capitalize())
    _write_controls(form, contents)
    return first


def _write_controls(form: SummaryForm, contents: Contents) -> None:
    """Write what was expected beforehand, and what the sheet says itself, beside what was found."""
    controls = list_controls(contents.view)
    if controls:
        form.heads([_("Compared"), "", "", _("Expected"), "", _("Found"), _("Agrees")])
    for control in controls:
        given = _("given beforehand")
        where = _("in {cell}").format(cell=control.cell) if control.cell else "" if control.is_stated else given
        answer = pgettext("truth", "yes") if control.agrees else pgettext("truth", "no")
        form.control(control.label, where, (control.expected, control.found), answer, is_wrong=not control.agrees)


def _write_agreements(form: SummaryForm, contents: Contents) -> None:
    """Write what people decided, and then what they chose."""
    decisions, options = list_decisions(contents.view), tell_options(contents.view)
    if decisions:
        form.section(_("What people decided"))
    for decision in decisions:
        form.text(_("Row {row}").format(row=decision.row), decision.tell())
    if options:
        form.section(_("What was chosen"))
    for option in options:
        form.remark(option)


def _sum_rows(rows: Sequence[BatchRow]) -> Sums:
    count = dict.fromkeys(Direction, 0)
    total = dict.fromkeys(Direction, ZERO)
    for entry in rows:
        if entry.row.direction is not None:
            count[entry.row.direction] += 1
            total[entry.row.direction] += entry.row.amount or ZERO
    adds, removes = Direction.ADD, Direction.REMOVE
    return count[adds], total[adds], count[removes], total[removes], len(rows)


def _write_forecast(form: SummaryForm, contents: Contents) -> None:
    forecast = contents.forecast
    form.section(_("What would happen to the main account"))
    form.euros(_("Main balance before"), forecast.before if forecast else None)
    form.euros(_("Would be added to sub-accounts"), contents.sum_planned_euros(Direction.ADD))
    form.euros(_("Would be removed from them"), contents.sum_planned_euros(Direction.REMOVE))
    form.euros(_("Main balance expected"), forecast.after if forecast else None)
    if forecast:
        row = forecast.lowest_row
        when = _("at the start") if row is None else _("after row {row}").format(row=format_number(row))
        form.euros(_("Lowest on the way"), forecast.lowest, when)
        form.euros(_("Top-up needed"), forecast.top_up)


def _write_balances(form: SummaryForm, contents: Contents) -> None:
    """Write the books of the main account, of the sub-accounts and of both, where movements between them cancel out."""
    books = contents.books
    subaccounts = _sum_books(books.counted)
    together = _sum_books([books.main, subaccounts])
    form.section(_("Opening and closing balances"))
    form.heads(["", "", "", _("Main account"), "", _("Sub-accounts"), _("Together")])
    kept = (books.main, subaccounts, together)
    form.balances(_("Opening balance"), [book.opening for book in kept], called="Opening")
    form.balances(_("+ received"), [book.received for book in kept])
    form.balances(_("− given"), [book.given for book in kept])
    form.balances(_("= expected"), [book.expected for book in kept], called="Expected")
    form.balances(_("Closing balance"), [book.closing for book in kept], called="Closing")
    form.balances(_("Difference"), [book.difference for book in kept], called="Difference", are_differences=True)


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
    return sum(known, ZERO) if len(known) == len(balances) else None


def write_charts(
    form: Form, balances: Worksheet, contents: Contents, lines: Sequence[Course], frame: Frame, first_status: int
) -> None:
    """Draw euros by status, and beside it balances before and after of the sheet *Balances* where both are known."""
    form.section(_("In pictures"))
    top = form.row
    form.room(CHART_LINES)
    in_and_out = (Bars(4, _("Added to sub-accounts"), GREEN), Bars(6, _("Removed from sub-accounts"), STEEL))
    data = Data(form.sheet, first_status, len(_ASKED_ORDER), max(contents.tally.euros.values()))
    left = ((0, top), (2, top + CHART_LINES))
    form.sheet.add_chart(make_chart(_("Euros by status"), data, in_and_out, left, is_stacked=True))
    largest = lines[:LARGEST]
    known = [
        balance for line in largest for balance in (line.opening, line.expected, line.final) if balance is not None
    ]
    if not known:
        return
    before_and_after = (
        Bars(2, _("Opening"), STEEL),
        Bars(5, _("Expected"), page.NAVY) if contents.is_dry_run else Bars(6, _("Final"), page.NAVY),
    )
    data = Data(balances, frame.first_account, len(largest), max(known))
    right = ((2, top), (LAST, top + CHART_LINES))
    form.sheet.add_chart(make_chart(_("Balances before and after, largest movements"), data, before_and_after, right))


def _write_people(form: SummaryForm, contents: Contents) -> None:
    people = contents.view.head.people
    form.section(_("Who answers for it"))
    for sentence in tell_relaxed(contents.view.head):
        form.remark(sentence)
    form.signature(_("Prepared by"), people.prepared or "")
    form.signature(_("Approved by"), ", ".join(people.approved))
    form.signature(_("Run by"), ", ".join(people.run))
    if people.abandoned is not None:
        form.signature(_("Given up by"), people.abandoned)


def _write_run(form: SummaryForm, contents: Contents) -> None:
    head, events = contents.view.head, contents.view.events
    form.section(_("What ran"))
    form.text(_("Batch"), head.batch)
    form.text(_("State"), _(result_labels.STATE_WORDS[head.state]))
    form.text(_("Reason"), tell(head.reason))
    form.text(_("File"), head.source.file_name)
    form.text(_("Sheet"), head.source.sheet)
    form.text(_("Period"), read_choices(head.options).period)
    size = head.source.size
    form.text(_("Size"), ngettext("{number} byte", "{number} bytes", size).format(number=format_number(size)))
    form.text(_("SHA-256 of the file"), head.source.sha256, called="FileSHA256")
    form.text(_("Digest of the plan"), head.digest, called="PlanDigest")
    form.text(_("Ledger’s last hash"), events[-1].hash if events else None, called="LastHash")
    signed = find_last_proof(events, "tip-signed")
    form.text(_("Signed with the key"), str(signed.data.get("key")) if signed else None, called="SigningKey")
    form.time(_("Started") if head.batch else _("Checked"), head.created_at)
    form.time(_("Ended"), head.ended_at)
    moved = [at for entry in contents.view.rows if (at := entry.result.moved_at)]
    form.time(_("First credit moved"), min(moved, default=None))
    form.time(_("Last credit moved"), max(moved, default=None))
    form.text(_("Main account’s user"), head.account or _("not asked"))
    form.text(_("Provider’s address"), head.api_url or _("not asked"))
    form.text(_("Written by"), f"{result_labels.PROGRAM} {__version__}")
    form.time(_("Written at"), contents.written_at)
    form.text(_("Time zone"), name_zone())


def _write_findings(form: SummaryForm, contents: Contents) -> None:
    findings = contents.view.findings
    if not findings:
        return
    form.section(_("What was found in the sheet as a whole"))
    for found in findings[:SHOWN_FINDINGS]:
        form.text(name_severity(found.severity).capitalize(), result_labels.place_finding(found))
    if len(findings) > SHOWN_FINDINGS:
        more = len(findings) - SHOWN_FINDINGS
        form.text(" ", ngettext("and {number} more", "and {number} more", more).format(number=format_number(more)))
