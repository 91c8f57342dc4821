"""A record that was changed says where."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from batch.ledger import events as chain
from batch.ledger.events import AttemptBegan, AttemptEnded, PersonDecided, RowSettled, StateChanged
from batch.ledger.protocol import Ledger
from batch.ledger.verify import find_difference
from batch.model import BatchState, BatchView, Cell, Event, People, Status
from batch.notes import make_note
from tests.builders import NOON, new_batch
from tests.ledger_in_memory import MemoryLedger

ROWS: tuple[list[Cell], ...] = (
    ["sub-1", Decimal("12.5"), "add"],
    ["sub-2", "?", "add"],
    ["sub-2", Decimal(5), "remove"],
)
AFTER = Decimal("987.500"), Decimal("112.500")


def record(ledger: Ledger) -> BatchView:
    ledger.create(replace(new_batch(*ROWS), people=People("claire", ("marc",))))
    ledger.append(
        "b-1",
        [
            StateChanged(NOON, BatchState.RUNNING, by="anne"),
            AttemptBegan(NOON, 2, 1, Decimal(1000), Decimal(100)),
            AttemptEnded(NOON, 2, 1, "Applied", Status.DONE, 200, None, *AFTER),
            AttemptBegan(NOON, 4, 1, *AFTER),
            AttemptEnded(NOON, 4, 1, "Doubt", Status.UNKNOWN, None, "reset"),
            RowSettled(NOON, 4, 1, Status.UNKNOWN, make_note("untold")),
            PersonDecided(NOON, 4, 1, applied=False, who="accounts", why="seen on the site"),
            StateChanged(NOON, BatchState.STOPPED, make_note("interrupted")),
        ],
    )
    return ledger.view("b-1")


def test_an_untouched_record_is_whole(empty_ledger: Ledger) -> None:
    assert find_difference(record(empty_ledger)) is None


def with_row(view: BatchView, at: int, amount: str | None = None, **result: object) -> BatchView:
    rows = list(view.rows)
    row = rows[at].row if amount is None else replace(rows[at].row, amount=Decimal(amount))
    rows[at] = replace(rows[at], row=row, result=replace(rows[at].result, **result))  # type: ignore[arg-type]
    return replace(view, rows=tuple(rows))


def with_code_in_event(view: BatchView, at: int, code: int) -> BatchView:
    events = list(view.events)
    events[at] = replace(events[at], data={**events[at].data, "code": code})
    return replace(view, events=tuple(events))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda view: with_row(view, 2, status=Status.DONE), "Row 4 is done.*pending"),
        (lambda view: with_row(view, 0, main_balance=Decimal(1)), "main balance"),
        (lambda view: with_row(view, 0, amount="99.5"), "rows of the sheet"),
        (lambda view: with_code_in_event(view, 5, 8), "Event 6"),
        (lambda view: replace(view, head=replace(view.head, state=BatchState.FINISHED)), "finished"),
        (lambda view: replace(view, events=view.events[:-2]), ""),
    ],
)
def test_what_was_changed_is_named(empty_ledger: Ledger, change: Callable[[BatchView], BatchView], said: str) -> None:
    found = find_difference(change(record(empty_ledger)))
    assert found is not None
    assert re.search(said, found)


@pytest.mark.parametrize(
    "people",
    [
        People("somebody", ("marc",), ("anne",)),
        People("claire", (), ("anne",)),
        People("claire", ("marc",), ("anne", "lea")),
    ],
)
def test_people_changed_in_the_ledger_are_noticed(people: People) -> None:
    view = record(MemoryLedger())
    assert "people" in str(find_difference(replace(view, head=replace(view.head, people=people))))


def test_a_record_of_before_people_were_named_is_whole() -> None:
    view = record(MemoryLedger())
    old = replace(without(view, {"prepared", "approved", "by"}), head=replace(view.head, people=People()))
    assert find_difference(old) is None


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
    assert find_difference(view) is None


def test_a_record_of_before_that_was_kept_is_whole() -> None:
    """What was settled then was done, pending or unknown, and said nothing else."""
    view = record(MemoryLedger())
    settled = [event for event in view.events if event.kind == "row-settled"]
    assert [set(event.data) >= {"code", "message"} for event in settled] == [True]
    assert find_difference(without(view, {"code", "message"}, kind="row-settled")) is None


def without(view: BatchView, names: set[str], kind: str | None = None) -> BatchView:
    """The record as it would have been before its events, or those of a kind, had these particulars."""
    events: list[Event] = []
    for event in view.events:
        is_old = kind in {None, event.kind}
        data = {name: value for name, value in event.data.items() if not is_old or name not in names}
        before = events[-1].hash if events else chain.GENESIS
        text = json.dumps(data, sort_keys=True, separators=(",", ":"))
        digest = chain.hash_event(before, event.number, event.at, event.kind, text)
        events.append(Event(event.number, event.at, event.kind, data, digest))
    return replace(view, events=tuple(events))
