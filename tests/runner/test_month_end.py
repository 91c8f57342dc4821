"""A month ends at midnight in the reader's zone: every paper counts a row to the day of its attempt, whoever decided
later, and the papers of one reader agree.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from batch.export import write_batch
from batch.ledger.events import AttemptBegan, AttemptEnded, Fact, PersonDecided, RowSettled, StateChanged
from batch.model import BatchState, BatchView, Cell, Status
from batch.notes import make_note
from batch.report.journal import write_entries
from batch.report.journal_settings import load_journal_settings
from batch.runner.numbering import make_journal
from batch.zone import use_zone
from tests.builders import known_to, new_batch
from tests.ledger_in_memory import MemoryLedger

ZONES = ("Europe/Paris", "America/New_York", "Pacific/Auckland")
OLD, NEW = date(2026, 1, 31), date(2026, 2, 1)
AMOUNTS = (Decimal(10), Decimal(20), Decimal(40), Decimal(80))


@dataclass(frozen=True)
class End:
    """A month's end in a zone, as a reader there finds it in the papers."""

    zone: ZoneInfo
    view: BatchView
    ledger: MemoryLedger
    folder: Path

    def write(self, suffix: str) -> Path:
        path = self.folder / f"paper{suffix}"
        write_batch(path, self.view, datetime(2026, 2, 12, 10, tzinfo=UTC))
        return path


def list_facts(midnight: datetime) -> Iterator[Fact]:
    """Row 2 was answered before midnight; 3 and 4 were sent before, and settled and decided after; 5 is of the day."""
    before, minute = midnight - timedelta(minutes=5), timedelta(minutes=1)
    held = Decimal(1000), Decimal(100)
    for row, at in ((2, before), (3, before + minute), (4, before + 2 * minute), (5, midnight + minute)):
        yield AttemptBegan(at, row, 1, *held)
        if row in {2, 5}:
            yield AttemptEnded(at + timedelta(seconds=1), row, 1, "Applied", Status.DONE, 200, None, *held)
        else:
            yield AttemptEnded(at + timedelta(seconds=30), row, 1, "Doubt", Status.UNKNOWN, None, None)
        if row == 3:
            yield RowSettled(midnight + minute, row, 1, Status.DONE, make_note("settled-applied"), *held)
        elif row == 4:
            yield RowSettled(midnight + minute, row, 1, Status.UNKNOWN, make_note("untold"))
    yield StateChanged(midnight + 2 * minute, BatchState.FINISHED)
    yield PersonDecided(midnight + timedelta(days=9), 4, 1, applied=True, who="Anne", why="the client has it")


@pytest.fixture(params=ZONES)
def end(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[End]:
    zone = ZoneInfo(request.param)
    ledger = known_to(MemoryLedger())
    rows: list[list[Cell]] = [["sub-1", amount, "add"] for amount in AMOUNTS]
    ledger.create(new_batch(*rows))
    ledger.append("b-1", list(list_facts(datetime(2026, 2, 1, tzinfo=zone))))
    with use_zone(zone):
        yield End(zone, ledger.view("b-1"), ledger, tmp_path)


def test_rows_of_the_workbook_count_to_the_day_of_their_attempt(end: End) -> None:
    book = load_workbook(end.write(".xlsx"))
    titles, *lines = cast("list[tuple[Any, ...]]", list(book["Rows"].iter_rows(values_only=True)))
    moved = titles.index(f"Moved at ({end.zone})")
    known = titles.index(f"Established at ({end.zone})")
    code = titles.index("Code")
    found = {line[0]: (line[moved], line[known], line[code]) for line in lines[: len(AMOUNTS)]}
    assert [found[row][0].date() for row in (2, 3, 4, 5)] == [OLD, OLD, OLD, NEW]
    assert [found[row][1].date() for row in (2, 3, 4, 5)] == [OLD, NEW, date(2026, 2, 10), NEW]
    assert [found[row][2] for row in (2, 3, 4, 5)] == [200, None, None, 200]
    texts = [str(cell) for line in book["Summary"].iter_rows(values_only=True) for cell in line if cell]
    assert str(end.zone) in texts
    (decision,) = [text for text in texts if text.startswith("Anne decided")]
    assert f"2026-02-10 00:00:00 ({end.zone})" in decision
    assert "the client has it" in decision


def test_the_other_papers_agree_with_the_workbook(end: End) -> None:
    document = json.loads(end.write(".json").read_text())
    assert document["zone"] == str(end.zone)
    moments = [datetime.fromisoformat(row["moved_at"]) for row in document["rows"]]
    assert [moment.date() for moment in moments] == [OLD, OLD, OLD, NEW]
    assert all(moment.utcoffset() == moment.astimezone(end.zone).utcoffset() for moment in moments)
    assert [row["code"] for row in document["rows"]] == [200, None, None, 200]
    text = end.write(".csv").read_text("utf-8-sig")
    assert f"Moved at ({end.zone})" in text
    assert [f"{moment:%Y-%m-%d %H:%M:%S}" in text for moment in moments] == [True] * 4
    paper = " ".join(" ".join(page.extract_text() for page in PdfReader(end.write(".pdf")).pages).split())
    assert [f"{moment:%Y-%m-%d %H:%M:%S}" in paper for moment in moments] == [True] * 4
    assert str(end.zone) in paper


def test_the_journal_closes_the_month_where_the_reader_is(end: End) -> None:
    accounts = load_journal_settings({"CREDITBATCH_FISCAL_YEAR_END": "01-31"})
    journal = make_journal(end.ledger, end.view, accounts, lambda: datetime(2026, 2, 12, tzinfo=UTC))
    booked = {day: [entry.moved.row.number for entry in entries] for day, entries in journal.years.items()}
    assert booked == {OLD: [2, 3, 4], date(2027, 1, 31): [5]}
    file = BytesIO()
    write_entries(file, "fec", journal.years[OLD], accounts)
    lines = [line.split("\t") for line in file.getvalue().decode("iso-8859-15").splitlines()[1:]]
    assert {line[3] for line in lines} == {"20260131"}
    assert sum(Decimal(line[11].replace(",", ".")) for line in lines) == sum(AMOUNTS[:3])
