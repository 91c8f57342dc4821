"""What the runner and the shells need of a ledger, and the sentences that every ledger says."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from batch.errors import UsageError
from batch.frames import CheckedSheet, Plan
from batch.i18n import _
from batch.ledger.events import EntriesNumbered, Fact, Tip
from batch.model import Balances, BatchHead, BatchRow, BatchView, Event, People, RowResult, Status, Tally
from batch.planning.account_identity import Contradiction, KnownAccount, Owner, identify_account
from batch.planning.resubmission import PastList


@dataclass(frozen=True, slots=True)
class Access:
    """An account of the ledger, and by which address and key it is reached: what a batch is bound to and run with.

    The address is as it was written; `account` is what counts.
    """

    account: int
    api_url: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class NewBatch:
    """An accepted plan, about to be recorded: everything that a report or a resume needs later."""

    name: str
    at: datetime
    sheet: CheckedSheet
    plan: Plan
    opening: Balances
    access: Access
    owner: str
    """The main account's user name, as `/me` gave it."""
    options: tuple[str, ...] = ()
    """What the person chose, as `write_choices` has it."""
    why: str | None = None
    people: People = field(default_factory=People)
    """Who prepared and who approved it."""
    content: bytes | None = None
    """The sheet's file, byte for byte; None if it is not at hand."""

    @property
    def turns(self) -> dict[int, int]:
        """The order of sending, counted from 0, by row. A row with an error is never sent and has no turn."""
        return {movement.row: turn for turn, movement in enumerate(self.plan.movements)}


@dataclass(frozen=True, slots=True)
class BatchLine:
    """A line of the list of batches."""

    head: BatchHead
    tally: Tally


@dataclass(frozen=True, slots=True)
class Work:
    """What a runner takes up: the rows that have a movement, in the order in which they are to be sent."""

    batch: str
    opening: Balances | None
    rows: tuple[BatchRow, ...]
    known_main: Decimal | None
    known_subaccounts: dict[str, Decimal]
    """The last balances that the provider gave, by token."""
    doubted: frozenset[int] = frozenset()
    """Rows in doubt by what balances show, and not by an attempt: see `RowDoubted`."""
    decided: frozenset[int] = frozenset()
    """Rows that a person has ever decided about."""
    seen_in_doubt: Mapping[int, Decimal] = field(default_factory=dict)
    """By row, the sub-account's balance that last put it in doubt."""


def prepare_work(new: NewBatch) -> Work:
    """Prepare the work of a batch that was recorded just now, without reading it back."""
    rows = {row.number: row for row in new.sheet.rows}
    queue = (BatchRow(rows[item.row], RowResult(Status.PENDING)) for item in new.plan.movements)
    named = {
        token: new.opening.subaccounts[token] for token, _way in new.plan.moved if token in new.opening.subaccounts
    }
    return Work(new.name, new.opening, tuple(queue), new.opening.main, named)


def read_doubts(
    rows: Iterable[BatchRow], events: Iterable[tuple[str, Mapping[str, Any]]]
) -> tuple[frozenset[int], frozenset[int], dict[int, Decimal]]:
    """Read what `Work` says of doubts out of the events "row-doubted" and "person-decided", as kind and data."""
    unknown = {entry.row.number: entry.result.attempts for entry in rows if entry.result.status is Status.UNKNOWN}
    doubted, decided, seen = set(), set(), {}
    for kind, data in events:
        row = int(data["row"])
        if kind == "person-decided":
            decided.add(row)
        elif kind == "row-doubted":
            if data["subaccount_balance"] is not None:
                seen[row] = Decimal(data["subaccount_balance"])
            if unknown.get(row) == data["attempt"]:
                doubted.add(row)
    return frozenset(doubted), frozenset(decided), seen


@dataclass(frozen=True, slots=True)
class LastAttempt:
    """A row's newest attempt and the balances that were known when it began."""

    number: int
    main_balance: Decimal | None
    subaccount_balance: Decimal | None


@dataclass(frozen=True, slots=True)
class Claim:
    """Who runs on an account. `machine` and `boot` name the system whose processes `pid` counts, `started` tells a
    pid's reuse, and `host` is for people.
    """

    machine: str
    boot: str
    host: str = field(compare=False)
    pid: int
    started: float


@dataclass(frozen=True, slots=True)
class Lease:
    """A claim that holds an account: for which batch (None before it has a name), since when and until when."""

    claim: Claim
    batch: str | None
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Tables:
    """What a ledger's tables say of a batch, column by column, to be held against its events."""

    batch: Mapping[str, Any]
    """With the types that heads of batches have."""
    rows: Iterable[Mapping[str, Any]]
    """In the sheet's order; `note` is a note, `cells` and `findings` are encoded as in events."""
    readings: Iterable[Mapping[str, Any]]
    """In the order in which they were written."""
    numberings: Iterable[Mapping[str, Any]]
    """Journal, closing day, first and last number of each event that tells of numbers, in the order of these."""
    account: Mapping[str, Any]
    """As `describe_account` has it."""
    sheet_sha256: str | None
    """Of the file that is kept; None if none is."""


class Ledger(Protocol):
    """A durable record. Whatever is written is committed when the call returns, wholly or not at all."""

    @property
    def is_local(self) -> bool:
        """Whether all who open it run on one kernel."""

    def create(self, new: NewBatch) -> None:
        """Record an accepted plan with its opening balances."""

    def append(self, batch: str, facts: Sequence[Fact]) -> None:
        """Record what happened, in this order, in one commit."""

    def number_entries(self, batch: str, journal: str, years: Mapping[date, Sequence[int]], at: datetime) -> None:
        """Give rows, by the closing day of their fiscal year, the journal's next numbers in this order, in one commit.

        Hold the account, and give none that has a number of this journal and year.
        """

    def list_numberings(self, batch: str) -> list[EntriesNumbered]:
        """List the numbers that rows of the batch were given, oldest first."""

    def find_account(self, address: str, fingerprint: str) -> int | None:
        """Find the account at this address (in normal form) that was used with this key; None if there is none."""

    def list_accounts(self, address: str) -> list[KnownAccount]:
        """List the accounts at this address (in normal form), with the sub-accounts that they were seen to have."""

    def bind_key(self, address: str, fingerprint: str, owner: Owner, at: datetime) -> tuple[int, bool]:
        """Record which account a key belongs to; returns the account, and whether it is new to the ledger.

        `UsageError` where the owner's name and tokens speak of two accounts.
        """

    def hold(self, account: int, claim: Claim, at: datetime, may_take_over: Callable[[Lease], bool]) -> None:
        """Hold the account, so that nobody else sends on it: from now on every `append` proves that it is still held.

        `may_take_over` decides about another's lease; `AccountInUse` says who has it when it may not be taken.
        """

    def renew(self, batch: str, at: datetime) -> None:
        """Prove that the account is still held for this batch, and hold it for longer; `LedgerError` if it is not."""

    def let_go(self) -> None:
        """Give the account back, if it is held."""

    def find_doubtful_batch(self, account: int) -> str | None:
        """Name the newest batch on this account with a row in doubt; None if there is none."""

    def list_unfinished(self, account: int | None = None) -> list[str]:
        """Name the batches that have not ended, newest first, of this account or of all."""

    def read_head(self, batch: str) -> BatchHead:
        """Read a batch without its rows; `LedgerError` if there is none of that name."""

    def view(self, batch: str) -> BatchView:
        """Read a batch with its rows and events; `LedgerError` if there is none of that name."""

    def work(self, batch: str) -> Work:
        """Read what a runner takes up."""

    def find_last_attempt(self, batch: str, row: int) -> LastAttempt | None:
        """Find the newest attempt of a row, with the balances known before it."""

    def read_access(self, batch: str) -> Access:
        """Read what the batch is bound to: its account, and the address and key that it was accepted with."""

    def view_events(self, batch: str) -> Sequence[Event]:
        """Read the events alone, oldest first; `LedgerError` if there is no batch of that name."""

    def read_tables(self, batch: str) -> Tables:
        """Read every column that is kept of the batch; `LedgerError` if there is none of that name."""

    def read_event(self, batch: str, number: int) -> Event | None:
        """Read one event; None if there is no such event, or no such batch."""

    def read_tip(self, batch: str) -> Tip:
        """Read where the batch's chain ends; `LedgerError` if there is no batch of that name."""

    def find_successor(self, batch: str) -> str | None:
        """Name the batch that the account accepted next; None if there is none."""

    def read_sheet(self, sha256: str) -> bytes | None:
        """Read the file of a sheet; None if it was not kept."""

    def list_batches(self) -> list[BatchLine]:
        """List all batches, newest first."""

    def find_newest(self) -> str | None:
        """Find the newest batch's name; None in an empty ledger."""

    def find_past_lists(self, account: int, since: datetime, tokens: Collection[str]) -> list[PastList]:
        """List what batches of this account may have done for these sub-accounts, newest first.

        Those that were accepted since then, and those whose credit moved since. `at` is when it last moved.
        """

    def find_last_balances(self, account: int, tokens: Collection[str]) -> dict[str, tuple[Decimal, datetime]]:
        """Find the newest balance that the ledger knows of each of these sub-accounts, whichever batch it was read for.

        By token, with the moment of the reading.
        """

    def read_options(self, batch: str) -> tuple[str, ...]:
        """Read what was chosen for the batch, as it holds now."""

    def list_options(self, account: int) -> dict[str, tuple[str, ...]]:
        """Read what was chosen for each batch of this account, oldest batch first."""


def explain_missing_batch(batch: str) -> str:
    return _("There is no batch {batch} in the ledger: `creditbatch batches` lists them.").format(batch=batch)


def explain_taken_name(batch: str) -> str:
    return _("There is already a batch {batch} in the ledger: try again.").format(batch=batch)


def explain_takeover(batch: str) -> str:
    return _("Another program has taken batch {batch} over: let it end, then resume.").format(batch=batch)


def explain_other_writer(batch: str) -> str:
    """Explain that another process has written to the batch since we last did."""
    return _("Another program is writing to batch {batch}: let it end, then resume.").format(batch=batch)


def explain_contradiction(found: Contradiction, address: str) -> str:
    """Explain that a key could belong to two accounts, by what the provider tells of it."""
    if found.by_tokens is None:
        sentence = _(
            "The API key belongs to {owner} at {address}, whom this ledger knows, but none of the sub-accounts is one "
            "that it knows of that account: check CREDITBATCH_API_URL and the key, or use another CREDITBATCH_HOME."
        )
    else:
        sentence = _(
            "The API key belongs to {owner} at {address} by the user's name, but to {other} by the sub-accounts, and "
            "this ledger knows them as two accounts: check CREDITBATCH_API_URL and the key, or use another "
            "CREDITBATCH_HOME."
        )
    unnamed = _("an account without a name")
    other = found.by_tokens or unnamed
    return sentence.format(owner=found.by_name or unnamed, address=address, other=other)


def find_owned(owner: Owner, known: Sequence[KnownAccount], address: str) -> KnownAccount | None:
    """Find the owner's account among those at the address; None if it is new to the ledger.

    `UsageError` where the owner's name and tokens speak of two accounts.
    """
    found = identify_account(owner, known)
    if isinstance(found, Contradiction):
        raise UsageError(explain_contradiction(found, address))
    return found
