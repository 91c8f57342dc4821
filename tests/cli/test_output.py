"""`--out` and `journal`, as their user has them."""

from __future__ import annotations

import json

from openpyxl import load_workbook

from tests.cli.conftest import Command


def test_a_run_can_leave_its_result_as_data(command: Command) -> None:
    document = command("run", command.sheet(), "--yes", "--json", "--out", "result.json").document
    assert document["report"] == "result.json"
    written = json.loads((command.folder / "result.json").read_text())
    assert written["rows"] == document["rows"]
    assert command("report", document["batch"], "--out", "result.csv").code == 0
    assert (command.folder / "result.csv").read_text("utf-8-sig").startswith("Token,Amount,Direction,Status,")


def test_a_name_that_is_not_understood_stops_a_run_before_it_begins(command: Command) -> None:
    ended = command("run", command.sheet(), "--yes", "--out", "result.pdf")
    assert (ended.code, ended.out) == (2, "")
    assert ".xlsx, .csv or .json" in ended.err
    assert command("batches", "--json").document == []


def test_the_report_and_the_check_of_it_speak_any_language(command: Command) -> None:
    batch = command("run", command.sheet(), "--yes", "--json").document["batch"]
    assert command("report", batch, "--out", "fr.xlsx", "--lang", "fr").code == 0
    assert load_workbook(command.folder / "fr.xlsx").sheetnames[0] == "Synthèse"
    assert command("verify", batch, "--report", "fr.xlsx").code == 0
    assert command("verify", batch, "--report", f"reports/{batch}.xlsx", "--lang", "fr").code == 0


def test_journal_writes_the_entries_where_they_belong(command: Command) -> None:
    batch = command("run", command.sheet(), "--yes", "--json").document["batch"]
    ended = command("journal", batch)
    assert (ended.code, ended.out.strip()) == (0, f"Journal: reports/{batch}-fec.txt (3 entries)")
    lines = (command.folder / "reports" / f"{batch}-fec.txt").read_text("iso-8859-15").splitlines()
    assert len(lines) == 7
    assert command("journal", batch, "--format", "csv").code == 0
    assert "467100" in (command.folder / "reports" / f"{batch}-journal.csv").read_text("utf-8-sig")
    command.settings["CREDITBATCH_SIREN"] = "732829320"
    command.settings["CREDITBATCH_ACCOUNT_MAIN"] = "512900"
    assert command("journal", batch).code == 0
    [prescribed] = (command.folder / "reports" / batch).iterdir()
    assert prescribed.name.startswith("732829320FEC20")
    assert "512900" in prescribed.read_text("iso-8859-15")


def test_journal_says_what_is_wrong(command: Command) -> None:
    assert command("journal", "nothing").code == 2
    batch = command("run", command.sheet(), "--yes", "--json").document["batch"]
    command.settings["CREDITBATCH_SIREN"] = "123456789"
    assert "CREDITBATCH_SIREN" in command("journal", batch).err
