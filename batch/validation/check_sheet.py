"""The check of a sheet: which columns say what moves, its rows, and what is to be said of it as a whole."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from batch.findings import Finding
from batch.frames import AMOUNT, DIRECTION, DTYPES, TOKEN, CheckedSheet, Grid, take_cells
from batch.model import AMOUNTS, Cell, ColumnRole, Direction, Roles, Titles
from batch.money import from_thousandths
from batch.validation.amounts import read_amount
from batch.validation.cells import (
    Body,
    find_distinct,
    format_cell,
    format_row_ranges,
    has_content,
    is_blank,
    shorten_list,
    strip_invisible,
)
from batch.validation.footer import find_label_kind
from batch.validation.formatting import FormattingChecks, check_hidden_cells, check_untold_areas
from batch.validation.header import (
    ENOUGH_ROLES,
    PAIR,
    SEARCHED_ROWS,
    WORDED,
    Header,
    find_header,
    format_cell_address,
    name_columns,
    report_missing_header,
)
from batch.validation.rows import TableLayout, read_rows
from batch.validation.titles import find_column_roles
from batch.validation.tokens import KnownTokens
from batch.validation.totals import set_totals_aside
from batch.validation.vocabulary import find_direction

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, slots=True)
class Conventions:
    """Nothing is said unless it is here. Columns are named by their title, or by their letter in the sheet."""

    columns: Titles = field(default_factory=dict)  # what a person says of this sheet
    remembered: Titles = field(default_factory=dict)  # of an earlier sheet, to be kept: used for what is not found
    signed: bool = False  # amounts carry the direction: a minus is a remove, and there is no direction column
    include_hidden: bool = False  # rows and columns that nobody sees are meant as well
    sheet: str | None = None  # which of the workbook's sheets was named; whoever reads the file has heeded it


def keep_titles(sheet: CheckedSheet, columns: Titles) -> dict[ColumnRole, str]:
    """Find the titles of the columns that were named by hand, as the header has them; a blank one says nothing."""
    titles = {role: sheet.columns[sheet.roles[role]] for role in columns if role in sheet.roles}
    return {role: title for role, title in titles.items() if title}


@dataclass(frozen=True, slots=True)
class Usage:
    """The columns that are read, whether amounts carry the direction, and what is to be said of the header."""

    roles: Roles
    findings: Sequence[Finding]
    signed: bool = False


class _Example(NamedTuple):
    row: int
    column: int
    value: str

    @property
    def cell(self) -> str:
        return format_cell_address(self.column, self.row)


def find_usage(body: Body, header: Header, *, signed: bool) -> Usage:
    """Find the way that the rows use, by the first cell that shows it."""
    roles = header.roles
    if all(role in roles for role in PAIR):
        if not any(role in roles for role in WORDED):
            return Usage(roles, header.findings)
        return _choose_convention(body, header, signed=signed)
    if ColumnRole.AMOUNT not in roles:
        return Usage(roles, header.findings, signed)
    if signed:
        return _find_signed_usage(body, header)
    findings = header.findings if ColumnRole.DIRECTION in roles else _check_missing_direction(body, header)
    return Usage(roles, findings)


def check_wordless_signs(body: Body, header: Header) -> Sequence[Finding]:
    """Say where a sheet has a word for the direction in some rows, and only a sign in others."""
    wordless = Body(body.frame[body.distinct(header.roles[ColumnRole.DIRECTION]).mark(is_blank)])
    sign = _find_example(wordless, header, (ColumnRole.AMOUNT,), _has_sign)
    word = _find_example(body, header, (ColumnRole.DIRECTION,), _is_direction)
    return _report_mixed(word, sign, "signed") if word and sign else ()


def _find_example(
    body: Body, header: Header, roles: Collection[ColumnRole], shows: Callable[[Cell], bool]
) -> _Example | None:
    found = []
    for column in (header.roles[role] for role in roles if role in header.roles):
        cells = body.distinct(column)
        place = next((place for place, cell in enumerate(cells.each) if cell is not None and shows(cell)), None)
        if place is not None:
            row = int(body.frame.index[(cells.codes == place).argmax()])
            found.append(_Example(row, column, format_cell(cells.each[place])))
    return min(found, default=None)


def _choose_convention(body: Body, header: Header, *, signed: bool) -> Usage:
    worded = _find_example(body, header, WORDED, lambda cell: not is_blank(cell))
    paired = _find_example(body, header, PAIR, _is_filled)
    if worded and paired:
        return Usage(header.roles, (*header.findings, *_report_mixed(worded, paired)))
    roles = _drop_roles(header.roles, PAIR if worded else WORDED)
    return Usage(roles, header.findings, signed and bool(worded))


def _drop_roles(roles: Roles, unused: Collection[ColumnRole]) -> Roles:
    return {role: column for role, column in roles.items() if role not in unused}


def _find_signed_usage(body: Body, header: Header) -> Usage:
    """Read no column of words as directions beside signed amounts, unless it says so."""
    word = _find_example(body, header, (ColumnRole.DIRECTION,), _is_direction)
    amounts = (_find_example(body, header, (ColumnRole.AMOUNT,), shows) for shows in (_has_sign, _is_filled))
    sign = word and next(filter(None, amounts), None)
    mixed = _report_mixed(word, sign, "signed") if word and sign else ()
    return Usage(_drop_roles(header.roles, (ColumnRole.DIRECTION,)), (*header.findings, *mixed), signed=True)


def _check_missing_direction(body: Body, header: Header) -> Sequence[Finding]:
    """Say that amounts have signs, which are most often the direction that is missing."""
    sign = _find_example(body, header, (ColumnRole.AMOUNT,), _has_sign)
    if sign is None:
        return header.findings
    others = [finding for finding in header.findings if finding.params.get("column") != ColumnRole.DIRECTION.value]
    return (*others, Finding("signed-amounts", None, sign.cell, {"at": sign.cell, "value": sign.value}))


def _report_mixed(first: _Example, second: _Example, kind: str | None = None) -> tuple[Finding]:
    params = {"first": first.value, "first_cell": first.cell, "second": second.value, "second_cell": second.cell}
    return (Finding("conventions-mixed", None, second.cell, {**params, "as": kind} if kind else params),)


def _is_direction(cell: Cell) -> bool:
    return isinstance(cell, str) and find_direction(strip_invisible(cell)) is not None


def _has_sign(cell: Cell) -> bool:
    return not is_blank(cell) and bool(read_amount(cell).sign)


def _is_filled(cell: Cell) -> bool:
    return read_amount(cell).broken not in {"amount-missing", "amount-zero"}


def find_swallowed_rows(grid: Grid, roles: Roles, tokens: Iterable[str]) -> Iterator[Finding]:
    """Find the lines that may be rows in a text file's cells. `tokens` are all that are known."""
    # It is said of the file, and stays however a cell is corrected afterwards: that does not bring the rows back.
    if grid.wrapped is None:
        return
    separator = grid.wrapped.separator
    known = _Beginnings(separator, tokens)
    lost: list[int] = []
    at = None
    several = take_cells(grid.frame.loc[list(grid.wrapped.lines)])
    for (row, (first, lines)), cells in zip(grid.wrapped.lines.items(), several, strict=True):
        record = _read_row(cells, roles)
        found = []
        for number, line in enumerate(lines, start=first):
            named = _read_row(line.split(separator), roles)
            if named == record and record is not None:
                # Only once: the same line twice is a row and another.
                record = None
            elif named is not None or (number > first and known.begin(line)):
                found.append(number)
        lost += found
        at = at or (_find_break(row, cells) if found else None)
    if at is not None:
        params = {"count": str(len(lost)), "at": at, "lines": format_row_ranges(lost)}
        yield Finding("rows-in-cell", cell=at, params=params)


class _Beginnings:
    """The tokens that are known; of one that holds a separator itself, what is left of it in a cell that it cut."""

    def __init__(self, separator: str, tokens: Iterable[str]) -> None:
        self._tokens = {_normalize_text(token.split(separator, 1)[0]) for token in tokens} - {""}
        self._lengths = sorted(set(map(len, self._tokens)))

    def begin(self, text: str) -> bool:
        """Tell whether a text begins with one of them."""
        plain = _normalize_text(text)
        return any(plain[:end] in self._tokens and not plain[end : end + 1].isalnum() for end in self._lengths)


def _read_row(cells: Sequence[Cell], roles: Roles) -> tuple[str, ...] | None:
    texts = {
        role: _normalize_text(str(cells[at])) for role, at in roles.items() if at < len(cells) and cells[at] is not None
    }
    amounts = [texts.get(role, "") for role in AMOUNTS]
    if not texts.get(ColumnRole.TOKEN) or all(read_amount(amount).amount is None for amount in amounts):
        return None
    return texts[ColumnRole.TOKEN], *amounts


def _find_break(row: int, cells: Sequence[Cell]) -> str:
    has_break = (at for at, cell in enumerate(cells) if isinstance(cell, str) and ("\n" in cell or "\r" in cell))
    return format_cell_address(next(has_break, 0), row)


def _normalize_text(text: str) -> str:
    """Write a text as it is compared here: in a cell of its own, marks around it would have been taken away."""
    return strip_invisible(text.replace('"', "")).casefold()


_NAMED = 5  # tables; who has more sees by these what is meant


def find_other_tables(top: Sequence[Sequence[Cell]], header: Header) -> Iterator[Finding]:
    """Name the first cell of each table that is not the header's."""
    span = _find_span(header)
    places: dict[int, str] = {}
    for number, (cells, below) in enumerate(zip(top, [*top[1:], ()], strict=True), start=1):
        for run in _find_runs(cells):
            is_own = number >= header.row and run.start < span.stop and run.stop > span.start
            if not is_own and run.start not in places and (_has_header(cells, below, run) or _is_row(cells, run)):
                places[run.start] = format_cell_address(run.start, number)
    if places:
        yield Finding("tables-besides", params={"at": shorten_list(list(places.values()), _NAMED)})


def _find_span(header: Header) -> range:
    """Find the columns from the first to the last that is read, and those beside them up to one without a title."""
    first, last = min(header.roles.values()), max(header.roles.values())
    while first > 0 and header.titles[first - 1]:
        first -= 1
    while last + 1 < len(header.titles) and header.titles[last + 1]:
        last += 1
    return range(first, last + 1)


def _find_runs(cells: Sequence[Cell]) -> Iterator[range]:
    """Find the columns of cells without a blank between them."""
    start = 0
    for column, cell in enumerate((*cells, None)):
        if is_blank(cell):
            if column > start:
                yield range(start, column)
            start = column + 1


def _has_header(cells: Sequence[Cell], below: Sequence[Cell], run: range) -> bool:
    """Tell whether these are titles, and below them stand a token and an amount."""
    titles = {at: title for at in run if isinstance(title := cells[at], str)}
    filled = {
        role: below[at]
        for at, title in titles.items()
        for role, _rank in find_column_roles(title)
        if at < len(below) and not is_blank(below[at])
    }
    return ColumnRole.TOKEN in filled and any(_is_amount(filled[role]) for role in AMOUNTS if role in filled)


def _is_row(cells: Sequence[Cell], run: range) -> bool:
    """Tell whether they are a token, an amount and a direction, and do not say that they are a total."""
    amounts = [cells[at] for at in run if _is_amount(cells[at])]
    texts = [cell for at in run if isinstance(cell := cells[at], str) and cell not in amounts]
    words = [text for text in texts if find_direction(text)]
    return len(words) == 1 and bool(amounts) and len(run) > 2 and not any(map(find_label_kind, texts))


def _is_amount(cell: Cell) -> bool:
    return read_amount(cell).amount is not None


@dataclass(frozen=True, slots=True)
class Expected:
    """Control totals that the accountant gave by hand; None is not compared."""

    rows: int | None = None
    added: Decimal | None = None
    removed: Decimal | None = None


_NOTHING_SAID = Conventions()


def check_sheet(
    grid: Grid, known_tokens: Collection[str] | None, expected: Expected, conventions: Conventions = _NOTHING_SAID
) -> CheckedSheet:
    """Read every row by our rules. `known_tokens` are all the account's, or None when it was not asked (offline)."""
    if not _has_content(grid):
        return _make_empty_sheet(grid, Finding("sheet-empty"))
    header = choose_header(grid, conventions)
    if header is None:
        swallowed = find_swallowed_rows(grid, {}, known_tokens or ())
        return _make_empty_sheet(grid, *swallowed, report_missing_header(grid.take_top(SEARCHED_ROWS)))
    columns = _list_titles(grid, header)
    body = Body(grid.frame.iloc[header.row :].reindex(columns=range(len(columns))))
    usage = find_usage(body, header, signed=conventions.signed)
    is_text_file = grid.source.sheet is None
    table = TableLayout(columns, usage.roles, usage.signed, is_text_file, header.currency)
    findings = [*grid.findings, *usage.findings, *find_other_tables(grid.take_top(SEARCHED_ROWS), header)]
    if len(header.roles) < ENOUGH_ROLES:
        return CheckedSheet(grid.source, columns, usage.roles, _make_empty_frame(), {}, tuple(findings))
    known = None if known_tokens is None else KnownTokens(known_tokens)
    read = read_rows(body, table, known, FormattingChecks(grid.appearance, usage.roles, len(grid.frame)))
    kept = set_totals_aside(read, table, known_tokens or ())
    sheet = CheckedSheet(grid.source, columns, usage.roles, kept.frame, kept.row_findings, ())
    findings += check_wordless_signs(body, header) if read.has_wordless_sign else ()
    findings += check_hidden_cells(grid.appearance, sheet.frame.index, usage.roles, included=conventions.include_hidden)
    findings += check_untold_areas(grid.appearance, sheet.frame.index.tolist(), usage.roles)
    if sheet.frame.empty:
        first = format_cell_address(min(header.roles.values()), header.row + 1)
        findings.append(Finding("rows-missing", header.row + 1, first, {"header": str(header.row)}))
    findings += kept.findings
    findings += compare_expected_totals(sheet, expected)
    findings += find_swallowed_rows(grid, usage.roles, chain(known_tokens or (), sheet.frame[TOKEN].dropna().unique()))
    return replace(sheet, findings=tuple(findings))


def choose_header(grid: Grid, conventions: Conventions) -> Header | None:
    """Find the header by what a person said of this sheet, by its titles, and by what was said of an earlier sheet."""
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


def compare_expected_totals(sheet: CheckedSheet, expected: Expected) -> Iterator[Finding]:
    """Compare the control totals with what would be sent: a row with an error is not in them."""
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
    """Tell whether a person sees anything in the sheet; most often that shows in its first rows."""
    if any(map(has_content, grid.take_top(SEARCHED_ROWS))):
        return True
    return any(has_content(find_distinct(grid.frame[column]).each) for column in grid.frame.columns)


def _make_empty_sheet(grid: Grid, *findings: Finding) -> CheckedSheet:
    return CheckedSheet(grid.source, (), {}, _make_empty_frame(), {}, (*grid.findings, *findings))


def _make_empty_frame() -> DataFrame:
    import pandas as pd

    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in DTYPES.items()})


def _list_titles(grid: Grid, header: Header) -> tuple[str, ...]:
    """Give every column of the table a title; the table is as wide as its widest row or header."""
    frame = grid.frame.iloc[max(0, header.row - 1) :]
    width = max(column + 1 for column in header.roles.values())
    for column in reversed(range(width, len(frame.columns))):
        if any(cell not in {None, ""} for cell in find_distinct(frame[column]).each):
            width = column + 1
            break
    return tuple((*header.titles, *[""] * width)[:width])
