"""Tables and the cells in them: a text stays a text, a number keeps every digit, a time keeps its zone."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from math import ceil
from typing import TypeVar

from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.dimensions import RowDimension
from openpyxl.worksheet.filters import AutoFilter
from openpyxl.worksheet.table import Table as ExcelTable
from openpyxl.worksheet.table import TableColumn, TableFormula, TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet

from batch import model
from batch.files import fit_cell, is_formula_like
from batch.i18n import _, format_money, get_language
from batch.money import EXACT, ZERO, count_decimals, round_like_excel
from batch.report import page
from batch.report.page import Frame, ReportStyle, quote_style, style_cell
from batch.report.result_labels import DRY_RUN
from batch.zone import localize

EXCEL_DIGITS = 15
"""Excel keeps 15 significant digits of a number."""
GENERAL_DIGITS = 11
"""Excel's general format shows a whole number with more digits in scientific notation."""
MAX_MAGNITUDE = 300
"""Powers of ten that a number of Excel's surely holds."""

_DAY = timedelta(days=1)
_DAY_ZERO = datetime(1899, 12, 30, tzinfo=UTC)
_FIRST_SURE_YEAR = 1901  # Excel takes 1900 for a leap year, so days before its March are off by one.


class CellFactory:
    """Make the cells of one sheet and write its rows. Once a row is written, its cells are used again.

    Write-only sheets write a row out at once, and a new styled cell for each value would take longer than writing it.
    """

    def __init__(self, sheet: Worksheet) -> None:
        self.row = 0
        """The last row that was written."""
        self._sheet = sheet
        self._height = RowDimension(sheet)
        self._cells: dict[tuple[int, ReportStyle], Cell] = {}
        self._language = get_language()

    def append(self, cells: list[Cell | None], height: float | None = None) -> None:
        """Write the next row, as high as usual or so many points."""
        self.row += 1
        if height is not None:
            self._height.height = height
            self._sheet.row_dimensions[self.row] = self._height
        self._sheet.append(cells)
        # It is written: kept until the end, the heights of a long sheet would take more memory than its rows.
        self._sheet.row_dimensions.pop(self.row, None)

    def text(self, column: int, text: str | None, look: ReportStyle = page.PLAIN) -> Cell | None:
        """Make a cell that holds the text as a text, whatever it looks like."""
        if not text:
            return self._cell(column, look, None) if look.fill or look.ruled else None
        shown = fit_cell(text)
        return self._cell(column, quote_style(look) if is_formula_like(shown) else look, shown)

    def euros(self, column: int, amount: Decimal | None, least: int = 2, *, bold: bool = False) -> Cell | None:
        """Make a cell of money with all its decimals, and at least so many."""
        if amount is None:
            return None
        places = max(least, count_decimals(amount))
        if not _is_exact(amount):
            return self.text(column, format_money(amount, places))
        return self._cell(column, page.make_euro_style(places, self._language, bold=bold), amount)

    def difference(self, column: int, amount: Decimal | None) -> Cell | None:
        """Make a cell of a difference of the books, marked unless it is nothing."""
        if amount is None:
            return None
        places = max(3, count_decimals(amount))
        if not _is_exact(amount):
            return self.text(column, format_money(amount, places, signed=True))
        return self._cell(column, page.make_difference_style(places, self._language, is_zero=not amount), amount)

    def number(self, column: int, number: int | None, look: ReportStyle) -> Cell | None:
        return None if number is None else self._cell(column, look, number)

    def sum(self, column: int, formula: str, total: Decimal, least: int) -> Cell:
        """Make a cell of the formula that adds up the column, with the sum as it is now."""
        look = page.make_total_style(max(least, count_decimals(total)), self._language)
        return self._calculate(column, look, formula, total)

    def row_count(self, column: int, formula: str, rows: int) -> Cell:
        return self._calculate(column, page.make_row_count_style(self._language), formula, rows)

    def _calculate(self, column: int, look: ReportStyle, formula: str, result: Decimal | int) -> Cell:
        cell = self._cell(column, look, None)
        cell.value = page.hold_result(formula, result)
        return cell

    def time(self, column: int, at: datetime | None, *, in_thousandths: bool = False) -> Cell | None:
        """Make a cell of a moment that sorts as a time. Excel has no zones: it shows the one in force, named nearby."""
        if at is None:
            return None
        look = page.make_moment_style(self._language, " hh:mm:ss.000" if in_thousandths else " hh:mm:ss")
        return self._cell(column, look, (localize(at).replace(tzinfo=UTC) - _DAY_ZERO) / _DAY)

    def copy_value(self, column: int, value: model.Cell, *, is_money: bool = False) -> Cell | None:
        """Make a cell of the accountant's value, as what it is; `is_money` gives a number the euro's format."""
        if value is None or isinstance(value, str):
            return self.text(column, value)
        if isinstance(value, bool):
            return self._cell(column, page.TRUTH, value)
        if isinstance(value, datetime):
            return self._copy_time(column, value)
        return self._copy_number(column, value, is_money=is_money)

    def _copy_number(self, column: int, number: Decimal, *, is_money: bool) -> Cell | None:
        if not number.is_finite():
            return self.text(column, str(number))
        if not _is_exact(number):
            if not -MAX_MAGNITUDE < number.adjusted() < EXCEL_DIGITS:
                return self.text(column, str(number))
            # The digits after the fifteenth are what binary fractions add, and Excel does not count them either.
            number = round_like_excel(number)
        places = count_decimals(number)
        if is_money and places <= EXCEL_DIGITS:
            return self._cell(column, page.make_euro_style(max(2, places), self._language), number)
        is_long = GENERAL_DIGITS <= number.adjusted() < EXCEL_DIGITS and not places
        return self._cell(column, page.WHOLE_NUMBER if is_long else page.RIGHT, number)

    def _copy_time(self, column: int, at: datetime) -> Cell | None:
        if at.year < _FIRST_SURE_YEAR:
            return self.text(column, at.isoformat(" "))
        if at.tzinfo is not None:
            return self.time(column, at)
        has_time = at.hour or at.minute or at.second
        look = page.make_moment_style(self._language, " hh:mm:ss" if has_time else "")
        return self._cell(column, look, (at.replace(tzinfo=UTC) - _DAY_ZERO) / _DAY)

    def _cell(self, column: int, look: ReportStyle, value: model.Cell | float) -> Cell:
        cell = self._cells.get((column, look))
        if cell is None:
            cell = self._cells[column, look] = style_cell(WriteOnlyCell(self._sheet), look)
        cell.value = value
        if isinstance(value, str):
            # openpyxl would take a text that begins with "=" for a formula.
            cell.data_type = "s"
        return cell


def _is_exact(number: Decimal) -> bool:
    """Tell whether Excel keeps every digit of the number."""
    digits = number.normalize(EXACT).as_tuple().digits
    return len(digits) <= EXCEL_DIGITS and abs(number.adjusted()) <= MAX_MAGNITUDE


_T = TypeVar("_T")

SAMPLED_ROWS = 400
"""Rows looked at for the widths, spread over the sheet: looking at all of a long one would cost more than it shows."""
NARROWEST = 9
PADDING = 3
FILTER_BUTTON = 3
TITLE_LINES = 2
POINTS_PER_LINE = 15
HIGHEST = 400
"""Excel's rows are at most 409 points high."""
FILLED_PART = 0.92
"""How much of its lines a text fills, since it breaks between words."""
MOST_LINES = HIGHEST // POINTS_PER_LINE
WIDEST = 80
"""Characters that a column may have so that the longest text in it is no higher than a row can be."""
PAGE_CHARACTERS = 225
"""A table of no more is shrunk to the page's width; one that is wider goes on beside it."""
_SCALE, _CHARACTERS = 60, 184
"""Percent, and characters that a page then holds, even where letters are replaced by wider ones."""
LEAST_SCALE = 54
"""Percent: smaller it could not be read. So small it is only where that saves a page."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column's title, its width in characters, how its title looks, and where its values stand in it."""

    title: str
    width: float
    look: ReportStyle
    align: str = "left"


def make_column(title: str, look: ReportStyle, values: Iterable[model.Cell], *, widest: int) -> Column:
    """Make a column as wide as the sample of its values needs, but no wider than `widest` characters."""
    sampled = list(values)
    longest = max(map(_measure_width, sampled), default=0)
    most = max((len(value) for value in sampled if isinstance(value, str)), default=0)
    widest = max(widest, min(WIDEST, ceil(most / (MOST_LINES * FILLED_PART)) + PADDING))
    # A title of several words may take two lines.
    words_of_title = title.split() or [""]
    title_width = max(len(title) / TITLE_LINES, *map(len, words_of_title)) + FILTER_BUTTON
    align = "right" if any(isinstance(value, Decimal) for value in sampled) else "left"
    return Column(title, min(max(longest, title_width, NARROWEST) + PADDING, widest), look, align)


def choose_scale(widths: Sequence[float], repeated: int) -> int:
    """Choose the percent at which rows take the fewest pages beside each other, which all repeat the first columns."""
    return min(range(_SCALE, LEAST_SCALE - 1, -1), key=lambda percent: _count_pages(widths, repeated, percent))


def _count_pages(widths: Sequence[float], repeated: int, percent: int) -> int:
    room = _CHARACTERS * _SCALE / percent
    pages, used = 1, 0.0
    for index, width in enumerate(widths):
        if used + width > room and index:
            pages, used = pages + 1, sum(widths[: min(repeated, index)])
        used += width
    return pages


def sample_rows(rows: Sequence[_T]) -> list[_T]:
    return list(islice(rows, 0, None, max(1, len(rows) // SAMPLED_ROWS)))


_BREAKS = re.compile(r"(?<= )")


def split_text(text: str, width: float) -> list[str]:
    """Split a text between its words into parts of which each fits a cell of a column of that width."""
    room = int((width - PADDING) * FILLED_PART * MOST_LINES / 2)
    parts = [""]
    for word in _BREAKS.split(text):
        for piece in textwrap.wrap(word, room, drop_whitespace=False) if len(word) > room else [word]:
            if len(parts[-1]) + len(piece) > room or parts[-1].count("\n") + piece.count("\n") >= MOST_LINES / 2:
                parts.append("")
            parts[-1] += piece
    return parts if parts[0] else parts[1:]


class Table:
    """Writes one table, row by row, onto a sheet that nothing was written to yet.

    The columns up to `repeated` name a row, for where a table takes more than one page beside the other. With a `name`
    it is a table of Excel's, which can be pivoted and spoken of in formulas: no two titles may be alike. Below it what
    is shown of the columns `summed` is added up, and counted in the column `counted`. Where the table begins again, so
    many lines stand `above` its titles, between those and the first ones.
    """

    def __init__(
        self,
        sheet: Worksheet,
        frame: Frame,
        columns: Sequence[Column],
        *,
        repeated: int = 0,
        is_marked: bool = True,
        name: str | None = None,
        summed: Collection[int] = (),
        counted: int | None = None,
        places: int = 2,
        above: int = 0,
    ) -> None:
        self.pen = CellFactory(sheet)
        self._name = name
        self._sheet = sheet
        self._columns = columns
        self._header_row = frame.first_line - 1 if is_marked else 1
        self._lines = 1
        self._sums = dict.fromkeys(summed, ZERO)
        self._counted = counted
        self._places = places
        self._last: int | None = None
        for index, item in enumerate(columns, 1):
            sheet.column_dimensions[get_column_letter(index)].width = item.width
        sheet.freeze_panes = f"A{self._header_row + above + 1}"
        sheet.print_title_rows = f"1:{self._header_row}"
        widths = [item.width for item in columns]
        if sum(widths) > PAGE_CHARACTERS:
            page.set_scale(sheet, choose_scale(widths, repeated + 1))
            sheet.print_title_cols = f"A:{get_column_letter(repeated + 1)}"
        if self._header_row > 1:
            self._write_mark()
        self._write_titles()

    def append(self, cells: list[Cell | None]) -> None:
        """Write the next row, as high as its texts need."""
        for index, total in self._sums.items():
            cell = cells[index]
            if cell is not None and isinstance(cell.value, Decimal):
                self._sums[index] = total + cell.value
        self.pen.append(cells, min(HIGHEST, self._lines * POINTS_PER_LINE) if self._lines > 1 else None)
        self._lines = 1

    def begin_again(self, title: str) -> None:
        """Write the titles once more, the first of them another: what stands above is no part of the table."""
        self._columns = [replace(self._columns[0], title=title), *self._columns[1:]]
        self._sums = dict.fromkeys(self._sums, ZERO)
        self._header_row = self.pen.row + 1
        self._sheet.print_title_rows = f"{self._header_row}:{self._header_row}"
        self._write_titles()

    def close(self, label: str | None = None) -> None:
        """Say over which rows to filter, which is known once all are written, and add up below what is shown."""
        last = self._last = self.pen.row
        formulas = self._write_totals(label or _("Total")) if last > self._header_row and (self._sums or label) else {}
        if self._name and last > self._header_row:
            # Not `add_table`, which warns that the columns have to be given: they are.
            self._sheet.tables.add(self._make_excel_table(self._name, formulas))
        else:
            self._sheet.auto_filter.ref = self.ref

    @property
    def ref(self) -> str:
        """The titles and the rows, without the totals, as Excel writes a range."""
        return self._make_ref(self._last or self.pen.row)

    def _make_ref(self, last: int) -> str:
        return f"A{self._header_row}:{get_column_letter(max(1, len(self._columns)))}{last}"

    def _write_totals(self, label: str) -> dict[int, str]:
        """Write the row of totals, and return its formulas by column."""
        first, last = self._header_row + 1, self.pen.row
        cells: list[Cell | None] = [self.pen.text(0, label, page.TOTAL)]
        formulas: dict[int, str] = {}
        for index in range(1, len(self._columns)):
            letter, total = get_column_letter(index + 1), self._sums.get(index)
            shown = f"{letter}{first}:{letter}{last}"
            if total is not None:
                formulas[index] = f"SUBTOTAL(109,{shown})"
                cells.append(self.pen.sum(index, formulas[index], total, self._places))
            elif index == self._counted:
                formulas[index] = f"SUBTOTAL(103,{shown})"
                cells.append(self.pen.row_count(index, formulas[index], last - first + 1))
            else:
                cells.append(self.pen.text(index, None, page.TOTAL))
        self.pen.append(cells)
        return formulas

    def _make_excel_table(self, name: str, formulas: Mapping[int, str]) -> ExcelTable:
        # Excel compares these with the cells of the titles, in which "_x0041_" is written so that it stays what it is.
        columns = [TableColumn(id=index, name=fit_cell(item.title)) for index, item in enumerate(self._columns, 1)]
        for index, formula in formulas.items():
            # Its own kinds of totals it would have by the column's title, in which much has to be escaped.
            columns[index].totalsRowFunction = "custom"
            columns[index].totalsRowFormula = TableFormula(attr_text=formula)
        if formulas:
            columns[0].totalsRowLabel = _("Total")
        return ExcelTable(
            displayName=name,
            ref=self._make_ref(self.pen.row),
            tableColumns=columns,
            autoFilter=AutoFilter(ref=self.ref),
            tableStyleInfo=TableStyleInfo(name="TableStyleLight1", showRowStripes=True),
            totalsRowCount=1 if formulas else None,
        )

    def text(self, index: int, text: str | None, look: ReportStyle = page.PLAIN) -> Cell | None:
        """Make a text's cell in the next row, on several lines where its column is too narrow for one."""
        if text is None or self.fits(index, text):
            return self.pen.text(index, text, look)
        room = self._columns[index].width - PADDING
        lines = sum(1 if len(part) <= room else ceil(len(part) / (room * FILLED_PART)) for part in text.split("\n"))
        self._lines = max(self._lines, lines)
        return self.pen.text(index, text, page.wrap_style(look))

    def fits(self, index: int, text: str) -> bool:
        """Tell whether a text stands on one line of its column."""
        return len(text) <= self._columns[index].width - PADDING and "\n" not in text

    def _write_mark(self) -> None:
        marks = [_(DRY_RUN), *[None] * (len(self._columns) - 1)]
        cells = [self.pen.text(index, mark, page.DRY_RUN_MARK) for index, mark in enumerate(marks)]
        self.pen.append(cells, 26)

    def _write_titles(self) -> None:
        cells = [
            self.pen.text(index, item.title, page.align_style(item.look, item.align))
            for index, item in enumerate(self._columns)
        ]
        lines = max(
            (len(textwrap.wrap(item.title, int(item.width) - FILTER_BUTTON)) for item in self._columns), default=0
        )
        self.pen.append(cells, min(max(lines, TITLE_LINES) * POINTS_PER_LINE + 4, HIGHEST))


def _measure_width(value: model.Cell) -> float:
    """Measure how many characters a value takes at most, in our formats."""
    if isinstance(value, str):
        return max(map(len, value.split("\n")))
    if isinstance(value, datetime):
        return 10 if value.time() == time.min else 19
    # Numbers carry separators and a sign of their currency.
    return 0 if value is None else len(f"{value}") + 3
