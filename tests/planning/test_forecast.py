from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from batch.frames import Plan
from batch.model import Direction, SheetRow
from batch.money import THOUSANDTH, ZERO
from batch.planning.plan import Forecast, Refusal, Shortfall, SubAccountForecast, compute_forecast, make_plan
from tests.builders import sheet_of

Moves = list[tuple[str, str, Decimal]]
Held = Mapping[str, Decimal]
TOKENS = ["a", "b", "c"]
EUROS = st.decimals("0.001", "50", places=3)
BALANCES = st.fixed_dictionaries({"a": st.decimals("-5", "50", places=3), "b": st.decimals("0", "50", places=3)})
MOVES = st.lists(st.tuples(st.sampled_from(TOKENS), st.sampled_from("+-"), EUROS), max_size=12)


def plan(*moves: tuple[str, str, str | Decimal], removes_first: bool = False) -> Plan:
    """Movements as (token, "+" or "-", amount), from row 2 on."""
    rows = (
        SheetRow(row, (), token, Direction.ADD if sign == "+" else Direction.REMOVE, Decimal(amount))
        for row, (token, sign, amount) in enumerate(moves, 2)
    )
    return make_plan(sheet_of(rows), removes_first=removes_first)


def played(main: str, *moves: tuple[str, str, str | Decimal], **subaccounts: str) -> Forecast:
    return compute_forecast(plan(*moves), Decimal(main), {token: Decimal(held) for token, held in subaccounts.items()})


@given(MOVES, st.decimals("-20", "900", places=3), BALANCES, st.decimals("0", "600", places=3))
def test_a_forecast_is_what_comes_of_the_movements_one_after_the_other(
    moves: Moves, main: Decimal, held: Held, more: Decimal
) -> None:
    """With much on every account nothing can be refused, and the forecast is made from sums."""
    opening = {token: balance + more for token, balance in held.items()}
    result = compute_forecast(plan(*moves), main, opening)
    known, mains, passed = dict(opening), [main], []
    for row, (token, sign, amount) in enumerate(moves, 2):
        debited = mains[-1] if sign == "+" else known.get(token, ZERO)
        if token not in known or amount > debited:
            continue
        passed.append(row)
        known[token] += amount if sign == "+" else -amount
        mains.append(mains[-1] + (-amount if sign == "+" else amount))
    assert len(result.refusals) == len(moves) - len(passed)
    assert (result.after, result.lowest) == (mains[-1], min(mains))
    lowest_at = mains.index(min(mains))
    assert result.lowest_row == (passed[lowest_at - 1] if lowest_at else None)
    assert {token: course.after for token, course in result.subaccounts.items() if token in known} == known


def test_a_plan_that_passes_ends_with_the_balances_that_will_be() -> None:
    result = played("100", ("a", "+", "30"), ("b", "-", "5"), ("a", "+", "1.5"), a="1", b="5", c="7")
    assert result.passes
    assert (result.before, result.after) == (Decimal(100), Decimal("73.5"))
    assert (result.lowest, result.lowest_row) == (Decimal(70), 2)
    assert result.top_up == 0
    course = result.subaccounts["a"]
    assert course == SubAccountForecast(Decimal(1), Decimal("31.5"), ZERO, Decimal("32.5"))
    assert result.subaccounts["b"].after == 0


def test_the_lowest_point_is_at_the_start_if_credit_only_comes_back() -> None:
    result = played("10", ("a", "-", "5"), ("a", "+", "1"), a="5")
    assert (result.lowest, result.lowest_row) == (Decimal(10), None)


def test_an_add_over_an_empty_main_balance_is_code_6() -> None:
    assert played("0", ("a", "+", "3"), a="0").refusals == (Refusal(2, "a", Shortfall.MAIN_ACCOUNT_EMPTY, Decimal(3)),)
    assert played("-1", ("a", "+", "3"), a="0").refusals == (Refusal(2, "a", Shortfall.MAIN_ACCOUNT_EMPTY, Decimal(4)),)


def test_an_add_over_too_small_a_main_balance_is_code_8() -> None:
    lacking = Refusal(2, "a", Shortfall.NOT_ENOUGH_CREDIT, Decimal("0.001"))
    assert played("2.999", ("a", "+", "3"), a="0").refusals == (lacking,)


def test_an_unknown_sub_account_is_code_7_even_when_nothing_is_left() -> None:
    result = played("0", ("x", "+", "3"), ("x", "-", "3"), a="0")
    assert [(said.row, said.why) for said in result.refusals] == [(row, Shortfall.NO_SUBACCOUNT) for row in (2, 3)]
    assert result.subaccounts["x"].before is None
    assert result.subaccounts["x"].after is None
    assert result.top_up == 0


def test_removing_more_than_a_sub_account_holds_is_code_8() -> None:
    result = played("100", ("a", "-", "5.01"), ("b", "-", "1"), a="5", b="0")
    assert result.refusals == (
        Refusal(2, "a", Shortfall.NOT_ENOUGH_CREDIT, Decimal("0.01")),
        Refusal(3, "b", Shortfall.NOT_ENOUGH_CREDIT, Decimal(1)),
    )
    assert result.top_up == 0


def test_all_of_a_balance_may_be_moved() -> None:
    assert played("10", ("a", "+", "10"), ("b", "-", "5"), a="0", b="5").passes


def test_a_main_balance_below_zero_that_removes_fill_needs_no_top_up() -> None:
    result = played("-5", ("a", "-", "10"), ("b", "+", "3"), a="10", b="0")
    assert result.passes
    assert result.top_up == 0


def test_removes_first_is_said_to_help_when_fewer_would_be_refused() -> None:
    result = played("0", ("a", "+", "5"), ("b", "-", "5"), a="0", b="5")
    assert result.removes_first_helps
    assert played("0", ("b", "-", "5"), ("a", "+", "5"), a="0", b="5").removes_first_helps is False


def test_removes_first_is_said_to_help_when_less_must_be_topped_up() -> None:
    assert played("0", ("a", "+", "5"), ("b", "-", "4"), a="0", b="5").removes_first_helps


def test_removes_first_is_not_said_to_help_when_it_breaks_other_rows() -> None:
    result = played("10", ("a", "+", "10"), ("a", "-", "8"), ("b", "+", "9"), a="0", b="0")
    assert not result.passes
    assert not result.removes_first_helps
    assert not played("10", ("a", "+", "1"), ("b", "-", "1"), a="0", b="1").removes_first_helps


@given(MOVES, st.decimals("-20", "60", places=3), BALANCES)
def test_credit_is_neither_made_nor_lost(moves: Moves, main: Decimal, held: Held) -> None:
    result = compute_forecast(plan(*moves), main, held)
    afterwards = {token: course.after for token, course in result.subaccounts.items() if course.after is not None}
    assert result.after + sum({**held, **afterwards}.values()) == main + sum(held.values())
    assert result.lowest <= min(main, result.after)
    assert result.lowest == main or result.lowest >= 0
    assert all(afterwards[token] >= min(held[token], ZERO) for token in afterwards)


@given(MOVES, st.decimals("-20", "60", places=3), BALANCES)
def test_the_top_up_makes_every_add_pass_and_no_smaller_one_does(moves: Moves, main: Decimal, held: Held) -> None:
    def refused_adds(top_up: Decimal) -> int:
        adds = {movement.row for movement in planned.movements if movement.direction is Direction.ADD}
        refusals = compute_forecast(planned, main + top_up, held).refusals
        return sum(refusal.row in adds and refusal.why is not Shortfall.NO_SUBACCOUNT for refusal in refusals)

    planned = plan(*moves)
    top_up = compute_forecast(planned, main, held).top_up
    assert refused_adds(top_up) == 0
    assert top_up == 0 or refused_adds(top_up - THOUSANDTH) > 0


@given(MOVES, st.decimals("-20", "60", places=3), BALANCES)
def test_removes_first_keeps_what_it_promises(moves: Moves, main: Decimal, held: Held) -> None:
    first = compute_forecast(plan(*moves), main, held)
    second = compute_forecast(plan(*moves, removes_first=True), main, held)
    is_better = (len(second.refusals), second.top_up) < (len(first.refusals), first.top_up)
    assert first.removes_first_helps == (is_better and not first.passes)
    assert second.removes_first_helps is False
