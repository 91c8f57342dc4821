"""The ledger in the database, and who holds its accounts as the pages and the site's scheduler see it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from decimal import Decimal

from django.db import connections
from django.db.backends.utils import CursorWrapper
from django.db.models import Exists, OuterRef

from batch.errors import AccountInUse, LedgerError
from batch.ledger import events, projection, protocol
from batch.ledger.events import (
    BalancesRead,
    EntriesNumbered,
    Fact,
    OptionsChanged,
    Purpose,
    RowFact,
    StateChanged,
    encode_finding,
)
from batch.ledger.lease import describe_holder, is_alive, may_take
from batch.ledger.orm import mappers, queries
from batch.ledger.orm.mappers import translate_errors
from batch.ledger.orm.models import Batch, Lease, Numbering, Reading, SheetFile
from batch.ledger.orm.models import Event as EventLine
from batch.ledger.orm.models import Movement as Line
from batch.ledger.projection import make_first_facts, make_numberings
from batch.ledger.protocol import (
    Access,
    BatchLine,
    Claim,
    LastAttempt,
    NewBatch,
    Tables,
    Work,
    explain_taken_name,
    read_doubts,
)
from batch.ledger.replay import read_numbering
from batch.model import ENDED, BatchHead, BatchState, BatchView, Event, Status
from batch.notes import dump_note
from batch.planning.account_identity import LEASE, KnownAccount, Owner
from batch.planning.resubmission import PastList


def is_local() -> bool:
    """Tell whether all who open the ledger run on one kernel: SQLite in WAL mode shares memory between them."""
    return connections["default"].vendor == "sqlite"


def make_lease(line: Lease) -> protocol.Lease:
    claim = Claim(line.machine, line.boot, line.host, line.pid, line.started)
    return protocol.Lease(claim, line.batch, line.since, line.until)


def is_running(batch: str, now: datetime) -> bool:
    """Tell whether the account is held for this batch by a process that lives, or may live."""
    line = Lease.objects.filter(batch=batch, is_held=True).first()
    return line is not None and not may_take(make_lease(line), now, is_local=is_local())


def is_gone(claim: Claim, since: datetime, now: datetime) -> bool:
    """Tell whether a process has ended that was about to hold an account at a moment.

    One that cannot be seen from here is gone when its lease has run out, or when it has none after so long a time.
    """
    alive = is_alive(claim, is_local=is_local())
    if alive is not None:
        return not alive
    its = Lease.objects.filter(machine=claim.machine, boot=claim.boot, pid=claim.pid, started=claim.started)
    until = its.order_by("-until").values_list("until", flat=True).first()
    return now > (until or since + LEASE)


_CHUNK = 1000


class DatabaseLedger:
    """Implements `protocol.Ledger`, which says what each method does, over the connection that `connect` opened.

    Whoever holds an account is the only one to write to its batches, so the holder need not read back where their
    chains end: it remembers, and every commit proves that it remembers rightly.
    """

    def __init__(self, beside: Callable[[str], None] = lambda _batch: None) -> None:
        """Have `beside` write what belongs in the same commit as a new batch, whose name it is given."""
        self._beside = beside
        self._held: tuple[int, int] | None = None
        """The account, and the number that its lease was given."""
        self._tips: dict[str, events.Tip] = {}

    @property
    def is_local(self) -> bool:
        """Whether all who open it run on one kernel."""
        return is_local()

    def find_account(self, address: str, fingerprint: str) -> int | None:
        with translate_errors():
            return queries.find_key_account(address, fingerprint)

    def list_accounts(self, address: str) -> list[KnownAccount]:
        with translate_errors():
            return queries.list_accounts(address)

    def bind_key(self, address: str, fingerprint: str, owner: Owner, at: datetime) -> tuple[int, bool]:
        with mappers.open_transaction():
            return queries.bind_key(address, fingerprint, owner, at)

    def hold(self, account: int, claim: Claim, at: datetime, may_take_over: Callable[[protocol.Lease], bool]) -> None:
        with mappers.open_transaction():
            line = Lease.objects.select_for_update().filter(account=account).first()
            if line is not None and line.is_held:
                lease = make_lease(line)
                if lease.claim != claim and not may_take_over(lease):
                    raise AccountInUse(describe_holder(lease), lease.batch)
            mine = Lease(
                account_id=account,
                fence=line.fence + 1 if line is not None else 1,
                is_held=True,
                since=at,
                until=at + LEASE,
                **asdict(claim),
            )
            # Of two that find the account free at the same moment, the second must fail and not overwrite the first.
            mine.save(force_insert=line is None, force_update=line is not None)
        self._held = account, mine.fence
        self._tips = {}

    def renew(self, batch: str, at: datetime) -> None:
        if self._held is not None:
            with mappers.open_transaction() as cursor:
                mappers.renew_lease(cursor, *self._held, batch, at)

    def let_go(self) -> None:
        if self._held is not None:
            account, fence = self._held
            with mappers.open_transaction():
                Lease.objects.filter(account=account, fence=fence).update(is_held=False)
            self._held = None
            self._tips = {}

    def find_doubtful_batch(self, account: int) -> str | None:
        with translate_errors():
            # By the index, batch by batch: a join would be made from the side of the rows, and look at each of them.
            rows = Line.objects.filter(batch=OuterRef("pk"), status=Status.UNKNOWN.value)
            doubtful = Batch.objects.filter(Exists(rows), account=account)
            return doubtful.order_by("-number").values_list("name", flat=True).first()

    def list_unfinished(self, account: int | None = None) -> list[str]:
        with translate_errors():
            begun = Batch.objects.exclude(state__in=[state.value for state in ENDED])
            mine = begun if account is None else begun.filter(account=account)
            return list(mine.order_by("-number").values_list("name", flat=True))

    def create(self, new: NewBatch) -> None:
        source = new.sheet.source
        with mappers.open_transaction() as cursor:
            if Batch.objects.filter(name=new.name).exists():
                raise LedgerError(explain_taken_name(new.name))
            origin = queries.describe_origin(new.access.account)
            Batch.objects.create(
                name=new.name,
                number=origin.number,
                account_id=new.access.account,
                state=BatchState.APPROVED.value,
                file_name=source.file_name,
                sha256=source.sha256,
                size=source.size,
                sheet=source.sheet,
                digest=new.plan.digest,
                columns=list(new.sheet.columns),
                roles={role.value: column for role, column in new.sheet.roles.items()},
                findings=[encode_finding(finding) for finding in new.sheet.findings],
                api_url=new.access.api_url,
                owner=new.owner,
                key_fingerprint=new.access.fingerprint,
                created_at=new.at,
                last_hash=events.GENESIS,
                people=asdict(new.people),
                options=list(new.options),
            )
            if new.content is not None:
                SheetFile.objects.get_or_create(sha256=source.sha256, defaults={"data": new.content})
            mappers.add_rows(cursor, new)
            self._append(cursor, new.name, events.Tip(), make_first_facts(new, origin))
            self._beside(new.name)

    def append(self, batch: str, facts: Sequence[Fact]) -> None:
        self._commit(batch, lambda: facts)

    def number_entries(self, batch: str, journal: str, years: Mapping[date, Sequence[int]], at: datetime) -> None:
        self._commit(batch, lambda: make_numberings(journal, years, queries.find_last_numbers(journal), at))

    def list_numberings(self, batch: str) -> list[EntriesNumbered]:
        with translate_errors():
            return list(map(read_numbering, queries.list_numbering_events(batch)))

    def _commit(self, batch: str, make_facts: Callable[[], Sequence[Fact]]) -> None:
        """Write the facts in one commit, within which they are made."""
        # What fails may or may not have been committed: then the end of the chain is read again.
        tip = self._tips.pop(batch, None)
        with mappers.open_transaction() as cursor:
            tip = self._append(cursor, batch, tip or _read_tip(batch), make_facts())
        if self._held is not None:
            self._tips[batch] = tip

    def read_head(self, batch: str) -> BatchHead:
        with translate_errors():
            kept = mappers.load_batch(batch)
            return mappers.make_head(kept, mappers.read_end_balances(kept))

    def view(self, batch: str) -> BatchView:
        with translate_errors():
            kept = mappers.load_batch(batch)
            rows = kept.movements.order_by("position")
            return replace(mappers.make_view(kept), rows=tuple(mappers.read_rows(rows)), events=mappers.Trail(batch))

    def view_events(self, batch: str) -> Sequence[Event]:
        with translate_errors():
            mappers.load_batch(batch)
            return mappers.Trail(batch)

    def read_event(self, batch: str, number: int) -> Event | None:
        with translate_errors():
            return next(iter(mappers.read_events(EventLine.objects.filter(batch=batch, number=number))), None)

    def read_tables(self, batch: str) -> Tables:
        with translate_errors():
            return queries.read_tables(batch)

    def read_tip(self, batch: str) -> events.Tip:
        with translate_errors():
            return _read_tip(batch)

    def find_successor(self, batch: str) -> str | None:
        with translate_errors():
            kept = mappers.load_batch(batch)
            later = Batch.objects.filter(account=kept.account_id, number__gt=kept.number)
            return later.order_by("number").values_list("name", flat=True).first()

    def read_sheet(self, sha256: str) -> bytes | None:
        with translate_errors():
            kept = SheetFile.objects.filter(sha256=sha256).first()
            return None if kept is None else bytes(kept.data)

    def work(self, batch: str) -> Work:
        with translate_errors():
            kept = mappers.load_batch(batch)
            rows = tuple(mappers.read_rows(kept.movements.filter(turn__isnull=False).order_by("turn")))
            known = mappers.read_known_balances(batch)
            main = known.pop(None, None)
            subaccounts = {token: balance for token, balance in known.items() if token is not None}
            opening = mappers.read_end_balances(kept).get(Purpose.OPENING)
            return Work(batch, opening, rows, main, subaccounts, *read_doubts(rows, queries.list_doubt_events(batch)))

    def find_last_attempt(self, batch: str, row: int) -> LastAttempt | None:
        with translate_errors():
            sent = Line.objects.filter(batch=batch, row=row, attempts__gt=0)
            last = sent.values_list("attempts", "main_before", "subaccount_before").first()
            return LastAttempt(*last) if last else None

    def read_access(self, batch: str) -> Access:
        with translate_errors():
            kept = mappers.load_batch(batch)
            return Access(kept.account_id, kept.api_url, kept.key_fingerprint)

    def list_batches(self) -> list[BatchLine]:
        return list(queries.list_newest_batches())

    def find_newest(self) -> str | None:
        with translate_errors():
            return Batch.objects.order_by("-number").values_list("name", flat=True).first()

    def find_past_lists(self, account: int, since: datetime, tokens: Collection[str]) -> list[PastList]:
        with translate_errors():
            return list(queries.list_past_lists(account, since, tokens))

    def find_last_balances(self, account: int, tokens: Collection[str]) -> dict[str, tuple[Decimal, datetime]]:
        with translate_errors():
            return mappers.find_last_balances(account, tokens)

    def read_options(self, batch: str) -> tuple[str, ...]:
        with translate_errors():
            return tuple(mappers.load_batch(batch).options)

    def list_options(self, account: int) -> dict[str, tuple[str, ...]]:
        with translate_errors():
            batches = Batch.objects.filter(account=account).order_by("number")
            return {name: tuple(options) for name, options in batches.values_list("name", "options")}

    def _append(self, cursor: CursorWrapper, batch: str, tip: events.Tip, facts: Sequence[Fact]) -> events.Tip:
        """Write the facts behind the tip, within a transaction; returns the new tip."""
        if self._held is not None:
            mappers.renew_lease(cursor, *self._held, batch, facts[-1].at)
        lines: list[events.StoredEvent] = []
        end = tip
        for fact in facts:
            lines.append(events.make_stored_event(end, fact))
            end = events.Tip(lines[-1].number, lines[-1].hash)
        mappers.add_events(cursor, batch, tip, lines)
        for fact in facts:
            _apply(cursor, batch, fact)
        return end


def _read_tip(batch: str) -> events.Tip:
    kept = mappers.load_batch(batch)
    return events.Tip(kept.events_count, kept.last_hash)


def _apply(cursor: CursorWrapper, batch: str, fact: Fact) -> None:
    if isinstance(fact, RowFact):
        mappers.change_row(cursor, batch, fact)
    match fact:
        case BalancesRead():
            Reading.objects.bulk_create(mappers.make_readings(batch, fact), batch_size=_CHUNK)
        case EntriesNumbered():
            numbers = {"journal": fact.journal, "closes_on": fact.closes_on, "first": fact.first, "last": fact.last}
            Numbering.objects.create(batch_id=batch, **numbers)
        case OptionsChanged():
            Batch.objects.filter(name=batch).update(options=list(fact.options))
        case StateChanged():
            _change_state(mappers.load_batch(batch), fact)


def _change_state(batch: Batch, fact: StateChanged) -> None:
    batch.state, batch.reason = fact.state.value, dump_note(fact.reason)
    batch.ended_at = projection.find_end(fact.state, fact.at)
    if fact.state is BatchState.RUNNING:
        batch.running_at = fact.at
    batch.people = asdict(projection.add_person(mappers.read_people(batch), fact.state, fact.by))
    batch.save(update_fields=["state", "reason", "ended_at", "running_at", "people"])
