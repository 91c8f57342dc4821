"""What a batch's events say by themselves, taken one after the other: its chain, head, rows and readings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol, runtime_checkable

from batch.ledger.events import (
    GENESIS,
    KINDS,
    PROOFS,
    AttemptBegan,
    AttemptEnded,
    BalancesRead,
    EntriesNumbered,
    PersonDecided,
    Purpose,
    RowDoubted,
    RowFact,
    RowSettled,
    Tip,
    hash_event,
    write_canonically,
)
from batch.ledger.old_sentences import read_reason, read_row_note
from batch.ledger.projection import add_person, apply_fact, choose_end_balances, find_end
from batch.model import Balances, BatchRow, BatchState, BatchView, Event, People, RowResult, Status
from batch.notes import Note, make_note

_WAITING, _NEVER_SENT = RowResult(Status.PENDING), RowResult(Status.INVALID)


@dataclass(frozen=True, slots=True)
class ReplayedReading:
    """A balance as an event has it; without a token it is the main account's."""

    event: int
    at: datetime
    purpose: str
    token: str | None
    balance: Decimal


@dataclass(slots=True)
class Replay:
    """What the events that were taken so far come to. Nothing is taken any more after the chain was found broken."""

    tip: Tip = field(default_factory=Tip)
    broken: int | None = None
    """The number of the first event that does not follow from the one before."""
    accepted: Mapping[str, Any] | None = None
    accepted_at: datetime | None = None
    plan: list[str] = field(default_factory=list)
    """Each row as it was accepted, in the sheet's order, as canonical JSON. A batch of an older version has none."""
    results: dict[int, RowResult] = field(default_factory=dict)
    """What has become of each row, by its number."""
    before: dict[int, tuple[Decimal | None, Decimal | None]] = field(default_factory=dict)
    """The balances known before each row's last attempt: the main account's, the sub-account's."""
    readings: list[ReplayedReading] = field(default_factory=list)
    state: BatchState | None = None
    reason: Note | None = None
    running_at: datetime | None = None
    ended_at: datetime | None = None
    people: People = field(default_factory=People)
    options: tuple[str, ...] = ()
    keys: list[tuple[str, str]] = field(default_factory=list)
    """Address and fingerprint of each key that it was run with."""
    numberings: list[EntriesNumbered] = field(default_factory=list)
    proofs: list[Event] = field(default_factory=list)
    """The events that tell of files, signatures and time stamps."""
    tips_of_proofs: dict[int, Tip] = field(default_factory=dict)
    """Where the chain ended before each of them."""
    sought: dict[str, int | None] = field(default_factory=dict)
    """Of hashes that somebody asks for: which event has it."""

    @property
    def is_of_old_version(self) -> bool:
        """Whether it was accepted before the whole record was among the events."""
        return self.accepted is None or "origin" not in self.accepted

    def get_result(self, row: int, *, is_valid: bool) -> RowResult:
        return self.results.get(row) or (_WAITING if is_valid else _NEVER_SENT)

    def take(self, event: Event) -> None:
        """Take the next event."""
        before, number = self.tip, self.tip.number + 1
        digest = hash_event(self.tip.hash, number, event.at, event.kind, write_canonically(event.data))
        if event.number != number or event.hash != digest:
            self.broken = number
            return
        self.tip = Tip(number, digest)
        if digest in self.sought:
            self.sought[digest] = number
        data: Mapping[str, Any] = event.data
        match event.kind:
            case "accepted" if number == 1:
                self._begin(event.at, data)
            case "rows-accepted":
                self.plan.extend(map(write_canonically, data["rows"]))
            case "balances-read":
                self._read(event.at, data)
            case "options-changed":
                self.options = tuple(data["options"])
            case "key-changed":
                self.keys.append((data["api_url"], data["key_fingerprint"]))
            case "state-changed":
                self._change_state(event.at, data)
            case kind if kind in PROOFS:
                self.proofs.append(event)
                self.tips_of_proofs[number] = before
            case _:
                self._apply(event)

    def _begin(self, at: datetime, data: Mapping[str, Any]) -> None:
        self.accepted, self.accepted_at = data, at
        # Events of before people were recorded name nobody.
        self.people = People(data.get("prepared"), tuple(data.get("approved", ())))
        self.options = tuple(data.get("options", ()))
        self.keys.append((data["api_url"], data["key_fingerprint"]))

    def _read(self, at: datetime, data: Mapping[str, Any]) -> None:
        told = (self.tip.number, at, data["purpose"])
        self.readings.append(ReplayedReading(*told, None, Decimal(data["main_balance"])))
        self.readings += [ReplayedReading(*told, token, Decimal(held)) for token, held in data["subaccounts"].items()]

    def _change_state(self, at: datetime, data: Mapping[str, Any]) -> None:
        self.state, self.reason = BatchState(data["state"]), read_reason(data)
        self.ended_at = find_end(self.state, at)
        if self.state is BatchState.RUNNING:
            self.running_at = at
        self.people = add_person(self.people, self.state, data.get("by"))

    def _apply(self, event: Event) -> None:
        if event.kind == "entries-numbered":
            self.numberings.append(read_numbering(event))
        fact = read_row_fact(event)
        if fact is None:
            return
        self.results[fact.row] = apply_fact(self.results.get(fact.row, _WAITING), fact)
        if isinstance(fact, AttemptBegan):
            self.before[fact.row] = fact.main_balance, fact.subaccount_balance


def replay_events(events: Iterable[Event], sought: Collection[str] = ()) -> Replay:
    """Take all events, or those before the first that does not follow; note which has one of the hashes sought."""
    replay = Replay(sought=dict.fromkeys(sought))
    if GENESIS in replay.sought:
        replay.sought[GENESIS] = 0
    for event in events:
        replay.take(event)
        if replay.broken is not None:
            break
    return replay


def find_last_proof(events: Sequence[Event], kind: str) -> Event | None:
    """Find the last proof of the kind behind which there are only other proofs: it is of the record as it stands."""
    for back in range(1, len(events) + 1):
        event = events[-back]
        if event.kind == kind:
            return event
        if event.kind not in PROOFS:
            return None
    return None


def rebuild_view(view: BatchView, count: int) -> BatchView:
    """Give the batch as it stood after so many of its events; `view` is of a record that was found whole."""
    events = view.events[:count]
    replay = replay_events(events)
    rows = [
        BatchRow(entry.row, replay.get_result(entry.row.number, is_valid=entry.row.is_valid)) for entry in view.rows
    ]
    readings = sorted(replay.readings, key=lambda one: one.at)
    told = ((one.purpose, one.at, one.token, one.balance) for one in readings)
    balances = choose_end_balances(replay.running_at, told)
    head = replace(
        view.head,
        state=replay.state or BatchState.APPROVED,
        reason=replay.reason,
        ended_at=replay.ended_at,
        opening=balances.get(Purpose.OPENING),
        closing=balances.get(Purpose.CLOSING),
        people=replay.people,
        options=replay.options,
    )
    return replace(view, head=head, rows=tuple(rows), events=events)


def read_numbering(event: Event) -> EntriesNumbered:
    """Read an event "entries-numbered"."""
    data: Mapping[str, Any] = event.data
    closes_on = date.fromisoformat(data["closes_on"])
    return EntriesNumbered(event.at, data["journal"], closes_on, data["first"], tuple(data["numbered"]))


@runtime_checkable
class Selectable(Protocol):
    """A trail that need not be gone through as a whole."""

    def pick_kinds(self, kinds: Collection[str]) -> Sequence[Event]:
        """Return the events of these kinds alone."""


def pick_events(events: Sequence[Event], *kinds: str) -> Sequence[Event]:
    """Pick the events of these kinds, oldest first."""
    if isinstance(events, Selectable):
        return events.pick_kinds(kinds)
    return [event for event in events if event.kind in kinds]


def list_readings(events: Sequence[Event], purpose: Purpose) -> list[Balances]:
    """List the balances that were read for this purpose, oldest first."""
    found = []
    for event in pick_events(events, KINDS[BalancesRead]):
        data: Mapping[str, Any] = event.data
        if data["purpose"] == purpose.value:
            held = {token: Decimal(balance) for token, balance in data["subaccounts"].items()}
            found.append(Balances(Decimal(data["main_balance"]), held, event.at))
    return found


def read_row_fact(event: Event) -> RowFact | None:
    """Read what an event says of a row; None if it is of another kind."""
    data: Mapping[str, Any] = event.data
    match event.kind:
        case "attempt-began":
            return AttemptBegan(event.at, *_read_numbers(data), *_read_balances(data))
        case "attempt-ended":
            said = data["outcome"], Status(data["status"]), data["code"], data["message"]
            return AttemptEnded(event.at, *_read_numbers(data), *said, *_read_balances(data), read_row_note(data))
        case "row-settled":
            told = Status(data["status"]), read_row_note(data) or make_note("under-way")
            # Events of before an answer's word was kept through its settling have no code and no message.
            words = data.get("code"), data.get("message")
            return RowSettled(event.at, *_read_numbers(data), *told, *_read_balances(data), *words)
        case "row-doubted":
            note = read_row_note(data) or make_note("under-way")
            return RowDoubted(event.at, *_read_numbers(data), note, *_read_balances(data))
        case "person-decided":
            return PersonDecided(event.at, *_read_numbers(data), data["applied"], data["who"], data["why"])
    return None


def _read_numbers(data: Mapping[str, Any]) -> tuple[int, int]:
    return int(data["row"]), int(data["attempt"])


def _read_balances(data: Mapping[str, Any]) -> tuple[Decimal | None, Decimal | None]:
    main, subaccount = data["main_balance"], data["subaccount_balance"]
    return None if main is None else Decimal(main), None if subaccount is None else Decimal(subaccount)
