"""Euros: exact between memory, database and wire; rounded nowhere else."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.i18n import format_euros
from batch.money import (
    count_decimals,
    encode_amount,
    encode_balance,
    from_thousandths,
    round_balance,
    round_like_excel,
    to_thousandths,
)

AMOUNTS = st.decimals("-999999999999.999", "999999999999.999", places=3)


@given(AMOUNTS)
def test_thousandths_keep_every_amount_exactly(amount: Decimal) -> None:
    assert from_thousandths(to_thousandths(amount)) == amount
    assert abs(to_thousandths(amount)) < 2**63


@given(AMOUNTS)
def test_text_for_the_wire_is_the_amount_itself(amount: Decimal) -> None:
    assert Decimal(encode_amount(amount)) == amount
    assert Decimal(encode_balance(amount)) == amount


@pytest.mark.parametrize(
    ("amount", "text"),
    [("12.5", "12.50"), ("12.505", "12.505"), ("12.5000", "12.50"), ("1E+3", "1000.00"), ("0.001", "0.001")],
)
def test_an_amount_has_two_decimals_or_three_where_one_is_used(amount: str, text: str) -> None:
    assert encode_amount(Decimal(amount)) == text


@pytest.mark.parametrize(("amount", "count"), [("1E+3", 0), ("12", 0), ("12.50", 1), ("12.505", 3), ("0.00010", 4)])
def test_decimals_are_those_that_are_needed(amount: str, count: int) -> None:
    assert count_decimals(Decimal(amount)) == count


def test_a_fourth_decimal_is_never_stored() -> None:
    with pytest.raises(ValueError, match="three decimals"):
        to_thousandths(Decimal("1.0001"))


def test_a_binary_fraction_is_the_number_that_excel_shows() -> None:
    assert round_like_excel(Decimal("0.30000000000000004")) == Decimal("0.3")
    assert round_like_excel(Decimal("1234.56")) == Decimal("1234.56")


def test_a_balance_is_rounded_half_up_to_thousandths() -> None:
    assert round_balance(Decimal("2869.2")) == Decimal("2869.200")
    assert round_balance(Decimal("0.0005")) == Decimal("0.001")


@pytest.mark.parametrize(
    ("amount", "text"), [("1234.5", "€1,234.50"), ("-0.5", "-€0.50"), ("1.234", "€1.234"), ("0", "€0.00")]
)
def test_euros_for_a_person(amount: str, text: str) -> None:
    assert format_euros(Decimal(amount)) == text
