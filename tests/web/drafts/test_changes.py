from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from batch.web.drafts.versions import MOST_SHOWN, VersionRow, compare_rows


def count(found: dict[str, Any]) -> tuple[int, int, int]:
    return found["added"], found["removed"], found["changed"]


def line(row: int, token: str, amount: str) -> VersionRow:
    return VersionRow(row, (token, {"n": amount}), token)


A, B, C = line(2, "a", "1"), line(3, "b", "2"), line(4, "c", "3")


def test_a_changed_cell_is_told_with_before_and_after() -> None:
    found = compare_rows([A, B, C], [A, line(3, "b", "5"), C])
    assert count(found) == (0, 0, 1)
    assert found["rows_changed"] == [{"row": 3, "was": 3, "cells": [[1, {"n": "2"}, {"n": "5"}]]}]


def test_rows_that_only_moved_are_no_change() -> None:
    found = compare_rows([A, B, C], [line(7, "c", "3"), line(8, "a", "1"), line(9, "b", "2")])
    assert count(found) == (0, 0, 0)


def test_rows_come_and_go() -> None:
    found = compare_rows([A, B], [A, C])
    assert count(found) == (1, 1, 0)
    assert found["rows_added"][0]["row"] == 4
    assert found["rows_removed"][0]["row"] == 3


def test_a_moved_row_is_found_by_its_token() -> None:
    found = compare_rows([A, B], [A, line(9, "b", "7")])
    assert count(found) == (0, 0, 1)
    assert found["rows_changed"][0]["was"] == 3


def test_equal_rows_are_counted() -> None:
    found = compare_rows([A, line(3, "a", "1"), line(4, "a", "1")], [A])
    assert count(found) == (0, 2, 0)


def test_what_is_shown_is_bounded_and_all_is_counted() -> None:
    many = [line(number, f"t{number}", "1") for number in range(2, 1002)]
    found = compare_rows([], many)
    assert found["added"] == 1000
    assert len(found["rows_added"]) == MOST_SHOWN


LINES = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("123")), max_size=12).map(
    lambda pairs: [line(number, *pair) for number, pair in enumerate(pairs, start=2)]
)


@given(before=LINES, after=LINES)
def test_the_books_of_rows_balance(before: list[VersionRow], after: list[VersionRow]) -> None:
    found = compare_rows(before, after)
    assert len(before) - found["removed"] + found["added"] == len(after)
    assert count(found) == (0, 0, 0) or before != after
