"""Drafts that are approved, as the pages would leave them, and jobs performed in this process."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from django.utils import timezone

from batch.errors import CreditbatchError
from batch.sandbox import Sandbox
from batch.web import credentials
from batch.web.batches import jobs
from batch.web.batches.run_job import perform_job
from batch.web.drafts.approval_policy import Options
from batch.web.drafts.approvals import approve
from batch.web.drafts.checking import check_version
from batch.web.drafts.conventions import SheetReading
from batch.web.models import Draft, Job, StoredFile
from tests.web.conftest import People

SHEET = "token;amount;direction\nsub-0001;12,50;add\nsub-0002;3;add\nsub-0003;0,50;remove\n"

Approved = Callable[..., "Draft"]
Performed = Callable[["Draft"], "Job"]


@pytest.fixture
def approved(people: People, sandbox: Sandbox) -> Approved:
    """A draft of this sheet that an approver has approved."""

    def made(text: str = SHEET, name: str = "monthly.csv", **options: object) -> Draft:
        data = text.encode()
        file = StoredFile.objects.create(name=name, sha256=hashlib.sha256(data).hexdigest(), size=len(data), data=data)
        draft = Draft.objects.create(created_by=people.preparer)
        chosen = Options(**options)  # type: ignore[arg-type]
        version = check_version(draft, SheetReading(file), chosen, people.preparer, made_by="upload")
        assert approve(draft, version, version.screen_digest, people.approver, "password")
        draft.refresh_from_db()
        return draft

    return made


@pytest.fixture
def job(people: People, approved: Approved) -> Job:
    """A start that was asked for."""
    return jobs.ask_to_start(approved(), people.approver, timezone.now())


@pytest.fixture
def performed(people: People) -> Performed:
    """A draft started and performed to its end (or stop) in this process, as the worker would."""
    return lambda draft: finish(jobs.ask_to_start(draft, people.approver, timezone.now()))


def finish(job: Job) -> Job:
    """Perform a job that waits, as its worker would."""
    assert jobs.claim(job)
    assert jobs.register_worker(job)
    try:
        perform_job(job, credentials.load_provider_settings())
        error = ""
    except CreditbatchError as failure:
        error = str(failure)
    assert jobs.end(job, error)
    job.refresh_from_db()
    return job


def stop_at_once(job: Job) -> str:
    """Perform the job, whose asker stops it before its first row; its batch."""
    Job.objects.filter(id=job.id).update(stop_asked_by=job.asked_by)
    return finish(job).batch
