from __future__ import annotations

from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.frames import CheckedSheet, Grid, make_frame
from batch.model import Cell, ColumnRole, Direction, Movement, list_movements
from batch.validation.check_sheet import Expected, check_sheet
from tests import builders
from tests.builders import SOURCE, grid, invalid_rows
from tests.validation.cases import CASES, KNOWN, ROW, Case

CELLS = (
    st.none()
    | st.booleans()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(["Token", "Montant", "Sens", "1,5", "+"])
)
checked = partial(builders.checked, known=KNOWN)


def codes(sheet: CheckedSheet) -> list[str]:
    return [finding.code for finding in sheet.findings]


def row_codes(sheet: CheckedSheet) -> dict[int, list[str]]:
    return {row.number: [finding.code for finding in row.findings] for row in sheet.rows}


def test_a_french_sheet_with_extra_columns_is_read_as_it_was_meant() -> None:
    sheet = checked(
        ["Lyon", "Ajout", "1 234,56 €", "sub-1", Decimal(7)],
        ["Paris", "Débit ", Decimal("12.5"), "sub-2"],
        header=["Agence", "Sens", "Montant TTC (€)", "N° de sous-compte", Decimal("2026.0")],
    )
    assert sheet.findings == ()
    assert sheet.columns == ("Agence", "Sens", "Montant TTC (€)", "N° de sous-compte", "2026")
    assert sheet.roles == {ColumnRole.DIRECTION: 1, ColumnRole.AMOUNT: 2, ColumnRole.TOKEN: 3}
    assert list_movements(sheet.rows) == [
        Movement(2, "sub-1", Direction.ADD, Decimal("1234.56")),
        Movement(3, "sub-2", Direction.REMOVE, Decimal("12.5")),
    ]
    assert [row.cells for row in sheet.rows] == [
        ("Lyon", "Ajout", "1 234,56 €", "sub-1", Decimal(7)),
        ("Paris", "Débit ", Decimal("12.5"), "sub-2", None),
    ]


def test_blank_rows_are_skipped_and_every_row_keeps_its_number() -> None:
    rows: list[list[Cell]] = [
        ["Crédits de mai"], [], ["Token", "Amount", "Direction"], [None, " ", "\u00a0"], ["sub-1", "1", "+"], [],
        ["sub-2", "2", "-"], [None, None, None],
    ]  # fmt: skip
    sheet = check_sheet(Grid(SOURCE, make_frame(rows)), KNOWN, Expected())
    assert row_codes(sheet) == {5: [], 7: []}


def test_all_findings_of_a_sheet_come_at_once_with_their_cells() -> None:
    sheet = checked(
        ["sub-9", "1,234", "?", None],
        [None, "-5", "add", None],
        ["sub-1", "5", "add", None],
        ["sub-1", "5,00", "ajout", "x"],
        [None, None, None, "only a note"],
        expected=Expected(rows=3, added=Decimal(20), removed=Decimal(1)),
        header=["Token", "Amount", "Direction", "Note"],
    )
    said = [(finding.code, finding.cell) for row in sheet.rows for finding in row.findings]
    assert said == [
        ("token-unknown", "A2"), ("direction-unknown", "C2"), ("amount-ambiguous", "B2"), ("token-missing", "A3"),
        ("sign-contradicts", "B3"), ("row-duplicate", "A5"), ("token-missing", "A6"), ("direction-missing", "C6"),
        ("amount-missing", "B6"),
    ]  # fmt: skip
    assert codes(sheet) == ["expected-rows", "expected-added", "expected-removed"]
    assert [row.number for row in sheet.rows if row.is_valid] == [4, 5]
    assert invalid_rows(sheet) == 3


def test_offline_no_token_is_looked_up() -> None:
    assert row_codes(checked(["sub-9", "5", "add"], known=None)) == {2: []}
    assert row_codes(checked(["sub-9", "5", "add"], known=frozenset())) == {2: ["token-unknown"]}


def test_a_missing_column_is_a_finding_of_the_sheet_and_no_row_is_sent() -> None:
    sheet = checked(["sub-1", "5"], header=["Token", "Amount"])
    assert codes(sheet) == ["column-missing"]
    assert row_codes(sheet) == {2: []}
    assert not sheet.rows[0].is_valid


def test_a_sheet_without_a_table_has_no_rows() -> None:
    assert codes(check_sheet(Grid(SOURCE, make_frame([])), None, Expected(rows=5))) == ["sheet-empty"]
    assert codes(check_sheet(Grid(SOURCE, make_frame([[], [None, "\u200b"]])), None, Expected())) == ["sheet-empty"]
    assert codes(checked(["sub-1", "5", "add"], header=["a", "b", "c"])) == ["header-missing"]
    assert codes(checked(["sub-1", "5"], header=["Token", "x"])) == ["column-missing", "column-missing"]
    assert checked(["sub-1", "5"], header=["Token", "x"]).rows == ()


@pytest.mark.parametrize(
    "again", [("sub-1", "10,00", "Crédit"), (" sub-1", Decimal(10), "+"), ("sub-1", "10 €", "ajout")]
)
def test_a_duplicate_is_one_however_it_is_written(again: tuple[Cell, ...]) -> None:
    sheet = checked(["sub-1", "10", "add"], again, again)
    assert [row.findings[-1].params for row in sheet.rows[1:] if row.findings[-1].code == "row-duplicate"] == [
        {"first": "2"},
        {"first": "2"},
    ]
    assert all(row.is_valid for row in sheet.rows)


@pytest.mark.parametrize("other", [("sub-2", "10", "add"), ("sub-1", "10.01", "add"), ("sub-1", "10", "remove")])
def test_rows_that_differ_are_no_duplicates(other: tuple[Cell, ...]) -> None:
    assert row_codes(checked(["sub-1", "10", "add"], other)) == {2: [], 3: []}


@pytest.mark.parametrize(
    ("amount", "direction", "code"),
    [
        ("-10", "add", "sign-contradicts"), ("-10", "remove", "amount-negative"), ("-10", "?", "amount-negative"),
        ("+10", "remove", "sign-contradicts"), ("10-", "ajout", "sign-contradicts"),
        (Decimal(-10), "+", "sign-contradicts"), ("+10", "add", None), ("10", "remove", None), ("+10", "?", None),
    ],
)  # fmt: skip
def test_a_sign_must_not_contradict_the_direction(amount: Cell, direction: str, code: str | None) -> None:
    found = [finding.code for finding in checked(["sub-1", amount, direction]).rows[0].findings]
    assert [name for name in found if name != "direction-unknown"] == ([code] if code else [])


def test_control_totals_are_compared_with_what_would_be_sent() -> None:
    rows: list[list[Cell]] = [["sub-1", "10,50", "add"], ["sub-2", "3", "remove"], ["sub-1", "abc", "add"]]
    right = Expected(2, Decimal("10.500"), Decimal(3))
    assert codes(checked(*rows, expected=right)) == []
    wrong = checked(*rows, expected=Expected(1, Decimal("10.49"), Decimal(0)))
    assert [finding.message.split(":")[0] for finding in wrong.findings] == [
        "The number of rows that would be sent is 2, but 1 was expected",
        "€10.50 would be added but €10.49 was expected",
        "€3.00 would be removed but €0.00 was expected",
    ]
    assert wrong.has_sheet_errors


def test_short_and_long_rows_are_carried_to_the_report_whole() -> None:
    sheet = checked(["sub-1", "1", "add", None, "far right", ""], ["sub-2"])
    assert sheet.columns == ("Token", "Amount", "Direction", "", "")
    assert [len(row.cells) for row in sheet.rows] == [5, 5]
    assert sheet.rows[0].cells[4] == "far right"


@given(st.lists(st.lists(CELLS, max_size=5), max_size=8))
def test_any_grid_is_checked_and_never_raises(rows: list[list[Cell]]) -> None:
    sheet = check_sheet(Grid(SOURCE, make_frame([["Token", "Montant", "Sens"], *rows])), KNOWN, Expected(rows=1))
    assert [row.number for row in sheet.rows] == sorted({row.number for row in sheet.rows})
    for row in sheet.rows:
        assert row.is_valid == bool(list_movements([row]))
        kept = [cell or None if isinstance(cell, str) else cell for cell in rows[row.number - 2]]
        assert row.cells == tuple([*kept, *[None] * len(row.cells)][: len(row.cells)])
        assert row.is_valid or any(finding.is_error for finding in row.findings)
        assert all(finding.message for finding in row.findings)


@pytest.mark.parametrize(
    "case", [case for case in CASES if "Token" in case.header and not case.is_text_file], ids=lambda case: case.code
)
def test_a_column_more_or_another_order_changes_no_finding(case: Case) -> None:
    plain = check_sheet(grid(*case.rows, header=case.header), KNOWN, case.expected)
    turned = check_sheet(
        grid(*[[None, *reversed(list(row))] for row in case.rows], header=["Client", *reversed(case.header)]),
        KNOWN,
        case.expected,
    )
    assert sorted(codes(plain)) == sorted(codes(turned))
    assert {number: sorted(said) for number, said in row_codes(plain).items()} == {
        number: sorted(said) for number, said in row_codes(turned).items()
    }


def test_a_long_sheet_of_unknown_tokens_is_looked_up_in_an_index() -> None:
    known = frozenset(f"{number:032x}" for number in range(0, 3_000_000, 1000))
    sheet = checked(*[[f"{number:032x}", "5", "add"] for number in range(1, 2_000_000, 1000)], known=known)
    assert invalid_rows(sheet) == 2000


def test_columns_of_a_workbook_may_go_on_beyond_the_titles() -> None:
    assert checked((*ROW, "a note without a title")).rows[0].findings == ()
