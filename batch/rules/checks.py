"""Everything that can be said of a sheet before anything moves. All findings of a sheet are returned at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain, islice

from batch.findings import Finding
from batch.model import Cell, CheckedSheet, Direction, Grid, SheetRow, movements_of
from batch.money import ZERO
from batch.rules.appearance import Looks, hidden_findings
from batch.rules.cells import has_content
from batch.rules.conventions import Conventions
from batch.rules.header import ENOUGH_ROLES, SEARCHED_ROWS, Header, cell_address, find_header
from batch.rules.mixing import Usage, usage_of, words_and_signs
from batch.rules.rows import RowReader, Table, with_duplicates
from batch.rules.swallowed import rows_in_cells
from batch.rules.tokens import KnownTokens
from batch.rules.totals import Totals, take_totals


@dataclass(frozen=True, slots=True)
class Expected:
    """Control totals that the accountant gave by hand; None is not compared."""

    rows: int | None = None
    added: Decimal | None = None
    removed: Decimal | None = None


_NOTHING_SAID = Conventions()


def check_sheet(
    grid: Grid,
    known_tokens: Collection[str] | None,
    expected: Expected,
    conventions: Conventions = _NOTHING_SAID,
) -> CheckedSheet:
    """Read every row by our rules. `known_tokens` are all the account's, or None when it was not asked (offline)."""
    if not any(map(has_content, grid.rows)):
        return CheckedSheet(grid.source, (), {}, (), (*grid.findings, Finding("sheet-empty")))
    header = header_of(grid, conventions)
    if header is None:
        swallowed = rows_in_cells(grid.long_cells, known_tokens or ())
        missing = Finding("header-missing", params={"searched": str(SEARCHED_ROWS)})
        return CheckedSheet(grid.source, (), {}, (), (*grid.findings, *swallowed, missing))
    usage = usage_of(grid.rows, header, signed=conventions.signed)
    columns = _columns(grid.rows, header)
    findings = [*grid.findings, *usage.findings]
    totals = Totals([])
    if len(header.roles) >= ENOUGH_ROLES:
        table = Table(len(columns), columns, usage.roles, usage.signed, is_text_file=grid.source.sheet is None)
        known = None if known_tokens is None else KnownTokens(known_tokens)
        reader = RowReader(table, known, Looks(grid.appearance, usage.roles))
        totals = _read_rows(grid, header, usage, reader, known_tokens or ())
        findings += words_and_signs(grid.rows, header) if reader.has_wordless_sign else ()
        findings += hidden_findings(grid.appearance, totals.rows, usage.roles, included=conventions.include_hidden)
        if not totals.rows:
            first = cell_address(min(header.roles.values()), header.row + 1)
            findings.append(Finding("rows-missing", header.row + 1, first, {"header": str(header.row)}))
        findings += totals.findings
        findings += against_expected(totals.rows, expected)
    findings += rows_in_cells(grid.long_cells, chain(known_tokens or (), _tokens(totals.rows)))
    return CheckedSheet(grid.source, columns, usage.roles, tuple(totals.rows), tuple(findings))


def header_of(grid: Grid, conventions: Conventions) -> Header | None:
    """The header, by what a person said of this sheet, by its titles, and by what was said of an earlier sheet."""
    rows, merged, signed = grid.rows, grid.appearance.merged, conventions.signed
    plain = find_header(rows, conventions.columns, merged, signed=signed)
    if plain is not None and not plain.missing:
        return plain
    known = plain.roles if plain else {}
    remembered = {role: title for role, title in conventions.remembered.items() if role not in known}
    return find_header(rows, conventions.columns, merged, signed=signed, remembered=remembered)


def _columns(rows: Sequence[Sequence[Cell]], header: Header) -> tuple[str, ...]:
    """A title for every column of the table, whose width is that of its widest row or header."""
    width, widest = 0, max(map(len, islice(rows, header.row - 1, None)))
    for cells in islice(rows, header.row - 1, None):
        # Only what lies beyond the width so far can widen it, so a long sheet is looked at once, or less.
        if width == widest:
            break
        if len(cells) > width:
            for column in range(len(cells) - 1, width - 1, -1):
                cell = cells[column]
                if cell is not None and cell != "":
                    width = column + 1
                    break
    width = max(width, *(column + 1 for column in header.roles.values()))
    return tuple((*header.titles, *[""] * width)[:width])


def _read_rows(grid: Grid, header: Header, usage: Usage, reader: RowReader, known: Collection[str]) -> Totals:
    rows = reader.read_all(header.row + 1, islice(grid.rows, header.row, None))
    if reader.has_alike:
        rows = with_duplicates(rows, usage.roles)
    may_end_in_words = bool(rows) and rows[-1].amount is None
    if not reader.labels and not reader.has_nameless and not may_end_in_words:
        return Totals(rows)

    def names_nobody(row: SheetRow) -> bool:
        return row.token is None or row.token in reader.labels

    return take_totals(rows, usage.roles, names_nobody, known, signed=usage.signed)


def _tokens(rows: Iterable[SheetRow]) -> Iterator[str]:
    """What stands in the token column."""
    return (row.token for row in rows if row.token is not None)


def against_expected(rows: Iterable[SheetRow], expected: Expected) -> Iterator[Finding]:
    """The control totals are compared with what would be sent: a row with an error is not in them."""
    if expected == Expected():
        return
    movements = movements_of(rows)
    if expected.rows is not None and expected.rows != len(movements):
        yield Finding("expected-rows", params={"found": str(len(movements)), "expected": str(expected.rows)})
    for code, direction, total in (
        ("expected-added", Direction.ADD, expected.added),
        ("expected-removed", Direction.REMOVE, expected.removed),
    ):
        moved = sum((item.amount for item in movements if item.direction is direction), ZERO)
        if total is not None and total != moved:
            yield Finding(code, params={"found": str(moved), "expected": str(total)})
