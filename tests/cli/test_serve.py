"""`creditbatch serve` as a process of its own, where there is no ledger yet."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import IO

import pytest
import requests

from tests.cli.conftest import Command

_PASSWORD = "correct horse battery"


@dataclass
class Served:
    process: subprocess.Popen[str]
    said: list[str]

    @property
    def address(self) -> str:
        # What a .env leads to may be named before.
        *_others, found = re.findall(r"http://localhost:\d+", "".join(self.said))
        return str(found)

    def wait_for(self, text: str) -> str:
        """Read on until a line holds the text; the whole line."""
        stream: IO[str] | None = self.process.stderr
        assert stream is not None
        while line := stream.readline():
            self.said.append(line)
            if text in line:
                return line
        raise AssertionError(f"{text!r} is not in {self.said}")


@pytest.fixture
def serve(newcomer: Command) -> Iterator[object]:
    running: list[subprocess.Popen[str]] = []
    newcomer.settings["PYTHONUNBUFFERED"] = "1"

    def start(*arguments: str) -> Served:
        process = newcomer.process("serve", "--port", "0", *arguments, err=subprocess.PIPE)
        running.append(process)
        return Served(process, [])

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def _csrf(session: requests.Session, address: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', session.get(address, timeout=20).text)
    assert found is not None
    return found[1]


def test_an_empty_ledger_gets_its_first_administrator_by_a_link_that_works_once(serve, newcomer: Command) -> None:  # type: ignore[no-untyped-def]
    site = serve()
    link = site.wait_for("/setup/").strip()
    session = requests.Session()
    form = {
        "username": "first",
        "full_name": "The First",
        "new_password1": _PASSWORD,
        "new_password2": _PASSWORD,
        "csrfmiddlewaretoken": _csrf(session, link),
    }
    page = session.post(f"{site.address}/welcome", form, timeout=20)
    assert page.url == f"{site.address}/"
    assert "The First" in page.text
    assert requests.get(link, timeout=20).status_code == 410
    style = re.search(r'href="(/static/web/style\.[0-9a-f]+\.css)"', page.text)
    assert style is not None
    served = requests.get(site.address + style[1], timeout=20)
    assert "immutable" in served.headers["cache-control"]
    by_number = site.address.replace("localhost", "127.0.0.1")
    sent = requests.get(f"{by_number}/login?next=/profile", timeout=20, allow_redirects=False)
    assert sent.headers["location"] == f"{site.address}/login?next=/profile"
    assert requests.get(site.address, headers={"Host": "evil.example"}, timeout=20).status_code == 400
    visitor = requests.Session()
    form = {"login": "first", "password": "x", "csrfmiddlewaretoken": _csrf(visitor, f"{site.address}/login")}
    visitor.post(f"{site.address}/login", form, headers={"X-Forwarded-For": "6.6.6.6"}, timeout=20)
    with closing(sqlite3.connect(newcomer.folder / "home" / "ledger.sqlite3")) as database:
        # What the visitor says of itself is not believed without a proxy.
        assert set(database.execute("SELECT action, address FROM web_auditentry")) == {
            ("link.used", "127.0.0.1"),
            ("login.done", "127.0.0.1"),
            ("login.failed", "127.0.0.1"),
        }
    home = newcomer.folder / "home"
    if os.name == "posix":
        assert {(home / name).stat().st_mode & 0o777 for name in ("secret-key", "vault-key", "site.log")} == {0o600}
    secret = link.rsplit("/", 1)[1]
    assert secret not in (home / "site.log").read_text()

    site.process.send_signal(signal.SIGINT)
    assert site.process.wait(timeout=20) == 0
    again = serve("--link-for", "first")
    assert "/invitation/" in again.wait_for("/invitation/")
    assert requests.get(again.address, timeout=20).url.endswith("/login?next=/")
    assert "/setup/" not in "".join(again.said)


def test_other_machines_are_only_served_behind_a_proxy(newcomer: Command) -> None:
    ended = newcomer.started("serve", "--host", "0.0.0.0", "--port", "0")
    assert ended.code == 2
    assert "CREDITBATCH_SITE_URL" in ended.err
    newcomer.settings["CREDITBATCH_SITE_URL"] = "https://credits.example.com"
    ended = newcomer.started("serve", "--host", "0.0.0.0", "--port", "0")
    assert ended.code == 2
    assert "CREDITBATCH_TRUSTED_PROXY" in ended.err
    assert not (newcomer.folder / "home" / "secret-key").exists()


@pytest.mark.slow
def test_behind_a_proxy_its_word_counts(serve, newcomer: Command) -> None:  # type: ignore[no-untyped-def]
    newcomer.settings["CREDITBATCH_SITE_URL"] = "https://credits.example.com"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    site = serve("--host", "127.0.0.1", "--port", port)
    assert "https://credits.example.com/setup/" in site.wait_for("/setup/")
    plain = requests.get(
        f"http://127.0.0.1:{port}/login", headers={"Host": "credits.example.com"}, timeout=20, allow_redirects=False
    )
    assert plain.headers["location"] == "https://credits.example.com/login"
    proxied = requests.get(
        f"http://127.0.0.1:{port}/login",
        headers={"Host": "credits.example.com", "X-Forwarded-Proto": "https", "X-Forwarded-For": "10.1.2.3"},
        timeout=20,
    )
    assert proxied.status_code == 200
    assert "max-age=31536000" in proxied.headers["strict-transport-security"]
    assert "Secure" in proxied.headers["set-cookie"]


def test_a_port_that_is_taken_is_told_in_a_sentence(serve, newcomer: Command) -> None:  # type: ignore[no-untyped-def]
    site = serve()
    site.wait_for("/setup/")
    ended = newcomer.started("serve", "--port", site.address.rsplit(":", 1)[1])
    assert ended.code == 2
    assert "another --port" in ended.err


def test_an_unknown_person_for_a_link_is_told(newcomer: Command) -> None:
    ended = newcomer.started("serve", "--port", "0", "--link-for", "nobody")
    assert ended.code == 2
    assert "no active person with the user name nobody" in ended.err


@pytest.mark.slow
def test_the_demonstration_prints_three_people_who_can_log_in(serve, newcomer: Command) -> None:  # type: ignore[no-untyped-def]
    newcomer.settings["SMSPARTNER_API_KEY"] = "a-real-key-that-must-not-be-used"
    site = serve("--demo")
    site.wait_for("The site is at")
    people = re.findall(r"^  (\w+) +([0-9a-f-]{19})$", "".join(site.said), re.MULTILINE)
    assert [name for name, _password in people] == ["preparer", "approver", "administrator"]
    for name, password in people:
        session = requests.Session()
        token = _csrf(session, f"{site.address}/login")
        form = {"login": name, "password": password, "csrfmiddlewaretoken": token}
        page = session.post(f"{site.address}/login", form, timeout=20)
        assert page.url == f"{site.address}/"
        assert "nothing here is real" in page.text
    assert "€10,000.00" in session.get(f"{site.address}/?balance=1", timeout=20).text
    assert (newcomer.folder / "home" / "demo" / "ledger.sqlite3").is_file()
    assert not (newcomer.folder / "home" / "ledger.sqlite3").exists()
