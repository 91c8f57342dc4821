from __future__ import annotations

from decimal import Decimal

import pytest

from batch.model import Balances, BatchHead, BatchRow, BatchState, BatchView, Direction, RowResult, SheetRow, Status
from batch.planning.reconciliation import AccountBook, balance_books, find_explaining_rows, keep_books
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


def told(*rows: BatchRow, main: str = "0", **subaccounts: str) -> set[int]:
    """The rows that explain these differences, from accounts that all held 100."""
    opening = balances("100", **dict.fromkeys(subaccounts, "100"))
    closing = balances(
        str(100 + Decimal(main)), **{token: str(100 + Decimal(held)) for token, held in subaccounts.items()}
    )
    return set(find_explaining_rows(balance_books(opening, closing, rows), rows))


ADD, REMOVE, REFUSED = Direction.ADD, Direction.REMOVE, Status.REFUSED


@pytest.mark.parametrize("status", [Status.REFUSED, Status.PENDING])
@pytest.mark.parametrize("held", ["10", "9", "10.01", "9.55"])
def test_a_row_that_is_not_done_explains_what_came(status: Status, held: str) -> None:
    assert told(row(2, "a", ADD, "10", status), row(3, "b", ADD, "10", status), a=held, b="0") == {2}


@pytest.mark.parametrize("held", ["0", "0.01", "8.99", "10.02", "-10", "20"])
def test_other_differences_are_not_explained_by_it(held: str) -> None:
    assert told(row(2, "a", ADD, "10", Status.REFUSED), a=held) == set()


@pytest.mark.parametrize(("held", "main"), [("-10", "0"), ("-10", "20"), ("-10.9", "10"), ("-14", "9.2")])
def test_a_removal_explains_what_went_and_more_if_the_main_account_got_it(held: str, main: str) -> None:
    assert told(row(2, "a", REMOVE, "10", Status.REFUSED), a=held, main=main) == {2}


@pytest.mark.parametrize(
    ("held", "main"), [("-10", "-3"), ("-9.999", "0"), ("-10.02", "0"), ("-14", "0"), ("-14", "8.9"), ("10", "10")]
)
def test_spending_is_not_explained_by_a_removal(held: str, main: str) -> None:
    assert told(row(2, "a", REMOVE, "10", Status.REFUSED), a=held, main=main) == set()


@pytest.mark.parametrize("status", [Status.DONE, Status.INVALID, Status.UNKNOWN])
def test_only_what_was_refused_or_not_sent_can_have_been_applied_unseen(status: Status) -> None:
    assert told(row(2, "a", ADD, "10", status), a="20" if status is Status.DONE else "10") == set()


def test_of_several_rows_each_that_fits_is_in_doubt_or_else_all_together() -> None:
    rows = [row(2, "a", ADD, "10", REFUSED), row(3, "a", ADD, "10.5", REFUSED), row(4, "a", ADD, "3", Status.PENDING)]
    assert told(*rows, a="10") == {2, 3}
    assert told(*rows, a="23.5") == {2, 3, 4}
    assert told(*rows, a="13.2") == set()


def test_accounts_with_a_row_in_doubt_are_not_judged() -> None:
    rows = [row(2, "a", ADD, "10", REFUSED), row(3, "a", ADD, "10", Status.UNKNOWN), row(4, "b", ADD, "4", REFUSED)]
    books = balance_books(balances("100", a="0", b="0"), balances("120", a="10", b="4"), rows)
    assert find_explaining_rows(books, rows) == {4}
    assert books.enriched == ("b",)


def test_after_a_long_time_what_went_was_spent_unless_the_main_account_got_it() -> None:
    rows = [row(2, "a", REMOVE, "10", Status.PENDING)]
    opening = balances("100", a="100")
    assert not find_explaining_rows(balance_books(opening, balances("100", a="90"), rows), rows, falls_alone=False)
    assert find_explaining_rows(balance_books(opening, balances("110", a="90"), rows), rows, falls_alone=False) == {2}
