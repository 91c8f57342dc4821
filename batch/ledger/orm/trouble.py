"""What can go wrong with the database, as one sentence each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from batch.errors import LedgerError
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
def committed() -> Iterator[None]:
    """The same, with everything that is written in one commit."""
    with reading(), connections["default"].wrap_database_errors, transaction.atomic(durable=True):
        yield


@contextmanager
def committed_by_driver() -> Iterator[None]:
    """The same past Django's layers, by which an empty commit takes four times as long: for what every row that is sent
    waits for.

    Nothing in it may open a transaction, as many of Django's own writes do.
    """
    connection = connections["default"]
    connection.validate_no_atomic_block()
    with reading(), connection.wrap_database_errors:
        connection.ensure_connection()
        driver = connection.connection
        try:
            driver.execute("BEGIN IMMEDIATE" if connection.vendor == "sqlite" else "BEGIN")
            yield
            driver.commit()
        except BaseException:
            _roll_back(connection)
            raise


def _roll_back(connection: BaseDatabaseWrapper) -> None:
    """Undo what is not committed. A connection that cannot even do that is given up, and so undoes it as well."""
    try:
        connection.rollback()
    except DatabaseError:
        connection.close()


def found(name: str) -> Batch:
    """The batch of that name; `LedgerError` if there is none."""
    batch = Batch.objects.filter(name=name).first()
    if batch is None:
        raise LedgerError(no_such_batch(name))
    return batch


def _words(error: DatabaseError) -> str:
    words = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    return _("another program has it, try again when that has ended") if "locked" in words else words
