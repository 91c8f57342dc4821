from __future__ import annotations

from typing import Any

import pytest

from . import hostile
from .reading import read


def workbook(*rows: list[Any]) -> bytes:
    return hostile.xlsx({"March": [hostile.HEADER, *rows]})


@pytest.mark.parametrize(
    ("asks", "program", "results", "amounts"),
    [
        # XlsxWriter, and with it pandas and polars, calls itself Excel.
        (True, "Microsoft Excel", ("<v>0</v>", "<v>0</v>"), ["=1+1", "=2+2"]),
        (True, "Microsoft Excel", ("<v>0</v>", "<v>4</v>"), ["=1+1", 4]),
        (False, "Microsoft Excel", ("<v>0</v>", "<v>0</v>"), [0, 0]),
        (False, "LibreOffice/24.2", ("<v>0</v>", "<v>0</v>"), [0, 0]),
        (False, "Apache POI", ("<v>0.0</v>", "<v>0.0</v>"), ["=1+1", "=2+2"]),
        (False, None, ("<v>0</v>", "<v>0</v>"), ["=1+1", "=2+2"]),
        (False, None, ("<v>0</v>", "<v>4</v>"), [0, 4]),
        (False, None, ("<v>0</v>", "<v/>"), ["=1+1", "=2+2"]),
    ],
)
def test_results_of_zero_that_nobody_calculated(
    asks: bool, program: str | None, results: tuple[str, str], amounts: list[object]
) -> None:
    data = workbook(["sub-1", "=1+1", "add"], ["sub-2", "=2+2", "add"])
    changes = {"1+1</f><v />": f"1+1</f>{results[0]}", "2+2</f><v />": f"2+2</f>{results[1]}"}
    changes[' fullCalcOnLoad="1"'] = ' fullCalcOnLoad="1"' if asks else ""
    name = f"<Application>{program}</Application>" if program else ""
    data = hostile.with_part(data, "docProps/app.xml", f"<Properties>{name}</Properties>".encode())
    rows = read(_changed(data, changes), "book.xlsx")[1]
    assert [row[1] for row in rows[1:]] == amounts


@pytest.mark.parametrize(
    ("program", "amounts"), [(None, [0, 0]), ("Apache POI", ["=1+1", "=2+2"]), ("", ["=1+1", "=2+2"])]
)
def test_zeros_of_google_sheets_are_results_unless_rewritten(program: str | None, amounts: list[object]) -> None:
    data = workbook(["sub-1", "=1+1", "add"], ["sub-2", "=2+2", "add"])
    kind = "http://customschemas.google.com/relationships/workbookmetadata"
    changes = {
        "1+1</f><v />": "1+1</f><v>0</v>",
        "2+2</f><v />": "2+2</f><v>0.0</v>",
        ' fullCalcOnLoad="1"': "",
        "</Relationships>": f'<Relationship Id="rIdG" Type="{kind}" Target="metadata"/></Relationships>',
        "/extended-properties": "/extended-properties" if program is not None else "/no-properties",
    }
    data = hostile.with_part(data, "xl/metadata", b"\x01")
    data = hostile.with_part(data, "docProps/app.xml", f"<P><Application>{program}</Application></P>".encode())
    rows = read(_changed(data, changes), "book.xlsx")[1]
    assert [row[1] for row in rows[1:]] == amounts


@pytest.mark.parametrize(("asks", "token"), [(True, "=A9"), (False, None)])
def test_an_empty_text_is_a_result_unless_the_workbook_asks_to_be_calculated(asks: bool, token: str | None) -> None:
    changes = {
        "<f>A9</f><v />": "<f>A9</f><v></v>",
        '<c r="A2"': '<c r="A2" t="str"',
        ' fullCalcOnLoad="1"': ' fullCalcOnLoad="1"' if asks else "",
    }
    assert read(_changed(workbook(["=A9", 5, "add"]), changes), "book.xlsx")[1][1] == [token, 5, "add"]


def test_a_formula_with_an_inline_text_that_is_empty_was_not_calculated() -> None:
    changes = {"<f>A9</f><v />": "<f>A9</f><is><t></t></is>", '<c r="A2"': '<c r="A2" t="inlineStr"'}
    assert read(_changed(workbook(["=A9", 5, "add"]), changes), "book.xlsx")[1][1] == ["=A9", 5, "add"]


def _changed(data: bytes, changes: dict[str, str]) -> bytes:
    parts = {name: part.decode() for name, part in hostile.unzipped(data).items()}
    for old, new in changes.items():
        assert any(old in part for part in parts.values())
        parts = {name: part.replace(old, new) for name, part in parts.items()}
    return hostile.zipped({name: part.encode() for name, part in parts.items()})
