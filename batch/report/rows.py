"""The sheet *Rows*: every row of the accountant's sheet as it was written, and beside it what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from openpyxl.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from batch.language import _
from batch.model import BatchRow, Direction, Role, Status
from batch.report import styles, words
from batch.report.contents import Contents
from batch.report.links import Links, put_link
from batch.report.page import Frame
from batch.report.table import Column, Table, column, distinct, sample
from batch.rules.forecast import Refusal
from batch.wording import status_word

OWN_WIDEST = 32
MEANING_WIDEST = 28
TEXT_WIDEST = 40
BALANCE_WIDTH = 17
TIME_WIDTH = 26
NUMBER_WIDTH = 12
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
        column(title, styles.HEADER_OWN, (entry.row.cells[index] for entry in sampled), widest=OWN_WIDEST)
        for index, title in enumerate(distinct(contents.view.columns, taken))
    ]


def _our_columns(contents: Contents, frame: Frame, refusals: dict[int, Refusal]) -> list[Column]:
    look, sampled, ours = frame.header_look, sample(contents.view.rows), words.ours()
    meanings = [words.meaning(entry) for entry in sampled]
    messages = [entry.result.message for entry in sampled]
    findings = [words.findings(entry, refusals.get(entry.row.number)) for entry in sampled]
    return [
        column(ours.status, look, map(status_word, Status), widest=TEXT_WIDEST),
        Column(ours.code, NUMBER_WIDTH, look, "center"),
        column(_(words.MEANING), look, meanings, widest=MEANING_WIDEST),
        column(_(words.MESSAGE), look, messages, widest=TEXT_WIDEST),
        Column(_(words.MAIN_AFTER), BALANCE_WIDTH, look, "right"),
        Column(_(words.SUBACCOUNT_AFTER), BALANCE_WIDTH, look, "right"),
        Column(_(words.ATTEMPTS), NUMBER_WIDTH, look, "center"),
        Column(_(words.TIME), TIME_WIDTH, look),
        Column(ours.row, NUMBER_WIDTH, look, "center"),
        column(_(words.FINDINGS), look, findings, widest=TEXT_WIDEST),
    ]


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
        own = list(self._own_cells(entry, account))
        self._table.append(own + self._our_cells(entry, refusal, event))

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

    def _our_cells(self, entry: BatchRow, refusal: Refusal | None, event: int | None) -> list[Cell | None]:
        result, table, start = entry.result, self._table, self._width
        pen, status = table.pen, entry.result.status
        number = pen.number(start + 8, entry.row.number, styles.SMALL_NUMBER if event is None else _LINKED_NUMBER)
        return [
            pen.text(start, self._status_words[status], styles.STATUS_LOOKS[status]),
            pen.number(start + 1, result.code, styles.SMALL_NUMBER),
            table.text(start + 2, words.meaning(entry)),
            table.text(start + 3, result.message),
            pen.euros(start + 4, result.main_balance, 3),
            pen.euros(start + 5, result.subaccount_balance, 3),
            pen.number(start + 6, result.attempts, styles.SMALL_NUMBER),
            pen.time(start + 7, result.at),
            put_link(number, self._names.events, event),
            table.text(start + 9, words.findings(entry, refusal)),
        ]


_COLUMN_OF = {Direction.ADD: Role.ADDED, Direction.REMOVE: Role.REMOVED}
_LINKED = styles.linked(styles.PLAIN)
_LINKED_NUMBER = styles.linked(styles.SMALL_NUMBER)
