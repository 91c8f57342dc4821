"""Home: what waits for whom, the last batches, the main balance."""

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
from tests.web.conftest import ClientFor, People, Site

__all__ = ["approved", "performed"]  # fixtures of the runs


def draft_of(person: Person, *, state: str = DraftState.CHECKED, invalid: int = 0, name: str = "may.csv") -> Draft:
    """A draft with one version."""
    draft = Draft.objects.create(created_by=person, version=1, state=state)
    file = StoredFile.objects.create(name=name, sha256="0" * 64, size=1, data=b"x")
    Version.objects.create(
        draft=draft,
        number=1,
        file=file,
        created_by=person,
        checked_at=timezone.now(),
        invalid=invalid,
        added=Decimal("12.5"),
    )
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


def test_an_empty_site_says_how_to_begin(people: People, client_for: ClientFor) -> None:
    page = client_for(people.administrator).get("/").content.decode()
    assert "No batch yet" in page
    assert "Upload the first sheet" in page
    assert "Upload the first sheet" not in client_for(people.approver).get("/").content.decode()


def test_file_names_are_text(people: People, client_for: ClientFor) -> None:
    draft_of(people.preparer, name="<script>alert(1)</script>.csv")
    page = client_for(people.approver).get("/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_balance_comes_after_the_page_and_without_javascript_by_a_link(
    people: People, client_for: ClientFor, sandbox: Sandbox
) -> None:
    client = client_for(people.viewer)
    assert "€10,000.00" not in client.get("/").content.decode()
    assert "€10,000.00" in client.get("/balance", headers={"hx-request": "true"}).content.decode()
    assert client.get("/balance").headers["location"] == "/?balance=1"
    assert "€10,000.00" in client.get("/?balance=1").content.decode()


def test_the_balance_is_asked_for_once_a_minute(people: People, client_for: ClientFor, sandbox: Sandbox) -> None:
    client = client_for(people.viewer)
    first = client.get("/balance", headers={"hx-request": "true"}).content.decode()
    sandbox.close()
    assert client.get("/balance", headers={"hx-request": "true"}).content.decode() == first


def balance(client: Client) -> str:
    return client.get("/balance", headers={"hx-request": "true"}).content.decode()


def test_after_a_movement_the_next_page_shows_the_new_balance(
    people: People, client_for: ClientFor, approved: Approved, performed: Performed
) -> None:
    client = client_for(people.viewer)
    assert "€10,000.00" in balance(client)
    performed(approved(), people.approver)
    assert "€9,985.00" in balance(client)


def test_with_another_connection_the_next_page_shows_the_balance_of_that(
    people: People, client_for: ClientFor, sandbox: Sandbox
) -> None:
    client = client_for(people.viewer)
    assert "€10,000.00" in balance(client)
    with Sandbox(SandboxOptions(language="en", main_balance=Decimal(77))) as other:
        # As another process would do it.
        credentials.save_connection(other.url, Secret("sandbox-key"), people.administrator)
        assert "€77.00" in balance(client)


def test_a_provider_that_does_not_answer_is_told(
    people: People, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch, site: Site
) -> None:
    monkeypatch.setenv("SMSPARTNER_API_KEY", "sandbox-key")
    monkeypatch.setenv("CREDITBATCH_API_URL", "http://127.0.0.1:1")
    page = client_for(people.viewer).get("/balance", headers={"hx-request": "true"}).content.decode()
    assert "reason-warning" in page
    assert "Ask again" in page
