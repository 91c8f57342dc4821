from __future__ import annotations

import io
import zipfile

import pytest

from batch.errors import SheetError
from batch.sheet.file_kind import check_archive
from batch.sheet.source_file import Limits, Original

from . import hostile


def check(data: bytes, limits: Limits | None = None) -> None:
    check_archive(Original("sheet.xlsx", ".xlsx", data), limits or Limits())


def test_a_zip_bomb_is_not_unpacked() -> None:
    with pytest.raises(SheetError, match=r"unpacks to 1,0\d\d MB, more than the 300 MB"):
        check(hostile.bomb(2**30))


def test_many_small_parts() -> None:
    with pytest.raises(SheetError, match=r"has 301 parts inside, more than the 100 that a workbook may have"):
        check(hostile.many_parts(300), Limits(parts=100))


@pytest.mark.parametrize("kept", [10, 100, 0.5, 0.9, -1])
def test_a_file_that_was_cut_off(kept: float) -> None:
    data = hostile.xlsx({"Sheet": [["x"] * 50] * 50})
    cut = data[: int(len(data) * kept)] if 0 < kept < 1 else data[: int(kept)]
    with pytest.raises(SheetError, match="is damaged or cut off"):
        check(cut)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"xl/workbook.xml": b""}, "could not be read"),
        ({"XL/Workbook.xml": b""}, "could not be read"),
        ({"Word/document.xml": b"", "[content_types].XML": b""}, "is a Word document"),
        ({}, "is a zip archive, not a sheet"),
    ],
)
def test_other_archives(parts: dict[str, bytes], words: str) -> None:
    with pytest.raises(SheetError, match=words):
        check(hostile.zipped(parts))


def test_an_encrypted_zip() -> None:
    data = bytearray(hostile.zipped({"[Content_Types].xml": b"x"}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(SheetError, match="protected by a password"):
        check(bytes(data))


def test_an_encrypted_opendocument_sheet() -> None:
    with pytest.raises(SheetError, match="protected by a password"):
        check(hostile.ods([], manifest="<manifest:encryption-data/>"))
    with pytest.raises(SheetError, match="protected by a password"):
        check(hostile.zipped({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "encrypted-package": b""}))


def test_the_bomb_itself_is_a_well_formed_archive() -> None:
    with zipfile.ZipFile(io.BytesIO(hostile.bomb(2**22))) as archive:
        assert len(archive.read("xl/sharedStrings.xml")) > 2**22
