"""Reading the rows of a table: each different cell once, then every row from what was read of its cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from batch.findings import Finding
from batch.frames import AMOUNT, DIRECTION, DTYPES, TOKEN, take_cells
from batch.model import Cell, ColumnRole, Direction, Roles
from batch.money import to_thousandths
from batch.validation.amounts import AmountReading, read_amount
from batch.validation.cells import (
    NOTHING,
    Body,
    Distinct,
    Read,
    find_error_kind,
    has_content,
    has_other_currency,
    is_blank,
    is_currency_column,
    join_columns,
    quote_cell,
    read_currency,
    strip_invisible,
)
from batch.validation.footer import find_label_kind
from batch.validation.formatting import FormattingChecks, Problem
from batch.validation.header import PAIR, WORDED, format_cell_address
from batch.validation.tokens import KnownTokens, TokenReading, check_token, read_token
from batch.validation.vocabulary import find_direction

if TYPE_CHECKING:
    from decimal import Decimal

    from pandas import DataFrame, Series

_LOOKED_AT = 1_000  # rows in which a column of currencies without a title shows
_DASHES = frozenset("-–—−")


@dataclass(frozen=True, slots=True)
class TableLayout:
    """Where the table's columns are: every column's title, and the columns that hold a role."""

    titles: tuple[str, ...]
    roles: Roles
    signed: bool
    is_text_file: bool
    currency: int | None = None  # the column of each row's currency, by its title


@dataclass(frozen=True, slots=True)
class ReadRows:
    """The rows that have something in them, with what was read in each, and what is said of some."""

    frame: DataFrame
    findings: dict[int, tuple[Finding, ...]]
    labels: frozenset[str]  # texts in the token column that say that their row is a total
    has_wordless_sign: bool  # whether a row has a sign before its amount and no word for the direction


class _Movement(NamedTuple):
    direction: Direction | None = None
    amount: Decimal | None = None
    problems: Sequence[Problem] = ()
    is_wordless_sign: bool = False


def read_rows(body: Body, table: TableLayout, known: KnownTokens | None, looks: FormattingChecks) -> ReadRows:
    frame, roles = body.frame, table.roles
    cells = body.distinct(roles[ColumnRole.TOKEN]) if ColumnRole.TOKEN in roles else None
    tokens = cells.map(lambda cell: _read_token(cell, known)) if cells else _fill(len(frame), TokenReading(None))
    movements = _read_movements(body, table)
    amounts = [None if movement.amount is None else to_thousandths(movement.amount) for movement in movements.each]
    frame = frame.assign(
        **{
            TOKEN: tokens.spread([reading.token for reading in tokens.each], DTYPES[TOKEN]),
            DIRECTION: movements.spread([movement.direction for movement in movements.each], DTYPES[DIRECTION]),
            AMOUNT: movements.spread(amounts, DTYPES[AMOUNT]),
        }
    )
    findings, shown, empty = _Odd(table, known, looks, tokens, movements).look(frame)
    if shown:
        added = sorted(set(shown.values()).difference(frame[TOKEN].cat.categories))
        frame[TOKEN] = frame[TOKEN].cat.add_categories(added)
        frame.loc[list(shown), TOKEN] = list(shown.values())
    if empty:
        frame = frame.drop(index=empty)
    _add_currencies(body, frame, table, findings)
    _add_duplicates(frame, findings, roles)
    labels = frozenset(filter(None, (_read_label(cell, known) for cell in cells.each))) if cells else frozenset()
    return ReadRows(frame, findings, labels, any(movement.is_wordless_sign for movement in movements.each))


@dataclass(frozen=True)
class _Odd:
    """The rows of which something is to be said; of most there is nothing."""

    table: TableLayout
    known: KnownTokens | None
    looks: FormattingChecks
    tokens: Distinct[TokenReading]
    movements: Distinct[_Movement]

    @cached_property
    def beyond(self) -> range:
        """In a text file, cells beyond the last title are most often the decimals of an amount cut at its comma."""
        titles = self.table.titles
        titled = max((column + 1 for column, title in enumerate(titles) if title), default=0)
        return range(titled, len(titles)) if self.table.is_text_file else range(0)

    def look(self, frame: DataFrame) -> tuple[dict[int, tuple[Finding, ...]], dict[int, str], list[int]]:
        """Find what is said of each row, the tokens that are shown as another text, and the rows that hold nothing."""
        tokens, movements = self.tokens, self.movements
        is_odd = tokens.mark(lambda reading: bool(reading.broken) or reading.token is None)
        is_odd |= movements.mark(lambda movement: bool(movement.problems))
        is_odd |= frame.index.isin(self.looks.odd_rows)
        for column in self.beyond:
            is_odd |= (frame[column] != "").to_numpy()
        places = is_odd.nonzero()[0]
        odd = frame.iloc[places]
        findings: dict[int, tuple[Finding, ...]] = {}
        shown: dict[int, str] = {}
        empty: list[int] = []
        for row, place, cells in zip(odd.index.tolist(), places.tolist(), take_cells(odd), strict=True):
            token = tokens.each[tokens.codes[place]]
            if row in self.looks.odd_rows:
                seen = self.looks.find_shown_token(row, cells)
                token = token if seen is None else _read_token(seen, self.known)
                if token.token is not None:
                    shown[row] = token.token
            if token.token is None and (not has_content(cells) or self._has_only_formulas(cells)):
                empty.append(row)
                continue
            said = tuple(self._list_findings(row, cells, token, movements.each[movements.codes[place]]))
            if said:
                findings[row] = said
        return findings, shown, empty

    def _list_findings(
        self, row: int, cells: Sequence[Cell], token: TokenReading, movement: _Movement
    ) -> Iterator[Finding]:
        """Say what the eye sees of a cell instead of what would be said of its value."""
        said = list(self.looks.problems(row, cells)) if row in self.looks.odd_rows else []
        covered = {role for role, code, _ in said if code != "token-as-shown"}
        read = [*((ColumnRole.TOKEN, code, params) for code, params in token.broken), *movement.problems]
        for role, code, params in (*said, *(problem for problem in read if problem[0] not in covered)):
            yield Finding(code, row, format_cell_address(self.table.roles[role], row), params)
        beyond = next((column for column in self.beyond if cells[column] is not None), None)
        if beyond is not None:
            yield Finding("row-too-long", row, format_cell_address(beyond, row))

    def _has_only_formulas(self, cells: Sequence[Cell]) -> bool:
        """Tell whether the row says nothing of a movement, and beside it are only formulas that were never calculated.

        So does an empty row of a form that another program than a spreadsheet's has filled in.
        """
        if self.table.is_text_file or not all(is_blank(cells[at]) for at in self.table.roles.values()):
            return False
        filled = (cell for cell in cells if not is_blank(cell))
        return all(find_error_kind(cell) == "formula" and not str(cell).startswith("==") for cell in filled)


def _add_duplicates(frame: DataFrame, findings: dict[int, tuple[Finding, ...]], roles: Roles) -> None:
    asked = frame[[TOKEN, DIRECTION, AMOUNT]].dropna()
    again = asked.index[asked.duplicated()].tolist()
    if not again:
        return
    alike = asked[asked.duplicated(keep=False)]
    firsts: Series[Any] = alike.index.to_series().groupby([alike[name] for name in alike], sort=False).transform("min")
    for row, first in zip(again, firsts[again].tolist(), strict=True):
        at = format_cell_address(roles[ColumnRole.TOKEN], row)
        findings[row] = (*findings.get(row, ()), Finding("row-duplicate", row, at, {"first": str(first)}))


def _add_currencies(body: Body, frame: DataFrame, table: TableLayout, findings: dict[int, tuple[Finding, ...]]) -> None:
    """Say of the rows beside whose amount another currency stands that only euros are paid."""
    others = (column for column in range(len(table.titles)) if column not in table.roles.values())
    column = table.currency
    if column is None:
        column = next((at for at in others if is_currency_column(body.frame[at].head(_LOOKED_AT).unique())), None)
    if column is None or not has_other_currency(body.distinct(column).each):
        return
    read = body.distinct(column).map(lambda cell: read_currency(cell, beside_others=True))
    asked = frame.index[frame[AMOUNT].notna()]
    for place in read.mark(bool).nonzero()[0].tolist():
        row, broken = int(body.frame.index[place]), read.each[read.codes[place]]
        if broken and row in asked:
            code, params = broken
            findings[row] = (*findings.get(row, ()), Finding(code, row, format_cell_address(column, row), params))


def _fill(length: int, value: Read) -> Distinct[Read]:
    import numpy as np

    return Distinct([value], np.zeros(length, dtype=np.intp))


def _read_token(cell: Cell, known: KnownTokens | None) -> TokenReading:
    reading = read_token(cell)
    if reading.token is None or known is None:
        return reading
    broken = check_token(reading.token, known)
    return TokenReading(reading.token, (*reading.broken, broken)) if broken else reading


def _read_label(cell: Cell, known: KnownTokens | None) -> str | None:
    """Read the text of a cell that calls its row a total; None if the account knows it as a token."""
    if not isinstance(cell, str) or (known is not None and cell in known) or not find_label_kind(cell):
        return None
    return strip_invisible(cell)


def _read_movements(body: Body, table: TableLayout) -> Distinct[_Movement]:
    roles = table.roles
    if all(role in roles for role in PAIR):
        if any(role in roles for role in WORDED):
            # The sheet mixes both, which is said of it as a whole.
            return _fill(len(body.frame), _Movement())
        added, removed = (body.distinct(roles[role]).map(_read_side) for role in PAIR)
        named = {role.value: table.titles[roles[role]] for role in PAIR}
        return join_columns(added, removed, lambda to_add, to_remove: _read_pair(to_add, to_remove, named))
    amount, way = roles.get(ColumnRole.AMOUNT), roles.get(ColumnRole.DIRECTION)
    amounts = None if amount is None else body.distinct(amount).map(lambda cell: (cell, read_amount(cell)))
    directions = None if way is None else body.distinct(way).map(partial(_read_direction, title=table.titles[way]))
    if amounts and directions:
        return join_columns(amounts, directions, _read_worded_amount)
    if amounts:
        return amounts.map(_read_signed_amount if table.signed else _read_lone_amount)
    if directions:
        return directions.map(_read_lone_direction)
    return _fill(len(body.frame), _Movement())


_Amount = tuple[Cell, AmountReading]
_Direction = tuple[Direction | None, Problem | None]
_Side = tuple[Cell, AmountReading | None]


def _read_worded_amount(amount: _Amount, word: _Direction) -> _Movement:
    (cell, reading), (direction, problem) = amount, word
    problems = [] if problem is None else [problem]
    if reading.broken:
        problems.append((ColumnRole.AMOUNT, reading.broken, reading.params))
        return _Movement(direction, reading.amount, problems)
    if reading.sign:
        problems += _find_contradictions(reading.sign, cell, direction)
    is_wordless = bool(reading.sign) and problem is not None and problem[1] == "direction-missing"
    return _Movement(direction, reading.amount, problems, is_wordless)


def _read_pair(to_add: _Side, to_remove: _Side, named: Mapping[str, str]) -> _Movement:
    """Read two columns of amounts, of which one is filled in."""
    added, removed = to_add[1], to_remove[1]
    if added is None and removed is None:
        return _Movement(problems=((ColumnRole.ADDED, "pair-empty", named),))
    if removed is None and added is not None and _is_plain(added):
        return _Movement(Direction.ADD, added.amount)
    if added is None and removed is not None and _is_plain(removed):
        return _Movement(Direction.REMOVE, removed.amount)
    problems: list[Problem] = []
    for role, (cell, side) in ((ColumnRole.ADDED, to_add), (ColumnRole.REMOVED, to_remove)):
        if side is not None and side.broken:
            problems.append((role, side.broken, side.params))
        elif side is not None and side.sign == "-":
            problems.append((role, "pair-negative", {**quote_cell(cell), **named}))
    return _Movement(problems=problems or ((ColumnRole.REMOVED, "pair-both", named),))


def _is_plain(side: AmountReading) -> bool:
    return not side.broken and side.sign != "-"


def _read_direction(cell: Cell, title: str) -> _Direction:
    if is_blank(cell):
        return None, (ColumnRole.DIRECTION, "direction-missing", NOTHING)
    kind = find_error_kind(cell)
    if kind:
        return None, (ColumnRole.DIRECTION, f"direction-{kind}", quote_cell(cell))
    direction = find_direction(strip_invisible(cell), title) if isinstance(cell, str) else None
    return direction, None if direction else (ColumnRole.DIRECTION, "direction-unknown", quote_cell(cell))


def _read_signed_amount(amount: _Amount) -> _Movement:
    _cell, reading = amount
    if reading.broken:
        return _Movement(problems=((ColumnRole.AMOUNT, reading.broken, reading.params),))
    return _Movement(Direction.REMOVE if reading.sign == "-" else Direction.ADD, reading.amount)


def _read_lone_amount(amount: _Amount) -> _Movement:
    _cell, reading = amount
    problems = ((ColumnRole.AMOUNT, reading.broken, reading.params),) if reading.broken else ()
    return _Movement(None, reading.amount, problems)


def _read_lone_direction(word: _Direction) -> _Movement:
    direction, problem = word
    return _Movement(direction, None, () if problem is None else (problem,))


def _find_contradictions(sign: str, cell: Cell, direction: Direction | None) -> Iterable[Problem]:
    if direction is (Direction.REMOVE if sign == "+" else Direction.ADD):
        params = {**quote_cell(cell), "sign": sign, "direction": direction.value}
        return [(ColumnRole.AMOUNT, "sign-contradicts", params)]
    return [(ColumnRole.AMOUNT, "amount-negative", quote_cell(cell))] if sign == "-" else []


def _read_side(cell: Cell) -> _Side:
    """Read one side of a pair; None where it is left empty, which a zero and an accountant's dash are as well."""
    reading = read_amount(cell)
    if reading.broken in {"amount-missing", "amount-zero"}:
        return cell, None
    is_dash = reading.broken and isinstance(cell, str) and strip_invisible(cell).strip("€ ") in _DASHES
    return cell, None if is_dash else reading
