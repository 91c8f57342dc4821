"""What the runner and the shells need of a ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from batch.ledger.facts import Fact
from batch.model import Balances, BatchHead, BatchRow, BatchView, CheckedSheet, Movement, Plan, Tally


@dataclass(frozen=True, slots=True)
class NewBatch:
    """An accepted plan, about to be recorded: everything that a report or a resume needs later."""

    name: str
    at: datetime
    sheet: CheckedSheet
    plan: Plan
    opening: Balances
    api_url: str
    account: str
    key_fingerprint: str
    options: tuple[str, ...] = ()
    """What the person chose: skip-invalid, partial, again, removes-first, only-unsettled:BATCH."""
    why: str | None = None
    prepared: str | None = None
    """Who had the sheet checked."""
    approved: tuple[str, ...] = ()
    """Who agreed to it, in that order."""


@dataclass(frozen=True, slots=True)
class BatchKey:
    """What a batch is bound to: resuming it elsewhere would move other people's credit."""

    api_url: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class BatchLine:
    """A line of the list of batches."""

    head: BatchHead
    tally: Tally


@dataclass(frozen=True, slots=True)
class Earlier:
    """A batch that was accepted before, as far as it matters for noticing that it is sent again."""

    batch: str
    at: datetime
    file_name: str
    sha256: str
    movements: int


@dataclass(frozen=True, slots=True)
class Work:
    """What a runner takes up: the rows that have a movement, in the order in which they are to be sent."""

    rows: tuple[BatchRow, ...]
    known_main: Decimal | None
    known_subaccounts: dict[str, Decimal]
    """The last balances that the provider gave, by token."""


@dataclass(frozen=True, slots=True)
class LastAttempt:
    """A row's newest attempt and the balances that were known when it began."""

    number: int
    main_balance: Decimal | None
    subaccount_balance: Decimal | None


@dataclass(frozen=True, slots=True)
class Claim:
    """Who runs on an account. `machine` names a host whose processes `pid` counts; `started` tells a pid's reuse."""

    machine: str
    host: str
    pid: int
    started: float


@dataclass(frozen=True, slots=True)
class Lease:
    """A claim that holds an account: for which batch (None before it has a name), since when and until when."""

    claim: Claim
    batch: str | None
    since: datetime
    until: datetime


class Ledger(Protocol):
    """A durable record. Whatever is written is committed when the call returns, wholly or not at all."""

    def create(self, new: NewBatch) -> None:
        """Record an accepted plan with its opening balances."""

    def append(self, batch: str, facts: Sequence[Fact]) -> None:
        """Record what happened, in this order, in one commit."""

    def hold(self, account: BatchKey, claim: Claim, at: datetime, may_take_over: Callable[[Lease], bool]) -> None:
        """Hold the account, so that nobody else sends on it: from now on every `append` proves that it is still held.

        `may_take_over` decides about another's lease; `LedgerError` says who has it when it may not be taken.
        """

    def let_go(self) -> None:
        """Give the account back, if it is held."""

    def in_doubt(self, account: BatchKey) -> str | None:
        """The newest batch on this account with a row in doubt; None if there is none."""

    def head(self, batch: str) -> BatchHead:
        """A batch without its rows; `LedgerError` if there is none of that name."""

    def view(self, batch: str) -> BatchView:
        """A batch with its rows and events; `LedgerError` if there is none of that name."""

    def work(self, batch: str) -> Work:
        """What a runner takes up."""

    def last_attempt(self, batch: str, row: int) -> LastAttempt | None:
        """The newest attempt of a row, with the balances known before it."""

    def key_of(self, batch: str) -> BatchKey:
        """What the batch is bound to."""

    def lines(self) -> list[BatchLine]:
        """All batches, newest first."""

    def latest(self) -> str | None:
        """The newest batch's name; None in an empty ledger."""

    def earlier(self, account: BatchKey, since: datetime) -> list[Earlier]:
        """The batches accepted for this account since then, newest first."""

    def options(self, account: BatchKey) -> dict[str, tuple[str, ...]]:
        """What was chosen for each batch of this account when it was accepted, oldest batch first."""

    def movements(self, batch: str) -> list[Movement]:
        """The movements of a batch."""

    def batch_with_digest(self, digest: str, api_url: str, key_fingerprint: str) -> str | None:
        """The newest batch in which exactly these movements were accepted for this account; None if none was."""
