"""How the command line is told what a sheet's columns are."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Command

ODD = "Qui;Avance du mois;Quoi\nsub-0001;12,50;ajout\n"
NAMED = ("--column", "token=Qui", "--column", "amount=avance du mois", "--column", "direction=C")


def codes(document: dict[str, list[dict[str, str]]]) -> list[str]:
    return [finding["code"] for finding in document["findings"] if finding["code"] != "encoding-assumed"]


def test_columns_are_named_and_kept_for_the_next_sheet(command: Command) -> None:
    sheet = command.sheet(ODD)
    assert command("check", sheet, "--json", "--offline").code == 1
    named = command("check", sheet, "--json", "--offline", *NAMED, "--remember-columns")
    assert (named.code, codes(named.document)) == (0, [])
    assert named.document["totals"] == {"added": "12.50", "removed": "0.00"}
    again = command("check", sheet, "--json")
    assert (again.code, codes(again.document)) == (0, ["columns-remembered"] * 3)
    assert again.document["totals"] == {"added": "12.50", "removed": "0.00"}


def test_signed_amounts_are_run(command: Command) -> None:
    sheet = command.sheet("Token;Montant\nsub-0001;12,50\nsub-0002;-5\n")
    assert codes(command("check", sheet, "--json", "--offline").document) == ["signed-amounts"]
    ended = command("run", sheet, "--json", "--yes", "--signed")
    assert (ended.code, ended.document["totals"]) == (0, {"added": "12.50", "removed": "5.00"})


def test_a_control_total_is_a_note_and_changes_no_exit_code(command: Command) -> None:
    sheet = command.sheet("Token;Montant;Sens\nsub-0001;12,50;ajout\nTotal;12,50;\n")
    ended = command("check", sheet, "--json", "--offline")
    assert (ended.code, [finding["severity"] for finding in ended.document["findings"]]) == (0, ["note"])
    assert "12.50" in command("check", sheet, "--offline").out


@pytest.mark.parametrize(
    "options",
    [
        ("--column", "amount"), ("--column", "sum=Prix"), ("--column", "=B"), ("--remember-columns",),
        ("--column", "amount=B", "--column", "amount=C"), ("--column", "amount=B", "--column", "added=C"),
    ],
)  # fmt: skip
def test_columns_that_make_no_sense_are_refused(command: Command, options: tuple[str, ...]) -> None:
    ended = command("check", command.sheet(), "--offline", *options)
    assert ended.code == 2
    assert "--column" in ended.err
    assert "Traceback" not in ended.err
