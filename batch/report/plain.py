"""The sheet *Rows* as lines of texts, for a text file: the accountant's own columns, and what became of each row.

Numbers keep all their digits, without separators between thousands. A text that a spreadsheet program could run as a
formula is made harmless; amounts, and tokens that a movement was made of, are not touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time
from decimal import Decimal

from batch import model
from batch.delimited import decimal_text, harmless
from batch.language import pgettext
from batch.model import BatchRow, Role, Status
from batch.money import EXACT, as_excel_compares
from batch.report.columns import COLUMNS
from batch.report.contents import Contents
from batch.report.rows import MONEY_ROLES, amount_read
from batch.report.table import distinct
from batch.report.texts import visible


def row_lines(contents: Contents) -> Iterator[list[str]]:
    """The titles, and a line for each row."""
    view, ours = contents.view, [item.title() for item in COLUMNS]
    yield [*map(harmless, distinct(view.columns, ours)), *ours]
    refusals = {item.row: item for item in contents.forecast.refusals} if contents.forecast else {}
    for entry in view.rows:
        refusal = refusals.get(entry.row.number)
        yield [*_own(contents, entry), *(item.write_text(entry, refusal) for item in COLUMNS)]


def _own(contents: Contents, entry: BatchRow) -> Iterator[str]:
    roles = contents.view.roles
    money = {roles[role] for role in MONEY_ROLES if role in roles}
    was_readable = entry.result.status is not Status.INVALID
    for index in range(len(contents.view.columns)):
        value = entry.row.cells[index]
        if index in money and isinstance(value, str):
            value = amount_read(entry, index, roles) or value
        if isinstance(value, str) and was_readable and index == roles.get(Role.TOKEN):
            yield visible(value)
        elif isinstance(value, Decimal) and index in money:
            yield _number(value, 2)
        else:
            yield _cell(value)


def _cell(value: model.Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return harmless(visible(value))
    if isinstance(value, bool):
        return pgettext("truth", "yes") if value else pgettext("truth", "no")
    if isinstance(value, datetime):
        return value.isoformat(" ") if value.time() != time.min else f"{value:%Y-%m-%d}"
    return _number(value, 0)


def _number(number: Decimal, least: int) -> str:
    """Digits after the fifteenth are what binary fractions add, unless the number is whole."""
    if not number.is_finite():
        return str(number)
    is_whole = number == number.to_integral_value(context=EXACT)
    return decimal_text(number if is_whole else as_excel_compares(number).normalize(EXACT), least)
