"""A commit is whole or nothing, whatever goes wrong in it and whenever."""

from __future__ import annotations

import gc
import sys
from itertools import count
from types import FrameType
from typing import Any

import pytest

from batch.errors import LedgerError

pytestmark = pytest.mark.usefixtures("database")


def write(role: str | None) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO ledger_columntitle (role, title, at) VALUES (%s, 'x', '2026-01-01')", [role])


def commit(*roles: str | None, then: BaseException | None = None) -> None:
    """Write these, and break off afterwards if there is something to break off with."""
    from batch.ledger.orm.mappers import open_transaction

    with open_transaction():
        for role in roles:
            write(role)
        if then is not None:
            raise then


def written() -> list[str]:
    from batch.ledger.orm.models import ColumnTitle

    return list(ColumnTitle.objects.order_by("role").values_list("role", flat=True))


def test_what_is_written_is_there_afterwards() -> None:
    commit("a", "b")
    assert written() == ["a", "b"]


@pytest.mark.parametrize("trouble", [ValueError, KeyboardInterrupt, LedgerError])
def test_of_what_broke_off_nothing_is_there_and_the_next_commit_is_whole(trouble: type[BaseException]) -> None:
    with pytest.raises(trouble):
        commit("a", then=trouble())
    assert written() == []
    commit("b")
    assert written() == ["b"]


def test_what_the_database_complains_of_is_one_sentence() -> None:
    with pytest.raises(LedgerError, match=r"cannot be read or written \(.*; nothing more was sent"):
        commit("a", None)
    assert written() == []


def test_a_commit_within_a_commit_is_refused() -> None:
    from django.db import transaction

    with pytest.raises(RuntimeError), transaction.atomic():
        commit("a")
    assert written() == []


def test_a_database_that_is_closed_in_between_is_opened_again() -> None:
    from django.db import connection

    connection.close()
    commit("a")
    assert written() == ["a"]


def test_a_connection_that_cannot_even_undo_is_given_up() -> None:
    from django.db import connection

    from batch.ledger.orm.mappers import open_transaction

    def broken() -> None:
        with open_transaction():
            write("a")
            driver: Any = connection.connection
            driver.close()
            write("b")

    with pytest.raises(LedgerError):
        broken()
    assert written() == []
    commit("c")
    assert written() == ["c"]


def test_whenever_it_is_interrupted_a_commit_is_whole_or_nothing_and_the_next_one_is_whole() -> None:
    from django.db import connections

    other = connections.create_connection("default")
    with other.cursor() as seen:

        def roles() -> list[str]:
            seen.execute("SELECT role FROM ledger_columntitle ORDER BY role")
            return [role for (role,) in seen.fetchall()]

        for moment in count():
            if not interrupt_commit(moment, f"{moment}-a", f"{moment}-b"):
                break
            commit(f"{moment}-c")
            found = [role for role in roles() if role.startswith(f"{moment}-")]
            assert found in ([f"{moment}-c"], [f"{moment}-{end}" for end in "abc"]), moment
        assert moment > 100
    other.close()


def interrupt_commit(moment: int, *roles: str) -> bool:
    """Press Ctrl-C in the middle of a commit; False if it has fewer moments at which Python looks for it."""
    left = moment

    def look(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal left
        if event in {"call", "c_return"}:
            left -= 1
            if left == -1:
                raise KeyboardInterrupt

    # What is raised in a callback of the garbage collector is lost.
    gc.disable()
    sys.setprofile(look)
    try:
        commit(*roles)
    except (KeyboardInterrupt, LedgerError):
        return True
    finally:
        sys.setprofile(None)
        gc.enable()
    return False
