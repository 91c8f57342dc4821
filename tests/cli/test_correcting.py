"""`creditbatch run --only-unsettled`: a corrected sheet is sent again, and nothing in it is paid twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch.sandbox import Sandbox
from tests.cli.conftest import SHEET, Command, Ended, applied

ALL = [("add", "sub-0001", "12.500"), ("remove", "sub-0002", "5.000"), ("add", "sub-0003", "7.250")]
BROKEN = SHEET + "sub-0004;zwölf;add\n"
FIXED = SHEET + "sub-0004;12;add\n"
FOURTH = ("add", "sub-0004", "12.000")


def first(command: Command, text: str = BROKEN) -> str:
    return str(command("run", command.sheet(text), "--yes", "--json", "--skip-invalid").document["batch"])


def again(command: Command, sheet: Path, batch: str, *options: str) -> Ended:
    return command("run", sheet, "--yes", "--json", "--only-unsettled", batch, *options)


def codes(ended: Ended) -> list[str]:
    document = ended.document
    found = [*document["findings"], *(finding for row in document["rows"] for finding in row["findings"])]
    return [finding["code"] for finding in found]


def test_only_what_was_corrected_is_run(command: Command, sandbox: Sandbox) -> None:
    batch = first(command)
    ended = again(command, command.sheet(FIXED), batch)
    assert ended.code == 0
    assert [(row["row"], row["status"]) for row in ended.document["rows"]] == [(5, "done")]
    assert ended.document["counts"]["done"] == 1
    assert ended.document["totals"] == {"added": "12.00", "removed": "0.00"}
    assert codes(ended) == ["rows-done-before"]
    assert f"batch {batch}" in ended.document["findings"][0]["message"]
    assert "2-4" in ended.document["findings"][0]["message"]
    assert applied(sandbox) == [*ALL, FOURTH]
    assert command("verify", ended.document["batch"]).code == 0


def test_control_totals_are_those_of_what_is_sent(command: Command, sandbox: Sandbox) -> None:
    batch = first(command)
    whole = again(command, command.sheet(FIXED), batch, "--expect-rows", "4")
    assert (whole.code, "expected-rows" in codes(whole), applied(sandbox)) == (1, True, ALL)
    left = again(command, command.sheet(FIXED), batch, "--expect-rows", "1", "--expect-added", "12")
    assert (left.code, applied(sandbox)) == (0, [*ALL, FOURTH])


def test_when_everything_is_done_nothing_is_sent(command: Command, sandbox: Sandbox) -> None:
    batch = first(command)
    again(command, command.sheet(FIXED), batch)
    # Whichever batch of the list is named, what any of them did is done.
    ended = again(command, command.sheet(FIXED), batch)
    assert (ended.code, ended.document["batch"], ended.document["rows"]) == (0, None, [])
    assert "every row of the sheet is done already" in ended.err
    assert applied(sandbox) == [*ALL, FOURTH]


def test_a_stopped_batch_is_closed_and_never_goes_on(command: Command, sandbox: Sandbox) -> None:
    sandbox.add_fault("refuse:code=20,skip=1")
    batch = first(command, SHEET)
    ended = again(command, command.sheet(SHEET.replace("7,25", "8")), batch)
    assert (ended.code, ended.statuses) == (0, ["done", "done"])
    assert "batch-closed" in codes(ended)
    resumed = command("resume", batch, "--json")
    assert (resumed.code, resumed.document["state"]) == (1, "finished")
    assert resumed.statuses == ["done", "refused", "pending"]
    assert "corrected sheet" in resumed.document["reason"]
    assert command("verify", batch).code == 0
    assert applied(sandbox) == [ALL[0], ALL[1], ("add", "sub-0003", "8.000")]


def test_refusing_to_start_closes_nothing(command: Command, sandbox: Sandbox) -> None:
    sandbox.add_fault("refuse:code=20,skip=1")
    batch = first(command, SHEET)
    assert again(command, command.sheet(SHEET + "sub-0004;x;add\n"), batch).code == 1
    assert command("resume", batch).code == 0
    assert applied(sandbox) == ALL


def test_the_report_s_own_list_to_fix_can_be_sent(command: Command, sandbox: Sandbox) -> None:
    from openpyxl import load_workbook

    ended = command("run", command.sheet(BROKEN), "--yes", "--json", "--skip-invalid")
    report = command.folder / ended.document["report"]
    workbook = load_workbook(report)
    sheet = workbook.worksheets[[name.casefold() for name in workbook.sheetnames].index("to fix")]
    header = next(row[0].row for row in sheet.iter_rows(max_row=5) if row[1].value == "Token")
    assert header is not None
    sheet.cell(header + 1, 3).value = 12
    fixed = command.folder / "fixed.xlsx"
    workbook.save(fixed)
    batch = ended.document["batch"]
    second = again(command, fixed, batch)
    assert (second.code, second.statuses) == (0, ["done"])
    assert again(command, fixed, batch).document["rows"] == []
    assert again(command, command.sheet(FIXED), batch).document["rows"] == []
    assert applied(sandbox) == [*ALL, FOURTH]


def test_a_list_to_fix_does_not_stand_for_a_stopped_batch(command: Command, sandbox: Sandbox) -> None:
    sandbox.add_fault("refuse:code=20,skip=2")
    ended = command("run", command.sheet(BROKEN), "--yes", "--json", "--skip-invalid")
    assert ended.document["state"] == "stopped"
    refused = again(command, command.folder / ended.document["report"], ended.document["batch"])
    assert (refused.code, "resume" in refused.err) == (2, True)
    assert applied(sandbox) == ALL[:2]


@pytest.mark.parametrize("batch", ["none-such", ""])
def test_a_batch_that_does_not_exist_is_one_sentence(command: Command, sandbox: Sandbox, batch: str) -> None:
    ended = again(command, command.sheet(), batch)
    assert (ended.code, len(ended.err.splitlines()), applied(sandbox)) == (2, 1, [])
