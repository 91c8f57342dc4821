"""The worker starts exactly what was approved, by the same code as the command line, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import requests

from batch.ledger.orm.queries import list_newest_batches, read_line
from batch.ledger.orm.store import DatabaseLedger
from batch.model import BatchState, Status
from batch.sandbox import Sandbox
from batch.web.batches import jobs
from batch.web.models import Approval, Draft, DraftState, Job, JobState
from tests.web.batches.conftest import Approved, Performed, finish, stop_at_once
from tests.web.conftest import People


def test_a_started_draft_is_paid_once_and_becomes_a_batch(
    people: People, approved: Approved, performed: Performed
) -> None:
    draft = approved()
    job = performed(draft)
    draft.refresh_from_db()
    view = DatabaseLedger().view(job.batch)
    assert (job.error, draft.state, draft.batch) == ("", DraftState.STARTED, job.batch)
    assert view.head.state is BatchState.FINISHED
    assert [entry.result.status for entry in view.rows] == [Status.DONE] * 3
    assert view.head.people.prepared == str(people.preparer)
    assert view.head.people.approved == (str(people.approver),)
    assert view.head.people.run == (str(people.approver),)
    assert view.head.opening is not None
    assert view.head.closing is not None
    assert view.head.opening.main - view.head.closing.main == Decimal("15.00")


def test_a_forecast_that_has_changed_must_be_approved_again(
    approved: Approved, performed: Performed, sandbox: Sandbox
) -> None:
    draft = approved("token;amount;direction\nsub-0001;100;add\n")
    spend_main(sandbox, leaving=Decimal("5"))
    job = performed(draft)
    draft.refresh_from_db()
    assert draft.state == DraftState.CHECKED
    assert not Approval.objects.filter(version__draft=draft).exists()
    assert job.batch == ""
    assert job.error


def test_a_draft_that_was_changed_after_the_start_was_asked_for_is_not_started(
    job: Job,
) -> None:
    Draft.objects.update(state=DraftState.CHECKED)
    assert finish(job).error
    assert list_newest_batches() == (), "nothing may be recorded, let alone sent"


def test_the_worker_process_ends_its_job(job: Job) -> None:
    jobs.claim(job)
    ended = subprocess.run(
        [sys.executable, "-m", "batch.web.batches.worker", str(job.id)], capture_output=True, timeout=60, check=False
    )
    job.refresh_from_db()
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert (job.state, job.error) == (JobState.ENDED, "")
    assert read_line(job.batch).tally.rows[Status.DONE] == 3


def test_the_worker_runs_nothing_that_lies_where_the_site_was_started(job: Job, tmp_path: Path) -> None:
    found = tmp_path / "was-run"
    for name in ("csv", "json", "sitecustomize", "decimal", "django", "dbus"):
        (tmp_path / f"{name}.py").write_text(f"import pathlib; pathlib.Path({str(found)!r}).touch()\n", "utf-8")
    jobs.claim(job)
    assert jobs.start_worker(job.id).wait(60) == 0
    job.refresh_from_db()
    assert (job.state, job.error, found.exists()) == (JobState.ENDED, "", False)
    assert read_line(job.batch).tally.rows[Status.DONE] == 3


def test_a_stop_that_a_person_asked_for_ends_after_the_row_under_way(people: People, job: Job) -> None:
    line = read_line(batch := stop_at_once(job))
    assert line.head.state is BatchState.STOPPED
    assert line.tally.rows[Status.PENDING] == 3
    resumed = finish(jobs.ask_to_resume(batch, None, people.second_approver))
    line = read_line(resumed.batch)
    assert line.head.state is BatchState.FINISHED
    assert line.head.people.run == (str(people.approver), str(people.second_approver))


def test_the_same_movements_are_not_started_twice(approved: Approved, performed: Performed) -> None:
    first, second = approved(), approved(name="again.csv")
    assert performed(first).error == ""
    assert performed(second).error, "it was approved when nothing had been run yet"


def spend_main(sandbox: Sandbox, *, leaving: Decimal) -> None:
    """Messages are sent by the main account until so much is left."""
    base = sandbox.url.removesuffix("/v1")
    main = Decimal(requests.get(f"{base}/sandbox/ledger", timeout=5).json()["main_balance"])
    requests.post(f"{base}/sandbox/top-up", json={"amount": str(leaving - main)}, timeout=5).raise_for_status()
