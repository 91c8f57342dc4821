"""The markup that a long sheet writes: what openpyxl itself would write of the same cells."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from decimal import Decimal
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from batch.report import longsheet, styles
from batch.report.longsheet import LongSheet
from batch.report.texts import writable

Value = str | Decimal | int | float | bool | None
# openpyxl does not keep a text of nothing but blanks.
VALUES: st.SearchStrategy[Value] = (
    st.text().map(writable).filter(lambda text: not text.isspace())
    | st.sampled_from(["<a href='x'>&amp;</a>", " ]]> ", "a\n b", "\tb", "é€\u00a0", "=1+1"])
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12)
    | st.integers(-(10**12), 10**12)
    | st.floats(0, 60_000)
    | st.booleans()
    | st.none()
)
ROWS = st.lists(st.lists(VALUES | st.just("nothing here"), max_size=30), max_size=5)


def written_by(kind: type[Any], rows: Sequence[Sequence[Value]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = kind(book, "Rows")
    book._add_sheet(sheet)  # type: ignore[attr-defined]
    for number, row in enumerate(rows, 1):
        if number == 2 and kind is LongSheet:
            sheet.heights[number] = 31.5
        elif number == 2:
            sheet.row_dimensions[number].height = 31.5
        sheet.append([None if value == "nothing here" else cell_of(sheet, value) for value in row])
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def cell_of(sheet: Any, value: Value) -> Any:
    cell: Any = styles.styled_cell(sheet, styles.PLAIN)
    cell._value = value
    cell.data_type = "s" if isinstance(value, str) else "b" if isinstance(value, bool) else "n"
    return cell


def markup(book: bytes) -> str:
    with ZipFile(BytesIO(book)) as archive:
        return archive.read("xl/worksheets/sheet1.xml").decode()


def essence(text: str) -> str:
    """The markup with its attributes in order, and without what an empty cell is said to hold."""
    return re.sub(r'(<c [^>]*?) t="[a-zA-Z]+"(></c>)', r"\1\2", ET.canonicalize(text))


@settings(max_examples=50)
@given(ROWS)
def test_a_long_sheet_is_written_as_openpyxl_would(rows: Sequence[Sequence[Value]]) -> None:
    assert essence(markup(written_by(LongSheet, rows))) == essence(markup(written_by(WriteOnlyWorksheet, rows)))


@pytest.mark.parametrize("text", [" before", "after ", "a\nb", "<&>", "1 < 2 && 3 > 2", "]]>", "\u00a0", " ", "\n"])
def test_a_text_is_read_back_as_it_is(text: str) -> None:
    sheet = load_workbook(BytesIO(written_by(LongSheet, [[text]])))["Rows"]
    assert sheet["A1"].value == text


def test_without_a_way_for_text_the_markup_goes_in_as_elements(monkeypatch: pytest.MonkeyPatch) -> None:
    """So it is where lxml is installed, whose streams take elements only."""
    rows: list[list[Value]] = [["<&>", Decimal("1.5"), None], [True, " x "]]
    expected = essence(markup(written_by(LongSheet, rows)))

    class Stream:
        def __init__(self, stream: Any) -> None:
            self.write = stream.write

    plain = longsheet._way_into
    monkeypatch.setattr(longsheet, "_way_into", lambda stream: plain(Stream(stream)))
    assert essence(markup(written_by(LongSheet, rows))) == expected
