"""`creditbatch run` and `resume`: every row once, and the truth about every row."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path
from subprocess import PIPE
from typing import cast

import pytest
from openpyxl import load_workbook

from batch.sandbox import Sandbox
from tests.cli.conftest import SAMPLES, SHEET, Command, applied, wait_until
from tests.sheet import hostile

ALL = [("add", "sub-0001", "12.500"), ("remove", "sub-0002", "5.000"), ("add", "sub-0003", "7.250")]


def calls(sandbox: Sandbox) -> Counter[str]:
    return Counter(cast("dict[str, int]", sandbox.ledger()["calls"]))


def test_the_document_says_what_was_really_done(command: Command, sandbox: Sandbox) -> None:
    ended = command("run", command.sheet(), "--yes", "--json")
    assert ended.code == 0
    document = ended.document
    assert document["state"] == "finished"
    assert document["counts"] == {"done": 3, "refused": 0, "invalid": 0, "unknown": 0, "pending": 0}
    assert document["totals"] == {"added": "19.75", "removed": "5.00"}
    assert document["main_balance"] == {"before": "10000.000", "after": "9985.250"}
    row = document["rows"][0]
    assert document["created_at"] <= row.pop("moved_at") <= row.pop("at")
    assert row == {
        "row": 2,
        "token": "sub-0001",
        "direction": "add",
        "amount": "12.50",
        "status": "done",
        "code": 200,
        "message": None,
        "note": None,
        "main_balance": "9987.500",
        "subaccount_balance": "112.500",
        "attempts": 1,
        "findings": [],
        "cells": {"Token": "sub-0001", "Amount": "12,50", "Direction": "add"},
    }
    assert applied(sandbox) == ALL
    assert (command.folder / document["report"]).is_file()


def test_the_sample_month_ends_as_forecast(command: Command, sandbox: Sandbox) -> None:
    forecast = command("check", SAMPLES / "monthly.xlsx", "--json").document["forecast"]
    document = command("run", SAMPLES / "monthly.xlsx", "--yes", "--json").document
    assert document["main_balance"]["after"] == forecast["main_balance"]["after"] == sandbox.ledger()["main_balance"]
    assert len(applied(sandbox)) == 40


def test_xml_answers_give_the_same(command: Command, sandbox: Sandbox) -> None:
    command.settings["CREDITBATCH_API_FORMAT"] = "xml"
    ended = command("run", command.sheet(), "--yes", "--json")
    assert ended.code == 0
    assert ended.document["rows"][2]["subaccount_balance"] == "107.250"
    assert applied(sandbox) == ALL


def test_a_sheet_that_cannot_be_read_is_said_before_a_ledger_is_made(newcomer: Command, sandbox: Sandbox) -> None:
    ended = newcomer("run", newcomer.folder / "nowhere.xlsx", "--yes")
    assert (ended.code, applied(sandbox)) == (2, [])
    assert "There is no file" in ended.err
    assert not (newcomer.folder / "home").exists()


def test_invalid_rows_keep_the_sheet_from_running(command: Command, sandbox: Sandbox) -> None:
    sheet = command.sheet(SHEET + "sub-0004;zwölf;add\n")
    ended = command("run", sheet, "--yes", "--json")
    assert (ended.code, applied(sandbox)) == (1, [])
    assert (ended.document["batch"], ended.document["state"]) == (None, "checked")
    assert "Nothing was sent: 1 row has an error; correct it, or leave it out with --skip-invalid." in ended.err
    skipped = command("run", sheet, "--yes", "--json", "--skip-invalid")
    assert skipped.code == 1
    assert skipped.statuses == ["done", "done", "done", "invalid"]
    assert applied(sandbox) == ALL


def test_a_sheet_that_may_hold_more_than_was_read_is_not_run_at_all(command: Command, sandbox: Sandbox) -> None:
    text = (
        'Token;Label;Amount;Direction\nsub-0001;"North;12.50;add\nsub-0002;South";1234.56;add\nsub-0003;East;40;add\n'
    )
    workbook = command.folder / "twice.xlsx"
    write_by_hand(workbook, row_with("4") * 2)
    for sheet, code in ((command.sheet(text), "rows-in-cell"), (workbook, "appearance-unseen")):
        ended = command("run", sheet, "--yes", "--json", "--skip-invalid", "--partial", "--include-hidden")
        assert (ended.code, applied(sandbox)) == (1, [])
        assert [finding["code"] for finding in ended.document["findings"]] == [code]


def test_a_shared_text_is_the_one_meant_whatever_stands_around_its_number(command: Command, sandbox: Sandbox) -> None:
    workbook = command.folder / "spaces.xlsx"
    write_by_hand(workbook, row_with("4 "))
    assert command("run", workbook, "--yes", "--json").code == 0
    assert applied(sandbox) == [("add", "sub-0002", "70.000")]


def row_with(token: str) -> str:
    cells = f'<c r="A2" t="s"><v>{token}</v></c><c r="B2"><v>70</v></c><c r="C2" t="s"><v>5</v></c>'
    return f'<row r="2">{cells}</row>'


def write_by_hand(path: Path, rows: str) -> None:
    titles = "".join(f'<c r="{letter}1" t="s"><v>{at}</v></c>' for at, letter in enumerate("BCA"))
    shared = ("Amount", "Direction", "Token", "sub-0001", "sub-0002", "add")
    texts = "".join(f"<si><t>{text}</t></si>" for text in shared)
    data = hostile.xlsx_with(f'<row r="1">{titles}</row>{rows}')
    path.write_bytes(hostile.with_part(data, "xl/sharedStrings.xml", f"<sst>{texts}</sst>".encode()))


def test_a_plan_that_cannot_wholly_pass_is_run_only_in_part(command: Command, sandbox: Sandbox) -> None:
    sheet = command.sheet(SHEET + "sub-0004;20000;add\n")
    ended = command("run", sheet, "--yes", "--json")
    assert (ended.code, applied(sandbox)) == (1, [])
    assert "--partial" in ended.err
    partial = command("run", sheet, "--yes", "--json", "--partial")
    assert partial.code == 1
    assert partial.statuses == ["done", "done", "done", "refused"]
    assert partial.document["rows"][3]["message"] == "Insufficient credit"


def test_the_same_movements_are_not_run_twice_by_accident(command: Command, sandbox: Sandbox) -> None:
    command("run", command.sheet(), "--yes", "--json")
    lines = SHEET.splitlines()
    resaved = "\n".join([lines[0], *reversed(lines[1:])]).replace(";", "\t")
    again = command("run", command.sheet(resaved, "other.tsv"), "--yes", "--json")
    assert again.code == 2
    assert "already run" in again.err
    assert applied(sandbox) == ALL
    assert command("run", command.sheet(), "--yes", "--json", "--again").code == 2
    meant = command("run", command.sheet(), "--yes", "--json", "--again", "--why", "a second bonus")
    assert meant.code == 0
    assert applied(sandbox) == ALL + ALL


@pytest.mark.parametrize(
    "fault",
    [
        "reset-after:skip=1", "reset-before:skip=1", "close-after:skip=1", "close-before:skip=1", "empty-after:skip=1",
        "truncated-after:skip=1", "garbage-before:skip=1", "500-after:skip=1", "502-html-before:skip=1",
        "redirect-after:skip=1", "contradiction-after:skip=1", "other-currency:skip=1", "not-a-number:skip=1",
        "429-before:skip=1,retry_after=0", "429-before:skip=1,times=3", "refuse-connection-before:skip=1,seconds=0.3",
        "hang-after:skip=1,seconds=1", "slow-drip:skip=1,seconds=60",
    ],
)  # fmt: skip
def test_whatever_fails_each_row_is_applied_once_and_said_to_be(command: Command, sandbox: Sandbox, fault: str) -> None:
    command.settings |= {"CREDITBATCH_READ_TIMEOUT": "0.4", "CREDITBATCH_BACKOFF_SECONDS": "0.1"}
    sandbox.add_fault(fault)
    ended = command("run", command.sheet(), "--yes", "--json")
    if ended.code == 3:
        ended = command("resume", "--json")
    assert ended.statuses == ["done", "done", "done"]
    assert sorted(applied(sandbox)) == sorted(ALL)


def test_balances_that_do_not_tell_wait_for_a_person(command: Command, sandbox: Sandbox) -> None:
    sandbox.add_fault("reset-before:skip=1")
    sheet = command.sheet("token;amount;direction\nsub-0001;10;add\nsub-0002;0,02;add\nsub-0003;5;add\n")
    ended = command("run", sheet, "--yes", "--json")
    assert (ended.code, ended.statuses) == (3, ["done", "unknown", "pending"])
    batch = ended.document["batch"]
    other = command("run", command.sheet(), "--yes", "--json")
    assert (other.code, batch in other.err) == (2, True)
    shown = command("resolve", batch, 3)
    assert (shown.code, f"`creditbatch resolve {batch} 3 --not-applied --why TEXT`" in shown.err) == (0, True)
    assert command("resolve", batch, 3, "--not-applied").code == 2
    decided = command("resolve", batch, 3, "--not-applied", "--why", "asked the provider")
    assert decided.code == 0
    assert "known before attempt 1" in decided.err
    resumed = command("resume", batch, "--json")
    assert (resumed.code, resumed.statuses) == (0, ["done", "done", "done"])
    assert [item[1] for item in applied(sandbox)] == ["sub-0001", "sub-0002", "sub-0003"]
    assert command("verify", batch, "--report", resumed.document["report"]).code == 0


def interrupted(command: Command, sandbox: Sandbox, number: int, sheet: Path) -> int:
    with command.process("run", sheet, "--yes", "--json", "--max-per-second", "4") as process:
        wait_until(lambda: applied(sandbox))
        process.send_signal(number)
        return process.wait(30)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends Ctrl-C to a console, not to a process")
def test_ctrl_c_finishes_the_row_and_resume_goes_on(command: Command, sandbox: Sandbox) -> None:
    assert interrupted(command, sandbox, signal.SIGINT, command.sheet()) == 3
    stopped = command("show", command("batches", "--json").document[0]["batch"], "--json")
    assert stopped.document["state"] == "stopped"
    assert "unknown" not in stopped.statuses
    assert command("resume", "--json").code == 0
    assert applied(sandbox) == ALL


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without asking it")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_before_anything_is_sent_is_one_sentence(command: Command, sandbox: Sandbox, number: int) -> None:
    sandbox.add_fault("hang:on=me,seconds=5")
    with command.process("run", command.sheet(), "--yes", "--json", out=PIPE, err=PIPE) as process:
        wait_until(lambda: calls(sandbox)["me"])
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert err.count("\n") == 1, err
    assert (process.returncode, json.loads(out)["error"]["code"]) == (3, "interrupted")
    assert applied(sandbox) == []


def test_a_second_run_on_the_account_is_told_who_runs(command: Command, sandbox: Sandbox) -> None:
    with command.process("run", command.sheet(), "--yes", "--json", "--max-per-second", "2") as process:
        wait_until(lambda: applied(sandbox))
        second = command("resume", "--json")
        assert (second.code, second.error[0]) == (2, "account-in-use")
        assert f"process {process.pid}" in second.err
        other = command.sheet("token;amount;direction\nsub-0001;1;add\n", "other.csv")
        assert command("run", other, "--yes", "--json").error[0] == "account-in-use"
        assert process.wait(30) == 0
    assert applied(sandbox) == ALL
    assert command("run", other, "--yes").code == 0


@pytest.mark.parametrize("how", ["setting", "option"])
def test_every_call_of_a_command_keeps_the_pace_asked_for(command: Command, sandbox: Sandbox, how: str) -> None:
    given = ["--max-per-second", "10"] if how == "option" else []
    if how == "setting":
        command.settings["CREDITBATCH_MAX_PER_SECOND"] = "10"
    began = time.monotonic()
    assert command("run", command.sheet(), "--yes", *given).code == 0
    assert calls(sandbox).total() >= 9
    assert time.monotonic() - began > (calls(sandbox).total() - 1) / 10


def test_the_pace_that_was_chosen_is_kept_by_resume(command: Command, sandbox: Sandbox) -> None:
    sandbox.add_fault("refuse:code=20")
    assert command("run", command.sheet(), "--yes", "--max-per-second", "10").code == 3
    before = calls(sandbox).total()
    began = time.monotonic()
    assert command("resume").code == 0
    assert time.monotonic() - began > (calls(sandbox).total() - before - 1) / 10


def test_credit_that_nothing_explains_is_an_alarm(command: Command, sandbox: Sandbox) -> None:
    with command.process("run", command.sheet(), "--yes", "--json", "--max-per-second", "4", out=PIPE) as process:
        wait_until(lambda: applied(sandbox))
        body = json.dumps({"token": "sub-0001", "amount": "3"}).encode()
        with urllib.request.urlopen(sandbox.url.replace("/v1", "/sandbox/top-up"), body, timeout=5) as answer:
            assert answer.status == 200
        out, _ = process.communicate(timeout=30)
    document = json.loads(out)
    assert process.returncode == 1
    assert document["books"]["alarm"] == ["sub-0001"]
    assert "ALARM" in command("show", document["batch"]).out


def test_a_report_from_before_the_end_is_never_handed_out(command: Command) -> None:
    document = command("run", command.sheet(), "--yes", "--json").document
    path = command.folder / document["report"]
    os.utime(path, (1, 1))
    assert command("show", document["batch"], "--json").document["report"] is None
    assert command("resume", "--json").document["report"] == document["report"]
    assert "Rows" in load_workbook(path).sheetnames
    path.unlink()
    assert command("resume", "--json").document["report"] == document["report"]
    assert path.is_file()


def test_a_report_that_cannot_be_written_does_not_hide_what_was_paid(command: Command, sandbox: Sandbox) -> None:
    (command.folder / "reports").write_text("not a folder", encoding="utf-8")
    ended = command("run", command.sheet(), "--yes", "--json")
    assert (ended.code, ended.document["report"]) == (0, None)
    assert "creditbatch report" in ended.err
    assert applied(sandbox) == ALL


def test_a_report_sent_in_again_runs_only_what_was_to_be_fixed(command: Command, sandbox: Sandbox) -> None:
    sandbox.add_fault("refuse:code=8,skip=1")
    first = command("run", command.sheet(), "--yes", "--json")
    assert first.statuses == ["done", "refused", "done"]
    again = command("run", first.document["report"], "--yes", "--json")
    assert (again.code, again.document["file"]["sheet"]) == (0, "To fix")
    assert sorted(applied(sandbox)) == sorted(ALL)


def test_screens_fit_and_name_what_matters(command: Command) -> None:
    ended = command("run", command.sheet(), "--yes")
    assert "€19.75" in ended.out
    assert "Report: " in ended.out
    assert "3 of 3" in ended.err
    batch = command("batches", "--json").document[0]["batch"]
    assert batch in command("batches").out
    assert "sub-0002" in command("show", batch).out
    assert "€9,985.25" in command("accounts").out
