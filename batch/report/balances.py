"""The sheet *Balances*: the course of each sub-account that a row names, and whether its books balance."""

from __future__ import annotations

from collections.abc import Sequence

from openpyxl.worksheet.worksheet import Worksheet

from batch.language import _
from batch.report import styles, words
from batch.report.courses import Course
from batch.report.links import Links, put_link
from batch.report.page import Frame
from batch.report.table import Column, Table, column, sample

TOKEN_WIDEST = 50
EURO_WIDTH = 20
SURE_PLACES = 3
"""The provider keeps balances with three decimals."""


def write_balances(sheet: Worksheet, lines: Sequence[Course], frame: Frame, links: Links) -> str:
    """Write the lines; those of rows that were refused or are unknown lead back to the first of them.

    Returns the range.
    """
    first, *others = words.BALANCE_TITLES
    look = frame.header_look
    columns = [column(_(first), look, (line.token for line in sample(lines)), widest=TOKEN_WIDEST)]
    table = Table(sheet, frame, columns + [Column(_(title), EURO_WIDTH, look, "right") for title in others])
    pen, rows = table.pen, words.ours().rows
    for line in lines:
        back = links.rows_of_accounts.get(line.token) if table.fits(0, line.token) else None
        euros = (line.opening, line.added, line.removed, line.expected, line.final)
        cells = [pen.euros(index, amount, SURE_PLACES) for index, amount in enumerate(euros, 1)]
        token = table.text(0, line.token, styles.PLAIN if back is None else styles.linked(styles.PLAIN))
        table.append([put_link(token, rows, back), *cells, pen.difference(6, line.difference)])
    table.close()
    return table.ref
