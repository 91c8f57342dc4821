"""One batch of an account after the other: what is started meanwhile waits, and nothing that was started is lost."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from batch.ledger.events import OptionsChanged
from batch.ledger.lease import name_this_process
from batch.ledger.orm.queries import read_line
from batch.ledger.orm.store import DatabaseLedger
from batch.ledger.verify import find_difference
from batch.model import BatchState
from batch.notes import make_note
from batch.planning.account_identity import Owner, normalize_address
from batch.sandbox import Sandbox
from batch.web import credentials
from batch.web.batches import jobs
from batch.web.batches.jobs import find_predecessor, postpone_job
from batch.web.models import Draft, DraftState, Job, JobState, Person, Version
from tests.web.batches.conftest import Approved, Performed, finish
from tests.web.conftest import People

OTHER = "token;amount;direction\nsub-0007;3;add\n"


@pytest.fixture
def stopped(approved: Approved, performed: Performed, sandbox: Sandbox) -> str:
    """A batch whose first row is done, and that stopped at its second."""
    sandbox.add_fault("refuse:code=20,skip=1")
    return performed(approved()).batch


@pytest.fixture
def behind(people: People, approved: Approved, stopped: str) -> Job:
    """A start of another sheet on the same account."""
    return start(approved(OTHER, "other.csv"), people)


def start(draft: Draft, people: People) -> Job:
    return jobs.ask_to_start(draft, people.approver, timezone.now())


def look(job: Job) -> bool:
    """As the scheduler does: True if the job may begin now."""
    job.refresh_from_db()
    before = find_predecessor(job)
    if before is not None:
        postpone_job(job, before)
    job.refresh_from_db()
    return before is None


def test_a_start_waits_behind_a_stopped_batch_and_who_can_end_it_is_told_once(
    viewer: Client, approver: Client, people: People, approved: Approved, stopped: str, mails: list[mail.EmailMessage]
) -> None:
    draft = approved(OTHER, "other.csv")
    Person.objects.filter(pk=people.second_approver.pk).update(language="fr")
    job = start(draft, people)
    assert not look(job)
    assert not look(job)
    assert (job.state, job.waits_for) == (JobState.WAITING, stopped)
    told = list(mails)
    addresses = ["administrator@example.com", "approver@example.com", "second@example.com"]
    assert sorted(message.to[0] for message in told) == addresses
    assert f"/batches/{stopped}/" in told[0].body
    assert "stopped on" in told[0].body
    french = next(message for message in mails if message.to == ["second@example.com"])
    assert "s’est arrêté le" in french.body
    assert "stopped on" not in french.body
    page = approver.get(f"/drafts/{draft.pk}").content.decode()
    assert f"Batch {stopped} (monthly.csv) of this account stopped on" in page
    assert "It starts by itself when that batch has ended" in page
    home = approver.get("/").content.decode()
    assert "1 start waits behind it" in home
    assert f'action="/batches/{stopped}/resume"' in home
    assert f'href="/batches/{stopped}/#give-up"' in home
    assert f'href="/drafts/{draft.pk}"' in viewer.get(f"/batches/{stopped}/").content.decode()


def test_when_the_batch_before_has_ended_the_start_goes_on(people: People, stopped: str, behind: Job) -> None:
    assert not look(behind)
    finish(jobs.ask_to_resume(stopped, None, people.approver))
    assert read_line(stopped).head.state is BatchState.FINISHED
    assert look(behind)
    assert read_line(finish(behind).batch).head.state is BatchState.FINISHED


def test_a_batch_is_given_up_by_an_approver_with_a_reason_and_the_start_goes_on(
    preparer: Client, approver: Client, people: People, stopped: str, behind: Job
) -> None:
    assert not look(behind)
    address = f"/batches/{stopped}/give-up"
    assert preparer.post(address, {"why": "not needed"}).status_code == 403
    approver.post(address, {"why": " "})
    assert read_line(stopped).head.state is BatchState.STOPPED
    page = approver.post(address, {"why": "not needed"}, follow=True).content.decode()
    assert "given up" in page
    head = read_line(stopped).head
    assert (head.state, head.people.abandoned) == (BatchState.ABANDONED, str(people.approver))
    assert head.reason == make_note("said", words="not needed")
    assert find_difference(DatabaseLedger(), stopped) is None
    assert "Resume this batch" not in page
    assert look(behind)
    assert finish(behind).error == ""


def test_what_a_batch_that_was_given_up_did_not_send_can_be_sent_again(
    preparer: Client, approver: Client, stopped: str
) -> None:
    approver.post(f"/batches/{stopped}/give-up", {"why": "the rest is wrong"})
    assert "Send again only what is not done" in preparer.get(f"/batches/{stopped}/").content.decode()
    preparer.post(f"/batches/{stopped}/again")
    draft = Draft.objects.get(rest_of=stopped)
    assert Version.objects.get(draft=draft).movements == 2


def test_what_continues_a_stopped_batch_does_not_wait_for_it(people: People, approved: Approved, stopped: str) -> None:
    draft = approved(OTHER, "other.csv")
    Draft.objects.filter(pk=draft.pk).update(rest_of=stopped)
    assert look(start(Draft.objects.get(pk=draft.pk), people))


def test_behind_a_running_batch_nobody_is_written_to(
    people: People, stopped: str, behind: Job, mails: list[mail.EmailMessage]
) -> None:
    jobs.claim(jobs.ask_to_resume(stopped, None, people.approver))
    assert not look(behind)
    assert "is running on this account" in behind.waiting_why
    assert mails == []


def test_a_worker_that_finds_the_account_in_use_leaves_its_job_waiting(people: People, approved: Approved) -> None:
    draft = approved()
    ledger = DatabaseLedger()
    api_url, key = credentials.load_connection()
    known = normalize_address(api_url), key.compute_fingerprint()
    account = ledger.bind_key(*known, Owner("exemple@email.com", {"sub-0001"}), timezone.now())[0]
    ledger.hold(account, name_this_process(), timezone.now(), lambda _lease: True)
    job = start(draft, people)
    assert _worked(job) == (JobState.WAITING, None)
    assert "in use" in job.waiting_why
    # The next worker is not started at once.
    soon = timezone.now() + timedelta(seconds=6)
    assert (jobs.find_due_jobs(timezone.now()), jobs.find_due_jobs(soon)) == ([], [job])
    ledger.let_go()
    assert _worked(job)[0] == JobState.ENDED
    draft.refresh_from_db()
    assert (draft.state, job.error) == (DraftState.STARTED, "")


def test_the_command_line_s_batch_is_waited_for_as_well_and_what_was_chosen_there_holds(
    stopped: str, behind: Job
) -> None:
    Draft.objects.filter(batch=stopped).update(batch=None)
    DatabaseLedger().append(stopped, [OptionsChanged(timezone.now(), ("max-per-second:1000",), "at the keyboard")])
    assert not look(behind)


def test_a_period_is_kept_and_shown(approved: Approved, performed: Performed) -> None:
    job = performed(approved(period="week 5"))
    assert "period:week 5" in read_line(job.batch).head.options


def _worked(job: Job) -> tuple[str, int | None]:
    """What has become of a job that a worker process took."""
    assert jobs.claim(job)
    subprocess.run([sys.executable, "-m", "batch.web.batches.worker", str(job.pk)], timeout=60, check=True)
    job.refresh_from_db()
    return job.state, job.pid
