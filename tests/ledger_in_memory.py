"""A ledger in memory: for the simulation and for tests. It forgets everything when the process ends."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from copy import copy
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from batch.errors import AccountInUse, LedgerError, NoSuchBatch
from batch.ledger import events as record
from batch.ledger import projection
from batch.ledger.events import ROW_ITEMS, Fact, Origin, Tip, describe_account, encode_row
from batch.ledger.lease import describe_holder
from batch.ledger.projection import make_first_facts, make_numberings
from batch.ledger.protocol import (
    Access,
    BatchLine,
    Claim,
    LastAttempt,
    Lease,
    NewBatch,
    Tables,
    Work,
    explain_missing_batch,
    explain_other_writer,
    explain_taken_name,
    explain_takeover,
    find_owned,
    read_doubts,
)
from batch.ledger.replay import read_numbering
from batch.model import (
    ENDED,
    Balances,
    BatchHead,
    BatchRow,
    BatchState,
    BatchView,
    Cell,
    Event,
    RowResult,
    Status,
    make_tally,
)
from batch.planning.account_identity import LEASE, KnownAccount, Owner
from batch.planning.resubmission import MovementKey, PastList
from batch.settings import read_choices
from tests.builders import NOON, known_to, make_event, new_batch


def can_follow(result: RowResult, fact: record.RowFact) -> bool:
    """Whether the row is as the fact needs it: an attempt is the next one, and what ends a doubt finds one."""
    statuses, attempts = projection.get_precondition(fact)
    return result.status in statuses and result.attempts == attempts


@dataclass
class _Batch:
    new: NewBatch
    head: BatchHead
    results: dict[int, RowResult]
    events: list[Event]
    known_main: Decimal
    known_subaccounts: dict[str, Decimal]
    tokens: dict[int, str]
    attempts: dict[int, record.AttemptBegan]


class MemoryLedger:
    """Implements `protocol.Ledger`, which says what each method does."""

    def __init__(self) -> None:
        self._batches: dict[str, _Batch] = {}
        self._accounts: list[KnownAccount] = []
        self._addresses: list[str] = []
        self._first_seen: list[tuple[tuple[str, ...], datetime]] = []
        """With which sub-accounts, and when."""
        self._keys: dict[tuple[str, str], int] = {}
        self._first_used: dict[tuple[str, str], datetime] = {}
        self._leases: dict[int, Lease] = {}
        self._fences: dict[int, int] = {}
        self._held: tuple[int, int] | None = None
        """The account, and the number that its lease was given."""

    def share(self) -> MemoryLedger:
        seen = copy(self)
        seen._held = None
        return seen

    @property
    def is_local(self) -> bool:
        return True

    def find_account(self, address: str, fingerprint: str) -> int | None:
        return self._keys.get((address, fingerprint))

    def list_accounts(self, address: str) -> list[KnownAccount]:
        return [
            replace(known, tokens=known.tokens | self._list_tokens(known.id))
            for known, its in zip(self._accounts, self._addresses, strict=True)
            if its == address
        ]

    def bind_key(self, address: str, fingerprint: str, owner: Owner, at: datetime) -> tuple[int, bool]:
        account = self.find_account(address, fingerprint)
        if account is not None:
            return account, False
        found = find_owned(owner, self.list_accounts(address), address)
        if found is None:
            self._accounts.append(KnownAccount(len(self._accounts) + 1, owner.name, frozenset(owner.tokens)))
            self._addresses.append(address)
            self._first_seen.append((tuple(owner.tokens), at))
        account = len(self._accounts) if found is None else found.id
        self._keys[address, fingerprint] = account
        self._first_used[address, fingerprint] = at
        return account, found is None

    def hold(self, account: int, claim: Claim, at: datetime, may_take_over: Callable[[Lease], bool]) -> None:
        lease = self._leases.get(account)
        if lease is not None and lease.claim != claim and not may_take_over(lease):
            raise AccountInUse(describe_holder(lease), lease.batch)
        self._leases[account] = Lease(claim, None, at, at + LEASE)
        self._fences[account] = self._fences.get(account, 0) + 1
        self._held = account, self._fences[account]

    def renew(self, batch: str, at: datetime) -> None:
        self._prove(batch, at)

    def _prove(self, batch: str, at: datetime) -> None:
        if self._held is not None:
            account, fence = self._held
            if self._fences[account] != fence or account not in self._leases:
                raise LedgerError(explain_takeover(batch))
            self._leases[account] = replace(self._leases[account], batch=batch, until=at + LEASE)

    def let_go(self) -> None:
        if self._held is not None:
            account, fence = self._held
            if self._fences[account] == fence:
                self._leases.pop(account, None)
            self._held = None

    def find_doubtful_batch(self, account: int) -> str | None:
        for name, kept in reversed(self._batches.items()):
            unknown = any(result.status is Status.UNKNOWN for result in kept.results.values())
            if unknown and kept.new.access.account == account:
                return name
        return None

    def list_unfinished(self, account: int | None = None) -> list[str]:
        return [
            name
            for name, kept in reversed(self._batches.items())
            if kept.head.state not in ENDED and account in {None, kept.new.access.account}
        ]

    def create(self, new: NewBatch) -> None:
        if new.name in self._batches:
            raise LedgerError(explain_taken_name(new.name))
        last = list(self._batches.values())[-1:]
        previous = [
            {"batch": kept.head.batch, "events": kept.events[-1].number, "hash": kept.events[-1].hash}
            for kept in last
            if kept.new.access.account == new.access.account
        ]
        known = self._describe_account(new.access.account)
        facts = make_first_facts(new, Origin(len(self._batches) + 1, previous[0] if previous else None, known))
        head = BatchHead(
            batch=new.name,
            state=BatchState.APPROVED,
            reason=None,
            source=new.sheet.source,
            digest=new.plan.digest,
            api_url=new.access.api_url,
            account=new.owner,
            created_at=new.at,
            opening=new.opening,
            people=new.people,
            options=new.options,
        )
        results = {row.number: RowResult(Status.PENDING if row.is_valid else Status.INVALID) for row in new.sheet.rows}
        events = [make_event(Tip(), facts[0])]
        tokens = {movement.row: movement.token for movement in new.plan.movements}
        batch = _Batch(new, head, results, events, new.opening.main, {}, tokens, {})
        self._batches[new.name] = batch
        self.append(new.name, facts[1:])

    def append(self, batch: str, facts: Sequence[Fact]) -> None:
        kept = self._find(batch)
        changed: dict[int, RowResult] = {}
        for fact in facts:
            if isinstance(fact, record.RowFact):
                before = changed.get(fact.row) or kept.results[fact.row]
                if not can_follow(before, fact):
                    raise LedgerError(explain_other_writer(batch))
                changed[fact.row] = projection.apply_fact(before, fact)
        self._prove(batch, facts[-1].at)
        for fact in facts:
            last = kept.events[-1]
            kept.events.append(make_event(Tip(last.number, last.hash), fact))
            self._apply(kept, fact)

    def number_entries(self, batch: str, journal: str, years: Mapping[date, Sequence[int]], at: datetime) -> None:
        last: dict[date, int] = {}
        for name in self._batches:
            for its in self.list_numberings(name):
                if its.journal == journal:
                    last[its.closes_on] = max(last.get(its.closes_on, 0), its.last)
        self.append(batch, make_numberings(journal, years, last, at))

    def list_numberings(self, batch: str) -> list[record.EntriesNumbered]:
        return [read_numbering(event) for event in self._find(batch).events if event.kind == "entries-numbered"]

    def read_head(self, batch: str) -> BatchHead:
        return self._find(batch).head

    def view(self, batch: str) -> BatchView:
        kept = self._find(batch)
        sheet = kept.new.sheet
        rows = tuple(BatchRow(row, kept.results[row.number]) for row in sheet.rows)
        return BatchView(kept.head, sheet.columns, sheet.roles, rows, sheet.findings, tuple(kept.events))

    def view_events(self, batch: str) -> list[Event]:
        return list(self._find(batch).events)

    def read_event(self, batch: str, number: int) -> Event | None:
        kept = self._batches.get(batch)
        return kept.events[number - 1] if kept and len(kept.events) >= number else None

    def read_tip(self, batch: str) -> Tip:
        last = self._find(batch).events[-1]
        return Tip(last.number, last.hash)

    def find_successor(self, batch: str) -> str | None:
        names = [name for name, kept in self._batches.items() if kept.new.access == self._find(batch).new.access]
        return dict(itertools.pairwise(names)).get(batch)

    def read_sheet(self, sha256: str) -> bytes | None:
        return next((kept.new.content for kept in self._batches.values() if kept.head.source.sha256 == sha256), None)

    def read_tables(self, batch: str) -> Tables:
        kept = self._find(batch)
        head, source, turns = kept.head, kept.head.source, kept.new.turns
        columns = {
            **{name: getattr(head, name) for name in ("state", "reason", "ended_at", "people", "options", "digest")},
            "file_name": source.file_name,
            "sha256": source.sha256,
            "size": source.size,
            "sheet": source.sheet,
            "api_url": head.api_url,
            "owner": head.account,
            "created_at": head.created_at,
            "name": head.batch,
        }
        rows = (
            {**dict(zip(ROW_ITEMS, encode_row(row, turns.get(row.number)), strict=True)), "amount": row.amount}
            | {"position": position}
            | asdict(kept.results[row.number])
            | {"note": kept.results[row.number].note}
            for position, row in enumerate(kept.new.sheet.rows)
        )
        readings = [
            {"at": event.at, "purpose": data["purpose"], "token": token, "balance": Decimal(held)}
            for event in kept.events
            if event.kind == "balances-read"
            for data in [cast("dict[str, Any]", event.data)]
            for token, held in [(None, data["main_balance"]), *data["subaccounts"].items()]
        ]
        numberings = [
            {name: getattr(its, name) for name in ("journal", "closes_on", "first", "last")}
            for its in self.list_numberings(batch)
        ]
        known = self._describe_account(kept.new.access.account)
        content = kept.new.content
        return Tables(
            columns, rows, readings, numberings, known, hashlib.sha256(content).hexdigest() if content else None
        )

    def work(self, batch: str) -> Work:
        kept = self._find(batch)
        rows = {row.number: row for row in kept.new.sheet.rows}
        queue = tuple(BatchRow(rows[item.row], kept.results[item.row]) for item in kept.new.plan.movements)
        events = ((event.kind, event.data) for event in kept.events if event.kind in {"row-doubted", "person-decided"})
        doubts = read_doubts(queue, events)
        return Work(batch, kept.head.opening, queue, kept.known_main, dict(kept.known_subaccounts), *doubts)

    def find_last_attempt(self, batch: str, row: int) -> LastAttempt | None:
        began = self._find(batch).attempts.get(row)
        if began is None:
            return None
        return LastAttempt(began.attempt, began.main_balance, began.subaccount_balance)

    def read_access(self, batch: str) -> Access:
        return self._find(batch).new.access

    def list_batches(self) -> list[BatchLine]:
        return [
            BatchLine(kept.head, make_tally(self.view(name).rows)) for name, kept in reversed(self._batches.items())
        ]

    def find_newest(self) -> str | None:
        return next(reversed(self._batches), None)

    def find_past_lists(self, account: int, since: datetime, tokens: Collection[str]) -> list[PastList]:
        return [
            PastList(
                name,
                self._find_last_move(kept, tokens),
                kept.new.sheet.source.file_name,
                kept.new.sheet.source.sha256,
                read_choices(kept.head.options).period,
                self._count_done(kept, tokens),
            )
            for name, kept in reversed(self._batches.items())
            if kept.new.access.account == account and self._find_last_move(kept, tokens) >= since
        ]

    def find_last_balances(self, account: int, tokens: Collection[str]) -> dict[str, tuple[Decimal, datetime]]:
        known: dict[str, tuple[Decimal, datetime]] = {}
        for kept in self._batches.values():
            if kept.new.access.account == account:
                known.update(
                    (token, (balance, kept.events[-1].at))
                    for token, balance in kept.known_subaccounts.items()
                    if token in tokens
                )
        return known

    def read_options(self, batch: str) -> tuple[str, ...]:
        return self._find(batch).head.options

    def list_options(self, account: int) -> dict[str, tuple[str, ...]]:
        return {name: kept.head.options for name, kept in self._batches.items() if kept.new.access.account == account}

    def _find_last_move(self, kept: _Batch, tokens: Collection[str]) -> datetime:
        results = (kept.results[item.row] for item in kept.new.plan.movements if item.token in tokens)
        maybe = (result for result in results if result.status in {Status.DONE, Status.UNKNOWN})
        moments = [at for result in maybe if (at := result.attempted_at or result.at)]
        return max([kept.new.at, *moments])

    def _count_done(self, kept: _Batch, tokens: Collection[str]) -> Counter[MovementKey]:
        maybe = {Status.DONE, Status.UNKNOWN}
        return Counter(
            (item.token, item.direction.value, item.amount)
            for item in kept.new.plan.movements
            if item.token in tokens and kept.results[item.row].status in maybe
        )

    def _list_tokens(self, account: int) -> frozenset[str]:
        mine = (kept for kept in self._batches.values() if kept.new.access.account == account)
        return frozenset(token for kept in mine for token in kept.known_subaccounts)

    def _describe_account(self, account: int) -> dict[str, Any]:
        if account > len(self._accounts):
            return describe_account(account, "", "", (), NOON, ())  # (nobody bound a key to it)
        known, (tokens, since) = self._accounts[account - 1], self._first_seen[account - 1]
        keys = [(*key, self._first_used[key]) for key, its in self._keys.items() if its == account]
        return describe_account(account, self._addresses[account - 1], known.name, tokens, since, keys)

    def _find(self, batch: str) -> _Batch:
        if batch not in self._batches:
            raise NoSuchBatch(explain_missing_batch(batch))
        return self._batches[batch]

    def _apply(self, kept: _Batch, fact: Fact) -> None:
        match fact:
            case _ if isinstance(fact, record.RowFact):
                kept.results[fact.row] = projection.apply_fact(kept.results[fact.row], fact)
                if isinstance(fact, record.AttemptBegan):
                    kept.attempts[fact.row] = fact
                elif (
                    not isinstance(fact, record.PersonDecided)
                    and fact.main_balance is not None
                    and fact.subaccount_balance is not None
                ):
                    kept.known_main = fact.main_balance
                    kept.known_subaccounts[kept.tokens[fact.row]] = fact.subaccount_balance
            case record.OptionsChanged():
                kept.head = replace(kept.head, options=fact.options)
            case record.StateChanged():
                ended_at = projection.find_end(fact.state, fact.at)
                people = projection.add_person(kept.head.people, fact.state, fact.by)
                kept.head = replace(kept.head, state=fact.state, reason=fact.reason, ended_at=ended_at, people=people)
                if fact.state is BatchState.RUNNING:
                    kept.head = replace(kept.head, closing=None)
            case record.BalancesRead():
                kept.known_main = fact.main_balance
                kept.known_subaccounts.update(fact.subaccounts)
                if fact.purpose is record.Purpose.CLOSING:
                    closing = Balances(fact.main_balance, dict(fact.subaccounts), fact.at)
                    kept.head = replace(kept.head, closing=closing)


def memory_ledger(*rows: Sequence[Cell]) -> MemoryLedger:
    ledger = known_to(MemoryLedger())
    ledger.create(new_batch(*rows))
    return ledger
