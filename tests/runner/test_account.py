"""Who decides about a row in doubt, and when: never two for one doubt."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest

from batch.errors import CreditbatchError, UsageError
from batch.ledger.facts import AttemptBegan
from batch.ledger.memory import MemoryLedger
from batch.ledger.orm.connect import connect
from batch.model import Status
from batch.runner.account import decide
from tests.builders import NOON, known_to, new_batch


def test_of_several_who_decide_at_once_in_one_process_one_does(tmp_path: Path) -> None:
    connect(tmp_path, None)
    from django.db import connections

    from batch.ledger.orm.store import DatabaseLedger

    ledger = known_to(DatabaseLedger())
    ledger.create(new_batch(["sub-1", Decimal("12.5"), "add"]))
    row = ledger.view("b-1").rows[0].row.number
    ledger.append("b-1", [AttemptBegan(NOON, row, 1, None, None)])
    people = 8
    at_once = threading.Barrier(people)

    def decided(person: int) -> bool:
        at_once.wait()
        try:
            decide(
                DatabaseLedger(),
                "b-1",
                row,
                applied=person % 2 == 0,
                who=f"person {person}",
                why="looked",
                now=lambda: NOON,
            )
        except UsageError:
            return False
        finally:
            connections["default"].close()
        return True

    with ThreadPoolExecutor(people) as pool:
        assert sum(pool.map(decided, range(people))) == 1
    decisions = [event for event in ledger.view("b-1").events if event.kind == "person-decided"]
    assert len(decisions) == 1
    connections["default"].close()


def test_a_row_that_is_not_in_doubt_and_one_that_is_not_there_are_told() -> None:
    ledger = known_to(MemoryLedger())
    ledger.create(new_batch(["sub-1", Decimal("12.5"), "add"]))
    row = ledger.view("b-1").rows[0].row.number
    assert ledger.view("b-1").rows[0].result.status is Status.PENDING
    for asked, words in ((row, "not in doubt"), (9999, "no row 9999")):
        with pytest.raises(CreditbatchError, match=words):
            decide(ledger, "b-1", asked, applied=True, who="me", why="looked", now=lambda: NOON)
