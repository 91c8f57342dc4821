"""The facts that a ledger keeps, how they are written down, and how each is chained to the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from batch.findings import Finding
from batch.model import BatchState, Cell, Event, Status
from batch.money import encode_balance
from batch.notes import Note, encode_note


def encode_cell(cell: Cell) -> Any:
    """Leave text, truth values and blanks; make {"n": "12.5"} of a number, {"d": "2026-01-31T00:00:00"} of a date."""
    if isinstance(cell, Decimal):
        return {"n": str(cell)}
    if isinstance(cell, datetime):
        return {"d": cell.isoformat()}
    return cell


def decode_cell(value: Any) -> Cell:
    """Give the cell back that was encoded."""
    if isinstance(value, dict):
        return Decimal(value["n"]) if "n" in value else datetime.fromisoformat(value["d"])
    return value if isinstance(value, str | bool) else None


def encode_finding(finding: Finding) -> dict[str, Any]:
    """Leave out the finding's words, which belong to the reader's language."""
    return {"code": finding.code, "row": finding.row, "cell": finding.cell, "params": dict(finding.params)}


def decode_finding(value: dict[str, Any]) -> Finding:
    return Finding(value["code"], value["row"], value["cell"], value["params"])


class Purpose(StrEnum):
    """Why balances were read."""

    OPENING = "opening"
    CLOSING = "closing"
    SETTLING = "settling"
    RESUMING = "resuming"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A plan was accepted: which, of which file, for which account. Always a batch's first fact."""

    at: datetime
    batch: str
    digest: str
    file_name: str
    sha256: str
    rows: int
    movements: int
    added: Decimal
    removed: Decimal
    rows_sha256: str
    """Over every row as it was read, so that the rows cannot be changed unnoticed."""
    api_url: str
    account: str
    key_fingerprint: str
    options: tuple[str, ...]
    why: str | None
    prepared: str | None = None
    approved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AttemptBegan:
    """Committed before the first byte is sent. The balances are the last ones known, None if never read."""

    at: datetime
    row: int
    attempt: int
    main_balance: Decimal | None
    subaccount_balance: Decimal | None


@dataclass(frozen=True, slots=True)
class AttemptEnded:
    """What the attempt came to. `outcome` is the name of an `Outcome`, and `status` what the row now is.

    `message` is the provider's, `note` is ours.
    """

    at: datetime
    row: int
    attempt: int
    outcome: str
    status: Status
    code: int | None
    message: str | None
    main_balance: Decimal | None = None
    subaccount_balance: Decimal | None = None
    note: Note | None = None


@dataclass(frozen=True, slots=True)
class BalancesRead:
    """The main account's and some sub-accounts' balances, as the provider gave them."""

    at: datetime
    purpose: Purpose
    main_balance: Decimal
    subaccounts: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class RowSettled:
    """What the balances say of a row in doubt. Balances are those of the last reading.

    Settled as not applied is what the answer said: `refused` with its code and message, else `pending`. Neither is
    `unknown`, and keeps what the answer said.
    """

    at: datetime
    row: int
    attempt: int
    status: Status
    note: Note
    main_balance: Decimal | None = None
    subaccount_balance: Decimal | None = None
    code: int | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class PersonDecided:
    """Who decided about a doubt that the balances did not settle, and why."""

    at: datetime
    row: int
    attempt: int
    applied: bool
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class RowDoubted:
    """Balances say that a row may have been applied without the ledger: it is in doubt, and a person decides.

    `attempt` is how many were made so far, which may be none. The balances are those that say so.
    """

    at: datetime
    row: int
    attempt: int
    note: Note
    main_balance: Decimal | None = None
    subaccount_balance: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OptionsChanged:
    """What was chosen for the batch is replaced by what was given when it was resumed."""

    at: datetime
    options: tuple[str, ...]
    by: str | None = None


@dataclass(frozen=True, slots=True)
class KeyChanged:
    """The batch goes on with another key of its account."""

    at: datetime
    key_fingerprint: str
    api_url: str
    by: str | None = None


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The batch's state; a stop has a reason.

    `by` is who started, resumed or abandoned it; the reason of who abandoned it is in that person's words.
    """

    at: datetime
    state: BatchState
    reason: Note | None = None
    by: str | None = None


RowFact = AttemptBegan | AttemptEnded | RowSettled | RowDoubted | PersonDecided
Fact = RowFact | Accepted | BalancesRead | OptionsChanged | KeyChanged | StateChanged

KINDS: Mapping[type[Fact], str] = {
    Accepted: "accepted",
    AttemptBegan: "attempt-began",
    AttemptEnded: "attempt-ended",
    BalancesRead: "balances-read",
    RowSettled: "row-settled",
    RowDoubted: "row-doubted",
    PersonDecided: "person-decided",
    OptionsChanged: "options-changed",
    KeyChanged: "key-changed",
    StateChanged: "state-changed",
}
_FIELDS = {kind: tuple(field.name for field in fields(kind) if field.name != "at") for kind in KINDS}


def _encode_value(value: object) -> object:
    """Make JSON of what a fact holds besides texts and whole numbers: money is text with three decimals."""
    if isinstance(value, Decimal):
        return encode_balance(value)
    if isinstance(value, Note):
        return encode_note(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a fact holds no {type(value).__name__}")


GENESIS = "0" * 64
"""What the first event of a batch is hashed over."""
_canonical = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":"), default=_encode_value).encode


@dataclass(frozen=True, slots=True)
class Tip:
    """Where a batch's chain ends: the number and the hash of its last event."""

    number: int = 0
    hash: str = GENESIS


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it is stored: its data are text already, the same that its hash is over."""

    number: int
    at: datetime
    kind: str
    data: str
    hash: str


def make_stored_event(tip: Tip, fact: Fact) -> StoredEvent:
    """Chain the fact to the tip. Its time is not among its data."""
    number, kind = tip.number + 1, KINDS[type(fact)]
    data = _canonical({name: getattr(fact, name) for name in _FIELDS[type(fact)]})
    return StoredEvent(number, fact.at, kind, data, hash_event(tip.hash, number, fact.at, kind, data))


def find_break(events: Sequence[Event]) -> int | None:
    """Find the number of the first event that does not follow from the one before; None for a whole chain."""
    previous = GENESIS
    for number, event in enumerate(events, start=1):
        digest = hash_event(previous, number, event.at, event.kind, _canonical(event.data))
        if event.number != number or event.hash != digest:
            return number
        previous = digest
    return None


def hash_event(previous: str, number: int, at: datetime, kind: str, data: str) -> str:
    """Compute SHA-256 over the hash before and the event as canonical JSON; the time is in UTC with microseconds."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    # As JSON would write them: none of these texts has a character in it that is written otherwise.
    return hashlib.sha256(f'["{previous}",{number},"{moment}","{kind}",{data}]'.encode()).hexdigest()
