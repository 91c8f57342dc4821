"""Total rows below a table: recognised, left out of the movements, and compared with the rows as a control total."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from batch.findings import Finding
from batch.model import Cell, Direction, Role, SheetRow
from batch.money import EXACT, THOUSANDTH, ZERO
from batch.rules.amounts import read_amount
from batch.rules.cells import NOTHING, is_blank, quoted, visible
from batch.rules.header import cell_address
from batch.rules.notes import Notes
from batch.rules.unsettled import row_ranges
from batch.rules.vocabulary import total_label

_AMOUNTS = {Role.AMOUNT: "all", Role.ADDED: "added", Role.REMOVED: "removed"}
"""What a total in a column of that role adds up, unless its label says otherwise."""


@dataclass(frozen=True, slots=True)
class Totals:
    """The rows without those that are totals, and what was found of these."""

    rows: list[SheetRow]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class _Stated:
    """A cell of a total row: what it adds up, and its number; None if that cannot be read."""

    column: int
    measure: str
    number: Decimal | None
    cell: Cell
    is_column: bool
    """Whether it stands in one of a pair of columns, and can only be the total of that one."""


def take_totals(
    rows: list[SheetRow],
    roles: Mapping[Role, int],
    is_candidate: Callable[[SheetRow], bool],
    known: Collection[str],
    *,
    signed: bool,
) -> Totals:
    """Take totals and notes off the end of the table; a subtotal between the movements is an error of its row."""
    notes = Notes.of(rows, roles, known)
    end = len(rows) - notes.below_total
    first = end
    while first > 1 and is_candidate(rows[first - 1]) and _label(rows[first - 1], roles):
        if not _stated(rows[first - 1], roles):
            break
        first -= 1
    kept = _with_subtotals(rows[:first], roles, is_candidate)
    sums = _Sums.of(kept)
    if first == end:
        if not _is_sum(kept, roles, is_candidate):
            return _without_notes([*kept, *rows[end:]], notes.apart)
        first -= 1
        kept = kept[:first]
        sums = _Sums.of(kept)
    totals = [(row, stated) for row in rows[first:end] for stated in _stated(row, roles)]
    findings = [_compared(row, stated, sums, signed=signed) for row, stated in totals]
    if notes.below_total:
        findings.append(_text_below(rows[end:]))
    return Totals(kept, tuple(findings))


def _without_notes(rows: list[SheetRow], notes: int) -> Totals:
    """The rows of a table without a total, of which as many as that at the end are notes."""
    if not notes:
        return Totals(rows)
    end = len(rows) - notes
    first = next(cell for cell in rows[end].cells if not is_blank(cell))
    return Totals(rows[:end], (_text_below(rows[end:], {"as": "table", **quoted(first)}),))


def _text_below(rows: Sequence[SheetRow], params: Mapping[str, str] = NOTHING) -> Finding:
    numbers = [row.number for row in rows]
    return Finding("text-below", numbers[0], None, {"below": row_ranges(numbers), **params})


@dataclass(frozen=True, slots=True)
class _Sums:
    """What the rows add up to, each way that a total may mean it."""

    every: Decimal
    added: Decimal
    removed: Decimal

    @classmethod
    def of(cls, rows: Sequence[SheetRow]) -> _Sums:
        sums = {Direction.ADD: ZERO, Direction.REMOVE: ZERO, None: ZERO}
        for row in rows:
            if row.amount is not None and not _is_subtotal(row):
                sums[row.direction] += row.amount
        return cls(sum(sums.values(), ZERO), sums[Direction.ADD], sums[Direction.REMOVE])

    def measured(self, measure: str) -> Decimal:
        return {
            "all": self.every,
            "net": self.added - self.removed,
            "added": self.added,
            "removed": self.removed,
        }[measure]


def _compared(row: SheetRow, stated: _Stated, sums: _Sums, *, signed: bool) -> Finding:
    at = cell_address(stated.column, row.number)
    if stated.number is None:
        return Finding("total-unreadable", row.number, at, {"at": at, **quoted(stated.cell)})
    first = "net" if signed and stated.measure == "all" else stated.measure
    # A general total may be meant either way, and one that names a way may mean everything: "total des crédits". But
    # in a column of its own a total is that column's.
    meant = (first,) if stated.is_column else (first, "all", "net")
    ways = [way for way in meant if sums.measured(way) == stated.number]
    way = ways[0] if ways else first
    params = {"at": at, "as": way, "stated": str(stated.number), "found": str(sums.measured(way))}
    return Finding("total-agrees" if ways else "total-wrong", row.number, at, params)


def _is_sum(rows: Sequence[SheetRow], roles: Mapping[Role, int], is_candidate: Callable[[SheetRow], bool]) -> bool:
    """Whether the last row names nobody and no direction, and each of its amounts is what the others add up to."""
    if len(rows) < 2 or not is_candidate(rows[-1]):
        return False
    last = rows[-1]
    named = [role for role in (Role.TOKEN, Role.DIRECTION) if role in roles]
    stated = _stated(last, roles)
    if not stated or not all(is_blank(last.cells[roles[role]]) for role in named):
        return False
    sums = _Sums.of(rows[:-1])
    return all(
        item.number is not None
        and item.number in {sums.measured(item.measure), *([sums.measured("net")] if item.measure == "all" else [])}
        for item in stated
    )


def _with_subtotals(
    rows: list[SheetRow], roles: Mapping[Role, int], is_candidate: Callable[[SheetRow], bool]
) -> list[SheetRow]:
    """The rows, of which those between the movements that are labelled as a total say so instead of anything else."""
    kept = rows
    for index, row in enumerate(rows):
        stated = _stated(row, roles) if is_candidate(row) and _label(row, roles) else []
        if stated:
            kept = rows[:] if kept is rows else kept
            at = cell_address(stated[0].column, row.number)
            number = stated[0].number
            params = {"stated": str(number) if number is not None else visible(str(stated[0].cell))}
            kept[index] = replace(row, findings=(Finding("subtotal", row.number, at, params),))
    return kept


def _is_subtotal(row: SheetRow) -> bool:
    return bool(row.findings) and row.findings[0].code == "subtotal"


def _label(row: SheetRow, roles: Mapping[Role, int]) -> str | None:
    """What the row's label says that it adds up; None if it has none, or names a sub-account or a direction as well."""
    token_at = roles.get(Role.TOKEN)
    named = None if token_at is None else row.cells[token_at]
    if not is_blank(named):
        return total_label(named, strict=True) if isinstance(named, str) else None
    if row.direction is not None and Role.DIRECTION in roles:
        return None
    for column, cell in enumerate(row.cells):
        label = total_label(cell) if isinstance(cell, str) and column != token_at else None
        if label:
            return label
    return None


def _stated(row: SheetRow, roles: Mapping[Role, int]) -> list[_Stated]:
    """The totals in the columns of amounts."""
    label = _label(row, roles)
    found = []
    for role, usual in _AMOUNTS.items():
        if role not in roles or is_blank(row.cells[roles[role]]):
            continue
        cell = row.cells[roles[role]]
        is_column = role is not Role.AMOUNT and label != "net"
        measure = usual if is_column or not label else label
        reading = read_amount(cell)
        if reading.broken in {"amount-missing", "amount-zero"}:
            number: Decimal | None = ZERO
        elif isinstance(cell, Decimal) and cell.is_finite():
            # A sum of many binary fractions is off by a little; its rows have at most three decimals.
            number = cell.quantize(THOUSANDTH, rounding=ROUND_HALF_UP, context=EXACT)
        elif reading.amount is not None:
            number = -reading.amount if reading.sign == "-" else reading.amount
        else:
            number = None
        if measure == "net" and role is Role.REMOVED and number is not None:
            # A balance stands on the side that outweighs the other.
            number = -number
        found.append(_Stated(roles[role], measure, number, cell, is_column))
    if label == "net" and len(found) > 1:
        return [item for item in found if item.number != ZERO] or found[:1]
    return found
