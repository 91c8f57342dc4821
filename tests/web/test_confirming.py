"""What moves money or changes who may is confirmed first, and nothing that was typed is lost by it."""

from __future__ import annotations

import html
import re
import time
from typing import Any

import pytest
from django.test import Client

from batch.sandbox import Sandbox
from batch.web.confirming import CONFIRMED, RECENT
from batch.web.models import Approval, AuditEntry, Connection, Draft, Job, Person, SiteSettings
from tests.web.batches.conftest import Approved, Performed, approved, performed
from tests.web.conftest import PASSWORD, ClientFor, People
from tests.web.drafts.sheets import GOOD, newest, upload

__all__ = ["approved", "performed"]  # fixtures of the runs

_RULES = {"row_limit": "500", "batch_limit": "2000.50", "four_eyes": "on", "language": "fr"}
_ASKED = "Confirm that it is you"


@pytest.fixture
def stale(people: People, client_for: ClientFor) -> Client:
    """An administrator who may do everything, and has not confirmed yet."""
    return client_for(people.administrator, has_confirmed=False)


def confirm(client: Client, address: str, page: str, password: str = PASSWORD, **fields: str) -> Any:
    """Send the form that the page shows, at the address that it names."""
    found = re.search(r'action="([^"]+)">\s*.*name="carried" value="([^"]+)"', page)
    assert found is not None
    assert html.unescape(found[1]) == address
    return client.post(address, {"carried": found[2], "confirmation": password, **fields})


def test_what_was_typed_goes_on_once_it_is_confirmed(stale: Client) -> None:
    address = "/administration/settings?from=here"
    page = stale.post(address, _RULES).content.decode()
    assert _ASKED in page
    assert not SiteSettings.objects.exists()
    assert confirm(stale, address, page).status_code == 302
    current = SiteSettings.load()
    assert (str(current.row_limit), current.language) == ("500.000", "fr")
    entry = AuditEntry.objects.get(action="confirmation.given")
    assert entry.particulars == {"confirmed_with": "password"}


def test_one_confirmation_holds_for_ten_minutes_and_no_longer(stale: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    page = stale.post("/administration/settings", _RULES).content.decode()
    confirm(stale, "/administration/settings", page)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + RECENT - 5)
    assert stale.post("/administration/settings", {**_RULES, "row_limit": "400"}).status_code == 302
    for later in (now + RECENT + 5, now - 60):  # nor for a clock that was set back
        monkeypatch.setattr(time, "time", lambda at=later: at)
        assert _ASKED in stale.post("/administration/settings", {**_RULES, "row_limit": "300"}).content.decode()
    assert str(SiteSettings.load().row_limit) == "400.000"


def test_a_wrong_password_does_nothing_and_keeps_what_was_typed(stale: Client) -> None:
    page = stale.post("/administration/settings", _RULES).content.decode()
    page = confirm(stale, "/administration/settings", page, "wrong").content.decode()
    assert "That is not your password" in page
    assert not SiteSettings.objects.exists()
    assert confirm(stale, "/administration/settings", page).status_code == 302
    assert SiteSettings.objects.exists()


def test_looking_asks_nothing_and_stopping_neither(stale: Client, approved: Approved, performed: Performed) -> None:
    batch = performed(approved()).batch
    for address in ("/administration/settings", "/administration/people/new", "/administration/connection"):
        assert _ASKED not in stale.get(address).content.decode()
    assert "It is stopping already" in stale.post(f"/batches/{batch}/stop", follow=True).content.decode()


def test_every_change_of_administration_asks(stale: Client, people: People, sandbox: Sandbox) -> None:
    pk = people.viewer.pk
    for address in (
        *("people/new", f"people/{pk}", f"people/{pk}/link", f"people/{pk}/authenticator"),
        *("connection", "connection/test", "settings"),
    ):
        assert _ASKED in stale.post(f"/administration/{address}", {"full_name": "X"}).content.decode(), address
    assert not AuditEntry.objects.exists()


def test_starting_resuming_giving_up_and_deciding_ask(
    stale: Client, approved: Approved, performed: Performed, sandbox: Sandbox
) -> None:
    draft = approved()
    start = f"/batches/start/{draft.pk}"
    page = stale.post(start, {"when": ""}).content.decode()
    assert _ASKED in page
    assert not Job.objects.exists()
    confirm(stale, start, page)
    assert Job.objects.get().draft_id == draft.pk
    Job.objects.all().delete()
    batch = performed(draft).batch
    session = stale.session
    del session[CONFIRMED]
    session.save()
    for action in ("resume", "give-up", "rows/2/decide"):
        assert _ASKED in stale.post(f"/batches/{batch}/{action}", {"why": "x"}).content.decode(), action


def test_approving_asks_each_time(preparer: Client, stale: Client, sandbox: Sandbox) -> None:
    first, second = upload(preparer, GOOD), upload(preparer, GOOD.replace(b"5;", b"6;"), "other.csv")
    form = {"version": "1", "screen": newest(first).screen_digest}
    stale.post(f"/drafts/{first.pk}/approve", {**form, "confirmation": PASSWORD})
    assert Approval.objects.count() == 1
    for given in ({}, {"confirmation": ""}, {"confirmation": "wrong"}):
        stale.post(f"/drafts/{second.pk}/approve", {"version": "1", "screen": newest(second).screen_digest, **given})
    assert Approval.objects.count() == 1
    # It was a confirmation: what follows in the next minutes is not asked about.
    stale.post(f"/batches/start/{first.pk}")
    assert Job.objects.count() == 1


def test_another_persons_session_and_a_forged_one_confirm_nothing(stale: Client, people: People) -> None:
    forgeries: list[object] = [[people.approver.pk, time.time()], [people.administrator.pk], "yes", [None, None], {}]
    for forged in forgeries:
        session = stale.session
        session[CONFIRMED] = forged
        session.save()
        assert _ASKED in stale.post("/administration/settings", _RULES).content.decode(), forged
    assert not SiteSettings.objects.exists()


def test_what_is_carried_is_one_persons_for_one_address(
    stale: Client, people: People, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = stale.post("/administration/settings", _RULES).content.decode()
    carried = re.search(r'name="carried" value="([^"]+)"', page)
    assert carried is not None
    form = {"carried": carried[1], "confirmation": PASSWORD}
    other = Person.objects.get(pk=people.approver.pk)
    other.can_administer = True
    other.save()
    too_old = "This page was open for too long"
    assert too_old in client_for(other).post("/administration/settings", form).content.decode()
    assert too_old in stale.post("/administration/people/new", form).content.decode()
    assert too_old in stale.post("/administration/settings", {**form, "carried": "nonsense"}).content.decode()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + RECENT + 5)
    assert too_old in stale.post("/administration/settings", form).content.decode()
    assert not SiteSettings.objects.exists()


def test_a_key_that_is_typed_stands_on_no_page_and_in_no_session(stale: Client, sandbox: Sandbox) -> None:
    form = {"api_url": sandbox.url, "key": "sandbox-key"}
    page = stale.post("/administration/connection", form).content.decode()
    assert _ASKED in page
    assert "sandbox-key" not in page + str(dict(stale.session))
    confirm(stale, "/administration/connection", page)
    assert Connection.objects.count() == 1


def test_a_confirmation_without_the_forms_secret_is_refused(people: People, client_for: ClientFor) -> None:
    client = client_for(people.administrator, enforce_csrf_checks=True, has_confirmed=False)
    assert client.post("/administration/settings", {**_RULES, "confirmation": PASSWORD}).status_code == 403
    assert not Draft.objects.exists()
