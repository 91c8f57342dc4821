"""Queue jobs, start those that are due, and tell where the batch of each stands."""

from __future__ import annotations

import logging
import os
import subprocess
import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from django.db import DatabaseError, IntegrityError, close_old_connections, transaction
from django.db.models import Count, Q, Sum
from django.utils import timezone

from batch.errors import BatchUnfinished, CreditbatchError, UsageError
from batch.i18n import N_, _, format_moment
from batch.ledger.lease import name_this_process
from batch.ledger.orm.models import Batch, Movement
from batch.ledger.orm.queries import find_undecided_batches, read_without_rows
from batch.ledger.orm.store import DatabaseLedger, is_gone, is_running
from batch.ledger.protocol import Claim
from batch.model import BatchHead, BatchState, Direction, Status, Tally
from batch.money import ZERO
from batch.planning.reconciliation import Books, Moved, make_books
from batch.report.verdict import Verdict, judge
from batch.runner.acceptance import list_family
from batch.runner.open_account import refuse_unfinished
from batch.sheet.subprocess_reader import make_child_command
from batch.web.audit import Occasion, notify
from batch.web.drafts.checking import find_known_account
from batch.web.models import Draft, DraftState, Job, JobState, Person
from batch.zone import localize


def find_state(head: BatchHead, job: Job | None) -> BatchState:
    """Tell the state; a batch that the ledger calls running while no job works on it was interrupted, so it is stopped.

    A batch that the command line runs on this ledger has no job, and is told by its account's lease.
    """
    if head.state is BatchState.RUNNING and job is None and not is_running(head.batch or "", timezone.now()):
        return BatchState.STOPPED
    return head.state


def judge_batch(head: BatchHead, tally: Tally, state: BatchState, books: Books | None) -> Verdict:
    """Judge a batch as the pages show it. A row in doubt that nobody can decide is for `resume` to find out."""
    awaits_person = bool(tally.rows[Status.UNKNOWN] and find_undecided_batches([head.batch or ""]))
    return judge(replace(head, state=state), tally.rows, books, awaits_person=awaits_person)


def load_books(batch: str) -> Books:
    """Add up the books of a batch in the database. They are kept for as long as its ledger says nothing new."""
    return _compute_books(batch, Batch.objects.values_list("last_hash", flat=True).get(name=batch))


@lru_cache(maxsize=64)
def _compute_books(batch: str, _last_hash: str) -> Books:
    head = read_without_rows(batch).head
    asked = Movement.objects.filter(batch=batch, turn__isnull=False).order_by("token").values_list("token")
    done = Q(status=Status.DONE.value)
    sums = asked.annotate(
        added=Sum("amount", filter=done & Q(direction=Direction.ADD.value)),
        removed=Sum("amount", filter=done & Q(direction=Direction.REMOVE.value)),
        doubtful=Count("pk", filter=Q(status=Status.UNKNOWN.value)),
    )
    moved = {
        token: Moved(added or ZERO, removed or ZERO, is_doubtful=doubtful > 0)
        for token, added, removed, doubtful in sums
    }
    return make_books(head.opening, head.closing, moved)


_AGAIN = timedelta(seconds=5)  # how long a job that found its account in use waits before a worker tries again
_GRACE = timedelta(seconds=60)  # how long a claimed job may take until its process says who it is
_DIED = N_("The program ended before it was done; what was sent is in the ledger.")


def ask_to_start(draft: Draft, person: Person, due_at: datetime) -> Job:
    """Have an approved draft started; `UsageError` if it is not approved or was started by somebody else meanwhile."""
    try:
        with transaction.atomic():
            if not Draft.objects.filter(id=draft.id, state=DraftState.APPROVED).exists():
                raise UsageError(_("This batch is not approved, or has been started already: look at it again."))
            return Job.objects.create(draft=draft, asked_by=person, due_at=due_at)
    except IntegrityError:
        raise UsageError(_("Somebody has asked for this already: it is about to start.")) from None


def ask_to_resume(batch: str, draft: Draft | None, person: Person) -> Job:
    """Have a stopped batch carried on; `UsageError` if somebody asked for it meanwhile."""
    try:
        with transaction.atomic():
            return Job.objects.create(batch=batch, draft=draft, asked_by=person, due_at=timezone.now())
    except IntegrityError:
        raise UsageError(_("Somebody has asked for this already: it is about to go on.")) from None


def withdraw(job: Job) -> bool:
    """Take back a job that waits for its time; False if it has begun."""
    return _change_state(job, JobState.WAITING, state=JobState.ENDED, ended_at=timezone.now())


def ask_to_stop(job: Job, person: Person) -> bool:
    """Let the worker end after the row under way; False if it has ended or somebody asked already."""
    still = Job.objects.filter(id=job.id, state=JobState.WORKING, stop_asked_by=None)
    return still.update(stop_asked_by=person) == 1


def find_due_jobs(now: datetime) -> list[Job]:
    """Find the jobs whose time has come, oldest first."""
    waiting = Job.objects.filter(state=JobState.WAITING, due_at__lte=now)
    ready = waiting.filter(Q(waiting_until=None) | Q(waiting_until__lte=now))
    return list(ready.order_by("due_at", "id"))


def claim(job: Job) -> bool:
    """Take a job for a worker; False if another scheduler was quicker."""
    begun = {"state": JobState.WORKING, "began_at": timezone.now()}
    return _change_state(job, JobState.WAITING, **begun, waits_for="", waiting_why="", waiting_until=None)


def queue(job: Job, behind: str, why: str) -> bool:
    """Let a job wait until the batch before it has ended; True if that was not said of it yet."""
    if (job.state, job.waits_for, job.waiting_why) == (JobState.WAITING, behind, why):
        return False
    # A worker that found the account in use is not followed by another at once.
    until = None if job.state == JobState.WAITING else timezone.now() + _AGAIN
    waiting = {"waits_for": behind, "waiting_why": why, "waiting_until": until}
    return _change_state(job, JobState(job.state), state=JobState.WAITING, pid=None, began_at=None, **waiting)


def register_worker(job: Job) -> bool:
    """Say that this process is the worker; False if another process is, or the job was given up."""
    mine = name_this_process()
    free = Job.objects.filter(id=job.id, state=JobState.WORKING, pid=None)
    return free.update(pid=mine.pid, pid_started=mine.started, host=mine.machine, boot=mine.boot) == 1


def end(job: Job, error: str = "") -> bool:
    """End a job, with the sentence that says why it could not begin or go on."""
    ended = {"state": JobState.ENDED, "ended_at": timezone.now(), "error": error}
    return _change_state(job, JobState.WORKING, **ended, waiting_until=None, waiting_why="")


def bury_dead(now: datetime) -> None:
    """End the jobs whose process is no more; on another machine or in another container, when its lease has run out."""
    for job in Job.objects.filter(state=JobState.WORKING):
        began = job.began_at or now
        claim = Claim(job.host, job.boot, job.host, job.pid or 0, job.pid_started or 0.0)
        is_dead = began < now - _GRACE if job.pid is None else is_gone(claim, began, now)
        if is_dead:
            end(job, _DIED)


def find_active_job(*, draft: Draft | None = None, batch: str = "") -> Job | None:
    """Find the job that waits or works for a draft or a batch."""
    jobs = Job.objects.exclude(state=JobState.ENDED).select_related("asked_by", "stop_asked_by")
    return (jobs.filter(batch=batch) if batch else jobs.filter(draft=draft)).first()


def _change_state(job: Job, before: JobState, **after: object) -> bool:
    return Job.objects.filter(id=job.id, state=before).update(**after) == 1


@dataclass(frozen=True, slots=True)
class Before:
    """The batch that a job waits for. `stopped_at`: it needs a person to come to its end; None while it is running."""

    batch: str
    file_name: str
    stopped_at: datetime | None

    @property
    def sentence(self) -> str:
        """Which batch it is, in the language in force."""
        if self.stopped_at is None:
            running = _(
                "Batch {batch} ({file}) is running on this account: this one starts by itself when it has ended."
            )
            return running.format(batch=self.batch, file=self.file_name)
        stopped = _(
            "Batch {batch} ({file}) of this account stopped on {moment} before its end: resume it or give it up, and "
            "this one starts by itself."
        )
        return stopped.format(batch=self.batch, file=self.file_name, moment=format_moment(localize(self.stopped_at)))


def find_predecessor(job: Job) -> Before | None:
    """Find the batch that has to end before this job can begin. A resumption waits for none."""
    if job.batch or job.draft is None:
        return None
    account = find_known_account()
    if account is None:
        # Where the connection is wrong, the worker says what is.
        return None
    ledger = DatabaseLedger()
    try:
        refuse_unfinished(ledger, account, list_continued_batches(ledger, account, job.draft))
    except BatchUnfinished as why:
        head = ledger.read_head(why.batch)
        is_running = find_active_job(batch=why.batch) or find_state(head, None) is BatchState.RUNNING
        return Before(why.batch, head.source.file_name, None if is_running else head.ended_at or head.created_at)
    return None


def list_continued_batches(ledger: DatabaseLedger, account: int, draft: Draft) -> tuple[str, ...]:
    """List the batches whose list the draft continues."""
    try:
        return list_family(ledger, account, draft.rest_of) if draft.rest_of else ()
    except UsageError:
        # Another account's: the worker says so.
        return ()


def postpone_job(job: Job, before: Before) -> None:
    """Let the job wait; the approvers are told once of a batch that only they bring to its end."""
    if queue(job, before.batch, before.sentence) and before.stopped_at is not None:
        notify(Occasion.QUEUED, draft=job.draft, about=before.batch, reason=lambda: before.sentence)


_EVERY = 1.0  # seconds between two looks
_log = logging.getLogger("creditbatch.web")


class Scheduler:
    """Looks for jobs until it is told to stop."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch_jobs, name="scheduler", daemon=True)
        self._children: list[subprocess.Popen[bytes]] = []

    def start(self) -> Scheduler:
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop looking. Workers go on by themselves."""
        self._stopped.set()
        self._thread.join(timeout=5)

    def _watch_jobs(self) -> None:
        while not self._stopped.wait(_EVERY):
            try:
                close_old_connections()
                self._look()
            except (DatabaseError, OSError, CreditbatchError) as error:
                # The database may be busy or away for a while: the next look may find it.
                _log.warning("the scheduler could not look: %s", error)

    def _look(self) -> None:
        now = timezone.now()
        bury_dead(now)
        for job in find_due_jobs(now):
            before = find_predecessor(job)
            if before is not None:
                postpone_job(job, before)
            # While a worker has a job, another would find the account in use.
            elif not Job.objects.filter(state=JobState.WORKING, began_at__lte=now).exists() and claim(job):
                self._children.append(start_worker(job.id))
        # A child that has ended is asked for its end, so that no zombie is left.
        self._children = [child for child in self._children if child.poll() is None]


def start_worker(job: int) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own: it hears neither our Ctrl-C nor our end."""
    return subprocess.Popen(  # noqa: S603 (the command is this very Python and a module of ours)
        make_child_command("batch.web.batches.worker", str(job)),
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=os.name != "nt",
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
