"""What can go wrong with the database, as one sentence each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connections, transaction
from django.db.backends.utils import CursorWrapper

from batch.errors import LedgerError, NoSuchBatch
from batch.language import _
from batch.ledger.orm.models import Batch
from batch.ledger.sentences import no_such_batch


@contextmanager
def reading() -> Iterator[None]:
    """Database trouble as one sentence."""
    try:
        yield
    except DatabaseError as error:
        raise LedgerError(
            _("The ledger cannot be read or written ({why}); nothing more was sent.").format(why=_words(error))
        ) from error


@contextmanager
def committed() -> Iterator[CursorWrapper]:
    """The same, with everything that is written in one commit."""
    try:
        with reading(), transaction.atomic(durable=True), connections["default"].cursor() as cursor:
            yield cursor
    except BaseException:
        # Ctrl-C may have come while Django was entering or leaving the transaction: nothing of it may stay open.
        connections["default"].close()
        del connections["default"]
        raise


def found(name: str) -> Batch:
    """The batch of that name; `NoSuchBatch` if there is none."""
    batch = Batch.objects.filter(name=name).first()
    if batch is None:
        raise NoSuchBatch(no_such_batch(name))
    return batch


def _words(error: DatabaseError) -> str:
    words = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    return _("another program has it, try again when that has ended") if "locked" in words else words
