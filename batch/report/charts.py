"""The two pictures of the first sheet. Both are drawn from cells that anybody can see and check."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

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
from openpyxl.worksheet.worksheet import Worksheet

from batch.language import language
from batch.report import styles

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


def step_of(largest: Decimal) -> Decimal:
    """The distance of the marks on the axis: 1, 2 or 5 of some power of ten, so that there are few enough to read."""
    least = max(largest, Decimal(1)) / MOST_STEPS
    power = Decimal(1).scaleb(least.adjusted())
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least)


def chart_of(picture: Picture) -> BarChart:
    """A chart of lying bars, the first line at the top, readable in print: axes shown, fonts set, no overlap."""
    chart = BarChart()
    chart.type = "bar"
    (left, top), (right, bottom) = picture.place
    chart.anchor = TwoCellAnchor(  # type: ignore[assignment]  # its stub knows only a cell's name
        _from=AnchorMarker(col=left, row=top, colOff=GAP, rowOff=GAP), to=AnchorMarker(col=right, row=bottom)
    )
    chart.title = _title(picture.title)
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
    _axes(chart)
    chart.y_axis.majorUnit = float(step_of(data.largest))
    chart.legend.position = "b"
    chart.legend.overlay = False
    chart.legend.txPr = _rich(FONT_SIZE)
    chart.graphical_properties = GraphicalProperties(ln=LineProperties(solidFill=styles.LINE))
    return chart


def _title(text: str) -> Title:
    letters = _letters(TITLE_SIZE, bold=True)
    paragraph = Paragraph(pPr=ParagraphProperties(defRPr=letters), r=[RegularTextRun(rPr=letters, t=text)])
    return Title(tx=Text(rich=RichText(bodyPr=RichTextProperties(), p=[paragraph])), overlay=False)


def _axes(chart: BarChart) -> None:
    names, euros = chart.x_axis, chart.y_axis
    for axis in (names, euros):
        axis.delete = False
        axis.txPr = _rich(FONT_SIZE)
        axis.majorTickMark = "none"
        axis.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill=styles.LINE))
    # The first line at the top; the other axis then has to be told to stay at the bottom.
    names.scaling.orientation = "maxMin"
    euros.crosses = "max"
    names.tickLblPos = "low"
    names.noMultiLvlLbl = True
    euros.number_format = styles.axis_format(language())
    euros.majorGridlines = ChartLines(spPr=GraphicalProperties(ln=LineProperties(solidFill="E6EBF1")))


def _letters(size: int, *, bold: bool = False) -> CharacterProperties:
    return CharacterProperties(sz=size, b=bold, solidFill=styles.BLACK, latin=Font(typeface=styles.FONT))


def _rich(size: int) -> RichText:
    paragraph = Paragraph(pPr=ParagraphProperties(defRPr=_letters(size)), endParaRPr=_letters(size))
    return RichText(bodyPr=RichTextProperties(rot=0, vert="horz"), p=[paragraph])
