"""The plan: which movements, in which order, and the digest that names them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from batch.model import Direction, Movement, Plan, SheetRow
from batch.money import ZERO, to_thousandths
from batch.rules.checks import movement_of

_DIGEST_VERSION = b"creditbatch plan 1"


def make_plan(rows: Iterable[SheetRow], *, removes_first: bool = False) -> Plan:
    """The movements of the valid rows, in sheet order, or with every remove before the first add."""
    movements = [movement for movement in map(movement_of, rows) if movement is not None]
    if removes_first:
        movements = removes_before_adds(movements)
    sums = dict.fromkeys(Direction, ZERO)
    amounts = amounts_of(movements)
    for (_token, direction), these in amounts.items():
        sums[direction] += sum(these)
    return Plan(tuple(movements), _digest(amounts), sums[Direction.ADD], sums[Direction.REMOVE])


def removes_before_adds(movements: Iterable[Movement]) -> list[Movement]:
    """The same movements with every remove before the first add; otherwise they keep their order."""
    return sorted(movements, key=lambda movement: movement.direction is Direction.ADD)


def amounts_of(movements: Iterable[Movement]) -> Mapping[tuple[str, Direction], Sequence[Decimal]]:
    """What moves to and from each sub-account, both in the order in which the movements first name them."""
    amounts: dict[tuple[str, Direction], list[Decimal]] = defaultdict(list)
    for item in movements:
        amounts[item.token, item.direction].append(item.amount)
    return amounts


def digest_of(movements: Iterable[Movement]) -> str:
    """SHA-256 over the movements themselves, sorted: a re-saved, re-ordered or converted sheet has the same digest."""
    return _digest(amounts_of(movements))


def _digest(amounts: Mapping[tuple[str, Direction], Sequence[Decimal]]) -> str:
    """As `digest_of`.

    It is over a line for each, "token TAB direction TAB thousandths". Those of one token and direction begin alike, so
    they are sorted by themselves; and no token has a tab in it, so their beginnings are in the order of the lines.
    """
    beginnings = {f"\n{token}\t{direction.value}\t": alike for (token, direction), alike in amounts.items()}
    thousandths = _Thousandths()
    digest = hashlib.sha256(_DIGEST_VERSION)
    for beginning in sorted(beginnings):
        lines = sorted(map(thousandths.__getitem__, beginnings[beginning]))
        digest.update((beginning + beginning.join(lines)).encode())
    digest.update(b"\n")
    return digest.hexdigest()


class _Thousandths(dict[Decimal, str]):
    """Amounts in thousandths of a euro, as text. Many movements are of the same amount."""

    def __missing__(self, amount: Decimal) -> str:
        text = self[amount] = str(to_thousandths(amount))
        return text
