"""The sheet *Rows*: every row of the accountant's sheet as it was written, and beside it what became of it."""

from __future__ import annotations

from collections.abc import Iterator

from openpyxl.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from batch.model import BatchRow, Role, Status
from batch.report import styles, words
from batch.report.contents import Contents
from batch.report.page import Frame
from batch.report.table import Column, Table, column, sample
from batch.rules.forecast import Refusal

OWN_WIDEST = 32
MEANING_WIDEST = 28
TEXT_WIDEST = 40
BALANCE_WIDTH = 17
TIME_WIDTH = 26
NUMBER_WIDTH = 12


def write_rows(sheet: Worksheet, contents: Contents, frame: Frame) -> None:
    """Write all rows, in the order of the accountant's sheet."""
    refusals = {item.row: item for item in contents.forecast.refusals} if contents.forecast else {}
    columns = [*_own_columns(contents), *_our_columns(contents, frame, refusals)]
    table = Table(sheet, frame, columns, repeated=contents.view.roles.get(Role.TOKEN))
    amount_column = contents.view.roles.get(Role.AMOUNT)
    for entry in contents.view.rows:
        cells = list(_own_cells(table, entry, len(contents.view.columns), amount_column))
        table.append(cells + _our_cells(table, entry, len(cells), refusals.get(entry.row.number)))
    table.close()


def _own_columns(contents: Contents) -> list[Column]:
    sampled = sample(contents.view.rows)
    return [
        column(title, styles.HEADER_OWN, (entry.row.cells[index] for entry in sampled), widest=OWN_WIDEST)
        for index, title in enumerate(contents.view.columns)
    ]


def _our_columns(contents: Contents, frame: Frame, refusals: dict[int, Refusal]) -> list[Column]:
    look, sampled = frame.header_look, sample(contents.view.rows)
    meanings = [words.meaning(entry) for entry in sampled]
    messages = [entry.result.message for entry in sampled]
    findings = [words.findings(entry, refusals.get(entry.row.number)) for entry in sampled]
    return [
        column(words.STATUS, look, Status, widest=TEXT_WIDEST),
        Column(words.CODE, NUMBER_WIDTH, look, "center"),
        column(words.MEANING, look, meanings, widest=MEANING_WIDEST),
        column(words.MESSAGE, look, messages, widest=TEXT_WIDEST),
        Column(words.MAIN_AFTER, BALANCE_WIDTH, look, "right"),
        Column(words.SUBACCOUNT_AFTER, BALANCE_WIDTH, look, "right"),
        Column(words.ATTEMPTS, NUMBER_WIDTH, look, "center"),
        Column(words.TIME, TIME_WIDTH, look),
        Column(words.ROW, NUMBER_WIDTH, look, "center"),
        column(words.FINDINGS, look, findings, widest=TEXT_WIDEST),
    ]


def _own_cells(table: Table, entry: BatchRow, width: int, amount_column: int | None) -> Iterator[Cell | None]:
    row = entry.row
    for index in range(width):
        value = row.cells[index]
        if index == amount_column and isinstance(value, str) and entry.result.status is not Status.INVALID:
            # A text such as "12,50" is shown as the number that it was read as, so that the column can be added up.
            value = row.amount
        if isinstance(value, str):
            yield table.text(index, value)
        else:
            yield table.pen.own(index, value, is_money=index == amount_column)


def _our_cells(table: Table, entry: BatchRow, start: int, refusal: Refusal | None) -> list[Cell | None]:
    result, pen = entry.result, table.pen
    return [
        pen.text(start, result.status, styles.STATUS_LOOKS[result.status]),
        pen.number(start + 1, result.code, styles.SMALL_NUMBER),
        table.text(start + 2, words.meaning(entry)),
        table.text(start + 3, result.message),
        pen.euros(start + 4, result.main_balance, 3),
        pen.euros(start + 5, result.subaccount_balance, 3),
        pen.number(start + 6, result.attempts, styles.SMALL_NUMBER),
        pen.time(start + 7, result.at),
        pen.number(start + 8, entry.row.number, styles.SMALL_NUMBER),
        table.text(start + 9, words.findings(entry, refusal)),
    ]
