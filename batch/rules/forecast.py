"""Playing a plan on paper, in order, from the balances that the provider just gave.

The refusals are those of API.md: 6 an add while the main balance is not above 0, 7 a token the account does not have,
8 more than the debited account holds. A refused movement moves nothing and the next one is played.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from batch import codes
from batch.model import Direction, Movement, Plan
from batch.money import ZERO
from batch.rules.plan import removes_before_adds


@dataclass(frozen=True, slots=True)
class Refusal:
    """A movement that would be refused, and by how much the debited account falls short (0 where that is no matter)."""

    row: int
    token: str
    code: int
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
        """Whether a movement of the plan names it."""
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
        """Whether every movement would be done."""
        return not self.refusals


@dataclass
class _Paper:
    """The balances while a plan is played."""

    main: Decimal
    subaccounts: dict[str, Decimal]

    def refusal(self, movement: Movement) -> Refusal | None:
        if movement.token not in self.subaccounts:
            return Refusal(movement.row, movement.token, codes.SUBACCOUNT_UNKNOWN, ZERO)
        adding = movement.direction is Direction.ADD
        held = self.main if adding else self.subaccounts[movement.token]
        if movement.amount <= held:
            return None
        empty = adding and held <= 0
        code = codes.MAIN_BALANCE_EMPTY if empty else codes.CREDIT_INSUFFICIENT
        return Refusal(movement.row, movement.token, code, movement.amount - held)

    def move(self, movement: Movement) -> None:
        signed = movement.amount if movement.direction is Direction.ADD else -movement.amount
        self.main -= signed
        self.subaccounts[movement.token] += signed


def forecast(plan: Plan, main: Decimal, subaccounts: Mapping[str, Decimal]) -> Forecast:
    """Play the plan from these opening balances; `subaccounts` are all the account's, by token."""
    paper = _Paper(main, dict(subaccounts))
    refusals: list[Refusal] = []
    lowest, lowest_row = main, None
    for movement in plan.movements:
        refusal = paper.refusal(movement)
        if refusal:
            refusals.append(refusal)
            continue
        paper.move(movement)
        if paper.main < lowest:
            lowest, lowest_row = paper.main, movement.row
    top_up = _top_up(plan.movements, main, subaccounts)
    return Forecast(
        before=main,
        after=paper.main,
        lowest=lowest,
        lowest_row=lowest_row,
        top_up=top_up,
        refusals=tuple(refusals),
        subaccounts=_courses(plan.movements, subaccounts, paper.subaccounts),
        removes_first_helps=bool(refusals)
        and _if_removes_first(plan.movements, main, subaccounts) < (len(refusals), top_up),
    )


def _if_removes_first(
    movements: Sequence[Movement], main: Decimal, subaccounts: Mapping[str, Decimal]
) -> tuple[int, Decimal]:
    """How many movements would be refused, and what would have to be topped up."""
    ordered = removes_before_adds(movements)
    paper = _Paper(main, dict(subaccounts))
    refused = 0
    for movement in ordered:
        if paper.refusal(movement):
            refused += 1
        else:
            paper.move(movement)
    return refused, _top_up(ordered, main, subaccounts)


def _top_up(movements: Sequence[Movement], main: Decimal, subaccounts: Mapping[str, Decimal]) -> Decimal:
    """What the main account lacks after its worst add, when every add passes and only impossible removes do not."""
    paper = _Paper(main, dict(subaccounts))
    lacking = ZERO
    for movement in movements:
        adding = movement.direction is Direction.ADD
        if movement.token in paper.subaccounts and (adding or paper.refusal(movement) is None):
            paper.move(movement)
            if adding:
                lacking = max(lacking, -paper.main)
    return lacking


def _courses(
    movements: Sequence[Movement], before: Mapping[str, Decimal], after: Mapping[str, Decimal]
) -> dict[str, SubAccountForecast]:
    """Those that the plan names first, in its order, then all others of the account."""
    sums: dict[str, dict[Direction, Decimal]] = {}
    for movement in movements:
        moved = sums.setdefault(movement.token, dict.fromkeys(Direction, ZERO))
        moved[movement.direction] += movement.amount
    untouched = dict.fromkeys(Direction, ZERO)
    return {
        token: SubAccountForecast(before.get(token), moved[Direction.ADD], moved[Direction.REMOVE], after.get(token))
        for token, moved in (
            (token, sums.get(token, untouched)) for token in (*sums, *(token for token in before if token not in sums))
        )
    }
