"""Set the site up: its options, its key files in CREDITBATCH_HOME (which only their owner reads), its log, Django."""

from __future__ import annotations

import ipaddress
import logging
import os
import secrets
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from logging.handlers import RotatingFileHandler, WatchedFileHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet

from batch.errors import SettingsError
from batch.files import make_private_file, protect
from batch.i18n import _
from batch.ledger.orm.connection import connect
from batch.settings import DATABASE_URL, MAIL_HOST, Secret, is_this_machine, load_environment, refuse_stray_password
from batch.web import settings as site_settings
from batch.zone import choose_zone, get_zone


def load_key_file(home: Path, name: str, make: Callable[[], str]) -> str:
    """Read the file, or make it if there is none. Two processes that come at once get the same."""
    path = home / name
    try:
        make_private_file(path, make)
        protect(path)
        text = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or _("it holds something else")
        sentence = _("The key file {path} cannot be used: {why}; make sure that you may read and write it.")
        raise SettingsError(sentence.format(path=path, why=why)) from error
    if not text:
        sentence = _("The key file {path} is empty: put it back from your backup, or delete it to have a new one made.")
        raise SettingsError(sentence.format(path=path))
    return text


LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
"""A page elsewhere cannot make a browser send these with another site's address behind them."""
_MAIL_PASSWORDS = ("CREDITBATCH_EMAIL_PASSWORD", "CREDITBATCH_EMAIL_PASSWORD_FILE")
_MAX_PASSWORD_FILE = 4096
_MAIL_PORTS = {"starttls": "587", "ssl": "465", "none": "25"}


@dataclass(frozen=True, slots=True)
class Mail:
    host: str
    port: int
    user: str
    password: Secret | None
    encryption: str  # starttls, ssl or none
    sender: str


@dataclass(frozen=True, slots=True)
class SingleSignOn:
    url: str  # the provider's issuer
    name: str  # as the login page calls it
    client_id: str
    secret: Secret
    roles_claim: str  # empty: roles are given on the site


@dataclass(frozen=True, slots=True)
class SiteOptions:
    """Settings of the environment that only the site has, checked."""

    url: str | None  # where people reach the site, without a slash at the end; None: on this machine only
    trusted_proxy: str | None  # the address of the proxy whose word about the visitor's address is taken
    mail: Mail | None = None
    sso: SingleSignOn | None = None

    @property
    def host(self) -> str | None:
        """The name that browsers send."""
        return urlsplit(self.url).hostname if self.url else None

    @property
    def is_https(self) -> bool:
        """Whether browsers reach the site encrypted, through a proxy."""
        return self.url is not None and self.url.startswith("https://")


def read_site_options(environ: Mapping[str, str]) -> SiteOptions:
    """Read and check the options; `SettingsError` names the one that is wrong."""
    return SiteOptions(
        url=_parse_site_url(environ.get("CREDITBATCH_SITE_URL", "")),
        trusted_proxy=_parse_proxy(environ.get("CREDITBATCH_TRUSTED_PROXY", "").strip()),
        mail=_read_mail(environ),
        sso=_read_sso(environ),
    )


def _parse_site_url(text: str) -> str | None:
    url = text.strip().rstrip("/")
    if not url:
        return None
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        parts, host = None, None
    odd = not url.isprintable() or any(sign in url for sign in " ?#\\@")
    if odd or not parts or not host or parts.scheme not in {"https", "http"} or parts.path:
        raise SettingsError(_("CREDITBATCH_SITE_URL is not an address such as https://credits.example.com."))
    if parts.scheme == "http" and not is_this_machine(host):
        raise SettingsError(_("CREDITBATCH_SITE_URL must begin with https: passwords would travel unprotected."))
    return url


def _parse_proxy(text: str) -> str | None:
    if not text:
        return None
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise SettingsError(_("CREDITBATCH_TRUSTED_PROXY is not an IP address such as 127.0.0.1.")) from error


def _read_mail(environ: Mapping[str, str]) -> Mail | None:
    host = environ.get("CREDITBATCH_EMAIL_HOST", "").strip()
    if not host:
        return None
    encryption = environ.get("CREDITBATCH_EMAIL_TLS", "").strip().lower() or "starttls"
    if encryption not in _MAIL_PORTS:
        raise SettingsError(_("CREDITBATCH_EMAIL_TLS must be starttls, ssl or none."))
    sender = environ.get("CREDITBATCH_EMAIL_FROM", "").strip()
    if "@" not in sender or not sender.isprintable():
        raise SettingsError(_("CREDITBATCH_EMAIL_FROM must be the address that the site's mail comes from."))
    port = environ.get("CREDITBATCH_EMAIL_PORT", "").strip() or _MAIL_PORTS[encryption]
    if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        raise SettingsError(_("CREDITBATCH_EMAIL_PORT must be a port's number."))
    user = environ.get("CREDITBATCH_EMAIL_USER", "").strip()
    return Mail(host, int(port), user, _read_secret(environ, "CREDITBATCH_EMAIL_PASSWORD"), encryption, sender)


def _read_sso(environ: Mapping[str, str]) -> SingleSignOn | None:
    url = environ.get("CREDITBATCH_OIDC_URL", "").strip()
    if not url:
        return None
    parts = urlsplit(url)
    is_local = parts.scheme == "http" and is_this_machine(parts.hostname or "")
    if not url.isprintable() or not parts.hostname or not (parts.scheme == "https" or is_local):
        raise SettingsError(_("CREDITBATCH_OIDC_URL is not an address such as https://login.example.com/tenant/v2.0."))
    client_id = environ.get("CREDITBATCH_OIDC_CLIENT_ID", "").strip()
    secret = _read_secret(environ, "CREDITBATCH_OIDC_CLIENT_SECRET")
    if not client_id or secret is None:
        raise SettingsError(
            _("CREDITBATCH_OIDC_URL needs CREDITBATCH_OIDC_CLIENT_ID and CREDITBATCH_OIDC_CLIENT_SECRET beside it.")
        )
    name = environ.get("CREDITBATCH_OIDC_NAME", "").strip() or parts.hostname
    return SingleSignOn(url, name, client_id, secret, environ.get("CREDITBATCH_OIDC_ROLES_CLAIM", "").strip())


def _read_secret(environ: Mapping[str, str], setting: str) -> Secret | None:
    """Read a secret that the setting holds, or the file that the setting with `_FILE` names."""
    given = environ.get(setting)
    name = environ.get(f"{setting}_FILE")
    if given or not name:
        return Secret(given) if given else None
    try:
        with Path(name).open("rb") as file:
            text = file.read(_MAX_PASSWORD_FILE).decode("utf-8-sig").strip()
    except (OSError, ValueError) as error:
        sentence = _("The file {name} that {setting} names cannot be read.")
        raise SettingsError(sentence.format(name=name, setting=f"{setting}_FILE")) from error
    return Secret(text)


FILE_NAME = "site.log"
_MOST_BYTES = 1_000_000
_OLD_ONES = 5
_OURS = "creditbatch.web"
_LOGGED = (_OURS, "django")


def start_log(home: Path, *, rotates: bool = True) -> logging.Handler:
    """Write the log from now on. The site rotates it; its workers only write to it."""
    path = home / FILE_NAME
    _make_private(path)
    handler: logging.Handler
    if rotates:
        handler = RotatingFileHandler(path, maxBytes=_MOST_BYTES, backupCount=_OLD_ONES, encoding="utf-8", delay=True)
        handler.rotator = _rotate_log
    else:
        handler = WatchedFileHandler(path, encoding="utf-8", delay=True)
    handler.setFormatter(Discreet())
    handler.addFilter(_is_worth_logging)
    for name in _LOGGED:
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    return handler


def stop_log(handler: logging.Handler) -> None:
    for name in _LOGGED:
        logging.getLogger(name).removeHandler(handler)
    handler.close()


def _make_private(log: Path) -> None:
    """Make a file that only its owner may read; one that is there becomes such a file."""
    log.touch(mode=0o600)
    protect(log)


def _rotate_log(full: str, old: str) -> None:
    """Put the full log aside and make the next: the handler would make one for everybody."""
    with suppress(FileNotFoundError):
        Path(full).rename(old)
    _make_private(Path(full))


class Discreet(logging.Formatter):
    """One line an entry; of an exception its kind and its place, not its text, which may quote a secret."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, get_zone()).isoformat(timespec="seconds")
        parts = [at, record.levelname, _format_message(record)]
        if record.exc_info and record.exc_info[1]:
            parts.append(_format_place(record.exc_info[1]))
        return " ".join(" ".join(parts).split())


def _format_message(record: logging.LogRecord) -> str:
    request = getattr(record, "request", None)
    if request is None:
        return record.getMessage()
    # Django's own message holds the address.
    match = request.resolver_match
    return f"{getattr(request, 'fault_reference', '-')} {request.method} {match.route if match else '?'} failed:"


def _format_place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    way = " > ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames[-8:])
    cause = error.__cause__ or error.__context__
    return f"{type(error).__name__} at {way}" + (f" after {_format_place(cause)}" if cause else "")


def _is_worth_logging(record: logging.LogRecord) -> bool:
    """Tell whether an entry is ours or a fault of Django's: what it only warns of has a page, which writes its own."""
    return record.name == _OURS or record.levelno >= logging.ERROR


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
    environ = load_environment(os.environ, Path.cwd())
    refuse_stray_password(os.environ, Path.cwd(), DATABASE_URL, "PGPASSWORD")
    for setting in (MAIL_HOST, "CREDITBATCH_EMAIL_TLS"):
        refuse_stray_password(os.environ, Path.cwd(), setting, *_MAIL_PASSWORDS)
    choose_zone(environ)
    options = read_site_options(environ)
    connect(home, database_url, make_site_settings(home, options, demo=demo, hosts=hosts))


def make_site_settings(home: Path, options: SiteOptions, *, demo: bool, hosts: Sequence[str]) -> dict[str, Any]:
    """Make every setting of the site but the database."""
    static = {name: getattr(site_settings, name) for name in dir(site_settings) if name.isupper()}
    del static["DATABASES"]
    is_https = options.is_https
    return {
        **static,
        "SECRET_KEY": load_key_file(home, "secret-key", lambda: secrets.token_urlsafe(64)),
        "CREDITBATCH_VAULT_KEY": load_key_file(home, "vault-key", lambda: Fernet.generate_key().decode()),
        "CREDITBATCH_HOME": home,
        "CREDITBATCH_DEMO": demo,
        "CREDITBATCH_SITE_URL": options.url or "",
        "STATIC_ROOT": str(home / "static"),
        "ALLOWED_HOSTS": [*hosts, *filter(None, [options.host])],
        "SECURE_SSL_REDIRECT": is_https,
        "SECURE_HSTS_SECONDS": _YEAR if is_https else 0,
        "SESSION_COOKIE_SECURE": is_https,
        "CSRF_COOKIE_SECURE": is_https,
        "CSRF_TRUSTED_ORIGINS": [options.url] if is_https else [],
        "SILENCED_SYSTEM_CHECKS": _OTHER_HOSTS_CHECKS if is_https else _HTTPS_CHECKS,
        "ACCOUNT_DEFAULT_HTTP_PROTOCOL": "https" if is_https else "http",
        **_choose_sso_settings(options.sso),
        **_choose_mail_settings(options.mail),
    }


def _choose_sso_settings(sso: SingleSignOn | None) -> Mapping[str, Any]:
    if sso is None:
        return {}
    app = {
        "provider_id": "sso",
        "name": sso.name,
        "client_id": sso.client_id,
        "secret": sso.secret.reveal(),
        "settings": {"server_url": sso.url},
    }
    providers = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
    return {"SOCIALACCOUNT_PROVIDERS": providers, "CREDITBATCH_ROLES_CLAIM": sso.roles_claim}


def _choose_mail_settings(mail: Mail | None) -> Mapping[str, Any]:
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
