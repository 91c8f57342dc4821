from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from batch.sandbox import Sandbox, SandboxOptions
from batch.web import credentials
from batch.web.models import AuditEntry, Connection
from tests.web.conftest import Site

ADDRESS = "/administration/connection"
KEY = "entered-by-hand-0123456789"


@pytest.fixture
def other(site: Site) -> Iterator[Sandbox]:
    """A provider that knows the key entered by hand."""
    with Sandbox(SandboxOptions(language="en", key=KEY)) as running:
        yield running


def enter(administrator: Client, api_url: str, key: str) -> str:
    """Send the form; the page that follows."""
    return administrator.post(ADDRESS, {"api_url": api_url, "key": key}, follow=True).content.decode()


def test_a_key_that_works_is_stored_and_tested_and_never_shown(administrator: Client, other: Sandbox) -> None:
    page = enter(administrator, other.url, KEY)
    assert "Stored. The account is" in page
    assert "€10,000.00" in page
    assert KEY not in page
    assert credentials.load_connection()[1].reveal() == KEY
    entry = AuditEntry.objects.get(action="connection.changed")
    assert entry.subject == other.url
    assert KEY not in str(entry.particulars)
    tested = administrator.post("/administration/connection/test", follow=True).content.decode()
    assert "The connection works" in tested


def test_a_key_that_the_provider_refuses_is_not_stored(administrator: Client, other: Sandbox) -> None:
    page = enter(administrator, other.url, "wrong-key-0123456789")
    assert "errorlist" in page
    assert "wrong-key" not in page
    assert not Connection.objects.exists()
    assert AuditEntry.objects.filter(action="connection.refused").exists()


def test_a_provider_that_does_not_answer_is_told_and_the_key_stored(administrator: Client) -> None:
    assert "Stored, but not tested" in enter(administrator, "http://127.0.0.1:1", KEY)
    assert Connection.objects.exists()


@pytest.mark.parametrize(
    ("api_url", "key"),
    [
        ("http://api.example.com", KEY), ("api.example.com", KEY), ("https://u:p@api.example.com", KEY), ("", KEY),
        ("https://api.example.com", "a b"), ("https://api.example.com", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_a_connection_is_refused(administrator: Client, api_url: str, key: str) -> None:
    page = enter(administrator, api_url, key)
    assert "errorlist" in page or "message-error" in page
    assert KEY not in page
    assert not Connection.objects.exists()


def test_another_address_needs_the_key_again(administrator: Client, other: Sandbox) -> None:
    enter(administrator, other.url, KEY)
    enter(administrator, "https://evil.example.com", "")
    assert Connection.objects.get().api_url == other.url


def test_a_connection_that_does_not_work_is_told(administrator: Client, sandbox: Sandbox) -> None:
    sandbox.close()
    page = administrator.post("/administration/connection/test", follow=True).content.decode()
    assert "message-error" in page
    assert AuditEntry.objects.get(action="connection.tested").particulars == {"works": False}


def test_the_demonstration_keeps_its_sandbox(
    administrator: Client, other: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.conf.settings.CREDITBATCH_DEMO", True)
    assert "stays with its sandbox" in enter(administrator, other.url, KEY)
    assert not Connection.objects.exists()
