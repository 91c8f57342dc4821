from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.frames import CheckedSheet
from batch.model import Cell, ControlTotal
from batch.validation.check_sheet import Conventions
from tests import builders
from tests.builders import invalid_rows

HEADER: Sequence[Cell] = ("Client", "Token", "Montant", "Sens")
PAIR: Sequence[Cell] = ("Client", "Token", "Crédit", "Débit")
FIRST: Sequence[Cell] = ("Lyon", "sub-1", "10,50", "ajout")
SECOND: Sequence[Cell] = ("Paris", "sub-2", Decimal(5), "retrait")
checked = partial(builders.checked, header=HEADER, known=None)
SIGNED = Conventions(signed=True)


def said(sheet: CheckedSheet) -> list[tuple[str, str | None]]:
    return [(finding.code, finding.cell) for finding in sheet.findings]


@pytest.mark.parametrize(
    "total",
    [
        ("TOTAL", None, "15,50", None), (None, "Total :", Decimal("15.5"), None), ("Somme", None, "15,50 €", ""),
        (None, None, Decimal("15.5"), None), (None, "Total général", "5,50", None), (None, "Net", Decimal("5.5"), None),
        (None, "Total des ajouts", "10,50", None), ("Total débits", None, "5", None), (None, None, "5,50", " "),
        ("Total mai", None, Decimal("15.500000000000002"), None),
    ],
)  # fmt: skip
def test_a_right_total_is_a_note_and_no_row(total: Sequence[Cell]) -> None:
    sheet = checked(FIRST, SECOND, [], total)
    assert said(sheet) == [("total-agrees", "C5")]
    assert [row.number for row in sheet.rows] == [2, 3]
    assert invalid_rows(sheet) == 0
    assert not sheet.has_sheet_errors
    said_of_total = ControlTotal.find_total(sheet.findings)
    assert said_of_total
    assert said_of_total.agrees
    assert (said_of_total.row, said_of_total.cell) == (5, "C5")


def test_a_wrong_total_is_an_error_with_both_figures() -> None:
    sheet = checked(FIRST, SECOND, ("Total", None, "15,40", None))
    assert said(sheet) == [("total-wrong", "C4")]
    assert ControlTotal.find_total(sheet.findings) == ControlTotal(4, "C4", Decimal("15.5"), Decimal("15.4"))
    assert sheet.has_sheet_errors
    assert "€15.40" in sheet.findings[0].message
    assert "€15.50" in sheet.findings[0].message


def test_a_last_row_that_is_no_sum_and_has_no_label_is_a_row_with_errors() -> None:
    sheet = checked(FIRST, SECOND, (None, None, "15,40", None))
    assert said(sheet) == []
    assert [finding.code for finding in sheet.rows[2].findings] == ["token-missing", "direction-missing"]
    assert ControlTotal.find_total(sheet.findings) is None


def test_a_row_that_only_lacks_its_token_is_never_a_total() -> None:
    sheet = checked(FIRST, (None, None, "10,50", "ajout"))
    assert ControlTotal.find_total(sheet.findings) is None
    assert invalid_rows(sheet) == 1


def test_a_sub_account_that_is_called_total_is_a_movement() -> None:
    sheet = checked(FIRST, (None, "total", "10,50", "ajout"), known=frozenset({"sub-1", "total"}))
    assert said(sheet) == []
    assert invalid_rows(sheet) == 0


def test_an_unknown_word_beside_a_token_is_a_note_of_the_accountant() -> None:
    sheet = checked(("total remboursé", "sub-1", "10", "ajout"), ("Total Énergies", "sub-2", "5", "ajout"))
    assert said(sheet) == []
    assert invalid_rows(sheet) == 0


def test_several_totals_are_each_compared() -> None:
    rows: list[Sequence[Cell]] = [
        FIRST, SECOND, ("Total ajouts", None, "10,50", None), ("Total retraits", None, "6", None),
        ("Net", None, "5,50", None),
    ]  # fmt: skip
    sheet = checked(*rows)
    assert said(sheet) == [("total-agrees", "C4"), ("total-wrong", "C5"), ("total-agrees", "C6")]
    assert ControlTotal.find_total(sheet.findings) == ControlTotal(5, "C5", Decimal(5), Decimal(6))


def test_each_column_of_a_pair_has_its_total() -> None:
    rows: list[Sequence[Cell]] = [("x", "a", "10", None), ("x", "b", None, "4"), ("x", "c", "1", None)]
    right = checked(*rows, ("TOTAL", None, "11", "4"), header=PAIR)
    assert said(right) == [("total-agrees", "C5"), ("total-agrees", "D5")]
    assert said(checked(*rows, (None, None, "11", "4"), header=PAIR)) == said(right)
    assert said(checked(*rows, ("TOTAL", None, "11", "5"), header=PAIR))[1] == ("total-wrong", "D5")
    assert said(checked(*rows, ("TOTAL", None, "15", "4"), header=PAIR))[0] == ("total-wrong", "C5")
    assert said(checked(*rows, ("Net", None, "7", None), header=PAIR)) == [("total-agrees", "C5")]
    assert said(checked(*rows, (None, "TOTAL", "11", None), header=PAIR)) == [("total-agrees", "C5")]


@pytest.mark.parametrize("balance", [(None, "6"), ("0,00", "6,00"), ("-6", None), (None, Decimal(6))])
def test_a_balance_below_the_totals_stands_on_the_side_that_outweighs(balance: Sequence[Cell]) -> None:
    rows: list[Sequence[Cell]] = [("x", "a", "4", None), ("x", "b", None, "10"), ("Totaux", None, "4", "10")]
    sheet = checked(*rows, ("Solde", None, *balance), header=PAIR)
    assert [code for code, _ in said(sheet)] == ["total-agrees"] * 3
    assert said(checked(*rows, ("Solde", None, "6", None), header=PAIR))[2] == ("total-wrong", "C5")


def test_a_total_of_signed_amounts_is_their_sum() -> None:
    header = ["Token", "Montant"]
    sheet = checked(["a", "10"], ["b", "-15"], ["Total", "-5"], header=header, conventions=SIGNED)
    assert said(sheet) == [("total-agrees", "B4")]
    assert ControlTotal.find_total(sheet.findings) == ControlTotal(4, "B4", Decimal(-5), Decimal(-5))


def test_subtotals_are_compared_with_their_groups_and_are_no_rows() -> None:
    rows = [FIRST, ("Sous-total", None, "10,50", None), SECOND, ("Sous-total", None, "5", None)]
    sheet = checked(*rows, ("Total", None, "15,50", None))
    assert said(sheet) == [("total-agrees", "C6"), ("subtotals-agree", None)]
    assert sheet.findings[1].params["below"] == "3, 5"
    assert [row.number for row in sheet.rows] == [2, 4]


def test_a_subtotal_that_is_wrong_is_an_error_with_both_figures() -> None:
    sheet = checked(FIRST, ("Sous-total", None, "11", None), SECOND, ("Total", None, "15,50", None))
    assert said(sheet) == [("subtotal", "C3"), ("total-agrees", "C5")]
    assert (sheet.findings[0].params["stated"], sheet.findings[0].params["found"]) == ("11.0", "10.500")


def test_a_total_that_misses_the_rows_below_it_is_wrong() -> None:
    assert said(checked(FIRST, ("Total", None, "10,50", None), SECOND)) == [("total-wrong", "C3")]


@pytest.mark.parametrize("words", ["À reporter", "A reporter", "Report", "Carried forward"])
def test_what_is_carried_forward_is_what_the_rows_above_add_up_to(words: str) -> None:
    carried = (words, None, "10,50", None)
    assert [code for code, _ in said(checked(FIRST, carried, carried, SECOND))] == ["subtotals-agree"]
    assert [code for code, _ in said(checked(carried, FIRST, SECOND))] == ["subtotal"]


@pytest.mark.parametrize(
    "count", [("Nombre de lignes", None, Decimal(2), None), ("Nombre de lignes : 2", None, None, None)]
)
def test_a_count_is_compared_with_the_rows(count: Sequence[Cell]) -> None:
    assert [code for code, _ in said(checked(FIRST, SECOND, count))] == ["count-agrees"]
    assert [code for code, _ in said(checked(FIRST, count))] == ["count-wrong"]


def test_the_totals_row_of_an_excel_table_may_count_its_tokens() -> None:
    totals = (None, Decimal(2), Decimal("15.5"), None)
    assert said(checked(FIRST, SECOND, totals)) == [("total-agrees", "C4")]
    known = frozenset({"sub-1", "sub-2", "2"})
    assert len(checked(FIRST, SECOND, totals, known=known).rows) == 3
    assert len(checked(FIRST, SECOND, (None, Decimal(2), Decimal(15), None)).rows) == 3


def test_headings_over_groups_are_no_rows_and_are_named() -> None:
    rows = [("Agence de Lyon",), ("sub-1", "10,50", "ajout"), ("Sous-total Lyon", "10,50"), ("Paris",)]
    sheet = checked(*rows, ("sub-2", "5", "retrait"), ("Sous-total Paris", "5"), header=("Token", "Montant", "Sens"))
    assert [row.number for row in sheet.rows] == [3, 6]
    assert [(finding.code, finding.params.get("below")) for finding in sheet.findings] == [
        ("subtotals-agree", "4, 7"),
        ("headings", "2, 5"),
    ]


def test_a_single_word_that_no_subtotal_names_may_be_a_token_whose_amount_was_forgotten() -> None:
    sheet = checked(("Paris",), ("sub-1", "10,50", "ajout"), header=("Token", "Montant", "Sens"))
    assert len(sheet.rows) == 2
    assert invalid_rows(sheet) == 1


def test_the_header_once_more_is_no_row() -> None:
    sheet = checked(FIRST, HEADER, SECOND)
    assert said(sheet) == [("headings", None)]
    assert [row.number for row in sheet.rows] == [2, 4]


@pytest.mark.parametrize("cell", ["=SUM(C2:C3)", "#REF!", "quinze"])
def test_a_total_that_cannot_be_read_is_an_error(cell: str) -> None:
    sheet = checked(FIRST, SECOND, ("Total", None, cell, None))
    assert said(sheet) == [("total-unreadable", "C4")]
    assert [row.number for row in sheet.rows] == [2, 3]


def test_a_total_without_an_amount_is_no_movement_either() -> None:
    sheet = checked(FIRST, ("Total", None, None, None))
    assert ControlTotal.find_total(sheet.findings) is None
    assert [row.number for row in sheet.rows] == [2]
    assert said(sheet) == [("headings", None)]


@pytest.mark.parametrize(
    "names", [("Total Lyon", "Total Paris", "Total général"), ("Lyon Total", "Paris Total", "Grand Total")]
)
@pytest.mark.parametrize("at", [0, 1])
def test_the_subtotals_that_excel_writes_itself(names: Sequence[str], at: int) -> None:
    def line(name: str, amount: str) -> list[Cell]:
        return [*(name if column == at else None for column in (0, 1)), amount, None]

    groups = [FIRST, line(names[0], "10,50"), SECOND, line(names[1], "5"), line(names[2], "15,50")]
    sheet = checked(*groups, known=frozenset({"sub-1", "sub-2"}))
    assert said(sheet) == [("total-agrees", "C6"), ("subtotals-agree", None)]
    assert [row.number for row in sheet.rows] == [2, 4]


def test_a_client_whose_name_begins_like_a_total_is_a_movement() -> None:
    signed = checked(["a", "10"], ["Total Énergies", "10"], header=["Token", "Montant"], conventions=SIGNED)
    assert len(signed.rows) == 2
    assert len(checked(FIRST, ("x", "Total Énergies", "10,50", "ajout")).rows) == 2
    known = frozenset({"sub-1", "Total Énergies"})
    assert len(checked(FIRST, ("x", "Total Énergies", "10,50", None), known=known).rows) == 2
    # Without a token, and of another amount than the rows above it, it is a row whose token was forgotten.
    assert invalid_rows(checked(FIRST, ("Total Énergies", None, "7", None))) == 1


@given(
    st.lists(st.tuples(st.booleans(), st.decimals("0.001", "9999.999", places=3)), min_size=1, max_size=8), st.data()
)
def test_no_row_is_ever_dropped_unsaid(movements: list[tuple[bool, Decimal]], data: st.DataObject) -> None:
    rows: list[Sequence[Cell]] = [
        ("x", f"t{number}", amount, "ajout" if adds else "retrait") for number, (adds, amount) in enumerate(movements)
    ]
    every = sum((amount for _, amount in movements), Decimal(0))
    stated = data.draw(st.just(every) | st.decimals("0.001", "99999.999", places=3))
    label = data.draw(st.sampled_from(["Total", None, "Somme :", "Total des crédits"]))
    sheet = checked(*rows, (label, None, stated, None))
    assert [row.number for row in sheet.rows if row.is_valid] == list(range(2, len(rows) + 2))
    total = ControlTotal.find_total(sheet.findings)
    if total is None:
        assert sheet.rows[-1].number == len(rows) + 2
        assert not sheet.rows[-1].is_valid
    else:
        assert len(sheet.rows) == len(rows)
        assert total.agrees is (not sheet.has_sheet_errors)
        assert not label or total.stated == stated
    if stated == every:
        assert total
        assert total.agrees
