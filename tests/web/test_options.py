from __future__ import annotations

from pathlib import Path

import pytest

from batch.errors import SettingsError
from batch.web.configure import read_site_options

_MAIL = {"CREDITBATCH_EMAIL_HOST": "mail.example.com", "CREDITBATCH_EMAIL_FROM": "batch@example.com"}


def test_nothing_set_is_a_site_for_this_machine_without_mail() -> None:
    options = read_site_options({})
    assert (options.url, options.host, options.is_https, options.mail) == (None, None, False, None)


def test_an_address_gives_the_host() -> None:
    options = read_site_options({"CREDITBATCH_SITE_URL": "https://credits.example.com:8443/"})
    assert (options.url, options.host) == ("https://credits.example.com:8443", "credits.example.com")
    assert options.is_https


@pytest.mark.parametrize(
    "url",
    ["credits.example.com", "ftp://x", "https://", "https://a b", "https://a/path", "https://u:p@a", "https://a:x"],
)
def test_what_is_no_address_is_told(url: str) -> None:
    with pytest.raises(SettingsError, match="CREDITBATCH_SITE_URL is not an address"):
        read_site_options({"CREDITBATCH_SITE_URL": url})


def test_plain_http_is_for_this_machine_only() -> None:
    assert read_site_options({"CREDITBATCH_SITE_URL": "http://localhost:8000"}).is_https is False
    with pytest.raises(SettingsError, match="https"):
        read_site_options({"CREDITBATCH_SITE_URL": "http://credits.example.com"})


def test_a_proxy_is_an_ip_address() -> None:
    assert read_site_options({"CREDITBATCH_TRUSTED_PROXY": "10.0.0.7"}).trusted_proxy == "10.0.0.7"
    for text in ("*", "proxy.example.com", "10.0.0.0/8"):
        with pytest.raises(SettingsError, match="CREDITBATCH_TRUSTED_PROXY"):
            read_site_options({"CREDITBATCH_TRUSTED_PROXY": text})


@pytest.mark.parametrize(("encryption", "port"), [("", 587), ("starttls", 587), ("ssl", 465), ("none", 25)])
def test_the_port_of_the_mail_server_follows_from_its_encryption(encryption: str, port: int) -> None:
    mail = read_site_options({**_MAIL, "CREDITBATCH_EMAIL_TLS": encryption}).mail
    assert mail is not None
    assert mail.port == port


def test_the_password_of_the_mail_server_comes_from_a_file_and_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("mail-pass\n")
    mail = read_site_options({**_MAIL, "CREDITBATCH_EMAIL_PASSWORD_FILE": str(tmp_path / "secret")}).mail
    assert mail is not None
    assert mail.password is not None
    assert mail.password.reveal() == "mail-pass"
    assert "mail-pass" not in repr(mail)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CREDITBATCH_EMAIL_TLS", "yes"), ("CREDITBATCH_EMAIL_PORT", "0"), ("CREDITBATCH_EMAIL_PORT", "a"),
        ("CREDITBATCH_EMAIL_FROM", ""), ("CREDITBATCH_EMAIL_PASSWORD_FILE", "/nowhere/secret"),
    ],
)  # fmt: skip
def test_what_is_wrong_about_the_mail_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_site_options({**_MAIL, name: value})
