"""The sheet *To fix*: the rows that were refused or are invalid, as they came in, to be corrected and sent in again.

Of a batch that was given up, the rows that it had not sent are among them.

It is the accountant's own sheet once more: the same titles in the same order from the first row, texts as texts (so
that leading zeros survive), numbers as numbers. Only the last column is ours, and a dry run's mark is left to the
colours and the printed page, so that nothing stands above the titles.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from openpyxl.worksheet.worksheet import Worksheet

from batch import model
from batch.model import BatchRow, BatchView, Role
from batch.money import as_excel_compares
from batch.report import styles, words
from batch.report.contents import Contents, is_to_fix
from batch.report.page import Frame
from batch.report.rows import MONEY_ROLES
from batch.report.table import Table, column, sample

_OWN_WIDEST_TO_FIX = 40
REASON_WIDEST = 70


def write_to_fix(sheet: Worksheet, contents: Contents, frame: Frame) -> str:
    """Write the rows to correct, with the reason beside each. Returns the range."""
    view = contents.view
    rows = [entry for entry in view.rows if is_to_fix(view.head.state, entry.result.status)]
    width = own_width(view)
    sampled = sample(rows)
    columns = [
        column(title, styles.HEADER_OWN, (entry.row.cells[index] for entry in sampled), widest=_OWN_WIDEST_TO_FIX)
        for index, title in enumerate(view.columns[:width])
    ]
    reasons = [words.reason(entry) for entry in sampled]
    columns.append(column(words.ours().reason, frame.header_look, reasons, widest=REASON_WIDEST))
    table = Table(sheet, frame, columns, repeated=view.roles.get(Role.TOKEN), is_marked=False)
    money = frozenset(view.roles[role] for role in MONEY_ROLES if role in view.roles)
    for entry in rows:
        cells = [
            table.text(index, value, styles.OWN_TEXT)
            if isinstance(value, str)
            else table.pen.own(index, value, is_money=index in money)
            for index, value in enumerate(_kept(entry, width))
        ]
        table.append([*cells, table.text(width, words.reason(entry))])
    table.close()
    return table.ref


def own_width(view: BatchView) -> int:
    """How many columns are the accountant's. A sheet that was such a list before has our last column already."""
    has_reason = bool(view.columns) and view.columns[-1] in words.known_reasons()
    return len(view.columns) - has_reason


def _kept(entry: BatchRow, width: int) -> Iterator[model.Cell]:
    """The row's cells. Numbers stay numbers, however long: a token that lost digits must not pass for a text."""
    for value in entry.row.cells[:width]:
        is_number = isinstance(value, Decimal) and value.is_finite()
        yield as_excel_compares(value) if is_number and isinstance(value, Decimal) else value
