"""The sheet *Balances*: the course of each sub-account that a row names, and whether its books balance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from openpyxl.worksheet.worksheet import Worksheet

from batch.model import Direction
from batch.report.contents import Contents
from batch.report.page import Frame
from batch.report.table import Column, Table, column, sample
from batch.report.words import BALANCE_TITLES

TOKEN_WIDEST = 50
EURO_WIDTH = 20
SURE_PLACES = 3
"""The provider keeps balances with three decimals."""


@dataclass(frozen=True, slots=True)
class Course:
    """One sub-account's line. A dry run has no final balance; what was not asked is None."""

    token: str
    opening: Decimal | None
    added: Decimal
    removed: Decimal
    expected: Decimal | None
    final: Decimal | None = None
    difference: Decimal | None = None


def write_balances(sheet: Worksheet, contents: Contents, frame: Frame) -> None:
    """Write one line a sub-account, in the order in which the rows name them."""
    lines = list(courses(contents))
    first, *others = BALANCE_TITLES
    look = frame.header_look
    columns = [column(first, look, (line.token for line in sample(lines)), widest=TOKEN_WIDEST)]
    table = Table(sheet, frame, columns + [Column(title, EURO_WIDTH, look, "right") for title in others])
    pen = table.pen
    for line in lines:
        euros = (line.opening, line.added, line.removed, line.expected, line.final)
        cells = [pen.euros(index, amount, SURE_PLACES) for index, amount in enumerate(euros, 1)]
        table.append([table.text(0, line.token), *cells, pen.difference(6, line.difference)])
    table.close()


def courses(contents: Contents) -> Iterator[Course]:
    """The lines: from the books of a batch, from the forecast of a dry run, or just from what a dry run's rows say."""
    if not contents.is_dry_run:
        for token, book in contents.books.subaccounts.items():
            yield Course(token, book.opening, book.received, book.given, book.expected, book.closing, book.difference)
    elif contents.forecast:
        touched = ((token, course) for token, course in contents.forecast.subaccounts.items() if course.is_touched)
        for token, course in touched:
            yield Course(token, course.before, course.added, course.removed, course.after)
    else:
        for token, moved in contents.planned.items():
            yield Course(token, None, moved[Direction.ADD], moved[Direction.REMOVE], None)
