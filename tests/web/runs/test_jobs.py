"""Jobs are asked for, claimed and ended exactly once, whoever presses and whoever dies."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from batch.errors import UsageError
from tests.web.conftest import People
from tests.web.runs.conftest import Approved


def test_of_two_who_start_at_once_one_does(people: People, approved: Approved) -> None:
    from batch.web.runs import jobs

    draft = approved()
    jobs.ask_to_start(draft, people.approver, timezone.now())
    with pytest.raises(UsageError, match="already"):
        jobs.ask_to_start(draft, people.second_approver, timezone.now())


def test_a_draft_that_is_not_approved_is_not_started(people: People, approved: Approved) -> None:
    from batch.web.models import Draft, DraftState, Job
    from batch.web.runs import jobs

    draft = approved()
    Draft.objects.filter(id=draft.id).update(state=DraftState.CHECKED)
    with pytest.raises(UsageError, match="not approved"):
        jobs.ask_to_start(draft, people.approver, timezone.now())
    assert not Job.objects.exists()


def test_of_two_schedulers_one_claims(people: People, approved: Approved) -> None:
    from batch.web.runs import jobs

    job = jobs.ask_to_start(approved(), people.approver, timezone.now())
    assert jobs.claim(job)
    assert not jobs.claim(job)


def test_of_two_workers_one_signs_in(people: People, approved: Approved) -> None:
    from batch.web.runs import jobs

    job = jobs.ask_to_start(approved(), people.approver, timezone.now())
    jobs.claim(job)
    assert jobs.sign_in(job)
    assert not jobs.sign_in(job)


def test_a_job_waits_for_its_time(people: People, approved: Approved) -> None:
    from batch.web.runs import jobs

    later = timezone.now() + timedelta(hours=3)
    job = jobs.ask_to_start(approved(), people.approver, later)
    assert jobs.due(timezone.now()) == []
    assert jobs.due(later + timedelta(seconds=1)) == [job]


def test_a_start_can_be_taken_back_until_it_begins(people: People, approved: Approved) -> None:
    from batch.web.runs import jobs

    draft = approved()
    job = jobs.ask_to_start(draft, people.approver, timezone.now())
    assert jobs.withdraw(job)
    again = jobs.ask_to_start(draft, people.approver, timezone.now())
    jobs.claim(again)
    assert not jobs.withdraw(again)


def test_a_worker_that_died_is_noticed_and_one_that_lives_is_not(people: People, approved: Approved) -> None:
    from batch.web.models import Job, JobState
    from batch.web.runs import jobs

    job = jobs.ask_to_start(approved(), people.approver, timezone.now())
    jobs.claim(job)
    jobs.sign_in(job)
    jobs.bury_dead(timezone.now())
    assert Job.objects.get(id=job.id).state == JobState.WORKING
    Job.objects.filter(id=job.id).update(pid_started=1.0)  # another process had that number once
    jobs.bury_dead(timezone.now())
    buried = Job.objects.get(id=job.id)
    assert buried.state == JobState.ENDED
    assert "nothing" not in buried.error
    assert buried.error


def test_a_worker_that_never_came_is_given_up_after_a_while(people: People, approved: Approved) -> None:
    from batch.web.models import Job, JobState
    from batch.web.runs import jobs

    job = jobs.ask_to_start(approved(), people.approver, timezone.now())
    jobs.claim(job)
    jobs.bury_dead(timezone.now())
    assert Job.objects.get(id=job.id).state == JobState.WORKING
    jobs.bury_dead(timezone.now() + timedelta(minutes=5))
    assert Job.objects.get(id=job.id).state == JobState.ENDED
    assert not jobs.sign_in(job), "a worker that comes too late must not begin"
