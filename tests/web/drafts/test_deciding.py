"""Approving and rejecting: by whom, of what, how often, and everything that is refused."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connections
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from batch.errors import UsageError
from batch.model import Direction, Movement
from batch.web import credentials
from batch.web.drafts.approvals import FRESH, approve
from batch.web.models import Approval, AuditEntry, Draft, DraftState, Person, SiteSettings, Version
from tests.web.conftest import PASSWORD, ClientFor, People
from tests.web.drafts.sheets import GOOD, MIXED, OTHER, newest, upload

pytestmark = pytest.mark.usefixtures("sandbox")


@pytest.fixture
def draft(people: People, client_for: ClientFor) -> Draft:
    return upload(client_for(people.preparer), GOOD)


def send(client: Client, draft: Draft, **changed: str) -> str:
    """Send the form that the review shows, with some fields changed; returns the page that follows."""
    version = newest(draft)
    fields = {"version": str(version.number), "screen": version.screen_digest, "confirmation": PASSWORD, **changed}
    response = client.post(f"/drafts/{draft.pk}/approve", fields)
    assert isinstance(response, HttpResponse)
    return client.get(f"/drafts/{draft.pk}").content.decode() if response.status_code == 302 else str(response)


def state(draft: Draft) -> str:
    draft.refresh_from_db()
    return draft.state


def test_another_person_approves(draft: Draft, people: People, client_for: ClientFor) -> None:
    page = send(client_for(people.approver), draft)
    assert state(draft) == DraftState.APPROVED
    approval = Approval.objects.get()
    assert (approval.person, approval.confirmed_with) == (people.approver, "password")
    assert approval.screen_digest == newest(draft).screen_digest
    assert "Approved by Approver Test" in page
    assert "Start now" in page
    entry = AuditEntry.objects.get(action="draft.approved")
    assert PASSWORD not in str(entry.particulars)


def test_the_preparer_does_not_approve_their_own(people: People, client_for: ClientFor) -> None:
    client = client_for(people.administrator)
    draft = upload(client, GOOD)
    page = send(client, draft)
    assert "four eyes" in page
    assert state(draft) == DraftState.CHECKED
    assert not Approval.objects.exists()


def test_nor_does_whoever_corrected_a_version(draft: Draft, people: People, client_for: ClientFor) -> None:
    administrator = client_for(people.administrator)
    administrator.post(f"/drafts/{draft.pk}/options", {"version": "1", "removes_first": "on"})
    send(administrator, draft)
    assert state(draft) == DraftState.CHECKED
    send(client_for(people.approver), draft)
    assert state(draft) == DraftState.APPROVED


@pytest.mark.parametrize("who", ["viewer", "preparer"])
def test_other_roles_do_not_approve(draft: Draft, people: People, client_for: ClientFor, who: str) -> None:
    assert "403" in send(client_for(getattr(people, who)), draft)
    assert not Approval.objects.exists()


def test_nobody_is_sent_to_the_login(draft: Draft, client_for: ClientFor) -> None:
    version = newest(draft)
    response = client_for(None).post(
        f"/drafts/{draft.pk}/approve", {"version": "1", "screen": version.screen_digest, "confirmation": PASSWORD}
    )
    assert "/login" in response["Location"]
    assert not Approval.objects.exists()


@pytest.mark.parametrize(
    "changed",
    [
        {"screen": ""},
        {"screen": "0" * 64},
        {"version": "0"},
        {"version": "2"},
        {"version": ""},
        {"confirmation": ""},
        {"confirmation": "wrong"},
    ],
)
def test_forged_forms_approve_nothing(
    draft: Draft, people: People, client_for: ClientFor, changed: dict[str, str]
) -> None:
    send(client_for(people.approver), draft, **changed)
    assert state(draft) == DraftState.CHECKED
    assert not Approval.objects.exists()


def test_the_digest_of_another_draft_approves_nothing(draft: Draft, people: People, client_for: ClientFor) -> None:
    other = upload(client_for(people.preparer), MIXED)
    send(client_for(people.approver), draft, screen=newest(other).screen_digest)
    assert state(draft) == DraftState.CHECKED


def test_a_form_from_before_a_change_approves_nothing(draft: Draft, people: People, client_for: ClientFor) -> None:
    old = newest(draft)
    client_for(people.preparer).post(f"/drafts/{draft.pk}/options", {"version": "1", "removes_first": "on"})
    page = send(client_for(people.approver), draft, version=str(old.number), screen=old.screen_digest)
    assert "Somebody has changed this batch" in page
    assert state(draft) == DraftState.CHECKED


def test_a_form_without_its_secret_is_refused(draft: Draft, people: People) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(people.approver, backend="django.contrib.auth.backends.ModelBackend")
    assert "403" in send(client, draft)
    assert state(draft) == DraftState.CHECKED


def test_a_replayed_form_approves_once(draft: Draft, people: People, client_for: ClientFor) -> None:
    client = client_for(people.approver)
    send(client, draft)
    send(client, draft)
    assert Approval.objects.count() == 1


def test_a_sheet_with_errors_is_not_approved(people: People, client_for: ClientFor) -> None:
    draft = upload(client_for(people.preparer), MIXED)
    page = send(client_for(people.approver), draft)
    assert "cannot be approved as it is" in page
    assert state(draft) == DraftState.CHECKED


def test_a_sheet_that_was_not_checked_with_the_provider_is_not_approved(
    draft: Draft, people: People, client_for: ClientFor
) -> None:
    version = newest(draft)
    Version.objects.filter(pk=version.pk).update(screen={**version.screen, "is_forecast": False})
    send(client_for(people.approver), draft)
    assert state(draft) == DraftState.CHECKED


@pytest.mark.parametrize("limit", ["row_limit", "batch_limit"])
def test_above_a_limit_two_approve(draft: Draft, people: People, client_for: ClientFor, limit: str) -> None:
    SiteSettings.objects.create(**{limit: 10})
    page = send(client_for(people.approver), draft)
    assert state(draft) == DraftState.CHECKED
    assert "1 more approval is needed" in page
    assert "You have approved this already" in page
    send(client_for(people.approver), draft)
    assert state(draft) == DraftState.CHECKED
    send(client_for(people.second_approver), draft)
    assert state(draft) == DraftState.APPROVED


def test_alone_and_relaxed_one_may_do_both(people: People, client_for: ClientFor) -> None:
    SiteSettings.objects.create(four_eyes=False, row_limit=Decimal("0.001"))
    client = client_for(people.administrator)
    draft = upload(client, GOOD)
    send(client, draft)
    assert state(draft) == DraftState.CHECKED  # others can still log in
    Person.objects.exclude(pk=people.administrator.pk).update(is_active=False)
    page = send(client, draft)
    assert state(draft) == DraftState.APPROVED
    assert "Four eyes are relaxed" in page


def aged(draft: Draft) -> None:
    Version.objects.filter(draft=draft).update(checked_at=timezone.now() - FRESH - timedelta(seconds=1))


def test_old_balances_are_read_again_and_drift_does_not_matter(
    draft: Draft, people: People, client_for: ClientFor
) -> None:
    aged(draft)
    send(client_for(people.approver), draft)
    assert state(draft) == DraftState.APPROVED
    assert timezone.now() - newest(draft).checked_at < FRESH


def test_a_forecast_that_changed_is_reviewed_again(people: People, client_for: ClientFor, draft: Draft) -> None:
    aged(draft)
    drain()
    page = send(client_for(people.approver), draft)
    assert "other rows would be refused" in page
    assert state(draft) == DraftState.CHECKED
    assert newest(draft).screen["refused"]
    assert not Approval.objects.exists()


def drain() -> None:
    """Move nearly all credit of the main account elsewhere."""
    with credentials.open_client() as provider:
        rest = provider.fetch_main_account().balance - 1
        provider.move(Movement(1, OTHER, Direction.ADD, rest), lambda: True)


def test_a_provider_that_is_gone_keeps_everything_as_it_is(
    draft: Draft, people: People, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    aged(draft)
    before = newest(draft).screen_digest
    monkeypatch.setenv("CREDITBATCH_API_URL", "http://127.0.0.1:9")
    send(client_for(people.approver), draft)
    assert state(draft) == DraftState.CHECKED
    assert newest(draft).screen_digest == before


def test_two_who_approve_at_once_do_it_once(draft: Draft, people: People) -> None:
    version = newest(draft)
    told: list[object] = []
    barrier = threading.Barrier(2)

    def press(person: Person) -> None:
        barrier.wait()
        try:
            told.append(approve(draft, version, version.screen_digest, person, "password"))
        except UsageError as error:
            told.append(error)
        finally:
            connections["default"].close()

    threads = [threading.Thread(target=press, args=(person,)) for person in (people.approver, people.second_approver)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one for one in told if one is True] == [True]
    assert len([one for one in told if isinstance(one, UsageError)]) == 1
    assert Approval.objects.count() == 1
    assert state(draft) == DraftState.APPROVED


def test_an_approver_rejects_with_a_reason(draft: Draft, people: People, client_for: ClientFor) -> None:
    client = client_for(people.approver)
    client.post(f"/drafts/{draft.pk}/reject", {"version": "1", "reason": "  "})
    assert state(draft) == DraftState.CHECKED
    client.post(f"/drafts/{draft.pk}/reject", {"version": "1", "reason": "<b>wrong month</b>"})
    assert state(draft) == DraftState.REJECTED
    page = client.get(f"/drafts/{draft.pk}").content.decode()
    assert "Rejected by Approver Test" in page
    assert "&lt;b&gt;wrong month&lt;/b&gt;" in page


def test_a_preparer_withdraws_their_own_and_not_anothers(draft: Draft, people: People, client_for: ClientFor) -> None:
    other = Person.objects.create(username="other", can_prepare=True)
    client_for(other).post(f"/drafts/{draft.pk}/reject", {"version": "1", "reason": "no"})
    assert state(draft) == DraftState.CHECKED
    client_for(people.preparer).post(f"/drafts/{draft.pk}/reject", {"version": "1", "reason": "twice"})
    assert state(draft) == DraftState.REJECTED
    assert "Withdrawn by" in client_for(people.viewer).get(f"/drafts/{draft.pk}").content.decode()


def test_an_approved_draft_may_still_be_rejected_but_not_a_started_one(
    draft: Draft, people: People, client_for: ClientFor
) -> None:
    Draft.objects.filter(pk=draft.pk).update(state=DraftState.STARTED)
    client = client_for(people.approver)
    client.post(f"/drafts/{draft.pk}/reject", {"version": "1", "reason": "late"})
    assert state(draft) == DraftState.STARTED
    Draft.objects.filter(pk=draft.pk).update(state=DraftState.APPROVED)
    client.post(f"/drafts/{draft.pk}/reject", {"version": "1", "reason": "late"})
    assert state(draft) == DraftState.REJECTED


@pytest.mark.parametrize("who", ["viewer", "preparer", "approver", "administrator"])
def test_everybody_reads_why_they_may_not_approve(
    draft: Draft, people: People, client_for: ClientFor, who: str
) -> None:
    page = client_for(getattr(people, who)).get(f"/drafts/{draft.pk}").content.decode()
    assert ("Approve this batch" in page) == (who in {"approver", "administrator"})
    assert ("Only approvers approve" in page) == (who in {"viewer", "preparer"})
