"""What moved on the sub-accounts without the ledger: a rise since the last balance that it knows.

Left alone a balance only falls, because accounts send SMS, so falls are never compared. A rise is credit from
elsewhere: a person's, another ledger's, or that of a newer state of this ledger, of which it is an older copy.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from batch.findings import Finding
from batch.model import Direction, Movement
from batch.money import CENT, ZERO, amount_text

_LEAST_PART = Decimal("0.9")
"""Of an amount that was paid elsewhere, this much is still there: the sub-account may have spent the rest."""
_MOST_SHOWN = 20
"""Sub-accounts that a finding lists."""


@dataclass(frozen=True, slots=True)
class Rise:
    """A sub-account that holds more than the ledger last knew, and since when it knew that."""

    token: str
    amount: Decimal
    since: datetime


def find_rises(known: Mapping[str, tuple[Decimal, datetime]], now: Mapping[str, Decimal]) -> list[Rise]:
    """Compare the balances just read with those last known. A cent is allowed for, because answers are rounded."""
    return [
        Rise(token, now[token] - balance, at)
        for token, (balance, at) in known.items()
        if token in now and now[token] - balance > CENT
    ]


def find_paid_elsewhere(
    movements: Sequence[Movement], known: Mapping[str, object], rises: Sequence[Rise], *, is_meant: bool
) -> Iterator[Finding]:
    """Say which sub-accounts of the sheet rose; an error where its adds seem to have been paid elsewhere.

    That is where more than half of the adds with an earlier balance (`known`), at least two or the only one, rose by
    about their amount. `is_meant`: a person says, with a reason, that they are to be paid all the same.
    """
    if not rises:
        return
    by_token = {rise.token: rise for rise in rises}
    adds = [item for item in movements if item.direction is Direction.ADD and item.token in known]
    fitting = set(fitting_rows(movements, rises))
    paid = [item for item in adds if item.row in fitting or _fits(by_token.get(item.token), item.amount)]
    if paid and len(paid) >= min(2, len(adds)) and 2 * len(paid) > len(adds) and not is_meant:
        yield Finding(
            "paid-elsewhere",
            params={"count": str(len(paid)), "all": str(len(adds)), "accounts": _listed(by_token, paid)},
        )
    yield Finding("balances-rose", params={"accounts": _text_of(rises)})


def fitting_rows(movements: Iterable[Movement], rises: Sequence[Rise]) -> list[int]:
    """Numbers of the rows that explain a rise of their sub-account, if they were applied without the ledger.

    They are sent in their order, so what was applied of a sub-account is its first movements; or else one alone.
    """
    of_token: defaultdict[str, list[Movement]] = defaultdict(list)
    for movement in movements:
        of_token[movement.token].append(movement)
    found: list[int] = []
    for rise in rises:
        found += _explaining(of_token[rise.token], rise)
    return sorted(found)


def fitting_removes(
    movements: Iterable[Movement], known: Mapping[str, tuple[Decimal, datetime]], now: Mapping[str, Decimal]
) -> list[int]:
    """Numbers of the removes whose sub-account fell by their amount, or more.

    By itself that says nothing, because accounts spend. Where adds of the same list were applied without the ledger,
    its removes may have been as well.
    """
    return [
        item.row
        for item in movements
        if item.direction is Direction.REMOVE
        and item.token in known
        and item.token in now
        and known[item.token][0] - now[item.token] >= item.amount * _LEAST_PART
    ]


def _explaining(movements: Sequence[Movement], rise: Rise) -> list[int]:
    total = ZERO
    for count, movement in enumerate(movements, start=1):
        total += movement.amount if movement.direction is Direction.ADD else -movement.amount
        if _fits(rise, total):
            return [item.row for item in movements[:count]]
    alone = (item for item in movements if item.direction is Direction.ADD and _fits(rise, item.amount))
    return [item.row for item in alone]


def _fits(rise: Rise | None, amount: Decimal) -> bool:
    return rise is not None and amount > ZERO and amount * _LEAST_PART <= rise.amount <= amount + CENT


def _listed(rises: Mapping[str, Rise], paid: Iterable[Movement]) -> str:
    return _text_of([rises[token] for token in dict.fromkeys(item.token for item in paid)])


def _text_of(rises: Sequence[Rise]) -> str:
    """Tokens, amounts and days as a finding's parameter: raw, to be shown in the reader's language."""
    shown = [[rise.token, amount_text(rise.amount), f"{rise.since.astimezone():%Y-%m-%d}"] for rise in rises]
    return json.dumps({"first": shown[:_MOST_SHOWN], "more": max(0, len(shown) - _MOST_SHOWN)})
