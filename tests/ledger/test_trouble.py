"""A commit is whole or nothing, by the framework and past it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from batch.errors import LedgerError
from batch.ledger.orm.connect import connect

Committed = Callable[[], AbstractContextManager[None]]


@pytest.fixture(params=["committed", "committed_by_driver"])
def committed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Committed]:
    connect(tmp_path, None)
    from django.db import connections

    from batch.ledger.orm import trouble

    yield getattr(trouble, request.param)
    connections["default"].close()


def write(role: str) -> None:
    from django.db import connection

    statement = "INSERT INTO ledger_columnmemory (role, title, at) VALUES (?, 'x', '2026-01-01')"
    driver: Any = connection.connection
    driver.execute(statement, [role])


def written() -> list[str]:
    from batch.ledger.orm.models import ColumnMemory

    return list(ColumnMemory.objects.order_by("role").values_list("role", flat=True))


def test_what_is_written_is_there_afterwards(committed: Committed) -> None:
    with committed():
        write("a")
        write("b")
    assert written() == ["a", "b"]


@pytest.mark.parametrize("trouble", [ValueError, KeyboardInterrupt, LedgerError])
def test_of_what_broke_off_nothing_is_there_and_the_next_commit_is_whole(
    committed: Committed, trouble: type[BaseException]
) -> None:
    with pytest.raises(trouble), committed():
        write("a")
        raise trouble
    assert written() == []
    with committed():
        write("b")
    assert written() == ["b"]


def test_what_the_database_complains_of_is_one_sentence(committed: Committed) -> None:
    with pytest.raises(LedgerError, match=r"cannot be read or written \(.*; nothing more was sent"), committed():
        write("a")
        write("a")
    assert written() == []


def test_a_commit_within_a_commit_is_refused(committed: Committed) -> None:
    from django.db import transaction

    trouble = (RuntimeError, transaction.TransactionManagementError)
    with pytest.raises(trouble), transaction.atomic(), committed():
        write("a")
    assert written() == []


def test_a_database_that_is_closed_in_between_is_opened_again(committed: Committed) -> None:
    from django.db import connection

    connection.close()
    with committed():
        write("a")
    assert written() == ["a"]


def test_a_connection_that_cannot_even_undo_is_given_up(committed: Committed) -> None:
    from django.db import connection

    with pytest.raises((LedgerError, ValueError)), committed():
        write("a")
        driver: Any = connection.connection
        driver.close()
        raise ValueError
    assert written() == []
