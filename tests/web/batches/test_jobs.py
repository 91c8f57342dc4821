"""Jobs are asked for, claimed and ended exactly once, whoever presses and whoever dies."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from batch.errors import UsageError
from batch.ledger.events import StateChanged
from batch.ledger.orm.models import Lease
from batch.ledger.orm.store import DatabaseLedger
from batch.ledger.protocol import Claim
from batch.model import BatchState
from batch.planning.account_identity import LEASE
from batch.web.batches import jobs
from batch.web.batches.jobs import find_state
from batch.web.models import Approval, Draft, DraftState, Job, JobState, Version
from tests.web.batches.conftest import Approved, finish, stop_at_once
from tests.web.conftest import People


def test_of_two_who_start_at_once_one_does(people: People, job: Job) -> None:
    assert job.draft is not None
    with pytest.raises(UsageError, match="already"):
        jobs.ask_to_start(job.draft, people.second_approver, timezone.now())


def test_a_draft_that_is_not_approved_is_not_started(people: People, approved: Approved) -> None:
    draft = approved()
    Draft.objects.filter(id=draft.id).update(state=DraftState.CHECKED)
    with pytest.raises(UsageError, match="not approved"):
        jobs.ask_to_start(draft, people.approver, timezone.now())
    assert not Job.objects.exists()


def test_of_two_schedulers_one_claims_and_of_two_workers_one_signs_in(job: Job) -> None:
    assert jobs.claim(job)
    assert not jobs.claim(job)
    assert jobs.register_worker(job)
    assert not jobs.register_worker(job)


def test_a_job_waits_for_its_time(people: People, approved: Approved) -> None:
    later = timezone.now() + timedelta(hours=3)
    job = jobs.ask_to_start(approved(), people.approver, later)
    assert jobs.find_due_jobs(timezone.now()) == []
    assert jobs.find_due_jobs(later + timedelta(seconds=1)) == [job]


def test_a_start_can_be_taken_back_until_it_begins(people: People, approved: Approved) -> None:
    draft = approved()
    job = jobs.ask_to_start(draft, people.approver, timezone.now())
    assert jobs.withdraw(job)
    again = jobs.ask_to_start(draft, people.approver, timezone.now())
    jobs.claim(again)
    assert not jobs.withdraw(again)


def test_a_worker_that_died_is_noticed_and_one_that_lives_is_not(job: Job) -> None:
    jobs.claim(job)
    jobs.register_worker(job)
    jobs.bury_dead(timezone.now())
    assert Job.objects.get(id=job.id).state == JobState.WORKING
    Job.objects.filter(id=job.id).update(pid_started=1.0)  # another process had that number once
    jobs.bury_dead(timezone.now())
    buried = Job.objects.get(id=job.id)
    assert buried.state == JobState.ENDED
    assert "nothing" not in buried.error
    assert buried.error


def test_a_worker_that_never_came_is_given_up_after_a_while(job: Job) -> None:
    jobs.claim(job)
    jobs.bury_dead(timezone.now())
    assert Job.objects.get(id=job.id).state == JobState.WORKING
    jobs.bury_dead(timezone.now() + timedelta(minutes=5))
    assert Job.objects.get(id=job.id).state == JobState.ENDED
    assert not jobs.register_worker(job), "a worker that comes too late must not begin"


def test_a_worker_in_another_container_is_given_up_and_its_batch_resumed_when_its_lease_has_run_out(
    people: People, job: Job
) -> None:
    now, ledger = timezone.now(), DatabaseLedger()
    batch = stop_at_once(job)
    job = jobs.ask_to_resume(batch, None, people.approver)
    jobs.claim(job)
    Job.objects.filter(id=job.id).update(pid=77, pid_started=5.0, host="another", boot="another boot")
    elsewhere = Claim("another", "another boot", "container", 77, 5.0)
    ledger.hold(ledger.read_access(batch).account, elsewhere, now, lambda _lease: False)
    ledger.append(batch, [StateChanged(now, BatchState.RUNNING)])

    jobs.bury_dead(now + LEASE - timedelta(seconds=1))
    assert Job.objects.get(id=job.id).state == JobState.WORKING
    assert find_state(ledger.read_head(batch), None) is BatchState.RUNNING

    Lease.objects.update(until=now - timedelta(seconds=1))
    jobs.bury_dead(now)
    assert Job.objects.get(id=job.id).state == JobState.ENDED
    assert find_state(ledger.read_head(batch), None) is BatchState.STOPPED
    assert finish(jobs.ask_to_resume(batch, None, people.approver)).error == ""
    assert ledger.read_head(batch).state is BatchState.FINISHED


def test_a_worker_in_another_container_that_never_held_the_account_is_given_up_after_a_while(job: Job) -> None:
    jobs.claim(job)
    jobs.register_worker(job)
    Job.objects.filter(id=job.id).update(host="another", boot="another boot")
    jobs.bury_dead(timezone.now())
    assert Job.objects.get(id=job.id).state == JobState.WORKING
    jobs.bury_dead(timezone.now() + LEASE + timedelta(seconds=1))
    assert Job.objects.get(id=job.id).state == JobState.ENDED


def test_only_who_approved_what_was_started_is_named_for_it(people: People, job: Job) -> None:
    version = Version.objects.get(draft=job.draft)
    before = {"version": version, "screen_digest": "of other balances", "confirmed_with": "password"}
    Approval.objects.create(person=people.second_approver, **before)
    assert DatabaseLedger().view(finish(job).batch).head.people.approved == (str(people.approver),)
