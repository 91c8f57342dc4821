"""Where a batch stands, as the pages show it: its state with what the jobs know, the books, the verdict."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from django.db.models import Count, Q, Sum
from django.utils import timezone

from batch.ledger.orm.models import Batch, Movement
from batch.ledger.orm.queries import find_undecided_batches, without_rows
from batch.ledger.orm.store import is_running
from batch.model import BatchHead, BatchState, Direction, Status, Tally
from batch.money import ZERO
from batch.planning.reconciliation import Books, Moved, make_books
from batch.report.verdict import Verdict, judge
from batch.web.models import Job

_KEPT = 64
"""Batches whose books are remembered."""


def state_shown(head: BatchHead, job: Job | None) -> BatchState:
    """The state; a batch that the ledger calls running while no job works on it was interrupted, so it is stopped.

    A batch that the command line runs on this ledger has no job, and is told by its account's lease.
    """
    if head.state is BatchState.RUNNING and job is None and not is_running(head.batch or "", timezone.now()):
        return BatchState.STOPPED
    return head.state


def judge_shown(head: BatchHead, tally: Tally, state: BatchState, books: Books | None) -> Verdict:
    """Judge a batch as the pages show it. A row in doubt that is for nobody to decide is for `resume` to find out."""
    awaits_person = bool(tally.rows[Status.UNKNOWN] and find_undecided_batches([head.batch or ""]))
    return judge(replace(head, state=state), tally.rows, books, awaits_person=awaits_person)


def books_of(batch: str) -> Books:
    """Add up the books of a batch in the database. They are remembered for as long as its ledger says nothing new."""
    return _books(batch, Batch.objects.values_list("last_hash", flat=True).get(name=batch))


@lru_cache(maxsize=_KEPT)
def _books(batch: str, _last_hash: str) -> Books:
    head = without_rows(batch).head
    asked = Movement.objects.filter(batch=batch, turn__isnull=False).order_by("token").values_list("token")
    done, is_doubtful = Q(status=Status.DONE.value), Q(status=Status.UNKNOWN.value)
    sums = asked.annotate(
        added=Sum("amount", filter=done & Q(direction=Direction.ADD.value)),
        removed=Sum("amount", filter=done & Q(direction=Direction.REMOVE.value)),
        doubtful=Count("pk", filter=is_doubtful),
    )
    moved = {
        token: Moved(added or ZERO, removed or ZERO, is_doubtful=bool(doubtful))
        for token, added, removed, doubtful in sums
    }
    return make_books(head.opening, head.closing, moved)
