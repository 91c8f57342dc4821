"""A ledger in memory: for the simulation and for tests. It forgets everything when the process ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from batch.errors import LedgerError
from batch.ledger import chain, replay
from batch.ledger.accept import accepted
from batch.ledger.facts import (
    AttemptBegan,
    AttemptEnded,
    BalancesRead,
    Fact,
    PersonDecided,
    Purpose,
    RowSettled,
    StateChanged,
)
from batch.ledger.holding import busy
from batch.ledger.protocol import BatchKey, BatchLine, Claim, Earlier, LastAttempt, Lease, NewBatch, Work
from batch.ledger.sentences import already_there, no_such_batch, written_by_another
from batch.model import (
    Balances,
    BatchHead,
    BatchRow,
    BatchState,
    BatchView,
    Event,
    Movement,
    People,
    RowResult,
    Status,
    tally,
)
from batch.rules.holding import LEASE


@dataclass
class _Batch:
    new: NewBatch
    head: BatchHead
    results: dict[int, RowResult]
    events: list[Event]
    known_main: Decimal
    known_subaccounts: dict[str, Decimal]
    tokens: dict[int, str]
    attempts: dict[int, AttemptBegan]


class MemoryLedger:
    """Implements `protocol.Ledger`."""

    def __init__(self) -> None:
        self._batches: dict[str, _Batch] = {}
        self._leases: dict[BatchKey, Lease] = {}
        self._held: BatchKey | None = None

    def hold(self, account: BatchKey, claim: Claim, at: datetime, may_take_over: Callable[[Lease], bool]) -> None:
        """Hold the account, so that nobody else sends on it."""
        lease = self._leases.get(account)
        if lease is not None and lease.claim != claim and not may_take_over(lease):
            raise LedgerError(busy(lease))
        self._leases[account] = Lease(claim, None, at, at + LEASE)
        self._held = account

    def let_go(self) -> None:
        """Give the account back, if it is held."""
        if self._held is not None:
            self._leases.pop(self._held, None)
            self._held = None

    def in_doubt(self, account: BatchKey) -> str | None:
        """The newest batch on this account with a row in doubt."""
        for name, kept in reversed(self._batches.items()):
            unknown = any(result.status is Status.UNKNOWN for result in kept.results.values())
            if unknown and self.key_of(name) == account:
                return name
        return None

    def create(self, new: NewBatch) -> None:
        """Record an accepted plan with its opening balances."""
        if new.name in self._batches:
            raise LedgerError(already_there(new.name))
        facts = accepted(new)
        head = BatchHead(
            batch=new.name,
            state=BatchState.APPROVED,
            reason=None,
            source=new.sheet.source,
            digest=new.plan.digest,
            api_url=new.api_url,
            account=new.account,
            created_at=new.at,
            opening=new.opening,
            people=People(new.prepared, new.approved),
        )
        results = {row.number: RowResult(Status.PENDING if row.is_valid else Status.INVALID) for row in new.sheet.rows}
        events = [chain.next_event(chain.Tip(), facts[0])]
        tokens = {movement.row: movement.token for movement in new.plan.movements}
        batch = _Batch(new, head, results, events, new.opening.main, dict(new.opening.subaccounts), tokens, {})
        self._batches[new.name] = batch
        self.append(new.name, facts[1:])

    def append(self, batch: str, facts: Sequence[Fact]) -> None:
        """Record what happened, in this order."""
        kept = self._find(batch)
        changed: dict[int, RowResult] = {}
        for fact in facts:
            if isinstance(fact, replay.RowFact):
                before = changed.get(fact.row) or kept.results[fact.row]
                if not replay.fits(before, fact):
                    raise LedgerError(written_by_another(batch))
                changed[fact.row] = replay.after(before, fact)
        if self._held is not None:
            lease = self._leases[self._held]
            self._leases[self._held] = replace(lease, batch=batch, until=facts[-1].at + LEASE)
        for fact in facts:
            last = kept.events[-1]
            kept.events.append(chain.next_event(chain.Tip(last.number, last.hash), fact))
            self._apply(kept, fact)

    def head(self, batch: str) -> BatchHead:
        """A batch without its rows."""
        return self._find(batch).head

    def view(self, batch: str) -> BatchView:
        """A batch with its rows and events."""
        kept = self._find(batch)
        sheet = kept.new.sheet
        rows = tuple(BatchRow(row, kept.results[row.number]) for row in sheet.rows)
        return BatchView(kept.head, sheet.columns, sheet.roles, rows, sheet.findings, tuple(kept.events))

    def work(self, batch: str) -> Work:
        """What a runner takes up."""
        kept = self._find(batch)
        rows = {row.number: row for row in kept.new.sheet.rows}
        queue = (BatchRow(rows[item.row], kept.results[item.row]) for item in kept.new.plan.movements)
        return Work(tuple(queue), kept.known_main, dict(kept.known_subaccounts))

    def last_attempt(self, batch: str, row: int) -> LastAttempt | None:
        """The newest attempt of a row, with the balances known before it."""
        began = self._find(batch).attempts.get(row)
        if began is None:
            return None
        return LastAttempt(began.attempt, began.main_balance, began.subaccount_balance)

    def key_of(self, batch: str) -> BatchKey:
        """What the batch is bound to."""
        new = self._find(batch).new
        return BatchKey(new.api_url, new.key_fingerprint)

    def lines(self) -> list[BatchLine]:
        """All batches, newest first."""
        return [BatchLine(kept.head, tally(self.view(name).rows)) for name, kept in reversed(self._batches.items())]

    def latest(self) -> str | None:
        """The newest batch's name."""
        return next(reversed(self._batches), None)

    def earlier(self, account: BatchKey, since: datetime) -> list[Earlier]:
        """The batches accepted for this account since then, newest first."""
        return [
            Earlier(name, new.at, new.sheet.source.file_name, new.sheet.source.sha256, len(new.plan.rows))
            for name, new in ((name, kept.new) for name, kept in reversed(self._batches.items()))
            if self.key_of(name) == account and new.at >= since
        ]

    def options(self, account: BatchKey) -> dict[str, tuple[str, ...]]:
        """What was chosen for each batch of this account, oldest first."""
        return {name: kept.new.options for name, kept in self._batches.items() if self.key_of(name) == account}

    def movements(self, batch: str) -> list[Movement]:
        """The movements of a batch."""
        return list(self._find(batch).new.plan.movements)

    def batch_with_digest(self, digest: str, api_url: str, key_fingerprint: str) -> str | None:
        """The newest batch in which exactly these movements were accepted for this account."""
        for name, kept in reversed(self._batches.items()):
            if (kept.head.digest, kept.new.api_url, kept.new.key_fingerprint) == (digest, api_url, key_fingerprint):
                return name
        return None

    def _find(self, batch: str) -> _Batch:
        if batch not in self._batches:
            raise LedgerError(no_such_batch(batch))
        return self._batches[batch]

    def _apply(self, kept: _Batch, fact: Fact) -> None:
        match fact:
            case AttemptBegan() | AttemptEnded() | RowSettled() | PersonDecided():
                kept.results[fact.row] = replay.after(kept.results[fact.row], fact)
                if isinstance(fact, AttemptBegan):
                    kept.attempts[fact.row] = fact
                elif (
                    not isinstance(fact, PersonDecided)
                    and fact.main_balance is not None
                    and fact.subaccount_balance is not None
                ):
                    kept.known_main = fact.main_balance
                    kept.known_subaccounts[kept.tokens[fact.row]] = fact.subaccount_balance
            case StateChanged():
                ended_at = fact.at if fact.state in {BatchState.STOPPED, BatchState.FINISHED} else None
                people = replay.started(kept.head.people, fact.state, fact.by)
                kept.head = replace(kept.head, state=fact.state, reason=fact.reason, ended_at=ended_at, people=people)
                if fact.state is BatchState.RUNNING:
                    kept.head = replace(kept.head, closing=None)
            case BalancesRead():
                kept.known_main = fact.main_balance
                kept.known_subaccounts.update(fact.subaccounts)
                if fact.purpose is Purpose.CLOSING:
                    closing = Balances(fact.main_balance, dict(fact.subaccounts), fact.at)
                    kept.head = replace(kept.head, closing=closing)
