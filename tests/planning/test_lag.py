from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.planning.settlement import is_lagging

FIVE, TWELVE = Decimal(5), Decimal(12)


def behind(held: str, *brought: Decimal) -> bool:
    """Whether this balance is behind an answer that said 100."""
    return is_lagging(Decimal(held), Decimal(100), brought)


@pytest.mark.parametrize(
    ("held", "brought"),
    [
        ("95", [FIVE]), ("83", [FIVE, TWELVE]), ("95", [FIVE, TWELVE]), ("105", [-FIVE]), ("117", [-FIVE, -TWELVE]),
        ("93", [FIVE, -TWELVE, TWELVE, Decimal(2)]), ("95.4", [FIVE]), ("105.4", [-FIVE]), ("94.995", [FIVE]),
    ],
)  # fmt: skip
def test_a_balance_from_before_a_movement_is_behind(held: str, brought: list[Decimal]) -> None:
    assert behind(held, *brought)


@pytest.mark.parametrize(
    ("held", "brought"),
    [
        ("100", []), ("95", []), ("100", [FIVE]), ("99.91", [FIVE]), ("90", [FIVE]), ("150", [-FIVE]), ("105", [FIVE]),
        ("95", [-FIVE]), ("100", [FIVE, -FIVE]), ("100.004", [Decimal("-0.005")]),
    ],
)  # fmt: skip
def test_spending_and_top_ups_are_not(held: str, brought: list[Decimal]) -> None:
    assert not behind(held, *brought)


@given(st.lists(st.decimals(-100, 100, places=2), min_size=1, max_size=6), st.data())
def test_whatever_moved_what_was_before_one_of_them_is_behind(brought: list[Decimal], data: st.DataObject) -> None:
    count = data.draw(st.integers(1, len(brought)))
    unseen = sum(brought[:count], Decimal(0))
    assert is_lagging(Decimal(1000) - unseen, Decimal(1000), brought) or abs(unseen) <= Decimal("0.01")
