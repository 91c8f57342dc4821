"""The plan: which rows are sent, in which order, and the digest that names their movements."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from batch.model import Direction, Plan, SheetRow
from batch.money import ZERO, thousandths_text

_DIGEST_VERSION = b"creditbatch plan 1"


def make_plan(rows: Iterable[SheetRow], *, removes_first: bool = False) -> Plan:
    """The valid rows, in sheet order, or with every remove before the first add."""
    valid = [row for row in rows if row.is_valid]
    ordered = removes_before_adds(valid) if removes_first else valid
    amounts = _amounts(ordered)
    moved = {way: sum(these, ZERO) for way, these in amounts.items()}
    return Plan(tuple(ordered), _digest(amounts), moved)


def removes_before_adds(rows: Iterable[SheetRow]) -> list[SheetRow]:
    """The same rows with every remove before the first add; otherwise they keep their order."""
    return sorted(rows, key=lambda row: row.direction is Direction.ADD)


def _amounts(rows: Iterable[SheetRow]) -> Mapping[tuple[str, Direction], Sequence[Decimal]]:
    """What valid rows move to and from each sub-account."""
    amounts: dict[tuple[str, Direction], list[Decimal]] = defaultdict(list)
    for row in rows:
        if row.token is not None and row.direction is not None and row.amount is not None:
            amounts[row.token, row.direction].append(row.amount)
    return amounts


def _digest(amounts: Mapping[tuple[str, Direction], Sequence[Decimal]]) -> str:
    """SHA-256 over the movements themselves, sorted: a re-saved, re-ordered or converted sheet has the same digest.

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
        text = self[amount] = thousandths_text(amount)
        return text
