from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.errors import SheetError
from batch.sheet import child
from batch.sheet.source_file import TEXT_SUFFIXES, WORKBOOK_SUFFIXES

from . import hostile
from .reading import rows_of

STARTS = (b"", b"PK\x03\x04", b"PK\x05\x06", hostile.ole("Workbook"), b"\x09\x08\x10\x00", b"\xff\xfe", b"\xef\xbb\xbf")


@given(
    start=st.sampled_from(STARTS),
    data=st.binary(max_size=400),
    suffix=st.sampled_from(WORKBOOK_SUFFIXES + TEXT_SUFFIXES),
)
def test_no_bytes_do_more_than_be_refused(start: bytes, data: bytes, suffix: str) -> None:
    with contextlib.suppress(SheetError):
        rows_of(start + data, f"random{suffix}")


@given(places=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_workbook_with_wrong_bytes_is_read_or_refused(places: list[tuple[int, int]]) -> None:
    data = bytearray(hostile.xlsx({"Sheet": [hostile.HEADER]}))
    for place, byte in places:
        data[place % len(data)] = byte
    with contextlib.suppress(SheetError):
        rows_of(bytes(data))


class PanicException(BaseException):
    """What the Rust parser raises: no `Exception`, so nothing ordinary catches it."""


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PanicException("index out of bounds"), r"could not be read \(it is damaged"),
        (RecursionError(), r"could not be read \(it is damaged"),
        (SystemExit(1), r"could not be read \(it is damaged"),
        (MemoryError(), "needs more than 400 MiB of memory"),
    ],
)
def test_what_a_parser_raises_is_a_sentence(error: BaseException, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr(child, "open_workbook", fail)
    with pytest.raises(SheetError, match=words):
        rows_of(hostile.xlsx({"Sheet": []}))
