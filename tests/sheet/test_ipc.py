from __future__ import annotations

import io
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.errors import SheetError
from batch.findings import Finding
from batch.i18n import Language
from batch.model import CellFormatting, ColumnRole
from batch.sheet.ipc import Begin, Request, decode, encode
from batch.sheet.source_file import Limits, Original

SEEN = CellFormatting(
    {(3, 1): "12,35 €", (4, 0): "00012"},
    frozenset({3, 4, 5, 9}),
    frozenset({0, 2}),
    frozenset({(3, 1)}),
    ((1, 0, 1, 2),),
    ((2, 0, 9, 3), (4, 1, 4, 1)),
)


def test_a_request_arrives_as_it_was_sent() -> None:
    request = Request(
        Original("caf\udce9\n.csv", ".csv", b"\n\0\xff\n"),
        "März",
        {ColumnRole.AMOUNT: "Crédit"},
        Limits(rows=3),
        Language.FRENCH,
    )
    stream = io.BytesIO()
    request.write(stream)
    stream.seek(0)
    assert Request.read(stream) == request


@pytest.mark.parametrize(
    "message",
    [
        Begin("März"),
        Begin("März", SEEN, (Finding("sheet-hidden", 3, "A3", {"sheet": "März"}), Finding("appearance-unseen"))),
        ("March", "April"),
        3,
    ],
)
def test_messages_arrive_as_they_were_sent(message: Begin | tuple[str, ...] | int) -> None:
    assert decode(encode(message)) == message


def test_an_error_arrives_as_it_was_sent() -> None:
    error = decode(encode(SheetError("Choose a sheet.", ("May", "June"))))
    assert isinstance(error, SheetError)
    assert (str(error), error.sheets) == ("Choose a sheet.", ("May", "June"))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_arrives_with_the_digits_that_python_shows(number: float) -> None:
    rows = decode(encode([[number]]))
    assert isinstance(rows, list)
    [[arrived]] = rows
    assert arrived == Decimal(repr(number))
    assert isinstance(arrived, Decimal)


@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity"])
def test_what_is_no_number_arrives_as_a_text(text: str) -> None:
    assert decode(encode([[Decimal(text)]])) == [(text,)]


@given(st.text())
def test_a_text_arrives_in_one_line(text: str) -> None:
    line = encode([[text]])
    assert line.count(b"\n") == 1
    assert decode(line) == [(text.encode("utf-8", "replace").decode("utf-8"),)]


@pytest.mark.parametrize(
    ("duration", "text"), [(timedelta(hours=30, seconds=5), "30:00:05"), (timedelta(minutes=-90), "-01:30:00")]
)
def test_a_duration_is_a_text(duration: timedelta, text: str) -> None:
    assert decode(encode([[duration]])) == [(text,)]


@pytest.mark.parametrize("line", [b"[[1", b"{}", b"7", b'{"error": 3}', b"\xff", b'{"d": "not a date"}'])
def test_anything_else_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(line)
