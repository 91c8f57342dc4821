"""What screens ask of the ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from batch.errors import LedgerError
from batch.ledger.events import AttemptBegan, AttemptEnded, BalancesRead, Purpose, StateChanged
from batch.model import BatchState, Cell, Status, make_tally
from batch.notes import make_note
from tests.builders import NOON, new_batch

if TYPE_CHECKING:
    from batch.ledger.orm.store import DatabaseLedger

ROWS: tuple[list[Cell], ...] = (
    ["sub-1", Decimal("12.5"), "add"], ["sub-2", "?", "add"], ["sub-2", Decimal(5), "remove"],
    ["sub-1", Decimal(7), "add"], ["sub-2", Decimal(3), "add"],
)  # fmt: skip
"""Rows 2 to 6; row 3 is invalid."""


@pytest.fixture
def ledger(database_ledger: DatabaseLedger) -> DatabaseLedger:
    made = database_ledger
    made.create(new_batch(*ROWS))
    begin(made, 2, 0)
    end(made, 2, 1, Status.DONE)
    begin(made, 4, 2)
    end(made, 4, 3, Status.REFUSED)
    begin(made, 5, 4)
    return made


def begin(ledger: DatabaseLedger, row: int, seconds: int) -> None:
    ledger.append("b-1", [AttemptBegan(NOON + timedelta(seconds=seconds), row, 1, Decimal(1000), Decimal(100))])


def end(ledger: DatabaseLedger, row: int, seconds: int, status: Status) -> None:
    at = NOON + timedelta(seconds=seconds)
    ledger.append("b-1", [AttemptEnded(at, row, 1, "Outcome", status, None, None, Decimal(987), Decimal(113))])


def test_an_amount_that_goes_no_way_is_in_no_tally(ledger: DatabaseLedger) -> None:
    from batch.ledger.orm.queries import read_line

    ledger.create(new_batch(["sub-1", Decimal(8), "sideways"], ["sub-1", Decimal(2), "add"], name="b-2"))
    found = read_line("b-2").tally
    assert found == make_tally(ledger.view("b-2").rows)
    assert (found.rows[Status.INVALID], found.euros[Status.INVALID]) == (1, Decimal(0))


def test_a_batch_without_rows_has_an_empty_tally(ledger: DatabaseLedger) -> None:
    from batch.ledger.orm.queries import read_line

    ledger.create(new_batch(name="empty"))
    assert read_line("empty").tally == make_tally(())


def test_lines_of_batches_are_newest_first(ledger: DatabaseLedger) -> None:
    from batch.ledger.orm.queries import list_newest_batches

    for number in range(2, 6):
        ledger.create(replace(new_batch(*ROWS, name=f"b-{number}"), at=NOON + timedelta(days=number)))
    lines = list_newest_batches(2)
    assert [line.head.batch for line in lines] == ["b-5", "b-4"]
    assert len(list_newest_batches()) == 5
    assert lines[0].tally.rows[Status.PENDING] == 4


def test_batches_are_found_by_state(ledger: DatabaseLedger) -> None:
    from batch.ledger.orm.queries import list_newest_batches

    ledger.create(new_batch(*ROWS, name="b-2"))
    ledger.append("b-2", [StateChanged(NOON, BatchState.STOPPED, make_note("interrupted"))])
    assert [line.head.batch for line in list_newest_batches(states=(BatchState.STOPPED,))] == ["b-2"]


def test_a_line_has_the_main_accounts_balances_only(ledger: DatabaseLedger) -> None:
    from batch.ledger.orm.queries import read_line

    closing = BalancesRead(NOON, Purpose.CLOSING, Decimal("987.500"), {"sub-1": Decimal("112.500")})
    ledger.append("b-1", [closing])
    head, whole = read_line("b-1").head, ledger.read_head("b-1")
    assert head.opening is not None
    assert whole.opening is not None
    assert (head.opening.main, dict(head.opening.subaccounts)) == (whole.opening.main, {})
    assert head.closing is not None
    assert head.closing.main == Decimal("987.500")


def test_a_row_with_its_events(ledger: DatabaseLedger) -> None:
    from batch.ledger.orm.queries import find_row, list_events

    assert find_row("b-1", 4) == ledger.view("b-1").rows[2]
    assert find_row("b-1", 9) is None
    assert [event.kind for event in list_events("b-1", 4)] == ["attempt-began", "attempt-ended"]
    assert list_events("b-1", 4)[0] == ledger.view("b-1").events[6]
    assert list_events("b-1") == tuple(ledger.view("b-1").events)


def test_progress_has_the_rows_that_ended_last_newest_first(ledger: DatabaseLedger) -> None:
    from batch.ledger.orm.queries import read_progress

    far = read_progress("b-1", 2)
    assert [entry.row.number for entry in far.last] == [5, 4]
    assert far.tally.rows[Status.UNKNOWN] == 1
    assert far.head.batch == "b-1"


def test_the_history_of_a_token_is_newest_first_over_all_batches(ledger: DatabaseLedger) -> None:
    from batch.ledger.orm.queries import list_history

    ledger.create(replace(new_batch(*ROWS, name="b-2"), at=NOON + timedelta(days=1)))
    past = list_history("sub-1")
    assert [(entry.batch, entry.row.row.number) for entry in past] == [("b-2", 5), ("b-2", 2), ("b-1", 5), ("b-1", 2)]
    assert past[3].row.result.status is Status.DONE
    assert [entry.batch for entry in list_history("sub-1", 1, 2)] == ["b-2", "b-1"]
    assert list_history("nobody") == ()


def test_a_batch_without_its_rows_has_its_columns(ledger: DatabaseLedger) -> None:
    from batch.ledger.orm.queries import read_without_rows

    view = read_without_rows("b-1")
    assert (view.rows, view.events) == ((), ())
    assert view.columns == ledger.view("b-1").columns
    assert view.head == ledger.read_head("b-1")
    with pytest.raises(LedgerError, match="no batch b-9"):
        read_without_rows("b-9")


def test_however_many_batches_there_are_the_list_takes_as_many_questions(ledger: DatabaseLedger) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from batch.ledger.orm.queries import list_newest_batches

    for number in range(2, 8):
        ledger.create(new_batch(*ROWS, name=f"b-{number}"))
    with CaptureQueriesContext(connection) as asked:
        list_newest_batches()
    assert len(asked) == 3
