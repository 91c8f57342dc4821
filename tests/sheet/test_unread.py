"""Error values and formulas that were never calculated are read as the texts that they are."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from openpyxl import Workbook

from tests.sheet.reading import read

HEADER = ["Token", "Amount", "Direction"]


def workbook(*rows: list[Any], title: str = "March & April") -> bytes:
    """A workbook as openpyxl writes it: formulas without values, errors as errors."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in (HEADER, *rows):
        sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_row_of_failed_look_ups_does_not_vanish() -> None:
    _, rows = read(workbook(["sub-1", 5, "add"], ["#N/A", "#REF!", "#N/A"], ["sub-2", 5, "add"]), "book.xlsx")
    assert rows[2] == ["#N/A", "#REF!", "#N/A"]


def test_a_row_of_uncalculated_formulas_does_not_vanish_even_at_the_end() -> None:
    _, rows = read(workbook(["sub-1", 5, "add"], ["=A2", "=B2*2", '=IF(B2>1,"add","remove")']), "book.xlsx")
    assert rows[2][:2] == ["=A2", "=B2*2"]
    assert rows[2][2] == '=IF(B2>1,"add","remove")'


def test_one_uncalculated_amount_keeps_its_place() -> None:
    _, rows = read(workbook(["sub-1", "=1+1", "add"]), "book.xlsx")
    assert rows[1] == ["sub-1", "=1+1", "add"]


def test_a_formula_with_a_value_is_its_value() -> None:
    data = workbook(["sub-1", "=1+1", "add"])
    assert read(_with_value(data), "book.xlsx")[1][1][1] == 2


def _with_value(data: bytes) -> bytes:
    """The same workbook with 2 as the formula's saved value."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            part = source.read(name).replace(b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>")
            part = part.replace(b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>")
            target.writestr(name, part)
    return out.getvalue()
