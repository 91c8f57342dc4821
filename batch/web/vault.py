"""The provider's address and key as an administrator entered them. The key is encrypted with one that is kept in a file
apart from the database, is read only where it goes on the wire, and is never shown again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from batch.errors import SettingsError
from batch.language import _
from batch.provider import client as provider_client
from batch.provider.client import Client
from batch.settings import Secret, Settings, environment, load_key, load_settings
from batch.web.models import Connection, Person


def surroundings() -> Settings:
    """The settings of the environment, with the provider's address that an administrator entered, if one did."""
    found = load_settings(_environ())
    connection = Connection.objects.first()
    return replace(found, api_url=connection.api_url) if connection else found


def provider() -> tuple[str, Secret]:
    """The address and the key: what an administrator entered, else what the environment says as for the command line.

    `SettingsError` if there is neither, or if the key cannot be decrypted.
    """
    connection = Connection.objects.first()
    if connection:
        return connection.api_url, _decrypted(bytes(connection.encrypted_key))
    environ = _environ()
    try:
        return load_settings(environ).api_url, load_key(environ)
    except SettingsError as error:
        if _has_key(environ):
            raise
        sentence = _("There is no API key yet: an administrator enters it under Administration, Connection.")
        raise SettingsError(sentence) from error


def is_from_environment() -> bool:
    """Whether nobody has entered a connection on the site."""
    return not Connection.objects.exists()


def checked(api_url: str, key: str) -> tuple[str, Secret]:
    """Both as they may be stored, by the rules of the environment's settings; `SettingsError` if they may not."""
    environ = {"CREDITBATCH_API_URL": api_url, "SMSPARTNER_API_KEY": key}
    return load_settings(environ).api_url, load_key(environ)


def set_key(api_url: str, key: Secret, person: Person) -> None:
    """Replace the connection by this one, which is `checked`."""
    with transaction.atomic():
        Connection.objects.all().delete()
        Connection.objects.create(
            api_url=api_url,
            encrypted_key=_vault().encrypt(key.reveal().encode()),
            fingerprint=key.fingerprint(),
            set_by=person,
            set_at=timezone.now(),
        )


@contextmanager
def open_client(read_timeout: float | None = None) -> Iterator[Client]:
    """The provider over HTTP, with the connection in force; a page that cannot wait gives a shorter timeout."""
    api_url, key = provider()
    with open_client_with(api_url, key, read_timeout) as client:
        yield client


@contextmanager
def open_client_with(api_url: str, key: Secret, read_timeout: float | None = None) -> Iterator[Client]:
    """The provider with a connection that is not in force (yet)."""
    found = load_settings(_environ())
    longest = read_timeout or found.read_timeout
    asked = replace(found, api_url=api_url, read_timeout=longest, connect_timeout=min(found.connect_timeout, longest))
    with provider_client.open_client(asked, key) as client:
        yield client


def _environ() -> dict[str, str]:
    return environment(os.environ, Path.cwd())


def _has_key(environ: dict[str, str]) -> bool:
    return bool(environ.get("SMSPARTNER_API_KEY") or environ.get("SMSPARTNER_API_KEY_FILE"))


def _vault() -> Fernet:
    try:
        return Fernet(settings.CREDITBATCH_VAULT_KEY)
    except ValueError as error:
        raise SettingsError(
            _("The vault's key file in CREDITBATCH_HOME is damaged: put it back from your backup.")
        ) from error


def _decrypted(token: bytes) -> Secret:
    try:
        return Secret(_vault().decrypt(token).decode())
    except InvalidToken as error:
        sentence = _(
            "The stored API key was encrypted with another vault key: put the key file back, or enter it again."
        )
        raise SettingsError(sentence) from error
