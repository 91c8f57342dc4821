"""What lies in the folder where somebody works decides nothing: no module of it is run, and no `.env` gets a key."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from batch.sandbox import Sandbox
from batch.sheet.subprocess_reader import end_child, make_child_command, start_child
from tests.cli.conftest import SAMPLES, Command, applied
from tests.cli.test_serve import serve
from tests.ledger.test_private import watch

__all__ = ["serve"]  # a fixture

SHADOWS = (
    "csv",
    "json",
    "sitecustomize",
    "usercustomize",
    "decimal",
    "django",
    "pandas",
    "openpyxl",
    "dbus",
    "psycopg",
)
EVIL = "import os, pathlib; pathlib.Path({mark!r}).touch(); raise SystemExit('evil')\n"
SCRIPT = [str(Path(sys.executable).with_name("creditbatch"))]
MODULE = [sys.executable, "-m", "batch"]


@pytest.fixture
def mark(tmp_path: Path) -> Iterator[Path]:
    """A folder full of modules that have the names of real ones; what they leave where one is run."""
    found = tmp_path / "was-run"
    for name in SHADOWS:
        (tmp_path / f"{name}.py").write_text(EVIL.format(mark=str(found)), "utf-8")
    yield found
    assert not found.exists(), "a module of the current folder was run"


@pytest.mark.slow
@pytest.mark.parametrize("start", [SCRIPT, MODULE])
def test_a_sheet_is_checked_and_marked_without_the_modules_beside_it(
    newcomer: Command, mark: Path, start: list[str]
) -> None:
    sheet = str(SAMPLES / "mistakes.xlsx")
    ended = subprocess.run(
        [*start, "check", sheet, "--annotate", "marked.xlsx"],
        cwd=newcomer.folder, env=newcomer.environ, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (ended.returncode, (newcomer.folder / "marked.xlsx").exists()) == (1, True), ended.stderr


def test_a_child_imports_what_its_parent_does_but_for_the_current_folder(
    tmp_path: Path, mark: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for path in ("", str(tmp_path), f"{tmp_path}/."):
        monkeypatch.setattr(sys, "path", [path, *sys.path])
    monkeypatch.setenv("PYTHONPATH", "")
    command = make_child_command("csv")
    assert not [word for word in command if str(tmp_path) in word]
    child = start_child("batch.sheet.child")
    try:
        child.communicate(b"", 30)
    finally:
        end_child(child)


@dataclass
class Lure:
    """An address that nobody may speak to."""

    listening: socket.socket

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}/v1"

    @property
    def is_untouched(self) -> bool:
        try:
            self.listening.accept()[0].close()
        except BlockingIOError:
            return True
        return False


@pytest.fixture
def lure(newcomer: Command) -> Iterator[Lure]:
    """What a `.env` beside the sheet names, where the key is the person's."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        found = Lure(listening)
        lead(newcomer, found.url)
        yield found
        assert found.is_untouched


def lead(command: Command, url: str, more: str = "") -> None:
    """Let nothing but the folder name an address."""
    command.settings["CREDITBATCH_API_URL"] = ""
    command.sheet(f"CREDITBATCH_API_URL={url}\n{more}", ".env")


ASKING = [("check",), ("run", "--yes"), ("run", "--yes", "--json"), ("accounts",), ("template", "--from-account")]


@pytest.mark.parametrize("words", ASKING)
def test_no_key_goes_where_only_the_folder_leads_and_yes_does_not_agree_to_it(
    newcomer: Command, lure: Lure, words: tuple[str, ...]
) -> None:
    sheet = [newcomer.sheet()] if words[0] in {"check", "run"} else []
    ended = newcomer(words[0], *sheet, *words[1:])
    assert ended.code == 2
    assert "set CREDITBATCH_API_URL in the environment" in ended.err
    assert f"names http://localhost:{urlsplit(lure.url).port}," in ended.err


@pytest.mark.parametrize("kept", ["file", "file that it names", "empty beside it"])
def test_a_key_kept_elsewhere_is_not_one_of_the_folder(newcomer: Command, lure: Lure, kept: str) -> None:
    newcomer.settings["SMSPARTNER_API_KEY"] = ""
    file = newcomer.sheet("sandbox-key\n", "somewhere-else")
    with (newcomer.folder / ".env").open("a", encoding="utf-8") as env:
        if kept == "file":
            newcomer.settings["SMSPARTNER_API_KEY_FILE"] = str(file)
        elif kept == "file that it names":
            env.write(f"SMSPARTNER_API_KEY_FILE={file}\n")
        else:
            newcomer.settings["SMSPARTNER_API_KEY"] = "sandbox-key"
            env.write("SMSPARTNER_API_KEY=another\n")
    ended = newcomer("accounts")
    assert ended.code == 2
    assert "the API key is kept elsewhere" in ended.err


def test_key_and_address_in_one_file_come_from_one_hand(newcomer: Command, sandbox: Sandbox) -> None:
    newcomer.settings["SMSPARTNER_API_KEY"] = ""
    lead(newcomer, sandbox.url, "SMSPARTNER_API_KEY=sandbox-key\n")
    ended = newcomer("accounts")
    assert ended.code == 0
    assert sandbox.url in ended.out


def test_an_address_that_the_ledger_knows_with_this_key_is_not_asked_about(newcomer: Command, sandbox: Sandbox) -> None:
    assert newcomer("run", newcomer.sheet(), "--yes").code == 0
    lead(newcomer, sandbox.url)
    ended = newcomer("accounts")
    assert (ended.code, sandbox.url in ended.out) == (0, True)
    newcomer.settings["SMSPARTNER_API_KEY"] = "another"
    assert "the API key is kept elsewhere" in newcomer("accounts").err
    # A ledger that the same file names proves nothing: it may have been written for that.
    newcomer.settings |= {"SMSPARTNER_API_KEY": "sandbox-key", "CREDITBATCH_HOME": ""}
    lead(newcomer, sandbox.url, f"CREDITBATCH_HOME={newcomer.home}\n")
    assert "the API key is kept elsewhere" in newcomer("accounts").err


def test_the_key_is_not_spelled_into_an_address(newcomer: Command, lure: Lure) -> None:
    newcomer.sheet("CREDITBATCH_TIMESTAMP_URL=http://localhost:1/${SMSPARTNER_API_KEY}\n", ".env")
    ended = newcomer("batches")
    assert (ended.code, "CREDITBATCH_TIMESTAMP_URL" in ended.err, "not filled in" in ended.err) == (2, True, True)


@pytest.mark.parametrize("name", ["CREDITBATCH_SIGNING_KEY_FILE", "CREDITBATCH_TIMESTAMP_CA_FILE"])
def test_whose_proofs_are_believed_is_not_for_the_folder_to_say(newcomer: Command, lure: Lure, name: str) -> None:
    newcomer.sheet(f"{name}=evil.pem\n", ".env")
    ended = newcomer("verify", "--all")
    assert (ended.code, name in ended.err) == (2, True)
    newcomer.settings[name] = str(newcomer.folder / "mine.pem")
    assert "evil" not in newcomer("verify", "--all").err


def test_nothing_is_paid_unasked_by_a_ledger_that_only_the_folder_names(newcomer: Command, sandbox: Sandbox) -> None:
    newcomer.sheet(f"CREDITBATCH_HOME={newcomer.folder / 'forgets'}\n", ".env")
    assert newcomer("run", newcomer.sheet(), "--yes").code == 0
    paid = len(applied(sandbox))
    newcomer.settings["CREDITBATCH_HOME"] = ""
    ended = newcomer("run", newcomer.sheet(), "--yes")
    assert (ended.code, len(applied(sandbox))) == (2, paid)
    assert "set CREDITBATCH_HOME in the environment" in ended.err


def test_a_databases_password_is_not_sent_where_only_the_folder_leads(newcomer: Command) -> None:
    newcomer.settings["PGPASSWORD"] = "mine"
    newcomer.sheet("CREDITBATCH_DATABASE_URL=postgres://me@127.0.0.1:1/ledger\n", ".env")
    ended = newcomer("batches")
    assert (ended.code, "set CREDITBATCH_DATABASE_URL in the environment" in ended.err) == (2, True)
    newcomer.sheet("CREDITBATCH_DATABASE_URL=postgres://me:theirs@127.0.0.1:1/ledger\n", ".env")
    assert "set CREDITBATCH_DATABASE_URL" not in newcomer("batches").err


@pytest.mark.slow
def test_the_site_says_at_its_start_that_it_sends_no_key_there_and_keeps_all_to_itself(  # type: ignore[no-untyped-def]
    serve, newcomer: Command, lure: Lure
) -> None:
    files = {"ledger.sqlite3", "ledger.sqlite3-wal", "ledger.sqlite3-shm", "secret-key", "vault-key", "site.log"}
    with watch(newcomer.home, 0o000) as modes:
        site = serve()
        site.wait_for("the API key, for http://localhost")
        site.wait_for("/setup/")
        assert requests.get(f"{site.address}/login", timeout=20).status_code == 200
    assert {modes.get(name) for name in files} == {0}


@pytest.mark.slow
def test_the_demonstration_runs_in_such_a_folder(newcomer: Command, lure: Lure) -> None:
    lead(newcomer, lure.url, f"CREDITBATCH_SIGNING_KEY_FILE=evil.pem\nCREDITBATCH_TIMESTAMP_URL={lure.url}\n")
    assert newcomer.started("demo").code == 0
