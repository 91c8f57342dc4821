"""Ledgers that already hold batches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from batch.ledger.events import AttemptBegan, AttemptEnded, BalancesRead, Fact, Purpose, StateChanged
from batch.ledger.protocol import Ledger, NewBatch
from batch.model import BatchState, Status
from bench.running import provider_here
from bench.sheets import new_batch

_AT_ONCE = 2_000
"""Facts in one commit: what a run commits one by one is only to be there, not to be measured."""


def record_finished(ledger: Ledger, rows: int, name: str) -> NewBatch:
    """A batch of so many rows, with everything that a run would have written about it."""
    new = new_batch(rows, name)
    ledger.create(new)
    facts = _facts(new)
    while some := list(islice(facts, _AT_ONCE)):
        ledger.append(name, some)
    return new


def _facts(new: NewBatch) -> Iterator[Fact]:
    provider = provider_here()
    at = new.at
    yield StateChanged(at, BatchState.RUNNING, by="bench")
    main, held = new.opening.main, dict(new.opening.subaccounts)
    for movement in new.plan.movements:
        at += timedelta(milliseconds=1)
        yield AttemptBegan(at, movement.row, 1, main, held[movement.token])
        after = provider.apply(movement)
        main = after.main_balance
        held[movement.token] = after.subaccount_balance
        yield AttemptEnded(at, movement.row, 1, "Applied", Status.DONE, 200, None, main, held[movement.token])
    yield BalancesRead(at, Purpose.CLOSING, main, held)
    yield StateChanged(at, BatchState.FINISHED)


def copy_batch(name: str, copy: str) -> None:
    """The same batch once more in the database that is open, under another name."""
    from django.db import connection, transaction

    from batch.ledger.orm.models import Batch, Event, Movement, Reading

    with transaction.atomic(), connection.cursor() as cursor:
        for model in (Batch, Movement, Reading, Event):
            columns = [field.column for field in model._meta.concrete_fields if field.column != "id"]
            named = ", ".join(f'"{column}"' for column in columns)
            key = "name" if model is Batch else "batch_id"
            copied = ", ".join("%s" if column == key else f'"{column}"' for column in columns)
            table = model._meta.db_table
            cursor.execute(
                f'INSERT INTO "{table}" ({named}) SELECT {copied} FROM "{table}" WHERE "{key}" = %s',  # noqa: S608
                [copy, name],
            )
