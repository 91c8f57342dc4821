"""A record that was changed says where: each column of each table, the chain, and the batches beside it."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.ledger import events as chain
from batch.ledger.events import (
    AttemptBegan,
    AttemptEnded,
    BalancesRead,
    FileWritten,
    OptionsChanged,
    PersonDecided,
    Purpose,
    RowSettled,
    StateChanged,
)
from batch.ledger.protocol import Ledger
from batch.ledger.replay import rebuild_view
from batch.ledger.verify import find_difference, verify_record
from batch.model import BatchState, Cell, Event, People, Source, Status
from batch.notes import make_note
from tests.builders import NOON, known_to, new_batch
from tests.ledger_in_memory import MemoryLedger

if TYPE_CHECKING:
    from batch.ledger.orm.store import DatabaseLedger

ROWS: tuple[list[Cell], ...] = (
    ["sub-1", Decimal("12.5"), "add"],
    ["sub-2", "?", "add"],
    ["sub-2", Decimal(5), "remove"],
)
SHEET = b"the sheet"
AFTER = Decimal("987.500"), Decimal("112.500")
LATER = NOON + timedelta(hours=1)
FACTS: tuple[chain.Fact, ...] = (
    StateChanged(NOON, BatchState.RUNNING, by="anne"),
    AttemptBegan(NOON, 2, 1, Decimal(1000), Decimal(100)),
    AttemptEnded(NOON, 2, 1, "Applied", Status.DONE, 200, "ok", *AFTER),
    AttemptBegan(NOON, 4, 1, *AFTER),
    AttemptEnded(NOON, 4, 1, "Doubt", Status.UNKNOWN, None, "reset", note=make_note("answer-late")),
    RowSettled(NOON, 4, 1, Status.UNKNOWN, make_note("untold")),
    PersonDecided(NOON, 4, 1, applied=False, who="accounts", why="seen on the site"),
    OptionsChanged(NOON, ("max-per-second:2",), "anne"),
    BalancesRead(LATER, Purpose.CLOSING, Decimal("987.500"), {"sub-1": Decimal("112.500")}),
    StateChanged(LATER, BatchState.STOPPED, make_note("interrupted")),
)


def fill(ledger: Ledger, name: str = "b-1") -> None:
    """Record a batch in which everything happened that a paper tells of."""
    new = new_batch(*ROWS, name=name)
    source = Source("january.xlsx", hashlib.sha256(SHEET).hexdigest(), len(SHEET), "January")
    sheet = replace(new.sheet, source=source)
    ledger.create(replace(new, sheet=sheet, people=People("claire", ("marc",)), content=SHEET, why="meant"))
    ledger.append(name, FACTS)


@pytest.fixture
def filled(database_ledger: DatabaseLedger) -> DatabaseLedger:
    fill(database_ledger)
    fill(database_ledger, "b-2")
    database_ledger.number_entries("b-2", "SMS", {date(2026, 12, 31): [2]}, LATER)
    return database_ledger


def test_an_untouched_record_is_whole(empty_ledger: Ledger) -> None:
    fill(empty_ledger)
    fill(empty_ledger, "b-2")
    assert find_difference(empty_ledger, "b-1") is None
    assert find_difference(empty_ledger, "b-2") is None


NOT_OF_THE_RECORD = {
    "ledger_account_lease": "who runs just now: no paper tells of it",
    "ledger_columntitle": "how the next sheet is to be read",
    "django_migrations": "Django's own",
}
INVALID_FOREVER = {"id"}
"""Numbers that the database gives lines: nothing is printed from them."""


def list_columns() -> Iterator[tuple[str, str]]:
    """List every column of every table of the ledger, as the models have them."""
    from django.apps import apps

    for model in apps.get_app_config("ledger").get_models():
        if model._meta.db_table not in NOT_OF_THE_RECORD:
            for column in model._meta.concrete_fields:
                if column.column not in INVALID_FOREVER or model.__name__ == "Account":
                    yield model._meta.db_table, str(column.column)


def make_other(value: Any, column: str) -> Any:
    """Make another value that the column could hold."""
    if column == "account_id":
        return 2
    if isinstance(value, str):
        if value[:1] in "[{":
            return json.dumps([*json.loads(value), "x"] if value[0] == "[" else {**json.loads(value), "x": 1})
        at = re.fullmatch(r"(\d{4})(-\d\d-\d\d \d\d:.*)", value)
        return f"2001{at[2]}" if at else value + "x"
    if isinstance(value, bytes):
        return value + b"x"
    if value is None:
        return "2001-01-01 00:00:00" if column.endswith("_at") or column == "at" else 7
    return value + 1


def run_sql(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run it as somebody with an editor of SQLite files would: nothing of Django stands in the way."""
    from django.db import connection

    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as raw:
        return list(raw.execute(statement, values))


def test_each_column_of_each_line_changed_alone_is_noticed(filled: DatabaseLedger) -> None:
    """Whatever column comes to the tables: unless its change is noticed, this fails."""
    from django.db import connection

    if connection.vendor != "sqlite":
        pytest.skip("the lines are changed by SQLite's own numbers of them")
    missed, tried = [], 0
    for table, column in list_columns():
        for (line,) in run_sql(f'SELECT rowid FROM "{table}"'):  # noqa: S608 (our own names)
            (before,) = run_sql(f'SELECT "{column}" FROM "{table}" WHERE rowid = ?', line)[0]  # noqa: S608
            change = f'UPDATE OR IGNORE "{table}" SET "{column}" = ? WHERE rowid = ?'  # noqa: S608
            run_sql(change, make_other(before, column), line)
            changed = f'SELECT rowid FROM "{table}" WHERE "{column}" IS NOT ? AND rowid IN (?, ?)'  # noqa: S608
            now = run_sql(changed, before, line, line + 1 if column == "id" else line)
            if not now:  # (another line has that already)
                run_sql(change, f"{before}x", line)
                now = [(line,)]
            tried += 1
            if not any(find_any(filled, name) for name in ("b-1", "b-2")):
                missed.append((table, column, before))
            run_sql(change, before, now[0][0])
    assert missed == []
    assert tried > 300
    assert find_difference(filled, "b-1") is None


def find_any(ledger: Ledger, name: str) -> str | None:
    """A batch that is there under another name only, or not any more, is noticed as well."""
    from batch.errors import LedgerError

    try:
        return find_difference(ledger, name)
    except LedgerError as error:
        return str(error)


def test_each_line_removed_or_added_is_noticed(filled: DatabaseLedger) -> None:
    from django.db import connection

    if connection.vendor != "sqlite":
        pytest.skip("the lines are changed by SQLite's own numbers of them")
    for table in ("ledger_movement", "ledger_reading", "ledger_event", "ledger_numbering"):
        columns = [row[1] for row in run_sql(f'PRAGMA table_info("{table}")') if row[1] != "id"]
        for (line,) in run_sql(f'SELECT rowid FROM "{table}"'):  # noqa: S608 (our own names)
            kept = run_sql(f'SELECT * FROM "{table}" WHERE rowid = ?', line)[0]  # noqa: S608
            run_sql(f'DELETE FROM "{table}" WHERE rowid = ?', line)  # noqa: S608
            assert any(find_any(filled, name) for name in ("b-1", "b-2")), (table, kept)
            run_sql(f'INSERT INTO "{table}" VALUES ({", ".join(["?"] * len(kept))})', *kept)  # noqa: S608
        assert find_difference(filled, "b-1") is None
        shift = {"position": 90, "row": 90, "number": 90, "first": 90, "last": 90}
        values = ", ".join(f"{column} + {shift[column]}" if column in shift else column for column in columns)
        names = ", ".join(columns)
        last = run_sql(f'SELECT max(rowid) FROM "{table}"')[0][0]  # noqa: S608
        run_sql(f'INSERT INTO "{table}" ({names}) SELECT {values} FROM "{table}" WHERE rowid = ?', last)  # noqa: S608
        assert find_difference(filled, "b-2"), table
        run_sql(f'DELETE FROM "{table}" WHERE rowid > ?', last)  # noqa: S608


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE ledger_movement SET status = 'done' WHERE row = 4", "Row 4, status: done in .* pending by"),
        ("UPDATE ledger_movement SET main_balance = 1000 WHERE row = 2", "Row 2, main balance: 1.000 .* 987.500"),
        ("UPDATE ledger_movement SET amount = 99500 WHERE row = 2", "Row 2, amount: 99.500 .* 12.500"),
        ("UPDATE ledger_movement SET main_before = 7 WHERE row = 4", "Row 4, main balance before the attempt"),
        ("UPDATE ledger_movement SET position = 30 - position", "Row 2, "),
        ("UPDATE ledger_batch SET state = 'finished'", "Batch b-1, state: finished in the ledger, but stopped"),
        ("UPDATE ledger_batch SET people = '{}'", "Batch b-1, people: none in the ledger, but claire"),
        ("UPDATE ledger_batch SET created_at = '2025-01-01 00:00:00'", "moment of acceptance: 2025-01-01"),
        ("UPDATE ledger_event SET at = '2025-01-01 00:00:00' WHERE number = 6", "Event 6 does not follow"),
        ("UPDATE ledger_reading SET balance = 1 WHERE token = 'sub-1'", "Balances of event 3, balance: 0.001"),
        ("DELETE FROM ledger_movement WHERE row = 4", "Row 4 was accepted, but is not"),
        ("DELETE FROM ledger_event WHERE number > 9", "number of events: 14 in the ledger, but 9 by"),
        ("DELETE FROM ledger_event WHERE number = 1", "Event 1 does not follow"),
        ("DELETE FROM ledger_event", "beginning was removed"),
        ("UPDATE ledger_sheetfile SET data = x'00'", "file that the ledger keeps"),
        ("UPDATE ledger_movement SET note = '{'", "no version writes"),
    ],
)
def test_the_first_place_is_named(database_ledger: DatabaseLedger, statement: str, said: str) -> None:
    from django.db import connection

    if connection.vendor != "sqlite":
        pytest.skip("the same comparison, and other spellings of these statements")
    fill(database_ledger)
    assert find_difference(database_ledger, "b-1") is None
    run_sql(statement)
    assert re.search(said, str(find_difference(database_ledger, "b-1")))


def test_a_batch_that_was_taken_out_is_noticed_by_the_next(filled: DatabaseLedger) -> None:
    fill(filled, "b-3")
    remove(filled, "b-2")
    assert "after batch b-2" in str(find_difference(filled, "b-3"))
    assert "Batch b-3 was accepted after batch b-2, which is not" in str(find_difference(filled, "b-1"))


def remove(ledger: Ledger, name: str) -> None:
    from batch.ledger.orm.models import Batch, Event, Movement, Numbering, Reading

    for lines in (Event, Movement, Reading, Numbering):
        lines.objects.filter(batch=name).delete()
    Batch.objects.filter(name=name).delete()


def rewrite(name: str, change: Callable[[list[Event]], list[Event]]) -> None:
    """Write the chain anew as somebody would who reads this program, with its tip in the batch's line."""
    from batch.ledger.orm.mappers import Trail
    from batch.ledger.orm.models import Batch
    from batch.ledger.orm.models import Event as Line

    tip, changed = chain.Tip(), change(list(Trail(name)))
    Line.objects.filter(batch=name).delete()
    for number, event in enumerate(changed, 1):
        text = chain.write_canonically(event.data)
        digest = chain.hash_event(tip.hash, number, event.at, event.kind, text)
        Line.objects.create(batch_id=name, number=number, at=event.at, kind=event.kind, data=event.data, hash=digest)
        tip = chain.Tip(number, digest)
    Batch.objects.filter(name=name).update(events_count=tip.number, last_hash=tip.hash)


def test_a_chain_that_was_written_anew_is_noticed_by_the_next_batch_and_by_a_hash_on_paper(
    filled: DatabaseLedger,
) -> None:
    printed = filled.view("b-1").events[-1].hash
    assert verify_record(filled, "b-1", [printed])[0].sought == {
        printed: 14,
        **dict.fromkeys(verify_record(filled, "b-1")[0].sought, 14),
    }
    rewrite("b-1", lambda events: [replace(event, at=event.at + timedelta(microseconds=1)) for event in events])
    from batch.ledger.orm.models import Batch, Movement, Reading

    moved = timedelta(microseconds=1)
    for lines, names in (
        (Batch, ("created_at", "running_at", "ended_at")),
        (Movement, ("at", "attempted_at")),
        (Reading, ("at",)),
    ):
        for line in lines.objects.all():
            for name in names:
                setattr(line, name, getattr(line, name) and getattr(line, name) + moved)
            line.save()
    replay, difference = verify_record(filled, "b-1", [printed])
    assert replay.broken is None
    assert replay.sought[printed] is None
    assert "Batch b-2 was accepted when event 14 of batch b-1 was another one" in str(difference)
    remove(filled, "b-2")
    assert find_difference(filled, "b-1") is None  # Only what was put down elsewhere tells now.


def test_a_tail_that_was_cut_off_is_noticed_by_the_next_batch(filled: DatabaseLedger) -> None:
    rewrite("b-1", lambda events: events[:-1])
    from batch.ledger.orm.models import Batch

    Batch.objects.filter(name="b-1").update(state="running", reason=None, ended_at=None)
    assert "its end was cut off" in str(find_difference(filled, "b-1"))


def test_what_is_recorded_after_the_next_batch_began_breaks_nothing(filled: DatabaseLedger) -> None:
    filled.append("b-1", [FileWritten(LATER, "b-1.xlsx", "ab" * 32, "xlsx", "en", "UTC", "0.8.0", 14)])
    assert find_difference(filled, "b-1") is None
    assert find_difference(filled, "b-2") is None


def test_what_an_answer_said_is_kept_through_its_settling(empty_ledger: Ledger) -> None:
    empty_ledger.create(new_batch(["sub-1", Decimal("12.5"), "add"]))
    said = 500, "Non"
    empty_ledger.append(
        "b-1",
        [
            AttemptBegan(NOON, 2, 1, Decimal(1000), Decimal(100)),
            AttemptEnded(NOON, 2, 1, "Doubt", Status.UNKNOWN, *said, note=make_note("provider-failed", code=500)),
            RowSettled(NOON, 2, 1, Status.UNKNOWN, make_note("untold"), None, None, *said),
            RowSettled(NOON, 2, 1, Status.REFUSED, make_note("settled-missing"), None, None, *said),
        ],
    )
    view = empty_ledger.view("b-1")
    assert view.rows[0].result.status is Status.REFUSED
    assert (view.rows[0].result.code, view.rows[0].result.message) == said
    assert find_difference(empty_ledger, "b-1") is None


@given(st.integers(min_value=4, max_value=14))
def test_a_batch_can_be_rebuilt_as_it_stood_after_any_of_its_events(count: int) -> None:
    ledger = known_to(MemoryLedger())
    fill(ledger)
    whole = ledger.view("b-1")
    then = known_to(MemoryLedger())
    then.create(ledger._batches["b-1"].new)
    kept = then._batches["b-1"]
    for fact in FACTS[: count - len(kept.events)]:
        then.append("b-1", [fact])
    rebuilt, expected = rebuild_view(whole, count), then.view("b-1")
    assert rebuilt.rows == expected.rows
    assert rebuilt.events == expected.events
    opening = expected.head.opening
    assert opening is not None
    named = {token: held for token, held in opening.subaccounts.items() if token in {"sub-1", "sub-2"}}
    assert rebuilt.head == replace(expected.head, opening=replace(opening, subaccounts=named))
