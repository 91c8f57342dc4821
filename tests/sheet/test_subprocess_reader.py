from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from batch.errors import SheetError
from batch.model import Source
from batch.sheet import Limits, SheetReader, open_sheet, read_sheet
from batch.sheet.ipc import Request
from batch.sheet.source_file import Original

from . import hostile

CSV = b"token;amount;direction\r\nsub-0001;12,50;ajout\r\n"


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Iterator[None]:
    before = set(psutil.Process().children(recursive=True))
    yield
    assert set(psutil.Process().children(recursive=True)) == before


def stand_in(name: str, *, data: bytes = CSV, sheet: str | None = None, limits: Limits | None = None) -> SheetReader:
    request = Request(Original("x.xlsx", ".xlsx", data), sheet, {}, limits or Limits())
    return SheetReader(request, f"{__package__}.standins.{name}")


def sentence(reader: SheetReader) -> str:
    with reader, pytest.raises(SheetError) as raised:
        reader.result()
    return str(raised.value)


def test_a_text_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "March.csv"
    path.write_bytes(CSV)
    # A file that lies about being pandas must not be run.
    (tmp_path / "pandas.py").write_text("raise SystemExit(1)")
    monkeypatch.chdir(tmp_path)
    grid = read_sheet(Path("March.csv"))
    assert grid.rows == [("token", "amount", "direction"), ("sub-0001", "12,50", "ajout")]
    assert grid.source == Source("March.csv", hashlib.sha256(CSV).hexdigest(), len(CSV), None)


def test_a_workbook_that_changes_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "March.xlsx"
    data = hostile.xlsx({"Notes": [["x"]], "March": [hostile.HEADER, ("sub-0001", 1, "add")]})
    path.write_bytes(data)
    with open_sheet(path) as reader:
        path.write_bytes(b"something else")
        grid = reader.result()
        assert reader.result() is grid
    assert grid.source == Source("March.xlsx", hashlib.sha256(data).hexdigest(), len(data), "March")


def test_what_can_be_told_at_once_needs_no_child(tmp_path: Path) -> None:
    with pytest.raises(SheetError, match="There is no file"):
        open_sheet(tmp_path / "March.xlsx")


def test_the_childs_sentence_arrives(tmp_path: Path) -> None:
    path = tmp_path / "March.xlsx"
    path.write_bytes(b"%PDF-1.7")
    with pytest.raises(SheetError, match=r"^“March\.xlsx” is a PDF document, not a sheet"):
        read_sheet(path)


def test_a_child_that_nobody_waits_for_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "March.csv"
    path.write_bytes(CSV)
    begun = time.monotonic()
    open_sheet(path).close()
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize("name", ["loop", "deaf"])
def test_a_parser_that_hangs_is_ended_in_time(name: str) -> None:
    begun = time.monotonic()
    # More than a pipe holds, so that handing the file over hangs as well.
    reader = stand_in(name, data=CSV * 20_000, limits=Limits(seconds=0.7))
    assert "could not be read within 0.7 seconds" in sentence(reader)
    # One that computes has had its time then; one that waits is given four times as long.
    assert time.monotonic() - begun < 5


def test_of_a_workbook_that_takes_too_long_one_sheet_may_be_chosen() -> None:
    reader = stand_in("dreamer", limits=Limits(seconds=1.5))
    assert "choose one of its sheets with --sheet NAME (“May”, “June”)" in sentence(reader)


def test_a_parser_that_eats_memory_is_ended() -> None:
    assert "needs more than 100 MiB of memory" in sentence(stand_in("eater", limits=Limits(memory_mib=100)))


@pytest.mark.parametrize("name", ["silent", "cut", "not_there"])
def test_a_parser_that_ends_without_an_answer(name: str) -> None:
    assert "could not be read" in sentence(stand_in(name))


def test_a_machine_that_cannot_start_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(SheetError, match="no other process could be started"):
        stand_in("silent")


def test_a_parser_that_says_too_much() -> None:
    assert "could not be read" in sentence(stand_in("chatter", limits=Limits(answer=100_000)))


def test_what_a_parser_started_is_ended_with_it(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    reader = stand_in("breeder", sheet=str(told), limits=Limits(seconds=5))
    while not (told.exists() and told.read_text()):
        time.sleep(0.02)
    reader.close()
    started = int(told.read_text())
    # Whose parent has ended is collected by the system, in its own time.
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and _runs(started):
        time.sleep(0.02)
    assert not _runs(started)
    assert "could not be read" in sentence(reader)


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_no_secret_reaches_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SMSPARTNER_API_KEY", "SMSPARTNER_API_KEY_FILE", "CREDITBATCH_DATABASE_URL", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "secret")
    told = json.loads(sentence(stand_in("mirror")))
    assert not any("SMSPARTNER" in name or "CREDITBATCH" in name or "SECRET" in name for name in told["environment"])
    assert "" not in told["path"]
