"""The provider's key at rest."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.db import connections
from django.test import Client

from batch.errors import SettingsError
from batch.settings import Secret
from batch.web import credentials
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
