"""The ledger in the database. One call is one commit."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import models
from django.db.models import Exists, OuterRef

from batch.errors import LedgerError
from batch.ledger import chain, protocol, replay
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
from batch.ledger.orm.balances import at_both_ends, last_known, readings_of
from batch.ledger.orm.models import Batch, Event, Lease, Reading
from batch.ledger.orm.models import Movement as Line
from batch.ledger.orm.queries import lines_page
from batch.ledger.orm.rows import euros, head_of, people_json, people_of, rows_in
from batch.ledger.orm.trail import Trail
from batch.ledger.orm.trouble import committed, committed_by_driver, found, reading
from batch.ledger.orm.writing import Pen
from batch.ledger.protocol import BatchKey, BatchLine, Claim, Earlier, LastAttempt, NewBatch, Work
from batch.ledger.sentences import already_there
from batch.model import BatchHead, BatchState, BatchView, Movement, People, Role, Status, movements_of
from batch.rules.holding import LEASE

_ENDED = {BatchState.STOPPED, BatchState.FINISHED, BatchState.REJECTED}
_CHUNK = 1000


class DatabaseLedger:
    """Implements `protocol.Ledger` over the connection that `connect` opened.

    Whoever holds an account is the only one to write to its batches, so the holder need not read back where their
    chains end: it remembers, and every commit proves that it remembers rightly.
    """

    def __init__(self, beside: Callable[[str], None] = lambda _batch: None) -> None:
        """`beside` writes what belongs in the same commit as a new batch, whose name it is given."""
        self._beside = beside
        self._held: tuple[str, Claim] | None = None
        self._tips: dict[str, chain.Tip] = {}

    def hold(
        self, account: BatchKey, claim: Claim, at: datetime, may_take_over: Callable[[protocol.Lease], bool]
    ) -> None:
        """Hold the account, so that nobody else sends on it."""
        name = _account(account)
        with committed():
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
        self._tips = {}

    def let_go(self) -> None:
        """Give the account back, if it is held."""
        if self._held is not None:
            with committed():
                _held_by(*self._held).delete()
            self._held = None
            self._tips = {}

    def in_doubt(self, account: BatchKey) -> str | None:
        """The newest batch on this account with a row in doubt."""
        with reading():
            # By the index, batch by batch: a join would be made from the side of the rows, and look at each of them.
            rows = Line.objects.filter(batch=OuterRef("pk"), status=Status.UNKNOWN.value)
            doubtful = Batch.objects.filter(Exists(rows), api_url=account.api_url, key_fingerprint=account.fingerprint)
            return doubtful.order_by("-created_at", "-name").values_list("name", flat=True).first()

    def create(self, new: NewBatch) -> None:
        """Record an accepted plan with its opening balances."""
        source = new.sheet.source
        with committed():
            if Batch.objects.filter(name=new.name).exists():
                raise LedgerError(already_there(new.name))
            Batch.objects.create(
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
                people=people_json(People(new.prepared, new.approved)),
            )
            Pen().add_rows(new)
            self._append(new.name, chain.Tip(), accepted(new))
            self._beside(new.name)

    def append(self, batch: str, facts: Sequence[Fact]) -> None:
        """Record what happened, in this order, in one commit."""
        # What fails may or may not have been committed: then the end of the chain is read again.
        tip = self._tips.pop(batch, None)
        is_about_rows = all(isinstance(fact, replay.RowFact) for fact in facts)
        with committed_by_driver() if is_about_rows else committed():
            tip = self._append(batch, tip or _tip(batch), facts)
        if self._held is not None:
            self._tips[batch] = tip

    def head(self, batch: str) -> BatchHead:
        """A batch without its rows."""
        with reading():
            kept = found(batch)
            return head_of(kept, at_both_ends(kept))

    def view(self, batch: str) -> BatchView:
        """A batch with its rows and events."""
        with reading():
            kept = found(batch)
            return BatchView(
                head=head_of(kept, at_both_ends(kept)),
                columns=tuple(kept.columns),
                roles={Role(role): column for role, column in kept.roles.items()},
                rows=tuple(rows_in(kept.movements.order_by("position"))),
                findings=tuple(finding_from_json(finding) for finding in kept.findings),
                events=Trail(batch),
            )

    def work(self, batch: str) -> Work:
        """What a runner takes up."""
        with reading():
            rows = found(batch).movements.filter(turn__isnull=False).order_by("turn")
            known = last_known(batch)
            main = known.pop(None, None)
            subaccounts = {token: balance for token, balance in known.items() if token is not None}
            return Work(tuple(rows_in(rows)), main, subaccounts)

    def last_attempt(self, batch: str, row: int) -> LastAttempt | None:
        """The newest attempt of a row, with the balances known before it."""
        with reading():
            sent = Line.objects.filter(batch=batch, row=row, attempts__gt=0)
            last = sent.values_list("attempts", "main_before", "subaccount_before").first()
            return LastAttempt(last[0], euros(last[1]), euros(last[2])) if last else None

    def key_of(self, batch: str) -> BatchKey:
        """What the batch is bound to."""
        with reading():
            kept = found(batch)
            return BatchKey(kept.api_url, kept.key_fingerprint)

    def lines(self) -> list[BatchLine]:
        """All batches, newest first."""
        return list(lines_page().lines)

    def latest(self) -> str | None:
        """The newest batch's name."""
        with reading():
            newest = Batch.objects.order_by("-created_at", "-name").values_list("name", flat=True)
            return newest.first()

    def earlier(self, account: BatchKey, since: datetime) -> list[Earlier]:
        """The batches accepted for this account since then, newest first."""
        with reading():
            since_then = Batch.objects.filter(
                api_url=account.api_url, key_fingerprint=account.fingerprint, created_at__gte=since
            )
            accepted_as = Event.objects.filter(batch__in=since_then, number=1).values_list("batch_id", "data")
            movements = {name: int(data.get("movements", 0)) for name, data in accepted_as}
            return [
                Earlier(batch.name, batch.created_at, batch.file_name, batch.sha256, movements.get(batch.name, 0))
                for batch in since_then.order_by("-created_at", "-name")
            ]

    def options(self, account: BatchKey) -> dict[str, tuple[str, ...]]:
        """What was chosen for each batch of this account, oldest first."""
        with reading():
            accepted_facts = Event.objects.filter(
                number=1, batch__api_url=account.api_url, batch__key_fingerprint=account.fingerprint
            )
            found = accepted_facts.order_by("batch__created_at", "batch_id").values_list("batch_id", "data")
            return {batch: tuple(data.get("options", ())) for batch, data in found}

    def movements(self, batch: str) -> list[Movement]:
        """The movements of a batch."""
        with reading():
            rows = found(batch).movements.filter(turn__isnull=False).order_by("turn")
            return movements_of(entry.row for entry in rows_in(rows))

    def batch_with_digest(self, digest: str, api_url: str, key_fingerprint: str) -> str | None:
        """The newest batch in which exactly these movements were accepted for this account."""
        with reading():
            same = Batch.objects.filter(digest=digest, api_url=api_url, key_fingerprint=key_fingerprint)
            return same.order_by("-created_at", "-name").values_list("name", flat=True).first()

    def _append(self, batch: str, tip: chain.Tip, facts: Sequence[Fact]) -> chain.Tip:
        """Write the facts behind the tip, within a transaction; returns the new tip."""
        pen = Pen()
        if self._held is not None:
            pen.renew(*self._held, batch, facts[-1].at)
        lines: list[chain.Line] = []
        end = tip
        for fact in facts:
            lines.append(chain.next_line(end, fact))
            end = chain.Tip(lines[-1].number, lines[-1].hash)
        pen.add_events(batch, tip, lines)
        for fact in facts:
            _apply(pen, batch, fact)
        return end


def _tip(batch: str) -> chain.Tip:
    kept = found(batch)
    return chain.Tip(kept.events_count, kept.last_hash)


def _apply(pen: Pen, batch: str, fact: Fact) -> None:
    match fact:
        case AttemptBegan() | AttemptEnded() | RowSettled() | PersonDecided():
            pen.change_row(batch, fact)
        case BalancesRead():
            Reading.objects.bulk_create(readings_of(batch, fact), batch_size=_CHUNK)
        case StateChanged():
            _change_state(found(batch), fact)


def _change_state(batch: Batch, fact: StateChanged) -> None:
    batch.state, batch.reason = fact.state.value, fact.reason
    batch.ended_at = fact.at if fact.state in _ENDED else None
    if fact.state is BatchState.RUNNING:
        batch.running_at = fact.at
        batch.people = people_json(replay.started(people_of(batch), fact.state, fact.by))
    batch.save(update_fields=["state", "reason", "ended_at", "running_at", "people"])


def _account(key: BatchKey) -> str:
    """The name under which an account is held."""
    return hashlib.sha256(f"{key.api_url}\n{key.fingerprint}".encode()).hexdigest()


def _claim(line: Lease) -> Claim:
    return Claim(line.machine, line.host, line.pid, line.started)


def _held_by(account: str, claim: Claim) -> models.QuerySet[Lease]:
    return Lease.objects.filter(account=account, machine=claim.machine, pid=claim.pid, started=claim.started)
