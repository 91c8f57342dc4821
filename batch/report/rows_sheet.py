"""The accountant's rows with what became of them: all on *Rows* and as text, those to correct on *To fix*."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time
from decimal import Decimal

from openpyxl.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from batch import model
from batch.files import escape_formula, format_decimal, mark_unwritable
from batch.i18n import pgettext
from batch.model import BatchRow, BatchView, ColumnRole, Direction, Status, name_status
from batch.money import drop_binary_digits, round_like_excel
from batch.report import page, result_labels
from batch.report.columns import COLUMNS, CellKind, RowColumn, Value, name_columns
from batch.report.page import Frame, Links, ReportStyle, put_link
from batch.report.table import Column, Table, make_column, sample_rows
from batch.report.verdict import Contents, is_to_fix
from batch.validation.vocabulary import REPORT_WORDS

TABLE = "Rows"
"""The name of the table in formulas and pivots, in every language."""


def write_rows(
    sheet: Worksheet, contents: Contents, frame: Frame, links: Links, event_lines: Mapping[int, int]
) -> None:
    """Write them all; `event_lines` are the lines of *Events* where rows that need a look were last attempted."""
    view, sampled = contents.view, sample_rows(contents.view.rows)
    ours = [_make_our_column(item, sampled, contents, frame.header_look) for item in COLUMNS]
    titles = name_columns(view.columns, [item.title for item in ours])
    columns = [ours[0], *_make_own_columns(titles, sampled, widest=40), *ours[1:]]
    order = _order_columns(view)
    table = Table(
        sheet,
        frame,
        [columns[place] for place in order],
        repeated=order.index(len(titles) + 1) if _is_wide(view) else 0,
        name=TABLE,
        summed=[order.index(index + 1) for index in _find_money_columns(view)],
        counted=order.index(len(titles) + 1),
    )
    writer = _Writer(table, contents, links, event_lines)
    for entry in view.rows:
        writer.write(entry)
    table.close()


_MANY_COLUMNS = 5
"""With more of them beside each other, a status behind them may not be on the first page any more."""


def _is_wide(view: BatchView) -> bool:
    return len(view.columns) > _MANY_COLUMNS


def _order_columns(view: BatchView) -> list[int]:
    """Put the columns in their order: the row's number is the first, from 1 on come the accountant's, then our others.

    Of many columns, those that were read come first with the status, so that they are on the first page in print. It
    does not depend on what stands in them: a list is in the same order every month.
    """
    places = list(range(len(view.columns) + len(COLUMNS)))
    if not _is_wide(view):
        return places
    front = [0, *sorted(index + 1 for index in view.roles.values()), len(view.columns) + 1]
    return [*front, *(place for place in places if place not in front)]


def _make_own_columns(titles: Sequence[str], sampled: list[BatchRow], *, widest: int) -> list[Column]:
    return [
        make_column(title, page.HEADER_OWN, (entry.row.cells[index] for entry in sampled), widest=widest)
        for index, title in enumerate(titles)
    ]


def _make_our_column(item: RowColumn, sampled: list[BatchRow], contents: Contents, look: ReportStyle) -> Column:
    if item.width is not None:
        return Column(item.title(), item.width, look, _ALIGNED.get(item.kind, "left"))
    if item.kind is CellKind.STATUS:
        return make_column(item.title(), look, map(name_status, Status), widest=item.widest)
    refusals = contents.refusals
    values = (str(item.value(entry, refusals.get(entry.row.number)) or "") for entry in sampled)
    return make_column(item.title(), look, values, widest=item.widest)


def _find_money_columns(view: BatchView) -> frozenset[int]:
    roles = (ColumnRole.AMOUNT, ColumnRole.ADDED, ColumnRole.REMOVED)
    return frozenset(view.roles[role] for role in roles if role in view.roles)


def _find_amount(entry: BatchRow, index: int, roles: Mapping[ColumnRole, int]) -> Decimal | None:
    """Find what a text such as "12,50" was read as, so that its column can be added up; None if as nothing."""
    row = entry.row
    if entry.result.status is Status.INVALID or row.amount is None or row.direction is None:
        return None
    if index == roles.get(ColumnRole.AMOUNT):
        has_sign = ColumnRole.DIRECTION not in roles and row.direction is Direction.REMOVE
        return -row.amount if has_sign else row.amount
    # Of a pair of columns, the other one says at most that nothing is meant.
    return row.amount if index == roles.get(_COLUMN_OF[row.direction]) else None


def _read_own_values(
    entry: BatchRow, width: int, money: frozenset[int], roles: Mapping[ColumnRole, int]
) -> Iterator[model.Cell]:
    """Give the accountant's values, but for a text that was read as an amount that amount."""
    for index, value in enumerate(entry.row.cells[:width]):
        is_text = index in money and isinstance(value, str)
        yield (_find_amount(entry, index, roles) or value) if is_text else value


class _Writer:
    """Writes row after row; what is the same for every row is looked up once."""

    def __init__(self, table: Table, contents: Contents, links: Links, event_lines: Mapping[int, int]) -> None:
        self._table = table
        self._links = links
        self._event_lines = event_lines
        self._order = _order_columns(contents.view)
        self._refusals = contents.refusals
        self._names = result_labels.get_report_words()
        self._width = len(contents.view.columns)
        self._roles = contents.view.roles
        self._money = _find_money_columns(contents.view)
        self._token = self._roles.get(ColumnRole.TOKEN)
        self._status_words = {status: name_status(status) for status in Status}

    def write(self, entry: BatchRow) -> None:
        """Write the next row, with links if it is one that needs a look."""
        account = event = None
        if entry.row.number in self._links.rows:
            event = self._event_lines.get(entry.row.number)
            account = self._find_account(entry)
        refusal = self._refusals.get(entry.row.number)
        own = list(_read_own_values(entry, self._width, self._money, self._roles))
        self._table.append(
            [
                self._make_row_number(place, entry.row.number, event)
                if column == 0
                else self._make_own_cell(place, column - 1, own[column - 1], account)
                if column <= self._width
                else self._make_our_cell(place, COLUMNS[column - self._width].value(entry, refusal))
                for place, column in enumerate(self._order)
            ]
        )

    def _find_account(self, entry: BatchRow) -> int | None:
        """Find its sub-account's line, if the token's cell can bear a link: some programs cut one on several lines."""
        if self._token is None or entry.row.token is None:
            return None
        written = entry.row.cells[self._token]
        place = self._order.index(self._token + 1)
        is_short = isinstance(written, str) and self._table.fits(place, written)
        return self._links.accounts.get(entry.row.token) if is_short else None

    def _make_row_number(self, place: int, number: int, event: int | None) -> Cell | None:
        """Make the cell that leads to the last attempt of a row that needs a look."""
        look = page.SMALL_NUMBER if event is None else _LINKED_NUMBER
        return put_link(self._table.pen.number(place, number, look), self._names.events, event)

    def _make_own_cell(self, place: int, column: int, value: model.Cell, account: int | None) -> Cell | None:
        if not isinstance(value, str):
            return self._table.pen.copy_value(place, value, is_money=column in self._money)
        if account is not None and column == self._token:
            return put_link(self._table.text(place, value, _LINKED), self._names.balances, account)
        return self._table.text(place, value)

    def _make_our_cell(self, index: int, value: Value) -> Cell | None:
        pen = self._table.pen
        match value:
            case Status():
                return pen.text(index, self._status_words[value], page.STATUS_LOOKS[value])
            case datetime():
                return pen.time(index, value)
            case Decimal():
                return pen.euros(index, value, 3)
            case int():
                return pen.number(index, value, page.SMALL_NUMBER)
            case _:
                return self._table.text(index, value)


_ALIGNED = {CellKind.NUMBER: "center", CellKind.BALANCE: "right"}
_COLUMN_OF = {Direction.ADD: ColumnRole.ADDED, Direction.REMOVE: ColumnRole.REMOVED}
_LINKED = page.link_style(page.PLAIN)
_LINKED_NUMBER = page.link_style(page.SMALL_NUMBER)


def format_rows(contents: Contents) -> Iterator[list[str]]:
    """Give the titles, and a line for each row."""
    view, ours = contents.view, [item.title() for item in COLUMNS]
    titles = [ours[0], *map(escape_formula, name_columns(view.columns, ours)), *ours[1:]]
    order = _order_columns(view)
    yield [titles[place] for place in order]
    money = _find_money_columns(view)
    for entry in view.rows:
        refusal = contents.refusals.get(entry.row.number)
        own = _format_own_cells(entry, len(view.columns), money, view.roles)
        number, *others = (item.write_text(entry, refusal) for item in COLUMNS)
        texts = [number, *own, *others]
        yield [texts[place] for place in order]


def _format_own_cells(
    entry: BatchRow, width: int, money: frozenset[int], roles: Mapping[ColumnRole, int]
) -> Iterator[str]:
    was_readable = entry.result.status is not Status.INVALID
    for index, value in enumerate(_read_own_values(entry, width, money, roles)):
        if isinstance(value, str) and was_readable and index == roles.get(ColumnRole.TOKEN):
            yield mark_unwritable(value)
        elif isinstance(value, Decimal) and index in money:
            yield _format_number(value, 2)
        else:
            yield _format_cell(value)


def _format_cell(value: model.Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return escape_formula(mark_unwritable(value))
    if isinstance(value, bool):
        return pgettext("truth", "yes") if value else pgettext("truth", "no")
    if isinstance(value, datetime):
        return value.isoformat(" ") if value.time() != time.min else f"{value:%Y-%m-%d}"
    return _format_number(value, 0)


def _format_number(number: Decimal, least: int) -> str:
    return format_decimal(drop_binary_digits(number), least) if number.is_finite() else str(number)


def write_to_fix(sheet: Worksheet, contents: Contents, frame: Frame) -> str:
    """Write the rows to correct, with the reason beside each, and return the range."""
    view = contents.view
    rows = [entry for entry in view.rows if is_to_fix(view.head.state, entry.result.status)]
    # A sheet that was such a list before has our first and our last column already.
    has_reason = bool(view.columns) and view.columns[-1] in {known.reason for known in REPORT_WORDS.values()}
    has_number = has_reason and view.columns[0] in {known.row for known in REPORT_WORDS.values()}
    own = slice(int(has_number), len(view.columns) - has_reason)
    sampled, words = sample_rows(rows), result_labels.get_report_words()
    number = Column(words.row, 11, frame.header_look, "center")
    reason = make_column(words.reason, frame.header_look, map(result_labels.tell_reason, sampled), widest=70)
    columns = [number, *_make_own_columns(view.columns, sampled, widest=40)[own], reason]
    last = len(columns) - 1
    money = {index - own.start + 1 for index in _find_money_columns(view)}
    table = Table(sheet, frame, columns, is_marked=False, summed=money, counted=last)
    for entry in rows:
        cells = [
            # Over a text in an amount's cell a number is to be typed that is one.
            table.text(place, value, page.PLAIN if place in money else page.OWN_TEXT)
            if isinstance(value, str)
            else table.pen.copy_value(place, value, is_money=place in money)
            for place, value in enumerate(_keep_numbers(entry.row.cells[own]), 1)
        ]
        number_cell = table.pen.number(0, entry.row.number, page.SMALL_NUMBER)
        table.append([number_cell, *cells, table.text(last, result_labels.tell_reason(entry))])
    table.close()
    return table.ref


def _keep_numbers(cells: Sequence[model.Cell]) -> Iterator[model.Cell]:
    """Keep numbers as numbers, however long: a token that lost digits must not pass for a text."""
    for value in cells:
        is_number = isinstance(value, Decimal) and value.is_finite()
        yield round_like_excel(value) if is_number and isinstance(value, Decimal) else value
