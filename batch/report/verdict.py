"""One sentence that says what became of the batch: nothing rosier, and nothing darker, than the rows and books say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from batch.model import BatchState, Status, tally
from batch.money import ZERO, euros
from batch.report.contents import Contents
from batch.report.words import TO_FIX, count
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
        return Verdict(f"Dry run, nothing has moved: {_on_dry_run(contents)}.", Mood.DRY_RUN)
    state, reason = contents.view.head.state, _clause(contents.view.head.reason)
    because = f" ({reason})" if reason else ""
    if state is BatchState.FINISHED:
        return _on_finished(contents)
    if state is BatchState.STOPPED:
        return Verdict(_on_stopped(contents, because), Mood.BAD)
    if state is BatchState.RUNNING:
        return Verdict(f"Still running when this was written: {_progress(contents)}.", Mood.ATTENTION)
    if state is BatchState.REJECTED:
        return Verdict(f"Rejected{because}: nothing has moved.", Mood.ATTENTION)
    started = "Approved, but not started" if state is BatchState.APPROVED else "Waiting for approval"
    return Verdict(f"{started}: nothing has moved.", Mood.ATTENTION)


def _on_dry_run(contents: Contents) -> str:
    view = contents.view
    errors = sum(found.is_error for found in view.findings)
    if errors:
        return f"the sheet cannot be run because of {count(errors, 'error')} in the sheet as a whole"
    total = len(view.rows)
    invalid = sum(entry.result.status is Status.INVALID for entry in view.rows)
    if total == 0:
        return "the sheet has no rows"
    if invalid == total:
        return "no row can be sent, because every row has an error"
    clauses = []
    if invalid:
        have = "has an error" if invalid == 1 else "have errors"
        clauses.append(f"{invalid:,} of {count(total, 'row')} {have} and cannot be sent")
    clauses.append(_on_forecast(contents.forecast, total - invalid, "the other" if invalid else "all"))
    return "; ".join(clauses)


def _on_forecast(forecast: Forecast | None, number: int, which: str) -> str:
    rows = f"{which} {count(number, 'row')}" if number > 1 else f"{'the only' if which == 'all' else which} row"
    if forecast is None:
        return f"{rows} can be read, but the provider was not asked whether the accounts and the credit suffice"
    if forecast.passes:
        return f"{rows} would be done and leave {euros(forecast.after)} on the main account"
    refused = f"{len(forecast.refusals):,} of {rows.removeprefix('all ')}" if number > 1 else rows
    sentence = f"{refused} would be refused"
    if forecast.top_up:
        sentence += f", and the main account lacks {euros(forecast.top_up)} for every add to pass"
    return sentence + (" (sending the removes first would help)" if forecast.removes_first_helps else "")


def _on_finished(contents: Contents) -> Verdict:
    rows = tally(contents.view.rows).rows
    total = len(contents.view.rows)
    if total == 0:
        return Verdict("Finished: the sheet has no rows, and nothing has moved.", Mood.ATTENTION)
    sound, books = _on_books(contents)
    if rows[Status.DONE] == total:
        all_rows = "The only row was done" if total == 1 else f"All {count(total, 'row')} were done"
        return Verdict(f"{all_rows}{books}.", Mood.GOOD if sound else _worry(contents))
    mood = Mood.BAD if rows[Status.UNKNOWN] else _worry(contents)
    return Verdict(f"Finished: {_progress(contents)}{books}.", mood)


def _worry(contents: Contents) -> Mood:
    """An account that holds more than it can is as bad as a row in doubt."""
    return Mood.BAD if contents.books.enriched else Mood.ATTENTION


def _on_stopped(contents: Contents, because: str) -> str:
    unknown = tally(contents.view.rows).rows[Status.UNKNOWN]
    batch = contents.view.head.batch
    first = f"decide on what is in doubt with “creditbatch resolve {batch}”, then " if unknown else ""
    return f"Stopped before the end{because}: {_progress(contents)}; {first}go on with “creditbatch resume {batch}”."


def _progress(contents: Contents) -> str:
    """How far it got: "39 of 42 rows were done, 2 were refused and 1 is invalid (to correct on the sheet “To fix”)"."""
    rows = tally(contents.view.rows).rows
    done, refused, invalid = rows[Status.DONE], rows[Status.REFUSED], rows[Status.INVALID]
    parts = [f"{done:,} of {count(len(contents.view.rows), 'row')} {_was(done)} done"]
    if rows[Status.UNKNOWN]:
        parts.append(f"of {rows[Status.UNKNOWN]:,} it is not known whether the credit moved")
    if rows[Status.PENDING]:
        parts.append(f"{rows[Status.PENDING]:,} can still be sent")
    if refused:
        parts.append(f"{refused:,} {_was(refused)} refused")
    if invalid:
        parts.append(f"{invalid:,} {'is' if invalid == 1 else 'are'} invalid")
    hint = f" (to correct on the sheet “{TO_FIX}”)" if refused or invalid else ""
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]])) + hint


def _was(number: int) -> str:
    return "was" if number == 1 else "were"


def _on_books(contents: Contents) -> tuple[bool, str]:
    """Whether the books hold no surprise, and the clause that ends the sentence."""
    books = contents.books
    touched = [book for book in books.subaccounts.values() if book.received or book.given]
    main = books.main.difference
    differences = [book.difference for book in touched if book.difference is not None]
    if main is None or len(differences) < len(touched):
        return False, "; whether the books balance is not known, because not every balance could be read"
    if books.enriched:
        return False, f"; ALARM: {_enriched(contents)} than the movements explain, so look into it"
    spent = -main - sum(differences, ZERO)
    return (
        True,
        f"; meanwhile the accounts spent {euros(spent)} on other things" if spent > 0 else ", and the books balance",
    )


def _enriched(contents: Contents) -> str:
    """Who holds more than can be: "sub-0001 holds €5.00 more"."""
    books = contents.books
    parts = []
    for token in books.enriched[:3]:
        difference = (books.main if token is None else books.subaccounts[token]).difference or ZERO
        parts.append(f"{'the main account' if token is None else token} holds {euros(difference)} more")
    more = len(books.enriched) - len(parts)
    return ", ".join(parts) + (f", and {count(more, 'other account')} more" if more else "")


def _clause(text: str | None) -> str:
    """A reason as a part of a sentence: on one line and without its full stop."""
    return " ".join((text or "").split()).rstrip(".")
