from __future__ import annotations

import pytest

from batch.errors import SheetError
from batch.sheet.encoding import to_utf8

TEXT = "Sous-compte;Montant (€);Opération\r\nsub-0001;12,50;crédit\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_every_encoding_that_excel_writes(encoding: str) -> None:
    assert to_utf8(TEXT.encode(encoding), "x.csv").decode("utf-8") == TEXT


def test_bytes_that_windows_does_not_know_are_kept() -> None:
    assert to_utf8(b"caf\xe9 \x81", "x.csv").decode("utf-8") == "café \x81"


def test_nul_bytes() -> None:
    with pytest.raises(SheetError, match=r"“x\.csv” has NUL bytes \(the first is in line 2\)"):
        to_utf8(b"token;amount\r\nsub\0-1;2\r\n", "x.csv")


@pytest.mark.parametrize("data", [b"\xef\xbb\xbfcaf\xe9", b"\xff\xfea", "é".encode("utf-16") + b"\x00\xd8"])
def test_a_mark_that_lies(data: bytes) -> None:
    with pytest.raises(SheetError, match=r"begins like UTF-\d+ text but is not"):
        to_utf8(data, "x.csv")


def test_nul_characters_in_utf16() -> None:
    with pytest.raises(SheetError, match="has NUL bytes"):
        to_utf8("a\0b".encode("utf-16"), "x.csv")
