"""Hold the provider's key encrypted, open the provider with it, and look up the accounts that it knows."""

from __future__ import annotations

import os
import threading
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from batch.errors import CreditbatchError, SettingsError
from batch.i18n import _
from batch.ledger.orm.store import DatabaseLedger
from batch.model import SubAccount
from batch.planning.account_identity import normalize_address
from batch.provider import client as provider_client
from batch.provider.client import Client
from batch.runner.open_account import find_account
from batch.settings import API_URL, Secret, Settings, find_strays, load_environment, load_key, load_settings
from batch.web.models import Connection, Person


def load_provider_settings() -> Settings:
    """Load the settings of the environment, with the provider's address that an administrator entered, if any."""
    found = load_settings(_read_environ())
    connection = Connection.objects.first()
    return replace(found, api_url=connection.api_url) if connection else found


def load_connection() -> tuple[str, Secret]:
    """Load what an administrator entered, else what the environment says; `SettingsError` if there is neither."""
    connection = Connection.objects.first()
    if connection:
        return connection.api_url, _decrypt(bytes(connection.encrypted_key))
    environ = _read_environ()
    try:
        api_url, key = load_settings(environ).api_url, load_key(environ)
    except SettingsError as error:
        if environ.get("SMSPARTNER_API_KEY") or environ.get("SMSPARTNER_API_KEY_FILE"):
            raise
        sentence = _("There is no API key yet: an administrator enters it under Administration, Connection.")
        raise SettingsError(sentence) from error
    _refuse_stray_connection(api_url, key)
    return api_url, key


def _refuse_stray_connection(api_url: str, key: Secret) -> None:
    """Refuse a key where only a `.env` names the address, or the ledger, and the key is kept elsewhere, unless the
    ledger knows it there. What a ledger says of an address that the same file names may be written for that.
    """
    strays = find_strays(os.environ, Path.cwd())
    if not strays:
        return
    names_both = API_URL in strays and len(strays) > 1
    if names_both or find_account(DatabaseLedger(), api_url, key.compute_fingerprint()) is None:
        sentence = _(
            "The .env file where the site was started sets {settings}, and the API key, for {address}, is kept "
            "elsewhere: set that in the environment, or enter address and key under Administration, Connection."
        )
        raise SettingsError(sentence.format(settings=", ".join(sorted(strays)), address=normalize_address(api_url)))


def validate_connection(api_url: str, key: str) -> tuple[str, Secret]:
    """Check both by the rules of the environment's settings, and return them as they are stored, or `SettingsError`."""
    environ = {"CREDITBATCH_API_URL": api_url, "SMSPARTNER_API_KEY": key}
    return load_settings(environ).api_url, load_key(environ)


def save_connection(api_url: str, key: Secret, person: Person) -> None:
    """Replace the connection by this one, which has been checked."""
    with transaction.atomic():
        Connection.objects.all().delete()
        Connection.objects.create(
            api_url=api_url,
            encrypted_key=open_vault().encrypt(key.reveal().encode()),
            fingerprint=key.compute_fingerprint(),
            set_by=person,
            set_at=timezone.now(),
        )


def open_client(read_timeout: float | None = None) -> AbstractContextManager[Client]:
    """Open the connection in force; a page that cannot wait gives a shorter timeout, in seconds."""
    return open_connection(*load_connection(), read_timeout)


def open_connection(api_url: str, key: Secret, read_timeout: float | None = None) -> AbstractContextManager[Client]:
    """Open a connection that is not in force (yet)."""
    found = load_settings(_read_environ())
    longest = read_timeout or found.read_timeout
    asked = replace(found, api_url=api_url, read_timeout=longest, connect_timeout=min(found.connect_timeout, longest))
    return provider_client.open_client(asked, key)


def _read_environ() -> dict[str, str]:
    return load_environment(os.environ, Path.cwd())


def open_vault() -> Fernet:
    try:
        return Fernet(settings.CREDITBATCH_VAULT_KEY)
    except ValueError as error:
        raise SettingsError(
            _("The vault's key file in CREDITBATCH_HOME is damaged: put it back from your backup.")
        ) from error


def _decrypt(token: bytes) -> Secret:
    try:
        return Secret(open_vault().decrypt(token).decode())
    except InvalidToken as error:
        sentence = _(
            "The stored API key was encrypted with another vault key: put the key file back, or enter it again."
        )
        raise SettingsError(sentence) from error


_REMEMBERED = 60.0
_PATIENCE = 8.0
"""Seconds that a page waits for the provider."""


@dataclass(frozen=True, slots=True)
class ProviderAccount:
    """The account as the provider gave it at that moment."""

    name: str
    main: Decimal
    subaccounts: tuple[SubAccount, ...]
    at: datetime
    address: str


_lock = threading.Lock()
_last: dict[tuple[str, str], tuple[float, ProviderAccount]] = {}


def fetch_account(*, fresh: bool = False) -> ProviderAccount:
    """Fetch the account, or return it as it was at most a minute ago; `CreditbatchError` if it cannot be told."""
    api_url, key = load_connection()
    name = (api_url, key.compute_fingerprint())
    # One at a time: whoever waited finds the answer that the other was given.
    with _lock:
        remembered = _last.get(name)
        if remembered and not fresh and time.monotonic() - remembered[0] < _REMEMBERED:
            return remembered[1]
        with open_client(read_timeout=_PATIENCE) as client:
            main, subaccounts = client.fetch_main_account(), tuple(client.fetch_subaccounts())
        found = ProviderAccount(main.name, main.balance, subaccounts, datetime.now(UTC), api_url)
        _last.clear()
        _last[name] = time.monotonic(), found
        return found


def find_tokens(text: str) -> list[str]:
    """Find the tokens of the sub-accounts whose email holds the text; none for what is no part of an email."""
    if "@" not in text:
        return []
    try:
        accounts = fetch_account().subaccounts
    except CreditbatchError:
        # The search goes on without: the page of the sub-accounts says why they are not known.
        return []
    return [account.token for account in accounts if text.casefold() in account.email.casefold()]
