"""Settings: from the environment, and below it from a `.env` file in the current folder. All durations are seconds."""

from __future__ import annotations

import hashlib
import ipaddress
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from batch.errors import SettingsError

PROVIDER_URL = "https://api.smspartner.fr/v1"
KEY = "SMSPARTNER_API_KEY"
KEY_FILE = "SMSPARTNER_API_KEY_FILE"
KEYRING_SERVICE = "creditbatch"
KEYRING_NAME = "SMSPARTNER_API_KEY"
_MAX_KEY_FILE = 4096


class Secret:
    """A value that no `repr`, format or pickle shows; `reveal` is called where it goes on the wire and nowhere else."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself."""
        return self._value

    def fingerprint(self) -> str:
        """Names the secret without giving it away: the ledger binds a batch to the key it started with."""
        return hashlib.sha256(b"creditbatch key fingerprint\0" + self._value.encode()).hexdigest()[:16]

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the environment decides, checked."""

    api_url: str
    api_format: str
    home: Path
    database_url: str | None = field(repr=False)
    """May hold a password."""
    connect_timeout: float
    read_timeout: float
    settle_seconds: float
    max_attempts: int
    backoff_seconds: float


def environment(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The environment, with what a `.env` file in the folder adds to it; the environment wins."""
    file = folder / ".env"
    values: dict[str, str] = {}
    if file.is_file():
        from dotenv import dotenv_values

        try:
            values = {
                name: value for name, value in dotenv_values(file, encoding="utf-8-sig").items() if value is not None
            }
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"The file {file} cannot be read as settings: write lines such as NAME=value."
            ) from error
    return {**values, **environ}


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read and check every setting but the key; `SettingsError` names the one that is wrong."""
    return Settings(
        api_url=_api_url(environ.get("CREDITBATCH_API_URL") or PROVIDER_URL),
        api_format=_choice(environ, "CREDITBATCH_API_FORMAT", ("json", "xml")),
        home=_home(environ.get("CREDITBATCH_HOME")),
        database_url=environ.get("CREDITBATCH_DATABASE_URL") or None,
        connect_timeout=_seconds(environ, "CREDITBATCH_CONNECT_TIMEOUT", 5.0, least=0.001),
        read_timeout=_seconds(environ, "CREDITBATCH_READ_TIMEOUT", 30.0, least=0.001),
        settle_seconds=_seconds(environ, "CREDITBATCH_SETTLE_SECONDS", 60.0, least=0.0),
        max_attempts=_count(environ, "CREDITBATCH_MAX_ATTEMPTS", 5),
        backoff_seconds=_seconds(environ, "CREDITBATCH_BACKOFF_SECONDS", 1.0, least=0.0),
    )


def load_key(environ: Mapping[str, str]) -> Secret:
    """The API key: from the environment, from the file that the environment names, or from the system's keyring."""
    value = environ.get(KEY, "").strip() or _key_from_file(environ.get(KEY_FILE)) or _key_from_keyring()
    value = (value or "").strip()
    if not value:
        raise SettingsError(f"There is no API key: set {KEY}, or name a file that holds it in {KEY_FILE}.")
    if not value.isascii() or not value.isprintable() or " " in value:
        raise SettingsError("The API key holds characters that no key has: copy it again from the provider's site.")
    return Secret(value)


def _key_from_file(name: str | None) -> str | None:
    if not name:
        return None
    try:
        with Path(name).open("rb") as file:
            content = file.read(_MAX_KEY_FILE + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not a file's name"
        raise SettingsError(f"The key file {name} that {KEY_FILE} names cannot be read: {why}.") from error
    if len(content) > _MAX_KEY_FILE or not content.strip():
        raise SettingsError(f"The key file {name} must hold the key and nothing else.")
    return content.decode("utf-8-sig", "replace")


def _key_from_keyring() -> str | None:
    import keyring

    try:
        return keyring.get_password(KEYRING_SERVICE, KEYRING_NAME)
    except Exception:  # noqa: BLE001 (each system's keyring fails in its own way)
        # A machine without a working keyring is a machine without a key in it.
        return None


def _api_url(text: str) -> str:
    url = text.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    odd = not url.isprintable() or any(sign in url for sign in " ?#\\")
    if odd or not host or parts.scheme not in {"https", "http"} or port == 0:
        raise SettingsError(f"CREDITBATCH_API_URL is not an address such as {PROVIDER_URL}.")
    if parts.username is not None or parts.password is not None:
        raise SettingsError("CREDITBATCH_API_URL must not hold a user name or a password.")
    if parts.scheme == "http" and not is_this_machine(host):
        raise SettingsError("CREDITBATCH_API_URL must begin with https: the key would travel unprotected.")
    return url


def is_this_machine(host: str) -> bool:
    """Whether the host can only be this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _home(text: str | None) -> Path:
    if text:
        try:
            return Path(text).expanduser()
        except RuntimeError as error:
            raise SettingsError("CREDITBATCH_HOME begins with a user's folder that is not known.") from error
    import platformdirs

    return Path(platformdirs.user_data_dir("creditbatch", appauthor=False))


def _choice(environ: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    value = (environ.get(name) or choices[0]).strip().lower()
    if value not in choices:
        raise SettingsError(f"{name} must be {' or '.join(choices)}.")
    return value


def _seconds(environ: Mapping[str, str], name: str, default: float, *, least: float) -> float:
    text = environ.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and least <= value <= 86_400):
        raise SettingsError(f"{name} must be a number of seconds, such as {default:g}.")
    return value


def _count(environ: Mapping[str, str], name: str, default: int) -> int:
    text = (environ.get(name) or str(default)).strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= 1000):
        raise SettingsError(f"{name} must be a whole number from 1 to 1000.")
    return int(text)
