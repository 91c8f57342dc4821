"""`--out` in its forms, and the errors before and after."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

from batch import __version__
from batch.errors import ReportError, UsageError
from batch.export import SUFFIXES, refuse_other_suffixes, write_batch, write_dry_run
from batch.files import open_whole_file
from batch.i18n import Language, use_language
from batch.model import Event
from batch.runner.dry_run import make_dry_run
from batch.validation.check_sheet import Expected
from tests.builders import NOON, grid
from tests.report.views import DONE, REFUSED, view_of


@pytest.mark.parametrize("name", ["report", "report.xls", "report.doc", "report.xlsx.bak"])
def test_a_name_that_does_not_say_what_it_is_to_be_names_those_that_there_are(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"\.xlsx, \.csv, \.json or \.pdf"):
        refuse_other_suffixes(tmp_path / name)
    with pytest.raises(UsageError):
        write_batch(tmp_path / name, view_of([DONE]), NOON)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".CSV"])
def test_each_form_is_whole_or_absent(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "new" / f"result{suffix}"
    write_batch(path, view_of([DONE]), NOON)
    before = path.read_bytes()
    write_batch(path, view_of([DONE, REFUSED]), NOON)
    assert path.read_bytes() != before
    assert list(path.parent.iterdir()) == [path]

    def refuse(self: Path, target: Path) -> Path:
        raise PermissionError(13, "The process cannot access the file", str(target))

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(ReportError, match="close it if it is open"):
        write_batch(path, view_of([DONE]), NOON)
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("language", Language)
def test_the_json_is_the_document_of_the_command_line_in_english(tmp_path: Path, language: Language) -> None:
    path = tmp_path / "result.json"
    with use_language(language):
        write_batch(path, view_of([DONE, REFUSED]), NOON)
    document = json.loads(path.read_text("ascii"))
    assert document["report"] == str(path)
    assert [line["status"] for line in document["rows"]] == ["done", "refused"]
    assert document["totals"] == {"added": "50.00", "removed": "0.00"}


@pytest.mark.parametrize("language", Language)
def test_the_json_says_how_it_was_written(tmp_path: Path, language: Language) -> None:
    path, event = tmp_path / "result.json", Event(7, NOON, "attempt-began", {"row": 2}, "ef" * 32)
    for events, tip in (((event,), {"events": 1, "hash": "ef" * 32}), ((), None)):
        with use_language(language):
            write_batch(path, view_of([DONE], events=events), NOON)
        document = json.loads(path.read_text("ascii"))
        assert (document["tip"], document["version"]) == (tip, __version__)
        assert document["language"] == language.value


def test_the_csv_speaks_the_language(tmp_path: Path) -> None:
    path = tmp_path / "result.csv"
    with use_language(Language.FRENCH):
        write_batch(path, view_of([DONE]), NOON)
    assert "effectuée" in path.read_text("utf-8-sig")
    assert "50,00;add" in path.read_text("utf-8-sig")


def test_a_dry_run_has_the_same_forms(tmp_path: Path) -> None:
    checked = make_dry_run(grid(["sub-1", "12,50", "add"]), None, Expected(), removes_first=False, at=NOON)
    for suffix in SUFFIXES:
        write_dry_run(tmp_path / f"dry{suffix}", checked)
    document = json.loads((tmp_path / "dry.json").read_text())
    assert (document["state"], document["batch"], document["totals"]["added"]) == ("checked", None, "12.50")
    assert "pending" in (tmp_path / "dry.csv").read_text("utf-8-sig")
    assert load_workbook(tmp_path / "dry.xlsx").sheetnames[0] == "Summary"


def test_why_a_file_cannot_be_written_is_said_in_the_language(tmp_path: Path) -> None:
    with use_language(Language.FRENCH), pytest.raises(ReportError, match="c’est un dossier"), open_whole_file(tmp_path):
        pass
