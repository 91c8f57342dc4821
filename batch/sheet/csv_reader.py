"""CSV and TSV: finds encoding and separator, and reads every cell as a text in the row that Excel shows for it.

That takes time and memory in proportion to the file, so no child process is needed.
"""

from __future__ import annotations

import contextlib
import csv
import io
import re
import statistics
import time
import warnings
from array import array
from collections.abc import Iterator, Mapping
from itertools import chain, islice, repeat
from typing import TYPE_CHECKING, NamedTuple

from batch.findings import Finding
from batch.frames import Grid, Wrapped
from batch.i18n import _
from batch.model import AMOUNTS, ColumnRole
from batch.sheet.encoding import decode_text
from batch.sheet.sheet_selection import check_extent
from batch.sheet.source_file import Limits, Original, make_error, make_time_error
from batch.validation.amounts import read_amount
from batch.validation.header import ENOUGH_ROLES, SEARCHED_ROWS, find_header, find_lettered_columns

if TYPE_CHECKING:
    from pandas import DataFrame

_SEPARATORS = (";", ",", "\t", "|", ":")
_DECLARED = re.compile(r'"?sep=([;,\t|:])"?(?:\r\n|\n|\r|$)', re.IGNORECASE)
_SAMPLE = 2**16
"""Characters that the separator is found in."""
_END = "\0"
"""The first cell of a last line that no file holds. What is still open in quotation marks there swallows the line."""
_TEXT_OF_FORMULA = re.compile(r'="((?:[^"]|"")*)"')
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_ROWS_AT_ONCE = 400
_BLANKS_IN_A_CELL = 4


class Cut(NamedTuple):
    """By what a text is cut into cells, its header's row (0 if none was found), and how many columns have a title."""

    separator: str
    skips_spaces: bool
    header: int = 0
    width: int = 0

    def cut_records(self, text: str) -> Iterator[list[str]]:
        return csv.reader(io.StringIO(text, newline=""), delimiter=self.separator, skipinitialspace=self.skips_spaces)


_Wrapped = Mapping[int, tuple[int, tuple[str, ...]]]
"""The lines of the records that take up several, by row, with the number of the first."""


def read_text(original: Original, sheet: str | None, columns: Mapping[ColumnRole, str], limits: Limits) -> Grid:
    """Read a text file, cut into cells; `SheetError` says why it cannot be."""
    if sheet is not None:
        raise make_error(original.name, _("{file} is a text file and has no sheets: leave the name of the sheet out."))
    found = decode_text(original.data, original.name)
    findings = []
    if found.assumed:
        findings.append(Finding("encoding-assumed", params={"encoding": found.assumed, "example": found.example}))
    text, start = found.text, 0
    declared = _DECLARED.match(text)
    if declared:
        # Excel takes the separator from this line and does not show it, so it is not counted as a row.
        text, start = text[declared.end() :], 1
    cut, is_certain = _find_cut(text[:_SAMPLE], original.suffix, columns, declared.group(1) if declared else None)
    if not is_certain and text.strip():
        findings.append(Finding("separator-assumed", params={"separator": cut.separator}))
    widths, lines = _measure(text, cut, start, original.name, limits)
    frame = _read_cells(text, cut, widths)
    findings += _find_ragged_rows(frame, cut, widths, lines, start)
    wrapped = Wrapped(cut.separator, lines) if lines else None
    return Grid(original.make_source(None), frame, findings=tuple(findings), wrapped=wrapped)


def _find_cut(sample: str, suffix: str, columns: Mapping[ColumnRole, str], declared: str | None) -> tuple[Cut, bool]:
    """Find the separator by which most rows fit lettered columns, then most columns are known, and if it is alone."""
    worths = {separator: _weigh(separator, sample, suffix, columns) for separator in _SEPARATORS}
    best = declared or max(_SEPARATORS, key=lambda separator: worths[separator][0])
    (fitting, roles, *_rest), cut = worths[best]
    others = [worth for separator, (worth, _cut) in worths.items() if separator != best]
    is_certain = roles >= ENOUGH_ROLES and all(worth[:2] < (fitting, roles) for worth in others)
    return cut, bool(declared) or is_certain


def _weigh(
    separator: str, sample: str, suffix: str, columns: Mapping[ColumnRole, str]
) -> tuple[tuple[int, int, int, bool], Cut]:
    """Weigh how well a separator cuts the first rows: those that fit lettered columns, known columns, usual width."""
    cut = Cut(separator, re.search(rf'{re.escape(separator)} +"', sample) is not None)
    try:
        records = list(islice(cut.cut_records(sample), SEARCHED_ROWS))
    except csv.Error:
        return (0, 0, 0, False), cut
    widths = [len(record) for record in records if record]
    lettered, header = find_lettered_columns(columns), find_header(records, columns)
    fitting = sum(_has_values(record, lettered) for record in records)
    roles, usual = len(header.roles) if header else 0, statistics.mode(widths) if widths else 0
    if header:
        titled = max((at + 1 for at, title in enumerate(header.titles) if title), default=0)
        cut = Cut(separator, cut.skips_spaces, header.row, titled)
    return (fitting, roles, usual, suffix == ".tsv" and separator == "\t"), cut


def _has_values(record: list[str], lettered: Mapping[ColumnRole, int]) -> bool:
    """Tell whether a row holds an amount and an identifier in the columns that were named by letter."""
    if not lettered or max(lettered.values()) >= len(record):
        return False
    has_amount = any(read_amount(record[at]).amount is not None for role, at in lettered.items() if role in AMOUNTS)
    return has_amount and (ColumnRole.TOKEN not in lettered or bool(record[lettered[ColumnRole.TOKEN]].strip()))


def _measure(text: str, cut: Cut, start: int, name: str, limits: Limits) -> tuple[array[int], _Wrapped]:
    """Count every record's cells, within the limits, before any is kept; `start` lines stand before the first."""
    if '"' not in text:
        lines = list(islice(io.StringIO(text, newline=""), limits.rows + 1))
        if max(map(len, lines), default=0) <= limits.cell_text:
            # Without quotation marks every line is a record, which a parser would only confirm.
            widths = array("i", map((1).__add__, map(str.count, lines, repeat(cut.separator))))
            _check_widths(widths, name, limits)
            return widths, {}
    return _measure_quoted(text, cut, start, name, limits)


def _check_widths(widths: array[int], name: str, limits: Limits) -> None:
    """Refuse what is too large. A frame is as wide everywhere as its widest row, but a blank takes little."""
    rows, widest = len(widths), max(widths, default=0)
    check_extent(name, rows, widest, max(sum(widths), rows * widest // _BLANKS_IN_A_CELL), limits)


def _measure_quoted(text: str, cut: Cut, start: int, name: str, limits: Limits) -> tuple[array[int], _Wrapped]:
    widths = array("i")
    spans: dict[int, tuple[int, int]] = {}
    before, started = 0, time.thread_time()
    closed = chain(io.StringIO(text, newline=""), [_END + cut.separator])
    reader = csv.reader(closed, delimiter=cut.separator, skipinitialspace=cut.skips_spaces)
    record: list[str] = []
    usual = csv.field_size_limit(limits.cell_text)
    try:
        while records := list(islice(reader, _ROWS_AT_ONCE)):
            if reader.line_num - before != len(records):
                spans |= _find_spans(records, len(widths), before)
            widths.extend(map(len, records))
            before, record = reader.line_num, records[-1]
            if len(widths) > limits.rows + 1:
                break
            if time.thread_time() - started > limits.seconds:
                raise make_time_error(name, limits)
    except csv.Error:
        row = 1
        with contextlib.suppress(csv.Error):
            for _record in cut.cut_records(text):
                row += 1
        sentence = _(
            "{file} has a cell of more than {limit} characters in row {row}: "
            "look there for a quotation mark that is not closed."
        )
        raise make_error(name, sentence, limit=limits.cell_text, row=row) from None
    finally:
        csv.field_size_limit(usual)
    is_closed = record == [_END, ""]
    _check_widths(widths[: len(widths) - is_closed], name, limits)
    if not is_closed:
        raise make_error(
            name, _("{file} has a quotation mark that is opened but never closed: close it, or take it out.")
        )
    widths.pop()
    lines = list(io.StringIO(text, newline="")) if spans else []
    wrapped = {
        row: (start + before + 1, tuple(line.rstrip("\r\n") for line in lines[before:last]))
        for row, (before, last) in spans.items()
    }
    return widths, wrapped


def _find_spans(records: list[list[str]], rows: int, before: int) -> dict[int, tuple[int, int]]:
    """Find the records that take up several lines: by row, how many lines stand before and up to their last."""
    spans = {}
    for row, record in enumerate(records, start=rows + 1):
        last = before + 1 + sum(len(_LINE_BREAK.findall(cell)) for cell in record)
        if last > before + 1:
            spans[row] = before, last
        before = last
    return spans


def _read_cells(text: str, cut: Cut, widths: array[int]) -> DataFrame:
    """Read the cells as texts; by Python's own reader where pandas gives up, or sees other rows."""
    import pandas as pd

    width = max(1, max(widths, default=1))
    try:
        with warnings.catch_warnings():
            # A row that is longer than the names would shift every column, and pandas only warns of it.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                io.BytesIO(text.encode()),
                sep=cut.separator,
                skipinitialspace=cut.skips_spaces,
                dtype=str,
                header=None,
                names=range(width),
                index_col=False,
                na_filter=False,
                skip_blank_lines=False,
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning, pd.errors.EmptyDataError):
        frame = pd.DataFrame()
    if len(frame) != len(widths):
        rows = [[*record, *[""] * (width - len(record))] for record in cut.cut_records(text)]
        frame = pd.DataFrame(rows, columns=range(width), dtype="str")
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    if '="' in text:
        for column in frame.columns:
            if frame[column].str.startswith('="').any():
                frame[column] = frame[column].map(_take_formula_text).astype("str")
    return frame


def _take_formula_text(cell: str) -> str:
    """Take the text 00123 out of ="00123", by which Excel is made to keep it."""
    match = _TEXT_OF_FORMULA.fullmatch(cell)
    return match[1].replace('""', '"') if match else cell


def _find_ragged_rows(
    frame: DataFrame, cut: Cut, counts: array[int], wrapped: _Wrapped, start: int
) -> Iterator[Finding]:
    """Find rows with fewer or more cells than titles; blanks at the end and rows with a single cell are no matter."""
    if not cut.width:
        return
    widths = frame.index.to_series()
    widths[:] = counts
    is_ragged = (widths > 1) & (widths < cut.width)
    if (longer := widths > cut.width).any():
        is_ragged |= longer & (frame.iloc[:, cut.width :] != "").any(axis=1)
    rows = is_ragged.index[is_ragged & (is_ragged.index > cut.header)]
    if rows.empty:
        return
    first = int(rows[0])
    line = first + start + sum(len(lines) - 1 for row, (_at, lines) in wrapped.items() if row < first)
    params = {"count": str(len(rows)), "first": str(first), "line": str(line)}
    yield Finding("rows-ragged", first, params={**params, "as": "line"} if line != first else params)
