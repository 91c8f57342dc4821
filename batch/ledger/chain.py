"""The audit trail's chain: each event's hash is over the hash before it and the event's canonical form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from batch.ledger.facts import Fact, data_of, kind_of
from batch.model import Event

GENESIS = "0" * 64
"""What the first event of a batch is hashed over."""


def next_event(number: int, previous_hash: str, fact: Fact) -> Event:
    """The event that records the fact as number `number` of its batch, counted from 1."""
    kind, data = kind_of(fact), data_of(fact)
    return Event(number, fact.at, kind, data, _hash(previous_hash, number, fact.at, kind, data))


def first_break(events: Sequence[Event]) -> int | None:
    """The number of the first event that does not follow from the one before; None for a whole chain."""
    previous = GENESIS
    for number, event in enumerate(events, start=1):
        if event.number != number or event.hash != _hash(previous, number, event.at, event.kind, event.data):
            return number
        previous = event.hash
    return None


def _hash(previous: str, number: int, at: datetime, kind: str, data: object) -> str:
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    form = json.dumps([previous, number, moment, kind, data], ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(form.encode()).hexdigest()
