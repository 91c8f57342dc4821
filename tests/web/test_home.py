from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from batch.sandbox import Sandbox, SandboxOptions
from batch.settings import Secret
from batch.web import credentials
from batch.web.home import What, list_waiting
from batch.web.models import Draft, DraftState, Person, SiteSettings, StoredFile, Version
from tests.web.batches.conftest import Approved, Performed, approved, performed
from tests.web.conftest import People, Site

__all__ = ["approved", "performed"]  # fixtures of the runs


def draft_of(person: Person, *, state: str = DraftState.CHECKED, invalid: int = 0, name: str = "may.csv") -> Draft:
    draft = Draft.objects.create(created_by=person, version=1, state=state)
    file = StoredFile.objects.create(name=name, sha256="0" * 64, size=1, data=b"x")
    made = {"number": 1, "file": file, "created_by": person, "checked_at": timezone.now()}
    Version.objects.create(draft=draft, invalid=invalid, added=Decimal("12.5"), **made)
    return draft


def test_a_checked_draft_waits_for_approvers_other_than_who_prepared_it(people: People) -> None:
    draft_of(people.administrator)
    assert [(one.what, one.for_me) for one in list_waiting(people.approver)] == [(What.APPROVE, True)]
    assert [(one.what, one.for_me) for one in list_waiting(people.administrator)] == [(What.APPROVE, False)]
    assert [(one.what, one.for_me) for one in list_waiting(people.viewer)] == [(What.APPROVE, False)]


def test_one_single_person_may_approve_their_own_only_without_four_eyes(people: People) -> None:
    Person.objects.exclude(pk=people.administrator.pk).update(is_active=False)
    draft_of(people.administrator)
    assert [one.for_me for one in list_waiting(people.administrator)] == [False]
    SiteSettings.objects.create(pk=1, four_eyes=False)
    assert [one.for_me for one in list_waiting(people.administrator)] == [True]


def test_a_draft_with_errors_waits_for_who_prepared_it(people: People) -> None:
    draft_of(people.preparer, invalid=2)
    assert [(one.what, one.for_me) for one in list_waiting(people.preparer)] == [(What.CORRECT, True)]


def test_an_approved_draft_waits_to_be_started_and_comes_before_what_is_to_be_approved(people: People) -> None:
    draft_of(people.preparer)
    draft_of(people.preparer, state=DraftState.APPROVED)
    assert [one.what for one in list_waiting(people.approver)] == [What.START, What.APPROVE]


def test_what_was_rejected_or_started_waits_for_nobody(people: People) -> None:
    draft_of(people.preparer, state=DraftState.REJECTED)
    draft_of(people.preparer, state=DraftState.STARTED)
    assert list_waiting(people.approver) == []


def test_an_empty_site_says_how_to_begin(approver: Client, administrator: Client) -> None:
    page = administrator.get("/").content.decode()
    assert "No batch yet" in page
    assert "Upload the first sheet" in page
    assert "Upload the first sheet" not in approver.get("/").content.decode()


def test_file_names_are_text(approver: Client, people: People) -> None:
    draft_of(people.preparer, name="<script>alert(1)</script>.csv")
    page = approver.get("/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_balance_comes_after_the_page_and_without_javascript_by_a_link(viewer: Client, sandbox: Sandbox) -> None:
    assert "€10,000.00" not in viewer.get("/").content.decode()
    assert "€10,000.00" in balance(viewer)
    assert viewer.get("/balance").headers["location"] == "/?balance=1"
    assert "€10,000.00" in viewer.get("/?balance=1").content.decode()


def test_the_balance_is_asked_for_once_a_minute(viewer: Client, sandbox: Sandbox) -> None:
    first = balance(viewer)
    sandbox.close()
    assert balance(viewer) == first


def balance(client: Client) -> str:
    return client.get("/balance", headers={"hx-request": "true"}).content.decode()


def test_after_a_movement_the_next_page_shows_the_new_balance(
    viewer: Client, people: People, approved: Approved, performed: Performed
) -> None:
    assert "€10,000.00" in balance(viewer)
    performed(approved())
    assert "€9,985.00" in balance(viewer)


def test_with_another_connection_the_next_page_shows_the_balance_of_that(
    viewer: Client, people: People, sandbox: Sandbox
) -> None:
    assert "€10,000.00" in balance(viewer)
    with Sandbox(SandboxOptions(language="en", main_balance=Decimal(77))) as other:
        # As another process would do it.
        credentials.save_connection(other.url, Secret("sandbox-key"), people.administrator)
        assert "€77.00" in balance(viewer)


def test_a_provider_that_does_not_answer_is_told(viewer: Client, monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    monkeypatch.setenv("SMSPARTNER_API_KEY", "sandbox-key")
    monkeypatch.setenv("CREDITBATCH_API_URL", "http://127.0.0.1:1")
    page = balance(viewer)
    assert "reason-warning" in page
    assert "Ask again" in page
