from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from batch.frames import CheckedSheet
from batch.i18n import Language, use_language
from batch.model import Cell, CellFormatting
from batch.validation.check_sheet import Conventions, Expected, check_sheet
from tests.builders import grid

KNOWN = frozenset({"sub-1", "00123", "123"})


def checked(appearance: CellFormatting, *rows: Sequence[Cell], known: frozenset[str] | None = KNOWN) -> CheckedSheet:
    return check_sheet(replace(grid(*rows), appearance=appearance), known, Expected())


def said(sheet: CheckedSheet) -> list[tuple[str, str | None]]:
    return [(finding.code, finding.cell) for row in sheet.rows for finding in row.findings]


@pytest.mark.parametrize(
    ("stored", "shown", "code"),
    [
        ("12.345", "12.35", "amount-shown-rounded"), ("33.3333333333333", "33.33", "amount-shown-rounded"),
        ("1234.5", "1,235", "amount-shown-rounded"), ("1234567", "1,234.57", "amount-shown-rounded"),
        ("0.5", "50%", "amount-percentage"), ("12", "$12.00", "amount-other-unit"),
        ("12", "12 kg", "amount-other-unit"), ("12", "(12)", "amount-shown-rounded"),
        ("-5", "5", "amount-shown-rounded"),
        ("12", "", "cell-not-shown"), ("12", " ", "cell-not-shown"), ("12.345", "€ 12.35", "amount-shown-rounded"),
        ("1234", "1,234", None), ("12.5", "€ 12.50", None), ("12.5", "12.50", None),
        ("1234.5", "1,234.50 € HT", None), ("12.5", "Montant : 12.50 €", None), ("5", "5.00 Eur. TTC", None),
        ("12.345", "12.35 € H.T.", "amount-shown-rounded"), ("12.345", "net (TTC) : 12.35EUR", "amount-shown-rounded"),
        ("12.5", "12.50 k€", "amount-other-unit"), ("12.5", "12.50 Md€", "amount-other-unit"),
        ("12.5", "12.50 € D", "amount-other-unit"), ("12.5", "1250 c€", "amount-other-unit"),
        ("12.5", "12.50 € (USD)", "amount-other-unit"), ("12.5", "12 1/2 €", "amount-other-unit"),
    ],
)  # fmt: skip
def test_an_amount_that_is_shown_as_something_else(stored: str, shown: str, code: str | None) -> None:
    sheet = checked(CellFormatting(shown={(2, 1): shown}), ["sub-1", Decimal(stored), "add"])
    assert said(sheet) == ([(code, "B2")] if code else [])
    assert sheet.rows[0].is_valid is (code is None)


def test_both_numbers_are_said_of_a_rounded_amount() -> None:
    sheet = checked(CellFormatting(shown={(2, 1): "12.35"}), ["sub-1", Decimal("12.345"), "add"])
    assert "12.345" in sheet.rows[0].findings[0].message
    assert "“12.35”" in sheet.rows[0].findings[0].message


@pytest.mark.parametrize(
    ("stored", "shown", "english", "french"),
    [
        ("1234.567", "1,234.57 € HT", "1,234.57", "1\u202f234,57"),
        ("1234.5", "1,234.50 k€", "1,234.50 k€", "1\u202f234,50 k€"),
        ("0.1234", "12.3%", "12.3%", "12,3%"),
        # As a French program writes already.
        ("5000000", "5,00 M€", "5,00 M€", "5,00 M€"),
    ],
)
def test_what_is_shown_is_quoted_the_readers_way(stored: str, shown: str, english: str, french: str) -> None:
    finding = checked(CellFormatting(shown={(2, 1): shown}), ["sub-1", Decimal(stored), "add"]).rows[0].findings[0]
    assert f"“{english}”" in finding.message
    with use_language(Language.FRENCH):
        assert re.sub(r"(?<=«)\s|\s(?=»)", "", finding.message).count(f"«{french}»") == 1


def test_a_token_with_zeros_in_front_is_the_one_that_is_shown() -> None:
    sheet = checked(CellFormatting(shown={(2, 0): "00123"}), [Decimal(123), "5", "add"])
    assert said(sheet) == [("token-as-shown", "A2")]
    assert sheet.rows[0].is_valid
    assert sheet.rows[0].token == "00123"
    assert sheet.rows[0].cells[0] == Decimal(123)


@pytest.mark.parametrize("shown", ["SUB-123", "1.23E+02", "0,123", ""])
def test_a_token_in_disguise_is_an_error(shown: str) -> None:
    sheet = checked(CellFormatting(shown={(2, 0): shown}), [Decimal(123), "5", "add"])
    assert said(sheet) == [("token-shown-otherwise" if shown else "cell-not-shown", "A2")]
    assert not sheet.rows[0].is_valid


@pytest.mark.parametrize(("column", "cell"), [(0, "A2"), (1, "B2"), (2, "C2"), (3, None)])
def test_a_struck_through_cell_of_a_role_is_an_error(column: int, cell: str | None) -> None:
    sheet = checked(
        CellFormatting(struck=frozenset({(2, column)})), ["sub-1", "5", "add", "note"], ["sub-1", "6", "add"]
    )
    assert said(sheet) == ([("cell-struck", cell)] if cell else [])
    assert sheet.rows[1].is_valid


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("12345678901234568", "12345678901234568"), ("1234567890123450", "0001234567890123450"),
        ("1.23456789012346E+17", "1.23456789012346E+017"),
    ],
)  # fmt: skip
def test_digits_that_were_lost_are_said_however_the_token_is_shown(stored: str, shown: str) -> None:
    sheet = checked(CellFormatting(shown={(2, 0): shown}), [Decimal(stored), Decimal(5), "add"], known=None)
    assert said(sheet) == [("token-digits-lost", "A2")]
    assert sheet.rows[0].token is None


def test_hidden_rows_without_movements_are_nothing() -> None:
    sheet = checked(CellFormatting(hidden_rows=frozenset({1, 3, 9})), ["sub-1", "5", "add"], [], ["sub-1", "6", "add"])
    assert sheet.findings == ()


def test_hidden_rows_are_named() -> None:
    hidden = CellFormatting(hidden_rows=frozenset({3, 4, 6}), hidden_columns=frozenset({1, 3}))
    rows: list[Sequence[Cell]] = [["sub-1", str(number), "add", "note"] for number in range(1, 6)]
    sheet = checked(hidden, *rows)
    assert [finding.code for finding in sheet.findings] == ["rows-hidden", "column-hidden"]
    assert sheet.findings[0].params["rows"] == "3-4, 6"
    assert sheet.findings[1].params["letters"] == "B"
    assert sheet.has_sheet_errors
    meant = check_sheet(replace(grid(*rows), appearance=hidden), KNOWN, Expected(), Conventions(include_hidden=True))
    assert [finding.code for finding in meant.findings] == ["rows-hidden-included", "column-hidden-included"]
    assert not meant.has_sheet_errors


@pytest.mark.parametrize(
    ("merged", "cells"),
    [
        ([(2, 1, 3, 1)], ["B3"]), ([(2, 0, 4, 2)], ["B2", "C2", "A3", "B3", "C3", "A4", "B4", "C4"]),
        ([(2, 0, 3, 0), (2, 2, 3, 2)], ["A3", "C3"]), ([(3, 1, 4, 1), (2, 1, 3, 1)], ["B3", "B4"]),
        ([(4, 1, 1_048_576, 16_383)] * 1_000, ["C4"]), ([(2, 3, 4, 5), (1, 0, 1, 2), (5, 0, 9, 2)], []),
    ],
)  # fmt: skip
def test_what_lies_beneath_merged_cells_is_unseen(merged: list[tuple[int, int, int, int]], cells: list[str]) -> None:
    rows: list[list[Cell]] = [[f"sub-{number}", Decimal(number), "add"] for number in (1, 2, 3)]
    sheet = checked(CellFormatting(merged=tuple(merged)), *rows, known=None)
    assert said(sheet) == [("cell-covered", cell) for cell in cells]


def test_a_covered_cell_names_both_cells() -> None:
    sheet = checked(CellFormatting(merged=((2, 1, 3, 1),)), ["sub-1", Decimal(5), "add"], ["00123", Decimal(99), "add"])
    (finding,) = sheet.rows[1].findings
    assert finding.cell == "B3"
    assert "99, but the merged cell B2:B3" in finding.message


def test_beneath_merged_cells_a_blank_or_what_was_written_anew_is_no_matter() -> None:
    merged = CellFormatting(merged=((2, 0, 3, 0), (2, 1, 3, 1)), rewritten=frozenset({(3, 1)}))
    sheet = checked(merged, ["sub-1", Decimal(5), "add"], [None, Decimal(99), "add"])
    assert said(sheet) == [("token-missing", "A3")]
