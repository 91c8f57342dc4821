"""Read the settings from the environment and `.env`: the key, addresses, patience; and tell the time."""

from __future__ import annotations

import hashlib
import ipaddress
import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from batch.errors import KeyMissing, SettingsError, explain_os_error
from batch.i18n import _
from batch.money import ZERO, encode_amount

PROVIDER_URL = "https://api.smspartner.fr/v1"
KEY = "SMSPARTNER_API_KEY"
KEY_FILE = "SMSPARTNER_API_KEY_FILE"
API_URL = "CREDITBATCH_API_URL"
HOME = "CREDITBATCH_HOME"
DATABASE_URL = "CREDITBATCH_DATABASE_URL"
MAIL_HOST = "CREDITBATCH_EMAIL_HOST"
SIGNING_KEY_FILE = "CREDITBATCH_SIGNING_KEY_FILE"
TIMESTAMP_URL = "CREDITBATCH_TIMESTAMP_URL"
TIMESTAMP_CA_FILE = "CREDITBATCH_TIMESTAMP_CA_FILE"
_AUTHORITY = "http://timestamp.example.com"
_MAX_KEY_FILE = 4096
SLOWEST_PACE = 0.001
_QUICKEST_PACE = 1000


_OUR_NAMES = ("CREDITBATCH_", "SMSPARTNER_")
_PROOFS = {SIGNING_KEY_FILE, TIMESTAMP_CA_FILE}


class Secret:
    """A value that no `repr`, format or pickle shows; `reveal` is called where it goes on the wire and nowhere else."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def compute_fingerprint(self) -> str:
        """Name the secret without giving it away: the ledger binds a batch to the key it started with."""
        return hashlib.sha256(b"creditbatch key fingerprint\0" + self._value.encode()).hexdigest()[:16]

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How much less than expected an account may hold before that is a matter for attention."""

    euros: Decimal = Decimal(5)
    percent: Decimal = Decimal(1)
    """Of what the account is expected to hold; the larger of the two counts."""

    def compute_limit(self, expected: Decimal) -> Decimal:
        return max(self.euros, expected * self.percent / 100)


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
    max_per_second: float | None
    """How many requests may leave in a second, for every address; 0 is any number, None what the address asks for."""
    max_file_mb: int
    max_unpacked_mb: int
    max_rows: int
    """How large a sheet may be."""
    signing_key_file: Path | None = None
    """A key that records are signed with, kept elsewhere than in the home."""
    timestamp_url: str | None = None
    """The authority that every record is stamped by."""
    timestamp_ca_file: Path | None = None
    """The root certificates that time stamps are trusted by."""
    tolerance: Tolerance = Tolerance()
    """Recorded with each batch that is accepted."""


def load_environment(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Add what a `.env` file in the folder says to the environment, which wins; `SettingsError` if it is broken."""
    return {**_read_folder(environ, folder), **environ}


def _read_folder(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Read what only a `.env` file in the folder says."""
    file = folder / ".env"
    if not file.is_file():
        return {}
    from dotenv import dotenv_values

    try:
        # Nothing is filled in: ${SMSPARTNER_API_KEY} within an address would carry the key there.
        read = dotenv_values(file, encoding="utf-8-sig", interpolate=False)
    except (OSError, ValueError) as error:
        sentence = _("The file {file} cannot be read as settings: write lines such as NAME=value.")
        raise SettingsError(sentence.format(file=file)) from error
    said = {name: value for name, value in read.items() if value is not None and name not in environ}
    for name, value in said.items():
        if name.startswith(_OUR_NAMES) and "${" in value:
            sentence = _("{setting} in {file} holds ${{…}}, which is not filled in: write out what is meant.")
            raise SettingsError(sentence.format(setting=name, file=file))
        if value and name in _PROOFS:
            sentence = _(
                "{setting} says whose proofs are believed: set it in the environment, and take it out of {file}."
            )
            raise SettingsError(sentence.format(setting=name, file=file))
    return said


def find_strays(environ: Mapping[str, str], folder: Path) -> frozenset[str]:
    """Find what only a `.env` in the folder says of where the key goes, and which ledger remembers that it paid, while
    the key is kept elsewhere: the file may have come with a sheet, from another hand.
    """
    said = _read_folder(environ, folder)
    if said.get(KEY, "").strip():
        return frozenset()
    found = {name for name in (API_URL, HOME, DATABASE_URL) if said.get(name)}
    if urlsplit(said.get(API_URL, ""))[:2] == urlsplit(PROVIDER_URL)[:2]:
        found.discard(API_URL)
    return frozenset(found)


def refuse_stray_password(environ: Mapping[str, str], folder: Path, place: str, *passwords: str) -> None:
    """Refuse to hand a password that is kept elsewhere, in a file too, to the server that only a `.env` names."""
    said = _read_folder(environ, folder)
    if not said.get(place) or said.get(passwords[0]) or re.search(r"//[^/?#]*:[^/?#]*@", said[place]):
        return
    if any(environ.get(name) or said.get(name) for name in passwords):
        sentence = _(
            "The .env file in {folder} names a server in {setting}, and its password is kept elsewhere: set {setting} "
            "in the environment, or write the password into that file as well."
        )
        raise SettingsError(sentence.format(folder=folder, setting=place))


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read and check every setting but the key; `SettingsError` names the one that is wrong."""
    return Settings(
        api_url=_read_api_url(environ.get(API_URL) or PROVIDER_URL),
        api_format=_read_choice(environ, "CREDITBATCH_API_FORMAT", ("json", "xml")),
        home=_choose_home(environ.get(HOME)),
        database_url=environ.get(DATABASE_URL) or None,
        connect_timeout=_read_seconds(environ, "CREDITBATCH_CONNECT_TIMEOUT", 5.0, least=0.001),
        read_timeout=_read_seconds(environ, "CREDITBATCH_READ_TIMEOUT", 30.0, least=0.001),
        settle_seconds=_read_seconds(environ, "CREDITBATCH_SETTLE_SECONDS", 60.0, least=0.0),
        max_attempts=_read_count(environ, "CREDITBATCH_MAX_ATTEMPTS", 5, most=1_000),
        backoff_seconds=_read_seconds(environ, "CREDITBATCH_BACKOFF_SECONDS", 1.0, least=0.0),
        max_per_second=_read_pace(environ, "CREDITBATCH_MAX_PER_SECOND"),
        max_file_mb=_read_count(environ, "CREDITBATCH_MAX_FILE_MB", 25, most=1_000),
        max_unpacked_mb=_read_count(environ, "CREDITBATCH_MAX_UNPACKED_MB", 300, most=10_000),
        max_rows=_read_count(environ, "CREDITBATCH_MAX_ROWS", 1_000_000, most=10_000_000),
        signing_key_file=_read_file_name(environ, SIGNING_KEY_FILE),
        timestamp_url=_read_timestamp_url(environ.get(TIMESTAMP_URL, "")),
        timestamp_ca_file=_read_file_name(environ, TIMESTAMP_CA_FILE),
        tolerance=Tolerance(
            _read_share(environ, "CREDITBATCH_TOLERANCE_EUROS", Tolerance().euros, most=1_000_000),
            _read_share(environ, "CREDITBATCH_TOLERANCE_PERCENT", Tolerance().percent, most=100),
        ),
    )


def load_key(environ: Mapping[str, str]) -> Secret:
    """Find the API key: in the environment, in the file that the environment names, or in the system's keyring."""
    value = environ.get(KEY, "").strip() or _read_key_file(environ.get(KEY_FILE)) or _read_keyring()
    value = (value or "").strip()
    if not value:
        sentence = _("There is no API key: set {setting}, or name a file that holds it in {file_setting}.")
        raise KeyMissing(sentence.format(setting=KEY, file_setting=KEY_FILE))
    if not value.isascii() or not value.isprintable() or " " in value:
        raise SettingsError(_("The API key holds characters that no key has: copy it again from the provider's site."))
    return Secret(value)


def _read_key_file(name: str | None) -> str | None:
    if not name:
        return None
    try:
        with Path(name).open("rb") as file:
            content = file.read(_MAX_KEY_FILE + 1)
    except (OSError, ValueError) as error:
        why = explain_os_error(error) if isinstance(error, OSError) else _("it is not a file's name")
        sentence = _("The key file {file} that {setting} names cannot be read: {why}.")
        raise SettingsError(sentence.format(file=name, setting=KEY_FILE, why=why)) from error
    if len(content) > _MAX_KEY_FILE or not content.strip():
        raise SettingsError(_("The key file {file} must hold the key and nothing else.").format(file=name))
    return content.decode("utf-8-sig", "replace")


def _read_keyring() -> str | None:
    import keyring

    try:
        return keyring.get_password("creditbatch", KEY)
    except Exception:  # noqa: BLE001 (each system's keyring fails in its own way)
        # A machine without a working keyring is a machine without a key in it.
        return None


def _read_api_url(text: str) -> str:
    url = text.strip().rstrip("/")
    parts = _split_url(url, without=" ?#\\")
    if parts is None:
        raise SettingsError(_("CREDITBATCH_API_URL is not an address such as {example}.").format(example=PROVIDER_URL))
    if parts.username is not None or parts.password is not None:
        raise SettingsError(_("CREDITBATCH_API_URL must not hold a user name or a password."))
    if parts.scheme == "http" and not is_this_machine(str(parts.hostname)):
        raise SettingsError(_("CREDITBATCH_API_URL must begin with https: the key would travel unprotected."))
    return url


def _read_timestamp_url(text: str) -> str | None:
    return check_timestamp_url(text, TIMESTAMP_URL) if text.strip() else None


def check_timestamp_url(text: str, name: str) -> str:
    """Check an authority's address; `SettingsError` names where somebody gave it. It may be plain http: what comes is
    signed, and what goes is a hash.
    """
    url = text.strip()
    parts = _split_url(url, without=" #\\")
    if parts is None:
        raise SettingsError(_("{name} is not an address such as {example}.").format(name=name, example=_AUTHORITY))
    if parts.username is not None or parts.password is not None:
        raise SettingsError(_("{name} must not hold a user name or a password.").format(name=name))
    return url


def _split_url(url: str, *, without: str) -> SplitResult | None:
    """Split an address of the web; None where it is none, or holds one of the signs."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    odd = not url.isprintable() or any(sign in url for sign in without)
    return None if odd or not host or parts.scheme not in {"https", "http"} or port == 0 else parts


def is_this_machine(host: str) -> bool:
    """Tell whether the host can only be this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _read_file_name(environ: Mapping[str, str], name: str) -> Path | None:
    text = environ.get(name)
    try:
        return Path(text).expanduser() if text else None
    except RuntimeError as error:
        raise SettingsError(_("{name} begins with a user's folder that is not known.").format(name=name)) from error


def _choose_home(text: str | None) -> Path:
    if text:
        try:
            return Path(text).expanduser()
        except RuntimeError as error:
            raise SettingsError(_("CREDITBATCH_HOME begins with a user's folder that is not known.")) from error
    import platformdirs

    return Path(platformdirs.user_data_dir("creditbatch", appauthor=False))


def _read_choice(environ: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    value = (environ.get(name) or choices[0]).strip().lower()
    if value not in choices:
        raise SettingsError(_("{name} must be {choices}.").format(name=name, choices=_(" or ").join(choices)))
    return value


def _read_seconds(environ: Mapping[str, str], name: str, default: float, *, least: float) -> float:
    text = environ.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and least <= value <= 86_400):
        raise SettingsError(
            _("{name} must be a number of seconds, such as {example}.").format(name=name, example=f"{default:g}")
        )
    return value


def _read_pace(environ: Mapping[str, str], name: str) -> float | None:
    text = environ.get(name)
    try:
        return check_pace(float(text), name) if text else None
    except ValueError:
        return check_pace(math.nan, name)


def check_pace(per_second: float, name: str) -> float:
    """Check how many requests a second somebody wants; `SettingsError` names where they said so."""
    if per_second == 0 or SLOWEST_PACE <= per_second <= _QUICKEST_PACE:
        return per_second
    raise SettingsError(
        _("{name} must be 0 (as fast as can be), or a number from {least} to {most}.").format(
            name=name, least=f"{SLOWEST_PACE:g}", most=_QUICKEST_PACE
        )
    )


def _read_count(environ: Mapping[str, str], name: str, default: int, *, most: int) -> int:
    text = (environ.get(name) or str(default)).strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= most):
        raise SettingsError(
            _("{name} must be a whole number from {least} to {most}.").format(name=name, least=1, most=most)
        )
    return int(text)


def _read_share(environ: Mapping[str, str], name: str, default: Decimal, *, most: int) -> Decimal:
    """Read an amount or a percentage, written with a point or a comma, with three decimals at most."""
    text = (environ.get(name) or str(default)).strip().replace(",", ".")
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal(-1)
    if not (value.is_finite() and ZERO <= value <= most and value == round(value, 3)):
        sentence = _("{name} must be a number from {least} to {most}, with three decimals at most.")
        raise SettingsError(sentence.format(name=name, least=0, most=most))
    return value


@dataclass(frozen=True, slots=True)
class SheetChoices:
    """How a person said that the sheet is to be read, and the control totals that it is compared with."""

    sheet: str | None = None
    columns: tuple[tuple[str, str], ...] = ()
    """Roles and the titles that were named for them."""
    signed: bool = False
    include_hidden: bool = False
    rows: int | None = None
    added: Decimal | None = None
    removed: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Choices:
    """What the person agreed to beyond what is plain, and how it is to be performed."""

    skip_invalid: bool = False
    partial: bool = False
    again: bool = False
    why: str | None = None
    """The reason for `again`; the ledger keeps it by itself."""
    only_unsettled: str | None = None
    """The earlier batch of the same list, of which only what is not done is sent: see `runner.acceptance`."""
    removes_first: bool = False
    ask_before_resend: bool = False
    max_per_second: float | None = None
    period: str | None = None
    """What the list pays for, such as a week; lists of two periods are not repetitions of each other."""
    reading: SheetChoices = SheetChoices()
    tolerance: Tolerance = Tolerance()
    """Not chosen for the batch, but in force when it was accepted: its papers keep to it."""
    relaxed: tuple[str, ...] = ()
    """Which of the site's rules were relaxed when it was approved or decided about: codes of `report.agreements`."""


def write_choices(choices: Choices) -> tuple[str, ...]:
    """Put the choices into the texts that the ledger keeps."""
    flags = {
        "skip-invalid": choices.skip_invalid,
        "partial": choices.partial,
        "again": choices.again,
        "removes-first": choices.removes_first,
        "ask-before-resend": choices.ask_before_resend,
        "signed": choices.reading.signed,
        "include-hidden": choices.reading.include_hidden,
    }
    pace, reading, tolerance = choices.max_per_second, choices.reading, choices.tolerance
    values = {
        "only-unsettled": choices.only_unsettled,
        "max-per-second": None if pace is None else f"{pace:g}",
        "period": choices.period,
        "sheet": reading.sheet,
        "expect-rows": reading.rows,
        "expect-added": None if reading.added is None else encode_amount(reading.added),
        "expect-removed": None if reading.removed is None else encode_amount(reading.removed),
        "tolerance": f"{tolerance.euros:f}+{tolerance.percent:f}",
    }
    return (
        *(text for text, is_chosen in flags.items() if is_chosen),
        *(f"{text}:{value}" for text, value in values.items() if value is not None),
        *(f"column:{role}={title}" for role, title in reading.columns),
        *(f"relaxed:{rule}" for rule in choices.relaxed),
    )


def read_choices(texts: Sequence[str]) -> Choices:
    """Read what `write_choices` wrote. What a newer version may have added is passed over."""
    given = dict(text.partition(":")[::2] for text in texts)
    pace, rows = given.get("max-per-second"), given.get("expect-rows")
    added, removed = (given.get(name) for name in ("expect-added", "expect-removed"))
    named = [text.removeprefix("column:") for text in texts if text.startswith("column:")]
    # What was accepted before there was such a setting keeps to the default.
    euros, _plus, percent = given.get("tolerance", "5+1").partition("+")
    return Choices(
        skip_invalid="skip-invalid" in given,
        partial="partial" in given,
        again="again" in given,
        removes_first="removes-first" in given,
        ask_before_resend="ask-before-resend" in given,
        only_unsettled=given.get("only-unsettled"),
        max_per_second=None if pace is None else float(pace),
        period=given.get("period"),
        reading=SheetChoices(
            sheet=given.get("sheet"),
            columns=tuple((role, title) for role, _equals, title in (text.partition("=") for text in named)),
            signed="signed" in given,
            include_hidden="include-hidden" in given,
            rows=None if rows is None else int(rows),
            added=None if added is None else Decimal(added),
            removed=None if removed is None else Decimal(removed),
        ),
        tolerance=Tolerance(Decimal(euros), Decimal(percent)),
        relaxed=tuple(text.removeprefix("relaxed:") for text in texts if text.startswith("relaxed:")),
    )


def replace_manner(
    kept: Choices, *, ask_before_resend: bool | None = None, max_per_second: float | None = None
) -> Choices:
    """Replace what was given anew of how a batch is to be performed; None leaves what was chosen."""
    return replace(
        kept,
        ask_before_resend=kept.ask_before_resend if ask_before_resend is None else ask_before_resend,
        max_per_second=kept.max_per_second if max_per_second is None else max_per_second,
    )


def read_boot_clock() -> float:
    """Read the seconds since the machine started, those that it slept included, where the system tells."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class Stopwatch:
    """Seconds since a moment, as the larger of two clocks' counts.

    The wall clock may be set back, and the other one may stand still while the machine sleeps: each sees what the other
    misses.
    """

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = read_boot_clock) -> None:
        self._wall = wall
        self._steady = steady
        self.start()

    def start(self) -> None:
        self._began = self._wall(), self._steady()

    def count(self) -> float:
        return max(self._wall() - self._began[0], self._steady() - self._began[1])
