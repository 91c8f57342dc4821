"""`creditbatch check`: everything wrong with a sheet, and the forecast; nothing moves."""

from __future__ import annotations

import pytest
from openpyxl import load_workbook

from batch.sandbox import Sandbox
from tests.cli.conftest import SAMPLES, Command, applied


def test_a_clean_sheet_passes_and_nothing_moves(command: Command, sandbox: Sandbox) -> None:
    ended = command("check", command.sheet(), "--json")
    assert ended.code == 0
    document = ended.document
    assert (document["batch"], document["state"]) == (None, "checked")
    assert document["totals"] == {"added": "19.75", "removed": "5.00"}
    assert document["forecast"]["main_balance"]["after"] == "9985.250"
    assert applied(sandbox) == []


def test_every_sample_does_what_its_line_says(command: Command) -> None:
    clean = [command("check", SAMPLES / name, "--json") for name in ("monthly.xlsx", "monthly-fr.csv", "thousand.xlsx")]
    assert [ended.code for ended in clean] == [0, 0, 0]
    assert clean[0].document["digest"] == clean[1].document["digest"]
    assert len(clean[0].document["rows"]) == 40
    assert len(clean[2].document["rows"]) == 1000
    assert command("check", SAMPLES / "mistakes.xlsx", "--json").code == 1


def test_offline_needs_no_key_and_says_what_was_left_out(command: Command) -> None:
    command.settings["SMSPARTNER_API_KEY"] = ""
    ended = command("check", command.sheet(), "--offline", "--json")
    assert ended.code == 0
    assert ended.document["not_checked"] == ["tokens", "forecast"]
    assert ended.document["forecast"] is None
    assert "Offline" in command("check", command.sheet(), "--offline").out


@pytest.mark.parametrize("address", ["", "sqlite:///{folder}/mine.sqlite3"])
def test_a_check_makes_no_ledger(newcomer: Command, address: str) -> None:
    newcomer.settings["CREDITBATCH_DATABASE_URL"] = address.format(folder=newcomer.folder)
    assert newcomer("check", newcomer.sheet()).code == 0
    assert [path.name for path in newcomer.folder.iterdir()] == ["sheet.csv"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--expect-rows", "3", "--expect-added", "19,75", "--expect-removed", "5"), 0),
        (("--expect-rows", "4"), 1),
        (("--expect-added", "19.76"), 1),
        (("--expect-removed", "0"), 1),
    ],
)
def test_control_totals_are_compared(command: Command, options: tuple[str, ...], code: int) -> None:
    assert command("check", command.sheet(), "--offline", "--json", *options).code == code


def test_a_forecast_that_cannot_pass_asks_for_the_missing_euros(command: Command) -> None:
    ended = command("check", command.sheet("token,amount,direction\nsub-0001,10000.5,add\n"), "--json")
    assert ended.code == 1
    assert ended.document["forecast"]["top_up"] == "0.50"
    assert ended.document["forecast"]["refusals"][0]["code"] == 8


def test_removes_first_helps_when_they_bring_the_credit(command: Command) -> None:
    sheet = command.sheet("token,amount,direction\nsub-0001,10050,add\nsub-0002,60,remove\n")
    assert command("check", sheet, "--json").document["forecast"]["removes_first_helps"] is True
    ended = command("check", sheet, "--json", "--removes-first")
    assert (ended.code, ended.document["forecast"]["passes"]) == (0, True)


def test_the_dry_runs_workbook_is_marked(command: Command) -> None:
    ended = command("check", command.sheet(), "--json", "--out", "dry.xlsx")
    assert ended.document["report"] == "dry.xlsx"
    workbook = load_workbook(command.folder / "dry.xlsx")
    text = " ".join(str(cell.value) for row in workbook.worksheets[0].iter_rows() for cell in row if cell.value)
    assert "dry run" in text.lower()


@pytest.mark.parametrize("command_name", ["check", "run"])
def test_what_was_expected_and_how_the_sheet_was_read_stands_in_the_document(
    command: Command, command_name: str
) -> None:
    sheet = command.sheet("Who,Amount\nsub-0001,12.5\nsub-0002,-5\n")
    chosen = ("--column", "token=Who", "--signed", "--expect-rows", "2", "--expect-removed", "5")
    more = ("--yes", "--skip-invalid", "--partial", "--period", "week 5") if command_name == "run" else ()
    document = command(command_name, sheet, "--json", *chosen, *more).document
    assert document["controls"] == [
        {"what": "expected-rows", "expected": 2, "found": 2, "agrees": True},
        {"what": "expected-removed", "expected": "5.00", "found": "5.00", "agrees": True},
    ]
    options = document["options"]
    assert (options["columns"], options["signed"], options["removes_first"]) == ({"token": "Who"}, True, False)
    assert options["tolerance"] == {"euros": "5.00", "percent": "1"}
    if command_name == "run":
        assert (options["skip_invalid"], options["partial"], options["period"]) == (True, True, "week 5")
        shown = command("show", document["batch"], "--json").document
        assert {name: shown[name] for name in ("options", "controls")} == {
            name: document[name] for name in ("options", "controls")
        }
        assert command("resume", document["batch"], "--json").document["options"] == options
