from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

import pytest
from openpyxl import Workbook
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.numbers import NumberFormat

from batch.model import CellFormatting

from . import hostile
from .hostile import HEADER, unzipped, zipped
from .reading import grid_of
from .rewriting import SHEET

STRIKE = Font(strike=True)
HIDDEN = NumberFormat(numFmtId=170, formatCode=";;;")
ROWS: list[Any] = [
    (*HEADER, "status", "paid", "limit", "day"),
    ("sub-1", 12.5, "add", "OK", False, 20, datetime(2026, 1, 1)),  # noqa: DTZ001
    ("sub-2", 99, "add", "Annulé", True, 20, datetime(2026, 2, 1)),  # noqa: DTZ001
    ("sub-3", 40, "remove", None, False, 20, datetime(2026, 3, 1)),  # noqa: DTZ001
    ("sub-4", 7, "remove", "annulé le 3 mai", None, 20, "=NOW()"),
]


def seen(done: Rule, area: str = "B2:B5") -> CellFormatting:
    book = workbook()
    book.worksheets[0].conditional_formatting.add(area, done)
    return grid_of(hostile.saved(book)).appearance


def workbook() -> Workbook:
    book = Workbook()
    for row in ROWS:
        book.worksheets[0].append(row)
    return book


def seen_extended(rules: str, area: str = "B2:B5", change: Callable[[str], str] = str) -> CellFormatting:
    """With rules that Excel writes as extensions since 2010."""
    extension = (
        '<extLst><ext uri="{78C0D931-6437-407d-A8EE-F0AAD7539E65}" xmlns:x14="http://schemas.microsoft.com/office/'
        'spreadsheetml/2009/9/main"><x14:conditionalFormattings><x14:conditionalFormatting xmlns:xm="http://schemas.'
        f'microsoft.com/office/excel/2006/main">{rules}<xm:sqref>{area}</xm:sqref></x14:conditionalFormatting>'
        "</x14:conditionalFormattings></ext></extLst></worksheet>"
    )
    parts = unzipped(hostile.saved(workbook()))
    parts[SHEET] = parts[SHEET].decode().replace("</worksheet>", change(extension)).encode()
    return grid_of(zipped(parts)).appearance


def extended(kind: str, *formulas: str, style: str = "<font><strike/></font>") -> str:
    written = "".join(f"<xm:f>{escape(formula)}</xm:f>" for formula in formulas)
    return f'<x14:cfRule {kind} priority="1" id="{{1}}">{written}<x14:dxf>{style}</x14:dxf></x14:cfRule>'


def rule(kind: Any, *formulas: str, style: DifferentialStyle | None = None, **more: Any) -> Rule:
    return Rule(type=kind, formula=list(formulas), dxf=style or DifferentialStyle(font=STRIKE), **more)


def by_words(kind: str, text: str) -> Rule:
    return rule(kind, "1", text=text)


EXPRESSIONS = [
    ('$D2="Annulé"', {3}), ('$D2="ANNULÉ"', {3}), ('$D2<>"OK"', {3, 4, 5}), ('"Annulé"=$D2', {3}), ('$D2=""', {4}),
    ("$E2=TRUE", {3}), ("$B2>$F2", {3, 4}), ("B2>20", {3, 4}), ("$B2>=$B$4", {3, 4}), ("B1=12.5", {3}),
    ('AND($D2<>"",$B2>10)', {2, 3}), ('OR($D2="a,b", $B2=7)', {5}), ("$D2>5", {2, 3, 5}), ("FALSE=TRUE", set()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("done", "rows"),
    [
        *((rule("expression", formula), rows) for formula, rows in EXPRESSIONS),
        (rule("cellIs", "20", operator="greaterThan"), {3, 4}),
        (rule("cellIs", "$F$2", operator="lessThanOrEqual"), {2, 5}),
        (rule("cellIs", "10", "50", operator="between"), {2, 4}),
        (rule("cellIs", "B2", operator="equal"), {2, 3, 4, 5}),
    ],
)
def test_a_comparison_is_evaluated(done: Rule, rows: set[int]) -> None:
    appearance = seen(done)
    assert appearance.struck == {(row, 1) for row in rows}
    assert appearance.untold == ()


def test_a_rule_for_whole_columns_moves_with_the_row() -> None:
    appearance = seen(rule("expression", '$D1="Annulé"'), "A1:C1048576 E1:E1048576")
    assert appearance.struck == {(3, 0), (3, 1), (3, 2), (3, 4)}


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
        rule("expression", "COUNTIF($A$2:$A$5,$A2)>1"), rule("expression", "Other!$A$1=1"),
        rule("expression", "$G2>50"), rule("duplicateValues"), by_words("containsText", "9"),
        by_words("containsText", "a*"), rule("cellIs", "1", "2", operator="notBetween"),
    ],
)  # fmt: skip
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
    assert seen(rule("duplicateValues", style=style)) == CellFormatting()


@pytest.mark.parametrize(
    ("written", "rows"),
    [
        (extended('type="expression"', '$D2="Annulé"'), {3}),
        (extended('type="expression"', 'AND($D2<>"",$B2>10)'), {2, 3}),
        (extended('type="cellIs" operator="between"', "10", "50"), {2, 4}),
        (extended('type="cellIs" operator="equal"', "$B$4"), {4}),
        (extended('type="cellIs" operator="equal"', "7") + extended('type="expression"', "B2=99"), {3, 5}),
    ],
)
def test_a_rule_in_an_extension_is_evaluated_as_any_other(written: str, rows: set[int]) -> None:
    appearance = seen_extended(written)
    assert appearance.struck == {(row, 1) for row in rows}
    assert appearance.untold == ()


@pytest.mark.parametrize(
    "style",
    [
        '<numFmt numFmtId="170" formatCode=";;;"/>',
        '<font><color theme="0"/></font>',
        '<font><color rgb="FFFF0000"/></font><fill><patternFill><bgColor rgb="FFFF0000"/></patternFill></fill>',
    ],
)
def test_a_rule_in_an_extension_hides(style: str) -> None:
    appearance = seen_extended(extended('type="cellIs" operator="equal"', "99", style=style))
    assert (appearance.shown, appearance.struck) == ({(3, 1): ""}, frozenset())


@pytest.mark.parametrize(
    "written",
    [
        extended('type="expression"', "Other!$A$1=1"),
        extended('type="expression"', "COUNTIF(Other!$A:$A,$A2)>0"),
        extended('type="cellIs" operator="equal"', "Other!$A$1"),
        extended('type="containsText" operator="containsText"', "NOT(ISERROR(SEARCH(Other!$A$1,B2)))", "Other!$A$1"),
    ],
)
def test_of_a_rule_that_looks_into_another_sheet_it_is_told_where_it_may_strike(written: str) -> None:
    assert seen_extended(written, "B2:B3 D4").untold == ((2, 1, 3, 1), (4, 3, 4, 3))


@pytest.mark.parametrize(
    "written",
    [
        extended('type="expression"', "Other!$A$1=1", style="<font><b/></font>"),
        '<x14:cfRule type="dataBar" id="{1}"><x14:dataBar><x14:cfvo type="autoMin"/></x14:dataBar></x14:cfRule>',
    ],
)
def test_colours_and_bars_of_an_extension_are_no_matter(written: str) -> None:
    assert seen_extended(written) == CellFormatting()


@pytest.mark.parametrize(
    "change",
    [
        lambda xml: xml.replace("><", ">\n  <"),
        lambda xml: xml.replace("x14:", "a:").replace(":x14", ":a").replace("xm:", "b:").replace(":xm=", ":b="),
        lambda xml: xml.replace("B2:B5", "<![CDATA[B2:B5]]>").replace("99", "<!-- -->9&#57;"),
        lambda xml: xml.replace("<x14:cond", "<unknown><v>1</v></unknown><x14:cond", 1),
    ],
)
def test_an_extension_in_other_xml_is_the_same(change: Callable[[str], str]) -> None:
    appearance = seen_extended(extended('type="cellIs" operator="equal"', "99"), change=change)
    assert appearance == CellFormatting(struck=frozenset({(3, 1)}))


def test_an_extension_of_a_plain_rule_is_no_rule() -> None:
    book = workbook()
    book.worksheets[0].conditional_formatting.add("B2:B5", rule("cellIs", "99", operator="equal"))
    parts = unzipped(hostile.saved(book))
    more = '<extLst><ext xmlns:x="y"><x:id>{1}</x:id><formula>7</formula></ext></extLst></cfRule>'
    parts[SHEET] = parts[SHEET].decode().replace("</cfRule>", more).encode()
    assert grid_of(zipped(parts)).appearance == CellFormatting(struck=frozenset({(3, 1)}))
