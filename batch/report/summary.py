"""The sheet *Summary*: the verdict, the control totals, the main account's books, and what ran when, on one page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from math import ceil

from openpyxl.cell import Cell
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.worksheet import Worksheet

from batch import __version__
from batch.model import Direction, Status, tally
from batch.money import ZERO
from batch.report import styles, words
from batch.report.cells import Pen
from batch.report.contents import Contents
from batch.report.styles import Look
from batch.report.verdict import Mood, verdict

WIDTHS = (32, 18, 22, 68)
VALUE_CHARACTERS = sum(WIDTHS[1:])
BAND_CHARACTERS = 100
"""Characters of the band's larger letters that fit a line of all columns."""
LINE_POINTS = 15
BAND_LINE_POINTS = 19
SHOWN_FINDINGS = 20

_BANDS = {
    Mood.GOOD: styles.BAND_GOOD,
    Mood.ATTENTION: styles.BAND_ATTENTION,
    Mood.BAD: styles.BAND_BAD,
    Mood.DRY_RUN: styles.BAND_DRY_RUN,
}


def write_summary(sheet: Worksheet, contents: Contents) -> None:
    """Write the page from top to bottom."""
    sheet.sheet_view.showGridLines = False
    sheet.page_setup.fitToHeight = 1
    page = _Page(sheet)
    _write_head(page, contents)
    _write_statuses(page, contents)
    if contents.is_dry_run:
        _write_forecast(page, contents)
    else:
        _write_main_account(page, contents)
        _write_subaccounts(page, contents)
    _write_findings(page, contents)
    _write_run(page, contents)


class _Page:
    """A sheet of four columns that is written from its top, with the height of each row said before it is written."""

    def __init__(self, sheet: Worksheet) -> None:
        self.pen = Pen(sheet)
        self._sheet = sheet
        self._row = 0
        for letter, width in zip("ABCD", WIDTHS, strict=True):
            sheet.column_dimensions[letter].width = width

    def line(self, cells: Sequence[Cell | None] = (), height: float | None = None) -> None:
        """One row as it is."""
        self._row += 1
        if height:
            self._sheet.row_dimensions[self._row].height = height
        self._sheet.append(list(cells))

    def band(self, text: str, look: Look, height: float) -> None:
        """A text over all columns."""
        self.line([self.pen.text(index, text if index == 0 else None, look) for index in range(len(WIDTHS))], height)
        self._merge(1)

    def section(self, title: str) -> None:
        """An empty row and a heading."""
        self.line()
        cells = [self.pen.text(index, title if index == 0 else None, styles.SECTION) for index in range(len(WIDTHS))]
        self.line(cells, LINE_POINTS + 5)

    def text(self, label: str, value: str | None) -> None:
        """A label and a text, which takes as many lines as it needs; nothing where there is no text."""
        if not value:
            return
        lines = sum(max(1, ceil(len(part) / VALUE_CHARACTERS)) for part in value[:2000].split("\n"))
        label_cell = self.pen.text(0, label, styles.LABEL)
        self.line([label_cell, self.pen.text(1, value, styles.WRAPPED)], LINE_POINTS * lines if lines > 1 else None)
        self._merge(2)

    def time(self, label: str, at: datetime | None) -> None:
        """A label and a moment."""
        if at is not None:
            self.line([self.pen.text(0, label, styles.LABEL), self.pen.time(1, at)])
            self._merge(2)

    def euros(self, label: str, amount: Decimal | None, note: str | None = None) -> None:
        """A label and an amount, or that it is not known."""
        value = self.pen.text(1, words.NOT_KNOWN) if amount is None else self.pen.euros(1, amount, 3)
        self.line([self.pen.text(0, label, styles.LABEL), value, self.pen.text(2, note)])

    def difference(self, label: str, amount: Decimal | None, note: str) -> None:
        """A label and a difference of the books, or that it is not known."""
        value = self.pen.text(1, words.NOT_KNOWN) if amount is None else self.pen.difference(1, amount)
        self.line([self.pen.text(0, label, styles.STRONG), value, self.pen.text(2, note)])

    def _merge(self, first_column: int) -> None:
        merged = CellRange(min_col=first_column, min_row=self._row, max_col=len(WIDTHS), max_row=self._row)
        self._sheet.merged_cells.ranges.add(merged)


def _write_head(page: _Page, contents: Contents) -> None:
    head = contents.view.head
    if contents.is_dry_run:
        page.band(words.DRY_RUN, styles.DRY_RUN_MARK, 30)
    page.band(words.title(head.batch, head.source.file_name), styles.TITLE, 32)
    found = verdict(contents)
    lines = ceil(len(found.sentence) / BAND_CHARACTERS)
    page.band(found.sentence, _BANDS[found.mood], BAND_LINE_POINTS * lines + 12)


def _write_statuses(page: _Page, contents: Contents) -> None:
    counted = tally(contents.view.rows)
    pen = page.pen
    page.section(words.CONTROL_TOTALS)
    looks = (styles.STRONG, styles.STRONG_RIGHT, styles.STRONG_RIGHT, styles.STRONG)
    page.line([pen.text(index, words.STATUS_TITLES[index], look) for index, look in enumerate(looks)])
    for status in words.STATUS_MEANINGS:
        page.line(
            [
                pen.text(0, status, styles.STATUS_LOOKS[status] if counted.rows[status] else styles.LABEL),
                pen.number(1, counted.rows[status], styles.COUNT),
                pen.euros(2, counted.euros[status]),
                pen.text(3, words.STATUS_MEANINGS[status]),
            ]
        )
    total = sum((counted.euros[status] for status in Status), ZERO)
    page.line(
        [
            pen.text(0, words.ALL_ROWS, styles.STRONG),
            pen.number(1, len(contents.view.rows), styles.COUNT),
            pen.euros(2, total),
        ]
    )


def _write_forecast(page: _Page, contents: Contents) -> None:
    forecast = contents.forecast
    page.section(words.FORECAST)
    page.euros(words.MAIN_BEFORE, forecast.before if forecast else None)
    page.euros(words.WOULD_ADD, contents.planned_total(Direction.ADD))
    page.euros(words.WOULD_REMOVE, contents.planned_total(Direction.REMOVE))
    page.euros(words.EXPECTED_AFTER, forecast.after if forecast else None)
    if forecast:
        page.euros(words.LOWEST, forecast.lowest, words.lowest_at(forecast.lowest_row))
        page.euros(words.TOP_UP, forecast.top_up)


def _write_main_account(page: _Page, contents: Contents) -> None:
    book = contents.books.main
    page.section(words.MAIN_ACCOUNT)
    page.euros(words.MAIN_BEFORE, book.opening)
    page.euros(words.ADDED, book.given)
    page.euros(words.REMOVED, book.received)
    page.euros(words.EXPECTED_AFTER, book.expected)
    page.euros(words.MAIN_AFTER, book.closing)
    page.difference(words.BOOKS_DIFFERENCE, book.difference, words.MAIN_DIFFERENCE_NOTE)


def _write_subaccounts(page: _Page, contents: Contents) -> None:
    known = [book.difference for book in contents.books.subaccounts.values() if book.difference is not None]
    page.difference(words.SUBACCOUNTS_DIFFERENCE, sum(known, ZERO) if known else None, words.subaccounts_note(known))


def _write_findings(page: _Page, contents: Contents) -> None:
    findings = contents.view.findings
    if not findings:
        return
    page.section(words.SHEET_FINDINGS)
    for found in findings[:SHOWN_FINDINGS]:
        page.text(words.severity(found), words.finding_in_place(found))
    if len(findings) > SHOWN_FINDINGS:
        page.text("", words.further(len(findings) - SHOWN_FINDINGS))


def _write_run(page: _Page, contents: Contents) -> None:
    head = contents.view.head
    page.section(words.WHAT_RAN)
    page.text(words.BATCH, head.batch)
    page.text(words.STATE, words.STATE_WORDS[head.state])
    page.text(words.STATE_REASON, head.reason)
    page.text(words.FILE_NAME, head.source.file_name)
    page.text(words.SHEET_NAME, head.source.sheet)
    page.text(words.FILE_SIZE, words.file_size(head.source.size))
    page.text(words.FILE_SHA, head.source.sha256)
    page.text(words.PLAN_DIGEST, head.digest)
    page.time(words.STARTED if head.batch else words.CHECKED_AT, head.created_at)
    page.time(words.ENDED, head.ended_at)
    page.text(words.ACCOUNT, head.account or words.NOT_ASKED)
    page.text(words.API, head.api_url or words.NOT_ASKED)
    page.text(words.WRITTEN_BY, f"{words.PROGRAM} {__version__}")
