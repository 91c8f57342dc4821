"""Who decides about a row in doubt, and when: never two for one doubt."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from batch.errors import BatchUnfinished, CreditbatchError, UsageError
from batch.ledger import verify
from batch.ledger.events import AttemptBegan, AttemptEnded, Fact, PersonDecided, RowDoubted, RowSettled
from batch.ledger.orm.connection import connect
from batch.model import Cell, Status
from batch.notes import make_note
from batch.planning.account_identity import Owner, normalize_address
from batch.runner.open_account import accept_key, bind_account, decide, refuse_another_account, refuse_unfinished
from tests.builders import ACCESS, NOON, known_to, new_batch
from tests.ledger_in_memory import memory_ledger

ROW: list[Cell] = ["sub-1", Decimal("12.5"), "add"]
BEGAN = AttemptBegan(NOON, 2, 1, Decimal(1000), Decimal(100))
LOST = AttemptEnded(NOON, 2, 1, "Doubt", Status.UNKNOWN, None, None, note=make_note("answer-late"))
UNSETTLED = RowSettled(NOON, 2, 1, Status.UNKNOWN, make_note("untold"))
REFUSED = AttemptEnded(NOON, 2, 1, "Refused", Status.REFUSED, 8, "Non 8")
DOUBTED = RowDoubted(NOON, 2, 1, make_note("books-doubt"), Decimal(1000), Decimal(112))


def test_of_several_who_decide_at_once_in_one_process_one_does(tmp_path: Path) -> None:
    connect(tmp_path, None)
    from django.db import connections

    from batch.ledger.orm.store import DatabaseLedger

    ledger = known_to(DatabaseLedger())
    ledger.create(new_batch(ROW))
    ledger.append("b-1", [BEGAN, UNSETTLED])
    people = 8
    at_once = threading.Barrier(people)

    def decided(person: int) -> bool:
        at_once.wait()
        try:
            applied = person % 2 == 0
            decide(DatabaseLedger(), "b-1", 2, applied=applied, who=str(person), why="looked", now=lambda: NOON)
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
    ledger = memory_ledger(ROW)
    assert ledger.view("b-1").rows[0].result.status is Status.PENDING
    for asked, words in ((2, "not in doubt"), (9999, "no row 9999")):
        with pytest.raises(CreditbatchError, match=words):
            decide(ledger, "b-1", asked, applied=True, who="me", why="looked", now=lambda: NOON)


def test_a_renewed_key_needs_a_sub_account_of_the_batch_and_is_an_event() -> None:
    ledger = memory_ledger(ROW)
    renewed = replace(ACCESS, fingerprint="0" * 16)
    owner = Owner("me@example.com", frozenset())
    ledger.bind_key(normalize_address(ACCESS.api_url), renewed.fingerprint, owner, NOON)
    with pytest.raises(UsageError, match="None of the sub-accounts of batch b-1"):
        accept_key(ledger, "b-1", renewed, lambda: ["sub-2"], "marc", NOON)
    before = len(ledger.view("b-1").events)
    accept_key(ledger, "b-1", ACCESS, list, "marc", NOON)
    assert len(ledger.view("b-1").events) == before
    accept_key(ledger, "b-1", renewed, lambda: ["sub-1"], "marc", NOON)
    event = ledger.view("b-1").events[-1]
    assert (event.kind, event.data["key_fingerprint"], event.data["by"]) == ("key-changed", "0" * 16, "marc")
    assert verify.find_difference(ledger, "b-1") is None


def test_another_account_s_key_never_goes_on() -> None:
    ledger = memory_ledger(ROW)
    stranger, is_new = bind_account(ledger, ACCESS.api_url, "0" * 16, lambda: Owner("other", {"x-1"}), NOON)
    assert is_new
    with pytest.raises(UsageError, match="another account"):
        refuse_another_account(ledger, "b-1", stranger)
    with pytest.raises(UsageError, match="CREDITBATCH_API_URL"):
        refuse_another_account(ledger, "b-1", replace(ACCESS, api_url="http://127.0.0.1:2/v1"))
    refuse_another_account(ledger, "b-1", replace(ACCESS, api_url="http://LOCALHOST:1//v1", fingerprint="0" * 16))


def test_who_waits_for_an_account_is_told_of_the_batch_that_was_begun() -> None:
    ledger = memory_ledger(ROW)
    with pytest.raises(BatchUnfinished, match=r"b-1 .*has not ended \(approved\).*abandon") as refused:
        refuse_unfinished(ledger, ACCESS.account)
    assert refused.value.batch == "b-1"
    refuse_unfinished(ledger, ACCESS.account, ["b-1"])
    refuse_unfinished(ledger, ACCESS.account + 1)


def decided(*facts: Fact) -> Status:
    """What the row is after these facts and a person's decision that it was not applied."""
    ledger = memory_ledger(ROW)
    ledger.append("b-1", facts)
    decide(ledger, "b-1", 2, applied=False, who="me", why="looked", now=lambda: NOON)
    return ledger.view("b-1").rows[0].result.status


@pytest.mark.parametrize(
    "facts",
    [
        [BEGAN],
        [BEGAN, LOST],
        [BEGAN, LOST, UNSETTLED, PersonDecided(NOON, 2, 1, False, "me", "x"), replace(BEGAN, attempt=2)],
        [RowDoubted(NOON, 2, 0, make_note("books-doubt"))],
        [BEGAN, REFUSED, DOUBTED],
    ],
)
def test_nobody_decides_before_the_balances_were_asked(facts: list[Fact]) -> None:
    with pytest.raises(UsageError, match="`creditbatch resume b-1` finds out"):
        decided(*facts)


@pytest.mark.parametrize(
    "facts",
    [
        [BEGAN, LOST, UNSETTLED],
        [BEGAN, LOST, replace(UNSETTLED, note=make_note("settled-missing"))],
        [BEGAN, REFUSED, DOUBTED, UNSETTLED],
    ],
)
def test_once_settling_has_failed_a_person_decides(facts: list[Fact]) -> None:
    assert decided(*facts) is Status.PENDING
