"""The sheet *Rows* as lines of texts, for a text file: the accountant's own columns, and what became of each row.

Numbers keep all their digits, without separators between thousands. A text that a spreadsheet program could run as a
formula is made harmless; amounts, and tokens that a movement was made of, are not touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time
from decimal import Decimal

from batch import model
from batch.delimited import decimal_text, harmless
from batch.language import _, pgettext
from batch.model import BatchRow, Role, Status
from batch.money import EXACT, as_excel_compares
from batch.report import words
from batch.report.contents import Contents
from batch.report.rows import MONEY_ROLES, amount_read
from batch.report.table import distinct
from batch.report.texts import visible
from batch.rules.forecast import Refusal
from batch.wording import status_word


def row_lines(contents: Contents) -> Iterator[list[str]]:
    """The titles, and a line for each row."""
    view, names = contents.view, words.ours()
    ours = [
        names.status,
        names.code,
        _(words.MEANING),
        _(words.MESSAGE),
        _(words.MAIN_AFTER),
        _(words.SUBACCOUNT_AFTER),
        _(words.ATTEMPTS),
        _(words.TIME),
        names.row,
        _(words.FINDINGS),
    ]
    yield [*map(harmless, distinct(view.columns, ours)), *ours]
    refusals = {item.row: item for item in contents.forecast.refusals} if contents.forecast else {}
    for entry in view.rows:
        yield [*_own(contents, entry), *_ours(entry, refusals.get(entry.row.number))]


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


def _ours(entry: BatchRow, refusal: Refusal | None) -> list[str]:
    result = entry.result
    return [
        status_word(result.status),
        "" if result.code is None else str(result.code),
        _cell(words.meaning(entry)),
        _cell(result.message),
        "" if result.main_balance is None else decimal_text(result.main_balance, 3),
        "" if result.subaccount_balance is None else decimal_text(result.subaccount_balance, 3),
        str(result.attempts),
        "" if result.at is None else f"{result.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        str(entry.row.number),
        _cell(words.findings(entry, refusal)),
    ]


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
