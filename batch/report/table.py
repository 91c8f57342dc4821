"""A table that fills a sheet: titles that stay in sight, filter and print on every page, and columns wide enough."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from itertools import islice
from math import ceil
from typing import TypeVar

from openpyxl.cell import Cell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.filters import AutoFilter
from openpyxl.worksheet.table import Table as ExcelTable
from openpyxl.worksheet.table import TableColumn, TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet

from batch import model
from batch.language import _
from batch.report import styles, words
from batch.report.cells import Pen
from batch.report.page import Frame
from batch.report.styles import Look
from batch.report.texts import one_line, writable

_T = TypeVar("_T")

SAMPLED_ROWS = 400
"""Rows looked at for the widths, spread over the sheet: looking at all of a long one would cost more than it shows."""
NARROWEST = 9
PADDING = 3
FILTER_BUTTON = 3
DATE_WIDTH = 10
MOMENT_WIDTH = 19
TITLE_LINES = 2
POINTS_PER_LINE = 15
MARK_HEIGHT = 26
HIGHEST = 400
"""Excel's rows are at most 409 points high."""
FILLED_PART = 0.92
"""How much of its lines a text fills, since it breaks between words."""
WRAP_LIMIT = 600
"""A longer text is left on one line: wrapped, it would push the rows around it off the screen."""
PAGE_CHARACTERS = 230
"""A page that is wider than this would print too small to be read, so the table goes on beside it."""
TITLE_LIMIT = 200
"""Excel takes 255 characters for a column of its tables."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column's title, its width in characters, how its title looks, and where its values stand in it."""

    title: str
    width: float
    look: Look
    align: str = "left"


def column(title: str, look: Look, values: Iterable[model.Cell], *, widest: int) -> Column:
    """A column that is as wide as the sample of its values needs, but no wider than `widest` characters."""
    sampled = list(values)
    longest = max(map(_width, sampled), default=0)
    # A title of several words may take two lines.
    words_of_title = title.split() or [""]
    title_width = max(len(title) / TITLE_LINES, *map(len, words_of_title)) + FILTER_BUTTON
    align = "right" if any(isinstance(value, Decimal) for value in sampled) else "left"
    return Column(title, min(max(longest, title_width, NARROWEST) + PADDING, widest), look, align)


def sample(rows: Sequence[_T]) -> list[_T]:
    """Some rows from all over the sheet."""
    return list(islice(rows, 0, None, max(1, len(rows) // SAMPLED_ROWS)))


def distinct(titles: Sequence[str], taken: Sequence[str]) -> list[str]:
    """The titles so that each names one column of an Excel table: on one line, none empty, none twice, none taken.

    Excel compares without regard to capitals.
    """
    seen = {title.casefold() for title in taken}
    found = []
    for position, title in enumerate(titles, 1):
        name = base = one_line(title, TITLE_LIMIT) or _("Column {number}").format(number=position)
        number = 2
        while name.casefold() in seen:
            name = f"{base} ({number})"
            number += 1
        seen.add(name.casefold())
        found.append(name)
    return found


class Table:
    """Writes one table, row by row, onto a sheet that nothing was written to yet.

    `repeated` is the column that names a row, for where a table takes more than one page beside the other. With a
    `name` it is a table of Excel's, which can be pivoted and spoken of in formulas; its titles must be `distinct`.
    """

    def __init__(
        self,
        sheet: Worksheet,
        frame: Frame,
        columns: Sequence[Column],
        *,
        repeated: int | None = 0,
        is_marked: bool = True,
        name: str | None = None,
    ) -> None:
        self.pen = Pen(sheet)
        self._name = name
        self._sheet = sheet
        self._columns = columns
        self._header_row = frame.first_line - 1 if is_marked else 1
        self._lines = 1
        for index, item in enumerate(columns, 1):
            sheet.column_dimensions[get_column_letter(index)].width = item.width
        sheet.freeze_panes = f"A{self._header_row + 1}"
        sheet.print_title_rows = f"1:{self._header_row}"
        pages = ceil(sum(item.width for item in columns) / PAGE_CHARACTERS)
        sheet.page_setup.fitToWidth = max(1, pages)
        if pages > 1 and repeated is not None:
            sheet.print_title_cols = ":".join([get_column_letter(repeated + 1)] * 2)
        if self._header_row > 1:
            self._write_mark()
        self._write_titles()

    def append(self, cells: list[Cell | None]) -> None:
        """Write the next row, as high as its texts need."""
        self.pen.append(cells, min(HIGHEST, self._lines * POINTS_PER_LINE) if self._lines > 1 else None)
        self._lines = 1

    def close(self) -> None:
        """Say over which rows to filter, which is known once all are written."""
        if self._name and self.pen.row > self._header_row:
            # Not `add_table`, which warns that the columns have to be given: they are.
            self._sheet.tables.add(self._excel_table(self._name))
        else:
            self._sheet.auto_filter.ref = self.ref

    @property
    def ref(self) -> str:
        """The titles and the rows written so far, as Excel writes a range."""
        return f"A{self._header_row}:{get_column_letter(max(1, len(self._columns)))}{self.pen.row}"

    def _excel_table(self, name: str) -> ExcelTable:
        # Excel compares these with the cells of the titles, in which "_x0041_" is written so that it stays what it is.
        columns = [TableColumn(id=index, name=writable(item.title)) for index, item in enumerate(self._columns, 1)]
        return ExcelTable(
            displayName=name,
            ref=self.ref,
            tableColumns=columns,
            autoFilter=AutoFilter(ref=self.ref),
            tableStyleInfo=TableStyleInfo(name="TableStyleLight1", showRowStripes=True),
        )

    def text(self, index: int, text: str | None, look: Look = styles.PLAIN) -> Cell | None:
        """A text's cell in the next row, on several lines where its column is too narrow for one."""
        if text is None or len(text) > WRAP_LIMIT:
            return self.pen.text(index, text, look)
        if self.fits(index, text):
            return self.pen.text(index, text, look)
        room = self._columns[index].width - PADDING
        lines = sum(1 if len(part) <= room else ceil(len(part) / (room * FILLED_PART)) for part in text.split("\n"))
        self._lines = max(self._lines, lines)
        return self.pen.text(index, text, styles.wrapped(look))

    def fits(self, index: int, text: str) -> bool:
        """Whether a text stands on one line of its column."""
        return len(text) <= self._columns[index].width - PADDING and "\n" not in text

    def _write_mark(self) -> None:
        marks = [_(words.DRY_RUN), *[None] * (len(self._columns) - 1)]
        cells = [self.pen.text(index, mark, styles.DRY_RUN_MARK) for index, mark in enumerate(marks)]
        self.pen.append(cells, MARK_HEIGHT)

    def _write_titles(self) -> None:
        cells = [
            self.pen.text(index, item.title, styles.aligned(item.look, item.align))
            for index, item in enumerate(self._columns)
        ]
        self.pen.append(cells, TITLE_LINES * POINTS_PER_LINE + 4)


def _width(value: model.Cell) -> float:
    """How many characters a value takes at most, in the formats of `styles`."""
    if isinstance(value, str):
        return max(map(len, value[:WRAP_LIMIT].split("\n")))
    if isinstance(value, datetime):
        return DATE_WIDTH if value.time() == time.min else MOMENT_WIDTH
    # Numbers carry separators and a sign of their currency.
    return 0 if value is None else len(f"{value}") + 3
