"""Entries get their numbers at the first export and keep them; what there is to know of them is said."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from batch.errors import AccountInUse, LedgerError
from batch.ledger.events import AttemptBegan, AttemptEnded, Fact, PersonDecided, RowSettled, StateChanged
from batch.ledger.lease import name_process
from batch.ledger.orm.connection import connect
from batch.ledger.protocol import Ledger
from batch.ledger.verify import find_difference
from batch.model import BatchState, Cell, Status
from batch.notes import make_note
from batch.report.journal_settings import load_journal_settings
from batch.runner.numbering import Journal, make_journal
from batch.zone import use_zone
from tests.builders import NOON, known_to, new_batch
from tests.ledger_in_memory import MemoryLedger

ACCOUNTS = load_journal_settings({})
OLD, NEW = date(2026, 12, 31), date(2027, 12, 31)
MIDNIGHT = datetime(2026, 12, 31, 23, tzinfo=UTC)
"""In Paris."""


def moved(row: int, at: datetime) -> list[Fact]:
    after = Decimal(900), Decimal(110)
    return [
        AttemptBegan(at, row, 1, Decimal(1000), Decimal(100)),
        AttemptEnded(at + timedelta(seconds=1), row, 1, "Applied", Status.DONE, 200, None, *after),
    ]


def lost(row: int, at: datetime) -> list[Fact]:
    return [
        AttemptBegan(at, row, 1, Decimal(1000), Decimal(100)),
        AttemptEnded(at + timedelta(seconds=30), row, 1, "Doubt", Status.UNKNOWN, None, None),
        RowSettled(at + timedelta(seconds=90), row, 1, Status.UNKNOWN, make_note("untold")),
    ]


def decided(row: int, at: datetime) -> list[Fact]:
    return [PersonDecided(at, row, 1, applied=True, who="anne", why="seen")]


def finished(ledger: Ledger, name: str, *facts: Fact, rows: int = 3) -> None:
    row: list[Cell] = ["sub-1", Decimal(5), "add"]
    ledger.create(new_batch(*[row] * rows, name=name))
    ledger.append(name, [*facts, StateChanged(MIDNIGHT, BatchState.FINISHED)])


def journal_of(ledger: Ledger, name: str, **settings: str) -> Journal:
    return make_journal(ledger, ledger.view(name), load_journal_settings(settings), lambda: MIDNIGHT)


def numbers(journal: Journal) -> dict[date, list[tuple[int, int]]]:
    """The number and the row of each entry, by the closing day of the year."""
    return {
        day: [(entry.number, entry.moved.row.number) for entry in entries] for day, entries in journal.years.items()
    }


@pytest.fixture
def ledger() -> MemoryLedger:
    return known_to(MemoryLedger())


def test_numbers_follow_the_movements_and_each_export_finds_the_same(ledger: MemoryLedger) -> None:
    finished(ledger, "b-1", *moved(3, NOON), *moved(2, NOON + timedelta(hours=1)), *lost(4, NOON))
    finished(ledger, "b-2", *moved(2, NOON))
    assert numbers(journal_of(ledger, "b-2")) == {OLD: [(1, 2)]}
    assert numbers(journal_of(ledger, "b-1")) == {OLD: [(2, 3), (3, 2)]}
    before = ledger.read_tip("b-1")
    assert numbers(journal_of(ledger, "b-1")) == {OLD: [(2, 3), (3, 2)]}
    assert ledger.read_tip("b-1") == before
    assert find_difference(ledger, "b-1") is None


def test_a_doubt_that_is_decided_later_gets_the_next_number_on_the_day_on_which_it_moved(ledger: MemoryLedger) -> None:
    at = MIDNIGHT - timedelta(minutes=1)
    finished(ledger, "b-1", *moved(2, at), *lost(3, at), *moved(4, MIDNIGHT + timedelta(minutes=1)))
    finished(ledger, "b-2", *moved(2, at))
    with use_zone(ZoneInfo("Europe/Paris")):
        assert numbers(journal_of(ledger, "b-1")) == {OLD: [(1, 2)], NEW: [(1, 4)]}
        assert numbers(journal_of(ledger, "b-2")) == {OLD: [(2, 2)]}
        ledger.append("b-1", decided(3, MIDNIGHT + timedelta(days=9)))
        journal = journal_of(ledger, "b-1")
    assert numbers(journal) == {OLD: [(1, 2), (3, 3)], NEW: [(1, 4)]}
    assert [entry.day for entry in journal.years[OLD]] == [OLD, OLD]


def test_another_code_counts_anew_and_that_there_are_other_numbers_is_said(ledger: MemoryLedger) -> None:
    finished(ledger, "b-1", *moved(2, NOON), *moved(3, NOON))
    first = journal_of(ledger, "b-1")
    assert [remark[:24] for remark in first.remarks] == ["Number 1 of journal SMS "]
    assert "CREDITBATCH_JOURNAL_CODE" in first.remarks[0]
    assert journal_of(ledger, "b-1").remarks == ()
    again = journal_of(ledger, "b-1", CREDITBATCH_JOURNAL_CODE="OD")
    assert numbers(again) == {OLD: [(1, 2), (2, 3)]}
    assert "journal SMS in the fiscal year that closes on 2026-12-31 as well" in again.remarks[1]
    later = journal_of(ledger, "b-1", CREDITBATCH_FISCAL_YEAR_END="06-30")
    assert numbers(later) == {date(2026, 6, 30): [(1, 2), (2, 3)]}
    assert numbers(journal_of(ledger, "b-1")) == numbers(first)
    assert find_difference(ledger, "b-1") is None


def test_a_batch_that_moved_nothing_is_of_the_year_in_which_it_ended(ledger: MemoryLedger) -> None:
    finished(ledger, "b-1", *lost(2, NOON))
    journal = journal_of(ledger, "b-1")
    assert (journal.years, journal.remarks) == ({OLD: []}, ())
    assert ledger.list_numberings("b-1") == []


def test_a_batch_that_has_not_ended_is_numbered_as_far_as_it_is_and_that_is_said(ledger: MemoryLedger) -> None:
    ledger.create(new_batch(["sub-1", Decimal("5.001"), "add"], ["sub-1", Decimal(5), "add"]))
    ledger.append("b-1", moved(2, NOON))
    journal = journal_of(ledger, "b-1")
    assert numbers(journal) == {OLD: [(1, 2)]}
    assert [remark.partition(":")[0] for remark in journal.remarks[1:]] == [
        "The batch has not ended",
        "Some amounts have three decimals, which accounting programs may round",
    ]


def test_what_moved_since_the_batch_was_read_is_not_forgotten(ledger: MemoryLedger) -> None:
    finished(ledger, "b-1", *moved(2, NOON), *lost(3, NOON))
    view = ledger.view("b-1")
    ledger.append("b-1", decided(3, MIDNIGHT))
    journal = make_journal(ledger, view, ACCOUNTS, lambda: MIDNIGHT)
    assert numbers(journal) == {OLD: [(1, 2), (2, 3)]}
    assert [event.kind for event in journal.view.events][-2:] == ["person-decided", "entries-numbered"]


def test_a_ledger_that_can_only_be_read_gives_no_numbers_but_tells_those_that_it_has(tmp_path: Path) -> None:
    connect(tmp_path, None)
    from django.db import connection, connections

    from batch.ledger.orm.store import DatabaseLedger

    ledger = known_to(DatabaseLedger())
    finished(ledger, "b-1", *moved(2, NOON))
    finished(ledger, "b-2", *moved(2, NOON))
    journal_of(ledger, "b-1")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only=ON")
    assert numbers(journal_of(ledger, "b-1")) == {OLD: [(1, 2)]}
    with pytest.raises(LedgerError, match=r"entries of batch b-2 need numbers, which cannot be given now.*readonly"):
        journal_of(ledger, "b-2")
    connections["default"].close()


def test_while_another_process_has_the_account_no_number_is_given(ledger: MemoryLedger) -> None:
    finished(ledger, "b-1", *moved(2, NOON))
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        ledger.share().hold(1, name_process(other.pid), NOON, lambda _lease: False)
        with pytest.raises(AccountInUse):
            journal_of(ledger, "b-1")
    assert ledger.list_numberings("b-1") == []
