"""The chain shows where the record was changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batch.ledger import chain
from batch.ledger.facts import StateChanged
from batch.model import BatchState, Event
from tests.builders import NOON


def events() -> list[Event]:
    made: list[Event] = []
    tip = chain.Tip()
    for state in (BatchState.APPROVED, BatchState.RUNNING, BatchState.FINISHED):
        made.append(chain.next_event(tip, StateChanged(NOON, state)))
        tip = chain.Tip(made[-1].number, made[-1].hash)
    return made


def test_an_untouched_chain_is_whole() -> None:
    assert chain.first_break(events()) is None


@pytest.mark.parametrize("change", [{"kind": "other"}, {"data": {"state": "rejected"}}, {"hash": "0" * 64}])
def test_a_changed_event_is_named(change: dict[str, object]) -> None:
    changed = events()
    changed[1] = replace(changed[1], **change)  # type: ignore[arg-type]
    assert chain.first_break(changed) == 2


def test_a_removed_event_is_noticed() -> None:
    first, _, last = events()
    assert chain.first_break([first, last]) == 2
