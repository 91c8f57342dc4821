"""Where a batch stands, as the pages show it: its state with what the jobs know, the verdict, the books."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.db.models import Q, Sum
from django.utils import timezone

from batch.language import _, ngettext, number
from batch.ledger.orm.leases import is_running
from batch.ledger.orm.models import Batch, Movement
from batch.ledger.orm.queries import without_rows
from batch.model import BatchHead, BatchState, Direction, Status, Tally
from batch.money import ZERO, euros, from_thousandths
from batch.rules.books import AccountBook, Books
from batch.web.models import Job

_KEPT = 64
"""Batches whose books are remembered."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One sentence, and how it is to be taken: good, bad, warn or info."""

    mood: str
    sentence: str


def state_shown(head: BatchHead, job: Job | None) -> BatchState:
    """The state; a batch that the ledger calls running while no job works on it was interrupted, so it is stopped.

    A batch that the command line runs on this ledger has no job, and is told by its account's lease.
    """
    if head.state is BatchState.RUNNING and job is None and not is_running(head.batch or "", timezone.now()):
        return BatchState.STOPPED
    return head.state


def verdict(state: BatchState, tally: Tally, books: Books | None, *, awaits_person: bool) -> Verdict:
    """What became of the batch: nothing rosier, and nothing darker, than the rows and books say.

    `awaits_person`: of the rows in doubt, at least one is for a person to decide.
    """
    done, unknown = _done(tally), tally.rows[Status.UNKNOWN]
    if unknown and state is not BatchState.RUNNING and not awaits_person:
        doubt = ngettext(
            "{done}, and for {count} row it is not known yet whether the credit moved: resuming finds out.",
            "{done}, and for {count} rows it is not known yet whether the credit moved: resuming finds out.",
            unknown,
        )
        return Verdict("warn", doubt.format(done=done, count=number(unknown)))
    if unknown and state is not BatchState.RUNNING:
        if sum(tally.rows.values()) == 1:
            return Verdict("bad", _("Of the only row it is not known whether the credit moved: a person must decide."))
        doubt = ngettext(
            "{done}, and for {count} row it is not known whether the credit moved: a person must decide.",
            "{done}, and for {count} rows it is not known whether the credit moved: a person must decide.",
            unknown,
        )
        return Verdict("bad", doubt.format(done=done, count=number(unknown)))
    match state:
        case BatchState.RUNNING:
            return Verdict("info", _("{done}; the batch is running.").format(done=done))
        case BatchState.STOPPED:
            return Verdict(
                "warn", _("{done}; the batch is stopped, nothing is lost, and it can go on.").format(done=done)
            )
        case BatchState.APPROVED:
            return Verdict("info", _("Approved; nothing has moved yet."))
        case BatchState.FINISHED:
            return _finished(done, tally, books)
        case BatchState.ABANDONED:
            return Verdict(
                "bad", _("{done}; the batch was given up, and nothing more is sent by it.").format(done=done)
            )
    return Verdict("info", f"{done}.")


def _done(tally: Tally) -> str:
    """How many rows are done, as the beginning of a sentence."""
    done, total = tally.rows[Status.DONE], sum(tally.rows.values())
    if total == 1:
        return _("The only row is done") if done else _("The only row is not done")
    return ngettext("{done} of {total} rows is done", "{done} of {total} rows are done", done).format(
        done=number(done), total=number(total)
    )


def _finished(done: str, tally: Tally, books: Books | None) -> Verdict:
    if books is not None and books.enriched:
        alarm = _("{done}, but an account holds more than the movements explain: look at the books below.")
        return Verdict("bad", alarm.format(done=done))
    left = tally.rows[Status.REFUSED] + tally.rows[Status.INVALID]
    if left:
        rest = ngettext("{done}; {count} row is to be corrected.", "{done}; {count} rows are to be corrected.", left)
        return Verdict("warn", rest.format(done=done, count=number(left)))
    if books is None or books.main.difference is None:
        return Verdict(
            "warn",
            _("{done}; whether the books balance is not known, because not every balance was read.").format(done=done),
        )
    spent = -books.main.difference
    if spent > 0:
        meanwhile = _("{done}, and the books balance; meanwhile the main account spent {amount} on other things.")
        return Verdict("good", meanwhile.format(done=done, amount=euros(spent)))
    return Verdict("good", _("{done}, and the books balance.").format(done=done))


def books_of(batch: str) -> Books:
    """Add up the books of a batch in the database. They are remembered for as long as its ledger says nothing new."""
    return _books(batch, Batch.objects.values_list("last_hash", flat=True).get(name=batch))


@lru_cache(maxsize=_KEPT)
def _books(batch: str, _last_hash: str) -> Books:
    head = without_rows(batch).head
    asked = Movement.objects.filter(batch=batch, turn__isnull=False).values_list("token", "direction")
    sums = asked.annotate(done=Sum("amount", filter=Q(status=Status.DONE.value)))
    moved = {(token, direction): from_thousandths(done or 0) for token, direction, done in sums}
    opening, closing = head.opening, head.closing
    subaccounts = {
        token: AccountBook(
            opening.subaccounts.get(token) if opening else None,
            moved.get((token, Direction.ADD.value), ZERO),
            moved.get((token, Direction.REMOVE.value), ZERO),
            closing.subaccounts.get(token) if closing else None,
        )
        for token in sorted({token for token, _direction in moved if token is not None})
    }
    main = AccountBook(
        opening.main if opening else None,
        sum((book.given for book in subaccounts.values()), ZERO),
        sum((book.received for book in subaccounts.values()), ZERO),
        closing.main if closing else None,
    )
    return Books(main, subaccounts)
