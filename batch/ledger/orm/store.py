"""The ledger in the database. One call is one commit."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import DatabaseError, models, transaction
from django.db.models import Count

from batch.errors import LedgerError
from batch.ledger import chain, protocol
from batch.ledger.accept import accepted
from batch.ledger.encoding import finding_from_json, finding_to_json
from batch.ledger.facts import (
    AttemptBegan,
    AttemptEnded,
    BalancesRead,
    Fact,
    PersonDecided,
    RowSettled,
    StateChanged,
)
from batch.ledger.holding import busy
from batch.ledger.orm.models import Attempt, Batch, Event, Lease, Reading
from batch.ledger.orm.models import Movement as Line
from batch.ledger.orm.rows import (
    balances_in_order,
    batch_row,
    euros,
    head_of,
    line_of,
    readings_of,
    tallies,
    thousandths,
    update_row,
)
from batch.ledger.protocol import BatchKey, BatchLine, Claim, Earlier, LastAttempt, NewBatch, Work
from batch.model import (
    BatchHead,
    BatchState,
    BatchView,
    Movement,
    Role,
    Status,
    Tally,
)
from batch.model import Event as EventRecord
from batch.money import from_thousandths
from batch.rules.checks import movement_of
from batch.rules.holding import LEASE

_ENDED = {BatchState.STOPPED, BatchState.FINISHED, BatchState.REJECTED}
_CHUNK = 1000


class DatabaseLedger:
    """Implements `protocol.Ledger` over the connection that `connect` opened."""

    def __init__(self) -> None:
        self._held: tuple[str, Claim] | None = None

    def hold(
        self, account: BatchKey, claim: Claim, at: datetime, may_take_over: Callable[[protocol.Lease], bool]
    ) -> None:
        """Hold the account, so that nobody else sends on it."""
        name = _account(account)
        with _committed():
            line = Lease.objects.select_for_update().filter(account=name).first()
            if line is not None and _claim(line) != claim:
                lease = protocol.Lease(_claim(line), line.batch, line.since, line.until)
                if not may_take_over(lease):
                    raise LedgerError(busy(lease))
            mine = Lease(
                account=name,
                machine=claim.machine,
                host=claim.host,
                pid=claim.pid,
                started=claim.started,
                since=at,
                until=at + LEASE,
            )
            # Of two that find the account free at the same moment, the second must fail and not overwrite the first.
            mine.save(force_insert=line is None, force_update=line is not None)
        self._held = name, claim

    def let_go(self) -> None:
        """Give the account back, if it is held."""
        if self._held is not None:
            with _committed():
                _held_by(*self._held).delete()
            self._held = None

    def in_doubt(self, account: BatchKey) -> str | None:
        """The newest batch on this account with a row in doubt."""
        with _read():
            doubtful = Batch.objects.filter(
                api_url=account.api_url,
                key_fingerprint=account.fingerprint,
                movements__status=Status.UNKNOWN.value,
            )
            return doubtful.order_by("-created_at", "-name").values_list("name", flat=True).first()

    def create(self, new: NewBatch) -> None:
        """Record an accepted plan with its opening balances."""
        source = new.sheet.source
        with _committed():
            if Batch.objects.filter(name=new.name).exists():
                raise LedgerError(f"There is already a batch {new.name} in the ledger: try again.")
            batch = Batch(
                name=new.name,
                state=BatchState.APPROVED.value,
                file_name=source.file_name,
                sha256=source.sha256,
                size=source.size,
                sheet=source.sheet,
                digest=new.plan.digest,
                columns=list(new.sheet.columns),
                roles={role.value: column for role, column in new.sheet.roles.items()},
                findings=[finding_to_json(finding) for finding in new.sheet.findings],
                api_url=new.api_url,
                account=new.account,
                key_fingerprint=new.key_fingerprint,
                created_at=new.at,
                last_hash=chain.GENESIS,
            )
            batch.save(force_insert=True)
            turns = {movement.row: turn for turn, movement in enumerate(new.plan.movements)}
            movements = (
                line_of(batch, position, row, turns.get(row.number)) for position, row in enumerate(new.sheet.rows)
            )
            Line.objects.bulk_create(movements, batch_size=_CHUNK)
            self._append(batch, accepted(new))

    def append(self, batch: str, facts: Sequence[Fact]) -> None:
        """Record what happened, in this order, in one commit."""
        with _committed():
            self._append(_find(batch), facts)

    def head(self, batch: str) -> BatchHead:
        """A batch without its rows."""
        with _read():
            return head_of(_find(batch))

    def view(self, batch: str) -> BatchView:
        """A batch with its rows and events."""
        with _read():
            kept = _find(batch)
            rows = kept.movements.order_by("position").iterator(chunk_size=_CHUNK)
            events = kept.events.order_by("number").iterator(chunk_size=_CHUNK)
            return BatchView(
                head=head_of(kept),
                columns=tuple(kept.columns),
                roles={Role(role): column for role, column in kept.roles.items()},
                rows=tuple(batch_row(row) for row in rows),
                findings=tuple(finding_from_json(finding) for finding in kept.findings),
                events=tuple(EventRecord(line.number, line.at, line.kind, line.data, line.hash) for line in events),
            )

    def work(self, batch: str) -> Work:
        """What a runner takes up."""
        with _read():
            kept = _find(batch)
            order = kept.movements.filter(turn__isnull=False).order_by("turn").values_list("row", flat=True)
            main: int | None = None
            known: dict[str, int] = {}
            for at, token, balance in balances_in_order(kept):
                del at
                if token is None:
                    main = balance
                else:
                    known[token] = balance
            return Work(tuple(order), euros(main), {token: from_thousandths(value) for token, value in known.items()})

    def last_attempt(self, batch: str, row: int) -> LastAttempt | None:
        """The newest attempt of a row, with the balances known before it."""
        with _read():
            attempts = Attempt.objects.filter(batch=batch, row=row).order_by("-number")
            attempt = attempts.first()
            if attempt is None:
                return None
            before = euros(attempt.main_before), euros(attempt.subaccount_before)
            return LastAttempt(attempt.number, attempt.began_at, *before)

    def key_of(self, batch: str) -> BatchKey:
        """What the batch is bound to."""
        with _read():
            kept = _find(batch)
            return BatchKey(kept.api_url, kept.key_fingerprint)

    def lines(self) -> list[BatchLine]:
        """All batches, newest first."""
        with _read():
            counted = tallies()
            return [
                BatchLine(head_of(batch), counted.get(batch.name, Tally(dict.fromkeys(Status, 0))))
                for batch in Batch.objects.order_by("-created_at", "-name")
            ]

    def latest(self) -> str | None:
        """The newest batch's name."""
        with _read():
            newest = Batch.objects.order_by("-created_at", "-name").values_list("name", flat=True)
            return newest.first()

    def earlier(self, account: BatchKey, since: datetime) -> list[Earlier]:
        """The batches accepted for this account since then, newest first."""
        with _read():
            found = Batch.objects.filter(
                api_url=account.api_url, key_fingerprint=account.fingerprint, created_at__gte=since
            )
            counted = found.annotate(turns=Count("movements__turn")).order_by("-created_at", "-name")
            return [
                Earlier(batch.name, batch.created_at, batch.file_name, batch.sha256, batch.turns) for batch in counted
            ]

    def movements(self, batch: str) -> list[Movement]:
        """The movements of a batch."""
        with _read():
            rows = _find(batch).movements.filter(turn__isnull=False).order_by("turn")
            found = (movement_of(batch_row(row).row) for row in rows.iterator(chunk_size=_CHUNK))
            return [movement for movement in found if movement]

    def batch_with_digest(self, digest: str, api_url: str, key_fingerprint: str) -> str | None:
        """The newest batch in which exactly these movements were accepted for this account."""
        with _read():
            same = Batch.objects.filter(digest=digest, api_url=api_url, key_fingerprint=key_fingerprint)
            return same.order_by("-created_at", "-name").values_list("name", flat=True).first()

    def _append(self, batch: Batch, facts: Sequence[Fact]) -> None:
        if self._held is not None:
            held = _held_by(*self._held).update(batch=batch.name, until=facts[-1].at + LEASE)
            if held != 1:
                raise LedgerError(f"Another program has taken batch {batch.name} over: let it end, then resume.")
        number, last_hash = batch.events_count, batch.last_hash
        events: list[Event] = []
        for fact in facts:
            number += 1
            event = chain.next_event(number, last_hash, fact)
            last_hash = event.hash
            events.append(
                Event(batch=batch, number=number, at=fact.at, kind=event.kind, data=event.data, hash=event.hash)
            )
            self._apply(batch, fact)
        Event.objects.bulk_create(events)
        # Two writers that both built on the same last event must not both be believed.
        updated = Batch.objects.filter(name=batch.name, events_count=batch.events_count, last_hash=batch.last_hash)
        if updated.update(events_count=number, last_hash=last_hash) != 1:
            raise LedgerError(f"Another program is writing to batch {batch.name}: let it end, then resume.")
        batch.events_count, batch.last_hash = number, last_hash

    def _apply(self, batch: Batch, fact: Fact) -> None:
        match fact:
            case AttemptBegan():
                Attempt.objects.create(
                    batch=batch,
                    row=fact.row,
                    number=fact.attempt,
                    began_at=fact.at,
                    main_before=thousandths(fact.main_balance),
                    subaccount_before=thousandths(fact.subaccount_balance),
                )
                update_row(batch, fact)
            case AttemptEnded():
                attempt = Attempt.objects.filter(batch=batch, row=fact.row, number=fact.attempt)
                attempt.update(ended_at=fact.at, outcome=fact.outcome)
                update_row(batch, fact)
            case RowSettled() | PersonDecided():
                update_row(batch, fact)
            case BalancesRead():
                Reading.objects.bulk_create(readings_of(batch, fact), batch_size=_CHUNK)
            case StateChanged():
                changed: dict[str, Any] = {"state": fact.state.value, "reason": fact.reason, "ended_at": None}
                if fact.state in _ENDED:
                    changed["ended_at"] = fact.at
                if fact.state is BatchState.RUNNING:
                    changed["running_at"] = fact.at
                Batch.objects.filter(name=batch.name).update(**changed)


@contextmanager
def _committed() -> Iterator[None]:
    with _read(), transaction.atomic():
        yield


@contextmanager
def _read() -> Iterator[None]:
    """Database trouble as one sentence."""
    try:
        yield
    except DatabaseError as error:
        raise LedgerError(f"The ledger cannot be read or written ({_words(error)}); nothing more was sent.") from error


def _account(key: BatchKey) -> str:
    """The name under which an account is held."""
    return hashlib.sha256(f"{key.api_url}\n{key.fingerprint}".encode()).hexdigest()


def _claim(line: Lease) -> Claim:
    return Claim(line.machine, line.host, line.pid, line.started)


def _held_by(account: str, claim: Claim) -> models.QuerySet[Lease]:
    return Lease.objects.filter(account=account, machine=claim.machine, pid=claim.pid, started=claim.started)


def _words(error: DatabaseError) -> str:
    words = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    return "another program has it, try again when that has ended" if "locked" in words else words


def _find(name: str) -> Batch:
    batch = Batch.objects.filter(name=name).first()
    if batch is None:
        raise LedgerError(f"There is no batch {name} in the ledger: `creditbatch batches` lists them.")
    return batch
