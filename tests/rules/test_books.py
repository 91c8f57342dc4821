"""The books: opening balance + movements = closing balance, or the difference as a figure."""

from __future__ import annotations

from decimal import Decimal

from batch.model import Balances, BatchHead, BatchRow, BatchState, BatchView, Direction, RowResult, SheetRow, Status
from batch.rules.books import AccountBook, keep_books
from tests.builders import NOON, SOURCE


def row(number: int, token: str | None, direction: Direction, amount: str, status: Status) -> BatchRow:
    return BatchRow(SheetRow(number, (), token, direction, Decimal(amount)), RowResult(status))


def balances(main: str, **subaccounts: str) -> Balances:
    return Balances(Decimal(main), {token: Decimal(held) for token, held in subaccounts.items()}, NOON)


def view(*rows: BatchRow, opening: Balances | None = None, closing: Balances | None = None) -> BatchView:
    head = BatchHead("b", BatchState.FINISHED, None, SOURCE, "d", None, None, NOON, NOON, opening, closing)
    return BatchView(head, (), {}, rows)


ROWS = (
    row(2, "a", Direction.ADD, "10", Status.DONE),
    row(3, "b", Direction.REMOVE, "4", Status.DONE),
    row(4, "a", Direction.ADD, "99", Status.REFUSED),
    row(5, "c", Direction.ADD, "1", Status.UNKNOWN),
    row(6, "d", Direction.ADD, "1", Status.INVALID),
)


def test_only_done_rows_are_in_the_books_and_they_balance() -> None:
    books = keep_books(
        view(*ROWS, opening=balances("100", a="0", b="5", c="2"), closing=balances("94", a="10", b="1", c="2"))
    )
    assert books.main == AccountBook(Decimal(100), Decimal(4), Decimal(10), Decimal(94))
    assert books.main.expected == Decimal(94)
    assert {token: book.difference for token, book in books.subaccounts.items()} == {"a": 0, "b": 0, "c": 0}
    assert books.main.difference == 0


def test_a_difference_is_a_figure() -> None:
    books = keep_books(view(*ROWS, opening=balances("100", a="0"), closing=balances("93.5", a="9.25")))
    assert books.main.difference == Decimal("-0.5")
    assert books.subaccounts["a"].difference == Decimal("-0.75")


def test_without_both_readings_there_is_no_difference() -> None:
    books = keep_books(view(*ROWS, opening=balances("100", a="0")))
    assert books.main.difference is None
    assert books.subaccounts["b"].expected is None
    assert keep_books(view(*ROWS)).main.difference is None


def test_what_leaves_the_sub_accounts_is_what_the_main_account_gets() -> None:
    books = keep_books(view(*ROWS))
    assert books.main.received == sum(book.given for book in books.subaccounts.values())
    assert books.main.given == sum(book.received for book in books.subaccounts.values())
