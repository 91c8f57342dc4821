"""The provider's key at rest."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.db import connections
from django.test import Client

from batch.errors import SettingsError
from batch.ledger.orm.store import DatabaseLedger
from batch.planning.account_identity import Owner
from batch.runner.open_account import bind_account
from batch.sandbox import Sandbox
from batch.settings import Secret
from batch.web import credentials
from batch.web.configure import configure
from tests.web.conftest import People, Site

KEY = "k3y-of-the-account-0123456789"


def test_a_key_comes_back_as_it_was_entered(people: People) -> None:
    credentials.save_connection("https://api.example.com/v1", Secret(KEY), people.administrator)
    address, key = credentials.load_connection()
    assert (address, key.reveal()) == ("https://api.example.com/v1", KEY)


def test_the_key_is_nowhere_in_the_database_and_on_no_page(administrator: Client, people: People, site: Site) -> None:
    credentials.save_connection("https://api.example.com/v1", Secret(KEY), people.administrator)
    page = administrator.get("/administration/connection").content.decode()
    assert Secret(KEY).compute_fingerprint() in page
    assert KEY not in page
    connections["default"].close()
    assert not [file for file in site.home.rglob("*") if file.is_file() and KEY.encode() in file.read_bytes()]


def test_another_vault_key_is_told_in_a_sentence(people: People) -> None:
    credentials.save_connection("https://api.example.com/v1", Secret(KEY), people.administrator)
    settings.CREDITBATCH_VAULT_KEY = Fernet.generate_key().decode()
    with pytest.raises(SettingsError, match="another vault key"):
        credentials.load_connection()
    settings.CREDITBATCH_VAULT_KEY = "damaged"
    with pytest.raises(SettingsError, match="damaged"):
        credentials.load_connection()


def test_without_any_key_it_is_told_where_to_enter_one(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batch.settings._read_keyring", lambda: None)
    with pytest.raises(SettingsError, match="under Administration"):
        credentials.load_connection()


def lead(folder: Path, monkeypatch: pytest.MonkeyPatch, **said: str) -> None:
    """Start the site where a `.env` lies, with a key of the person's own."""
    monkeypatch.setenv("SMSPARTNER_API_KEY", KEY)
    for name in said:
        monkeypatch.delenv(name, raising=False)
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in said.items()), "utf-8")


def test_the_site_sends_no_key_where_only_the_folder_leads(
    administrator: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    lead(tmp_path, monkeypatch, CREDITBATCH_API_URL=sandbox.url)
    with pytest.raises(SettingsError, match=f"CREDITBATCH_API_URL.*for http://localhost:{urlsplit(sandbox.url).port},"):
        credentials.load_connection()
    for address in ("/?balance=1", "/accounts/"):
        assert "the API key, for http://localhost" in administrator.get(address, follow=True).content.decode()
    assert "There is no key yet" in administrator.get("/administration/connection").content.decode()


def test_the_site_sends_a_key_where_the_ledger_knows_it_or_an_administrator_agreed(
    people: People, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    lead(tmp_path, monkeypatch, CREDITBATCH_API_URL=sandbox.url)
    owner = Owner("Somebody", {"sub-1"})
    fingerprint = Secret(KEY).compute_fingerprint()
    bind_account(DatabaseLedger(), sandbox.url, fingerprint, lambda: owner, datetime.now(UTC))
    assert credentials.load_connection()[0] == sandbox.url
    # What it knows may be written for that where the same file names it.
    lead(tmp_path, monkeypatch, CREDITBATCH_API_URL=sandbox.url, CREDITBATCH_HOME=str(site.home))
    with pytest.raises(SettingsError, match="CREDITBATCH_API_URL, CREDITBATCH_HOME"):
        credentials.load_connection()
    credentials.save_connection(sandbox.url, Secret(KEY), people.administrator)
    assert credentials.load_connection()[0] == sandbox.url


def test_a_ledger_that_only_the_folder_names_pays_with_no_key_that_it_does_not_know(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead(tmp_path, monkeypatch, CREDITBATCH_HOME=str(site.home))
    with pytest.raises(SettingsError, match="CREDITBATCH_HOME"):
        credentials.load_connection()
    monkeypatch.setenv("CREDITBATCH_HOME", str(site.home))
    assert credentials.load_connection()[1].reveal() == KEY


@pytest.mark.parametrize("setting", ["CREDITBATCH_EMAIL_HOST", "CREDITBATCH_EMAIL_TLS"])
@pytest.mark.parametrize("kept", ["CREDITBATCH_EMAIL_PASSWORD", "CREDITBATCH_EMAIL_PASSWORD_FILE"])
def test_a_mail_servers_password_is_not_sent_where_only_the_folder_leads(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, kept: str
) -> None:
    lead(tmp_path, monkeypatch, **{setting: "none"})
    monkeypatch.setenv(kept, str(tmp_path / ".env"))
    with pytest.raises(SettingsError, match=f"{setting} in the environment"):
        configure(site.home, None)
    monkeypatch.delenv(kept)
    lead(tmp_path, monkeypatch, **{setting: "none", "CREDITBATCH_EMAIL_PASSWORD_FILE": "/any/file/of/yours"})
    with pytest.raises(SettingsError, match=f"{setting} in the environment"):
        configure(site.home, None)
