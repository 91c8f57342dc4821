"""CSV and TSV: found encoding, found separator, every cell a text. A row has the number that Excel shows for it.

They are cut in this process by Python's own reader: it executes nothing and takes time and memory in proportion to the
file, both of which the limits bound, and handing its rows over from another process would take as long again.
"""

from __future__ import annotations

import csv
import gc
import io
import re
import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice, repeat

from batch.errors import SheetError
from batch.findings import Finding
from batch.language import _, number
from batch.model import Cell, Grid, LongCells, Role, Source
from batch.rules.header import ENOUGH_ROLES, SEARCHED_ROWS, find_header
from batch.sheet.complaints import shown
from batch.sheet.encoding import decoded
from batch.sheet.limits import Limits
from batch.sheet.original import Original
from batch.sheet.table import check_extent

_SEPARATORS = (";", ",", "\t", "|")
_DECLARED = re.compile(r'"?sep=([;,\t|])"?(?:\r\n|\n|\r|$)', re.IGNORECASE)
_SAMPLE = 2**16
"""Characters that the separator is found in."""
_END = "\0"
"""The first cell of a last line that no file holds. What is still open in quotation marks there swallows the line."""
_TEXT_OF_FORMULA = re.compile(r'="((?:[^"]|"")*)"')
_ROWS_AT_ONCE = 20_000
_CHARACTERS_AT_ONCE = 500_000

Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """By what a text is cut into cells; `is_certain` says whether no other separator would do."""

    separator: str
    is_certain: bool
    header: int
    """The header's row; 0 where none was found."""
    width: int
    """Columns that have a title."""


@dataclass(frozen=True, slots=True)
class Text:
    """The rows of a file's only table, each as long as it is, and what was found or assumed about the file."""

    rows: list[Row]
    findings: tuple[Finding, ...]
    long_cells: LongCells | None

    def grid(self, source: Source) -> Grid:
        """The grid of it."""
        return Grid(source, self.rows, findings=self.findings, long_cells=self.long_cells)


def read_text(original: Original, sheet: str | None, columns: Mapping[Role, str], limits: Limits) -> Text:
    """A text file, cut into cells."""
    if sheet is not None:
        raise SheetError(
            _("{file} is a text file and has no sheets: leave the name of the sheet out.").format(
                file=shown(original.name)
            )
        )
    found = decoded(original.data, original.name)
    findings = []
    if found.assumed:
        findings.append(Finding("encoding-assumed", params={"encoding": found.assumed, "example": found.example}))
    text, start = found.text, 0
    declared = _DECLARED.match(text)
    if declared:
        # Excel takes the separator from this line and does not show it, so it is not counted as a row.
        text, start = text[declared.end() :], 1
    cut = _cut(text[:_SAMPLE], original.suffix, columns, declared.group(1) if declared else None)
    if not cut.is_certain and text.strip():
        findings.append(Finding("separator-assumed", params={"separator": cut.separator}))
    reading = _Rows(original.name, limits)
    with _uncollected():
        rows = reading.cut(text, cut.separator)
    if cut.width:
        findings += _ragged(text, rows, cut, start)
    long_cells = LongCells(cut.separator, _long_cells(rows)) if reading.has_long_cells else None
    return Text(rows, tuple(findings), long_cells)


def _cut(sample: str, suffix: str, columns: Mapping[Role, str], declared: str | None) -> Cut:
    """The separator by which the header names the most columns we know; else the one that cuts rows into most cells."""

    def worth(separator: str) -> tuple[int, int, bool, int, int]:
        try:
            records = list(islice(csv.reader(io.StringIO(sample, newline=""), delimiter=separator), SEARCHED_ROWS))
        except csv.Error:
            return 0, 0, False, 0, 0
        header = find_header(records, columns)
        widths = [len(record) for record in records if record]
        usual = statistics.mode(widths) if widths else 0
        titled = max((at + 1 for at, title in enumerate(header.titles) if title), default=0) if header else 0
        row, roles = (header.row, len(header.roles)) if header else (0, 0)
        return roles, usual, suffix == ".tsv" and separator == "\t", row, titled

    if declared:
        is_certain = True
        return Cut(declared, is_certain, *worth(declared)[3:])
    worths = {separator: worth(separator) for separator in _SEPARATORS}
    best = max(_SEPARATORS, key=lambda separator: worths[separator][:3])
    roles = worths[best][0]
    others = [other[0] for separator, other in worths.items() if separator != best]
    return Cut(best, roles >= ENOUGH_ROLES and max(others) < roles, *worths[best][3:])


class _Rows:
    """The rows that were cut so far, with None for a blank, within the limits."""

    def __init__(self, name: str, limits: Limits) -> None:
        self.rows: list[Row] = []
        self.has_long_cells = False
        """Whether a cell goes on over several lines."""
        self._name, self._limits, self._cells = name, limits, 0
        self._kept = _Kept()

    def cut(self, text: str, separator: str) -> list[Row]:
        """The rows of a text. Without quotation marks that is nothing but cutting it at separators."""
        if '"' in text:
            records = self._quoted_records(text, separator)
            while piece := list(islice(records, _ROWS_AT_ONCE)):
                self._check(len(piece), max(map(len, piece)), sum(map(len, piece)))
                self.rows += map(_row, piece)
            return self.rows
        for lines in _lines(text):
            self._cut_lines(lines, separator)
        return self.rows

    def _quoted_records(self, text: str, separator: str) -> Iterator[list[str]]:
        has_formulas = '="' in text
        usual = csv.field_size_limit(self._limits.cell_text)
        record, count = None, 0
        reader = csv.reader(chain(io.StringIO(text, newline=""), [_END + separator]), delimiter=separator)
        try:
            for following in reader:
                if record is not None:
                    yield _without_formulas(record) if has_formulas else record
                    count += 1
                record = following
        except csv.Error:
            raise _long_cell(self._name, count + 1, self._limits) from None
        finally:
            csv.field_size_limit(usual)
        if record != [_END, ""]:
            raise SheetError(
                _("{file} has a quotation mark that is opened but never closed: close it, or take it out.").format(
                    file=shown(self._name)
                )
            )
        self.has_long_cells = reader.line_num > count + 1

    def _cut_lines(self, lines: list[str], separator: str) -> None:
        """Where every line has as many cells, all of them are cut at once, which is twice as fast."""
        separators = set(map(str.count, lines, repeat(separator)))
        is_even = len(separators) == 1
        width = max(separators) + 1
        line = separator.join(lines)
        self._check(len(lines), width, width * len(lines) if is_even else line.count(separator) + 1)
        if max(map(len, lines)) > self._limits.cell_text:
            self._check_cells(lines, separator)
        if not is_even:
            self.rows += (_row(line.split(separator)) for line in lines)
            return
        cells: list[Cell] = line.split(separator)  # type: ignore[assignment]
        if separator * 2 in line or "" in (cells[0], cells[-1]):
            cells = [cell or None for cell in cells]
        self.rows += zip(*self._kept.columns([cells[at::width] for at in range(width)]), strict=True)

    def _check(self, rows: int, widest: int, cells: int) -> None:
        self._cells += cells
        check_extent(self._name, len(self.rows) + rows, widest, self._cells, self._limits)

    def _check_cells(self, lines: list[str], separator: str) -> None:
        for row, line in enumerate(lines, start=len(self.rows) + 1):
            if max(map(len, line.split(separator))) > self._limits.cell_text:
                raise _long_cell(self._name, row, self._limits)


class _Kept:
    """The texts of each column, equal ones kept once: a long sheet takes a quarter less memory, and is checked sooner.

    A column of which most texts are new, such as one of invoice numbers, is left as it is.
    """

    def __init__(self) -> None:
        self._texts: dict[int, dict[Cell, Cell]] = defaultdict(dict)
        self._left: set[int] = set()

    def columns(self, columns: list[list[Cell]]) -> list[list[Cell]]:
        """The same columns of some rows."""
        return [cells if at in self._left else self._column(at, cells) for at, cells in enumerate(columns)]

    def _column(self, at: int, cells: list[Cell]) -> list[Cell]:
        texts = self._texts[at]
        known = len(texts)
        once = list(map(texts.setdefault, cells, cells))
        if len(texts) - known > len(cells) // 2:
            del self._texts[at]
            self._left.add(at)
        return once


def _lines(text: str) -> Iterator[list[str]]:
    """The lines, many at once, however they end."""
    if "\n" not in text:
        text = text.replace("\r", "\n")
    start = 0
    while start < len(text):
        end = text.find("\n", start + _CHARACTERS_AT_ONCE) + 1 or len(text)
        some = text[start:end]
        if "\r" in some:
            some = some.replace("\r\n", "\n").replace("\r", "\n")
        lines = some.split("\n")
        if not lines[-1]:
            lines.pop()
        yield lines
        start = end


def _row(record: list[str]) -> Row:
    """A blank line is a row with one blank, as the cutting of a line without quotation marks has it."""
    return tuple([cell or None for cell in record]) if "" in record else tuple(record) or (None,)


def _without_formulas(record: list[str]) -> list[str]:
    """The cells with ="00123", by which Excel is made to keep a text, read as the text 00123."""
    return [
        match[1].replace('""', '"') if cell.startswith('="') and (match := _TEXT_OF_FORMULA.fullmatch(cell)) else cell
        for cell in record
    ]


def _long_cell(name: str, row: int, limits: Limits) -> SheetError:
    return SheetError(
        _(
            "{file} has a cell of more than {limit} characters in row {row}: "
            "look there for a quotation mark that is not closed."
        ).format(file=shown(name), limit=number(limits.cell_text), row=number(row))
    )


def _ragged(text: str, rows: list[Row], cut: Cut, start: int) -> Iterator[Finding]:
    """Rows with fewer or more cells than the header has titles: a separator or a line break is missing or too many.

    Blanks at the end and rows with a single cell are nothing to speak of.
    """
    first, count = 0, 0
    if set(map(len, islice(rows, cut.header, None))) <= {cut.width}:
        return
    for row, cells in enumerate(rows, start=1):
        if len(cells) != cut.width and row > cut.header and _is_ragged(cells, cut.width):
            first, count = first or row, count + 1
    if count:
        line = _line_of(text, cut.separator, first) + start
        params = {"count": str(count), "first": str(first), "line": str(line)}
        if line != first:
            params["as"] = "line"
        yield Finding("rows-ragged", first, params=params)


def _is_ragged(cells: Row, width: int) -> bool:
    filled = max((at + 1 for at, cell in enumerate(cells) if cell is not None), default=0)
    return filled > width or 1 < len(cells) < width


def _long_cells(rows: list[Row]) -> dict[tuple[int, int], str]:
    return {
        (row, column): cell
        for row, cells in enumerate(rows, start=1)
        for column, cell in enumerate(cells)
        if isinstance(cell, str) and ("\n" in cell or "\r" in cell)
    }


def _line_of(text: str, separator: str, row: int) -> int:
    """The line of the file in which a row begins; a cell in quotation marks may hold line breaks."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    for _record in islice(reader, row - 1):
        pass
    return reader.line_num + 1


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without looking for cycles, of which texts have none: with many rows that takes longer than the reading."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
