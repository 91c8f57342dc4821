"""What the ledger has to say of a list: that it was run before, or that somebody else has paid it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from batch.findings import Finding
from batch.ledger.events import AttemptBegan, AttemptEnded, BalancesRead, Fact, Purpose, StateChanged
from batch.ledger.protocol import Ledger
from batch.model import Balances, BatchState, Cell, Status
from batch.runner.acceptance import check_against_ledger
from batch.runner.dry_run import AccountSnapshot, make_dry_run
from batch.settings import Choices, write_choices
from batch.validation.check_sheet import Expected
from tests.builders import ACCESS, BALANCES, NOON, grid, known_to, new_batch
from tests.ledger_in_memory import MemoryLedger

Rows = Sequence[Sequence[Cell]]
LIST: Rows = [["sub-1", Decimal(number), "add"] for number in (10, 20, 30, 40, 50, 60)]


def ran(ledger: Ledger, rows: Rows, days: float, *, period: str | None = None, done: Status = Status.DONE) -> str:
    """A batch of these rows that ended so many days ago. Returns its name."""
    name = f"b-{len(ledger.list_batches()) + 1}"
    at = NOON - timedelta(days=days)
    options = write_choices(Choices(period=period))
    new = replace(new_batch(*rows, name=name), at=at, options=options)
    source = replace(new.sheet.source, file_name=f"{name}.xlsx")
    new = replace(new, sheet=replace(new.sheet, source=source), opening=replace(BALANCES, at=at))
    ledger.create(new)
    facts: list[Fact] = []
    for movement in new.plan.movements:
        facts.append(AttemptBegan(at, movement.row, 1, BALANCES.main, BALANCES.subaccounts[movement.token]))
        facts.append(AttemptEnded(at, movement.row, 1, "-", done, 200 if done is Status.DONE else None, None))
    ledger.append(name, [*facts, StateChanged(at, BatchState.FINISHED)])
    return name


def said(
    ledger: Ledger,
    rows: Rows,
    choices: Choices | None = None,
    *,
    account: int = ACCESS.account,
    balances: Balances | None = BALANCES,
) -> list[Finding]:
    """What is said of a sheet with these rows today."""
    known = AccountSnapshot("me@example.com", ACCESS.api_url, balances, {}) if balances else None
    checked = make_dry_run(grid(*rows), known, Expected(), removes_first=False, at=NOON)
    seen = check_against_ledger(checked, ledger, account, choices or Choices())
    return [finding for finding in seen.sheet.findings if finding not in checked.sheet.findings]


def codes(findings: Sequence[Finding]) -> list[str]:
    return [finding.code for finding in findings]


@pytest.fixture
def ledger() -> Ledger:
    return known_to(MemoryLedger())


def test_the_same_list_is_an_error_however_it_is_ordered(ledger: Ledger) -> None:
    batch = ran(ledger, LIST, days=1)
    (found,) = said(ledger, list(reversed(LIST)))
    assert (found.code, found.is_error) == ("already-run", True)
    assert found.params == {"count": "6", "all": "6", "batches": batch, "rows": "2-7"}


def test_a_correction_under_another_name_is_the_same_list_as_long_as_half_of_it_was_done(ledger: Ledger) -> None:
    ran(ledger, LIST, days=1)
    corrected = [["sub-2", row[1], "add"] for row in LIST[:3]]
    assert codes(said(ledger, [*corrected, *LIST[3:]])) == ["already-run"]
    more: Rows = [*corrected, ["sub-2", Decimal(77), "add"], *LIST[3:]]
    (found,) = said(ledger, more)
    assert (found.code, found.is_error) == ("movements-again", False)
    assert (found.params["count"], found.params["rows"]) == ("3", "6-8")


def test_two_half_lists_and_then_the_whole(ledger: Ledger) -> None:
    first, second = ran(ledger, LIST[:3], days=2), ran(ledger, LIST[3:], days=1)
    (found,) = said(ledger, LIST)
    assert found.code == "already-run"
    assert found.params["batches"] == f"{second}, {first}"


def test_of_a_single_movement_that_one_is_enough_and_of_two_both_are_needed(ledger: Ledger) -> None:
    ran(ledger, LIST, days=1)
    for count in (1, 2, 3):
        assert codes(said(ledger, LIST[:count])) == ["already-run"]
    assert codes(said(ledger, [LIST[0], ["sub-2", Decimal(77), "add"]])) == ["movements-again"]


def test_what_was_done_once_stands_for_one_row(ledger: Ledger) -> None:
    ran(ledger, LIST[:1], days=1)
    assert codes(said(ledger, [LIST[0], LIST[0], LIST[0]])) == ["movements-again"]


def test_what_is_in_doubt_counts_and_what_was_refused_does_not(ledger: Ledger) -> None:
    ran(ledger, LIST, days=1, done=Status.UNKNOWN)
    assert codes(said(ledger, LIST)) == ["already-run"]
    other = known_to(MemoryLedger())
    ran(other, LIST, days=1, done=Status.REFUSED)
    assert said(other, LIST) == []


@pytest.mark.parametrize(
    ("days", "expected"),
    [(19.9, ["already-run"]), (20, ["already-run"]), (20.1, ["movements-again"]), (28, ["movements-again"]), (41, [])],
)
def test_a_fixed_monthly_list_is_only_said_a_month_later(ledger: Ledger, days: float, expected: list[str]) -> None:
    ran(ledger, LIST, days=days)
    assert codes(said(ledger, LIST)) == expected


def test_lists_of_two_periods_are_no_repetition_and_are_said(ledger: Ledger) -> None:
    ran(ledger, LIST, days=7, period="Week 4")
    assert codes(said(ledger, LIST, Choices(period="week  4"))) == ["already-run"]
    assert codes(said(ledger, LIST, Choices(period="week 5"))) == ["movements-again"]
    assert codes(said(ledger, LIST)) == ["already-run"]


def test_what_is_meant_is_said_and_keeps_nothing_from_being_sent(ledger: Ledger) -> None:
    ran(ledger, LIST, days=1)
    (found,) = said(ledger, LIST, Choices(again=True, why="a bonus"))
    assert (found.code, found.is_error) == ("run-again", False)


def test_another_account_s_lists_and_offline(ledger: Ledger) -> None:
    ran(ledger, LIST, days=1)
    assert said(ledger, LIST, account=2) == []
    assert codes(said(ledger, LIST, balances=None)) == ["already-run"]


def test_a_file_of_the_same_name_with_other_content_is_said(ledger: Ledger) -> None:
    name = ran(ledger, LIST[:1], days=1)
    ledger_file = f"{name}.xlsx"
    checked = make_dry_run(grid(["sub-2", Decimal(99), "add"]), None, Expected(), removes_first=False, at=NOON)
    source = replace(checked.sheet.source, file_name=ledger_file, sha256="cd" * 32)
    named = replace(checked, sheet=replace(checked.sheet, source=source))
    seen = check_against_ledger(named, ledger, ACCESS.account, Choices())
    assert codes(seen.sheet.findings) == ["file-name-again"]


def known(ledger: Ledger, **balances: int) -> None:
    """The ledger read these balances ten days ago."""
    at = NOON - timedelta(days=10)
    tokens = {token.replace("_", "-"): Decimal(balance) for token, balance in balances.items()}
    rows: Rows = [[token, Decimal("0.5"), "add"] for token in tokens]
    ran(ledger, rows, days=60)
    ledger.append(ledger.find_newest() or "", [BalancesRead(at, Purpose.CLOSING, Decimal(1000), tokens)])


ADDS: Rows = [["sub-1", Decimal(100), "add"], ["sub-2", Decimal(50), "add"], ["sub-2", Decimal(7), "remove"]]


def now(one: str, two: str) -> Balances:
    return Balances(Decimal(900), {"sub-1": Decimal(one), "sub-2": Decimal(two)}, NOON)


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ("10", "10", []),  # nothing moved
        ("3", "0.5", []),  # both spent
        ("10.01", "10", []),  # a cent is rounding
        ("15", "10", ["balances-rose"]),  # somebody gave a little
        ("110", "10", ["balances-rose"]),  # one of two adds
        ("110", "60", ["paid-elsewhere", "balances-rose"]),
        ("100", "55", ["paid-elsewhere", "balances-rose"]),  # nine tenths are still there
        ("99.99", "54.99", ["balances-rose"]),
        ("110.01", "60.01", ["paid-elsewhere", "balances-rose"]),
        ("110.02", "60.02", ["balances-rose"]),
        ("110", "53", ["paid-elsewhere", "balances-rose"]),  # what the remove took is gone as well
    ],
)
def test_a_rise_that_adds_explain_was_paid_elsewhere(ledger: Ledger, one: str, two: str, expected: list[str]) -> None:
    known(ledger, sub_1=10, sub_2=10)
    assert codes(said(ledger, ADDS, balances=now(one, two))) == expected


def test_the_only_add_is_enough_and_a_reason_passes_it(ledger: Ledger) -> None:
    known(ledger, sub_1=10)
    rows: Rows = [ADDS[0]]
    assert codes(said(ledger, rows, balances=now("110", "0"))) == ["paid-elsewhere", "balances-rose"]
    again = Choices(again=True, why="a gift")
    assert codes(said(ledger, rows, again, balances=now("110", "0"))) == ["balances-rose"]


def test_each_that_rose_is_named_with_how_much_and_since_when(ledger: Ledger) -> None:
    known(ledger, sub_1=10)
    (found,) = said(ledger, [ADDS[0], ADDS[1]], balances=now("15.5", "700"))
    assert "sub-1 by €5.50 since 2026-01-21" in found.message.replace("\xa0", " ")


def test_what_was_never_known_is_not_compared(ledger: Ledger) -> None:
    assert said(ledger, ADDS, balances=now("100000", "100000")) == []
