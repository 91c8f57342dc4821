from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch.errors import SheetError
from batch.findings import Finding
from batch.frames import CheckedSheet
from batch.model import list_movements
from batch.validation.check_sheet import Expected, check_sheet

from .reading import grid_of

TOKENS = frozenset({"sub-0001", "sub-0002", "sub-0003", "12"})
PAID = {("sub-0001", "12.50"), ("sub-0002", "1234.56"), ("sub-0003", "40.00")}
SEPARATORS = (";", ",", "\t", "|")
ENDINGS = ("\n", "\r\n", "\r")
HEADER = ("Token", "Label", "Amount", "Direction")
ROWS = (
    ("sub-0001", "North", "12.50", "add"),
    ("sub-0002", "South", "1234.56", "add"),
    ("sub-0003", "East", "40.00", "remove"),
)


def checked(text: str, known: frozenset[str] | None = TOKENS) -> CheckedSheet:
    return check_sheet(grid_of(text.encode(), "x.csv"), known, Expected())


def said(text: str, known: frozenset[str] | None = TOKENS) -> list[Finding]:
    return [finding for finding in checked(text, known).findings if finding.code == "rows-in-cell"]


def places(text: str, known: frozenset[str] | None = TOKENS) -> list[tuple[str, str]]:
    return [(finding.params["count"], finding.params["at"]) for finding in said(text, known)]


def text_of(rows: Sequence[Sequence[str]], separator: str = ";", ending: str = "\n", *, is_ended: bool = True) -> str:
    return ending.join(map(separator.join, rows)) + (ending if is_ended else "")


@pytest.mark.parametrize("known", [TOKENS, None], ids=["account", "offline"])
@pytest.mark.parametrize(("separator", "ending", "is_ended"), [*product(SEPARATORS, ENDINGS, (True, False))])
def test_a_mark_closed_one_row_later(separator: str, ending: str, is_ended: bool, known: frozenset[str] | None) -> None:
    before = [list(HEADER), *map(list, ROWS)]
    before[1][1], before[2][1] = '"North', 'South"'
    # Neither of the two rows is read as it stands there.
    assert places(text_of(before, separator, ending, is_ended=is_ended), known) == [("2", "B2")]
    at_the_end = [[row[0], row[2], row[3], row[1]] for row in before]
    assert places(text_of(at_the_end, separator, ending, is_ended=is_ended), known) == [("1", "D2")]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_mark_closed_some_rows_later(ending: str) -> None:
    rows = [list(HEADER), *map(list, ROWS), ["sub-0001", "North", "5", "add"]]
    rows[1][1], rows[3][1] = '"North', 'East"'
    assert places(text_of(rows, ending=ending)) == [("3", "B2")]


@pytest.mark.parametrize(
    "cells",
    [
        'North\nsub-0002";1234.56', 'North\n  sub-0002";1234.56', 'North\n\tsub-0002 ";1234.56',
        'North\n\u200bsub-0002";1234.56', 'North\n\nsub-0002";1234.56', 'North\n"sub-0002";1234.56',
        'North\n""sub-0002"" x";1234.56', 'North\nsub-0002 South";1234.56', 'North\nSUB-0002";1234.56',
    ],
)  # fmt: skip
def test_a_token_that_the_account_knows_behind_a_line_break(cells: str) -> None:
    text = f'Token;Label;Amount;Direction\nsub-0001;"{cells};add\nsub-0003;East;40;add\n'
    assert places(text) == [("1", "B2")]


def test_offline_a_token_is_known_that_stands_elsewhere_in_its_column() -> None:
    text = 'Token;Label;Amount;Direction\nsub-0001;"North\nsub-0002";5;add\n'
    assert places(text, None) == []
    assert places(f"{text}sub-0002;South;5;add\n", None) == [("1", "B2")]
    # Whatever else is wrong with the row.
    assert places(f"{text}sub-0002;South;?;add\n", None) == [("1", "B2")]


def test_the_token_s_beginning_where_it_holds_a_separator_itself() -> None:
    text = 'Token;Label;Amount;Direction\nsub-0001;"North\n"a;b";5;add\n'
    assert places(text, TOKENS | {"a;b"}) == [("1", "B2")]


def test_a_row_that_is_swallowed_whole_before_the_line_break() -> None:
    text = 'Label;Token;Amount;Direction\n"North;sub-0001;12.50;add\nSouth";sub-0002;1234.56;add\n'
    assert places(text) == [("1", "A2")]


@pytest.mark.parametrize(
    "text",
    [
        'Token;Label;Amount;"Direction\nsub-0001;North;5;add"\nsub-0002;South;5;add\n',
        'Credits;"March\nToken;Label;Amount;Direction\nsub-0001";North;5;add\n',
        'Credits;"March\nsub-0001;North";5;add\nToken;Label;Amount;Direction\nsub-0002;South;5;add\n',
        'a;b;c;d\nsub-0001;"North\nsub-0002;South";5;add\n',
    ],
    ids=["header", "swallowed header", "above the header", "no header"],
)
def test_a_cell_of_any_row(text: str) -> None:
    assert len(said(text)) == 1


@pytest.mark.parametrize("known", [TOKENS, None], ids=["account", "offline"])
@pytest.mark.parametrize(
    "cell",
    [
        "Agency North\n123 Main Street\n75001 Paris", "first line\r\nsecond line\r\n\r\nlast, but one: 5 | x",
        "one; two\nthree", "\n", 'says ""yes""\nand ""no""', "for the sub-0002\nand for the sub-0003",
        "North\nsub-00021", "North\n123",
    ],
)  # fmt: skip
def test_a_note_of_several_lines_is_quiet(cell: str, known: frozenset[str] | None) -> None:
    text = f'Token;Label;Amount;Direction\nsub-0001;"{cell}";5;add\nsub-0002;South;5;add\n'
    sheet = checked(text, known)
    assert sheet.findings == ()
    assert [row.token for row in sheet.rows if row.is_valid] == ["sub-0001", "sub-0002"]


@settings(max_examples=3 * settings().max_examples)
@given(
    order=st.permutations(range(4)),
    marks=st.lists(
        st.tuples(st.integers(1, 3), st.integers(0, 3), st.booleans()), min_size=1, max_size=3, unique_by=lambda at: at
    ),
    separator=st.sampled_from(SEPARATORS),
    ending=st.sampled_from(ENDINGS),
    is_ended=st.booleans(),
)
def test_stray_marks_never_pay_another_row_in_silence(
    order: list[int], marks: list[tuple[int, int, bool]], separator: str, ending: str, is_ended: bool
) -> None:
    rows = [[row[column] for column in order] for row in (HEADER, *ROWS)]
    for row, column, is_before in marks:
        rows[row][column] = f'"{rows[row][column]}' if is_before else f'{rows[row][column]}"'
    try:
        sheet = checked(text_of(rows, separator, ending, is_ended=is_ended))
    except SheetError:
        return
    if not sheet.has_sheet_errors and all(row.is_valid for row in sheet.rows):
        assert {(item.token, f"{item.amount:.2f}") for item in list_movements(sheet.rows)} == PAID
