"""Perform a job, hear that it is to stop (by a button or a signal), say that it waits, and write of its end."""

from __future__ import annotations

import logging
import signal
import threading
import time
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from types import FrameType

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import DatabaseError
from django.utils import timezone

from batch.errors import LedgerError, ProviderError, TimestampError, UsageError
from batch.evidence.seal import sign_record, stamp_record
from batch.evidence.signature import load_signing_key
from batch.i18n import _
from batch.ledger.orm.queries import read_line
from batch.ledger.orm.store import DatabaseLedger
from batch.ledger.protocol import Access, Work
from batch.model import BatchState, People, Status
from batch.notes import Note, dump_note
from batch.planning.retry import RetryPolicy
from batch.provider.client import Client
from batch.runner.acceptance import accept
from batch.runner.dry_run import read_account
from batch.runner.execute import perform
from batch.runner.open_account import (
    accept_key,
    bind_account,
    hold_account,
    refuse_another_account,
    refuse_another_address,
    refuse_unfinished,
)
from batch.runner.session import Environment, RunOptions
from batch.settings import Settings, Tolerance, read_choices
from batch.web import credentials
from batch.web.access import Role, find_roles
from batch.web.audit import Occasion, notify, write_entry
from batch.web.batches.jobs import judge_batch, list_continued_batches, load_books
from batch.web.drafts.approval_policy import Options
from batch.web.drafts.approvals import find_approval_lapse, find_approvals, find_relaxations, send_back
from batch.web.drafts.checking import prepare_start, recheck
from batch.web.models import Draft, DraftState, Job, Version

_log = logging.getLogger("creditbatch.web")

_ASK_EVERY = 0.5  # seconds between two looks at the button, so that looking costs a row nothing


class JobStopSignal:
    """Stops a job's run when a person presses the button, or the system asks the process to end."""

    def __init__(self, job: int) -> None:
        self._job = job
        self._signalled = threading.Event()
        self._asked = False
        self._looked = 0.0
        for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._handle)

    def is_set(self) -> bool:
        if self._signalled.is_set() or self._asked:
            return True
        now = time.monotonic()
        if now - self._looked >= _ASK_EVERY:
            self._looked = now
            # A database that cannot be read is for the ledger to tell, whose next commit needs it.
            with suppress(DatabaseError):
                self._asked = Job.objects.filter(id=self._job).exclude(stop_asked_by=None).exists()
        return self._asked

    def wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self.is_set():
            self._signalled.wait(min(left, _ASK_EVERY))

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self._signalled.set()


class JobProgressListener:
    """Tells only that a job waits: its rows are in the ledger."""

    def __init__(self, job: int) -> None:
        self._job = job
        self._says_waiting = False

    def report_start(self, movements: int, settled: int) -> None:
        """Say nothing: the page counts the ledger's rows."""

    def report_row(self, row: int, status: Status) -> None:  # noqa: ARG002 (the protocol’s)
        if self._says_waiting:
            self._says_waiting = False
            self._say(waiting_until=None, waiting_why="")

    def report_wait(self, seconds: float, why: Note) -> None:
        self._says_waiting = True
        self._say(waiting_until=timezone.now() + timedelta(seconds=seconds), waiting_why=dump_note(why))

    def _say(self, **said: object) -> None:
        """Tell the page, for which no run stops."""
        with suppress(DatabaseError):
            Job.objects.filter(id=self._job).update(**said)


def perform_job(job: Job, settings: Settings) -> None:
    """Start the job's draft, or carry its batch on. A `CreditbatchError` says why it could not begin or go on."""
    api_url, key = credentials.load_connection()
    # A signing key that cannot be used is known before anything is sent that it is to sign.
    signing_key = load_signing_key(settings.home, settings.signing_key_file)
    fingerprint, now = key.compute_fingerprint(), timezone.now
    ledger = DatabaseLedger(beside=lambda batch: _bind_draft(job, batch))
    if Role.APPROVER not in find_roles(job.asked_by):
        sentence = _("{who}, who asked for this, is not an approver any more: another approver can ask for it.")
        raise UsageError(sentence.format(who=job.asked_by))
    if job.batch:
        refuse_another_address(ledger, job.batch, api_url)
    brake = JobStopSignal(job.id)
    who = str(job.asked_by)
    # The key that was read above: whoever changes the connection at this moment changes the next job's.
    with credentials.open_connection(api_url, key) as client:
        access = bind_account(ledger, api_url, fingerprint, lambda: read_account(client, api_url, now).owner, now())[0]
        if job.batch:
            refuse_another_account(ledger, job.batch, access)
        with hold_account(ledger, access.account, now, resuming=job.batch or None):
            pages: dict[str, int] = {}
            if job.batch:
                accept_key(
                    ledger, job.batch, access, lambda: [each.token for each in client.fetch_subaccounts()], who, now()
                )
                work = ledger.work(job.batch)
            else:
                work, pages = _begin(job, client, ledger, access, settings.tolerance, now())
            choices = read_choices(ledger.read_options(work.batch))
            client.keep_pace(choices.max_per_second)
            options = RunOptions(
                policy=RetryPolicy(settings.max_attempts, settings.backoff_seconds),
                settle_seconds=settings.settle_seconds,
                ask_before_resend=choices.ask_before_resend,
                refresh=not pages,
                by=who,
            )
            perform(Environment(client, ledger, now, brake, JobProgressListener(job.id)), work, options, pages)
            _seal(ledger, work.batch, signing_key, settings.timestamp_url)


def _seal(ledger: DatabaseLedger, batch: str, key: Ed25519PrivateKey, authority: str | None) -> None:
    """Sign the record, and have it stamped if there is an authority. A run was right also without."""
    try:
        sign_record(ledger, batch, key, timezone.now)
        if authority is not None:
            stamp_record(ledger, batch, authority, timezone.now)
    except (LedgerError, TimestampError) as error:
        _log.warning("the record of batch %s was not sealed: %s", batch, error)


def _begin(
    job: Job, client: Client, ledger: DatabaseLedger, access: Access, tolerance: Tolerance, at: datetime
) -> tuple[Work, dict[str, int]]:
    """Check the draft again with today's balances and record it; the job then knows its batch.

    Return what is to be done, and on which page of the provider's list each sub-account is. Where a `UsageError` says
    why it cannot be, the draft waits for a new approval; `BatchUnfinished` if another batch has to end before.
    """
    draft = job.draft
    if draft is None:
        raise AssertionError("only a draft is begun")
    refuse_unfinished(ledger, access.account, list_continued_batches(ledger, access.account, draft))
    version = Version.objects.select_related("file", "draft").get(draft=draft, number=draft.version)
    balances = read_account(client, access.api_url, lambda: at)
    try:
        _refuse_lapsed(draft, version)
        checked = prepare_start(version, balances, access.account)
        choices = Options.from_json(version.options).make_choices(draft.rest_of)
        choices = replace(choices, tolerance=tolerance, relaxed=find_relaxations(draft, version))
        agreed = People(_list_authors(draft), tuple(str(approval.person) for approval in find_approvals(version)))
        work = accept(ledger, checked, access, choices, agreed, at, bytes(version.file.data))
    except UsageError:
        _send_back(draft, version)
        raise
    job.batch = work.batch
    return work, checked.account.pages if checked.account else {}


def _bind_draft(job: Job, batch: str) -> None:
    """Bind the draft and its job to the batch, in the commit that records it: no draft without its batch, no batch
    without its draft, and nothing started twice. A `UsageError` undoes that commit.
    """
    draft = job.draft
    if draft is None:
        raise AssertionError("only a draft is begun")
    # Once more, in that commit: whoever changes people or limits does so before it, or after it.
    _refuse_lapsed(draft, Version.objects.get(draft=draft, number=draft.version))
    approved = Draft.objects.filter(id=draft.id, state=DraftState.APPROVED, version=draft.version)
    if approved.update(state=DraftState.STARTED, batch=batch) != 1:
        raise UsageError(_("This batch was changed or started by somebody else meanwhile: look at it again."))
    Job.objects.filter(id=job.id).update(batch=batch)


def _refuse_lapsed(draft: Draft, version: Version) -> None:
    if why := find_approval_lapse(draft, version):
        raise UsageError(why)


def _list_authors(draft: Draft) -> str:
    """Name whoever made any of its versions, in that order."""
    versions = draft.versions.select_related("created_by").order_by("number")
    return ", ".join(dict.fromkeys(str(version.created_by) for version in versions))


def _send_back(draft: Draft, version: Version) -> None:
    send_back(draft, version)
    write_entry("draft.sent_back", str(draft.pk))
    # With the checks of just now on the screen, nobody approves what was true before. Without, approving checks again.
    with suppress(ProviderError):
        recheck(version)


def tell_end(job: Job, error: str) -> None:
    """Write to those whom the end concerns."""
    if not job.batch:
        notify(Occasion.START_FAILED, draft=job.draft, reason=error)
        return
    line, books = read_line(job.batch), load_books(job.batch)

    def tell_verdict() -> str:
        # In the language of whoever is written to.
        return judge_batch(line.head, line.tally, line.head.state, books).in_full

    if line.head.state is BatchState.FINISHED:
        notify(Occasion.FINISHED, batch=job.batch, reason=tell_verdict)
    elif job.stop_asked_by_id is None or line.tally.rows[Status.UNKNOWN]:
        notify(Occasion.NEEDS_DECISION, batch=job.batch, reason=lambda: f"{tell_verdict()} {error}".rstrip())
