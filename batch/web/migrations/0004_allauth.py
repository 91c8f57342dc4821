"""Logging in is django-allauth's: authenticators, recovery codes and what was counted move to its tables, encrypted.

What django-otp and django-axes kept is read by SQL, because neither is installed any more, and their tables go. A code
that was not confirmed and what was counted of wrong passwords are forgotten.
"""

from __future__ import annotations

from base64 import b32encode
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.management import call_command
from django.db import migrations, models

OLD_TABLES = (
    "otp_static_statictoken", "otp_static_staticdevice", "otp_totp_totpdevice", "axes_accessattemptexpiration",
    "axes_accessattempt", "axes_accessfailurelog", "axes_accesslog",
)  # fmt: skip
_SECRETS = "SELECT user_id, key FROM otp_totp_totpdevice WHERE confirmed ORDER BY id"
_CODES = (
    "SELECT device.user_id, token.token FROM otp_static_statictoken token "
    "JOIN otp_static_staticdevice device ON device.id = token.device_id ORDER BY token.id"
)


def make_cache_table(_apps: Any, editor: Any) -> None:
    call_command("createcachetable", database=editor.connection.alias, verbosity=0)


def move_authenticators(apps: Any, editor: Any) -> None:
    tables = set(editor.connection.introspection.table_names())
    if not {"otp_totp_totpdevice", "otp_static_statictoken", "otp_static_staticdevice"} <= tables:
        return
    vault = Fernet(settings.CREDITBATCH_VAULT_KEY)

    def encrypt(text: str) -> str:
        return vault.encrypt(text.encode()).decode()

    with editor.connection.cursor() as cursor:
        cursor.execute(_SECRETS)
        secrets = dict(cursor.fetchall())
        cursor.execute(_CODES)
        codes: dict[int, list[str]] = {}
        for person, code in cursor.fetchall():
            codes.setdefault(person, []).append(encrypt(code))
    authenticators = apps.get_model("mfa", "Authenticator").objects
    for person, key in secrets.items():
        secret = b32encode(bytes.fromhex(key)).decode()
        authenticators.create(user_id=person, type="totp", data={"secret": encrypt(secret)})
        if person in codes:
            kept = {"migrated_codes": codes[person], "used_mask": 0, "viewed_at": 1}
            authenticators.create(user_id=person, type="recovery_codes", data=kept)


def drop_old_tables(_apps: Any, editor: Any) -> None:
    tables = set(editor.connection.introspection.table_names())
    for name in OLD_TABLES:
        if name in tables:
            editor.execute(f"DROP TABLE {editor.quote_name(name)}")


class Migration(migrations.Migration):
    dependencies = [
        ("web", "0003_job_boot"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [
        migrations.AddField(
            model_name="sitesettings", name="second_factor_roles", field=models.JSONField(default=list)
        ),
        migrations.RunPython(make_cache_table, migrations.RunPython.noop),
        migrations.RunPython(move_authenticators, migrations.RunPython.noop),
        migrations.RunPython(drop_old_tables, migrations.RunPython.noop),
    ]
