"""The plan: which rows are sent, in which order, and the forecast of every balance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from batch.frames import AMOUNT, DIRECTION, TOKEN, CheckedSheet, Plan
from batch.model import Direction
from batch.money import ZERO, from_thousandths

if TYPE_CHECKING:
    from pandas import DataFrame, Series


def make_plan(sheet: CheckedSheet, *, removes_first: bool = False) -> Plan:
    """Take the valid rows, in sheet order, or with every remove before the first add."""
    frame = put_removes_first(sheet.valid) if removes_first else sheet.valid
    sums = frame.groupby([TOKEN, DIRECTION], sort=False, observed=True)[AMOUNT].sum()
    moved = {
        (token, Direction(way)): from_thousandths(amount)
        for (token, way), amount in zip(sums.index, sums.tolist(), strict=True)
    }
    return Plan(frame, moved)


def put_removes_first(frame: DataFrame) -> DataFrame:
    return frame.sort_values(DIRECTION, ascending=False, kind="stable")


class Shortfall(StrEnum):
    MAIN_ACCOUNT_EMPTY = "main-account-empty"
    NO_SUBACCOUNT = "no-subaccount"
    NOT_ENOUGH_CREDIT = "not-enough-credit"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A movement that would be refused, and by how much the debited account falls short (0 where that is no matter)."""

    row: int
    token: str
    why: Shortfall
    short: Decimal


@dataclass(frozen=True, slots=True)
class SubAccountForecast:
    """One sub-account's course: what is planned for it, and its balance before and after."""

    before: Decimal | None
    added: Decimal
    removed: Decimal
    after: Decimal | None

    @property
    def is_touched(self) -> bool:
        return bool(self.added or self.removed)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What would happen. `lowest_row` is None when the main balance is lowest at the start.

    `top_up` is what the main account lacks for every add to pass. `removes_first_helps` says that sending the removes
    before the adds would leave fewer refusals, or as many but less to top up.
    """

    before: Decimal
    after: Decimal
    lowest: Decimal
    lowest_row: int | None
    top_up: Decimal
    refusals: tuple[Refusal, ...]
    subaccounts: Mapping[str, SubAccountForecast]
    removes_first_helps: bool

    @property
    def passes(self) -> bool:
        return not self.refusals


@dataclass(frozen=True, slots=True)
class _Played:
    """What playing a plan came to; `lacking` is how far below zero an add brought the main account."""

    refusals: list[Refusal]
    main: Decimal
    subaccounts: dict[str, Decimal]
    lowest: Decimal
    lowest_row: int | None
    lacking: Decimal = ZERO


def compute_forecast(plan: Plan, main: Decimal, subaccounts: Mapping[str, Decimal]) -> Forecast:
    """Play the plan from these opening balances; `subaccounts` are all the account's, by token."""
    is_covered = _is_covered(plan, main, subaccounts)
    played = (_sum_movements if is_covered else _play_movements)(plan, main, subaccounts)
    top_up, removes_first_helps = ZERO, False
    if played.refusals:
        top_up = _play_movements(plan, main, subaccounts, may_overdraw=True).lacking
        ordered = replace(plan, frame=put_removes_first(plan.frame))
        reordered = _play_movements(ordered, main, subaccounts)
        lacking = _play_movements(ordered, main, subaccounts, may_overdraw=True).lacking
        removes_first_helps = (len(reordered.refusals), lacking) < (len(played.refusals), top_up)
    courses = _list_courses(plan, subaccounts, played.subaccounts)
    refusals = tuple(played.refusals)
    lowest, row = played.lowest, played.lowest_row
    return Forecast(main, played.main, lowest, row, top_up, refusals, courses, removes_first_helps)


def sign_amounts(plan: Plan) -> Series[int]:
    """Compute what each movement changes on the main account, in thousandths of a euro: an add takes from it."""
    return plan.frame[AMOUNT].mask(plan.frame[DIRECTION] == Direction.ADD.value, -plan.frame[AMOUNT])


def _is_covered(plan: Plan, main: Decimal, opening: Mapping[str, Decimal]) -> bool:
    """Tell whether every account holds at first all that it is to give, so that nothing can be refused."""
    return main >= plan.added and all(
        token in opening and (direction is Direction.ADD or opening[token] >= amount)
        for (token, direction), amount in plan.moved.items()
    )


def _sum_movements(plan: Plan, main: Decimal, opening: Mapping[str, Decimal]) -> _Played:
    """Add up the sums, where all must pass: the same as playing each movement."""
    subaccounts = dict(opening)
    for (token, direction), amount in plan.moved.items():
        subaccounts[token] += amount if direction is Direction.ADD else -amount
    course = sign_amounts(plan).cumsum()
    if course.empty:
        return _Played([], main, subaccounts, main, None)
    after = main + from_thousandths(int(course.iloc[-1]))
    if course.min() >= 0:
        return _Played([], after, subaccounts, main, None)
    lowest_row = course.index.tolist()[int(course.argmin())]
    return _Played([], after, subaccounts, main + from_thousandths(int(course.min())), lowest_row)


def _play_movements(
    plan: Plan, main: Decimal, opening: Mapping[str, Decimal], *, may_overdraw: bool = False
) -> _Played:
    """Perform each movement on paper in its turn, or refuse it; with `may_overdraw` every add passes."""
    subaccounts = dict(opening)
    refusals = []
    lowest, lowest_row, lacking = main, None, ZERO
    for movement in plan.movements:
        token, amount = movement.token, movement.amount
        held = subaccounts.get(token)
        if held is None:
            refusals.append(Refusal(movement.row, token, Shortfall.NO_SUBACCOUNT, ZERO))
        elif movement.direction is Direction.ADD:
            if amount > main and not may_overdraw:
                why = Shortfall.MAIN_ACCOUNT_EMPTY if main <= 0 else Shortfall.NOT_ENOUGH_CREDIT
                refusals.append(Refusal(movement.row, token, why, amount - main))
                continue
            main -= amount
            lacking = max(lacking, -main)
            subaccounts[token] = held + amount
            if main < lowest:
                lowest, lowest_row = main, movement.row
        elif amount > held:
            refusals.append(Refusal(movement.row, token, Shortfall.NOT_ENOUGH_CREDIT, amount - held))
        else:
            main += amount
            subaccounts[token] = held - amount
    return _Played(refusals, main, subaccounts, lowest, lowest_row, lacking)


def _list_courses(
    plan: Plan, before: Mapping[str, Decimal], after: Mapping[str, Decimal]
) -> dict[str, SubAccountForecast]:
    """List those that the plan names first, in its order, then all others of the account."""
    moved = plan.moved
    courses = {}
    for token in dict.fromkeys([*(token for token, _ in moved), *before]):
        added, removed = (moved.get((token, way), ZERO) for way in (Direction.ADD, Direction.REMOVE))
        courses[token] = SubAccountForecast(before.get(token), added, removed, after.get(token))
    return courses
