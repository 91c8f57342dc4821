"""Making Django ready for the site: one process has the ledger's tables and the site's, in one database.

The command line by itself never comes here. Processes that do: `creditbatch serve`, the worker, the tests.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from batch.ledger.orm.connection import connect
from batch.settings import environment
from batch.web import settings as site_settings
from batch.web.keyfiles import SECRET_KEY, VAULT_KEY, key_file
from batch.web.options import LOOPBACK_NAMES, Mail, SiteOptions, site_options

STATIC_FOLDER = "static"
_HTTPS_CHECKS = ["security.W004", "security.W008", "security.W012", "security.W016"]
"""HSTS, the redirect to https and cookies for https only. On loopback there is no https: nobody else is on the way,
and a browser would refuse such cookies, or remember to ask for https forever."""
_OTHER_HOSTS_CHECKS = ["security.W005", "security.W021"]
"""HSTS for subdomains and in the browsers' preload list: both decide about hosts that are not this site's."""
_YEAR = 365 * 24 * 3600
_MAIL_SECONDS = 5
"""A mail server that is slower than this is not waited for: somebody looks at a page meanwhile."""


def configure(
    home: Path, database_url: str | None, *, demo: bool = False, hosts: Sequence[str] = LOOPBACK_NAMES
) -> None:
    """Make or read the keys, set Django up, and bring every table up to date. May be called again for another home."""
    options = site_options(environment(os.environ, Path.cwd()))
    connect(home, database_url, site_of(home, options, demo=demo, hosts=hosts))


def site_of(home: Path, options: SiteOptions, *, demo: bool, hosts: Sequence[str]) -> dict[str, Any]:
    """Every setting of the site but the database."""
    static = {name: getattr(site_settings, name) for name in dir(site_settings) if name.isupper()}
    del static["DATABASES"]
    return {
        **static,
        "SECRET_KEY": key_file(home, SECRET_KEY, lambda: secrets.token_urlsafe(64)),
        "CREDITBATCH_VAULT_KEY": key_file(home, VAULT_KEY, lambda: Fernet.generate_key().decode()),
        "CREDITBATCH_HOME": home,
        "CREDITBATCH_DEMO": demo,
        "CREDITBATCH_SITE_URL": options.url or "",
        "STATIC_ROOT": str(home / STATIC_FOLDER),
        "ALLOWED_HOSTS": [*hosts, *([options.host] if options.host else [])],
        **_transport(options),
        **_mail(options.mail),
    }


def _transport(options: SiteOptions) -> Mapping[str, Any]:
    if not options.is_https:
        return {
            "SECURE_SSL_REDIRECT": False,
            "SECURE_HSTS_SECONDS": 0,
            "SESSION_COOKIE_SECURE": False,
            "CSRF_COOKIE_SECURE": False,
            "CSRF_TRUSTED_ORIGINS": [],
            "SILENCED_SYSTEM_CHECKS": _HTTPS_CHECKS,
        }
    return {
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_SECONDS": _YEAR,
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "CSRF_TRUSTED_ORIGINS": [options.url],
        "SILENCED_SYSTEM_CHECKS": _OTHER_HOSTS_CHECKS,
    }


def _mail(mail: Mail | None) -> Mapping[str, Any]:
    if mail is None:
        return {"CREDITBATCH_HAS_MAIL": False, "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    return {
        "CREDITBATCH_HAS_MAIL": True,
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": mail.host,
        "EMAIL_PORT": mail.port,
        "EMAIL_HOST_USER": mail.user,
        "EMAIL_HOST_PASSWORD": mail.password.reveal() if mail.password else "",
        "EMAIL_USE_TLS": mail.encryption == "starttls",
        "EMAIL_USE_SSL": mail.encryption == "ssl",
        "EMAIL_TIMEOUT": _MAIL_SECONDS,
        "DEFAULT_FROM_EMAIL": mail.sender,
    }
