"""Everything that can be said of a sheet before anything moves. All findings of a sheet are returned at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING

from batch.findings import Finding
from batch.frames import AMOUNT, DIRECTION, DTYPES, TOKEN, CheckedSheet, Grid
from batch.model import Direction
from batch.money import from_thousandths
from batch.rules.appearance import Looks, hidden_findings, untold_findings
from batch.rules.besides import find_other_tables
from batch.rules.cells import has_content
from batch.rules.conventions import Conventions
from batch.rules.distinct import Body, find_distinct
from batch.rules.header import (
    ENOUGH_ROLES,
    SEARCHED_ROWS,
    Header,
    cell_address,
    find_header,
    missing_header,
    name_columns,
)
from batch.rules.mixing import usage_of, words_and_signs
from batch.rules.rows import Table, read_rows
from batch.rules.swallowed import find_swallowed_rows
from batch.rules.tokens import KnownTokens
from batch.rules.totals import set_totals_aside

if TYPE_CHECKING:
    from pandas import DataFrame


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
    if not _has_content(grid):
        return _without_rows(grid, Finding("sheet-empty"))
    header = header_of(grid, conventions)
    if header is None:
        swallowed = find_swallowed_rows(grid, {}, known_tokens or ())
        return _without_rows(grid, *swallowed, missing_header(grid.take_top(SEARCHED_ROWS)))
    columns = _columns(grid, header)
    body = Body(grid.frame.iloc[header.row :].reindex(columns=range(len(columns))))
    usage = usage_of(body, header, signed=conventions.signed)
    table = Table(
        len(columns),
        columns,
        usage.roles,
        usage.signed,
        is_text_file=grid.source.sheet is None,
        currency=header.currency,
    )
    findings = [*grid.findings, *usage.findings, *find_other_tables(grid.take_top(SEARCHED_ROWS), header)]
    if len(header.roles) < ENOUGH_ROLES:
        return CheckedSheet(grid.source, columns, usage.roles, _take_no_rows(), {}, tuple(findings))
    known = None if known_tokens is None else KnownTokens(known_tokens)
    read = read_rows(body, table, known, Looks(grid.appearance, usage.roles, len(grid.frame)))
    kept = set_totals_aside(read, table, known_tokens or ())
    sheet = CheckedSheet(grid.source, columns, usage.roles, kept.frame, kept.row_findings, ())
    findings += words_and_signs(body, header) if read.has_wordless_sign else ()
    findings += hidden_findings(grid.appearance, sheet.frame.index, usage.roles, included=conventions.include_hidden)
    findings += untold_findings(grid.appearance, sheet.frame.index.tolist(), usage.roles)
    if sheet.frame.empty:
        first = cell_address(min(header.roles.values()), header.row + 1)
        findings.append(Finding("rows-missing", header.row + 1, first, {"header": str(header.row)}))
    findings += kept.findings
    findings += against_expected(sheet, expected)
    findings += find_swallowed_rows(grid, usage.roles, chain(known_tokens or (), sheet.frame[TOKEN].dropna().unique()))
    return replace(sheet, findings=tuple(findings))


def header_of(grid: Grid, conventions: Conventions) -> Header | None:
    """The header, by what a person said of this sheet, by its titles, and by what was said of an earlier sheet."""
    rows, merged, signed = grid.take_top(SEARCHED_ROWS), grid.appearance.merged, conventions.signed
    plain = find_header(rows, conventions.columns, merged, signed=signed)
    if plain is not None and not plain.missing:
        return plain
    named = None if plain else name_columns(rows, conventions.columns, signed=signed)
    if named is not None:
        return named
    known = plain.roles if plain else {}
    remembered = {role: title for role, title in conventions.remembered.items() if role not in known}
    return find_header(rows, conventions.columns, merged, signed=signed, remembered=remembered)


def against_expected(sheet: CheckedSheet, expected: Expected) -> Iterator[Finding]:
    """The control totals are compared with what would be sent: a row with an error is not in them."""
    valid = sheet.valid
    if expected.rows is not None and expected.rows != len(valid):
        yield Finding("expected-rows", params={"found": str(len(valid)), "expected": str(expected.rows)})
    for code, direction, total in (
        ("expected-added", Direction.ADD, expected.added),
        ("expected-removed", Direction.REMOVE, expected.removed),
    ):
        moved = from_thousandths(int(valid[AMOUNT][valid[DIRECTION] == direction.value].sum()))
        if total is not None and total != moved:
            yield Finding(code, params={"found": str(moved), "expected": str(total)})


def _has_content(grid: Grid) -> bool:
    """Whether a person sees anything in the sheet; most often that shows in its first rows."""
    if any(map(has_content, grid.take_top(SEARCHED_ROWS))):
        return True
    return any(has_content(find_distinct(grid.frame[column]).each) for column in grid.frame.columns)


def _without_rows(grid: Grid, *findings: Finding) -> CheckedSheet:
    return CheckedSheet(grid.source, (), {}, _take_no_rows(), {}, (*grid.findings, *findings))


def _take_no_rows() -> DataFrame:
    import pandas as pd

    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in DTYPES.items()})


def _columns(grid: Grid, header: Header) -> tuple[str, ...]:
    """A title for every column of the table, whose width is that of its widest row or header."""
    frame = grid.frame.iloc[max(0, header.row - 1) :]
    width = max(column + 1 for column in header.roles.values())
    beyond = reversed(range(width, len(frame.columns)))
    width = next(
        (at + 1 for at in beyond if any(cell not in {None, ""} for cell in find_distinct(frame[at]).each)), width
    )
    return tuple((*header.titles, *[""] * width)[:width])
