from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.model import Direction
from batch.money import CENT
from batch.planning.settlement import BalanceReading, DoubtVerdict, compare_readings, merge_verdicts

AMOUNTS = st.decimals("0.001", "100", places=3)
SPENT = st.decimals("0", "5", places=3) | st.decimals("0", "200", places=3)
BALANCES = st.decimals("0", "1000", places=3)


def reading(debited: str | Decimal, credited: str | Decimal, direction: Direction = Direction.ADD) -> BalanceReading:
    """A reading by what the movement does to the accounts rather than by which they are."""
    first, second = Decimal(debited), Decimal(credited)
    return BalanceReading(first, second) if direction is Direction.ADD else BalanceReading(second, first)


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize(
    ("amount", "after", "verdict"),
    [
        ("10", ("90", "15"), DoubtVerdict.APPLIED),
        ("10", ("100", "5"), DoubtVerdict.NOT_APPLIED),
        ("10", ("89.5", "14.2"), DoubtVerdict.APPLIED),  # both sent SMS
        ("10", ("99.5", "4.2"), DoubtVerdict.NOT_APPLIED),
        ("10", ("90.01", "15"), DoubtVerdict.APPLIED),  # within the tolerance
        ("10", ("100", "5.01"), DoubtVerdict.NOT_APPLIED),
        ("10", ("88", "4"), DoubtVerdict.UNKNOWN),  # so much was spent that it may be either
        ("10", ("95", "9"), DoubtVerdict.UNKNOWN),  # neither: somebody topped up
        ("0.03", ("99.97", "5.03"), DoubtVerdict.APPLIED),
        ("0.03", ("100", "5"), DoubtVerdict.NOT_APPLIED),
        ("0.02", ("99.98", "5.02"), DoubtVerdict.UNKNOWN),  # as small as the tolerance
        ("0.02", ("100", "5"), DoubtVerdict.UNKNOWN),
    ],
)
def test_one_reading_settles_or_does_not(
    direction: Direction, amount: str, after: tuple[str, str], verdict: DoubtVerdict
) -> None:
    before = reading("100", "5", direction)
    assert compare_readings(direction, Decimal(amount), before, reading(*after, direction)) is verdict


@given(
    st.sampled_from(Direction), AMOUNTS, BALANCES, BALANCES, SPENT, SPENT, st.booleans(),
    st.sampled_from([None, ROUND_HALF_UP, ROUND_DOWN]),
)  # fmt: skip
def test_spending_never_makes_a_wrong_verdict(
    direction: Direction,
    amount: Decimal,
    debited: Decimal,
    credited: Decimal,
    spent_here: Decimal,
    spent_there: Decimal,
    applied: bool,
    rounding: str | None,
) -> None:
    moved = amount if applied else Decimal(0)
    after = reading(debited - moved - spent_here, credited + moved - spent_there, direction)
    # The balances before may come from an answer, which gives whole cents.
    seen = [balance.quantize(CENT, rounding=rounding) if rounding else balance for balance in (debited, credited)]
    verdict = compare_readings(direction, amount, reading(seen[0], seen[1], direction), after)
    assert verdict in {DoubtVerdict.UNKNOWN, DoubtVerdict.APPLIED if applied else DoubtVerdict.NOT_APPLIED}


@given(st.sampled_from(Direction), st.decimals("0.021", "100", places=3), BALANCES, BALANCES, st.booleans())
def test_quiet_accounts_always_settle(
    direction: Direction, amount: Decimal, debited: Decimal, credited: Decimal, applied: bool
) -> None:
    moved = amount if applied else Decimal(0)
    after = reading(debited - moved, credited + moved, direction)
    verdict = compare_readings(direction, amount, reading(debited, credited, direction), after)
    assert verdict is (DoubtVerdict.APPLIED if applied else DoubtVerdict.NOT_APPLIED)


@pytest.mark.parametrize("first", DoubtVerdict)
@pytest.mark.parametrize("second", DoubtVerdict)
def test_only_two_equal_verdicts_count(first: DoubtVerdict, second: DoubtVerdict) -> None:
    assert merge_verdicts(first, second) is (first if first is second else DoubtVerdict.UNKNOWN)
