from __future__ import annotations

import time
from datetime import datetime
from decimal import Decimal

import pytest

from batch.errors import SheetError
from batch.frames import Grid
from batch.model import CellFormatting
from batch.sheet.source_file import Limits

from . import hostile
from .reading import grid_of, without_blanks


def cell(kind: str, text: str | None, **attributes: str) -> str:
    written = "".join(f' {name.replace("__", ":").replace("_", "-")}="{value}"' for name, value in attributes.items())
    value_type = f' office:value-type="{kind}"' if kind else ""
    paragraph = "" if text is None else f"<text:p>{text}</text:p>"
    return f"<table:table-cell{value_type}{written}>{paragraph}</table:table-cell>"


def row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


HEADER = row(*(cell("string", title) for title in hostile.HEADER))


def read(*rows: str, styles: str = "", columns: str = "") -> Grid:
    return grid_of(hostile.ods([columns, HEADER, *rows], styles=styles), "x.ods")


def values(*cells: str) -> list[object]:
    return list(without_blanks(read(row(*cells)).rows[1]))


def test_tabs_and_line_breaks_stay_between_digits() -> None:
    assert values(
        cell("string", "12<text:tab/>50"),
        cell("string", "12<text:line-break/>50"),
        cell("string", "12</text:p><text:p>50"),
        cell("string", "12<text:s/>50"),
        cell("string", "a<text:s text:c='3'/>b"),
        cell("string", "  a\n  b"),
        cell("string", "<text:span>a</text:span><text:a>b</text:a>"),
    ) == ["12\t50", "12\n50", "12\n50", "12 50", "a   b", "a b", "ab"]


def test_every_value_is_what_it_is() -> None:
    assert values(
        cell("float", "12,5", office__value="12.5"),
        cell("currency", "12,50 €", office__value="12.50"),
        cell("float", "1E+20", office__value="1E+20"),
        cell("date", "01/03/2026", office__date_value="2026-03-01"),
        cell("date", "01/03/2026 12:30", office__date_value="2026-03-01T12:30:00"),
        cell("time", "26:30:00", office__time_value="PT26H30M00S"),
        cell("boolean", "VRAI", office__boolean_value="true"),
        cell("float", "FAUX", office__value="0"),
        cell("string", None, office__string_value="sub-1"),
        cell("string", "00123"),
    ) == [
        Decimal("12.5"), Decimal("12.5"), Decimal("1E+20"),
        datetime(2026, 3, 1),  # noqa: DTZ001 (a cell has no zone)
        datetime(2026, 3, 1, 12, 30),  # noqa: DTZ001
        "26:30:00", True, False, "sub-1", "00123",
    ]  # fmt: skip


def test_truth_values_however_they_are_stored() -> None:
    assert values(
        cell("boolean", "WAHR", office__boolean_value="true"),
        cell("boolean", "VRAI", office__boolean_value="1"),
        cell("boolean", "FALSE"),
        cell("boolean", "ajout"),
        cell("float", "1", office__value="1"),
    ) == [True, True, False, "ajout", Decimal(1)]


def test_errors_and_formulas_without_a_value_are_texts() -> None:
    assert values(
        cell("string", "#N/A", calcext__value_type="error", office__string_value=""),
        cell("float", "#DIV/0!", office__value="0"),
        cell("float", "Err:502", office__value="0"),
        cell("", None, table__formula="of:=[.B2]*2"),
        cell("float", "x", office__value="nonsense"),
        cell("date", "soon", office__date_value="nonsense"),
    ) == ["#N/A", "#DIV/0!", "Err:502", "=[.B2]*2", "x", "soon"]


def test_a_note_on_a_cell_is_not_its_text() -> None:
    note = "<office:annotation><text:p>really?</text:p></office:annotation>"
    assert values(cell("string", "sub-1").replace("<text:p>", note + "<text:p>")) == ["sub-1"]


@pytest.mark.parametrize("shape", ["frame", "custom-shape", "g"])
def test_the_text_of_a_picture_or_of_a_reading_aid_is_not_the_cells(shape: str) -> None:
    space = "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"
    picture = f'<draw:{shape} xmlns:draw="{space}"><draw:rect><text:p>x</text:p></draw:rect></draw:{shape}>'
    ruby = "<text:ruby><text:ruby-base>c</text:ruby-base><text:ruby-text>x</text:ruby-text></text:ruby>"
    before = cell("string", "a").replace("<text:p>", f"{picture}<text:p>")
    assert values(before, cell("string", f"b{picture}"), cell("string", ruby)) == ["a", "b", "c"]


@pytest.mark.parametrize("shown", ["#N/D", "#NOM ?", "#VALEUR\u00a0!", "Err:502"])
def test_errors_as_a_french_program_shows_them(shown: str) -> None:
    assert values(
        cell("string", shown, calcext__value_type="error"),
        cell("float", shown, office__value="0"),
        cell("string", "#INCONNU", calcext__value_type="error"),
    ) == [shown, shown, "#N/A"]


def test_what_is_shown_otherwise() -> None:
    grid = read(
        row(
            cell("float", "12,35", office__value="12.345"),
            cell("percentage", "50 %", office__value="0.5"),
            cell("currency", "12,50 €", office__value="12.5"),
            cell("float", "00123", office__value="123"),
            cell("float", "", office__value="5"),
            cell("float", None, office__value="5"),
            cell("float", "5,00 M€", office__value="5000000"),
            cell("float", "12,35", office__value="1235"),
            cell("float", "1234 1/2", office__value="1234.5"),
            cell("currency", "-1 234,50 €", office__value="1234.5"),
        )
    )
    assert grid.appearance == CellFormatting(
        shown={(2, 0): "12.35", (2, 1): "50 %", (2, 3): "00123", (2, 4): "", (2, 6): "5,00 M€"}
        | {(2, 7): "12.35", (2, 8): "1234 1/2", (2, 9): "-1,234.50 €"}
    )


def test_repeated_rows_and_cells() -> None:
    grid = read(
        row(attributes='table:number-rows-repeated="3"'),
        row(
            cell("float", "1", office__value="1.4", table__number_columns_repeated="2"),
            attributes='table:number-rows-repeated="2"',
        ),
        row(attributes='table:number-rows-repeated="1048000"'),
    )
    assert [without_blanks(row) for row in grid.rows[1:]] == [[], [], [], [Decimal("1.4")] * 2, [Decimal("1.4")] * 2]
    assert sorted(grid.appearance.shown) == [(5, 0), (5, 1), (6, 0), (6, 1)]


def test_what_is_hidden_struck_or_merged() -> None:
    styles = (
        '<style:style style:name="struck" style:family="table-cell">'
        '<style:text-properties style:text-line-through-style="solid"/></style:style>'
        '<style:style style:name="child" style:family="table-cell" style:parent-style-name="struck"/>'
        '<style:style style:name="not" style:family="table-cell" style:parent-style-name="struck">'
        '<style:text-properties style:text-line-through-style="none"/></style:style>'
        '<style:style style:name="words" style:family="text">'
        '<style:text-properties style:text-line-through-type="single"/></style:style>'
    )
    grid = read(
        row(cell("string", "a", table__style_name="struck"), cell("string", "b", table__style_name="child")),
        row(
            cell("string", "a", table__style_name="not"),
            cell("string", "b<text:span text:style-name='words'>c</text:span>"),
        ),
        row(cell("string", "hidden"), attributes='table:visibility="collapse"'),
        row(cell("string", "filtered"), attributes='table:visibility="filter"'),
        row(cell("string", "wide", table__number_columns_spanned="3", table__number_rows_spanned="2")),
        styles=styles,
        columns='<table:table-column table:number-columns-repeated="2"/>'
        '<table:table-column table:visibility="collapse"/>',
    )
    assert grid.appearance == CellFormatting(
        hidden_rows=frozenset({4, 5}),
        hidden_columns=frozenset({2}),
        struck=frozenset({(2, 0), (2, 1), (3, 1)}),
        merged=((6, 0, 7, 2),),
    )


def test_all_merged_cells_are_told_and_what_they_cover_is_kept() -> None:
    covered = cell("float", "99", office__value="99").replace("table:table-cell", "table:covered-table-cell")
    blank = row(cell("string", "x"), attributes='table:number-rows-repeated="50"')
    grid = read(blank, row(cell("string", "above", table__number_rows_spanned="2")), row(covered))
    assert grid.appearance.merged == ((52, 0, 53, 0),)
    assert grid.rows[52][0] == Decimal(99)


def test_what_is_of_no_size_or_in_a_collapsed_group_is_hidden() -> None:
    styles = (
        '<style:style style:name="none" style:family="table-row">'
        '<style:table-row-properties style:row-height="0.02cm"/></style:style>'
        '<style:style style:name="low" style:family="table-row">'
        '<style:table-row-properties style:row-height="0.45cm"/></style:style>'
        '<style:style style:name="none" style:family="table-column">'
        '<style:table-column-properties style:column-width="0in"/></style:style>'
    )
    grid = read(
        row(cell("string", "a"), attributes='table:style-name="none"'),
        row(cell("string", "b"), attributes='table:style-name="low"'),
        '<table:table-row-group table:display="false"><table:table-row-group>',
        row(cell("string", "c")),
        "</table:table-row-group></table:table-row-group><table:table-row-group>",
        row(cell("string", "d")),
        "</table:table-row-group>",
        styles=styles,
        columns='<table:table-column/><table:table-column table:style-name="none"/>'
        '<table:table-column-group table:display="false"><table:table-column/></table:table-column-group>',
    )
    assert grid.appearance == CellFormatting(hidden_rows=frozenset({2, 4}), hidden_columns=frozenset({1, 2}))


def test_a_style_is_its_familys_and_may_stand_before_its_parent() -> None:
    styles = (
        '<style:style style:name="child" style:family="table-cell" style:parent-style-name="parent"/>'
        '<style:style style:name="parent" style:family="table-cell">'
        '<style:text-properties style:text-line-through-style="solid"/></style:style>'
        '<style:style style:name="other" style:family="text">'
        '<style:text-properties style:text-line-through-style="solid"/></style:style>'
        '<style:style style:name="other" style:family="table-cell" style:parent-style-name="loop"/>'
        '<style:style style:name="loop" style:family="table-cell" style:parent-style-name="other"/>'
    )
    cells = (cell("string", "a", table__style_name="child"), cell("string", "b", table__style_name="other"))
    assert read(row(*cells), styles=styles).appearance.struck == {(2, 0)}


def test_a_style_may_be_the_columns() -> None:
    styles = (
        '<style:style style:name="s" style:family="table-cell">'
        '<style:text-properties style:text-line-through-type="single"/></style:style>'
    )
    grid = read(
        row(cell("string", "a"), cell("string", "b")),
        styles=styles,
        columns=('<table:table-column/><table:table-column table:default-cell-style-name="s"/>'),
    )
    assert grid.appearance.struck == {(1, 1), (2, 1)}


@pytest.mark.parametrize(
    "content",
    [
        "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", "<x", "", "<a>" * 100_000,
        "<table:table-row/>",
    ],
)  # fmt: skip
def test_damaged_and_hostile_content(content: str) -> None:
    data = hostile.with_part(hostile.ods([HEADER]), "content.xml", content.encode())
    with pytest.raises(SheetError, match=r"could not be read|no visible sheet"):
        grid_of(data, "x.ods")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([row(attributes='table:number-rows-repeated="999999999"'), HEADER], "has more than 1,000,000 rows"),
        (
            [row(cell("string", "x"), attributes='table:number-rows-repeated="999999999"')],
            "has more than 1,000,000 rows",
        ),
        ([row(cell("string", "x", table__number_columns_repeated="999999999"))], "has more than 1,000 columns"),
        (
            [
                row(
                    cell("string", "x", table__number_columns_repeated="999"),
                    attributes='table:number-rows-repeated="9999"',
                )
            ],
            "cells",
        ),
    ],
)
def test_absurd_repetitions_are_not_followed(rows: list[str], words: str) -> None:
    begun = time.perf_counter()
    with pytest.raises(SheetError, match=words):
        grid_of(hostile.ods([HEADER, *rows]), "x.ods", limits=Limits())
    assert time.perf_counter() - begun < 2
