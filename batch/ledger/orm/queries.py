"""What is asked of the ledger's tables: counts and sums, accounts and their keys, what the pages show of batches."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from itertools import islice
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.models import Count, Max, Q, Sum
from django.db.models.functions import Coalesce

from batch.errors import LedgerError
from batch.i18n import _
from batch.ledger.events import KINDS, Origin, PersonDecided, describe_account
from batch.ledger.orm.mappers import (
    ROW,
    Trail,
    load_batch,
    make_batch_row,
    make_head,
    make_view,
    read_events,
    read_main_balances,
    read_people,
    read_rows,
    select_tokens,
    translate_errors,
)
from batch.ledger.orm.models import (
    Account,
    AccountKey,
    Batch,
    ColumnTitle,
    Event,
    Movement,
    Numbering,
    Reading,
    SheetFile,
)
from batch.ledger.protocol import BatchLine, Tables, find_owned
from batch.model import BatchHead, BatchRow, BatchState, BatchView, ColumnRole, Direction, People, Status, Tally
from batch.model import Event as EventRecord
from batch.money import ZERO
from batch.notes import Note, dump_note, load_note
from batch.planning.account_identity import KnownAccount, Owner
from batch.planning.resubmission import MovementKey, PastList
from batch.planning.settlement import FOR_A_PERSON
from batch.settings import read_choices


def _compute_tallies(names: Collection[str]) -> dict[str, Tally]:
    """Compute the tallies of these batches, in one question to the database."""
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    # Without an order of its own, the rows' order would be a part of the grouping.
    grouped = Movement.objects.filter(batch__in=names).order_by().values("batch_id", "status", "direction")
    for group in grouped.annotate(rows=Count("pk"), euros=Sum("amount")):
        found[group["batch_id"]].append(dict(group))
    return {name: _sum_groups(found[name]) for name in names}


def _sum_groups(groups: list[dict[str, Any]]) -> Tally:
    rows = dict.fromkeys(Status, 0)
    euros = dict.fromkeys(Status, ZERO)
    moved = {direction.value: ZERO for direction in Direction}
    for group in groups:
        status, amount = Status(group["status"]), group["euros"] or ZERO
        rows[status] += group["rows"]
        if group["direction"] not in moved:
            continue
        euros[status] += amount
        if status is Status.DONE:
            moved[group["direction"]] += amount
    return Tally(rows, moved[Direction.ADD.value], moved[Direction.REMOVE.value], euros)


def list_past_lists(account: int, since: datetime, tokens: Collection[str]) -> Iterator[PastList]:
    """List what batches may have done for these sub-accounts, newest first: those accepted since then, or whose credit
    moved since, however long before they were accepted.
    """
    may_have_moved = Q(created_at__gte=since) | Q(ended_at__gte=since) | Q(ended_at=None)
    batches = Batch.objects.filter(may_have_moved, account=account).order_by("-number")
    rows = Movement.objects.filter(
        batch__in=[batch.name for batch in batches], status__in=[Status.DONE.value, Status.UNKNOWN.value]
    )
    done: defaultdict[str, Counter[MovementKey]] = defaultdict(Counter)
    last = {batch.name: batch.created_at for batch in batches}
    # Without an order of its own, as above.
    grouped = select_tokens(rows, tokens).order_by().values_list("batch_id", "token", "direction", "amount")
    counted = grouped.annotate(times=Count("pk"), moved_at=Max(Coalesce("attempted_at", "at")))
    for batch, token, direction, amount, times, moved_at in counted.iterator():
        if token is not None and direction is not None and amount is not None:
            done[batch][token, direction, amount] = times
            last[batch] = max(last[batch], moved_at or last[batch])
    for batch in batches:
        if last[batch.name] >= since:
            period = read_choices(batch.options).period
            yield PastList(batch.name, last[batch.name], batch.file_name, batch.sha256, period, done[batch.name])


def list_doubt_events(batch: str) -> Iterable[tuple[str, Any]]:
    """List the events that put rows in doubt by balances alone or decide about one: kind and data, oldest first."""
    events = Event.objects.filter(batch=batch, kind__in=["row-doubted", "person-decided"])
    return events.order_by("number").values_list("kind", "data")


def find_last_numbers(journal: str) -> dict[date, int]:
    """Find the last number that the journal has in each fiscal year, by its closing day.

    Within a transaction, which nobody else numbers beside: of two that do at the same moment, the second waits.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE ledger_numbering IN SHARE ROW EXCLUSIVE MODE")
    kept = Numbering.objects.filter(journal=journal).order_by().values_list("closes_on")
    return dict(kept.annotate(Max("last")))


def list_numbering_events(batch: str) -> tuple[EventRecord, ...]:
    """List the events that gave numbers to entries of the batch, oldest first."""
    return read_events(Event.objects.filter(batch=batch, kind="entries-numbered").order_by("number"))


def describe_origin(account: int) -> Origin:
    """Describe where the account's next batch stands in the ledger."""
    number = (Batch.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    before = Batch.objects.filter(account=account).order_by("-number").first()
    previous = {"batch": before.name, "events": before.events_count, "hash": before.last_hash} if before else None
    return Origin(number, previous, _describe_account(Account.objects.get(pk=account)))


def _describe_account(account: Account) -> dict[str, Any]:
    keys = account.keys.values_list("address", "fingerprint", "first_used_at")
    return describe_account(account.pk, account.address, account.name, account.tokens, account.created_at, keys)


def read_tables(batch: str) -> Tables:
    """Read every column of the batch's tables, but for the numbers that the database gives its lines."""
    kept = load_batch(batch)
    columns: dict[str, Any] = dict(Batch.objects.filter(name=batch).values().get())
    columns |= {"reason": _read_note(kept.reason), "people": _read_whole_people(kept), "options": tuple(kept.options)}
    sheet = SheetFile.objects.filter(sha256=kept.sha256).first()
    account = Account.objects.filter(pk=kept.account_id).first()
    return Tables(
        batch=columns,
        rows=(
            {**line, "note": _read_note(line["note"])}
            for line in kept.movements.order_by("position").values().iterator()
        ),
        readings=kept.readings.order_by("pk").values().iterator(),
        numberings=kept.numberings.order_by("pk").values().iterator(),
        account=_describe_account(account) if account else {},
        sheet_sha256=hashlib.sha256(sheet.data).hexdigest() if sheet else None,
    )


def _read_note(text: str | None) -> Note | str | None:
    """Read a note; one that is not written as notes are is given as its text, so that it equals none."""
    note = load_note(text)
    return note if dump_note(note) == text else text


def _read_whole_people(batch: Batch) -> People | dict[str, Any]:
    """Read the people; those with more about them than any version writes are given as they are written."""
    people = read_people(batch)
    return batch.people if batch.people and set(batch.people) - set(asdict(people)) else people


_TOKENS_KEPT = 1000


def find_key_account(address: str, fingerprint: str) -> int | None:
    """Find the account at this address that was used with this key."""
    keys = AccountKey.objects.filter(address=address, fingerprint=fingerprint)
    return keys.values_list("account_id", flat=True).first()


def list_accounts(address: str) -> list[KnownAccount]:
    """List the accounts at this address, with every sub-account that they were seen to have."""
    return [
        KnownAccount(account.pk, account.name, frozenset([*account.tokens, *_list_tokens(account)]))
        for account in Account.objects.filter(address=address).order_by("pk")
    ]


def bind_key(address: str, fingerprint: str, owner: Owner, at: datetime) -> tuple[int, bool]:
    """Record which account a key belongs to; returns the account, and whether it is new.

    Within a transaction: of two programs that meet a new account at the same moment, the second finds it known.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE ledger_account IN SHARE ROW EXCLUSIVE MODE")
    account = find_key_account(address, fingerprint)
    if account is not None:
        return account, False
    found = find_owned(owner, list_accounts(address), address)
    is_new = found is None
    account = _add_account(address, owner, at) if found is None else found.id
    if owner.name:
        Account.objects.filter(pk=account, name="").update(name=owner.name)
    AccountKey.objects.create(account_id=account, address=address, fingerprint=fingerprint, first_used_at=at)
    return account, is_new


def _add_account(address: str, owner: Owner, at: datetime) -> int:
    tokens = list(islice(owner.tokens, _TOKENS_KEPT))
    account = Account.objects.create(address=address, name=owner.name, tokens=tokens, created_at=at)
    # What was named for columns while no account was known was named for the one that is met next.
    ColumnTitle.objects.filter(account=None).update(account=account)
    return account.pk


def _list_tokens(account: Account) -> list[str]:
    read = Reading.objects.filter(batch__account=account, token__isnull=False)
    return [token for token in read.values_list("token", flat=True).distinct() if token is not None]


def remember_columns(account: int | None, titles: Mapping[ColumnRole, str], at: datetime) -> None:
    """Keep these titles for the account (or for nobody yet) instead of any that were kept before."""
    try:
        with transaction.atomic():
            ColumnTitle.objects.filter(account=account).delete()
            ColumnTitle.objects.bulk_create(
                ColumnTitle(account_id=account, role=role.value, title=title, at=at) for role, title in titles.items()
            )
    except DatabaseError as error:
        raise LedgerError(_("The columns cannot be kept in the ledger: try again, or leave the option out.")) from error


def recall_columns(account: int | None) -> dict[ColumnRole, str]:
    """Read the titles that were kept last for the account, by what their columns hold."""
    try:
        return {ColumnRole(kept.role): kept.title for kept in ColumnTitle.objects.filter(account=account)}
    except DatabaseError as error:
        raise LedgerError(
            _("The ledger cannot be read: see that nothing else has locked it, and try again.")
        ) from error


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is: its head (balances of the main account only), its tally, and the rows that ended last."""

    head: BatchHead
    tally: Tally
    last: tuple[BatchRow, ...]


@dataclass(frozen=True, slots=True)
class PastRow:
    """What one batch did to a sub-account by one row."""

    batch: str
    state: BatchState
    created_at: datetime
    file_name: str
    row: BatchRow


def list_newest_batches(limit: int | None = None, *, states: tuple[BatchState, ...] = ()) -> tuple[BatchLine, ...]:
    """List the newest batches in one of these states, any if none is given.

    Their heads have the main account's balances only.
    """
    with translate_errors():
        wanted = Batch.objects.order_by("-number")
        if states:
            wanted = wanted.filter(state__in=[state.value for state in states])
        return _make_lines(list(wanted[:limit]))


def read_line(batch: str) -> BatchLine:
    """Read a batch as a line of the list; `LedgerError` if there is none of that name."""
    with translate_errors():
        return _make_lines([load_batch(batch)])[0]


def read_lines(names: Collection[str]) -> dict[str, BatchLine]:
    """Read these batches as lines of the list, by name."""
    with translate_errors():
        lines = _make_lines(list(Batch.objects.filter(name__in=names)))
        return {str(line.head.batch): line for line in lines}


def find_undecided_batches(batches: Collection[str]) -> frozenset[str]:
    """Find those of the batches with a row in doubt that a person has to decide about."""
    with translate_errors():
        rows = Movement.objects.filter(
            batch__in=batches, status=Status.UNKNOWN.value, note__in=map(dump_note, FOR_A_PERSON)
        )
        return frozenset(rows.values_list("batch_id", flat=True))


def read_without_rows(batch: str) -> BatchView:
    """Read a batch with its columns and the findings about its sheet, but without rows and events."""
    with translate_errors():
        return make_view(load_batch(batch))


def read_agreements(batch: str) -> BatchView:
    """Read a batch with its events, and of its rows those that a person decided about."""
    with translate_errors():
        kept, trail = load_batch(batch), Trail(batch)
        decided = [str(event.data["row"]) for event in trail.pick_kinds([KINDS[PersonDecided]])]
        rows = tuple(read_rows(kept.movements.filter(row__in=decided))) if decided else ()
        return replace(make_view(kept), rows=rows, events=trail)


def find_row(batch: str, row: int) -> BatchRow | None:
    """Find the row of that number in the sheet; None if there is none."""
    with translate_errors():
        return next(read_rows(Movement.objects.filter(batch=batch, row=row)), None)


def list_events(batch: str, row: int | None = None) -> tuple[EventRecord, ...]:
    """List the events of a batch, or those about one of its rows, oldest first."""
    with translate_errors():
        events = Event.objects.filter(batch=batch).order_by("number")
        if row is not None:
            events = events.filter(data__row=row)
        return read_events(events)


def list_latest_rows(batch: str, count: int) -> tuple[BatchRow, ...]:
    """List the rows that something was found out about last, newest first."""
    with translate_errors():
        ended = Movement.objects.filter(batch=batch, at__isnull=False)
        return tuple(read_rows(ended.order_by("-at", "-turn")[:count]))


def read_progress(batch: str, last: int = 10) -> Progress:
    """Read how far a batch is; cheap enough to be asked every second."""
    line = read_line(batch)
    return Progress(line.head, line.tally, list_latest_rows(batch, last))


def list_history(token: str, offset: int = 0, limit: int = 50) -> tuple[PastRow, ...]:
    """List what every batch did to a sub-account, newest first."""
    with translate_errors():
        named = Movement.objects.filter(token=token)
        newest = named.order_by("-batch__number", "-position")[offset : offset + limit]
        lines = newest.values_list("batch__name", "batch__state", "batch__created_at", "batch__file_name", *ROW)
        return tuple(
            PastRow(name, BatchState(state), created_at, file_name, make_batch_row(line))
            for name, state, created_at, file_name, *line in lines
        )


def _make_lines(batches: list[Batch]) -> tuple[BatchLine, ...]:
    tallies, balances = _compute_tallies([batch.name for batch in batches]), read_main_balances(batches)
    return tuple(BatchLine(make_head(batch, balances[batch.name]), tallies[batch.name]) for batch in batches)
