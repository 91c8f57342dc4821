from __future__ import annotations

from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.frames import CheckedSheet
from batch.model import Cell, ColumnRole, Direction, Movement, list_movements
from batch.money import encode_amount
from batch.validation.check_sheet import Conventions, keep_titles
from tests import builders

AMOUNTS = st.decimals("0.01", "9999.99", places=2)
MOVEMENTS = st.lists(st.tuples(st.sampled_from(list(Direction)), AMOUNTS), min_size=1, max_size=8)
SIGNED = Conventions(signed=True)
checked = partial(builders.checked, known=None)


def codes(sheet: CheckedSheet) -> list[str]:
    return [finding.code for finding in sheet.findings]


def row_codes(sheet: CheckedSheet) -> list[list[str]]:
    return [[finding.code for finding in row.findings] for row in sheet.rows]


def moved(sheet: CheckedSheet) -> list[tuple[Direction, Decimal]]:
    return [(movement.direction, movement.amount) for movement in list_movements(sheet.rows)]


@pytest.mark.parametrize(
    ("added", "removed"),
    [
        ("Crédit", "Débit"), ("Credit", "Debit"), ("Ajout", "Retrait"), ("Add", "Remove"), ("Crédité €", "Débité €"),
        ("Montant à créditer", "Montant à débiter"), ("Recharge", "Reprise"), ("Montant crédit", "Montant débit"),
    ],
)  # fmt: skip
def test_a_pair_of_columns_is_an_amount_and_a_direction(added: str, removed: str) -> None:
    sheet = checked(["a", None, "3,50"], ["b", Decimal(2), None], header=["Token", added, removed])
    assert sheet.findings == ()
    assert sheet.roles == {ColumnRole.TOKEN: 0, ColumnRole.ADDED: 1, ColumnRole.REMOVED: 2}
    assert moved(sheet) == [(Direction.REMOVE, Decimal("3.5")), (Direction.ADD, Decimal(2))]


@given(MOVEMENTS, st.sampled_from([None, "", " ", Decimal(0), "0,00", "-", " -   €"]))
def test_a_pair_is_read_whatever_stands_for_nothing(movements: list[tuple[Direction, Decimal]], nothing: Cell) -> None:
    rows: list[list[Cell]] = [
        [f"t{number}", *((amount, nothing) if direction is Direction.ADD else (nothing, encode_amount(amount)))]
        for number, (direction, amount) in enumerate(movements)
    ]
    sheet = checked(*rows, header=["Token", "Crédit", "Débit"])
    assert (codes(sheet), moved(sheet)) == ([], movements)


@pytest.mark.parametrize(
    ("credit", "debit", "said"),
    [
        (None, None, ["pair-empty"]), ("0", "-", ["pair-empty"]), ("5", "3", ["pair-both"]),
        ("-5", None, ["pair-negative"]), (None, Decimal(-5), ["pair-negative"]), ("abc", None, ["amount-not-a-number"]),
        (None, "1,234", ["amount-ambiguous"]), ("abc", "#REF!", ["amount-not-a-number", "amount-error"]),
        ("+5", None, []),
    ],
)  # fmt: skip
def test_exactly_one_of_a_pair_is_filled_in(credit: Cell, debit: Cell, said: list[str]) -> None:
    sheet = checked(["a", credit, debit], header=["Token", "Crédit", "Débit"])
    assert row_codes(sheet) == [said]
    assert sheet.rows[0].is_valid is not bool(said)


def test_one_column_named_credit_is_an_amount_of_credit() -> None:
    sheet = checked(["a", "5", "retrait"], header=["Token", "Crédit", "Sens"])
    assert moved(sheet) == [(Direction.REMOVE, Decimal(5))]


def test_half_a_pair_asks_for_the_other_half() -> None:
    sheet = checked(["a", "5"], header=["Token", "Ajout"])
    assert [(finding.code, finding.params["column"]) for finding in sheet.findings] == [("column-missing", "removed")]


def test_beside_a_pair_looser_titles_are_the_accountant_s_own() -> None:
    sheet = checked(["a", "dotation", "x", "5", None], header=["Compte", "Opération", "Valeur", "Crédit", "Débit"])
    assert sheet.findings == ()
    assert moved(sheet) == [(Direction.ADD, Decimal(5))]


def test_two_conventions_in_one_sheet_are_an_error_that_shows_one_example_of_each() -> None:
    header = ["Token", "Montant", "Sens", "Crédit", "Débit"]
    sheet = checked(["a", "1", "ajout", None, None], ["b", None, None, None, "2"], header=header)
    assert codes(sheet) == ["conventions-mixed"]
    assert {"B2", "E3"} <= {sheet.findings[0].params["first_cell"], sheet.findings[0].params["second_cell"]}
    assert moved(sheet) == []


@pytest.mark.parametrize("paired", [True, False])
def test_of_two_conventions_the_one_that_is_used_counts(paired: bool) -> None:
    row: list[Cell] = ["a", None, None, "5", None] if paired else ["a", "5", "ajout", None, None]
    sheet = checked(row, header=["Token", "Montant", "Sens", "Crédit", "Débit"])
    assert sheet.findings == ()
    assert (ColumnRole.ADDED in sheet.roles, ColumnRole.AMOUNT in sheet.roles) == (paired, not paired)
    assert moved(sheet) == [(Direction.ADD, Decimal(5))]


@given(MOVEMENTS)
def test_signed_amounts_carry_their_direction(movements: list[tuple[Direction, Decimal]]) -> None:
    rows: list[list[Cell]] = [
        [f"t{number}", amount if direction is Direction.ADD else -amount]
        for number, (direction, amount) in enumerate(movements)
    ]
    sheet = checked(*rows, header=["Token", "Montant"], conventions=SIGNED)
    assert (codes(sheet), moved(sheet)) == ([], movements)


def test_a_plus_is_an_add_and_zero_is_nothing() -> None:
    sheet = checked(["a", "+5"], ["b", "(5,00)"], ["c", "0"], header=["Token", "Montant"], conventions=SIGNED)
    assert moved(sheet) == [(Direction.ADD, Decimal(5)), (Direction.REMOVE, Decimal(5))]
    assert row_codes(sheet) == [[], [], ["amount-zero"]]


def test_signs_without_being_told_are_asked_about() -> None:
    sheet = checked(["a", "5"], ["b", "-5"], header=["Token", "Montant"])
    assert [(finding.code, finding.cell) for finding in sheet.findings] == [("signed-amounts", "B3")]
    assert "--signed" in sheet.findings[0].message
    assert codes(checked(["a", "5"], header=["Token", "Montant"])) == ["column-missing"]


def test_words_and_signs_are_not_mixed() -> None:
    header = ["Token", "Montant", "Sens"]
    sheet = checked(["a", "5", "ajout"], ["b", "-5", None], header=header)
    assert codes(sheet) == ["conventions-mixed"]
    assert (sheet.findings[0].params["first_cell"], sheet.findings[0].params["second_cell"]) == ("C2", "B3")
    assert codes(checked(["a", "5", "ajout"], header=header, conventions=SIGNED)) == ["conventions-mixed"]
    unused = checked(["a", "5", None], ["b", "-5", "note"], header=header, conventions=SIGNED)
    assert codes(unused) == []
    assert moved(unused) == [(Direction.ADD, Decimal(5)), (Direction.REMOVE, Decimal(5))]


@pytest.mark.parametrize("name", ["Avance du mois", "avance du mois", "AVANCE DU MOIS :", "B", " b "])
def test_a_column_is_named_by_hand_by_its_title_or_its_letter(name: str) -> None:
    conventions = Conventions({ColumnRole.AMOUNT: name})
    sheet = checked(
        ["a", "5", "7", "ajout"], header=["Token", "Avance du mois", "Montant", "Sens"], conventions=conventions
    )
    assert codes(sheet) == []
    assert moved(sheet) == [(Direction.ADD, Decimal(5))]
    assert keep_titles(sheet, conventions.columns) == {ColumnRole.AMOUNT: "Avance du mois"}


def test_columns_may_all_be_named_by_letter() -> None:
    by_hand = Conventions({ColumnRole.TOKEN: "A", ColumnRole.ADDED: "C", ColumnRole.REMOVED: "D"})
    sheet = checked(["x", "n", "5", None], header=["Qui", "Note", "Plus", "Moins"], conventions=by_hand)
    assert codes(sheet) == []
    assert sheet.rows[0].number == 2
    assert moved(sheet) == [(Direction.ADD, Decimal(5))]


def test_a_column_that_is_not_there_is_an_error_although_another_would_do() -> None:
    sheet = checked(
        ["a", "5", "ajout"], header=["Token", "Montant", "Sens"], conventions=Conventions({ColumnRole.AMOUNT: "Prix"})
    )
    assert codes(sheet) == ["column-not-found"]
    assert sheet.has_sheet_errors


def test_what_was_named_by_hand_decides_between_conventions() -> None:
    header = ["Token", "Montant", "Sens", "Crédit", "Débit"]
    row: list[Cell] = ["a", "1", "ajout", "2", None]
    by_pair = checked(
        row, header=header, conventions=Conventions({ColumnRole.ADDED: "Crédit", ColumnRole.REMOVED: "Débit"})
    )
    by_word = checked(row, header=header, conventions=Conventions({ColumnRole.AMOUNT: "Montant"}))
    assert (codes(by_pair), moved(by_pair)) == ([], [(Direction.ADD, Decimal(2))])
    assert (codes(by_word), moved(by_word)) == ([], [(Direction.ADD, Decimal(1))])


def test_a_remembered_column_is_used_only_where_none_is_found() -> None:
    kept = Conventions(remembered={ColumnRole.AMOUNT: "Avance du mois"})
    row: list[Cell] = ["a", "5", "ajout"]
    used = checked(row, header=["Token", "Avance du mois", "Sens"], conventions=kept)
    assert codes(used) == ["columns-remembered"]
    assert not used.has_sheet_errors
    assert moved(used) == [(Direction.ADD, Decimal(5))]
    found = checked([*row, "9"], header=["Token", "Montant", "Sens", "Avance du mois"], conventions=kept)
    assert (codes(found), moved(found)) == ([], [(Direction.ADD, Decimal(5))])
    assert codes(checked(row, header=["Token", "Divers", "Sens"], conventions=kept)) == ["column-missing"]


def test_a_whole_remembered_pair_is_used() -> None:
    kept = Conventions(remembered={ColumnRole.ADDED: "Plus", ColumnRole.REMOVED: "Moins"})
    sheet = checked(["a", None, "5"], header=["Token", "Plus", "Moins"], conventions=kept)
    assert codes(sheet) == ["columns-remembered"] * 2
    assert list_movements(sheet.rows) == [Movement(2, "a", Direction.REMOVE, Decimal(5))]
