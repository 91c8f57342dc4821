"""No file is replaced in silence: asked before anything moves, and only the batch's own files give way."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch.export import SUFFIXES
from batch.sandbox import Sandbox
from tests.cli.conftest import Command, applied, complaint
from tests.cli.test_edges import stopped
from tests.cli.test_run import ALL, calls


def put(command: Command, name: str) -> Path:
    path = command.folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"precious")
    return path


def run(command: Command) -> str:
    return str(command("run", command.sheet(), "--yes", "--json").document["batch"])


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("check", "sheet.csv", "--out"), "mine.xlsx"),
        (("check", "sheet.csv", "--offline", "--annotate"), "mine.xlsx"),
        (("run", "sheet.csv", "--yes", "--out"), "mine.csv"),
        (("template", "--out"), "mine.xlsx"),
        (("key", "--out"), "mine.pem"),
    ],
)
def test_a_file_that_is_there_is_replaced_only_by_force(
    command: Command, sandbox: Sandbox, arguments: tuple[str, ...], name: str
) -> None:
    command.sheet()
    path = put(command, name)
    refused = complaint(command(*arguments, name))
    assert (name in refused, "is there already" in refused, "--force" in refused) == (True, True, True)
    assert (path.read_bytes(), any(calls(sandbox).values())) == (b"precious", False)
    assert command(*arguments, name, "--force").code == 0
    assert path.read_bytes() != b"precious"


@pytest.mark.parametrize(
    ("name", "written"), [*(("report", f"mine{suffix}") for suffix in SUFFIXES), ("evidence", "mine.zip")]
)
def test_what_is_written_of_a_batch_replaces_its_own_files_alone(command: Command, name: str, written: str) -> None:
    batch = run(command)
    path = put(command, written)
    assert "--force" in complaint(command(name, batch, "--out", written))
    assert path.read_bytes() == b"precious"
    assert command(name, batch, "--out", written, "--force").code == 0
    assert command(name, batch, "--out", written).code == 0
    path.write_bytes(path.read_bytes() + b"a note of the accountant's")
    assert "--force" in complaint(command(name, batch, "--out", written))


def test_what_was_written_of_another_batch_is_not_replaced(command: Command) -> None:
    first = run(command)
    second = command("run", command.sheet("Token;Amount;Direction\nsub-0009;3;add\n"), "--yes", "--json").document
    path = command.folder / "reports" / f"{first}.xlsx"
    before = path.read_bytes()
    assert "not as it was written" in complaint(command("report", second["batch"], "--out", path))
    assert path.read_bytes() == before


def test_the_sheet_of_a_batch_is_never_replaced(command: Command) -> None:
    batch = run(command)
    sheet = command.folder / "sheet.csv"
    before = sheet.read_bytes()
    for name in ("report", "resume"):
        assert "the sheet itself" in complaint(command(name, batch, "--out", "sheet.csv", "--force"))
    assert sheet.read_bytes() == before


def test_a_report_that_somebody_has_changed_is_refused_before_anything_more_is_sent(
    command: Command, sandbox: Sandbox
) -> None:
    batch = stopped(command, sandbox)
    path = command.folder / "reports" / f"{batch}.xlsx"
    path.write_bytes(path.read_bytes() + b"a note of the accountant's")
    before, asked = path.read_bytes(), calls(sandbox)
    refused = complaint(command("resume"))
    assert (batch in refused, "--out" in refused, "--force" in refused) == (True, True, True)
    assert (path.read_bytes(), calls(sandbox)) == (before, asked)
    ended = command("resume", "--json", "--out", "other.xlsx")
    assert (ended.code, applied(sandbox), path.read_bytes()) == (0, ALL, before)
    assert (command.folder / "other.xlsx").is_file()


def test_a_report_gives_way_to_the_one_of_the_end(command: Command, sandbox: Sandbox) -> None:
    batch = stopped(command, sandbox)
    before = (command.folder / "reports" / f"{batch}.xlsx").read_bytes()
    assert command("resume").code == 0
    assert (command.folder / "reports" / f"{batch}.xlsx").read_bytes() != before


def test_a_file_is_recorded_before_it_has_its_name(tmp_path: Path) -> None:
    """Whoever dies in between leaves no file that the ledger does not know."""
    from batch.files import open_whole_file

    path = tmp_path / "report.csv"
    seen = []
    with open_whole_file(path, lambda whole: seen.append((whole.read_bytes(), path.exists()))) as file:
        file.write(b"all of it")
    assert (seen, path.read_bytes()) == ([(b"all of it", False)], b"all of it")


def test_a_demonstration_replaces_the_report_of_the_one_before(newcomer: Command) -> None:
    for _time in range(2):
        assert newcomer("demo").code == 0
    assert [path.name for path in (newcomer.folder / "reports").iterdir()] == ["demo.xlsx"]
