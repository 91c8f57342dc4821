"""The audit trail of a batch in the database, which is read as it is gone through."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from batch.errors import LedgerError
from batch.ledger.events import AttemptBegan, AttemptEnded, Fact
from batch.model import Status
from tests.builders import NOON, new_batch

if TYPE_CHECKING:
    from batch.ledger.orm.store import DatabaseLedger

ATTEMPTS = 1200
"""More than are read at once."""


@pytest.fixture
def ledger(database_ledger: DatabaseLedger) -> DatabaseLedger:
    database_ledger.create(new_batch(["sub-1", Decimal("12.5"), "add"]))
    return database_ledger


def attempts(first: int, count: int) -> list[Fact]:
    facts: list[Fact] = []
    for number in range(first, first + count):
        at = NOON + timedelta(seconds=number)
        facts.append(AttemptBegan(at, 2, number, Decimal(1000), Decimal(100)))
        facts.append(AttemptEnded(at, 2, number, "NotApplied", Status.REFUSED, 8, None))
    return facts


def test_a_trail_has_every_event_once_and_in_order_however_many_there_are(ledger: DatabaseLedger) -> None:
    ledger.append("b-1", attempts(1, ATTEMPTS))
    events = ledger.view("b-1").events
    numbers = [event.number for event in events]
    assert numbers == list(range(1, len(events) + 1))
    assert len(events) > 2 * ATTEMPTS


def test_a_trail_can_be_gone_through_twice_at_once(ledger: DatabaseLedger) -> None:
    ledger.append("b-1", attempts(1, 3))
    events = ledger.view("b-1").events
    assert [(one.number, other.number) for one, other in zip(events, events, strict=True)] == [
        (number, number) for number in range(1, len(events) + 1)
    ]


def test_the_beginning_of_a_trail_is_a_trail_of_its_own(ledger: DatabaseLedger) -> None:
    ledger.append("b-1", attempts(1, 3))
    events = ledger.view("b-1").events
    whole = tuple(events)
    for count in range(1, len(whole) + 2):
        beginning = events[:count]
        assert type(beginning) is type(events)
        assert tuple(beginning) == whole[:count]
        assert (len(beginning), beginning[-1]) == (len(whole[:count]), whole[:count][-1])
    for other in (slice(0), slice(2, 4), slice(None, None, 2), slice(-2, None)):
        assert tuple(events[other]) == whole[other]


def test_what_happens_later_is_not_in_a_trail_that_was_made_before(ledger: DatabaseLedger) -> None:
    ledger.append("b-1", attempts(1, 2))
    before = ledger.view("b-1").events
    count, last = len(before), before[-1]
    ledger.append("b-1", attempts(3, 2))
    assert (len(before), len(tuple(before)), before[-1]) == (count, count, last)
    assert len(ledger.view("b-1").events) == count + 4


def test_a_trail_is_indexed_and_cut_as_a_tuple_is(ledger: DatabaseLedger) -> None:
    ledger.append("b-1", attempts(1, 4))
    events = ledger.view("b-1").events
    known = tuple(events)
    assert [events[at] for at in (0, 1, -1, -len(known))] == [known[at] for at in (0, 1, -1, -len(known))]
    assert (events[2:-1], events[::-3]) == (known[2:-1], known[::-3])
    with pytest.raises(IndexError):
        events[len(known)]


def test_a_trail_whose_database_is_broken_says_so_in_one_sentence(ledger: DatabaseLedger) -> None:
    from django.db import connections

    events = ledger.view("b-1").events
    with connections["default"].cursor() as cursor:
        cursor.execute('DROP TABLE "ledger_event"')
    with pytest.raises(LedgerError, match="cannot be read"):
        tuple(events)
