"""Turn records of the database into what the ledger speaks of, and facts into records."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from datetime import datetime
from decimal import Decimal
from itertools import chain, islice
from typing import Any, TypeVar, overload

from django.db import DatabaseError, connection, connections, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Count, Max, Model, QuerySet

from batch.errors import LedgerError, NoSuchBatch
from batch.i18n import _
from batch.ledger import projection
from batch.ledger.events import (
    AttemptBegan,
    BalancesRead,
    Purpose,
    RowFact,
    StoredEvent,
    Tip,
    decode_cell,
    decode_finding,
    encode_cell,
    encode_finding,
)
from batch.ledger.orm.models import Batch, Movement, Reading, prepare_euros
from batch.ledger.orm.models import Event as EventLine
from batch.ledger.projection import AtBothEnds, choose_end_balances
from batch.ledger.protocol import NewBatch, explain_missing_batch, explain_other_writer, explain_takeover
from batch.model import (
    BatchHead,
    BatchRow,
    BatchState,
    BatchView,
    ColumnRole,
    Direction,
    Event,
    People,
    RowResult,
    SheetRow,
    Source,
    Status,
)
from batch.notes import dump_note, load_note
from batch.planning.account_identity import LEASE


@contextmanager
def translate_errors() -> Iterator[None]:
    """Say database trouble in one sentence, as a `LedgerError`."""
    try:
        yield
    except DatabaseError as error:
        raise LedgerError(
            _("The ledger cannot be read or written ({why}); nothing more was sent.").format(why=_explain_error(error))
        ) from error


@contextmanager
def open_transaction() -> Iterator[CursorWrapper]:
    """Open a transaction: what is written in it is one commit, and trouble is one sentence."""
    try:
        with translate_errors(), transaction.atomic(durable=True), connections["default"].cursor() as cursor:
            yield cursor
    except BaseException:
        # Ctrl-C may have come while Django was entering or leaving the transaction: nothing of it may stay open.
        connections["default"].close()
        del connections["default"]
        raise


def load_batch(name: str) -> Batch:
    """Load the batch of that name; `NoSuchBatch` if there is none."""
    batch = Batch.objects.filter(name=name).first()
    if batch is None:
        raise NoSuchBatch(explain_missing_batch(name))
    return batch


def _explain_error(error: DatabaseError) -> str:
    words = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    return _("another program has it, try again when that has ended") if "locked" in words else words


_BATCHES_AT_ONCE = 20
_FEW = 500
"""So many sub-accounts at most are named in a question to the database."""
_Line = TypeVar("_Line", bound=Model)
_ENDS = [Purpose.OPENING.value, Purpose.CLOSING.value]


def make_readings(batch: str, fact: BalancesRead) -> Iterator[Reading]:
    """Make lines of the table from a reading: the main account's and each sub-account's."""
    held: list[tuple[str | None, Decimal]] = [(None, fact.main_balance), *fact.subaccounts.items()]
    for token, balance in held:
        yield Reading(batch_id=batch, at=fact.at, purpose=fact.purpose.value, token=token, balance=balance)


def read_end_balances(batch: Batch) -> AtBothEnds:
    """Read the newest opening and closing balances of every account."""
    found = Reading.objects.filter(batch=batch, purpose__in=_ENDS).order_by("at")
    return choose_end_balances(batch.running_at, found.values_list("purpose", "at", "token", "balance"))


def read_main_balances(batches: Iterable[Batch]) -> dict[str, AtBothEnds]:
    """Read the same for many batches, by name, of the main account alone: what a list of batches needs."""
    kept = list(batches)
    found = Reading.objects.filter(batch__in=kept, token__isnull=True, purpose__in=_ENDS).order_by("at")
    read: defaultdict[str, list[tuple[str, datetime, str | None, Decimal]]] = defaultdict(list)
    for name, purpose, at, balance in found.values_list("batch_id", "purpose", "at", "balance"):
        read[name].append((purpose, at, None, balance))
    return {batch.name: choose_end_balances(batch.running_at, read[batch.name]) for batch in kept}


def find_last_balances(account: int, tokens: Collection[str]) -> dict[str, tuple[Decimal, datetime]]:
    """Find the newest balances that the provider gave of these sub-accounts, in whichever batch of the account.

    The newest batches are asked first, and those before them only for what they do not tell.
    """
    names = list(Batch.objects.filter(account=account).order_by("-number").values_list("name", flat=True))
    wanted, found = set(tokens), dict[str, tuple[Decimal, datetime]]()
    for first in range(0, len(names), _BATCHES_AT_ONCE):
        if left := wanted - found.keys():
            found.update(_read_newest(names[first : first + _BATCHES_AT_ONCE], left))
    return found


def select_tokens(lines: QuerySet[_Line], tokens: Collection[str]) -> QuerySet[_Line]:
    """Leave out other sub-accounts where these are few; where there are more, all are asked for."""
    return lines.filter(token__in=tokens) if len(tokens) <= _FEW else lines


def _read_newest(batches: Sequence[str], tokens: Collection[str]) -> dict[str, tuple[Decimal, datetime]]:
    readings = Reading.objects.filter(batch__in=batches, token__isnull=False)
    answers = Movement.objects.filter(batch__in=batches, subaccount_balance__isnull=False, at__isnull=False)
    told = chain(
        select_tokens(readings, tokens).values_list("at", "token", "balance").iterator(),
        select_tokens(answers, tokens).values_list("at", "token", "subaccount_balance").iterator(),
    )
    return {token: last for token, last in _keep_newest(told).items() if token is not None and token in tokens}


def read_known_balances(batch: str) -> dict[str | None, Decimal]:
    """Read the newest balance that a reading or an answer gave of each account (None: the main one)."""
    return {token: balance for token, (balance, _at) in _keep_newest(_list_balances(batch)).items()}


def _keep_newest(
    told: Iterable[tuple[datetime | None, str | None, Decimal | None]],
) -> dict[str | None, tuple[Decimal, datetime]]:
    """Keep the newest balance of each account; of two at one moment the later told."""
    found: dict[str | None, tuple[Decimal, datetime]] = {}
    for at, token, balance in told:
        if at is not None and balance is not None and (token not in found or found[token][1] <= at):
            found[token] = balance, at
    return found


def _list_balances(batch: str) -> Iterator[tuple[datetime, str | None, Decimal]]:
    yield from Reading.objects.filter(batch=batch).values_list("at", "token", "balance")
    answered = Movement.objects.filter(batch=batch, main_balance__isnull=False, at__isnull=False)
    for at, token, main, subaccount in answered.values_list("at", "token", "main_balance", "subaccount_balance"):
        if at is not None and main is not None and subaccount is not None:
            yield at, None, main
            yield at, token, subaccount


_ROWS_AT_ONCE = 1000
ROW = (
    *("row", "cells", "findings", "token", "direction", "amount"),
    *("status", "code", "message", "main_balance", "subaccount_balance", "attempts", "at", "note", "attempted_at"),
)
"""The columns that a row is made of."""


def read_rows(lines: QuerySet[Movement]) -> Iterator[BatchRow]:
    """Read rows of the sheet and what has become of them; there are many, so they do not become models before."""
    return map(make_batch_row, lines.values_list(*ROW).iterator(chunk_size=_ROWS_AT_ONCE))


def make_batch_row(line: Sequence[Any]) -> BatchRow:
    """Make the row of which these are the columns."""
    row, cells, findings, token, direction, amount, *result = line
    status, code, message, main, subaccount, attempts, at, note, attempted_at = result
    return BatchRow(
        SheetRow(
            row,
            tuple([decode_cell(cell) for cell in cells]),
            token,
            Direction(direction) if direction else None,
            amount,
            tuple([decode_finding(finding) for finding in findings]),
        ),
        RowResult(Status(status), code, message, main, subaccount, attempts, at, load_note(note), attempted_at),
    )


def make_head(batch: Batch, balances: AtBothEnds) -> BatchHead:
    """Make the head of a batch, with the balances that were read for it."""
    return BatchHead(
        batch=batch.name,
        state=BatchState(batch.state),
        reason=load_note(batch.reason),
        source=Source(batch.file_name, batch.sha256, batch.size, batch.sheet),
        digest=batch.digest,
        api_url=batch.api_url,
        account=batch.owner,
        created_at=batch.created_at,
        ended_at=batch.ended_at,
        opening=balances.get(Purpose.OPENING),
        closing=balances.get(Purpose.CLOSING),
        people=read_people(batch),
        options=tuple(batch.options),
    )


def read_people(batch: Batch) -> People:
    known = batch.people or {}
    run = tuple(known.get("run", ()))
    return People(known.get("prepared"), tuple(known.get("approved", ())), run, known.get("abandoned"))


def make_view(batch: Batch) -> BatchView:
    """Make the view of a batch with its columns and the findings about its sheet, but without rows and events."""
    return BatchView(
        head=make_head(batch, read_end_balances(batch)),
        columns=tuple(batch.columns),
        roles={ColumnRole(role): column for role, column in batch.roles.items()},
        rows=(),
        findings=tuple(decode_finding(finding) for finding in batch.findings),
    )


def read_events(lines: QuerySet[EventLine]) -> tuple[Event, ...]:
    """Read lines of the audit trail, in their order; there are many, so they do not become models before."""
    return tuple(Event(*line) for line in lines.values_list("number", "at", "kind", "data", "hash"))


_EVENTS_AT_ONCE = 250


class Trail(Sequence[Event]):
    """The events that a batch has when this is made, oldest first; those that are added later are not in it.

    `LedgerError` if they cannot be read, which shows only when they are gone through.
    """

    def __init__(self, batch: str) -> None:
        self._lines = EventLine.objects.filter(batch=batch).order_by("number")
        found = self._lines.aggregate(count=Count("number"), last=Max("number"))
        self._count: int = found["count"]
        self._last: int = found["last"] or 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Event]:
        """Read some at a time, so that no writer has to wait for a slow reader."""
        number = -1
        while number < self._last:
            with translate_errors():
                some = read_events(self._lines.filter(number__gt=number, number__lte=self._last)[:_EVENTS_AT_ONCE])
            yield from some
            number = some[-1].number if some else self._last

    @overload
    def __getitem__(self, index: int) -> Event: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Event]: ...

    def __getitem__(self, index: int | slice) -> Event | Sequence[Event]:
        if isinstance(index, slice):
            wanted = range(self._count)[index]
            # The beginning of a long trail is read as it is gone through as well.
            return self._cut(len(wanted)) if wanted[:1] == range(1) and wanted.step == 1 else tuple(self)[index]
        at = range(self._count)[index]
        with translate_errors():
            return read_events(self._lines[at : at + 1])[0]

    def pick_kinds(self, kinds: Collection[str]) -> Sequence[Event]:
        """Read the events of these kinds alone."""
        with translate_errors():
            return read_events(self._lines.filter(kind__in=kinds, number__lte=self._last))

    def _cut(self, count: int) -> Trail:
        """Give the trail of the first events alone."""
        beginning = copy(self)
        beginning._count, beginning._last = count, self[count - 1].number
        return beginning


Value = str | int | datetime | None
"""What a statement is given: times and amounts as the database keeps them."""
_FACTS_AT_ONCE = 1000
_json = json.JSONEncoder().encode

# The number that was given with the lease is only ever followed by greater ones.
_RENEW = 'UPDATE "ledger_account_lease" SET "batch" = %s, "until" = %s WHERE "account_id" = %s AND "fence" = %s'
_ADVANCE = """
UPDATE "ledger_batch" SET "events_count" = %s, "last_hash" = %s
WHERE "name" = %s AND "events_count" = %s AND "last_hash" = %s"""
_BEGIN_ATTEMPT = """
UPDATE "ledger_movement" SET "status" = %s, "code" = %s, "message" = %s, "note" = %s, "at" = %s,
"attempts" = %s, "attempted_at" = %s, "main_before" = %s, "subaccount_before" = %s
WHERE "batch_id" = %s AND "row" = %s AND "attempts" = %s AND "status" IN (%s, %s)"""
_RECORD_OUTCOME = """
UPDATE "ledger_movement" SET "status" = %s, "code" = %s, "message" = %s, "note" = %s, "at" = %s,
"main_balance" = %s, "subaccount_balance" = %s
WHERE "batch_id" = %s AND "row" = %s AND "attempts" = %s AND "status" IN (%s, %s)"""
_EVENT = ("batch_id", "number", "at", "kind", "data", "hash")
_ROW = (
    *("batch_id", "position", "row", "turn", "cells", "findings", "token", "direction", "amount"),
    *("status", "attempts"),
)


def renew_lease(cursor: CursorWrapper, account: int, fence: int, batch: str, at: datetime) -> None:
    """Prove that the account is still held, and hold it for longer."""
    if _update(cursor, _RENEW, batch, _convert_moment(at + LEASE), account, fence) != 1:
        raise LedgerError(explain_takeover(batch))


def add_events(cursor: CursorWrapper, batch: str, tip: Tip, lines: Sequence[StoredEvent]) -> None:
    """Let the events follow on the tip. Of two writers that built on the same tip, the second is not believed."""
    last = lines[-1]
    if _update(cursor, _ADVANCE, last.number, last.hash, batch, tip.number, tip.hash) != 1:
        raise LedgerError(explain_other_writer(batch))
    values = ((batch, line.number, _convert_moment(line.at), line.kind, line.data, line.hash) for line in lines)
    add_lines(cursor, "ledger_event", _EVENT, values)


def change_row(cursor: CursorWrapper, batch: str, fact: RowFact) -> None:
    """Make of a row what the fact says; the row must be as the fact takes it to be: none is sent or decided twice."""
    change = projection.derive_change(fact)
    common = (
        change["status"].value,
        change["code"],
        change["message"],
        dump_note(change["note"]),
        _convert_moment(change["at"]),
    )
    statuses, attempts = projection.get_precondition(fact)
    where = batch, fact.row, attempts, statuses[0].value, statuses[-1].value
    if isinstance(fact, AttemptBegan):
        begun = change["attempts"], _convert_moment(change["attempted_at"])
        before = prepare_euros(fact.main_balance), prepare_euros(fact.subaccount_balance)
        changed = _update(cursor, _BEGIN_ATTEMPT, *common, *begun, *before, *where)
    else:
        after = prepare_euros(change["main_balance"]), prepare_euros(change["subaccount_balance"])
        changed = _update(cursor, _RECORD_OUTCOME, *common, *after, *where)
    if changed != 1:
        raise LedgerError(explain_other_writer(batch))


def add_rows(cursor: CursorWrapper, new: NewBatch) -> None:
    """Add the rows of the sheet. A row that is never sent has no turn."""
    turns = new.turns
    lines = (
        (new.name, position, row.number, turns.get(row.number), *_list_values(row))
        for position, row in enumerate(new.sheet.rows)
    )
    add_lines(cursor, "ledger_movement", _ROW, lines)


def add_lines(cursor: CursorWrapper, table: str, columns: Sequence[str], lines: Iterable[Sequence[Value]]) -> None:
    names = ", ".join(f'"{column}"' for column in columns)
    marks = ", ".join(["%s"] * len(columns))
    left = iter(lines)
    # Some at a time: Django's cursor keeps all that it is given at once.
    while some := list(islice(left, _FACTS_AT_ONCE)):
        cursor.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', some)  # noqa: S608 (our own names)


def _update(cursor: CursorWrapper, statement: str, *values: Value) -> int:
    """Return how many lines the statement touched."""
    cursor.execute(statement, values)
    return int(cursor.rowcount)


def _convert_moment(at: datetime) -> Value:
    """Convert a time to what Django keeps in this database."""
    return connection.ops.adapt_datetimefield_value(at)


def _list_values(row: SheetRow) -> tuple[Value, ...]:
    return (
        _json([encode_cell(cell) for cell in row.cells]),
        _json([encode_finding(finding) for finding in row.findings]),
        row.token,
        row.direction.value if row.direction else None,
        prepare_euros(row.amount),
        (Status.PENDING if row.is_valid else Status.INVALID).value,
        0,
    )
