"""A page of seven columns that is written from its top, like a printed form: figures at the right, lines to sign on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from math import ceil

from openpyxl.cell import Cell
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.workbook import Workbook
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.worksheet import Worksheet

from batch.language import _, language
from batch.report import styles, words
from batch.report.cells import Pen
from batch.report.styles import Look

WIDTHS = (25, 34, 9, 18, 9, 18, 18)
LAST = len(WIDTHS)
VALUE_CHARACTERS = sum(WIDTHS[1:]) - 6
LINE_CHARACTERS = sum(WIDTHS) - 6
BAND_CHARACTERS = 96
"""Characters of the band's larger letters that fit a line of all columns."""
LINE_POINTS = 15
BAND_LINE_POINTS = 19
SIGNATURE_POINTS = 34
ONE_PAGE_POINTS = 1150
"""A form that is no higher than this still reads well when it is shrunk to one page; a higher one takes several."""
SHOWN_TEXT = 2000

Sums = tuple[int, Decimal, int, Decimal, int]
"""Rows and euros in, rows and euros out, and all rows."""


class Form:
    """Writes line after line. With `called` a figure gets a name that formulas can use, the same in every language."""

    def __init__(self, workbook: Workbook, sheet: Worksheet) -> None:
        self._pen = Pen(sheet)
        self._workbook = workbook
        self._sheet = sheet
        self._points = 0.0
        sheet.sheet_view.showGridLines = False
        for column, width in enumerate(WIDTHS, 1):
            sheet.column_dimensions[get_column_letter(column)].width = width

    @property
    def row(self) -> int:
        """The last line that was written."""
        return self._pen.row

    def band(self, text: str, look: Look, height: float) -> None:
        """A text over all columns."""
        self._across(text, look, height)
        self._merge(1, LAST)

    def sentence(self, text: str, look: Look) -> None:
        """The verdict, on as many lines as it needs."""
        self.band(text, look, BAND_LINE_POINTS * ceil(len(text) / BAND_CHARACTERS) + 12)

    def section(self, title: str) -> None:
        """An empty row and a heading."""
        self._line([], LINE_POINTS - 5)
        self._across(title, styles.SECTION, LINE_POINTS + 4)

    def heads(self, titles: Sequence[str], spans: Sequence[tuple[int, int]] = ()) -> None:
        """Titles of the figures below; a span is a title over two columns, counted from 0."""
        spanned = {column for span in spans for column in span}
        cells = []
        for column, title in enumerate(titles):
            right = styles.TOTALS_HEAD_CENTER if column in spanned else styles.TOTALS_HEAD_RIGHT
            cells.append(self._pen.text(column, title, styles.TOTALS_HEAD if column < 2 else right))
        self._line(cells, LINE_POINTS + 2)
        for first, last in spans:
            self._merge(first + 1, last + 1)

    def totals(
        self, label: str, note: str, sums: Sums, *, called: str, look: Look = styles.LABEL, is_strong: bool = False
    ) -> None:
        """One line of the control totals."""
        pen = self._pen
        count = styles.count_look(language(), bold=is_strong)
        rows_in, euros_in, rows_out, euros_out, rows = sums
        cells = [
            pen.text(0, label, styles.STRONG if is_strong else look),
            pen.text(1, note, styles.SMALL),
            pen.number(2, rows_in, count),
            pen.euros(3, euros_in, bold=is_strong),
            pen.number(4, rows_out, count),
            pen.euros(5, euros_out, bold=is_strong),
            pen.number(6, rows, count),
        ]
        self._line(cells)
        for column, what in ((4, "Added"), (6, "Removed"), (7, "Rows")):
            self._name(f"{called}{what}", column)

    def balances(self, label: str, balances: Sequence[Decimal | None], called: str | None = None) -> None:
        """A balance of the main account, of the sub-accounts and of both."""
        cells = [
            self._pen.text(column, _(words.NOT_KNOWN), styles.RIGHT)
            if balance is None
            else self._pen.euros(column, balance, 3)
            for column, balance in zip((3, 5, 6), balances, strict=True)
        ]
        self._balance_line(label, cells, styles.LABEL, called)

    def differences(self, label: str, differences: Sequence[Decimal | None], called: str) -> None:
        """The differences of the three, marked unless they are nothing."""
        cells = [
            self._pen.text(column, _(words.NOT_KNOWN), styles.RIGHT)
            if difference is None
            else self._pen.difference(column, difference)
            for column, difference in zip((3, 5, 6), differences, strict=True)
        ]
        self._balance_line(label, cells, styles.STRONG, called)

    def euros(self, label: str, amount: Decimal | None, note: str | None = None) -> None:
        """A label and an amount, or that it is not known."""
        pen = self._pen
        value = pen.text(3, _(words.NOT_KNOWN), styles.RIGHT) if amount is None else pen.euros(3, amount, 3)
        self._line([pen.text(0, label, styles.LABEL), None, None, value, pen.text(4, note)])

    def remark(self, text: str) -> None:
        """A sentence over all columns."""
        self._line([self._pen.text(0, text, styles.WRAPPED)], LINE_POINTS * _lines(text, LINE_CHARACTERS))
        self._merge(1, LAST)

    def text(self, label: str, value: str | None, called: str | None = None) -> None:
        """A label and a text, which takes as many lines as it needs; nothing where there is no text."""
        if not value:
            return
        cells = [self._pen.text(0, label, styles.LABEL_WRAPPED), self._pen.text(1, value, styles.WRAPPED)]
        lines = max(_lines(value[:SHOWN_TEXT], VALUE_CHARACTERS), _lines(label, WIDTHS[0] - 1))
        self._line(cells, LINE_POINTS * lines)
        self._merge(2, LAST)
        if called:
            self._name(called, 2)

    def time(self, label: str, at: datetime | None) -> None:
        """A label and a moment."""
        if at is not None:
            self._line([self._pen.text(0, label, styles.LABEL), self._pen.time(1, at)])
            self._merge(2, LAST)

    def signature(self, label: str, name: str) -> None:
        """Who did it, and a line to sign on by hand."""
        pen = self._pen
        line = [
            pen.text(column, _(words.SIGNATURE) if column == 2 else None, styles.SIGNED) for column in range(2, LAST)
        ]
        label_cell, name_cell = pen.text(0, label, styles.BELOW), pen.text(1, name, styles.BELOW_STRONG)
        self._line([label_cell, name_cell, *line], SIGNATURE_POINTS)
        self._merge(3, LAST)

    def room(self, lines: int) -> None:
        """Empty lines, for a picture."""
        for _line in range(lines):
            self._line([], LINE_POINTS)

    def close(self) -> None:
        """Say how many pages it takes, which is known once all is written."""
        self._sheet.page_setup.fitToHeight = 1 if self._points <= ONE_PAGE_POINTS else 0

    def _balance_line(self, label: str, cells: Sequence[Cell | None], look: Look, called: str | None) -> None:
        main, subaccounts, together = cells
        self._line([self._pen.text(0, label, look), None, None, main, None, subaccounts, together])
        if called:
            for column, whose in ((4, "Main"), (6, "Subaccounts"), (7, "Together")):
                self._name(f"{whose}{called}", column)

    def _across(self, text: str, look: Look, height: float) -> None:
        self._line([self._pen.text(column, text if column == 0 else None, look) for column in range(LAST)], height)

    def _line(self, cells: Sequence[Cell | None], height: float = LINE_POINTS) -> None:
        self._points += height
        self._pen.append(list(cells), min(height, 400))

    def _merge(self, first: int, last: int) -> None:
        self._sheet.merged_cells.ranges.add(CellRange(min_col=first, min_row=self.row, max_col=last, max_row=self.row))

    def _name(self, name: str, column: int) -> None:
        place = f"{quote_sheetname(self._sheet.title)}!${get_column_letter(column)}${self.row}"
        self._workbook.defined_names[name] = DefinedName(name, attr_text=place)


def _lines(text: str, room: int) -> int:
    return sum(max(1, ceil(len(part) / room)) for part in text.split("\n"))
