"""Zipped workbooks (.xlsx, .xlsm, .xlsb, .ods): what their own table of contents says, before anything is unpacked.

A table that lies about sizes is caught by the limit on memory.
"""

from __future__ import annotations

import io
import zipfile

from batch.errors import SheetError
from batch.sheet.complaints import damaged, password, shown
from batch.sheet.limits import Limits
from batch.sheet.original import Original

_ENCRYPTED = 0x1
_MANIFEST = "META-INF/manifest.xml"
_MANIFEST_READ = 2**20
_OTHERS = {
    "word/document.xml": "a Word document",
    "ppt/presentation.xml": "a presentation",
    "Index/Document.iwa": "an Apple iWork document",
    "Index.zip": "an Apple iWork document",
}


def check_archive(original: Original, limits: Limits) -> None:
    """Raise a `SheetError` for an archive that is no workbook, or one that would take too much to unpack."""
    name = original.name
    try:
        archive = zipfile.ZipFile(io.BytesIO(original.data))
    except zipfile.BadZipFile:
        raise SheetError(
            f"{shown(name)} is damaged or cut off: copy or download it again, or save it again in Excel."
        ) from None
    with archive:
        parts = archive.infolist()
        _check_size(name, parts, limits)
        names = {part.filename for part in parts}
        if any(part.flag_bits & _ENCRYPTED for part in parts) or _is_encrypted_ods(archive, names):
            raise password(name)
        _check_content(name, names, archive)


def _check_size(name: str, parts: list[zipfile.ZipInfo], limits: Limits) -> None:
    if len(parts) > limits.parts:
        raise SheetError(
            f"{shown(name)} has {len(parts):,} parts inside, more than the {limits.parts:,} that a workbook may have: "
            "copy the rows that matter into a new workbook."
        )
    unpacked = sum(part.file_size for part in parts)
    if unpacked > limits.unpacked:
        raise SheetError(
            f"{shown(name)} unpacks to {unpacked / 1e6:,.0f} MB, more than the {limits.unpacked / 1e6:g} MB that a "
            "workbook may have: copy the rows that matter into a new workbook."
        )


def _is_encrypted_ods(archive: zipfile.ZipFile, names: set[str]) -> bool:
    if "encrypted-package" in names:
        return True
    if _MANIFEST not in names:
        return False
    with archive.open(_MANIFEST) as manifest:
        return b"encryption-data" in manifest.read(_MANIFEST_READ)


def _check_content(name: str, names: set[str], archive: zipfile.ZipFile) -> None:
    for part, description in _OTHERS.items():
        if part in names:
            raise SheetError(f"{shown(name)} is {description}, not a sheet: save the sheet in it as .xlsx.")
    if "mimetype" in names:
        with archive.open("mimetype") as mimetype:
            if b"spreadsheet" not in mimetype.read(200):
                raise SheetError(f"{shown(name)} is an OpenDocument file, but not a sheet: save the sheet as .ods.")
    elif "[Content_Types].xml" not in names and "content.xml" not in names:
        if any(part.startswith("xl/") for part in names):
            raise damaged(name)
        raise SheetError(f"{shown(name)} is a zip archive, not a sheet: unpack it and choose the sheet in it.")
