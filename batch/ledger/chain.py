"""The audit trail's chain: each event's hash is over the hash before it and the event's canonical form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from batch.ledger.facts import Fact, data_of, kind_of
from batch.model import Event

GENESIS = "0" * 64
"""What the first event of a batch is hashed over."""
_canonical = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Tip:
    """Where a batch's chain ends: the number and the hash of its last event."""

    number: int = 0
    hash: str = GENESIS


@dataclass(frozen=True, slots=True)
class Line:
    """An event as it is stored: its data are text already, the same that its hash is over."""

    number: int
    at: datetime
    kind: str
    data: str
    hash: str


def next_line(tip: Tip, fact: Fact) -> Line:
    """The fact as the event that follows on the tip."""
    return _line(tip, fact, data_of(fact))


def next_event(tip: Tip, fact: Fact) -> Event:
    """The same, as everybody but a database wants it."""
    data = data_of(fact)
    line = _line(tip, fact, data)
    return Event(line.number, line.at, line.kind, data, line.hash)


def hash_of(previous: str, number: int, at: datetime, kind: str, data: Mapping[str, object]) -> str:
    """SHA-256 over the hash before and the event as canonical JSON; the time is in UTC with microseconds."""
    return _hash(previous, number, at, kind, _canonical(data))


def first_break(events: Sequence[Event]) -> int | None:
    """The number of the first event that does not follow from the one before; None for a whole chain."""
    previous = GENESIS
    for number, event in enumerate(events, start=1):
        if event.number != number or event.hash != hash_of(previous, number, event.at, event.kind, event.data):
            return number
        previous = event.hash
    return None


def _line(tip: Tip, fact: Fact, data: Mapping[str, object]) -> Line:
    number, kind, text = tip.number + 1, kind_of(fact), _canonical(data)
    return Line(number, fact.at, kind, text, _hash(tip.hash, number, fact.at, kind, text))


def _hash(previous: str, number: int, at: datetime, kind: str, data: str) -> str:
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    # As JSON would write them: none of these texts has a character in it that is written otherwise.
    return hashlib.sha256(f'["{previous}",{number},"{moment}","{kind}",{data}]'.encode()).hexdigest()
