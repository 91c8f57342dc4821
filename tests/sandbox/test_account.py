from __future__ import annotations

from decimal import Decimal
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.sandbox.account import Code, Direction, SandboxAccount, SandboxEvent, read_credit, round_as_provider


def account(main: str = "100", sub: str = "10", drift: str = "0") -> SandboxAccount:
    return SandboxAccount(Decimal(main), {"a": Decimal(sub), "b": Decimal(sub)}, drift=Decimal(drift))


@pytest.mark.parametrize(
    ("asked", "amount"),
    [
        ("10", "10.000"), (10, "10.000"), (Decimal("10.5"), "10.500"), (" 10.50 ", "10.500"), (".5", "0.500"),
        ("1e2", "100.000"), ("0.0005", "0.001"), ("1.23449", "1.234"), ("1e400", "1000000000000000.000"),
    ],
)  # fmt: skip
def test_credit_is_read_from_a_string_or_a_number_to_three_decimals_half_up(asked: object, amount: str) -> None:
    assert str(read_credit(asked)) == amount


@pytest.mark.parametrize("asked", [None, ""])
def test_no_credit_is_refused_as_missing(asked: object) -> None:
    assert read_credit(asked) is Code.CREDIT_REQUIRED


@pytest.mark.parametrize(
    "asked",
    [
        *("0", 0, "-1", -1, Decimal("0.0004")),
        *("12,5", "abc", "1 000", "NaN", "Infinity", "0x1A", " ", "1e99999999999999999999"),
        *(True, False, [], {}),
    ],
)
def test_credit_that_is_not_a_number_above_zero_is_refused_as_not_positive(asked: object) -> None:
    assert read_credit(asked) is Code.CREDIT_NOT_POSITIVE


def test_an_add_debits_the_main_account_and_a_remove_gives_it_back() -> None:
    bank = account()
    added = bank.move("add", "2.5", "a")
    removed = bank.move("remove", "12.5", "a")
    assert isinstance(added, SandboxEvent)
    assert isinstance(removed, SandboxEvent)
    assert (added.n, added.main_balance, added.subaccount_balance) == (1, Decimal("97.500"), Decimal("12.500"))
    assert (removed.n, removed.main_balance, removed.subaccount_balance) == (2, Decimal("110.000"), Decimal(0))


@pytest.mark.parametrize(
    ("main", "direction", "credit", "token", "code"),
    [
        ("0", "add", None, None, 2),
        ("0", "add", "0", None, 5),
        ("0", "add", "5000", None, 3),
        ("0", "add", "5000", "nobody", 7),
        ("0", "add", "5000", "a", 6),
        ("-1", "add", "5000", "a", 6),
        ("1", "add", "5000", "a", 8),
        ("0", "remove", "5000", "a", 8),
    ],
)
def test_refusals_come_in_the_order_2_5_3_7_6_8(
    main: str, direction: Direction, credit: object, token: object, code: int
) -> None:
    bank = account(main=main)
    before = bank.ledger()
    assert bank.move(direction, credit, token) == code
    assert bank.ledger() == before


def test_everything_that_is_there_can_be_moved_and_an_empty_main_account_takes_credit_back() -> None:
    assert isinstance(account().move("add", "100", "a"), SandboxEvent)
    assert isinstance(account(main="0").move("remove", "10", "a"), SandboxEvent)


def test_a_subaccount_spends_when_it_is_observed_and_never_below_zero() -> None:
    bank = account(sub="0.05", drift="0.03")
    assert bank.list_balances(0, 1) == [("a", Decimal("0.020"))]
    assert bank.list_balances(0, 2) == [("a", Decimal(0)), ("b", Decimal("0.020"))]
    moved = bank.move("add", "1", "b")
    assert isinstance(moved, SandboxEvent)
    assert moved.subaccount_balance == Decimal("1.000")
    assert bank.ledger()["spent"] == {"a": "0.050", "b": "0.050"}


def test_reading_the_ledger_is_not_an_observation() -> None:
    bank = account(drift="1")
    assert bank.ledger() == bank.ledger()


def test_what_cannot_be_written_down_is_not_applied() -> None:
    def full(_event: SandboxEvent) -> None:
        raise OSError("No space left")

    bank = SandboxAccount(Decimal(10), {"a": Decimal(1)})
    bank.record = full
    with pytest.raises(OSError, match="No space"):
        bank.move("add", "1", "a")
    assert bank.main_balance == 10


def test_a_top_up_goes_to_the_main_account_or_to_a_subaccount() -> None:
    bank = account()
    bank.add_credit(Decimal("5.5"))
    bank.add_credit(Decimal(-1), "a")
    assert (bank.main_balance, bank.subaccounts["a"]) == (Decimal("105.500"), Decimal("9.000"))
    with pytest.raises(KeyError):
        bank.add_credit(Decimal(1), "nobody")


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "remove", "list", "top-up"]),
        st.decimals(min_value=-5, max_value=200, places=4),
        st.sampled_from(["a", "b", "nobody"]),
    ),
    max_size=30,
)


@given(steps=STEPS, drift=st.decimals(min_value=0, max_value=3, places=3))
def test_money_is_neither_made_nor_lost(steps: list[tuple[str, Decimal, str]], drift: Decimal) -> None:
    written: list[SandboxEvent] = []
    opening = Decimal(100), {"a": Decimal(10), "b": Decimal(10)}
    bank = SandboxAccount(*opening, drift=drift)
    bank.record = written.append
    brought = Decimal(0)
    for step, amount, token in steps:
        if step == "list":
            bank.list_balances(0, 2)
        elif step == "top-up":
            brought += bank.add_credit(amount).amount
        else:
            bank.move(cast("Direction", step), amount, token)
    spent = sum(map(Decimal, bank.ledger()["spent"].values()))
    assert bank.main_balance + sum(bank.subaccounts.values()) + spent == 120 + brought
    assert min(bank.subaccounts.values()) >= 0
    assert SandboxAccount(*opening, past=written).ledger() == bank.ledger()


def test_the_past_is_as_it_was() -> None:
    now = [0.0]
    bank = SandboxAccount(Decimal(100), {"a": Decimal(10)}, drift=Decimal(1), clock=lambda: now[0])
    bank.move("add", "5", "a")  # The drift comes first: 9, then 14.
    now[0] = 10.0
    bank.add_credit(Decimal(7))
    bank.add_credit(Decimal(2), "a")
    assert [bank.compute_main_balance(seconds) for seconds in (0, 5, 15)] == [102, 95, 100]
    now[0] = 20.0
    assert [bank.list_balances(0, 1, ago=seconds)[0][1] for seconds in (0, 5, 15, 25)] == [15, 16, 14, 10]


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_any_amount_becomes_thousandths(amount: Decimal) -> None:
    assert cast("int", round_as_provider(amount).as_tuple().exponent) == -3
