"""`--out` and `journal`, as their user has them."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from batch.ledger.orm.connection import connect
from tests.builders import NOON, known_to
from tests.cli.conftest import Command, complaint
from tests.fec import find_faults
from tests.runner.test_numbering import finished, moved


def day_of(batch: str) -> date:
    """The day that its name begins with."""
    return date.fromisoformat(f"{batch[:4]}-{batch[4:6]}-{batch[6:8]}")


def test_a_run_can_leave_its_result_as_data(command: Command) -> None:
    document = command("run", command.sheet(), "--yes", "--json", "--out", "result.json").document
    assert document["report"] == "result.json"
    written = json.loads((command.folder / "result.json").read_text())
    assert written["rows"] == document["rows"]
    assert command("report", document["batch"], "--out", "result.csv").code == 0
    assert (
        (command.folder / "result.csv").read_text("utf-8-sig").startswith("Row in sheet,Token,Amount,Direction,Status,")
    )


def test_a_name_that_is_not_understood_stops_a_run_before_it_begins(command: Command) -> None:
    ended = command("run", command.sheet(), "--yes", "--out", "result.doc")
    assert (ended.code, ended.out) == (2, "")
    assert ".xlsx, .csv, .json or .pdf" in ended.err
    assert command("batches", "--json").document == []


def test_a_run_and_what_follows_can_leave_a_paper_to_sign(command: Command) -> None:
    batch = command("run", command.sheet(), "--yes", "--json", "--out", "result.pdf").document["batch"]
    assert command("verify", batch, "--report", "result.pdf").code == 0
    assert command("resume", batch, "--out", "again.pdf").code == 0
    assert command("report", batch, "--out", "fr.pdf", "--lang", "fr").code == 0
    assert batch in PdfReader(command.folder / "fr.pdf").pages[0].extract_text()
    assert "effectuée" in PdfReader(command.folder / "fr.pdf").pages[1].extract_text()
    checked = command("check", command.sheet(), "--offline", "--out", "dry.pdf")
    assert "DRY RUN" in PdfReader(command.folder / "dry.pdf").pages[1].extract_text()
    assert "Traceback" not in checked.err


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
    assert "another ledger needs another code" in ended.err
    first = (command.folder / "reports" / f"{batch}-fec.txt").read_bytes()
    assert len(first.splitlines()) == 7
    assert command("journal", batch, "--format", "csv").code == 0
    assert "467100" in (command.folder / "reports" / f"{batch}-journal.csv").read_text("utf-8-sig")
    assert command("journal", batch) == replace(ended, err="")
    assert (command.folder / "reports" / f"{batch}-fec.txt").read_bytes() == first
    command.settings["CREDITBATCH_SIREN"] = "732829320"
    command.settings["CREDITBATCH_ACCOUNT_MAIN"] = "512900"
    command.settings["CREDITBATCH_FISCAL_YEAR_END"] = f"{day_of(batch):%m-%d}"
    assert command("journal", batch).code == 0
    [prescribed] = (command.folder / "reports" / batch).iterdir()
    assert prescribed.name == f"732829320FEC{day_of(batch):%Y%m%d}.txt"
    assert find_faults({prescribed.name: prescribed.read_bytes()}) == set()
    assert "512900" in prescribed.read_text("iso-8859-15")
    assert command("verify", batch).code == 0


def test_journal_gives_a_script_one_document(command: Command) -> None:
    batch = command("run", command.sheet(), "--yes", "--json").document["batch"]
    ended = command("journal", batch, "--json", "--validated", "--out", "in.txt")
    year = date(day_of(batch).year, 12, 31).isoformat()
    assert ended.document == {
        "schema_version": 1, "batch": batch, "format": "fec", "validated": True, "files": [
            {
                "path": "in.txt", "fiscal_year_end": year, "entries": 3, "first": 1, "last": 3, "debit": "24.75",
                "credit": "24.75",
            }
        ],
    }  # fmt: skip
    assert "Journal: in.txt (3 entries)" in ended.err
    lines = (command.folder / "in.txt").read_text("iso-8859-15").splitlines()
    assert {line.split("\t")[15] for line in lines[1:]} == {f"{day_of(batch):%Y%m%d}"}


def test_journal_says_what_is_wrong(command: Command) -> None:
    assert command("journal", "nothing").code == 2
    batch = command("run", command.sheet(), "--yes", "--json").document["batch"]
    for name, value in (("CREDITBATCH_SIREN", "123456789"), ("CREDITBATCH_FISCAL_YEAR_END", "02-30")):
        command.settings[name] = value
        assert name in complaint(command("journal", batch))
        del command.settings[name]
    assert "--validated is for the format fec" in complaint(command("journal", batch, "--format", "csv", "--validated"))


@pytest.mark.parametrize(
    ("options", "name", "ending"),
    [((), "in.xlsx", ".txt"), ((), "in.csv", ".txt"), ((), "in", ".txt"), (("--format", "csv"), "in.txt", ".csv")],
)
def test_journal_writes_only_what_its_file_is_named_like(
    command: Command, options: tuple[str, ...], name: str, ending: str
) -> None:
    batch = command("run", command.sheet(), "--yes", "--json").document["batch"]
    (command.folder / name).write_bytes(b"precious")
    assert f"give it the ending {ending}" in complaint(command("journal", batch, *options, "--out", name))
    assert (command.folder / name).read_bytes() == b"precious"
    assert command("journal", batch, *options, "--out", f"in{ending}").code == 0


@pytest.mark.parametrize("layout", ["fec", "csv"])
def test_journal_replaces_only_what_was_written_of_the_batch(command: Command, layout: str) -> None:
    batch = command("run", command.sheet(), "--yes", "--json").document["batch"]
    mine, other = (command.folder / f"{name}{'.txt' if layout == 'fec' else '.csv'}" for name in ("mine", "other"))
    mine.write_bytes(b"precious")
    write = ("journal", batch, "--format", layout, "--out")
    assert "--force" in complaint(command(*write, mine.name))
    assert mine.read_bytes() == b"precious"
    for _again in range(2):
        [file] = command(*write, other.name, "--json").document["files"]
        assert (file["first"], file["last"]) == (1, 3), "what was refused has given no numbers"
    assert command(*write, mine.name, "--force").code == 0
    assert mine.read_bytes() == other.read_bytes()


def test_a_batch_of_two_fiscal_years_has_two_files(command: Command) -> None:
    """It moved before and after midnight; the account's owner is none that the sandbox knows."""
    connect(command.home, None)
    from django.db import connections

    from batch.ledger.orm.store import DatabaseLedger

    ledger, evening = known_to(DatabaseLedger()), NOON.replace(hour=23)
    finished(ledger, "b-1", *moved(3, evening), *moved(2, evening + timedelta(hours=2)), rows=2)
    connections["default"].close()
    command.settings |= {"CREDITBATCH_FISCAL_YEAR_END": "01-31", "CREDITBATCH_SIREN": "732829320"}
    command.settings["CREDITBATCH_TIME_ZONE"] = "UTC"
    names = ["732829320FEC20260131.txt", "732829320FEC20270131.txt"]
    files = command("journal", "b-1", "--json").document["files"]
    assert [file["path"] for file in files] == [f"reports/b-1/{name}" for name in names]
    assert [(file["fiscal_year_end"], file["first"], file["last"]) for file in files] == [
        ("2026-01-31", 1, 1), ("2027-01-31", 1, 1),
    ]  # fmt: skip
    written = {name: (command.folder / "reports/b-1" / name).read_bytes() for name in names}
    assert find_faults(written) == set()
    assert command("journal", "b-1", "--out", "in.txt").out.split() == [
        "Journal:", "in-20260131.txt", "(1", "entry)", "Journal:", "in-20270131.txt", "(1", "entry)",
    ]  # fmt: skip
    assert (command.folder / "in-20260131.txt").read_bytes() == written[names[0]]
    assert command("verify", "b-1").code == 0


@pytest.mark.parametrize(
    ("lang", "separator", "amount", "balance"), [("en", ",", "1234.50", "."), ("fr", ";", "1234,50", ",")]
)
def test_a_text_file_of_rows_is_read_again_whatever_its_language(
    command: Command, lang: str, separator: str, amount: str, balance: str
) -> None:
    sheet = command.sheet("Token,Amount,Direction,Share\nsub-0001,1234.50,add,0.125\nsub-0002,7,add,\n")
    batch = command("run", sheet, "--yes", "--json").document["batch"]
    assert command("report", batch, "--out", "rows.csv", "--lang", lang).code == 0
    text = (command.folder / "rows.csv").read_text("utf-8-sig")
    lines = list(csv.DictReader(text.splitlines(), delimiter=separator))
    assert [(line["Amount"], line["Share"]) for line in lines] == [(amount, "0.125"), (f"7{balance}00", "")]
    [main] = {title for title in lines[0] if title in {"Main balance after", "Solde principal après"}}
    assert balance in lines[0][main]
    read = command("check", "rows.csv", "--offline", "--json").document
    assert [(row["token"], row["amount"]) for row in read["rows"]] == [("sub-0001", "1234.50"), ("sub-0002", "7.00")]
    assert read["counts"]["invalid"] == 0
    assert command("verify", batch, "--report", "rows.csv").code == 0


def test_all_that_one_reader_gets_is_in_the_zone_that_is_set(command: Command) -> None:
    command.settings["CREDITBATCH_TIME_ZONE"] = "Pacific/Kiritimati"  # 14 hours ahead
    document = command("run", command.sheet(), "--yes", "--json").document
    batch, created = document["batch"], document["created_at"]
    assert (document["zone"], created[-6:]) == ("Pacific/Kiritimati", "+14:00")
    assert batch.startswith("{}{}{}-{}{}{}-".format(*re.split("[-T:]", created[:19])))
    (line,) = command("batches", "--json").document
    assert (line["batch"], line["created_at"]) == (batch, created)
    titles = next(load_workbook(command.folder / document["report"])["Rows"].values)
    assert "Moved at (Pacific/Kiritimati)" in titles
    assert command("verify", batch, "--report", document["report"]).code == 0
    command.settings["CREDITBATCH_TIME_ZONE"] = "Mars/Phobos"
    refused = command("batches")
    assert (refused.code, "CREDITBATCH_TIME_ZONE must be a time zone such as" in refused.err) == (2, True)
