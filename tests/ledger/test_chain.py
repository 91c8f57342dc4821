"""The chain shows where the record was changed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from itertools import pairwise
from typing import get_args

import pytest

from batch.ledger import events as chain
from batch.ledger.events import StateChanged
from batch.ledger.replay import replay_events
from batch.model import BatchState, Event
from tests.builders import NOON, make_event


def events() -> list[Event]:
    made: list[Event] = []
    tip = chain.Tip()
    for state in (BatchState.APPROVED, BatchState.RUNNING, BatchState.FINISHED):
        made.append(make_event(tip, StateChanged(NOON, state)))
        tip = chain.Tip(made[-1].number, made[-1].hash)
    return made


def test_a_hash_is_over_canonical_json() -> None:
    for previous, event in pairwise([Event(0, NOON, "", {}, chain.GENESIS), *events()]):
        whole = [previous.hash, event.number, "2026-01-31T12:00:00.000000+00:00", event.kind, event.data]
        text = json.dumps(whole, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
        assert event.hash == hashlib.sha256(text.encode()).hexdigest()


def test_every_fact_has_a_name() -> None:
    assert set(chain.KINDS) == set(get_args(chain.Fact))


@pytest.mark.parametrize("name", chain.KINDS.values())
def test_the_name_of_a_kind_is_written_in_json_as_it_is(name: str) -> None:
    assert json.dumps(name) == f'"{name}"'


def test_an_untouched_chain_is_whole() -> None:
    assert replay_events(events()).broken is None


@pytest.mark.parametrize("change", [{"kind": "other"}, {"data": {"state": "rejected"}}, {"hash": "0" * 64}])
def test_a_changed_event_is_named(change: dict[str, object]) -> None:
    changed = events()
    changed[1] = replace(changed[1], **change)  # type: ignore[arg-type]
    assert replay_events(changed).broken == 2


def test_a_removed_event_is_noticed() -> None:
    first, _, last = events()
    assert replay_events([first, last]).broken == 2
