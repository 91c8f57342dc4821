"""Settings: every variable, and a sentence that names the one that is wrong."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import keyring
import pytest
from keyring.errors import NoKeyringError

from batch.errors import SettingsError
from batch.settings import (
    KEY,
    KEY_FILE,
    PROVIDER_URL,
    Secret,
    Tolerance,
    load_environment,
    load_key,
    load_settings,
)

SECONDS = ("CONNECT_TIMEOUT", "READ_TIMEOUT", "SETTLE_SECONDS", "BACKOFF_SECONDS")
HIDDEN = "hidden-0123456789"


class TestLoadSettings:
    def test_nothing_set_is_safe(self) -> None:
        settings = load_settings({})
        assert (settings.signing_key_file, settings.timestamp_url, settings.timestamp_ca_file) == (None, None, None)
        assert (settings.api_url, settings.api_format) == (PROVIDER_URL, "json")
        assert PROVIDER_URL.startswith("https://")
        assert (settings.connect_timeout, settings.read_timeout, settings.settle_seconds) == (5, 30, 60)
        assert (settings.max_attempts, settings.backoff_seconds, settings.database_url) == (5, 1, None)
        assert settings.home.is_absolute()

    def test_every_variable_is_read(self, tmp_path: Path) -> None:
        settings = load_settings(
            {
                "CREDITBATCH_API_URL": " https://api.example.com/v2/ ",
                "CREDITBATCH_API_FORMAT": "XML",
                "CREDITBATCH_HOME": str(tmp_path),
                "CREDITBATCH_DATABASE_URL": "postgres://host/name",
                "CREDITBATCH_CONNECT_TIMEOUT": "0.5",
                "CREDITBATCH_READ_TIMEOUT": "7",
                "CREDITBATCH_SETTLE_SECONDS": "0",
                "CREDITBATCH_MAX_ATTEMPTS": "3",
                "CREDITBATCH_BACKOFF_SECONDS": "0.25",
                "CREDITBATCH_MAX_PER_SECOND": "12.5",
                "CREDITBATCH_MAX_FILE_MB": "40",
                "CREDITBATCH_MAX_UNPACKED_MB": "500",
                "CREDITBATCH_MAX_ROWS": "2000000",
                "CREDITBATCH_SIGNING_KEY_FILE": "/safe/signing.pem",
                "CREDITBATCH_TIMESTAMP_URL": " http://stamps.example.com/rfc3161?kind=free ",
                "CREDITBATCH_TIMESTAMP_CA_FILE": "~/roots.pem",
            }
        )
        assert (settings.api_url, settings.api_format) == ("https://api.example.com/v2", "xml")
        assert (settings.home, settings.database_url) == (tmp_path, "postgres://host/name")
        assert (settings.connect_timeout, settings.read_timeout, settings.settle_seconds) == (0.5, 7, 0)
        assert (settings.max_attempts, settings.backoff_seconds, settings.max_per_second) == (3, 0.25, 12.5)
        assert (settings.max_file_mb, settings.max_unpacked_mb, settings.max_rows) == (40, 500, 2_000_000)
        assert settings.signing_key_file == Path("/safe/signing.pem")
        assert settings.timestamp_url == "http://stamps.example.com/rfc3161?kind=free"
        assert settings.timestamp_ca_file == Path.home() / "roots.pem"

    def test_an_empty_variable_is_one_that_is_not_set(self) -> None:
        names = ("API_URL", "API_FORMAT", "HOME", "DATABASE_URL", "READ_TIMEOUT", "MAX_ATTEMPTS", "MAX_PER_SECOND")
        files = ("SIGNING_KEY_FILE", "TIMESTAMP_URL", "TIMESTAMP_CA_FILE")
        assert load_settings({f"CREDITBATCH_{name}": "" for name in (*names, *files)}) == load_settings({})

    @pytest.mark.parametrize(
        ("name", "words", "values"),
        [
            *((name, "", ["-1", "soon", "nan", "inf", "1e9", "5s", "5,5", " "]) for name in SECONDS),
            ("CONNECT_TIMEOUT", "", ["0"]),
            ("READ_TIMEOUT", "", ["0"]),
            ("MAX_ATTEMPTS", "", ["0", "-1", "1.5", "many", "1001", "0000000005000", "9" * 5000, "٣", "²"]),
            ("MAX_PER_SECOND", " must be 0", ["-1", "0.0001", "1e9", "nan", "inf", "many", "5/s"]),
            ("API_FORMAT", " must be json or xml", ["html", "json,xml", "*"]),
            ("HOME", "", ["~no-such-user-anywhere/ledger"]),
            ("SIGNING_KEY_FILE", " begins with", ["~no-such-user-anywhere/key"]),
            ("TIMESTAMP_CA_FILE", " begins with", ["~no-such-user-anywhere/roots"]),
            (
                "TIMESTAMP_URL",
                " is not an address",
                ["stamps.example.com", "ftp://host", "https://", "http://h:0", "x"],
            ),
            ("TIMESTAMP_URL", " is not an address", ["http://ho st", "http://host/#top", "http://host\\@other"]),
            ("TIMESTAMP_URL", " must not hold a user name", [f"http://me:{HIDDEN}@host", "https://me@host"]),
        ],
    )
    def test_what_a_variable_cannot_be_names_it(self, name: str, words: str, values: list[str]) -> None:
        for value in values:
            with pytest.raises(SettingsError, match=f"CREDITBATCH_{name}{words}"):
                load_settings({f"CREDITBATCH_{name}": value})

    def test_no_pace_chosen_is_another_thing_than_none_wanted(self) -> None:
        assert load_settings({}).max_per_second is None
        assert load_settings({"CREDITBATCH_MAX_PER_SECOND": "0"}).max_per_second == 0

    def test_a_database_password_is_not_shown(self) -> None:
        settings = load_settings({"CREDITBATCH_DATABASE_URL": f"postgres://me:{HIDDEN}@host/name"})
        assert HIDDEN not in f"{settings!r} {settings}"


class TestApiUrl:
    @pytest.mark.parametrize(
        "url",
        [
            "http://localhost:8000/v1", "http://127.0.0.1/v1", "http://127.1.2.3:1", "http://[::1]:8000",
            "HTTP://LocalHost",
        ],
    )  # fmt: skip
    def test_plain_http_is_for_this_machine(self, url: str) -> None:
        assert load_settings({"CREDITBATCH_API_URL": url}).api_url == url

    @pytest.mark.parametrize(
        "url",
        [
            "http://api.smspartner.fr/v1", "http://localhost.example.com", "http://127.0.0.1.example.com",
            "http://192.168.1.1", "http://0.0.0.0", "http://[::]", "http://example.com/localhost", "http://2130706434",
        ],
    )  # fmt: skip
    def test_plain_http_is_for_nobody_else(self, url: str) -> None:
        with pytest.raises(SettingsError, match="CREDITBATCH_API_URL must begin with https"):
            load_settings({"CREDITBATCH_API_URL": url})

    @pytest.mark.parametrize(
        "url",
        [
            "api.smspartner.fr", "ftp://api.smspartner.fr", "file:///etc/passwd", "https://", "https:///v1",
            "https://host:port", "https://host:0", "https://host:99999", "https://[::1", "https://host/v1?",
            "https://host/v1?x=y", "https://host/v1#", "https://ho st/v1", "https://host/v1\n.example.com",
            "https://host\\@example.com", "nonsense",
        ],
    )  # fmt: skip
    def test_what_is_no_address_names_the_variable(self, url: str) -> None:
        with pytest.raises(SettingsError, match="CREDITBATCH_API_URL is not an address"):
            load_settings({"CREDITBATCH_API_URL": url})

    @pytest.mark.parametrize("url", [f"https://me:{HIDDEN}@host", "https://me@host", f"http://localhost:{HIDDEN}@host"])
    def test_a_password_in_it_is_refused_and_not_repeated(self, url: str) -> None:
        with pytest.raises(SettingsError, match="CREDITBATCH_API_URL") as caught:
            load_settings({"CREDITBATCH_API_URL": url})
        assert HIDDEN not in str(caught.value)


class TestTolerance:
    def test_it_is_five_euros_or_one_percent(self) -> None:
        assert load_settings({}).tolerance == Tolerance(Decimal(5), Decimal(1))

    def test_both_are_settings_and_none_is_tolerated_with_zeros(self) -> None:
        environ = {"CREDITBATCH_TOLERANCE_EUROS": "12,5", "CREDITBATCH_TOLERANCE_PERCENT": "0.25"}
        assert load_settings(environ).tolerance == Tolerance(Decimal("12.5"), Decimal("0.25"))
        environ = {"CREDITBATCH_TOLERANCE_EUROS": "0", "CREDITBATCH_TOLERANCE_PERCENT": "0"}
        assert load_settings(environ).tolerance.compute_limit(Decimal(1000)) == 0

    @pytest.mark.parametrize("text", ["-1", "x", "NaN", "Infinity", "101", "1.2345", "1 000,5"])
    def test_what_is_no_share_names_the_setting(self, text: str) -> None:
        with pytest.raises(SettingsError, match="CREDITBATCH_TOLERANCE_PERCENT must be a number from 0 to 100"):
            load_settings({"CREDITBATCH_TOLERANCE_PERCENT": text})

    def test_it_is_of_what_the_account_was_expected_to_hold(self) -> None:
        limits = [Tolerance().compute_limit(Decimal(held)) for held in ("-3", "0", "500", "501")]
        assert limits == [5, 5, 5, Decimal("5.01")]


class TestEnvironment:
    def test_a_file_adds_to_the_environment_and_gives_way_to_it(self, tmp_path: Path) -> None:
        (tmp_path / ".env").write_text("A=file\nB='file é'\n# C=no\nexport D=file\nE\n", encoding="utf-8")
        values = load_environment({"A": "environment"}, tmp_path)
        assert values == {"A": "environment", "B": "file é", "D": "file"}

    def test_no_file_is_no_trouble(self, tmp_path: Path) -> None:
        assert load_environment({"A": "1"}, tmp_path) == {"A": "1"}
        (tmp_path / ".env").mkdir()
        assert load_environment({"A": "1"}, tmp_path) == {"A": "1"}

    def test_a_byte_order_mark_does_no_harm(self, tmp_path: Path) -> None:
        (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfA=1\r\nB=2\r\n")
        assert load_environment({}, tmp_path) == {"A": "1", "B": "2"}

    def test_a_file_that_is_none_is_named(self, tmp_path: Path) -> None:
        (tmp_path / ".env").write_bytes(b"\xff\xfe\x00A")
        with pytest.raises(SettingsError, match=r"\.env cannot be read as settings"):
            load_environment({}, tmp_path)


@pytest.fixture
def keyring_holds(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], None]:
    def hold(value: str | None) -> None:
        monkeypatch.setattr(keyring, "get_password", lambda *_: value)

    hold(None)
    return hold


@pytest.mark.usefixtures("keyring_holds")
class TestLoadKey:
    def test_it_comes_from_the_environment(self) -> None:
        assert load_key({KEY: f" {HIDDEN}\n"}).reveal() == HIDDEN

    @pytest.mark.parametrize("content", ["{}", "{}\n", "  {}\r\n\r\n", "\ufeff{}\n"])
    def test_it_comes_from_a_file(self, tmp_path: Path, content: str) -> None:
        file = tmp_path / "key"
        file.write_text(content.format(HIDDEN), encoding="utf-8")
        assert load_key({KEY_FILE: str(file)}).reveal() == HIDDEN

    def test_it_comes_from_the_keyring(self, keyring_holds: Callable[[str | None], None]) -> None:
        keyring_holds(HIDDEN)
        assert load_key({}).reveal() == HIDDEN

    def test_the_nearest_wins(self, tmp_path: Path, keyring_holds: Callable[[str | None], None]) -> None:
        keyring_holds("from-the-keyring")
        file = tmp_path / "key"
        file.write_text("from-the-file")
        assert load_key({KEY: "from-the-environment", KEY_FILE: str(file)}).reveal() == "from-the-environment"
        assert load_key({KEY: " ", KEY_FILE: str(file)}).reveal() == "from-the-file"

    @pytest.mark.parametrize("environ", [{}, {KEY: ""}, {KEY: "  "}, {KEY_FILE: ""}])
    def test_no_key_says_where_to_put_it(self, environ: dict[str, str]) -> None:
        with pytest.raises(SettingsError, match=f"There is no API key: set {KEY}, or .* {KEY_FILE}"):
            load_key(environ)

    @pytest.mark.parametrize("error", [NoKeyringError(), RuntimeError("locked"), ImportError("no backend")])
    def test_a_keyring_that_fails_holds_no_key(self, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
        def fail(*_: str) -> None:
            raise error

        monkeypatch.setattr(keyring, "get_password", fail)
        with pytest.raises(SettingsError, match="There is no API key"):
            load_key({})

    @pytest.mark.parametrize("value", ["two words", f"{HIDDEN}\nmore", f"{HIDDEN}é", f"{HIDDEN}\x00", "a\tb"])
    def test_what_no_key_is_made_of_is_refused_and_not_repeated(self, value: str) -> None:
        with pytest.raises(SettingsError, match="characters that no key has") as caught:
            load_key({KEY: value})
        assert value not in str(caught.value)

    @pytest.mark.parametrize("content", [b"", b" \n", b"x" * 5000])
    def test_a_file_that_holds_no_key_is_named(self, tmp_path: Path, content: bytes) -> None:
        file = tmp_path / "key"
        file.write_bytes(content)
        with pytest.raises(SettingsError, match=f"The key file {file} must hold the key and nothing else"):
            load_key({KEY_FILE: str(file)})

    @pytest.mark.parametrize("name", ["missing", ".", "a\0b"])
    def test_a_file_that_cannot_be_read_is_named(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(SettingsError, match=f"that {KEY_FILE} names cannot be read"):
            load_key({KEY_FILE: f"{tmp_path}/{name}"})

    def test_a_file_with_other_bytes_is_refused(self, tmp_path: Path) -> None:
        file = tmp_path / "key"
        file.write_bytes(HIDDEN.encode("utf-16"))
        with pytest.raises(SettingsError, match="characters that no key has"):
            load_key({KEY_FILE: str(file)})


class TestSecret:
    def test_it_is_shown_nowhere(self) -> None:
        secret = Secret(HIDDEN)
        assert HIDDEN not in f"{secret} {secret!r} {[secret]} %s" % secret
        assert HIDDEN not in secret.compute_fingerprint()

    @pytest.mark.parametrize("carry_off", [pickle.dumps, copy.copy, copy.deepcopy])
    def test_it_is_not_carried_off(self, carry_off: Callable[[Secret], object]) -> None:
        with pytest.raises(TypeError):
            carry_off(Secret(HIDDEN))

    def test_its_fingerprint_names_it(self) -> None:
        assert (
            Secret("a").compute_fingerprint() == Secret("a").compute_fingerprint() != Secret("b").compute_fingerprint()
        )
