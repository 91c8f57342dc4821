"""The sheet *Rows*: every row of the accountant's sheet as it was written, and beside it what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from openpyxl.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from batch.model import BatchRow, Direction, Role, Status
from batch.planning.plan import Refusal
from batch.report import styles, words
from batch.report.columns import COLUMNS, Kind, RowColumn, Value
from batch.report.contents import Contents
from batch.report.links import Links, put_link
from batch.report.page import Frame
from batch.report.table import Column, Table, column, distinct, sample
from batch.wording import status_word

_OWN_WIDEST_IN_ROWS = 32
MONEY_ROLES = (Role.AMOUNT, Role.ADDED, Role.REMOVED)
TABLE = "Rows"
"""The name of the table in formulas and pivots, in every language."""


def write_rows(sheet: Worksheet, contents: Contents, frame: Frame, links: Links) -> None:
    """Write all rows, in the order of the accountant's sheet."""
    refusals = {item.row: item for item in contents.forecast.refusals} if contents.forecast else {}
    ours = _our_columns(contents, frame, refusals)
    columns = [*_own_columns(contents, [item.title for item in ours]), *ours]
    table = Table(sheet, frame, columns, repeated=contents.view.roles.get(Role.TOKEN), name=TABLE)
    writer = _Writer(table, contents, links)
    for entry in contents.view.rows:
        writer.write(entry, refusals.get(entry.row.number))
    table.close()


def _own_columns(contents: Contents, taken: list[str]) -> list[Column]:
    sampled = sample(contents.view.rows)
    return [
        column(title, styles.HEADER_OWN, (entry.row.cells[index] for entry in sampled), widest=_OWN_WIDEST_IN_ROWS)
        for index, title in enumerate(distinct(contents.view.columns, taken))
    ]


def _our_columns(contents: Contents, frame: Frame, refusals: dict[int, Refusal]) -> list[Column]:
    look, sampled = frame.header_look, sample(contents.view.rows)

    def make(item: RowColumn) -> Column:
        align = _ALIGNED.get(item.kind, "left")
        if item.width is not None:
            return Column(item.title(), item.width, look, align)
        values = (
            map(status_word, Status)
            if item.kind is Kind.STATUS
            else (str(item.value(entry, refusals.get(entry.row.number)) or "") for entry in sampled)
        )
        return column(item.title(), look, values, widest=item.widest)

    return [make(item) for item in COLUMNS]


def amount_read(entry: BatchRow, index: int, roles: Mapping[Role, int]) -> Decimal | None:
    """What a text such as "12,50" in that column was read as, so that the column can be added up; None if nothing."""
    row = entry.row
    if entry.result.status is Status.INVALID or row.amount is None or row.direction is None:
        return None
    if index == roles.get(Role.AMOUNT):
        has_sign = Role.DIRECTION not in roles and row.direction is Direction.REMOVE
        return -row.amount if has_sign else row.amount
    # Of a pair of columns, the other one says at most that nothing is meant.
    return row.amount if index == roles.get(_COLUMN_OF[row.direction]) else None


class _Writer:
    """Writes row after row; what is the same for every row is looked up once."""

    def __init__(self, table: Table, contents: Contents, links: Links) -> None:
        self._table = table
        self._links = links
        self._names = words.ours()
        self._width = len(contents.view.columns)
        self._roles = roles = contents.view.roles
        self._money = frozenset(roles[role] for role in MONEY_ROLES if role in roles)
        self._token = roles.get(Role.TOKEN)
        self._status_words = {status: status_word(status) for status in Status}

    def write(self, entry: BatchRow, refusal: Refusal | None) -> None:
        """Write the next row, with links if it is one that needs a look."""
        account: int | None = None
        event: int | None = None
        if entry.row.number in self._links.rows:
            event = self._links.events.get(entry.row.number)
            account = self._account(entry)
        self._table.append([*self._own_cells(entry, account), *self._our_cells(entry, refusal, event)])

    def _account(self, entry: BatchRow) -> int | None:
        """The line of its sub-account, if its token's cell can bear a link: some programs cut one on several lines."""
        if self._token is None or entry.row.token is None:
            return None
        written = entry.row.cells[self._token]
        is_short = isinstance(written, str) and self._table.fits(self._token, written)
        return self._links.accounts.get(entry.row.token) if is_short else None

    def _own_cells(self, entry: BatchRow, account: int | None) -> Iterator[Cell | None]:
        row, table, money = entry.row, self._table, self._money
        for index in range(self._width):
            value = row.cells[index]
            if index in money and isinstance(value, str):
                value = amount_read(entry, index, self._roles) or value
            if account is not None and index == self._token and isinstance(value, str):
                yield put_link(table.text(index, value, _LINKED), self._names.balances, account)
            elif isinstance(value, str):
                yield table.text(index, value)
            else:
                yield table.pen.own(index, value, is_money=index in money)

    def _our_cells(self, entry: BatchRow, refusal: Refusal | None, event: int | None) -> Iterator[Cell | None]:
        for index, item in enumerate(COLUMNS, self._width):
            cell = self._our_cell(
                index, item.value(entry, refusal), is_linked=item is _ROW_NUMBER and event is not None
            )
            yield put_link(cell, self._names.events, event) if item is _ROW_NUMBER else cell

    def _our_cell(self, index: int, value: Value, *, is_linked: bool) -> Cell | None:
        pen = self._table.pen
        match value:
            case Status():
                return pen.text(index, self._status_words[value], styles.STATUS_LOOKS[value])
            case datetime():
                return pen.time(index, value)
            case Decimal():
                return pen.euros(index, value, 3)
            case int():
                return pen.number(index, value, _LINKED_NUMBER if is_linked else styles.SMALL_NUMBER)
            case _:
                return self._table.text(index, value)


_ALIGNED = {Kind.NUMBER: "center", Kind.BALANCE: "right"}
_ROW_NUMBER = next(item for item in COLUMNS if item.json_name == "row")
"""Leads to the first event of a row that needs a look."""
_COLUMN_OF = {Direction.ADD: Role.ADDED, Direction.REMOVE: Role.REMOVED}
_LINKED = styles.linked(styles.PLAIN)
_LINKED_NUMBER = styles.linked(styles.SMALL_NUMBER)
