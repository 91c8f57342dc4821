"""No row is paid twice, seen at the command: killed runs, lies of the provider, ledgers put back and ledgers beside."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from batch.sandbox import Sandbox
from tests.cli.conftest import Command, applied, wait_until
from tests.cli.test_edges import codes, run, stopped
from tests.cli.test_run import ALL, interrupted


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_run_is_resumed_at_once(command: Command, sandbox: Sandbox) -> None:
    interrupted(command, sandbox, signal.SIGKILL, command.sheet())
    ended = command("resume", "--json")
    assert (ended.code, ended.statuses) == (0, ["done", "done", "done"])
    assert applied(sandbox) == ALL


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_what_a_killed_run_left_in_doubt_is_for_resume_and_not_for_a_person(command: Command, sandbox: Sandbox) -> None:
    sandbox.add_fault("hang-after:skip=1,seconds=30")
    with command.process("run", command.sheet(), "--yes", "--json") as process:
        wait_until(lambda: len(applied(sandbox)) == 2)
        process.kill()
    batch = command("batches", "--json").document[0]["batch"]
    assert command("show", batch, "--json").statuses == ["done", "unknown", "pending"]
    refused = command("resolve", batch, 3, "--not-applied", "--why", "I did not see it")
    assert (refused.code, f"`creditbatch resume {batch}` finds out" in refused.err) == (2, True)
    ended = command("resume", "--json")
    assert (ended.code, ended.statuses) == (0, ["done", "done", "done"])
    assert applied(sandbox) == ALL


def lease_in_ledger(command: Command, **changed: object) -> None:
    """Change what the ledger says of who holds the account."""
    with closing(sqlite3.connect(command.folder / "home" / "ledger.sqlite3")) as ledger, ledger:
        for column, value in changed.items():
            assert ledger.execute(f"UPDATE ledger_account_lease SET {column} = ?", [value]).rowcount == 1  # noqa: S608


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_run_that_died_in_another_container_is_resumed_when_its_lease_has_run_out(
    command: Command, sandbox: Sandbox
) -> None:
    interrupted(command, sandbox, signal.SIGKILL, command.sheet())
    lease_in_ledger(command, machine="another machine")
    held = command("resume", "--json")
    assert (held.code, "in use" in held.err) == (2, True)
    lease_in_ledger(command, until="2026-01-01 00:00:00")
    ended = command("resume", "--json")
    assert (ended.code, ended.statuses) == (0, ["done", "done", "done"])
    assert applied(sandbox) == ALL


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_run_that_died_with_its_machine_is_resumed_at_once(command: Command, sandbox: Sandbox) -> None:
    interrupted(command, sandbox, signal.SIGKILL, command.sheet())
    # Another process has the number of the one that died.
    lease_in_ledger(command, boot="the one before", pid=os.getpid())
    ended = command("resume", "--json")
    assert (ended.code, ended.statuses) == (0, ["done", "done", "done"])
    assert applied(sandbox) == ALL


@pytest.mark.parametrize(
    "lie", ["refuse-after:code=77", "refuse-after:code=500", "refuse-after:code=429", "page-after"]
)
def test_what_was_applied_is_done_whatever_the_answer_says(command: Command, sandbox: Sandbox, lie: str) -> None:
    sandbox.add_fault(lie)
    ended = command("run", command.sheet(), "--yes", "--json")
    assert (ended.code, ended.statuses) == (0, ["done", "done", "done"])
    assert applied(sandbox) == ALL


def test_a_documented_refusal_of_what_was_applied_is_found_by_the_closing_balances(
    command: Command, sandbox: Sandbox
) -> None:
    sandbox.add_fault("refuse-after:code=8")
    ended = command("run", command.sheet(), "--yes", "--json")
    assert (ended.code, ended.statuses) == (3, ["unknown", "done", "done"])
    batch = ended.document["batch"]
    assert command("resolve", batch, 2, "--applied", "--why", "seen").code == 2
    assert command("resume", "--json").code == 3
    assert command("resolve", batch, 2, "--applied", "--why", "the provider shows it").code == 0
    assert command("resume", "--json").statuses == ["done", "done", "done"]
    assert applied(sandbox) == ALL
    assert command("verify", batch).code == 0


def test_the_rest_of_a_list_is_not_sent_while_its_balances_are_not_explained(
    command: Command, sandbox: Sandbox
) -> None:
    sheet = command.sheet("token;amount;direction\nsub-0001;10;add\nsub-0001;7;add\nsub-0001;3;add\n")
    for fault in ("refuse-after:code=8,times=2", "refuse:code=8"):
        sandbox.add_fault(fault)
    ended = command("run", sheet, "--yes", "--json")
    assert (ended.code, ended.statuses) == (1, ["refused", "refused", "refused"])
    rest = command("run", sheet, "--yes", "--only-unsettled", ended.document["batch"])
    assert (rest.code, "--again --why" in rest.err) == (2, True)
    assert len(applied(sandbox)) == 2


def test_an_older_ledger_put_back_sends_nothing_twice(tmp_path: Path, sandbox: Sandbox) -> None:
    command = Command(tmp_path, sandbox.url)
    batch = stopped(command, sandbox)
    home, copy = command.folder / "home", command.folder / "copy"
    shutil.copytree(home, copy)
    assert command("resume", "--json").code == 0
    assert applied(sandbox) == ALL
    shutil.rmtree(home)
    shutil.copytree(copy, home)
    # The report is of the ledger that is gone: this one does not know it.
    assert command("resume", "--json").error[0] == "usage"
    ended = command("resume", "--json", "--force")
    assert (ended.code, ended.statuses) == (3, ["done", "unknown", "unknown"])
    assert "a person must decide" in ended.err
    assert command("resume", "--json").statuses == ["done", "unknown", "unknown"]
    for row in (3, 4):
        decided = command("resolve", batch, row, "--applied", "--why", "seen on the provider's site")
        assert decided.code == 0
    assert command("resume", "--json").code == 0
    assert applied(sandbox) == ALL
    assert command("verify", batch).code == 0


def test_two_ledgers_for_one_account(tmp_path: Path, sandbox: Sandbox) -> None:
    """Each knows the sub-accounts; the second is told that the first has paid the list."""
    command = Command(tmp_path, sandbox.url)
    adds = "token;amount;direction\nsub-0001;10;add\nsub-0002;20;add\nsub-0003;30;add\n"
    small = "token;amount;direction\nsub-0001;0,10;add\nsub-0002;0,10;add\nsub-0003;0,10;add\n"
    command.settings["CREDITBATCH_HOME"] = str(command.folder / "second")
    assert run(command, small, "small.csv").code == 0
    command.settings = {}
    assert run(command, adds, "adds.csv").code == 0
    command.settings["CREDITBATCH_HOME"] = str(command.folder / "second")
    seen = command("check", command.sheet(adds, "adds.csv"), "--json")
    assert (seen.code, codes(seen)) == (1, ["paid-elsewhere", "balances-rose"])
    refused = run(command, adds, "adds.csv")
    assert (refused.code, refused.document["batch"]) == (1, None)
    assert len(applied(sandbox)) == 6
    meant = run(command, adds, "adds.csv", "--again", "--why", "a second bonus")
    assert (meant.code, codes(meant)) == (0, ["balances-rose"])
