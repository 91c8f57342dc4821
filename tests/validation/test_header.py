from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.model import Cell, ColumnRole
from batch.validation.header import SEARCHED_ROWS, Header, find_header, format_cell_address, report_missing_header


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
        ColumnRole.TOKEN: "Token",
        ColumnRole.AMOUNT: "Montant",
        ColumnRole.DIRECTION: "Sens",
    }
    assert found.findings == ()
    assert found.titles == tuple(titles)


def test_titles_and_logos_above_the_table_do_no_harm() -> None:
    found = header(["Crédits de mai"], [], ["Compte :", "n° 12"], [None, "Token", "Montant", "Sens"], ["Token", "x"])
    assert found.row == 4
    assert found.roles == {ColumnRole.TOKEN: 1, ColumnRole.AMOUNT: 2, ColumnRole.DIRECTION: 3}


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


@pytest.mark.parametrize(
    ("titles", "named"),
    [
        (["Token", "Avance du mois", "Sens"], "“Avance du mois”"),
        (["Token", "Client", "Note", "Ville", "Montant retenu", "Sens"], "“Montant retenu”, “Client”, “Note”"),
        (["Token", "Client", "Montants dus (net)", "Sens"], "“Montants dus (net)”, “Client”"),
    ],
)
def test_where_a_column_is_missing_the_nearest_titles_and_the_option_are_named(titles: list[Cell], named: str) -> None:
    (finding,) = header(titles).findings
    assert finding.code == "column-missing"
    assert f"({named})" in finding.message
    assert "--column amount=TITLE" in finding.message


@pytest.mark.parametrize(
    "title", ["Montant (FCFA)", "Montant FCFA", "Montant XOF", "Montant k€", "Montant (x1000)", "Montant $"]
)
def test_an_amount_in_another_unit_is_never_proposed(title: str) -> None:
    (finding,) = header(["Token", title, "Note", "Sens"]).findings
    assert f"no amount column in euros, but “{title}”: only euros are paid" in finding.message
    assert "--column" not in finding.message


def test_without_a_header_the_row_that_looks_most_like_one_is_named() -> None:
    rows: list[list[Cell]] = [
        ["Liste de novembre"],
        ["Qui", "Combien", "Quoi"],
        ["sub-1", "12,50", "ajout"],
        ["sub-2", Decimal(5), "retrait"],
    ]
    finding = report_missing_header(rows)
    assert "if row 2 is one (“Qui”, “Combien”, “Quoi”)" in finding.message
    assert "--column ROLE=TITLE" in finding.message
    assert "is one" not in report_missing_header(rows[2:]).message
    assert "is one" not in report_missing_header([]).message


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
    assert found.roles == {ColumnRole.TOKEN: 1, ColumnRole.AMOUNT: 3, ColumnRole.DIRECTION: 5}


def test_two_months_are_never_chosen_between() -> None:
    assert said(header(["Token", "Montant octobre", "Montant novembre", "Sens"])) == [("column-twice", "C1")]


def test_in_a_file_of_entries_the_auxiliary_account_is_the_token() -> None:
    found = header([
        "JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum",
        "CompAuxLib", "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet", "ValidDate",
        "Montantdevise", "Idevise",
    ])  # fmt: skip
    assert found.findings == ()
    assert found.roles == {ColumnRole.TOKEN: 6, ColumnRole.REMOVED: 11, ColumnRole.ADDED: 12}


def test_of_many_equal_columns_the_first_two_are_named() -> None:
    found = header(["Token", "Sens", *["Montant"] * 300])
    assert said(found) == [("column-twice", "D1")]
    assert "“Montant” (C1) and “Montant” (D1)" in found.findings[0].message


@pytest.mark.parametrize(
    ("column", "row", "address"),
    [(0, 1, "A1"), (25, 5, "Z5"), (26, 5, "AA5"), (701, 2, "ZZ2"), (702, 2, "AAA2"), (16383, 1048576, "XFD1048576")],
)
def test_an_address_is_the_one_that_excel_shows(column: int, row: int, address: str) -> None:
    assert format_cell_address(column, row) == address


def test_a_header_of_two_rows_is_read_as_one() -> None:
    found = header(["Crédits de mai"], ["Token", "Mouvement", None], [None, "Ajout", "Retrait"], ["a", "1", None])
    assert (found.row, found.titles) == (3, ("Token", "Ajout", "Retrait"))
    assert found.roles == {ColumnRole.TOKEN: 0, ColumnRole.ADDED: 1, ColumnRole.REMOVED: 2}


def test_a_merged_title_spans_the_columns_below_it() -> None:
    rows: list[list[Cell]] = [["Token", "Ajout", None, "Retrait", None], [None, "Montant", "Note", "Montant", "Note"]]
    found = find_header(rows, merged=[(1, 1, 1, 2), (1, 3, 1, 4)])
    assert found
    assert (found.row, found.roles) == (2, {ColumnRole.TOKEN: 0, ColumnRole.ADDED: 1, ColumnRole.REMOVED: 3})


def test_a_first_movement_is_never_taken_for_half_a_header() -> None:
    assert header(["Token", "Montant", "Sens"], [None, "5", "Crédit"]).row == 1
    assert header(["Token", "Montant", None], ["sub-1", "5", "Crédit"]).row == 1
    assert header(["Token", "Montant", "Note"], ["sub-1", "5", "ajout"]).row == 1


@pytest.mark.parametrize("amount", ["12,50", Decimal("12.5"), "1,234", "0", "12,5 %", True])
@pytest.mark.parametrize("direction", ["C", "Ajout"])
def test_a_movement_is_no_header_of_columns_that_are_named_by_their_letters(amount: Cell, direction: str) -> None:
    columns = {ColumnRole.TOKEN: "A", ColumnRole.AMOUNT: "B", ColumnRole.DIRECTION: "C"}
    movements: list[list[Cell]] = [["sub-1", amount, direction], ["sub-2", Decimal(5), "D"]]
    header = find_header(movements, columns)
    assert header is None or header.row != 1 or not header.roles.keys() >= columns.keys()
    found = find_header([["Client", "Avance du mois", "Op"], *movements], columns)
    assert found
    assert (found.row, found.roles) == (1, {ColumnRole.TOKEN: 0, ColumnRole.AMOUNT: 1, ColumnRole.DIRECTION: 2})


def test_an_amount_that_looks_like_a_year_is_no_part_of_the_title_above_it() -> None:
    found = find_header([["Token", "Montant", None], [None, "2026", None], ["sub-1", "5", None]], merged=[(1, 1, 1, 2)])
    assert found
    assert found.row == 1


def test_a_banner_in_merged_cells_does_no_harm() -> None:
    found = find_header([["Crédits", None, None], ["Token", "Montant", "Sens"]], merged=[(1, 0, 1, 2)])
    assert found
    assert (found.row, found.titles) == (2, ("Token", "Montant", "Sens"))


def test_a_title_of_two_rows_can_be_named_by_hand() -> None:
    found = find_header([["Token", "Avance"], [None, "du mois"], ["sub-1", "5"]], {ColumnRole.AMOUNT: "du mois avance"})
    assert found
    assert (found.row, found.roles) == (2, {ColumnRole.TOKEN: 0, ColumnRole.AMOUNT: 1})


@pytest.mark.parametrize("by_hand", [{}, {ColumnRole.AMOUNT: "Avance", ColumnRole.TOKEN: "B2"}])
def test_a_wide_table_is_searched_in_no_time(by_hand: Mapping[ColumnRole, str]) -> None:
    rows: list[list[Cell]] = [[f"Désignation {row} du poste {column}" for column in range(1000)] for row in range(30)]
    merged = [(row, column, row, column + 1) for row in range(1, 30) for column in range(0, 1000, 2)]
    before = process_time()
    assert find_header(rows, by_hand, merged) is None
    assert process_time() - before < 1


@given(st.lists(st.lists(st.none() | st.text() | st.sampled_from(["Token", "Crédit", "Débit", "Sens", "Montant"]))))
def test_any_rows_are_searched_and_the_columns_are_theirs(rows: list[list[Cell]]) -> None:
    found = find_header(rows, {ColumnRole.AMOUNT: "C"}, [(1, 0, 1, 3), (2, 1, 3, 2)])
    if found:
        assert 1 <= found.row <= len(rows)
        assert len(set(found.roles.values())) == len(found.roles)
        assert all(column < max(map(len, rows)) for column in found.roles.values())
