"""What the environment decides about the site beyond the command line's settings: its address, its proxy, its mail."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from batch.errors import SettingsError
from batch.language import _
from batch.settings import Secret, is_this_machine

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
"""A page elsewhere cannot make a browser send these with another site's address behind them."""
_MAX_PASSWORD_FILE = 4096


@dataclass(frozen=True, slots=True)
class Mail:
    """The server that takes the site's mail."""

    host: str
    port: int
    user: str
    password: Secret | None
    encryption: str
    """starttls, ssl or none."""
    sender: str


@dataclass(frozen=True, slots=True)
class SiteOptions:
    """Checked."""

    url: str | None
    """Where people reach the site, without a slash at the end; None: on this machine only."""
    trusted_proxy: str | None
    """The address of the proxy whose word about the visitor's address is taken."""
    mail: Mail | None = field(default=None)

    @property
    def host(self) -> str | None:
        """The name that browsers send."""
        return urlsplit(self.url).hostname if self.url else None

    @property
    def is_https(self) -> bool:
        """Whether browsers reach the site encrypted, through a proxy."""
        return bool(self.url) and str(self.url).startswith("https://")


def site_options(environ: Mapping[str, str]) -> SiteOptions:
    """Read and check them; `SettingsError` names the one that is wrong."""
    return SiteOptions(
        url=_site_url(environ.get("CREDITBATCH_SITE_URL", "")),
        trusted_proxy=_proxy(environ.get("CREDITBATCH_TRUSTED_PROXY", "").strip()),
        mail=_read_mail(environ),
    )


def _site_url(text: str) -> str | None:
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


def _proxy(text: str) -> str | None:
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
    if encryption not in {"starttls", "ssl", "none"}:
        raise SettingsError(_("CREDITBATCH_EMAIL_TLS must be starttls, ssl or none."))
    sender = environ.get("CREDITBATCH_EMAIL_FROM", "").strip()
    if "@" not in sender or not sender.isprintable():
        raise SettingsError(_("CREDITBATCH_EMAIL_FROM must be the address that the site's mail comes from."))
    port = (
        environ.get("CREDITBATCH_EMAIL_PORT", "").strip() or {"starttls": "587", "ssl": "465", "none": "25"}[encryption]
    )
    if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        raise SettingsError(_("CREDITBATCH_EMAIL_PORT must be a port's number."))
    user = environ.get("CREDITBATCH_EMAIL_USER", "").strip()
    return Mail(host, int(port), user, _password(environ), encryption, sender)


def _password(environ: Mapping[str, str]) -> Secret | None:
    given = environ.get("CREDITBATCH_EMAIL_PASSWORD")
    name = environ.get("CREDITBATCH_EMAIL_PASSWORD_FILE")
    if given or not name:
        return Secret(given) if given else None
    try:
        with Path(name).open("rb") as file:
            text = file.read(_MAX_PASSWORD_FILE).decode("utf-8-sig").strip()
    except (OSError, ValueError) as error:
        sentence = _("The file {name} that CREDITBATCH_EMAIL_PASSWORD_FILE names cannot be read.")
        raise SettingsError(sentence.format(name=name)) from error
    return Secret(text)
