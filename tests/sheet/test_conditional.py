"""Conditional formats that strike through or hide: what they do is seen, or it is said that it cannot be told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.numbers import NumberFormat

from batch.model import Appearance

from . import hostile
from .hostile import HEADER
from .reading import grid_of

STRIKE = Font(strike=True)
HIDDEN = NumberFormat(numFmtId=170, formatCode=";;;")
ROWS: list[Any] = [
    (*HEADER, "status", "paid", "limit", "day"),
    ("sub-1", 12.5, "add", "OK", False, 20, datetime(2026, 1, 1)),  # noqa: DTZ001
    ("sub-2", 99, "add", "Annulé", True, 20, datetime(2026, 2, 1)),  # noqa: DTZ001
    ("sub-3", 40, "remove", None, False, 20, datetime(2026, 3, 1)),  # noqa: DTZ001
    ("sub-4", 7, "remove", "annulé le 3 mai", None, 20, "=NOW()"),
]


def seen(done: Rule, area: str = "B2:B5") -> Appearance:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in ROWS:
        sheet.append(row)
    sheet.conditional_formatting.add(area, done)
    return grid_of(hostile.saved(book)).appearance


def rule(kind: Any, *formulas: str, style: DifferentialStyle | None = None, **more: Any) -> Rule:
    return Rule(type=kind, formula=list(formulas), dxf=style or DifferentialStyle(font=STRIKE), **more)


def by_words(kind: str, text: str) -> Rule:
    return rule(kind, "1", text=text)


@pytest.mark.parametrize(
    ("formula", "rows"),
    [
        ('$D2="Annulé"', {3}),
        ('$D2="ANNULÉ"', {3}),
        ('$D2<>"OK"', {3, 4, 5}),
        ('"Annulé"=$D2', {3}),
        ('$D2=""', {4}),
        ("$E2=TRUE", {3}),
        ("$B2>$F2", {3, 4}),
        ("B2>20", {3, 4}),
        ("$B2>=$B$4", {3, 4}),
        ("B1=12.5", {3}),
        ('AND($D2<>"",$B2>10)', {2, 3}),
        ('OR($D2="a,b", $B2=7)', {5}),
        ("$D2>5", {2, 3, 5}),
        ("FALSE=TRUE", set()),
    ],
)
def test_a_comparison_is_evaluated(formula: str, rows: set[int]) -> None:
    appearance = seen(rule("expression", formula))
    assert appearance.struck == {(row, 1) for row in rows}
    assert appearance.untold == ()


def test_a_rule_for_whole_columns_moves_with_the_row() -> None:
    appearance = seen(rule("expression", '$D1="Annulé"'), "A1:C1048576 E1:E1048576")
    assert appearance.struck == {(3, 0), (3, 1), (3, 2), (3, 4)}


@pytest.mark.parametrize(
    ("operator", "formulas", "rows"),
    [
        ("greaterThan", ["20"], {3, 4}),
        ("lessThanOrEqual", ["$F$2"], {2, 5}),
        ("between", ["10", "50"], {2, 4}),
        ("equal", ["B2"], {2, 3, 4, 5}),
    ],
)
def test_a_comparison_with_the_cell_is_evaluated(operator: str, formulas: list[str], rows: set[int]) -> None:
    appearance = seen(rule("cellIs", *formulas, operator=operator))
    assert appearance.struck == {(row, 1) for row in rows}
    assert appearance.untold == ()


@pytest.mark.parametrize(
    ("kind", "word", "rows"),
    [
        ("containsText", "NUL", {3, 5}),
        ("notContainsText", "annulé", {2}),
        ("beginsWith", "annulé l", {5}),
        ("endsWith", "mai", {5}),
    ],
)
def test_words_in_the_cell_are_looked_for(kind: str, word: str, rows: set[int]) -> None:
    assert seen(by_words(kind, word), "D2:D5").struck == {(row, 3) for row in rows}


@pytest.mark.parametrize(
    "style",
    [
        DifferentialStyle(numFmt=HIDDEN),
        DifferentialStyle(font=Font(color="FFFFFFFF")),
        DifferentialStyle(font=Font(color="00FF0000"), fill=PatternFill(bgColor="FFFF0000")),
    ],
)
def test_a_format_that_hides_is_evaluated(style: DifferentialStyle) -> None:
    appearance = seen(rule("cellIs", "99", operator="equal", style=style))
    assert (appearance.shown, appearance.struck) == ({(3, 1): ""}, frozenset())


@pytest.mark.parametrize(
    "other",
    [
        rule("expression", "COUNTIF($A$2:$A$5,$A2)>1"),
        rule("expression", "Other!$A$1=1"),
        rule("expression", "$G2>50"),
        rule("duplicateValues"),
        by_words("containsText", "9"),
        by_words("containsText", "a*"),
        rule("cellIs", "1", "2", operator="notBetween"),
    ],
)
def test_of_any_other_rule_it_is_told_where_it_may_strike(other: Rule) -> None:
    assert seen(other).untold == ((2, 1, 5, 1),)


@pytest.mark.parametrize(
    "style",
    [
        DifferentialStyle(font=Font(bold=True)),
        DifferentialStyle(font=Font(color="FF9C0006"), fill=PatternFill(bgColor="FFFFC7CE")),
        DifferentialStyle(font=Font(color="FFFFFFFF"), fill=PatternFill(bgColor="FF000000")),
    ],
)
def test_colours_that_can_be_read_are_no_matter(style: DifferentialStyle) -> None:
    assert seen(rule("duplicateValues", style=style)) == Appearance()
