"""What follows from a batch or a dry run for every sheet and screen: sums, sub-accounts' courses, and the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from batch.findings import Finding
from batch.i18n import _, format_euros, format_number, join_items, ngettext
from batch.model import ENDED, BatchHead, BatchRow, BatchState, BatchView, Direction, Status, Tally, make_tally
from batch.money import ZERO
from batch.notes import Note, tell
from batch.planning.plan import Forecast, Refusal
from batch.planning.reconciliation import Books, keep_books
from batch.planning.settlement import is_awaiting_person
from batch.report import result_labels
from batch.report.book_sentences import judge_books
from batch.settings import Tolerance, read_choices


@dataclass(frozen=True)
class Contents:
    """A batch or a dry run, and what follows from it. `forecast` is None where the provider was not asked."""

    view: BatchView
    forecast: Forecast | None
    written_at: datetime | None = None  # when a paper about it was begun; None on a screen

    @property
    def is_dry_run(self) -> bool:
        """Whether nothing was even meant to move."""
        return self.view.head.batch is None

    @cached_property
    def tally(self) -> Tally:
        return make_tally(self.view.rows)

    @cached_property
    def by_status(self) -> dict[Status, list[BatchRow]]:
        rows: dict[Status, list[BatchRow]] = {status: [] for status in Status}
        for entry in self.view.rows:
            rows[entry.result.status].append(entry)
        return rows

    @cached_property
    def refusals(self) -> dict[int, Refusal]:
        """What the forecast says would be refused, by row number."""
        return {item.row: item for item in self.forecast.refusals} if self.forecast else {}

    @cached_property
    def books(self) -> Books:
        return keep_books(self.view)

    @cached_property
    def planned(self) -> dict[str, dict[Direction, Decimal]]:
        """Euros that the rows not yet sent ask for, by token and direction."""
        sums: dict[str, dict[Direction, Decimal]] = {}
        for entry in self.view.rows:
            row = entry.row
            if entry.result.status is Status.PENDING and row.token is not None and row.direction and row.amount:
                sums.setdefault(row.token, dict.fromkeys(Direction, ZERO))[row.direction] += row.amount
        return sums

    def sum_planned_euros(self, direction: Direction) -> Decimal:
        return sum((moved[direction] for moved in self.planned.values()), ZERO)


def is_to_fix(state: BatchState, status: Status) -> bool:
    """Tell whether a row of this status is for a person to send in again; of a batch given up, what it left as well."""
    return status in {Status.REFUSED, Status.INVALID} or (status is Status.PENDING and state is BatchState.ABANDONED)


@dataclass(frozen=True, slots=True)
class Course:
    """One sub-account's line. A dry run has no final balance; what was not asked is None."""

    token: str
    opening: Decimal | None
    added: Decimal
    removed: Decimal
    expected: Decimal | None
    final: Decimal | None = None
    difference: Decimal | None = None


def list_courses(contents: Contents) -> list[Course]:
    """List the course of each sub-account, the largest movements first, else in the order in which rows name them."""
    return sorted(_make_courses(contents), key=lambda course: -max(course.added, course.removed))


def _make_courses(contents: Contents) -> Iterator[Course]:
    """Make the lines from the books of a batch, the forecast of a dry run, or just from what a dry run's rows say."""
    if not contents.is_dry_run:
        for token, book in contents.books.subaccounts.items():
            yield Course(token, book.opening, book.received, book.given, book.expected, book.closing, book.difference)
    elif contents.forecast:
        touched = ((token, course) for token, course in contents.forecast.subaccounts.items() if course.is_touched)
        for token, course in touched:
            yield Course(token, course.before, course.added, course.removed, course.after)
    else:
        for token, moved in contents.planned.items():
            yield Course(token, None, moved[Direction.ADD], moved[Direction.REMOVE], None)


class Mood(StrEnum):
    """How the reader should take it."""

    GOOD = "good"  # all that was asked is done
    OPEN = "open"  # it is under way, or has not begun
    ATTENTION = "attention"  # there is something to correct or to look into
    BAD = "bad"  # it ended before the end, or a row is in doubt
    DRY_RUN = "dry-run"  # nothing was meant to move


@dataclass(frozen=True, slots=True)
class Verdict:
    """The sentence, its mood, and why it ended before its end. How to go on differs between command line and site."""

    sentence: str
    mood: Mood
    reason: str = ""

    @property
    def in_full(self) -> str:
        return _("{what} Reason: {why}").format(what=self.sentence, why=self.reason) if self.reason else self.sentence


def judge_contents(contents: Contents) -> Verdict:
    """Judge a batch or a dry run by all of its rows."""
    view, rows = contents.view, contents.tally.rows
    if contents.is_dry_run:
        return judge_dry_run(view.findings, len(view.rows), rows[Status.INVALID], contents.forecast)
    return judge(view.head, rows, contents.books, awaits_person=bool(_list_undecided(view)))


def judge(head: BatchHead, rows: Mapping[Status, int], books: Books | None, *, awaits_person: bool) -> Verdict:
    """Judge a batch by how many rows there are of each status and by its books, which are None before it has ended."""
    match head.state:
        case BatchState.FINISHED:
            return _judge_finished(rows, books, read_choices(head.options).tolerance)
        case BatchState.STOPPED:
            return Verdict(_tell_stop(rows, awaits_person=awaits_person), Mood.BAD, _tell_reason(head.reason))
        case BatchState.ABANDONED:
            return Verdict(_tell_abandonment(head, rows), Mood.BAD, _tell_reason(head.reason))
        case BatchState.RUNNING:
            progress = _tell_progress(rows, head.state)
            return Verdict(_("Under way: {progress}.").format(progress=progress), Mood.OPEN)
        case BatchState.APPROVED:
            return Verdict(_("Approved, but not started: nothing has moved."), Mood.OPEN)
        case BatchState.CHECKED:
            return Verdict(_("Waiting for approval: nothing has moved."), Mood.OPEN)
        case BatchState.REJECTED:
            return Verdict(_("Rejected: nothing has moved."), Mood.ATTENTION, _tell_reason(head.reason))


def tell_next_steps(view: BatchView) -> str:
    """Tell how to go on by the command line, and where in the workbook there is something to correct; often nothing."""
    head, steps = view.head, []
    if any(is_to_fix(head.state, entry.result.status) for entry in view.rows) and head.batch is not None:
        sheet = result_labels.get_report_words().to_fix
        steps.append(_("What is to be corrected stands on the sheet “{sheet}”.").format(sheet=sheet))
    undecided = _list_undecided(view)
    if head.state is BatchState.STOPPED and undecided:
        sentence = _(
            "Decide on what is in doubt: “creditbatch resolve {batch} {row}” shows the evidence of row {row}; then go "
            "on with “creditbatch resume {batch}”."
        )
        steps.append(sentence.format(row=undecided[0], batch=head.batch))
    elif head.state is BatchState.STOPPED:
        steps.append(_("Go on with “creditbatch resume {batch}”.").format(batch=head.batch))
    return " ".join(steps)


def _list_undecided(view: BatchView) -> list[int]:
    return [entry.row.number for entry in view.rows if is_awaiting_person(entry.result)]


def judge_dry_run(findings: Iterable[Finding], total: int, invalid: int, forecast: Forecast | None) -> Verdict:
    """Judge a dry run by what was found in the sheet as a whole and how many rows there are."""
    what = _tell_dry_run(findings, total, invalid, forecast)
    return Verdict(_("Dry run, nothing has moved: {what}.").format(what=what), Mood.DRY_RUN)


def _tell_dry_run(findings: Iterable[Finding], total: int, invalid: int, forecast: Forecast | None) -> str:
    errors = sum(found.is_error for found in findings)
    if errors:
        return ngettext(
            "the sheet cannot be run because of {number} error in the sheet as a whole",
            "the sheet cannot be run because of {number} errors in the sheet as a whole",
            errors,
        ).format(number=format_number(errors))
    if total == 0:
        return _("the sheet has no rows")
    if invalid == total:
        return _("no row can be sent, because every row has an error")
    if not invalid:
        return _tell_forecast(forecast, total, are_all=True)
    have_errors = ngettext(
        "{invalid} of {total} rows has an error and cannot be sent",
        "{invalid} of {total} rows have errors and cannot be sent",
        invalid,
    ).format(invalid=format_number(invalid), total=format_number(total))
    rest = _tell_forecast(forecast, total - invalid, are_all=False)
    return _("{invalid}; {rest}").format(invalid=have_errors, rest=rest)


def _choose_sentences(rows: int, *, are_all: bool) -> tuple[str, str, str]:
    """Say of all rows, or of those without an error, that they can be read, would be done, or would be refused."""
    if are_all:
        return (
            ngettext(
                "the only row can be read, but the provider was not asked whether the accounts and the credit suffice",
                "all {rows} rows can be read, but the provider was not asked whether the accounts and the credit "
                "suffice",
                rows,
            ),
            ngettext(
                "the only row would be done and leave {balance} on the main account",
                "all {rows} rows would be done and leave {balance} on the main account",
                rows,
            ),
            ngettext("the only row would be refused", "{refused} of {rows} rows would be refused", rows),
        )
    return (
        ngettext(
            "the other row can be read, but the provider was not asked whether the accounts and the credit suffice",
            "the other {rows} rows can be read, but the provider was not asked whether the accounts and the credit "
            "suffice",
            rows,
        ),
        ngettext(
            "the other row would be done and leave {balance} on the main account",
            "the other {rows} rows would be done and leave {balance} on the main account",
            rows,
        ),
        ngettext("the other row would be refused", "{refused} of the other {rows} rows would be refused", rows),
    )


def _tell_forecast(forecast: Forecast | None, rows: int, *, are_all: bool) -> str:
    can_be_read, would_be_done, would_be_refused = _choose_sentences(rows, are_all=are_all)
    if forecast is None:
        return can_be_read.format(rows=format_number(rows))
    if forecast.passes:
        return would_be_done.format(rows=format_number(rows), balance=format_euros(forecast.after))
    refused = format_number(len(forecast.refusals))
    sentence = would_be_refused.format(rows=format_number(rows), refused=refused)
    if forecast.top_up:
        lacks = _("{what}, and the main account lacks {amount} for every add to pass")
        sentence = lacks.format(what=sentence, amount=format_euros(forecast.top_up))
    if forecast.removes_first_helps:
        sentence = _("{what} (sending the removes first would help)").format(what=sentence)
    return sentence


def _judge_finished(rows: Mapping[Status, int], books: Books | None, tolerance: Tolerance) -> Verdict:
    total = sum(rows.values())
    if total == 0:
        return Verdict(_("Finished: the sheet has no rows, and nothing has moved."), Mood.ATTENTION)
    worry = Mood.BAD if books is not None and books.enriched else Mood.ATTENTION
    if rows[Status.DONE] == total:
        done = ngettext("The only row was done", "All {rows} rows were done", total).format(rows=format_number(total))
        sound, sentence = judge_books(books, tolerance, done)
        return Verdict(sentence, Mood.GOOD if sound else worry)
    finished = _("Finished: {progress}").format(progress=_tell_progress(rows, BatchState.FINISHED))
    return Verdict(judge_books(books, tolerance, finished)[1], Mood.BAD if rows[Status.UNKNOWN] else worry)


def _tell_stop(rows: Mapping[Status, int], *, awaits_person: bool) -> str:
    progress = _tell_progress(rows, BatchState.STOPPED)
    if awaits_person:
        sentence = _("Stopped before the end: {progress}; a person must decide on what is in doubt.")
    elif rows[Status.UNKNOWN]:
        sentence = _("Stopped before the end: {progress}; resuming finds out about what is in doubt.")
    else:
        sentence = _("Stopped before the end: {progress}; nothing is lost, and it can go on.")
    return sentence.format(progress=progress)


def _tell_abandonment(head: BatchHead, rows: Mapping[Status, int]) -> str:
    ended = _("Given up before the end by {who}: {progress}, and nothing more is sent by this batch.")
    who = head.people.abandoned or _("somebody without a user name")
    return ended.format(who=who, progress=_tell_progress(rows, BatchState.ABANDONED))


def _tell_reason(reason: Note | None) -> str:
    """Tell the reason on one line and with a full stop; a person may have written it."""
    why = " ".join(tell(reason).split())
    return f"{why}." if why and not why.endswith((".", "!", "?", "…")) else why


def _tell_single_progress(status: Status, state: BatchState) -> str:
    match status:
        case Status.DONE:
            return _("the only row was done")
        case Status.UNKNOWN if state is BatchState.RUNNING:
            return _("the only row is under way")
        case Status.UNKNOWN:
            return _("of the only row it is not known whether the credit moved")
        case Status.PENDING:
            return _("the only row was not sent") if state in ENDED else _("the only row can still be sent")
        case Status.REFUSED:
            return _("the only row was refused")
        case Status.INVALID:
            return _("the only row is invalid")


def _tell_progress(rows: Mapping[Status, int], state: BatchState) -> str:
    """Tell how far it got: "39 of 42 rows were done, 2 were refused and 1 is invalid"."""
    done, total = rows[Status.DONE], sum(rows.values())
    if total == 1:
        return _tell_single_progress(next(status for status in Status if rows[status]), state)
    unknown, pending = rows[Status.UNKNOWN], rows[Status.PENDING]
    refused, invalid = rows[Status.REFUSED], rows[Status.INVALID]
    if state is BatchState.RUNNING:
        doubted = ngettext("{rows} is under way", "{rows} are under way", unknown)
    else:
        doubted = ngettext(
            "of {rows} it is not known whether the credit moved",
            "of {rows} it is not known whether the credit moved",
            unknown,
        )
    if state in ENDED:
        left = ngettext("{rows} was not sent", "{rows} were not sent", pending)
    else:
        left = ngettext("{rows} can still be sent", "{rows} can still be sent", pending)
    parts = (
        (unknown, doubted),
        (pending, left),
        (refused, ngettext("{rows} was refused", "{rows} were refused", refused)),
        (invalid, ngettext("{rows} is invalid", "{rows} are invalid", invalid)),
    )
    first = ngettext("{done} of {total} rows was done", "{done} of {total} rows were done", done)
    said = [first.format(done=format_number(done), total=format_number(total))]
    said += [sentence.format(rows=format_number(count)) for count, sentence in parts if count]
    return join_items(said, _("and"))
