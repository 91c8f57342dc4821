"""Everything that can be said of a sheet before anything moves. All findings of a sheet are returned at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

from batch.findings import Finding
from batch.model import Cell, CheckedSheet, Direction, Grid, Movement, Role, SheetRow
from batch.money import ZERO, euros
from batch.rules.amounts import cell_shown, read_amount
from batch.rules.header import ENOUGH_ROLES, SEARCHED_ROWS, Header, cell_address, find_header
from batch.rules.tokens import KnownTokens, against_account, read_token, visible
from batch.rules.vocabulary import direction_of


@dataclass(frozen=True, slots=True)
class Expected:
    """Control totals that the accountant gave by hand; None is not compared."""

    rows: int | None = None
    added: Decimal | None = None
    removed: Decimal | None = None


class _Add(Protocol):
    """Records that a role's cell breaks a rule."""

    def __call__(self, role: Role, code: str, params: Mapping[str, str]) -> None: ...


def check_sheet(grid: Grid, known_tokens: Collection[str] | None, expected: Expected) -> CheckedSheet:
    """Read every row by our rules. `known_tokens` are all the account's, or None when it was not asked (offline)."""
    if not any(_has_content(cells) for cells in grid.rows):
        return CheckedSheet(grid.source, (), {}, (), (Finding("sheet-empty"),))
    header = find_header(grid.rows)
    if header is None:
        finding = Finding("header-missing", params={"searched": str(SEARCHED_ROWS)})
        return CheckedSheet(grid.source, (), {}, (), (finding,))
    width, columns = _columns(grid.rows, header)
    known = None if known_tokens is None else KnownTokens(known_tokens)
    rows: tuple[SheetRow, ...] = ()
    findings = list(header.findings)
    if len(header.roles) >= ENOUGH_ROLES:
        read = _read_rows(grid.rows, header, width, known)
        if grid.source.sheet is None:
            read = _with_overlong(read, columns)
        rows = tuple(_with_duplicates(read, header.roles))
        if not rows:
            first = cell_address(min(header.roles.values()), header.row + 1)
            findings.append(Finding("rows-missing", header.row + 1, first, {"header": str(header.row)}))
        findings += _against_expected(rows, expected)
    return CheckedSheet(grid.source, columns, header.roles, rows, tuple(findings))


def movement_of(row: SheetRow) -> Movement | None:
    """The movement that a valid row asks for; None for a row with an error."""
    if not row.is_valid or row.token is None or row.direction is None or row.amount is None:
        return None
    return Movement(row.number, row.token, row.direction, row.amount)


def _has_content(cells: Sequence[Cell]) -> bool:
    return any(cell is not None and (not isinstance(cell, str) or visible(cell)) for cell in cells)


def _columns(rows: Sequence[Sequence[Cell]], header: Header) -> tuple[int, tuple[str, ...]]:
    """The table's width and a title for every column up to it; columns that nothing is in at the right are dropped."""
    width = 0
    for index in range(header.row - 1, len(rows)):
        cells = rows[index]
        # Only what lies beyond the width so far can widen it, so a long sheet is looked at once.
        for column in range(len(cells) - 1, width - 1, -1):
            cell = cells[column]
            if cell is not None and cell != "":
                width = column + 1
                break
    titles = (*header.titles, *[""] * width)[:width]
    return width, tuple(titles)


def _read_rows(
    rows: Sequence[Sequence[Cell]], header: Header, width: int, known: KnownTokens | None
) -> Iterator[SheetRow]:
    for index in range(header.row, len(rows)):
        cells = rows[index]
        if _has_content(cells):
            padded = tuple(cells[:width]) + (None,) * (width - len(cells))
            yield _read_row(index + 1, padded, header.roles, known)


def _read_row(number: int, cells: tuple[Cell, ...], roles: Mapping[Role, int], known: KnownTokens | None) -> SheetRow:
    findings: list[Finding] = []

    def add(role: Role, code: str, params: Mapping[str, str]) -> None:
        findings.append(Finding(code, number, cell_address(roles[role], number), params))

    token = amount = direction = None
    if Role.TOKEN in roles:
        token = _token(cells[roles[Role.TOKEN]], known, add)
    if Role.DIRECTION in roles:
        direction = _direction(cells[roles[Role.DIRECTION]], add)
    if Role.AMOUNT in roles:
        amount = _amount(cells[roles[Role.AMOUNT]], direction, add)
    return SheetRow(number, cells, token, direction, amount, tuple(findings))


def _token(cell: Cell, known: KnownTokens | None, add: _Add) -> str | None:
    reading = read_token(cell)
    for code, params in reading.broken:
        add(Role.TOKEN, code, params)
    if reading.token is not None and known is not None:
        broken = against_account(reading.token, known)
        if broken:
            add(Role.TOKEN, *broken)
    return reading.token


def _direction(cell: Cell, add: _Add) -> Direction | None:
    text = visible(cell) if isinstance(cell, str) else None
    if cell is None or text == "":
        add(Role.DIRECTION, "direction-missing", {})
        return None
    direction = direction_of(text) if text else None
    if direction is None:
        add(Role.DIRECTION, "direction-unknown", {"value": cell_shown(cell)})
    return direction


def _amount(cell: Cell, direction: Direction | None, add: _Add) -> Decimal | None:
    reading = read_amount(cell)
    if reading.broken:
        add(Role.AMOUNT, reading.broken, reading.params)
    elif reading.sign:
        _check_sign(reading.sign, cell, direction, add)
    return reading.amount


def _check_sign(sign: str, cell: Cell, direction: Direction | None, add: _Add) -> None:
    value = {"value": cell_shown(cell)}
    if sign == "+" and direction is Direction.REMOVE:
        add(Role.AMOUNT, "sign-contradicts", {**value, "sign": "an add", "direction": "remove"})
    elif sign == "-" and direction is Direction.ADD:
        add(Role.AMOUNT, "sign-contradicts", {**value, "sign": "a remove", "direction": "add"})
    elif sign == "-":
        add(Role.AMOUNT, "amount-negative", value)


def _with_overlong(rows: Iterator[SheetRow], columns: tuple[str, ...]) -> Iterator[SheetRow]:
    """In a text file, cells beyond the last title are most often the decimals of an amount cut at its comma."""
    titled = max((column + 1 for column, title in enumerate(columns) if title), default=0)
    for row in rows:
        beyond = next((column for column in range(titled, len(row.cells)) if row.cells[column] is not None), None)
        if beyond is None:
            yield row
        else:
            finding = Finding("row-too-long", row.number, cell_address(beyond, row.number))
            yield replace(row, findings=(*row.findings, finding))


def _with_duplicates(rows: Iterator[SheetRow], roles: Mapping[Role, int]) -> Iterator[SheetRow]:
    seen: dict[tuple[str, Direction, Decimal], int] = {}
    for row in rows:
        if row.token is None or row.direction is None or row.amount is None:
            yield row
            continue
        first = seen.setdefault((row.token, row.direction, row.amount), row.number)
        if first == row.number:
            yield row
        else:
            cell = cell_address(roles[Role.TOKEN], row.number)
            finding = Finding("row-duplicate", row.number, cell, {"first": str(first)})
            yield replace(row, findings=(*row.findings, finding))


def _against_expected(rows: tuple[SheetRow, ...], expected: Expected) -> Iterator[Finding]:
    """The control totals are compared with what would be sent: a row with an error is not in them."""
    if expected == Expected():
        return
    movements = [movement for movement in map(movement_of, rows) if movement]
    if expected.rows is not None and expected.rows != len(movements):
        wanted = f"{expected.rows:,} {'was' if expected.rows == 1 else 'were'}"
        found = f"{len(movements):,} {'row' if len(movements) == 1 else 'rows'}"
        yield Finding("expected-rows", params={"found": found, "expected": wanted})
    for code, direction, total in (
        ("expected-added", Direction.ADD, expected.added),
        ("expected-removed", Direction.REMOVE, expected.removed),
    ):
        moved = sum((item.amount for item in movements if item.direction is direction), ZERO)
        if total is not None and total != moved:
            yield Finding(code, params={"found": euros(moved), "expected": euros(total)})
