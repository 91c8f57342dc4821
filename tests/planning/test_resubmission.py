from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.findings import Finding
from batch.model import ColumnRole, Direction, Movement, SheetRow
from batch.planning.resubmission import (
    Comparison,
    EarlierRow,
    History,
    compare_history,
    list_row_findings,
    list_sheet_findings,
)
from batch.validation.cells import format_row_ranges

ROLES = {ColumnRole.TOKEN: 0, ColumnRole.AMOUNT: 1, ColumnRole.DIRECTION: 2}


def row(number: int, token: str, amount: int | str, direction: Direction = Direction.ADD) -> SheetRow:
    return SheetRow(number, (), token, direction, Decimal(amount))


def past(number: int, token: str, amount: int | str, batch: str = "A") -> EarlierRow:
    return EarlierRow(batch, Movement(number, token, Direction.ADD, Decimal(amount)))


def history(
    *done: EarlierRow, unsent: Sequence[EarlierRow] = (), is_whole: bool = True, comparable: str = "AB"
) -> History:
    unfinished = tuple(dict.fromkeys(item.batch for item in unsent))
    return History(done, tuple(unsent), unfinished, frozenset(comparable), is_whole)


def left(rows: Sequence[SheetRow], comparison: Comparison) -> list[int]:
    return [item.number for item in rows if item.number not in comparison.done]


def test_what_is_done_is_left_out_wherever_it_stands_now() -> None:
    rows = [row(2, "c", 3), row(3, "b", "2.50"), row(4, "a", 1)]
    comparison = compare_history(rows, history(past(2, "a", "1.000"), past(3, "b", "2.5")))
    assert left(rows, comparison) == [2]
    assert not comparison.changed
    assert not comparison.gone


def test_of_equal_rows_the_one_of_the_same_number_is_done() -> None:
    rows = [row(2, "a", 1), row(3, "a", 1), row(4, "a", 1)]
    assert left(rows, compare_history(rows, history(past(3, "a", 1)))) == [2, 4]
    assert left(rows, compare_history(rows, history(past(3, "a", 1), past(9, "a", 1)))) == [4]


def test_each_done_movement_leaves_out_one_row_and_no_more() -> None:
    rows = [row(2, "a", 1), row(3, "a", 1)]
    assert left(rows, compare_history(rows, history(past(2, "a", 1, "A"), past(2, "a", 1, "B")))) == []
    assert left(rows, compare_history(rows, history(past(2, "a", 1, "A")))) == [3]


def test_a_row_with_an_error_may_be_done_as_well() -> None:
    closed = SheetRow(2, (), "a", Direction.ADD, Decimal(1), (Finding("token-unknown", 2, "A2"),))
    assert left([closed], compare_history([closed], history(past(2, "a", 1)))) == []


@pytest.mark.parametrize(
    ("now", "cell"),
    [
        ([row(2, "a", 5), row(3, "b", 2)], "B2"),
        ([row(2, "x", 1), row(3, "b", 2)], "A2"),
        ([row(2, "a", 1, Direction.REMOVE), row(3, "b", 2)], "C2"),
        ([row(3, "b", 2), row(9, "a", 5)], "B9"),  # sorted otherwise: the sub-account tells
        ([row(3, "a", 5), row(4, "b", 2)], "B3"),  # a line put in above
    ],
)
def test_a_done_row_that_was_changed_is_an_error_and_never_sent(now: list[SheetRow], cell: str) -> None:
    comparison = compare_history(now, history(past(2, "a", 1), past(3, "b", 2)))
    findings = [finding for item in now for finding in list_row_findings(item, ROLES, comparison)]
    assert [(finding.code, finding.cell) for finding in findings] == [("row-was-done", cell)]
    assert findings[0].is_error
    assert "Row 2 of batch A" in findings[0].message
    assert "add €1.00, a" in findings[0].message


def test_a_token_changed_below_a_line_put_in_is_found_by_its_neighbours() -> None:
    now = [row(3, "b", 2), row(4, "other", 3), row(5, "d", 4)]
    comparison = compare_history(now, history(past(2, "b", 2), past(3, "c", 3), past(4, "d", 4)))
    assert set(comparison.changed) == {4}


def test_a_done_row_put_back_as_it_was_ends_the_question() -> None:
    now = [row(2, "a", 1), row(3, "b", 2), row(4, "a", 5)]
    comparison = compare_history(now, history(past(2, "a", 1), past(3, "b", 2)))
    assert left(now, comparison) == [4]
    assert not comparison.changed


def test_a_done_row_that_was_taken_out_is_said() -> None:
    comparison = compare_history([row(3, "b", 2)], history(past(2, "a", 1), past(3, "b", 2)))
    assert [finding.code for finding in list_sheet_findings(comparison)] == ["rows-done-before", "done-rows-gone"]


MORE = (past(2, "a", 1), past(3, "b", 2), past(4, "c", 3))


def said(now: Sequence[SheetRow], known: History) -> list[tuple[str, str | None, str | None]]:
    comparison = compare_history(now, known)
    of_rows = [finding for item in now for finding in list_row_findings(item, ROLES, comparison)]
    found = [*of_rows, *list_sheet_findings(comparison)]
    return [(finding.code, finding.cell, finding.params.get("as")) for finding in found]


def test_a_token_changed_in_a_sheet_that_was_sorted_is_an_error_and_never_sent() -> None:
    now = [row(2, "c", 3), row(3, "b", 2), row(4, "d", 4), row(5, "other", 1)]
    found = said(now, history(*MORE))
    assert found == [("row-was-done", "A5", "alike"), ("rows-done-before", None, None)]
    (finding,) = list_row_findings(now[3], ROLES, compare_history(now, history(*MORE)))
    assert finding.is_error
    assert "Row 2 of batch A is done (add €1.00, a)" in finding.message


def test_a_row_besides_is_sent_once_the_done_one_is_put_back() -> None:
    now = [row(2, "c", 3), row(3, "b", 2), row(4, "a", 1), row(5, "other", 1)]
    assert said(now, history(*MORE)) == [("rows-done-before", None, None)]
    assert left(now, compare_history(now, history(*MORE))) == [5]


@pytest.mark.parametrize("new", [row(9, "other", 7), row(9, "other", 1, Direction.REMOVE)])
def test_a_done_row_that_nothing_new_resembles_is_only_said_to_be_gone(new: SheetRow) -> None:
    found = said([row(7, "c", 3), row(8, "b", 2), new], history(*MORE))
    assert [code for code, _, _ in found] == ["rows-done-before", "done-rows-gone"]


def test_a_row_of_the_list_that_was_not_done_yet_is_no_changed_one() -> None:
    """The accountant took out what is done, and what was refused asks for as much as one of those."""
    known = replace(
        history(*MORE),
        open={("x", Direction.ADD): 1, ("y", Direction.ADD): 1},
        undone=(past(5, "x", 1), past(6, "y", 9)),
    )
    # The second is corrected from 9 to 3.
    assert [code for code, _, _ in said([row(20, "x", 1), row(21, "y", 3)], known)] == ["done-rows-gone"]
    twice = [row(20, "x", 3), row(21, "x", 1)]
    assert [cell for _, cell, _ in said(twice, known)] == ["A20", None]


def test_what_a_list_to_fix_does_not_have_is_no_change() -> None:
    now = [row(2, "c", 3), row(3, "a", 9)]
    comparison = compare_history(now, history(past(2, "a", 1), past(3, "b", 2), is_whole=False, comparable=""))
    assert left(now, comparison) == [2, 3]
    assert not comparison.changed
    assert not comparison.gone


def test_unsent_rows_that_the_sheet_lost_are_said_and_corrected_ones_are_not() -> None:
    unsent = [past(3, "b", 2), past(4, "c", 3), past(5, "d", 4)]
    now = [row(2, "a", 1), row(3, "b", 2), row(4, "c", "3.50")]
    comparison = compare_history(now, history(past(2, "a", 1), unsent=unsent))
    assert left(now, comparison) == [3, 4]
    assert [item.movement.row for item in comparison.dropped] == [5]
    codes = [finding.code for finding in list_sheet_findings(comparison)]
    assert codes == ["rows-done-before", "unsent-rows-gone", "batch-closed"]


def test_row_numbers_are_put_together() -> None:
    assert format_row_ranges([7, 2, 3, 4, 9, 10]) == "2-4, 7, 9-10"
    assert format_row_ranges(range(2, 200, 2)).endswith(", …")


KEYS = st.tuples(st.sampled_from("ab"), st.integers(1, 2))


@given(st.lists(KEYS, max_size=8), st.lists(st.tuples(KEYS, st.integers(2, 9)), max_size=8, unique_by=lambda x: x[1]))
def test_what_was_not_done_remains(asked: list[tuple[str, int]], done: list[tuple[tuple[str, int], int]]) -> None:
    rows = [row(number, *key) for number, key in enumerate(asked, 2)]
    comparison = compare_history(rows, history(*(past(number, *key) for key, number in done)))
    remaining = Counter(key for number, key in enumerate(asked, 2) if number not in comparison.done)
    assert remaining == Counter(asked) - Counter(key for key, _number in done)
    # No row is sent that is like one which is done and gone: somebody has to look at it first.
    for item in (item for item in rows if item.number not in comparison.done):
        gone = [past for past in comparison.gone if past.key[1:] == (item.direction, item.amount)]
        assert not gone or item.number in {**comparison.changed, **comparison.alike}
    assert all(
        (item.movement.token, int(item.movement.amount)) == asked[number - 2]
        for number, item in comparison.done.items()
    )
    # Whatever is missing is either asked about or said.
    missing = Counter(key for key, _number in done) - Counter(asked)
    said = Counter((item.movement.token, int(item.movement.amount)) for item in comparison.gone)
    assert said <= missing
    assert not (comparison.changed.keys() & comparison.done.keys())


@given(st.permutations([("a", 1), ("a", 1), ("b", 2), ("c", 3), ("c", 4)]))
def test_re_ordering_changes_nothing(order: list[tuple[str, int]]) -> None:
    rows = [row(number, *key) for number, key in enumerate(order, 2)]
    comparison = compare_history(rows, history(past(2, "a", 1), past(4, "b", 2), past(6, "c", 4)))
    assert sorted(order[number - 2] for number in left(rows, comparison)) == [("a", 1), ("c", 3)]
    assert not comparison.changed
