"""`creditbatch template` and `check --annotate`: workbooks that go to the accountant and come back."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook

from batch.sandbox import Sandbox
from tests.cli.conftest import SAMPLES, Command, applied


def test_the_template_lists_the_real_sub_accounts(command: Command) -> None:
    ended = command("template", "--from-account")
    assert (ended.code, ended.out) == (0, "Template: creditbatch-template.xlsx\n")
    accounts = command("accounts", "--json").document["subaccounts"]
    sheet = load_workbook(command.folder / "creditbatch-template.xlsx").worksheets[2]
    listed = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4)]
    assert [[token, email] for token, email, _ in listed] == [[item["token"], item["email"]] for item in accounts]
    assert [f"{balance:.3f}" for *_, balance in listed] == [item["balance"] for item in accounts]


def test_a_template_needs_a_key_only_for_the_account(newcomer: Command) -> None:
    newcomer.settings["SMSPARTNER_API_KEY"] = ""
    assert newcomer("template", "--from-account").code == 2
    assert newcomer("template", "--out", "mine.xlsx").code == 0
    assert sorted(path.name for path in newcomer.folder.iterdir()) == ["mine.xlsx"]


def test_a_template_replaces_nothing(command: Command) -> None:
    path = command.folder / "mine.xlsx"
    path.write_bytes(b"precious")
    ended = command("template", "--out", path)
    assert (ended.code, "--out" in ended.err, path.read_bytes()) == (2, True, b"precious")
    assert command("template", "--out", "mine.csv").code == 2


def test_an_annotated_copy_leaves_standard_output_alone(command: Command, sandbox: Sandbox) -> None:
    ended = command("check", SAMPLES / "mistakes.xlsx", "--json", "--annotate", "marked.xlsx")
    assert ended.code == 1
    found = {finding["cell"] for row in ended.document["rows"] for finding in row["findings"]}
    assert "Marked workbook: marked.xlsx" in ended.err
    book = load_workbook(command.folder / "marked.xlsx")
    assert book.sheetnames[0] == "Findings"
    sheet = book[ended.document["file"]["sheet"]]
    assert found <= {cell.coordinate for row in sheet.iter_rows() for cell in row if cell.comment}
    assert applied(sandbox) == []


@pytest.mark.parametrize("name", ["sheet.csv", "marked.ods", "marked.xlsm"])
def test_a_name_that_the_marked_workbook_cannot_have_is_refused(newcomer: Command, name: str) -> None:
    sheet = newcomer.sheet()
    before = sheet.read_bytes()
    assert newcomer("check", sheet, "--offline", "--annotate", name).code == 2
    assert [path.name for path in newcomer.folder.iterdir()] == ["sheet.csv"]
    assert sheet.read_bytes() == before


def test_the_sheet_itself_is_never_replaced(command: Command) -> None:
    path = command.folder / "own.xlsx"
    path.write_bytes((SAMPLES / "mistakes.xlsx").read_bytes())
    for same in (path, Path("own.xlsx"), Path("..") / command.folder.name / "own.xlsx"):
        ended = command("check", path, "--offline", "--annotate", same)
        assert (ended.code, "--annotate" in ended.err) == (2, True)
        for arguments in (["check", path, "--offline", "--out", same], ["run", path, "--yes", "--out", same]):
            ended = command(*arguments)
            assert (ended.code, "--out would replace the sheet itself" in ended.err) == (2, True)
    assert path.read_bytes() == (SAMPLES / "mistakes.xlsx").read_bytes()


def test_the_report_and_the_marked_workbook_are_two_files(newcomer: Command) -> None:
    ended = newcomer("check", SAMPLES / "mistakes.xlsx", "--offline", "--annotate", "a.xlsx", "--out", "./a.xlsx")
    assert (ended.code, "--out" in ended.err) == (2, True)
    assert list(newcomer.folder.iterdir()) == []
