"""Jobs: asked for by a person, claimed by one scheduler, performed by one worker process, each exactly once.

    waiting ──claim──► working ──end──► ended
       │   ◄──queue──────┘                ▲       (a worker that died is ended by `bury_dead`)
       └────withdraw──────────────────────┘

Every step is one conditional update that must hit exactly one line, so whoever comes second does nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, models, transaction
from django.utils import timezone

from batch.errors import UsageError
from batch.language import N_, _
from batch.ledger.lease import this_process
from batch.ledger.orm.store import is_gone
from batch.ledger.protocol import Claim
from batch.web.models import Draft, DraftState, Job, JobState, Person

_AGAIN = timedelta(seconds=5)
"""How long a job that found its account in use waits before a worker tries again."""
_GRACE = timedelta(seconds=60)
"""How long a claimed job may take until its process says who it is."""
_NOT_WAITING = {"waits_for": "", "waiting_why": "", "waiting_until": None}
DIED = N_("The program ended before it was done; what was sent is in the ledger.")


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
    return _step(job, JobState.WAITING, state=JobState.ENDED, ended_at=timezone.now())


def ask_to_stop(job: Job, person: Person) -> bool:
    """Let the worker end after the row under way; False if it has ended or somebody asked already."""
    still = Job.objects.filter(id=job.id, state=JobState.WORKING, stop_asked_by=None)
    return still.update(stop_asked_by=person) == 1


def due(now: datetime) -> list[Job]:
    """The jobs whose time has come, oldest first."""
    waiting = Job.objects.filter(state=JobState.WAITING, due_at__lte=now)
    ready = waiting.filter(models.Q(waiting_until=None) | models.Q(waiting_until__lte=now))
    return list(ready.order_by("due_at", "id"))


def claim(job: Job) -> bool:
    """Take a job for a worker; False if another scheduler was quicker."""
    return _step(job, JobState.WAITING, state=JobState.WORKING, began_at=timezone.now(), **_NOT_WAITING)


def queue(job: Job, behind: str, why: str) -> bool:
    """Let a job wait until the batch before it has ended; True if that was not said of it yet."""
    if (job.state, job.waits_for, job.waiting_why) == (JobState.WAITING, behind, why):
        return False
    # A worker that found the account in use is not followed by another at once.
    until = None if job.state == JobState.WAITING else timezone.now() + _AGAIN
    return _step(
        job,
        JobState(job.state),
        state=JobState.WAITING,
        pid=None,
        began_at=None,
        waits_for=behind,
        waiting_why=why,
        waiting_until=until,
    )


def sign_in(job: Job) -> bool:
    """Say that this process is the worker; False if another process is, or the job was given up."""
    mine = this_process()
    free = Job.objects.filter(id=job.id, state=JobState.WORKING, pid=None)
    return free.update(pid=mine.pid, pid_started=mine.started, host=mine.machine, boot=mine.boot) == 1


def end(job: Job, error: str = "") -> bool:
    """The job has ended, with the sentence that says why it could not begin or go on."""
    return _step(
        job,
        JobState.WORKING,
        state=JobState.ENDED,
        ended_at=timezone.now(),
        error=error,
        waiting_until=None,
        waiting_why="",
    )


def bury_dead(now: datetime) -> None:
    """End the jobs whose process is no more; on another machine or in another container, when its lease has run out."""
    working = Job.objects.filter(state=JobState.WORKING)
    for job in working.exclude(pid=None):
        claim = Claim(job.host, job.boot, job.host, job.pid or 0, job.pid_started or 0.0)
        if is_gone(claim, job.began_at or now, now):
            end(job, str(DIED))
    for job in working.filter(pid=None, began_at__lt=now - _GRACE):
        end(job, str(DIED))


def works(now: datetime) -> bool:
    """Whether a worker has a job, so that another would find the account in use."""
    return Job.objects.filter(state=JobState.WORKING, began_at__lte=now).exists()


def active_job(*, draft: Draft | None = None, batch: str = "") -> Job | None:
    """The job that waits or works for a draft or a batch."""
    jobs = Job.objects.exclude(state=JobState.ENDED).select_related("asked_by", "stop_asked_by")
    return (jobs.filter(batch=batch) if batch else jobs.filter(draft=draft)).first()


def _step(job: Job, before: JobState, **after: object) -> bool:
    return Job.objects.filter(id=job.id, state=before).update(**after) == 1
