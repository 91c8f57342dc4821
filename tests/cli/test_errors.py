"""What goes wrong, as a script reads it: with `--json`, one document on standard output that says the same sentence."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from subprocess import PIPE

import pytest

from batch.cli import terminal
from batch.cli.app import app
from batch.errors import LedgerError
from batch.sandbox import Sandbox
from tests.cli.conftest import Command, Ended, applied, wait_until

WITH_JSON = sorted(name for name, one in app.commands.items() if any("--json" in made.opts for made in one.params))


def say(ended: Ended) -> str:
    """Its code, where the document and standard error have one sentence and the same."""
    code, message = ended.error
    assert ended.err.splitlines()[-1] == f"creditbatch: {message}"
    return code


def test_these_commands_take_json() -> None:
    assert WITH_JSON == ["accounts", "batches", "check", "journal", "resume", "run", "show", "verify"]


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("name", WITH_JSON)
def test_an_option_that_there_is_not_is_a_usage_error(command: Command, name: str, lang: str) -> None:
    ended = command(name, "--json", "--nope", "--lang", lang)
    assert (ended.code, say(ended)) == (2, "usage")
    assert f"creditbatch {name} --help" in ended.err


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("usage", ("check", "--json")), ("usage", ("show", "--json")), ("usage", ("--json", "check", "sheet.csv")),
        ("usage", ("check", "sheet.csv", "--json", "--expect-rows", "many")),
        ("usage", ("check", "sheet.csv", "--json", "--expect-added", "many")),
        ("usage", ("check", "sheet.csv", "--json", "--out", "result.doc")),
        ("usage", ("check", "sheet.csv", "--json", "--column", "amount")), ("usage", ("run", "sheet.csv", "--json")),
        ("usage", ("run", "sheet.csv", "--json", "--yes", "--again")), ("usage", ("batches", "--json", "--lang", "de")),
        ("usage", ("run", "sheet.csv", "--json", "--yes", "--max-per-second", "0.0001")),
        ("sheet-unreadable", ("check", "nowhere.csv", "--json")),
        ("sheet-unreadable", ("run", "nowhere.csv", "--json", "--yes")), ("no-such-batch", ("show", "nope", "--json")),
        ("no-such-batch", ("resume", "nope", "--json")), ("no-such-batch", ("resume", "--json")),
        ("report", ("check", "sheet.csv", "--json", "--out", "sheet.csv/result.csv")),
    ],
)  # fmt: skip
def test_what_cannot_be_done_has_its_code(command: Command, code: str, arguments: tuple[str, ...]) -> None:
    command.sheet()
    ended = command(*arguments)
    assert (ended.code, say(ended)) == (2, code)


@pytest.mark.parametrize(
    ("code", "settings"),
    [
        ("key-missing", {"SMSPARTNER_API_KEY": ""}),
        ("settings", {"SMSPARTNER_API_KEY": "", "SMSPARTNER_API_KEY_FILE": "nowhere"}),
        ("settings", {"CREDITBATCH_READ_TIMEOUT": "soon"}),
        ("settings", {"CREDITBATCH_LANG": "de"}),
        ("provider-refused", {"SMSPARTNER_API_KEY": "another-key"}),
        ("provider-unreachable", {"CREDITBATCH_API_URL": "http://127.0.0.1:1/v1"}),
    ],
)
@pytest.mark.parametrize("arguments", [("check", "sheet.csv"), ("run", "sheet.csv", "--yes"), ("accounts",)])
def test_what_keeps_it_from_starting_has_its_code(
    command: Command, arguments: tuple[str, ...], code: str, settings: dict[str, str]
) -> None:
    command.sheet()
    command.settings |= settings
    ended = command(*arguments, "--json")
    assert (ended.code, say(ended)) == (2, code)


@pytest.mark.parametrize("name", ["batches", "accounts"])
def test_a_file_of_settings_that_is_none_has_its_code(command: Command, name: str) -> None:
    (command.folder / ".env").write_bytes(b"\xff\xfe\x00")
    ended = command(name, "--json")
    assert (ended.code, say(ended)) == (2, "settings")


@pytest.mark.parametrize("arguments", [("batches",), ("show", "x"), ("resume",), ("run", "sheet.csv", "--yes")])
def test_a_ledger_that_cannot_be_opened_has_its_code(newcomer: Command, arguments: tuple[str, ...]) -> None:
    newcomer.sheet()
    home = newcomer.folder / "home"
    home.mkdir()
    (home / "ledger.sqlite3").write_bytes(b"no database" * 100)
    ended = newcomer(*arguments, "--json")
    assert (ended.code, say(ended)) == (2, "ledger")


def test_a_list_that_was_run_before_has_its_code(command: Command, sandbox: Sandbox) -> None:
    assert command("run", command.sheet(), "--yes", "--json").code == 0
    again = command("run", command.sheet(), "--yes", "--json")
    assert (again.code, say(again)) == (2, "already-run")


def test_without_json_nothing_is_on_standard_output(command: Command) -> None:
    for arguments in (["check"], ["check", "nowhere.csv"], ["show", "--", "--json"]):
        ended = command(*arguments)
        assert (ended.code, ended.out) == (2, "")


def test_a_ledger_that_is_lost_on_the_way_ends_it_before_its_end(command: Command, sandbox: Sandbox) -> None:
    arguments = ("run", command.sheet(), "--yes", "--json", "--max-per-second", "4")
    with command.process(*arguments, out=PIPE) as process:
        wait_until(lambda: applied(sandbox))
        with closing(sqlite3.connect(command.home / "ledger.sqlite3")) as opened, opened:
            opened.execute("UPDATE ledger_account_lease SET fence = fence + 1")
        ended = json.loads(process.communicate(timeout=30)[0])
    assert (process.returncode, ended["error"]["code"]) == (3, "ledger")
    assert "creditbatch resume" in ended["error"]["message"]
    resumed = command("resume", "--json")
    assert (resumed.code, resumed.statuses) == (0, ["done", "done", "done"])
    assert len(applied(sandbox)) == 3


@pytest.mark.parametrize("fails", ["store.DatabaseLedger.view", "mappers.Trail.__iter__"])
def test_a_ledger_that_cannot_be_read_after_the_last_row_hides_nothing(
    command: Command, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    def break_off(*_given: object) -> None:
        raise LedgerError("The ledger cannot be read.")

    assert command("batches", "--json").document == []
    monkeypatch.setattr(f"batch.ledger.orm.{fails}", break_off)
    ended = command("run", command.sheet(), "--yes", "--json")
    monkeypatch.undo()
    assert (ended.code, say(ended)) == (3, "ledger")
    [batch] = command("batches", "--json").document
    assert f"`creditbatch report {batch['batch']}` writes its report" in ended.err
    assert batch["state"] == "finished"
    assert len(applied(sandbox)) == 3
    assert command("report", batch["batch"]).code == 0


@pytest.mark.skipif(sys.platform != "linux", reason="it has a device that is always full")
def test_who_cannot_be_told_changes_no_exit_code(command: Command) -> None:
    arguments = ("check", "nowhere.csv", "--json")
    with Path("/dev/full").open("w") as full, command.process(*arguments, out=full.fileno(), err=PIPE) as process:
        _out, err = process.communicate(timeout=30)
    assert (process.returncode, err.count("\n")) == (2, 1)


def test_there_is_never_a_second_document(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(terminal, "_has_document", False)
    terminal.print_json({"state": "finished"})
    terminal.print_json({"error": {"code": "interrupted", "message": "too late"}})
    assert json.loads(capsys.readouterr().out) == {"state": "finished"}


@pytest.mark.skipif(os.name != "posix", reason="modes are not known here")
def test_a_home_that_others_enter_is_named_once(command: Command) -> None:
    command.home.chmod(0o755)
    assert command("batches").err == ""
    assert command.home.stat().st_mode & 0o777 == 0o700
    (command.home / "letter.txt").touch()
    command.home.chmod(0o755)
    warned = command.started("check", command.sheet())
    assert (warned.code, warned.err.count(str(command.home))) == (0, 1)
    assert command.home.stat().st_mode & 0o777 == 0o755
