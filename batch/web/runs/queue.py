"""What a job has to wait for: one batch of an account at a time, and what was begun is ended before another begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from batch.errors import BatchUnfinished, SettingsError, UsageError
from batch.language import _, moment
from batch.ledger.orm.store import DatabaseLedger
from batch.model import BatchState
from batch.runner.acceptance import family_of
from batch.runner.open_account import find_account, refuse_unfinished
from batch.web import vault
from batch.web.models import Draft, Job
from batch.web.notifications import Event, notify
from batch.web.runs import jobs
from batch.web.runs.standing import state_shown


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
        return stopped.format(batch=self.batch, file=self.file_name, moment=moment(self.stopped_at.astimezone()))


def batch_before(job: Job) -> Before | None:
    """The batch that has to end before this job can begin; None if there is none. A resumption waits for none."""
    if job.batch or job.draft is None:
        return None
    try:
        api_url, key = vault.provider()
    except SettingsError:
        # The worker says what is wrong with the connection.
        return None
    ledger = DatabaseLedger()
    account = find_account(ledger, api_url, key.fingerprint())
    if account is None:
        return None
    try:
        refuse_unfinished(ledger, account, continued_by(ledger, account, job.draft))
    except BatchUnfinished as why:
        return _before(ledger, why.batch)
    return None


def _before(ledger: DatabaseLedger, batch: str) -> Before:
    head = ledger.head(batch)
    is_running = jobs.active_job(batch=batch) or state_shown(head, None) is BatchState.RUNNING
    return Before(batch, head.source.file_name, None if is_running else head.ended_at or head.created_at)


def continued_by(ledger: DatabaseLedger, account: int, draft: Draft) -> tuple[str, ...]:
    """The batches whose list the draft continues."""
    try:
        return family_of(ledger, account, draft.rest_of) if draft.rest_of else ()
    except UsageError:
        # Another account's: the worker says so.
        return ()


def queue_behind(job: Job, before: Before) -> None:
    """Let the job wait; the approvers are told once of a batch that only they bring to its end."""
    if jobs.queue(job, before.batch, before.sentence) and before.stopped_at is not None:
        notify(Event.QUEUED, draft=job.draft, about=before.batch, reason=lambda: before.sentence)
