"""The header row: found below logos and titles, in any order; what is missing or doubtful is said with its cell."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.model import Cell, Role
from batch.rules.header import SEARCHED_ROWS, Header, cell_address, find_header


def header(*rows: list[Cell]) -> Header:
    found = find_header(rows)
    assert found
    return found


def said(found: Header) -> list[tuple[str, str | None]]:
    return [(finding.code, finding.cell) for finding in found.findings]


@given(st.permutations(["Sens", "Client", "Token", "Note", "Montant"]))
def test_columns_may_stand_in_any_order(titles: list[Cell]) -> None:
    found = header(titles)
    assert {role: titles[column] for role, column in found.roles.items()} == {
        Role.TOKEN: "Token",
        Role.AMOUNT: "Montant",
        Role.DIRECTION: "Sens",
    }
    assert found.findings == ()
    assert found.titles == tuple(titles)


def test_titles_and_logos_above_the_table_do_no_harm() -> None:
    found = header(["Crédits de mai"], [], ["Compte :", "n° 12"], [None, "Token", "Montant", "Sens"], ["Token", "x"])
    assert found.row == 4
    assert found.roles == {Role.TOKEN: 1, Role.AMOUNT: 2, Role.DIRECTION: 3}


def test_of_equal_headers_the_first_is_taken() -> None:
    assert header(["Token", "Montant", "Sens"], ["Token", "Montant", "Sens"]).row == 1


def test_a_header_far_below_is_not_searched_for() -> None:
    blank: list[list[Cell]] = [[None]] * SEARCHED_ROWS
    assert find_header([*blank, ["Token", "Montant", "Sens"]]) is None
    assert find_header([]) is None


def test_titles_that_are_no_text_are_kept() -> None:
    found = header(["Token", Decimal("2026.0"), True, None, " Sens ", "Montant"])
    assert found.titles == ("Token", "2026", "TRUE", "", "Sens", "Montant")


def test_every_missing_column_is_said() -> None:
    found = header([None, "Token", "Client"])
    assert said(found) == [("column-missing", "B1"), ("column-missing", "B1")]
    assert [finding.params["column"] for finding in found.findings] == ["amount", "direction"]


def test_a_mistyped_title_is_said_beside_the_missing_column() -> None:
    found = header(["Token", "Montnat", "Sens"])
    assert said(found) == [("column-unknown", "B1"), ("column-missing", "A1")]


def test_an_unknown_column_is_no_finding_when_none_is_missing() -> None:
    assert header(["Token", "Montant", "Sens", "Montnat"]).findings == ()


@pytest.mark.parametrize("other", ["Montant", "Amount", "MONTANT (€)", "Montant HT"])
def test_two_columns_that_are_as_sure_are_never_chosen_between(other: str) -> None:
    found = header(["Token", "Montant", "Sens", other])
    assert said(found) == [("column-twice", "D1")]
    assert f"“Montant” (B1) and “{other}” (D1)" in found.findings[0].message
    assert found.findings[0].is_error


def test_a_looser_title_beside_a_surer_one_is_the_accountant_s_own_column() -> None:
    found = header(["Compte", "Token", "Crédit", "Montant", "Type", "Sens"])
    assert found.findings == ()
    assert found.roles == {Role.TOKEN: 1, Role.AMOUNT: 3, Role.DIRECTION: 5}


def test_many_equal_columns_make_one_short_message() -> None:
    found = header(["Token", "Sens", *["Montant"] * 300])
    assert "and 297 more could" in found.findings[0].message


@pytest.mark.parametrize(
    ("column", "row", "address"),
    [(0, 1, "A1"), (25, 5, "Z5"), (26, 5, "AA5"), (701, 2, "ZZ2"), (702, 2, "AAA2"), (16383, 1048576, "XFD1048576")],
)
def test_an_address_is_the_one_that_excel_shows(column: int, row: int, address: str) -> None:
    assert cell_address(column, row) == address
