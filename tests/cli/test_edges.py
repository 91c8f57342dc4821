"""The edges at which a row could be paid twice: which account, which list, which ledger."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from openpyxl import load_workbook

from batch.sandbox import Sandbox, SandboxOptions
from tests.cli.conftest import SHEET, Command, Ended, applied, give_ledger
from tests.cli.test_run import ALL, interrupted
from tests.postgres import ON_POSTGRES

OTHER = "token;amount;direction\nsub-0007;3;add\nsub-0008;4;add\n"


def run(command: Command, sheet: str = SHEET, name: str = "sheet.csv", *more: str) -> Ended:
    return command("run", command.sheet(sheet, name), "--yes", "--json", *more)


def stopped(command: Command, sandbox: Sandbox, *more: str) -> str:
    """A batch whose first row is done and whose second was refused for the whole account."""
    sandbox.add_fault("refuse:code=20,skip=1")
    ended = run(command, SHEET, "sheet.csv", *more)
    assert (ended.code, ended.statuses) == (3, ["done", "refused", "pending"])
    return str(ended.document["batch"])


def codes(ended: Ended) -> list[str]:
    return [finding["code"] for finding in ended.document["findings"]]


class Renewed(Command):
    """Of a provider whose key can be renewed: the same account at the same address under another key."""

    def start(self, key: str, port: int = 0) -> Renewed:
        self.state = self.folder / "state.json"
        self.sandbox = Sandbox(SandboxOptions(language="en", key=key, state=self.state, port=port)).__enter__()
        self.url, self.settings["SMSPARTNER_API_KEY"] = self.sandbox.url, key
        return self

    def end(self) -> int:
        self.sandbox.__exit__(None, None, None)
        return urlsplit(self.url).port or 0


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[Renewed]:
    made = Renewed(tmp_path, "").start("old-key")
    yield made
    made.end()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=ON_POSTGRES)])
def command(request: pytest.FixtureRequest, newcomer: Command, empty_ledger: Path) -> Command:
    if request.param == "postgres":
        newcomer.settings["CREDITBATCH_DATABASE_URL"] = request.getfixturevalue("postgres_url")
        return newcomer
    return give_ledger(newcomer, empty_ledger)


def test_a_finished_list_is_known_under_a_renewed_key(holder: Renewed) -> None:
    assert run(holder).code == 0
    holder.start("new-key", holder.end())
    assert "already-run" in codes(holder("check", holder.sheet(), "--json"))
    again = run(holder)
    assert (again.code, "already run" in again.err) == (2, True)
    assert applied(holder.sandbox) == ALL


def test_a_stopped_batch_goes_on_with_a_renewed_key_and_another_spelling(holder: Renewed) -> None:
    batch = stopped(holder, holder.sandbox)
    holder.start("new-key", holder.end())
    holder.settings["CREDITBATCH_API_URL"] = holder.url.replace("127.0.0.1", "LOCALHOST")
    other = run(holder, OTHER, "other.csv")
    assert (other.code, batch in other.err) == (2, True)
    ended = holder("resume", "--json")
    assert (ended.code, ended.statuses) == (0, ["done", "done", "done"])
    assert applied(holder.sandbox) == ALL
    assert holder("verify", batch).code == 0
    rows = holder("report", batch, "--out", "again.xlsx")
    assert rows.code == 0


def test_a_key_of_another_account_at_the_address_does_not_resume(holder: Renewed) -> None:
    stopped(holder, holder.sandbox)
    port = holder.end()
    holder.state.write_text(holder.state.read_text("utf-8").replace("sub-", "other-"), "utf-8")
    holder.start("new-key", port)
    ended = holder("resume", "--json")
    assert (ended.code, ended.error[0]) == (2, "usage")
    assert "API key" in ended.err


def test_a_new_account_is_said_to_be_new_before_anything_moves(command: Command, sandbox: Sandbox) -> None:
    first = run(command)
    assert "is new to this ledger" in first.err
    assert "is new to this ledger" not in run(command, OTHER, "other.csv").err


def test_a_batch_that_was_begun_is_ended_before_another_begins(command: Command, sandbox: Sandbox) -> None:
    batch = stopped(command, sandbox)
    for more in ((), ("--again", "--why", "I want to")):
        refused = run(command, OTHER, "other.csv", *more)
        assert (refused.code, refused.error[0], batch in refused.err) == (2, "batch-unfinished", True)
        assert "creditbatch abandon" in refused.err
    by_hand = "".join(SHEET.splitlines(keepends=True)[i] for i in (0, 2, 3))
    assert run(command, by_hand, "rest.csv").code == 2
    rest = run(command, SHEET, "sheet.csv", "--only-unsettled", batch)
    assert (rest.code, rest.statuses) == (0, ["done", "done"])
    assert sorted(applied(sandbox)) == sorted(ALL)
    assert run(command, OTHER, "other.csv").code == 0


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL")
def test_after_a_kill_the_same_holds(command: Command, sandbox: Sandbox) -> None:
    interrupted(command, sandbox, signal.SIGKILL, command.sheet())
    assert run(command, OTHER, "other.csv", "--again", "--why", "I want to").code == 2
    assert command("resume", "--json").code == 0
    assert applied(sandbox) == ALL


def test_an_abandoned_batch_sends_nothing_more_and_can_be_continued(command: Command, sandbox: Sandbox) -> None:
    batch = stopped(command, sandbox)
    assert command("abandon", batch).code == 2
    ended = command("abandon", batch, "--why", "the rest is paid by hand")
    assert (ended.code, batch in ended.err) == (0, True)
    for name in ("show", "resume"):
        shown = command(name, batch, "--json")
        assert (shown.code, shown.document["state"]) == (1, "abandoned")
        assert shown.document["reason"] == "the rest is paid by hand"
    assert "given up before the end" in command("show", batch).out.lower()
    assert command("batches", "--json").document[0]["state"] == "abandoned"
    again = command("abandon", batch, "--why", "once more")
    assert (again.code, "ended already" in again.err) == (2, True)
    assert command("verify", batch).code == 0
    assert command("report", batch, "--out", "given-up.xlsx").code == 0
    to_fix = command("run", "given-up.xlsx", "--yes", "--json", "--only-unsettled", batch)
    assert (to_fix.code, to_fix.statuses) == (0, ["done", "done"])
    assert sorted(applied(sandbox)) == sorted(ALL)


def test_a_row_in_doubt_is_settled_before_its_batch_is_abandoned(command: Command, sandbox: Sandbox) -> None:
    sandbox.add_fault("reset-before")
    batch = run(command, SHEET, "sheet.csv", "--ask-before-resend").document["batch"]
    refused = command("abandon", batch, "--why", "enough")
    assert (refused.code, "resolve" in refused.err) == (2, True)


def test_what_was_chosen_holds_for_every_resume_until_it_is_replaced(command: Command, sandbox: Sandbox) -> None:
    sandbox.add_fault("reset-before")
    asked = run(command, SHEET, "sheet.csv", "--ask-before-resend", "--period", "week 5")
    batch = asked.document["batch"]
    assert (asked.code, asked.statuses[0], asked.document["period"]) == (3, "unknown", "week 5")
    still = command("resume", "--json")
    assert (still.code, still.statuses[0], applied(sandbox)) == (3, "unknown", [])
    sent = command("resume", "--json", "--no-ask-before-resend")
    assert (sent.code, applied(sandbox)) == (0, ALL)
    assert command("verify", batch).code == 0


def test_resume_without_a_name_takes_the_one_that_has_not_ended(command: Command, sandbox: Sandbox) -> None:
    finished = run(command, OTHER, "other.csv").document["batch"]
    first = stopped(command, sandbox)
    with Sandbox(SandboxOptions(language="en")) as elsewhere:
        command.settings["CREDITBATCH_API_URL"] = elsewhere.url
        assert run(command, OTHER, "other.csv").code == 0
        second = stopped(command, elsewhere)
        several = command("resume", "--json")
        assert several.code == 2
        assert first in several.err
        assert second in several.err
        assert command("resume", second, "--json").code == 0
    command.settings["CREDITBATCH_API_URL"] = sandbox.url
    resumed = command("resume", "--json")
    assert (resumed.code, resumed.document["batch"]) == (0, first)
    assert command("resume", finished, "--json").document["batch"] == finished


def test_lists_of_two_periods_are_warned_about_and_run(command: Command, sandbox: Sandbox) -> None:
    assert run(command, SHEET, "a.csv", "--period", "week 1").code == 0
    assert run(command, SHEET, "a.csv", "--period", "Week  1").code == 2
    second = run(command, SHEET, "b.csv", "--period", "week 2")
    assert (second.code, codes(second)) == (0, ["movements-again"])
    summary = load_workbook(command.folder / second.document["report"]).worksheets[0]
    printed = [[str(cell) for cell in line if cell is not None] for line in summary.iter_rows(values_only=True)]
    assert ["Period", "week 2"] in printed
