"""Zipped workbooks (.xlsx, .xlsm, .xlsb, .ods): what their own table of contents says, before anything is unpacked.

A table that lies about sizes is caught by the limit on memory.
"""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress

from batch.errors import SheetError
from batch.language import _, number
from batch.sheet.complaints import damaged, password, shown
from batch.sheet.foreign import IWORK, PRESENTATION, WORD, WRITER, ZIP, not_a_sheet
from batch.sheet.limits import MEGABYTE, Limits
from batch.sheet.original import Original

_ENCRYPTED = 0x1
_MANIFEST = "META-INF/manifest.xml"
_MANIFEST_READ = 2**20
_TYPES = "[content_types].xml"
_OTHERS = {
    "word/": WORD,
    "ppt/": PRESENTATION,
    "index/document.iwa": IWORK,
    "index.zip": IWORK,
    "index.apxl": IWORK,
    "buildversionhistory.plist": IWORK,
}
"""What the names of parts begin with, whatever capitals they have."""


def check_archive(original: Original, limits: Limits) -> None:
    """Raise a `SheetError` for an archive that is no workbook, or one that would take too much to unpack."""
    name = original.name
    try:
        archive = zipfile.ZipFile(io.BytesIO(original.data))
    except zipfile.BadZipFile:
        raise SheetError(
            _("{file} is damaged or cut off: copy or download it again, or save it again in Excel.").format(
                file=shown(name)
            )
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
            _(
                "{file} has {parts} parts inside, more than the {limit} that a workbook may have: "
                "copy the rows that matter into a new workbook."
            ).format(file=shown(name), parts=number(len(parts)), limit=number(limits.parts))
        )
    unpacked = sum(part.file_size for part in parts)
    if unpacked > limits.unpacked:
        raise SheetError(
            _(
                "{file} unpacks to {size} MB, more than the {limit} MB that a workbook may have: "
                "copy the rows that matter into a new workbook."
            ).format(
                file=shown(name),
                size=number(-(-unpacked // MEGABYTE)),
                limit=number(limits.unpacked // MEGABYTE),
            )
        )


def _is_encrypted_ods(archive: zipfile.ZipFile, names: set[str]) -> bool:
    if "encrypted-package" in names:
        return True
    if _MANIFEST not in names:
        return False
    with archive.open(_MANIFEST) as manifest:
        return b"encryption-data" in manifest.read(_MANIFEST_READ)


def refuse_other_archive(original: Original) -> None:
    """Raise a `SheetError` for an archive that is no workbook; one that cannot be opened is left to who reads it."""
    if original.data.startswith(b"PK"):
        with suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(original.data)) as archive:
            _check_content(original.name, set(archive.namelist()), archive)


def _check_content(name: str, names: set[str], archive: zipfile.ZipFile) -> None:
    if "mimetype" in names:
        with archive.open("mimetype") as mimetype:
            if b"spreadsheet" not in mimetype.read(200):
                raise not_a_sheet(name, WRITER)
        return
    folded = {part.casefold().replace("\\", "/") for part in names}
    if any(part.startswith("xl/") for part in folded):
        if _TYPES not in folded:
            raise damaged(name)
        return
    for beginning, foreign in _OTHERS.items():
        if any(part.startswith(beginning) for part in folded):
            raise not_a_sheet(name, foreign)
    if _TYPES not in folded and "content.xml" not in names:
        raise not_a_sheet(name, ZIP)
