"""Entries are numbered once, in each journal and fiscal year without a gap; their numbers are a part of the record."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from batch.ledger.events import EntriesNumbered
from batch.ledger.orm.connection import connect
from batch.ledger.protocol import Ledger
from batch.ledger.replay import replay_events
from batch.ledger.verify import find_difference
from batch.planning.account_identity import Owner, normalize_address
from tests.builders import NOON, known_to, new_batch
from tests.ledger.test_verify import fill, run_sql
from tests.postgres import ON_POSTGRES

if TYPE_CHECKING:
    from batch.ledger.orm.store import DatabaseLedger

OLD, NEW = date(2026, 12, 31), date(2027, 12, 31)


def numbers(ledger: Ledger, *batches: str) -> list[tuple[str, date, int, int]]:
    return [
        (its.journal, its.closes_on, its.first, its.last) for name in batches for its in ledger.list_numberings(name)
    ]


def test_each_journal_and_fiscal_year_counts_by_itself_over_all_batches(empty_ledger: Ledger) -> None:
    for name in ("b-1", "b-2", "b-3"):
        fill(empty_ledger, name)
    empty_ledger.number_entries("b-2", "SMS", {OLD: [4, 2]}, NOON)
    empty_ledger.number_entries("b-1", "SMS", {NEW: [4], OLD: [2]}, NOON)
    empty_ledger.number_entries("b-3", "OD", {NEW: [2]}, NOON)
    empty_ledger.number_entries("b-3", "SMS", {NEW: [2, 4]}, NOON)
    assert numbers(empty_ledger, "b-1", "b-2", "b-3") == [
        ("SMS", OLD, 3, 3), ("SMS", NEW, 1, 1), ("SMS", OLD, 1, 2), ("OD", NEW, 1, 1), ("SMS", NEW, 2, 3),
    ]  # fmt: skip
    assert empty_ledger.list_numberings("b-2") == [EntriesNumbered(NOON, "SMS", OLD, 1, (4, 2))]
    assert [find_difference(empty_ledger, name) for name in ("b-1", "b-2", "b-3")] == [None, None, None]
    assert replay_events(empty_ledger.view_events("b-1")).numberings == empty_ledger.list_numberings("b-1")


def test_an_event_tells_of_no_more_numbers_than_a_cell_has_room_for(empty_ledger: Ledger) -> None:
    fill(empty_ledger)
    empty_ledger.number_entries("b-1", "SMS", {OLD: range(2, 2502)}, NOON)
    assert numbers(empty_ledger, "b-1") == [("SMS", OLD, 1, 1000), ("SMS", OLD, 1001, 2000), ("SMS", OLD, 2001, 2500)]


def test_numbers_are_kept_in_the_ledger(tmp_path: Path) -> None:
    from django.db import connections

    for expected in (1, 2, 3):
        connect(tmp_path, None)
        from batch.ledger.orm.store import DatabaseLedger

        ledger = known_to(DatabaseLedger())
        fill(ledger, f"b-{expected}")
        ledger.number_entries(f"b-{expected}", "SMS", {OLD: [2]}, NOON)
        assert numbers(ledger, f"b-{expected}") == [("SMS", OLD, expected, expected)]
        connections["default"].close()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE ledger_numbering SET journal = 'OD'", "from 1 on, journal: OD in the ledger, but SMS by"),
        ("UPDATE ledger_numbering SET closes_on = '2027-12-31'", "closing day of the fiscal year: 2027-12-31 in"),
        ("UPDATE ledger_numbering SET first = 2", "first number: 2 in the ledger, but 1 by its events"),
        ("UPDATE ledger_numbering SET last = 1", "last number: 1 in the ledger, but 2 by its events"),
        ("DELETE FROM ledger_numbering", "numbers of entries from 1 on are not in the ledger any more"),
        (
            "INSERT INTO ledger_numbering (batch_id, journal, closes_on, first, last) "
            "VALUES ('b-1', 'SMS', '2026-12-31', 3, 9)",
            "numbers of entries, from 3 on, that no event tells of",
        ),
    ],
)
def test_numbers_that_were_changed_are_named(database_ledger: DatabaseLedger, statement: str, said: str) -> None:
    from django.db import connection

    if connection.vendor != "sqlite":
        pytest.skip("the same comparison, and other spellings of these statements")
    fill(database_ledger)
    database_ledger.number_entries("b-1", "SMS", {OLD: [2, 4]}, NOON)
    assert find_difference(database_ledger, "b-1") is None
    run_sql(statement)
    assert said in str(find_difference(database_ledger, "b-1"))


NUMBERER = """
import sys
from datetime import date, timedelta
from pathlib import Path
from batch.ledger.orm.connection import connect
from tests.builders import NOON

home, url, *batches = sys.argv[1:]
connect(Path(home), url or None)
from batch.ledger.orm.store import DatabaseLedger
from batch.runner.open_account import hold_batch

ledger = DatabaseLedger()
print("ready", flush=True)
sys.stdin.readline()
for batch in batches:
    with hold_batch(ledger, batch, lambda: NOON):
        ledger.number_entries(batch, "SMS", {date(2026, 12, 31): [2, 3]}, NOON)
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=ON_POSTGRES)])
def test_two_processes_that_number_at_once_give_no_number_twice_and_leave_none_out(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """On two accounts, so that no lease keeps them apart."""
    url = request.getfixturevalue("postgres_url") if kind == "postgres" else ""
    connect(tmp_path, url or None)
    from django.db import connections

    from batch.ledger.orm.store import DatabaseLedger

    ledger = known_to(DatabaseLedger())
    address = normalize_address("http://127.0.0.1:1/v1")
    ledger.bind_key(address, "e" * 16, Owner("other@example.com", {"sub-9": Decimal(1)}), NOON + timedelta(seconds=1))
    batches: tuple[list[str], list[str]] = ([], [])
    for number in range(40):
        new = new_batch(["sub-1", "5", "add"], ["sub-2", "5", "add"], name=f"b-{number}")
        access = new.access if number % 2 == 0 else type(new.access)(2, new.access.api_url, "e" * 16)
        ledger.create(type(new)(new.name, new.at, new.sheet, new.plan, new.opening, access, new.owner))
        batches[number % 2].append(new.name)
    arguments = [sys.executable, "-c", NUMBERER, str(tmp_path), url]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    pipe = subprocess.PIPE
    started = [subprocess.Popen([*arguments, *its], stdin=pipe, stdout=pipe, env=env, text=True) for its in batches]
    assert [process.stdout.readline() for process in started if process.stdout] == ["ready\n"] * 2
    for process in started:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in started:
        process.communicate(timeout=60)
    assert [process.returncode for process in started] == [0, 0]
    names = [*batches[0], *batches[1]]
    given = sorted((first, last) for _code, _day, first, last in numbers(ledger, *names))
    assert given == [(first, first + 1) for first in range(1, 81, 2)]
    assert {find_difference(ledger, name) for name in names} == {None}
    connections["default"].close()
