"""Approving and rejecting: by whom, of what, how often, and everything that is refused."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from batch.errors import UsageError
from batch.model import Direction, Movement
from batch.web import credentials
from batch.web.drafts.approvals import FRESH, approve
from batch.web.models import Approval, AuditEntry, Draft, DraftState, Person, SiteSettings, Version
from tests.web.conftest import PASSWORD, ClientFor, People, act_at_once
from tests.web.drafts.sheets import GOOD, MIXED, OTHER, look, newest, upload

pytestmark = pytest.mark.usefixtures("sandbox")


@pytest.fixture
def draft(preparer: Client) -> Draft:
    return upload(preparer, GOOD)


def send(client: Client, draft: Draft, **changed: str) -> str:
    """Send the form that the review shows, with some fields changed; returns the page that follows."""
    version = newest(draft)
    fields = {"version": str(version.number), "screen": version.screen_digest, "confirmation": PASSWORD, **changed}
    response = client.post(f"/drafts/{draft.pk}/approve", fields)
    assert isinstance(response, HttpResponse)
    return client.get(response["Location"]).content.decode() if response.status_code == 302 else str(response)


def send_in_vain(client: Client, draft: Draft, **changed: str) -> str:
    page = send(client, draft, **changed)
    assert state(draft) == DraftState.CHECKED
    assert not Approval.objects.exists()
    return page


def state(draft: Draft) -> str:
    draft.refresh_from_db()
    return draft.state


def test_another_person_approves(approver: Client, draft: Draft, people: People) -> None:
    page = send(approver, draft)
    assert state(draft) == DraftState.APPROVED
    approval = Approval.objects.get()
    assert (approval.person, approval.confirmed_with) == (people.approver, "password")
    assert approval.screen_digest == newest(draft).screen_digest
    assert "Approved by Approver Test" in page
    assert "Start now" in page
    entry = AuditEntry.objects.get(action="draft.approved")
    assert PASSWORD not in str(entry.particulars)


def test_the_preparer_does_not_approve_their_own(administrator: Client) -> None:
    draft = upload(administrator, GOOD)
    assert "four eyes" in send_in_vain(administrator, draft)


def test_nor_does_whoever_corrected_a_version(approver: Client, administrator: Client, draft: Draft) -> None:
    administrator.post(f"/drafts/{draft.pk}/options", {"version": "1", "removes_first": "on"})
    send_in_vain(administrator, draft)
    send(approver, draft)
    assert state(draft) == DraftState.APPROVED


def test_other_roles_do_not_approve(viewer: Client, preparer: Client, nobody: Client, draft: Draft) -> None:
    assert "403" in send_in_vain(viewer, draft)
    assert "403" in send_in_vain(preparer, draft)
    assert 'action="/login"' in send_in_vain(nobody, draft)


@pytest.mark.parametrize(
    "changed",
    [
        *({"screen": ""}, {"screen": "0" * 64}, {"version": "0"}, {"version": "2"}, {"version": ""}),
        *({"confirmation": ""}, {"confirmation": "wrong"}),
    ],
)
def test_forged_forms_approve_nothing(approver: Client, draft: Draft, changed: dict[str, str]) -> None:
    send_in_vain(approver, draft, **changed)


def test_the_digest_of_another_draft_approves_nothing(preparer: Client, approver: Client, draft: Draft) -> None:
    other = upload(preparer, MIXED)
    send_in_vain(approver, draft, screen=newest(other).screen_digest)


def test_a_form_from_before_a_change_approves_nothing(preparer: Client, approver: Client, draft: Draft) -> None:
    old = newest(draft)
    preparer.post(f"/drafts/{draft.pk}/options", {"version": "1", "removes_first": "on"})
    page = send_in_vain(approver, draft, version=str(old.number), screen=old.screen_digest)
    assert "Somebody has changed this batch" in page


def test_a_form_without_its_secret_is_refused(draft: Draft, people: People, client_for: ClientFor) -> None:
    assert "403" in send_in_vain(client_for(people.approver, enforce_csrf_checks=True), draft)


def test_a_replayed_form_approves_once(approver: Client, draft: Draft) -> None:
    send(approver, draft)
    send(approver, draft)
    assert Approval.objects.count() == 1


def test_a_sheet_with_errors_is_not_approved(preparer: Client, approver: Client) -> None:
    assert "cannot be approved as it is" in send_in_vain(approver, upload(preparer, MIXED))


@pytest.mark.parametrize("limit", ["row_limit", "batch_limit"])
def test_above_a_limit_two_approve(
    approver: Client, draft: Draft, people: People, client_for: ClientFor, limit: str
) -> None:
    SiteSettings.objects.create(**{limit: 10})
    page = send(approver, draft)
    assert state(draft) == DraftState.CHECKED
    assert "1 more approval is needed" in page
    assert "You have approved this already" in page
    send(approver, draft)
    assert state(draft) == DraftState.CHECKED
    send(client_for(people.second_approver), draft)
    assert state(draft) == DraftState.APPROVED


def test_alone_and_relaxed_one_may_do_both(administrator: Client, people: People) -> None:
    SiteSettings.objects.create(four_eyes=False, row_limit=Decimal("0.001"))
    draft = upload(administrator, GOOD)
    send_in_vain(administrator, draft)  # others can still log in
    Person.objects.exclude(pk=people.administrator.pk).update(is_active=False)
    page = send(administrator, draft)
    assert state(draft) == DraftState.APPROVED
    assert "Four eyes are relaxed" in page


def aged(draft: Draft) -> None:
    Version.objects.filter(draft=draft).update(checked_at=timezone.now() - FRESH - timedelta(seconds=1))


def test_old_balances_are_read_again_and_drift_does_not_matter(approver: Client, draft: Draft) -> None:
    aged(draft)
    send(approver, draft)
    assert state(draft) == DraftState.APPROVED
    assert timezone.now() - newest(draft).checked_at < FRESH


def test_a_forecast_that_changed_is_reviewed_again(approver: Client, draft: Draft) -> None:
    aged(draft)
    with credentials.open_client() as provider:
        rest = provider.fetch_main_account().balance - 1
        provider.move(Movement(1, OTHER, Direction.ADD, rest), lambda: True)
    assert "other rows would be refused" in send_in_vain(approver, draft)
    assert newest(draft).screen["refused"]


def test_a_provider_that_is_gone_keeps_everything_as_it_is(
    approver: Client, draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    aged(draft)
    before = newest(draft).screen_digest
    monkeypatch.setenv("CREDITBATCH_API_URL", "http://127.0.0.1:9")
    send_in_vain(approver, draft)
    assert newest(draft).screen_digest == before


def test_two_who_approve_at_once_do_it_once(draft: Draft, people: People) -> None:
    version = newest(draft)

    def press(person: Person) -> bool:
        return approve(draft, version, version.screen_digest, person, "password")

    told = act_at_once(press, people.approver, people.second_approver)
    assert [one for one in told if one is True] == [True]
    assert len([one for one in told if isinstance(one, UsageError)]) == 1
    assert Approval.objects.count() == 1
    assert state(draft) == DraftState.APPROVED


def test_an_approver_rejects_with_a_reason(approver: Client, draft: Draft) -> None:
    approver.post(f"/drafts/{draft.pk}/reject", {"version": "1", "reason": "  "})
    assert state(draft) == DraftState.CHECKED
    approver.post(f"/drafts/{draft.pk}/reject", {"version": "1", "reason": "<b>wrong month</b>"})
    assert state(draft) == DraftState.REJECTED
    page = look(approver, draft)
    assert "Rejected by Approver Test" in page
    assert "&lt;b&gt;wrong month&lt;/b&gt;" in page


def test_a_preparer_withdraws_their_own_and_not_anothers(
    viewer: Client, preparer: Client, draft: Draft, client_for: ClientFor
) -> None:
    other = Person.objects.create(username="other", can_prepare=True)
    client_for(other).post(f"/drafts/{draft.pk}/reject", {"version": "1", "reason": "no"})
    assert state(draft) == DraftState.CHECKED
    preparer.post(f"/drafts/{draft.pk}/reject", {"version": "1", "reason": "twice"})
    assert state(draft) == DraftState.REJECTED
    assert "Withdrawn by" in look(viewer, draft)


def test_an_approved_draft_may_still_be_rejected_but_not_a_started_one(approver: Client, draft: Draft) -> None:
    Draft.objects.filter(pk=draft.pk).update(state=DraftState.STARTED)
    approver.post(f"/drafts/{draft.pk}/reject", {"version": "1", "reason": "late"})
    assert state(draft) == DraftState.STARTED
    Draft.objects.filter(pk=draft.pk).update(state=DraftState.APPROVED)
    approver.post(f"/drafts/{draft.pk}/reject", {"version": "1", "reason": "late"})
    assert state(draft) == DraftState.REJECTED


@pytest.mark.parametrize("who", ["viewer", "preparer", "approver", "administrator"])
def test_everybody_reads_why_they_may_not_approve(
    draft: Draft, people: People, client_for: ClientFor, who: str
) -> None:
    page = look(client_for(getattr(people, who)), draft)
    assert ("Approve this batch" in page) == (who in {"approver", "administrator"})
    assert ("Only approvers approve" in page) == (who in {"viewer", "preparer"})
