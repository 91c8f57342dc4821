"""The layout of the first sheet: a form of seven columns that is written from its top, and charts that lie on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import ceil

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
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.workbook import Workbook
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.worksheet import Worksheet

from batch.i18n import _, get_language
from batch.report import page, result_labels
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
SIGNATURE_POINTS = 34
ONE_PAGE_POINTS = 1150
"""A form that is no higher than this still reads well when it is shrunk to one page; a higher one takes several."""
SHOWN_TEXT = 2000

Sums = tuple[int, Decimal, int, Decimal, int]
"""Rows and euros in, rows and euros out, and all rows."""


class Form:
    """Writes line after line. With `called` a figure gets a name that formulas can use, the same in every language."""

    def __init__(self, workbook: Workbook, sheet: Worksheet) -> None:
        self._pen = CellFactory(sheet)
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

    def band(self, text: str, look: ReportStyle, height: float) -> None:
        """Write a text over all columns."""
        self._write_band(text, look, height)
        self._merge(1, LAST)

    def sentence(self, text: str, look: ReportStyle) -> None:
        """Write the verdict, on as many lines as it needs."""
        self.band(text, look, BAND_LINE_POINTS * ceil(len(text) / BAND_CHARACTERS) + 12)

    def section(self, title: str) -> None:
        """Write an empty row and a heading."""
        self._write_line([], LINE_POINTS - 5)
        self._write_band(title, page.SECTION, LINE_POINTS + 4)

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

    def balances(self, label: str, balances: Sequence[Decimal | None], called: str | None = None) -> None:
        """Write a balance of the main account, of the sub-accounts and of both."""
        cells = [
            self._pen.text(column, _(result_labels.NOT_KNOWN), page.RIGHT)
            if balance is None
            else self._pen.euros(column, balance, 3)
            for column, balance in zip((3, 5, 6), balances, strict=True)
        ]
        self._write_balances(label, cells, page.LABEL, called)

    def differences(self, label: str, differences: Sequence[Decimal | None], called: str) -> None:
        """Write the differences of the three, marked unless they are nothing."""
        cells = [
            self._pen.text(column, _(result_labels.NOT_KNOWN), page.RIGHT)
            if difference is None
            else self._pen.difference(column, difference)
            for column, difference in zip((3, 5, 6), differences, strict=True)
        ]
        self._write_balances(label, cells, page.STRONG, called)

    def euros(self, label: str, amount: Decimal | None, note: str | None = None) -> None:
        """Write a label and an amount, or that it is not known."""
        pen = self._pen
        value = pen.text(3, _(result_labels.NOT_KNOWN), page.RIGHT) if amount is None else pen.euros(3, amount, 3)
        self._write_line([pen.text(0, label, page.LABEL), None, None, value, pen.text(4, note)])

    def remark(self, text: str) -> None:
        """Write a sentence over all columns."""
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
        """Write a label and a moment, if there is one."""
        if at is not None:
            self._write_line([self._pen.text(0, label, page.LABEL), self._pen.time(1, at)])
            self._merge(2, LAST)

    def signature(self, label: str, name: str) -> None:
        """Write who did it, and a line to sign on by hand."""
        pen = self._pen
        line = [
            pen.text(column, _(result_labels.SIGNATURE) if column == 2 else None, page.SIGNED)
            for column in range(2, LAST)
        ]
        label_cell, name_cell = pen.text(0, label, page.BELOW), pen.text(1, name, page.BELOW_STRONG)
        self._write_line([label_cell, name_cell, *line], SIGNATURE_POINTS)
        self._merge(3, LAST)

    def room(self, lines: int) -> None:
        """Leave empty lines for a picture."""
        for _line in range(lines):
            self._write_line([], LINE_POINTS)

    def close(self) -> None:
        """Say how many pages it takes, which is known once all is written."""
        self._sheet.page_setup.fitToHeight = 1 if self._points <= ONE_PAGE_POINTS else 0

    def _write_balances(self, label: str, cells: Sequence[Cell | None], look: ReportStyle, called: str | None) -> None:
        main, subaccounts, together = cells
        self._write_line([self._pen.text(0, label, look), None, None, main, None, subaccounts, together])
        if called:
            for column, whose in ((4, "Main"), (6, "Subaccounts"), (7, "Together")):
                self._name(f"{whose}{called}", column)

    def _write_band(self, text: str, look: ReportStyle, height: float) -> None:
        self._write_line(
            [self._pen.text(column, text if column == 0 else None, look) for column in range(LAST)], height
        )

    def _write_line(self, cells: Sequence[Cell | None], height: float = LINE_POINTS) -> None:
        self._points += height
        self._pen.append(list(cells), min(height, 400))

    def _merge(self, first: int, last: int) -> None:
        self._sheet.merged_cells.ranges.add(CellRange(min_col=first, min_row=self.row, max_col=last, max_row=self.row))

    def _name(self, name: str, column: int) -> None:
        place = f"{quote_sheetname(self._sheet.title)}!${get_column_letter(column)}${self.row}"
        self._workbook.defined_names[name] = DefinedName(name, attr_text=place)


def _count_lines(text: str, room: int) -> int:
    return sum(max(1, ceil(len(part) / room)) for part in text.split("\n"))


LARGEST = 10
"""Sub-accounts in the picture of balances."""
FONT_SIZE = 800
"""Hundredths of a point."""
TITLE_SIZE = 1100
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
    """The lines of a sheet that a chart shows, the largest value in them, and that their names stand in column A."""

    sheet: Worksheet
    first: int
    last: int
    largest: Decimal


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart and the cells that it covers: column and row, from 0, of the first cell and of the one after the last.

    It lies on cells rather than having a size, because programs differ over how wide a column is.
    """

    title: str
    data: Data
    bars: tuple[Bars, ...]
    place: tuple[tuple[int, int], tuple[int, int]]
    is_stacked: bool = False


def choose_step(largest: Decimal) -> Decimal:
    """Choose the distance of the marks on the axis, few enough to read: 1, 2 or 5 of some power of ten."""
    least = max(largest, Decimal(1)) / MOST_STEPS
    power = Decimal(1).scaleb(least.adjusted())
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least)


def make_chart(picture: Picture) -> BarChart:
    """Make a chart of lying bars, the first line at the top, readable in print: axes shown, fonts set, no overlap."""
    chart = BarChart()
    chart.type = "bar"
    (left, top), (right, bottom) = picture.place
    chart.anchor = TwoCellAnchor(  # type: ignore[assignment]  # its stub knows only a cell's name
        _from=AnchorMarker(col=left, row=top, colOff=GAP, rowOff=GAP), to=AnchorMarker(col=right, row=bottom)
    )
    chart.title = _make_title(picture.title)
    data = picture.data
    labels = Reference(data.sheet, min_col=1, min_row=data.first, max_row=data.last)
    for bars in picture.bars:
        values = Reference(data.sheet, min_col=bars.column, min_row=data.first, max_row=data.last)
        series = Series(values, title=bars.title)
        series.graphicalProperties = GraphicalProperties(solidFill=bars.colour)
        series.invertIfNegative = False
        chart.series.append(series)
    chart.set_categories(labels)
    chart.gapWidth = 45
    if picture.is_stacked:
        chart.grouping, chart.overlap = "stacked", 100
    _set_axes(chart)
    chart.y_axis.majorUnit = float(choose_step(data.largest))
    chart.legend.position = "b"
    chart.legend.overlay = False
    chart.legend.txPr = _make_rich_text(FONT_SIZE)
    chart.graphical_properties = GraphicalProperties(ln=LineProperties(solidFill=page.LINE))
    return chart


def _make_title(text: str) -> Title:
    letters = _make_letters(TITLE_SIZE, bold=True)
    paragraph = Paragraph(pPr=ParagraphProperties(defRPr=letters), r=[RegularTextRun(rPr=letters, t=text)])
    return Title(tx=Text(rich=RichText(bodyPr=RichTextProperties(), p=[paragraph])), overlay=False)


def _set_axes(chart: BarChart) -> None:
    names, euros = chart.x_axis, chart.y_axis
    for axis in (names, euros):
        axis.delete = False
        axis.txPr = _make_rich_text(FONT_SIZE)
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


def _make_rich_text(size: int) -> RichText:
    paragraph = Paragraph(pPr=ParagraphProperties(defRPr=_make_letters(size)), endParaRPr=_make_letters(size))
    return RichText(bodyPr=RichTextProperties(rot=0, vert="horz"), p=[paragraph])
