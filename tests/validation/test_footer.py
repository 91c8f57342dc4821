from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.findings import Finding
from batch.frames import CheckedSheet
from batch.model import Cell
from batch.validation.check_sheet import Conventions, Expected, check_sheet
from tests import builders
from tests.builders import grid

HEADER: Sequence[Cell] = ("Client", "Token", "Montant", "Sens")
FIRST: Sequence[Cell] = ("Lyon", "sub-lyon", "10,50", "ajout")
SECOND: Sequence[Cell] = ("Paris", "sub-paris", Decimal(5), "retrait")
SAID = frozenset({"text-below", "headings", "subtotals-agree"})
KNOWN = frozenset({"sub-lyon", "sub-paris", "sub-nice"})
checked = partial(builders.checked, header=HEADER, known=KNOWN)


def below(sheet: CheckedSheet) -> list[str]:
    return [finding.params["below"] for finding in sheet.findings if finding.code == "text-below"]


def broken(sheet: CheckedSheet) -> list[str]:
    return [finding.code for row in sheet.rows for finding in row.findings if finding.is_error]


@pytest.mark.parametrize("known", [None, KNOWN])
@pytest.mark.parametrize("column", [0, 1, 4])
@pytest.mark.parametrize(
    "text",
    [
        "Fait à Paris le 3 février", "Signature : ", "Signature :", "Date et signature",
        "Merci de traiter avant vendredi",
        "* soldes au 31/01", "Crédits de janvier 2026", "Fait à Lyon, le 1er mars 2026", "Validé le 03.02.2026 à 14h30",
        "Contact : compta@example.com", "Prepared by:", "Approved on 2026-02-03 by the manager", "Soldes au 31/01/26.",
    ],
)  # fmt: skip
def test_words_apart_below_a_table_are_a_note(text: str, column: int, known: frozenset[str] | None) -> None:
    note: list[Cell] = [None] * 5
    note[column] = text
    sheet = checked(FIRST, SECOND, [], note, known=known)
    assert [row.number for row in sheet.rows] == [2, 3]
    assert broken(sheet) == []
    assert below(sheet) == ["5"]


def test_the_finding_names_the_rows_and_quotes_the_first_words() -> None:
    sheet = checked(
        FIRST, [], (None, "Fait à Paris le 3 février"), [], ("Signature :", None, None, None), ("le maire",)
    )
    assert sheet.findings == (
        Finding("text-below", 4, None, {"below": "4, 6-7", "as": "table", "value": "Fait à Paris le 3 février"}),
    )
    assert "“Fait à Paris le 3 février”" in sheet.findings[0].message


def test_a_date_beside_the_words_is_a_part_of_the_note() -> None:
    sheet = checked(FIRST, [], ("Fait le", None, None, None, datetime(2026, 2, 3)))  # noqa: DTZ001
    assert below(sheet) == ["4"]


@pytest.mark.parametrize("header", [("Token", "Crédit", "Débit"), ("Token", "Montant")])
def test_words_are_a_note_in_every_way_of_writing_movements(header: Sequence[str]) -> None:
    rows = [("sub-lyon", "10"), ("sub-paris", "5"), (), ("Fait à Paris le 3 février",), ("Signature :",)]
    sheet = checked(*rows, header=header, conventions=Conventions(signed=len(header) == 2))
    assert (broken(sheet), below(sheet)) == ([], ["5-6"])


def test_words_in_the_token_column_below_a_total_are_a_note_as_well() -> None:
    sheet = checked(FIRST, (None, "Total général", "10,50", None), (None, "Fait à Paris le 3 février"))
    assert [finding.code for finding in sheet.findings] == ["total-agrees", "text-below"]
    assert broken(sheet) == []


def test_a_token_below_a_total_is_a_row() -> None:
    sheet = checked(FIRST, ("Total", None, "10,50", None), (None, "sub-nice", None, None))
    assert [row.number for row in sheet.rows] == [2, 4]
    assert "amount-missing" in broken(sheet)


@pytest.mark.parametrize("known", [None, KNOWN])
@pytest.mark.parametrize(
    "token",
    [
        "sub-nice", "Sub Lyon", "sub - lyon", "sub-9", "sub 9", "Signature", "a1b2 c3d4", "sub lyon",
        "Lyon 100 €", "sub-nice : 100", "sub-lyon, merci", "#N/A", "=B2", Decimal(12), True,
    ],
)  # fmt: skip
def test_what_may_be_a_token_whose_amount_was_forgotten_is_an_error(token: Cell, known: frozenset[str] | None) -> None:
    sheet = checked(FIRST, SECOND, [], (None, token, None, None), known=known)
    assert [row.number for row in sheet.rows] == [2, 3, 5]
    assert "amount-missing" in broken(sheet)
    assert below(sheet) == []


def test_a_token_of_the_account_that_is_written_otherwise_is_no_note() -> None:
    for token in ("sub nice", "Sub - Nice", "sub nicer"):
        assert "amount-missing" in broken(checked(FIRST, [], (None, token, None, None)))


def test_where_tokens_have_spaces_no_text_in_their_column_is_a_note() -> None:
    sheet = checked(("x", "service paie", "10", "ajout"), [], ("x", "service achats", None, None), known=None)
    assert [row.number for row in sheet.rows] == [2, 4]
    assert below(sheet) == []


@pytest.mark.parametrize(
    "row",
    [
        ("Fait à Paris", None, "10", None), ("Fait à Paris", None, None, "ajout"), ("Merci", None, "?", None),
        ("Fait à Paris", None, None, None, Decimal(10)), ("Fait à Paris", None, None, None, "10,50 €"),
        ("Fait à Paris", None, None, None, "1,234"), ("Fait à Paris", None, None, None, "0"),
        ("Fait à Paris", None, None, None, "#REF!"), ("Fait à Paris", None, None, None, "=D2"),
        ("Merci d'ajouter 100 € à Lyon",), ("ajouter aussi sub-nice",), ("sub-9;100;ajout",), ("Lot 1",),
        ("Reste 12.50 à verser",), ("mot " * 300,),
    ],
)  # fmt: skip
def test_what_may_hold_a_part_of_a_movement_is_a_row(row: Sequence[Cell]) -> None:
    sheet = checked(FIRST, SECOND, [], row)
    assert [found.number for found in sheet.rows] == [2, 3, 5]
    assert not sheet.rows[2].is_valid
    assert below(sheet) == []


def test_words_right_below_a_movement_belong_to_the_table() -> None:
    sheet = checked(FIRST, ("Ville de Nice", None, None, None), [], ("Ville de Lille", None, None, None))
    assert [row.number for row in sheet.rows] == [2, 3]
    assert broken(sheet)[0] == "token-missing"
    assert below(sheet) == ["5"]


def test_words_above_a_movement_are_a_row() -> None:
    sheet = checked(FIRST, [], ("Fait à Paris", None, None, None), SECOND)
    assert [row.number for row in sheet.rows] == [2, 4, 5]


def test_a_table_of_words_only_is_not_taken_for_empty() -> None:
    sheet = checked((), ("Fait à Paris", None, None, None))
    assert broken(sheet)
    assert below(sheet) == []


_BLANK = st.sampled_from([None, "", " ", "\u00a0"])
_TEXTS = st.sampled_from(
    ["Fait à Paris le 3 février", "Signature :", "* soldes au 31/01", "Lyon", "sub-nice", "Total", "le maire"]
) | st.text(max_size=12)
_TOKENS = st.sampled_from(sorted(KNOWN)) | st.text("abc 12-", min_size=1, max_size=8)
_AMOUNTS = st.decimals("0.001", "9999.999", places=3) | st.sampled_from(["10,50", "1 234,50 €", "7"])
_MOVEMENTS = st.tuples(_BLANK | _TEXTS, _TOKENS, _AMOUNTS, st.sampled_from(["ajout", "retrait", "+", "-"]))
_ANYTHING = st.tuples(*[_BLANK | _TEXTS | _TOKENS | _AMOUNTS | st.datetimes() | st.booleans()] * 5)
_NOTES = st.tuples(_BLANK | _TEXTS, _BLANK | _TEXTS, _BLANK, _BLANK, _BLANK | _TEXTS)


@given(st.lists(_MOVEMENTS | _ANYTHING | _NOTES, max_size=8), st.booleans())
def test_no_movement_and_nothing_like_one_is_ever_lost(rows: list[tuple[Cell, ...]], offline: bool) -> None:
    sheet = checked(*rows, known=None if offline else KNOWN)
    left = {row.number for row in sheet.rows}
    totals = {finding.row for finding in sheet.findings if finding.code.startswith("total-")}
    said = (finding.params["below"] for finding in sheet.findings if finding.code in SAID)
    named = {number for text in said for number in _numbers(text)}
    alone = [check_sheet(grid(row, header=HEADER), KNOWN, Expected()) for row in rows]
    for number, (row, by_itself) in enumerate(zip(rows, alone, strict=True), start=2):
        if any(found.is_valid for found in by_itself.rows):
            assert number in left
        if number not in left | totals | named:
            assert not by_itself.rows, "a row with something in it is left out, and nothing says so"
        if number in named:
            assert not any(isinstance(cell, str) and cell.strip() in KNOWN for cell in row[1:2])
            assert all(cell is None or not str(cell).strip() for cell in row[2:4])


def _numbers(ranges: str) -> set[int]:
    pairs = (piece.partition("-") for piece in ranges.split(", "))
    return {number for first, _, last in pairs for number in range(int(first), int(last or first) + 1)}
