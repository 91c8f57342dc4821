"""One sentence that says what became of the batch: nothing rosier, and nothing darker, than the rows and books say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from batch.findings import Finding
from batch.language import _, listed, ngettext, number
from batch.model import ENDED, BatchState, Status, tally
from batch.money import ZERO, euros
from batch.report import words
from batch.report.contents import Contents
from batch.report.to_fix import is_to_fix
from batch.retelling import retold
from batch.rules.evidence import awaits_person
from batch.rules.forecast import Forecast


class Mood(StrEnum):
    """How the reader should take it."""

    GOOD = "good"  # all that was asked is done
    ATTENTION = "attention"  # there is something to correct, to await or to look into
    BAD = "bad"  # it ended before the end, or a row is in doubt
    DRY_RUN = "dry run"  # nothing was meant to move


@dataclass(frozen=True, slots=True)
class Verdict:
    """The sentence and its mood."""

    sentence: str
    mood: Mood


def verdict(contents: Contents) -> Verdict:
    """The verdict on a batch or on a dry run."""
    if contents.is_dry_run:
        view = contents.view
        invalid = sum(entry.result.status is Status.INVALID for entry in view.rows)
        return verdict_before(view.findings, len(view.rows), invalid, contents.forecast)
    state = contents.view.head.state
    if state is BatchState.FINISHED:
        return _on_finished(contents)
    if state is BatchState.STOPPED:
        return Verdict(_on_stopped(contents), Mood.BAD)
    if state is BatchState.ABANDONED:
        return Verdict(_on_abandoned(contents), Mood.BAD)
    return Verdict(_on_other(state, contents), Mood.ATTENTION)


def verdict_before(findings: Iterable[Finding], total: int, invalid: int, forecast: Forecast | None) -> Verdict:
    """The verdict on a dry run, by what was found in the sheet as a whole and how many rows there are."""
    what = _on_dry_run(findings, total, invalid, forecast)
    return Verdict(_("Dry run, nothing has moved: {what}.").format(what=what), Mood.DRY_RUN)


def _on_other(state: BatchState, contents: Contents) -> str:
    if state is BatchState.RUNNING:
        return _("Still running when this was written: {progress}.").format(progress=_progress(contents))
    if state is BatchState.APPROVED:
        return _("Approved, but not started: nothing has moved.")
    if state is BatchState.CHECKED:
        return _("Waiting for approval: nothing has moved.")
    return _with_reason(_("Rejected: nothing has moved."), contents.view.head.reason)


def _on_dry_run(findings: Iterable[Finding], total: int, invalid: int, forecast: Forecast | None) -> str:
    errors = sum(found.is_error for found in findings)
    if errors:
        return ngettext(
            "the sheet cannot be run because of {number} error in the sheet as a whole",
            "the sheet cannot be run because of {number} errors in the sheet as a whole",
            errors,
        ).format(number=number(errors))
    if total == 0:
        return _("the sheet has no rows")
    if invalid == total:
        return _("no row can be sent, because every row has an error")
    if not invalid:
        return _on_forecast(forecast, total, _ALL)
    have_errors = ngettext(
        "{invalid} of {total} rows has an error and cannot be sent",
        "{invalid} of {total} rows have errors and cannot be sent",
        invalid,
    ).format(invalid=number(invalid), total=number(total))
    rest = _on_forecast(forecast, total - invalid, _OTHERS)
    return _("{invalid}; {rest}").format(invalid=have_errors, rest=rest)


@dataclass(frozen=True, slots=True)
class _Which:
    """What is said of so many rows: of all, or of those that have no error."""

    can_be_read: Callable[[int], str]
    would_be_done: Callable[[int], str]
    would_be_refused: Callable[[int], str]


_ALL = _Which(
    lambda rows: ngettext(
        "the only row can be read, but the provider was not asked whether the accounts and the credit suffice",
        "all {rows} rows can be read, but the provider was not asked whether the accounts and the credit suffice",
        rows,
    ),
    lambda rows: ngettext(
        "the only row would be done and leave {balance} on the main account",
        "all {rows} rows would be done and leave {balance} on the main account",
        rows,
    ),
    lambda rows: ngettext("the only row would be refused", "{refused} of {rows} rows would be refused", rows),
)
_OTHERS = _Which(
    lambda rows: ngettext(
        "the other row can be read, but the provider was not asked whether the accounts and the credit suffice",
        "the other {rows} rows can be read, but the provider was not asked whether the accounts and the credit suffice",
        rows,
    ),
    lambda rows: ngettext(
        "the other row would be done and leave {balance} on the main account",
        "the other {rows} rows would be done and leave {balance} on the main account",
        rows,
    ),
    lambda rows: ngettext(
        "the other row would be refused", "{refused} of the other {rows} rows would be refused", rows
    ),
)


def _on_forecast(forecast: Forecast | None, rows: int, which: _Which) -> str:
    if forecast is None:
        return which.can_be_read(rows).format(rows=number(rows))
    if forecast.passes:
        return which.would_be_done(rows).format(rows=number(rows), balance=euros(forecast.after))
    sentence = which.would_be_refused(rows).format(rows=number(rows), refused=number(len(forecast.refusals)))
    if forecast.top_up:
        lacks = _("{what}, and the main account lacks {amount} for every add to pass")
        sentence = lacks.format(what=sentence, amount=euros(forecast.top_up))
    if forecast.removes_first_helps:
        sentence = _("{what} (sending the removes first would help)").format(what=sentence)
    return sentence


def _on_finished(contents: Contents) -> Verdict:
    rows = tally(contents.view.rows).rows
    total = len(contents.view.rows)
    if total == 0:
        return Verdict(_("Finished: the sheet has no rows, and nothing has moved."), Mood.ATTENTION)
    worry = Mood.BAD if contents.books.enriched else Mood.ATTENTION
    if rows[Status.DONE] == total:
        done = ngettext("The only row was done", "All {rows} rows were done", total).format(rows=number(total))
        sound, sentence = _with_books(contents, done)
        return Verdict(sentence, Mood.GOOD if sound else worry)
    finished = _("Finished: {progress}").format(progress=_progress(contents))
    return Verdict(_with_books(contents, finished)[1], Mood.BAD if rows[Status.UNKNOWN] else worry)


def _on_stopped(contents: Contents) -> str:
    head = contents.view.head
    if any(awaits_person(entry.result) for entry in contents.view.rows):
        stopped = _(
            "Stopped before the end: {progress}; decide on what is in doubt with “creditbatch resolve {batch}”, "
            "then go on with “creditbatch resume {batch}”."
        )
    else:
        stopped = _("Stopped before the end: {progress}; go on with “creditbatch resume {batch}”.")
    return _with_reason(stopped.format(progress=_progress(contents), batch=head.batch), head.reason)


def _on_abandoned(contents: Contents) -> str:
    head = contents.view.head
    ended = _("Given up before the end by {who}: {progress}, and nothing more is sent by this batch.")
    who = head.people.abandoned or _("somebody without a user name")
    return _with_reason(ended.format(who=who, progress=_progress(contents)), head.reason)


def _with_reason(what: str, reason: str | None) -> str:
    """A sentence, and behind it the reason, which is one of its own: on one line and with a full stop."""
    why = " ".join(retold(reason or "").split())
    if not why:
        return what
    return _("{what} Reason: {why}").format(what=what, why=why if why.endswith((".", "!", "?", "…")) else f"{why}.")


def _progress(contents: Contents) -> str:
    """How far it got: "39 of 42 rows were done, 2 were refused and 1 is invalid (to correct on the sheet “To fix”)"."""
    rows = tally(contents.view.rows).rows
    total = len(contents.view.rows)
    progress = _progress_of_one(contents) if total == 1 else _progress_of_several(contents, rows, total)
    if not _is_to_fix(contents):
        return progress
    return _("{what} (to correct on the sheet “{sheet}”)").format(what=progress, sheet=words.ours().to_fix)


def _is_to_fix(contents: Contents) -> bool:
    return any(is_to_fix(contents.view.head.state, entry.result.status) for entry in contents.view.rows)


def _progress_of_one(contents: Contents) -> str:
    status, is_over = contents.view.rows[0].result.status, contents.view.head.state in ENDED
    match status:
        case Status.DONE:
            return _("the only row was done")
        case Status.UNKNOWN:
            return _("of the only row it is not known whether the credit moved")
        case Status.PENDING:
            return _("the only row was not sent") if is_over else _("the only row can still be sent")
        case Status.REFUSED:
            return _("the only row was refused")
        case Status.INVALID:
            return _("the only row is invalid")


def _progress_of_several(contents: Contents, rows: Mapping[Status, int], total: int) -> str:
    done = rows[Status.DONE]
    unknown, pending = rows[Status.UNKNOWN], rows[Status.PENDING]
    refused, invalid = rows[Status.REFUSED], rows[Status.INVALID]
    parts = [
        ngettext("{done} of {total} rows was done", "{done} of {total} rows were done", done).format(
            done=number(done), total=number(total)
        )
    ]
    if unknown:
        parts.append(
            ngettext(
                "of {rows} it is not known whether the credit moved",
                "of {rows} it is not known whether the credit moved",
                unknown,
            )
        )
    if pending and contents.view.head.state in ENDED:
        parts.append(ngettext("{rows} was not sent", "{rows} were not sent", pending))
    elif pending:
        parts.append(ngettext("{rows} can still be sent", "{rows} can still be sent", pending))
    if refused:
        parts.append(ngettext("{rows} was refused", "{rows} were refused", refused))
    if invalid:
        parts.append(ngettext("{rows} is invalid", "{rows} are invalid", invalid))
    numbers = [done, *filter(None, (unknown, pending, refused, invalid))]
    said = [part.format(rows=number(rows)) for part, rows in zip(parts, numbers, strict=True)]
    return listed(said, _("and"))


def _with_books(contents: Contents, what: str) -> tuple[bool, str]:
    """Whether the books hold no surprise, and the whole sentence with what is to be said of them."""
    books = contents.books
    touched = [book for book in books.subaccounts.values() if book.received or book.given]
    main = books.main.difference
    differences = [book.difference for book in touched if book.difference is not None]
    if main is None or len(differences) < len(touched):
        unread = _("{what}; whether the books balance is not known, because not every balance could be read.")
        return False, unread.format(what=what)
    if books.enriched:
        alarm = _("{what}; ALARM: {accounts} than the movements explain, so look into it.")
        return False, alarm.format(what=what, accounts=_enriched(contents))
    spent = -main - sum(differences, ZERO)
    if spent > 0:
        meanwhile = _("{what}; meanwhile the accounts spent {amount} on other things.")
        return True, meanwhile.format(what=what, amount=euros(spent))
    return True, _("{what}, and the books balance.").format(what=what)


def _enriched(contents: Contents) -> str:
    """Who holds more than can be: "sub-0001 holds €5.00 more"."""
    books = contents.books
    parts = []
    for token in books.enriched[:3]:
        difference = (books.main if token is None else books.subaccounts[token]).difference or ZERO
        if token is None:
            parts.append(_("the main account holds {amount} more").format(amount=euros(difference)))
        else:
            parts.append(_("{token} holds {amount} more").format(token=token, amount=euros(difference)))
    more = len(books.enriched) - len(parts)
    if more:
        others = ngettext("{number} other account holds more", "{number} other accounts hold more", more)
        parts.append(others.format(number=number(more)))
    return listed(parts, _("and"))
