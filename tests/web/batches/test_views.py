"""The batch's page says what the ledger says: while it runs, when it has ended, and to every role what it may know."""

from __future__ import annotations

import io
import json
import re
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from batch.ledger.events import AttemptBegan, StateChanged
from batch.ledger.orm.queries import read_line
from batch.ledger.orm.store import DatabaseLedger
from batch.model import BatchState, Status
from batch.sandbox import Sandbox
from batch.web.batches import jobs
from batch.web.home import What, list_waiting
from batch.web.models import AuditEntry, Draft, DraftRow, Job
from tests.web.batches.conftest import Approved, Performed, finish, stop_at_once
from tests.web.conftest import People

MIXED = "token;amount;direction\nsub-0001;12,50;add\nnobody;3;add\nsub-0003;0,50;remove\n"


@pytest.fixture
def ended(approved: Approved, performed: Performed) -> Job:
    return performed(approved())


def test_the_page_of_an_ended_batch_shows_verdict_books_and_rows(viewer: Client, people: People, ended: Job) -> None:
    page = viewer.get(reverse("batch", args=[ended.batch]))
    text = page.content.decode()
    assert page.status_code == 200
    for told in ("All 3 rows were done", "€15.50", "€0.50", "sub-0001", str(people.preparer)):
        assert told in text
    assert 'id="live"' not in text


def test_the_page_speaks_french(viewer: Client, ended: Job) -> None:
    text = viewer.get(reverse("batch", args=[ended.batch]), headers={"accept-language": "fr"}).content.decode()
    assert 'lang="fr"' in text
    assert "15,50\N{NO-BREAK SPACE}€" in text


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("", "234"), ("sort=row&dir=desc", "432"), ("sort=amount", "432"), ("sort=amount&dir=desc", "234"),
        ("sort=token", "324"), ("sort=status&dir=desc", "324"), ("sort=ended&dir=desc", "423"), ("sort=ended", "243"),
        ("status=invalid", "3"), ("token=SUB", "24"), ("token=SUB&status=done&sort=amount", "42"),
        ("token=SUB&status=invalid", ""), ("token=%25", ""),
        # What makes no sense filters and sorts nothing.
        ("status=nonsense", "234"), ("sort=;drop", "234"), ("dir=x", "234"),
        ("page=0", "234"), ("page=99999999999", "234"), ("page=-1", "234"),
    ],
)  # fmt: skip
def test_rows_are_filtered_sorted_and_searched(
    viewer: Client, query: str, rows: str, approved: Approved, performed: Performed
) -> None:
    batch = performed(approved(MIXED, skip_invalid=True)).batch
    asked = {"HX-Request": "true", "HX-Target": "rows"}
    part = viewer.get(f"/batches/{batch}/?{query}", headers=asked).content.decode()
    assert "<html" not in part
    assert re.findall(r"/rows/(\d+)\"", part) == list(rows)


def test_a_batch_that_is_not_there_is_not_found(viewer: Client) -> None:
    assert viewer.get(reverse("batch", args=["20200101-000000-abcdef"])).status_code == 404
    assert viewer.get(reverse("batch-row", args=["20200101-000000-abcdef", 2])).status_code == 404


def test_a_row_shows_what_the_ledger_holds_of_it(viewer: Client, ended: Job) -> None:
    text = viewer.get(reverse("batch-row", args=[ended.batch, 2])).content.decode()
    assert "attempt began" in text
    assert "sub-0001" in text
    assert "Decide" not in text


@pytest.mark.parametrize("kind", ["xlsx", "csv", "json", "pdf", "fec", "entries"])
def test_every_file_is_handed_out_under_a_safe_name(viewer: Client, ended: Job, kind: str) -> None:
    answer = viewer.get(reverse("batch-file", args=[ended.batch, kind]))
    data = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith("attachment")
    if kind == "json":
        assert json.loads(data)["counts"]["done"] == 3
    elif kind == "xlsx":
        assert len(openpyxl.load_workbook(io.BytesIO(data)).worksheets) >= 4
    elif kind == "pdf":
        assert "sub-0001" in PdfReader(io.BytesIO(data)).pages[1].extract_text()
    else:
        assert b"sub-0001" in data
    assert AuditEntry.objects.filter(action="batch.downloaded", subject=ended.batch).exists()


def test_the_history_finds_by_file_token_amount_person_and_state(viewer: Client, ended: Job) -> None:
    for found in ("q=monthly", "q=sub-0002", "q=Preparer", "amount=12,5", "state=finished", "q=", f"q={ended.batch}"):
        assert ended.batch in viewer.get(f"{reverse('history')}?{found}").content.decode(), found
    for missed in ("q=yearly", "q=sub-0009", "amount=12.51", "state=stopped", "until=2020-01-01", "since=2999-01-01"):
        assert ended.batch not in viewer.get(f"{reverse('history')}?{missed}").content.decode(), missed


def test_the_history_lists_drafts_that_were_not_started(viewer: Client, approved: Approved) -> None:
    assert str(approved().id) in viewer.get(reverse("history")).content.decode()


def test_sub_accounts_are_listed_with_what_batches_did_to_them(viewer: Client, ended: Job) -> None:
    assert "sub-0001" in viewer.get(reverse("accounts"), {"fresh": "1"}).content.decode()
    assert ended.batch in viewer.get(reverse("account", args=["sub-0001"])).content.decode()
    assert viewer.get(reverse("account", args=["never-heard-of"])).status_code == 404
    template = viewer.get(reverse("template"))
    assert openpyxl.load_workbook(io.BytesIO(template.content)).worksheets


def added(client: Client, batch: str) -> str:
    """What the main account gave, by the books on the batch's page."""
    books = client.get(reverse("batch", args=[batch])).content.decode().split("The books")[1]
    return books.split('data-title="Given">')[1].split("<")[0]


def test_a_doubt_is_decided_once_with_a_reason_and_the_batch_goes_on(
    viewer: Client, approver: Client, people: People, approved: Approved, sandbox: Sandbox
) -> None:
    # A row of two cents is never settled by the balances, and its answer is lost.
    sandbox.add_fault("reset-after")
    draft = approved("token;amount;direction\nsub-0001;0,02;add\nsub-0002;5;add\n")
    batch = finish(jobs.ask_to_start(draft, people.approver, timezone.now())).batch
    assert read_line(batch).tally.rows[Status.UNKNOWN] == 1
    page = approver.get(reverse("batch-row", args=[batch, 2])).content.decode()
    assert "What the balances say" in page
    decide = reverse("decide", args=[batch, 2])
    assert viewer.post(decide, {"choice": "applied", "why": "I looked"}).status_code == 403
    approver.post(decide, {"choice": "applied", "why": ""})
    assert read_line(batch).tally.rows[Status.UNKNOWN] == 1, "a reason is needed"
    assert added(approver, batch) == "€0.00"
    approver.post(decide, {"choice": "applied", "why": "the provider's page shows it"})
    assert read_line(batch).tally.rows[Status.DONE] == 1
    assert added(approver, batch) == "€0.02", "the books hold what was decided"
    approver.post(decide, {"choice": "not-applied", "why": "changed my mind"})
    assert read_line(batch).tally.rows[Status.DONE] == 1, "decided once"
    approver.post(reverse("resume", args=[batch]))
    finish(jobs.find_due_jobs(timezone.now())[0])
    assert read_line(batch).head.state is BatchState.FINISHED
    assert added(approver, batch) == "€5.02"
    movements: Any = sandbox.ledger()["movements"]
    assert [item["token"] for item in movements] == ["sub-0001", "sub-0002"]


def test_the_rest_of_a_batch_becomes_a_new_draft_without_what_is_done(
    preparer: Client, approved: Approved, performed: Performed
) -> None:
    batch = performed(approved(MIXED, skip_invalid=True)).batch
    assert preparer.get(reverse("send-again", args=[batch])).status_code == 200
    answer = preparer.post(reverse("send-again", args=[batch]))
    draft = Draft.objects.exclude(rest_of="").get()
    assert answer["Location"] == reverse("draft", args=[draft.id])
    assert [row.token for row in DraftRow.objects.filter(version__draft=draft)] == ["nobody"]


def test_a_running_batch_shows_its_course(viewer: Client, people: People, job: Job) -> None:
    batch = stop_at_once(job)
    waiting = jobs.ask_to_resume(batch, None, people.approver)
    live = {"HX-Request": "true", "HX-Target": "live"}
    part = viewer.get(reverse("batch", args=[batch]), headers=live)
    assert 'id="live"' in part.content.decode()
    assert "HX-Refresh" not in part
    finish(waiting)
    assert viewer.get(reverse("batch", args=[batch]), headers=live)["HX-Refresh"] == "true"


def test_stop_and_resume_are_for_approvers_and_posts_only(
    viewer: Client, preparer: Client, approver: Client, nobody: Client, ended: Job
) -> None:
    for name in ("stop", "resume"):
        address = reverse(name, args=[ended.batch])
        assert viewer.post(address).status_code == 403
        assert preparer.post(address).status_code == 403
        assert approver.get(address).status_code == 405
        assert nobody.post(address).status_code == 302


@pytest.mark.parametrize("when", ["yesterday", "2001-01-01T10:00", "9999-01-01T10:00", "2026-13-45T99:99"])
def test_a_start_at_an_impossible_time_is_told(approver: Client, approved: Approved, when: str) -> None:
    draft = approved()
    answer = approver.post(reverse("start", args=[draft.id]), {"when": when}, follow=True)
    assert answer.status_code == 200
    assert "time of the start" in answer.content.decode()
    assert not Job.objects.exists()


def test_a_row_that_was_interrupted_is_for_resuming_and_not_for_deciding(
    approver: Client, people: People, job: Job, sandbox: Sandbox
) -> None:
    batch = stop_at_once(job)
    # As `kill -9` leaves it: running, and with an attempt whose outcome nobody wrote down.
    opening = Decimal(10000), Decimal(100)
    now = timezone.now()
    DatabaseLedger().append(batch, [StateChanged(now, BatchState.RUNNING), AttemptBegan(now, 2, 1, *opening)])
    assert [one.what for one in list_waiting(people.approver)] == [What.RESUME]
    assert "resuming finds out" in approver.get(reverse("batch", args=[batch])).content.decode()
    page = approver.get(reverse("batch-row", args=[batch, 2])).content.decode()
    assert "Nobody has to decide about this row yet" in page
    assert reverse("resume", args=[batch]) in page
    assert reverse("decide", args=[batch, 2]) not in page
    refused = approver.post(
        reverse("decide", args=[batch, 2]), {"choice": "not-applied", "why": "not seen"}, follow=True
    )
    assert "finds out" in refused.content.decode()
    assert read_line(batch).tally.rows[Status.UNKNOWN] == 1
    approver.post(reverse("resume", args=[batch]))
    finish(jobs.find_due_jobs(timezone.now())[0])
    assert read_line(batch).tally.rows[Status.DONE] == 3
    movements: Any = sandbox.ledger()["movements"]
    assert len(movements) == 3


def test_the_rest_of_a_batch_whose_balances_nothing_explains_needs_somebody_who_has_looked_into_it(
    preparer: Client, approved: Approved, performed: Performed, sandbox: Sandbox
) -> None:
    sandbox.add_fault("refuse-after:code=8,times=2")
    sandbox.add_fault("refuse:code=8")
    draft = approved("token;amount;direction\nsub-0001;10;add\nsub-0001;7;add\nsub-0001;3;add\n")
    batch = performed(draft).batch
    again = reverse("send-again", args=[batch])
    assert "What you found out" in preparer.get(again).content.decode()
    assert "are not explained" in preparer.post(again, follow=True).content.decode()
    answer = preparer.post(again, {"why": "rows 2 and 3 were paid, says the provider"})
    assert "/drafts/" in answer.headers["location"]


def test_what_was_decided_chosen_and_compared_stands_on_the_page(
    approver: Client, people: People, approved: Approved, sandbox: Sandbox
) -> None:
    sandbox.add_fault("reset-after")
    draft = approved("token;amount;direction\nsub-0001;0,02;add\nsub-0002;5;add\nTotal;5,02;\n", removes_first=True)
    batch = finish(jobs.ask_to_start(draft, people.approver, timezone.now())).batch
    assert "What people decided" not in approver.get(reverse("batch", args=[batch])).content.decode()
    approver.post(reverse("decide", args=[batch, 2]), {"choice": "applied", "why": "their page shows it"})
    page = approver.get(reverse("batch", args=[batch])).content.decode()
    told = page.split("What people decided")[1]
    assert f"{people.approver} decided on " in told
    assert "that €0.02 to sub-0001 moved. Reason: their page shows it" in told
    assert "Every remove was sent before the first add (--removes-first)." in told
