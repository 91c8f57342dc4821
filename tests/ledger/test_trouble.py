"""A commit is whole or nothing, by the framework and past it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from batch.errors import LedgerError

Committed = Callable[[], AbstractContextManager[None]]


@pytest.fixture(params=["committed", "committed_by_driver"])
def committed(request: pytest.FixtureRequest, database: None) -> Committed:
    from batch.ledger.orm import trouble

    way: Committed = getattr(trouble, request.param)
    return way


def write(role: str | None) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO ledger_columntitle (role, title, at) VALUES (%s, 'x', '2026-01-01')", [role])


def commit(committed: Committed, *roles: str | None, then: BaseException | None = None) -> None:
    """Write these, and break off afterwards if there is something to break off with."""
    with committed():
        for role in roles:
            write(role)
        if then is not None:
            raise then


def written() -> list[str]:
    from batch.ledger.orm.models import ColumnTitle

    return list(ColumnTitle.objects.order_by("role").values_list("role", flat=True))


def test_what_is_written_is_there_afterwards(committed: Committed) -> None:
    commit(committed, "a", "b")
    assert written() == ["a", "b"]


@pytest.mark.parametrize("trouble", [ValueError, KeyboardInterrupt, LedgerError])
def test_of_what_broke_off_nothing_is_there_and_the_next_commit_is_whole(
    committed: Committed, trouble: type[BaseException]
) -> None:
    with pytest.raises(trouble):
        commit(committed, "a", then=trouble())
    assert written() == []
    commit(committed, "b")
    assert written() == ["b"]


def test_what_the_database_complains_of_is_one_sentence(committed: Committed) -> None:
    with pytest.raises(LedgerError, match=r"cannot be read or written \(.*; nothing more was sent"):
        commit(committed, "a", None)
    assert written() == []


def test_a_commit_within_a_commit_is_refused(committed: Committed) -> None:
    from django.db import transaction

    trouble = (RuntimeError, transaction.TransactionManagementError)
    with pytest.raises(trouble), transaction.atomic():
        commit(committed, "a")
    assert written() == []


def test_a_database_that_is_closed_in_between_is_opened_again(committed: Committed) -> None:
    from django.db import connection

    connection.close()
    commit(committed, "a")
    assert written() == ["a"]


def test_a_connection_that_cannot_even_undo_is_given_up(committed: Committed) -> None:
    from django.db import connection

    def broken() -> None:
        with committed():
            write("a")
            driver: Any = connection.connection
            driver.close()
            write("b")

    with pytest.raises(LedgerError):
        broken()
    assert written() == []
    commit(committed, "c")
    assert written() == ["c"]
