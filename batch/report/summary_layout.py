"""The layout of the first sheet: a form of seven columns that is written from its top, and charts that lie on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import ceil
from typing import Protocol

from openpyxl.cell import Cell
from openpyxl.chart import BarChart, Reference, Series
from openpyxl.chart.axis import ChartLines
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText, Text
from openpyxl.chart.title import Title
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, TwoCellAnchor
from openpyxl.drawing.text import (
    CharacterProperties,
    Font,
    Paragraph,
    ParagraphProperties,
    RegularTextRun,
    RichTextProperties,
)
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.worksheet import Worksheet

from batch.i18n import _, get_language
from batch.report import page
from batch.report.page import ReportStyle
from batch.report.table import CellFactory

WIDTHS = (25, 34, 9, 18, 9, 18, 18)
LAST = len(WIDTHS)
VALUE_CHARACTERS = sum(WIDTHS[1:]) - 6
LINE_CHARACTERS = sum(WIDTHS) - 6
BAND_CHARACTERS = 96
"""Characters of the band's larger letters that fit a line of all columns."""
LINE_POINTS = 15
BAND_LINE_POINTS = 19
ONE_PAGE_POINTS = 1150
"""A form that is no higher than this still reads well when it is shrunk to one page; a higher one takes several."""
SHOWN_TEXT = 2000

Sums = tuple[int, Decimal, int, Decimal, int]
"""Rows and euros in, rows and euros out, and all rows, of which some may say neither."""


class SummaryForm(Protocol):
    """What the first page is written on, line after line: a sheet of the workbook, or paper."""

    @property
    def row(self) -> int:
        """The last line that was written."""

    def band(self, text: str, look: ReportStyle, height: float) -> None: ...

    def sentence(self, text: str, look: ReportStyle) -> None: ...

    def section(self, title: str) -> None: ...

    def heads(self, titles: Sequence[str], spans: Sequence[tuple[int, int]] = ()) -> None: ...

    def totals(
        self, label: str, note: str, sums: Sums, *, called: str, look: ReportStyle = page.LABEL, is_strong: bool = False
    ) -> None: ...

    def control(
        self, label: str, note: str, figures: tuple[int | Decimal, int | Decimal], answer: str, *, is_wrong: bool
    ) -> None: ...

    def balances(
        self,
        label: str,
        balances: Sequence[Decimal | None],
        called: str | None = None,
        *,
        are_differences: bool = False,
    ) -> None: ...

    def euros(self, label: str, amount: Decimal | None, note: str | None = None) -> None: ...

    def remark(self, text: str) -> None: ...

    def text(self, label: str, value: str | None, called: str | None = None) -> None: ...

    def time(self, label: str, at: datetime | None) -> None: ...

    def signature(self, label: str, name: str) -> None: ...

    def close(self) -> None: ...


class Form:
    """Writes line after line. With `called` a figure gets a name that formulas can use, the same in every language."""

    def __init__(self, workbook: Workbook, sheet: Worksheet) -> None:
        self.sheet = sheet
        self._pen = CellFactory(sheet)
        self._workbook = workbook
        self._points = 0.0
        sheet.sheet_view.showGridLines = False
        for column, width in enumerate(WIDTHS, 1):
            sheet.column_dimensions[get_column_letter(column)].width = width

    @property
    def row(self) -> int:
        return self._pen.row

    def band(self, text: str, look: ReportStyle, height: float) -> None:
        self._write_across(text, look, height)
        self._merge(1, LAST)

    def sentence(self, text: str, look: ReportStyle) -> None:
        """Write the verdict, on as many lines as it needs."""
        self.band(text, look, BAND_LINE_POINTS * ceil(len(text) / BAND_CHARACTERS) + 12)

    def section(self, title: str) -> None:
        """Write an empty row and a heading."""
        self._write_line([], LINE_POINTS - 5)
        self._write_across(title, page.SECTION, LINE_POINTS + 4)

    def heads(self, titles: Sequence[str], spans: Sequence[tuple[int, int]] = ()) -> None:
        """Write titles of the figures below; a span is a title over two columns, counted from 0."""
        spanned = {column for span in spans for column in span}
        cells = []
        for column, title in enumerate(titles):
            right = page.TOTALS_HEAD_CENTER if column in spanned else page.TOTALS_HEAD_RIGHT
            cells.append(self._pen.text(column, title, page.TOTALS_HEAD if column < 2 else right))
        self._write_line(cells, LINE_POINTS + 2)
        for first, last in spans:
            self._merge(first + 1, last + 1)

    def totals(
        self, label: str, note: str, sums: Sums, *, called: str, look: ReportStyle = page.LABEL, is_strong: bool = False
    ) -> None:
        """Write one line of the control totals."""
        pen = self._pen
        count = page.make_count_style(get_language(), bold=is_strong)
        rows_in, euros_in, rows_out, euros_out, rows = sums
        cells = [
            pen.text(0, label, page.STRONG if is_strong else look),
            pen.text(1, note, page.SMALL),
            pen.number(2, rows_in, count),
            pen.euros(3, euros_in, bold=is_strong),
            pen.number(4, rows_out, count),
            pen.euros(5, euros_out, bold=is_strong),
            pen.number(6, rows, count),
        ]
        self._write_line(cells)
        for column, what in ((4, "Added"), (6, "Removed"), (7, "Rows")):
            self._name(f"{called}{what}", column)

    def control(
        self, label: str, note: str, figures: tuple[int | Decimal, int | Decimal], answer: str, *, is_wrong: bool
    ) -> None:
        """Write what was expected and what was found, as rows or euros, and whether they agree."""
        pen = self._pen
        count = page.make_count_style(get_language(), bold=False)
        expected, found = (
            pen.euros(column, figure) if isinstance(figure, Decimal) else pen.number(column, figure, count)
            for column, figure in zip((3, 5), figures, strict=True)
        )
        cells = [pen.text(0, label, page.LABEL), pen.text(1, note, page.SMALL), None, expected, None, found]
        self._write_line([*cells, pen.text(6, answer, page.TOTALS_HEAD_RIGHT if is_wrong else page.RIGHT)])

    def balances(
        self,
        label: str,
        balances: Sequence[Decimal | None],
        called: str | None = None,
        *,
        are_differences: bool = False,
    ) -> None:
        """Write a balance of the main account, of the sub-accounts and of both, or what is between two."""
        pen = self._pen
        main, subaccounts, together = (
            pen.difference(column, amount)
            if are_differences and amount is not None
            else self._make_balance_cell(column, amount)
            for column, amount in zip((3, 5, 6), balances, strict=True)
        )
        look = page.STRONG if are_differences else page.LABEL
        self._write_line([pen.text(0, label, look), None, None, main, None, subaccounts, together])
        if called:
            for column, whose in ((4, "Main"), (6, "Subaccounts"), (7, "Together")):
                self._name(f"{whose}{called}", column)

    def euros(self, label: str, amount: Decimal | None, note: str | None = None) -> None:
        cells = [self._pen.text(0, label, page.LABEL), None, None, self._make_balance_cell(3, amount)]
        self._write_line([*cells, self._pen.text(4, note)])

    def remark(self, text: str) -> None:
        self._write_line([self._pen.text(0, text, page.WRAPPED)], LINE_POINTS * _count_lines(text, LINE_CHARACTERS))
        self._merge(1, LAST)

    def text(self, label: str, value: str | None, called: str | None = None) -> None:
        """Write a label and a text, on as many lines as it needs; nothing where there is no text."""
        if not value:
            return
        cells = [self._pen.text(0, label, page.LABEL_WRAPPED), self._pen.text(1, value, page.WRAPPED)]
        lines = max(_count_lines(value[:SHOWN_TEXT], VALUE_CHARACTERS), _count_lines(label, WIDTHS[0] - 1))
        self._write_line(cells, LINE_POINTS * lines)
        self._merge(2, LAST)
        if called:
            self._name(called, 2)

    def time(self, label: str, at: datetime | None) -> None:
        if at is not None:
            self._write_line([self._pen.text(0, label, page.LABEL), self._pen.time(1, at)])
            self._merge(2, LAST)

    def signature(self, label: str, name: str) -> None:
        """Write who did it, and a line to sign on by hand."""
        pen, signed = self._pen, [_("Date and signature"), *[None] * (LAST - 3)]
        cells = [pen.text(column, text, page.SIGNED) for column, text in enumerate(signed, 2)]
        who = [pen.text(0, label, page.BELOW), pen.text(1, name, page.BELOW_STRONG)]
        self._write_line([*who, *cells], 34)
        self._merge(3, LAST)

    def room(self, lines: int) -> None:
        for _line in range(lines):
            self._write_line([], LINE_POINTS)

    def close(self) -> None:
        """Say how many pages it takes, which is known once all is written."""
        self.sheet.page_setup.fitToHeight = 1 if self._points <= ONE_PAGE_POINTS else 0

    def _make_balance_cell(self, column: int, amount: Decimal | None) -> Cell | None:
        if amount is None:
            return self._pen.text(column, _("not known"), page.RIGHT)
        return self._pen.euros(column, amount, 3)

    def _write_across(self, text: str, look: ReportStyle, height: float) -> None:
        texts = [text, *[None] * (LAST - 1)]
        self._write_line([self._pen.text(column, part, look) for column, part in enumerate(texts)], height)

    def _write_line(self, cells: Sequence[Cell | None], height: float = LINE_POINTS) -> None:
        self._points += height
        self._pen.append(list(cells), min(height, 400))

    def _merge(self, first: int, last: int) -> None:
        self.sheet.merged_cells.ranges.add(CellRange(min_col=first, min_row=self.row, max_col=last, max_row=self.row))

    def _name(self, name: str, column: int) -> None:
        page.name_range(self._workbook, name, self.sheet.title, f"{get_column_letter(column)}{self.row}")


def _count_lines(text: str, room: int) -> int:
    return sum(max(1, ceil(len(part) / room)) for part in text.split("\n"))


LARGEST = 10
"""Sub-accounts in the picture of balances."""
FONT_SIZE = 800
"""Hundredths of a point."""
MOST_STEPS = 5
GAP = 60_000
"""Between two charts, in the 914,400th parts of an inch that drawings are measured in."""
STEEL = "8FA3B8"
GREEN = "2E7D4F"


@dataclass(frozen=True, slots=True)
class Bars:
    """One series: the column of its values, and what it is called."""

    column: int
    title: str
    colour: str


@dataclass(frozen=True, slots=True)
class Data:
    """The lines of a sheet that a chart shows, whose names stand in column A, and the largest value in them."""

    sheet: Worksheet
    first: int
    lines: int
    largest: Decimal

    def refer(self, column: int) -> Reference:
        """Refer to a column of them."""
        return Reference(self.sheet, min_col=column, min_row=self.first, max_row=self.first + self.lines - 1)


def choose_step(largest: Decimal) -> Decimal:
    """Choose the distance of the marks on the axis, few enough to read: 1, 2 or 5 of some power of ten."""
    least = max(largest, Decimal(1)) / MOST_STEPS
    power = Decimal(1).scaleb(least.adjusted())
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least)


def make_chart(
    title: str,
    data: Data,
    series: Sequence[Bars],
    place: tuple[tuple[int, int], tuple[int, int]],
    *,
    is_stacked: bool = False,
) -> BarChart:
    """Make a chart of lying bars, the first line at the top, readable in print: axes shown, fonts set, no overlap.

    It lies on cells, as programs differ over how wide a column is: `place` has column and row, from 0, of the first
    cell that it covers and of the one after the last.
    """
    chart = BarChart()
    chart.type = "bar"
    (left, top), (right, bottom) = place
    chart.anchor = TwoCellAnchor(  # type: ignore[assignment]  # its stub knows only a cell's name
        _from=AnchorMarker(col=left, row=top, colOff=GAP, rowOff=GAP), to=AnchorMarker(col=right, row=bottom)
    )
    chart.title = _make_title(title)
    for bars in series:
        drawn = Series(data.refer(bars.column), title=bars.title)
        drawn.graphicalProperties = GraphicalProperties(solidFill=bars.colour)
        drawn.invertIfNegative = False
        chart.series.append(drawn)
    chart.set_categories(data.refer(1))
    chart.gapWidth = 45
    if is_stacked:
        chart.grouping, chart.overlap = "stacked", 100
    _set_axes(chart)
    chart.y_axis.majorUnit = float(choose_step(data.largest))
    chart.legend.position = "b"
    chart.legend.overlay = False
    chart.legend.txPr = _make_rich_text()
    chart.graphical_properties = GraphicalProperties(ln=LineProperties(solidFill=page.LINE))
    return chart


def _make_title(text: str) -> Title:
    letters = _make_letters(1100, bold=True)
    paragraph = Paragraph(pPr=ParagraphProperties(defRPr=letters), r=[RegularTextRun(rPr=letters, t=text)])
    return Title(tx=Text(rich=RichText(bodyPr=RichTextProperties(), p=[paragraph])), overlay=False)


def _set_axes(chart: BarChart) -> None:
    names, euros = chart.x_axis, chart.y_axis
    for axis in (names, euros):
        axis.delete = False
        axis.txPr = _make_rich_text()
        axis.majorTickMark = "none"
        axis.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill=page.LINE))
    # The first line at the top; the other axis then has to be told to stay at the bottom.
    names.scaling.orientation = "maxMin"
    euros.crosses = "max"
    names.tickLblPos = "low"
    names.noMultiLvlLbl = True
    euros.number_format = page.make_axis_format(get_language())
    euros.majorGridlines = ChartLines(spPr=GraphicalProperties(ln=LineProperties(solidFill="E6EBF1")))


def _make_letters(size: int, *, bold: bool = False) -> CharacterProperties:
    return CharacterProperties(sz=size, b=bold, solidFill=page.BLACK, latin=Font(typeface=page.FONT))


def _make_rich_text() -> RichText:
    letters = _make_letters(FONT_SIZE)
    paragraph = Paragraph(pPr=ParagraphProperties(defRPr=letters), endParaRPr=letters)
    return RichText(bodyPr=RichTextProperties(rot=0, vert="horz"), p=[paragraph])
