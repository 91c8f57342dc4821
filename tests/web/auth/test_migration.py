"""A site of before django-allauth: whoever had an authenticator and recovery codes keeps them, now encrypted."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.db import connection

from batch.web.auth.services import check_confirmation, list_confirmations
from batch.web.credentials import open_vault
from tests.web.auth.test_confirm import code_of, posted
from tests.web.conftest import PASSWORD, People

# As django-otp 1.7 and django-axes 8.3 made them, with the columns that matter.
_OLD = """
CREATE TABLE otp_totp_totpdevice (id integer PRIMARY KEY, name text, confirmed bool, key text, user_id bigint);
CREATE TABLE otp_static_staticdevice (id integer PRIMARY KEY, name text, confirmed bool, user_id bigint);
CREATE TABLE otp_static_statictoken (id integer PRIMARY KEY, token text, device_id integer);
CREATE TABLE axes_accessattempt (id integer PRIMARY KEY, username text);
"""
_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
_KEY = "48656c6c6f21deadbeef48656c6c6f21deadbeef"


@pytest.fixture
def old(people: People) -> People:
    """Take the site back to before, and give two people an authenticator; one of them never entered its first code."""
    call_command("migrate", "web", "0003", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE web_cache")
        for statement in filter(str.strip, _OLD.split(";")):
            cursor.execute(statement)
        for number, person, confirmed in ((1, people.approver, True), (2, people.preparer, False)):
            device = "INSERT INTO otp_totp_totpdevice VALUES (%s, 'app', %s, %s, %s)"
            cursor.execute(device, [number, confirmed, _KEY, person.pk])
            cursor.execute(
                "INSERT INTO otp_static_staticdevice VALUES (%s, 'recovery', %s, %s)", [number, True, person.pk]
            )
            for token in (f"abcd-000{number}", f"abcd-100{number}"):
                cursor.execute("INSERT INTO otp_static_statictoken (token, device_id) VALUES (%s, %s)", [token, number])
    return people


def migrate() -> None:
    call_command("migrate", verbosity=0)


def test_the_authenticator_goes_on_working(old: People) -> None:
    migrate()
    assert list_confirmations(old.approver) == {"code"}
    assert check_confirmation(old.approver, posted(PASSWORD)) is None
    assert check_confirmation(old.approver, posted(code_of(_SECRET))) == "totp"


def test_so_do_the_recovery_codes_each_once_however_they_are_typed(old: People) -> None:
    migrate()
    assert check_confirmation(old.approver, posted(" ABCD-0001 ")) == "recovery"
    assert check_confirmation(old.approver, posted("abcd-0001")) is None
    assert check_confirmation(old.approver, posted("abcd-1001")) == "recovery"
    assert check_confirmation(old.approver, posted("abcd-0002")) is None


def test_neither_is_readable_without_the_vaults_key(old: People) -> None:
    migrate()
    kept: dict[str, Any] = {row.type: row.data for row in Authenticator.objects.all()}
    assert open_vault().decrypt(kept["totp"]["secret"].encode()).decode() == _SECRET
    assert _SECRET not in str(kept)
    assert "abcd" not in str(kept)


def test_what_was_never_confirmed_and_the_old_tables_are_gone(old: People) -> None:
    migrate()
    assert list_confirmations(old.preparer) == {"password"}
    tables = connection.introspection.table_names()
    assert not [name for name in tables if name.startswith(("otp_", "axes_"))]
    assert "web_cache" in tables


def test_a_site_that_never_had_any_is_left_as_it_is(people: People) -> None:
    call_command("migrate", "web", "0003", verbosity=0)
    migrate()
    assert not Authenticator.objects.exists()
    assert check_confirmation(people.viewer, posted(PASSWORD)) == "password"
