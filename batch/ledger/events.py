"""The facts that a ledger keeps, how they are written down, and how each is chained to the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from batch.findings import Finding
from batch.model import BatchState, Cell, SheetRow, Status
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


ROW_ITEMS = ("row", "cells", "token", "direction", "amount", "findings", "turn")
"""What the items of an encoded row are, by the names of their columns."""


def encode_row(row: SheetRow, turn: int | None) -> list[Any]:
    """Make the list of a row's number, cells, token, direction, amount, findings, and turn among those to be sent."""
    return [
        row.number,
        [encode_cell(cell) for cell in row.cells],
        row.token,
        row.direction.value if row.direction else None,
        None if row.amount is None else encode_balance(row.amount),
        [encode_finding(finding) for finding in row.findings],
        turn,
    ]


def decode_finding(value: dict[str, Any]) -> Finding:
    return Finding(value["code"], value["row"], value["cell"], value["params"])


class Purpose(StrEnum):
    """Why balances were read."""

    OPENING = "opening"
    CLOSING = "closing"
    SETTLING = "settling"
    RESUMING = "resuming"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a batch stands in its ledger: which it is, after which of its account, and what is known of that."""

    number: int
    """Counts the ledger's batches."""
    previous: Mapping[str, Any] | None
    """The account's batch before, as "batch", "events" and "hash": so none can be taken out. None: it is the first."""
    account: Mapping[str, Any]
    """As `describe_account` has it."""


def describe_account(
    number: int,
    address: str,
    name: str,
    tokens: Sequence[str],
    since: datetime,
    keys: Iterable[tuple[str, str, datetime]],
) -> dict[str, Any]:
    """Describe an account and the keys that it was used with (address, fingerprint and first use of each)."""
    return {
        "id": number,
        "address": address,
        "name": name,
        "tokens_sha256": hashlib.sha256(json.dumps(list(tokens)).encode()).hexdigest(),
        "created_at": write_moment(since),
        "keys": sorted([its_address, fingerprint, write_moment(at)] for its_address, fingerprint, at in keys),
    }


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
    size: int
    is_kept: bool
    """Whether the ledger keeps the file itself."""
    sheet: str | None
    columns: tuple[str, ...]
    roles: Mapping[str, int]
    findings: tuple[Mapping[str, Any], ...]
    """About the sheet as a whole; those about its rows are with these."""
    api_url: str
    account: str
    key_fingerprint: str
    options: tuple[str, ...]
    why: str | None
    prepared: str | None
    approved: tuple[str, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class RowsAccepted:
    """Some of the accepted rows as `encode_row` has them, in the sheet's order: all of them follow the acceptance."""

    at: datetime
    rows: tuple[list[Any], ...]


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


@dataclass(frozen=True, slots=True)
class EntriesNumbered:
    """Entries got their numbers, once and for all: the row at each place of `numbered` the first number and its place.

    The numbers of a journal and a fiscal year, which its closing day names, have no gap over all batches of a ledger.
    """

    at: datetime
    journal: str
    """Its code."""
    closes_on: date
    first: int
    numbered: tuple[int, ...]

    @property
    def last(self) -> int:
        return self.first + len(self.numbered) - 1


@dataclass(frozen=True, slots=True)
class FileWritten:
    """A file tells of the batch as it was after so many events: a file with this SHA-256 is that one."""

    at: datetime
    name: str
    sha256: str
    format: str
    language: str
    zone: str
    version: str
    """The program's."""
    events: int


@dataclass(frozen=True, slots=True)
class TipSigned:
    """The message of an earlier tip (see `make_tip_message`) was signed. Key and signature are in base64."""

    at: datetime
    events: int
    hash: str
    key: str
    signature: str


@dataclass(frozen=True, slots=True)
class TipStamped:
    """An authority has put the time on the message of an earlier tip; `token` is its answer (RFC 3161) in base64."""

    at: datetime
    events: int
    hash: str
    authority: str
    token: str


RowFact = AttemptBegan | AttemptEnded | RowSettled | RowDoubted | PersonDecided
Proof = FileWritten | TipSigned | TipStamped
"""What is recorded of the record itself: it moves nothing."""
Fact = (
    RowFact
    | Accepted
    | RowsAccepted
    | BalancesRead
    | OptionsChanged
    | KeyChanged
    | StateChanged
    | EntriesNumbered
    | Proof
)

KINDS: Mapping[type[Fact], str] = {
    Accepted: "accepted",
    RowsAccepted: "rows-accepted",
    AttemptBegan: "attempt-began",
    AttemptEnded: "attempt-ended",
    BalancesRead: "balances-read",
    RowSettled: "row-settled",
    RowDoubted: "row-doubted",
    PersonDecided: "person-decided",
    OptionsChanged: "options-changed",
    KeyChanged: "key-changed",
    StateChanged: "state-changed",
    EntriesNumbered: "entries-numbered",
    FileWritten: "file-written",
    TipSigned: "tip-signed",
    TipStamped: "tip-stamped",
}
PROOFS = frozenset({KINDS[FileWritten], KINDS[TipSigned], KINDS[TipStamped]})
"""The kinds of what is recorded of the record itself."""
_FIELDS = {kind: tuple(field.name for field in fields(kind) if field.name != "at") for kind in KINDS}


def _encode_value(value: object) -> object:
    """Make JSON of what a fact holds besides texts and whole numbers: money is text with three decimals."""
    if isinstance(value, Decimal):
        return encode_balance(value)
    if isinstance(value, Note):
        return encode_note(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Origin):
        return asdict(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a fact holds no {type(value).__name__}")


GENESIS = "0" * 64
"""What the first event of a batch is hashed over."""
write_canonically = json.JSONEncoder(
    ensure_ascii=True, sort_keys=True, separators=(",", ":"), default=_encode_value
).encode
"""Write JSON of which there is one spelling: ASCII, keys in order, no spaces."""


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
    data = write_canonically({name: getattr(fact, name) for name in _FIELDS[type(fact)]})
    return StoredEvent(number, fact.at, kind, data, hash_event(tip.hash, number, fact.at, kind, data))


def hash_event(previous: str, number: int, at: datetime, kind: str, data: str) -> str:
    """Compute SHA-256 over the hash before and the event as canonical JSON."""
    return hashlib.sha256(write_event(previous, number, at, kind, data).encode()).hexdigest()


def write_event(previous: str, number: int, at: datetime, kind: str, data: str) -> str:
    """Write the text that an event's hash is over."""
    # As JSON would write them: none of these texts has a character in it that is written otherwise.
    return f'["{previous}",{number},"{write_moment(at)}","{kind}",{data}]'


def write_moment(at: datetime) -> str:
    """Write a moment in UTC with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def make_tip_message(batch: str, tip: Tip) -> bytes:
    """Make the message that names a tip: what is signed, and what an authority puts the time on."""
    return write_canonically({"batch": batch, "events": tip.number, "hash": tip.hash}).encode()
