from __future__ import annotations

import pytest

from batch.errors import SheetError
from batch.sheet.kind import Kind, kind_of
from batch.sheet.original import TEXT_SUFFIXES, WORKBOOK_SUFFIXES, Original

from . import hostile


def kind(data: bytes, suffix: str) -> Kind:
    return kind_of(Original(f"sheet{suffix}", suffix, data))


WORKBOOK = hostile.xlsx({"Sheet": [hostile.HEADER]})


@pytest.mark.parametrize("suffix", WORKBOOK_SUFFIXES)
@pytest.mark.parametrize("data", [WORKBOOK, hostile.ole("Workbook"), hostile.ole("Book"), hostile.ods([])])
def test_a_workbook_is_one_under_any_workbooks_name(data: bytes, suffix: str) -> None:
    assert kind(data, suffix) is (Kind.ARCHIVE if data.startswith(b"PK") else Kind.BINARY)


@pytest.mark.parametrize("suffix", TEXT_SUFFIXES)
def test_text_is_text(suffix: str) -> None:
    assert kind(b"token;amount\r\n", suffix) is Kind.TEXT


def test_a_workbook_under_a_text_files_name() -> None:
    with pytest.raises(SheetError, match=r"is a workbook under the name of a text file"):
        kind(WORKBOOK, ".csv")


@pytest.mark.parametrize(
    "data", [b"token;amount\r\nsub-1;2\r\n", "token\tamount".encode("utf-16"), "Montant €".encode()]
)
def test_text_under_a_workbooks_name(data: bytes) -> None:
    with pytest.raises(SheetError, match=r"is a text file, not a workbook: give it the ending \.csv"):
        kind(data, ".xlsx")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
        (b"\xff\xd8\xff\xe0", "a JPEG image"),
        (b"GIF89a", "a GIF image"),
        (b"{\\rtf1", "an RTF document"),
        (b"\x1f\x8b\x08", "a gzip archive"),
        (b"\r\n<HTML><table>", r"a web page \(HTML\)"),
        (b"\xef\xbb\xbf<table>", r"a web page \(HTML\)"),
        (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">', "Excel 2003"),
        (b'<?xml version="1.0"?><office:document>', "flat XML OpenDocument"),
        (b'<?xml version="1.0"?><invoice>', "an XML file"),
        (hostile.ole("WordDocument"), "a Word document"),
        (hostile.ole("PowerPoint Document"), "a presentation"),
    ],
)
@pytest.mark.parametrize("suffix", [".xls", ".csv"])
def test_something_else_is_called_by_its_name(data: bytes, words: str, suffix: str) -> None:
    with pytest.raises(SheetError, match=words):
        kind(data, suffix)


def test_an_encrypted_workbook_is_in_an_ole_container() -> None:
    with pytest.raises(SheetError, match="is protected by a password: save it again without one"):
        kind(hostile.ole("EncryptionInfo", "EncryptedPackage"), ".xlsx")


def test_a_word_in_a_cell_is_not_the_name_of_a_stream() -> None:
    inside = hostile.ole("Workbook") + b"......" + "EncryptedPackage\0".encode("utf-16-le")
    assert kind(inside, ".xls") is Kind.BINARY


@pytest.mark.parametrize("data", [b"\x00\x01\x02\x03", bytes(1000), b"MZ\x90\x00\x03", hostile.ole("Unheard of")])
def test_anything_else_is_damaged(data: bytes) -> None:
    with pytest.raises(SheetError, match="could not be read"):
        kind(data, ".xlsx")
