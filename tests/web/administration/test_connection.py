"""The connection: stored encrypted, tested, replaced."""

from __future__ import annotations

import pytest

from batch.sandbox import Sandbox, SandboxOptions
from batch.web import credentials
from batch.web.models import AuditEntry, Connection
from tests.web.conftest import ClientFor, People, Site

KEY = "entered-by-hand-0123456789"


@pytest.fixture
def other(site: Site) -> Sandbox:
    """A provider that knows the key entered by hand."""
    sandbox = Sandbox(SandboxOptions(language="en", key=KEY))
    sandbox.start()
    return sandbox


def test_a_key_that_works_is_stored_and_tested_and_never_shown(
    people: People, client_for: ClientFor, other: Sandbox
) -> None:
    client = client_for(people.administrator)
    page = client.post("/administration/connection", {"api_url": other.url, "key": KEY}, follow=True).content.decode()
    assert "Stored. The account is" in page
    assert "€10,000.00" in page
    assert KEY not in page
    assert credentials.load_connection()[1].reveal() == KEY
    entry = AuditEntry.objects.get(action="connection.changed")
    assert entry.subject == other.url
    assert KEY not in str(entry.particulars)
    tested = client.post("/administration/connection/test", follow=True).content.decode()
    assert "The connection works" in tested
    other.close()


def test_a_key_that_the_provider_refuses_is_not_stored(people: People, client_for: ClientFor, other: Sandbox) -> None:
    form = {"api_url": other.url, "key": "wrong-key-0123456789"}
    page = client_for(people.administrator).post("/administration/connection", form).content.decode()
    assert "errorlist" in page
    assert "wrong-key" not in page
    assert not Connection.objects.exists()
    assert AuditEntry.objects.filter(action="connection.refused").exists()
    other.close()


def test_a_provider_that_does_not_answer_is_told_and_the_key_stored(people: People, client_for: ClientFor) -> None:
    form = {"api_url": "http://127.0.0.1:1", "key": KEY}
    page = client_for(people.administrator).post("/administration/connection", form, follow=True).content.decode()
    assert "Stored, but not tested" in page
    assert Connection.objects.exists()


@pytest.mark.parametrize(
    "form",
    [
        {"api_url": "http://api.example.com", "key": KEY},
        {"api_url": "api.example.com", "key": KEY},
        {"api_url": "https://u:p@api.example.com", "key": KEY},
        {"api_url": "https://api.example.com", "key": "a b"},
        {"api_url": "https://api.example.com", "key": ""},
        {"api_url": "", "key": KEY},
    ],
)
def test_what_cannot_be_a_connection_is_refused(form: dict[str, str], people: People, client_for: ClientFor) -> None:
    page = client_for(people.administrator).post("/administration/connection", form).content.decode()
    assert "errorlist" in page or "message-error" in page
    assert KEY not in page
    assert not Connection.objects.exists()


def test_another_address_needs_the_key_again(people: People, client_for: ClientFor, other: Sandbox) -> None:
    client = client_for(people.administrator)
    client.post("/administration/connection", {"api_url": other.url, "key": KEY})
    client.post("/administration/connection", {"api_url": "https://evil.example.com", "key": ""})
    assert Connection.objects.get().api_url == other.url
    other.close()


def test_a_connection_that_does_not_work_is_told(people: People, client_for: ClientFor, sandbox: Sandbox) -> None:
    sandbox.close()
    page = client_for(people.administrator).post("/administration/connection/test", follow=True).content.decode()
    assert "message-error" in page
    assert AuditEntry.objects.get(action="connection.tested").particulars == {"works": False}


def test_the_demonstration_keeps_its_sandbox(
    people: People, client_for: ClientFor, other: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.conf.settings.CREDITBATCH_DEMO", True)
    form = {"api_url": other.url, "key": KEY}
    page = client_for(people.administrator).post("/administration/connection", form).content.decode()
    assert "stays with its sandbox" in page
    assert not Connection.objects.exists()
    other.close()
