"""What a file is, by its first bytes or the parts of its archive: people send anything, and are told what helps."""

from __future__ import annotations

import codecs
import io
import re
import zipfile
from contextlib import suppress
from enum import StrEnum
from typing import NamedTuple

from batch.errors import SheetError
from batch.i18n import N_, _
from batch.sheet.source_file import (
    MEGABYTE,
    TEXT_SUFFIXES,
    Limits,
    Original,
    make_damage_error,
    make_error,
    make_password_error,
)

_SAVE = N_("{file} is {kind}, not a sheet: if Excel or LibreOffice opens it, save it from there as .xlsx.")
_EXPORT = N_(
    "{file} is {kind}, not a sheet: export the list as CSV or .xlsx from the program that it comes from, and use that."
)
_COPY = N_("{file} is {kind}, not a sheet: copy the table in it into a new workbook, and save that as .xlsx.")
_UNPACK = N_("{file} is {kind}, not a sheet: unpack it and choose the sheet in it.")
_NUMBERS = N_("{file} is {kind}, not a sheet: open it in Numbers and export it as Excel (File > Export To > Excel).")
_ATTACHED = N_("{file} is {kind}, not a sheet: save the sheet that is attached to it, and choose that.")
_LINKED = N_("{file} is {kind}, not the sheet itself: open it, save the sheet that it leads to, and choose that.")
_GOOGLE = N_("{file} is {kind}, not the sheet itself: open it and download the sheet (File > Download), as .xlsx.")
_SIGN_IN = N_(
    "{file} is {kind}, not a sheet: sign in where the sheet is kept, and download it once more; "
    "if the page shows the list, copy it into a new workbook."
)
_ORIGINAL = N_("{file} is {kind}, not a sheet: choose the sheet itself, whose name is the same without the beginning.")


class Foreign(NamedTuple):
    description: str
    remedy: str


WORD = Foreign(N_("a Word document"), _COPY)
PRESENTATION = Foreign(N_("a presentation"), _COPY)
IWORK = Foreign(N_("an Apple iWork document"), _NUMBERS)
MAIL = Foreign(N_("a mail"), _ATTACHED)
_SHORTCUT = Foreign(N_("a shortcut"), _LINKED)
_XML_2003 = Foreign(N_("an XML spreadsheet of Excel 2003"), _SAVE)
_BANK = Foreign(N_("a bank’s file"), _EXPORT)

_BYTES = {
    rb"\s*%PDF-": Foreign(N_("a PDF document"), _EXPORT),
    rb"%!PS": Foreign(N_("a PostScript document"), _EXPORT),
    rb"\{\\rtf": Foreign(N_("an RTF document"), _COPY),
    rb"\x89PNG\r\n": Foreign(N_("a PNG image"), _EXPORT),
    rb"\xff\xd8\xff": Foreign(N_("a JPEG image"), _EXPORT),
    rb"GIF8[79]a": Foreign(N_("a GIF image"), _EXPORT),
    rb"BM....\x00\x00\x00\x00": Foreign(N_("a BMP image"), _EXPORT),
    rb"II\*\x00|MM\x00\*": Foreign(N_("a TIFF image"), _EXPORT),
    rb"RIFF....WEBP": Foreign(N_("a WebP image"), _EXPORT),
    rb"....ftyp(?:hei[cxms]|hev[cx]|mif1|msf1|avi[fs])": Foreign(N_("a HEIC or AVIF image"), _EXPORT),
    rb"8BPS\x00": Foreign(N_("a Photoshop image"), _EXPORT),
    rb"....ftyp|RIFF....(?:AVI |WAVE)|ID3[\x02-\x04]|OggS\x00": Foreign(N_("a recording"), _EXPORT),
    rb"Rar!\x1a": Foreign(N_("a RAR archive"), _UNPACK),
    rb"7z\xbc\xaf\x27\x1c": Foreign(N_("a 7-Zip archive"), _UNPACK),
    rb"\x1f\x8b\x08": Foreign(N_("a gzip archive"), _UNPACK),
    rb"BZh[1-9]1AY&SY|\xfd7zXZ\x00|\x28\xb5\x2f\xfd|MSCF\x00{4}|.{257}ustar": Foreign(N_("an archive"), _UNPACK),
    rb"SQLite format 3\x00": Foreign(N_("a SQLite database"), _EXPORT),
    rb"\x00\x01\x00\x00Standard (?:Jet|ACE) DB": Foreign(N_("an Access database"), _EXPORT),
    rb"PAR1\x15": Foreign(N_("a Parquet file"), _EXPORT),
    rb"ARROW1\x00|Obj\x01": Foreign(N_("an Arrow or Avro file"), _EXPORT),
    rb"\x00\x00\x02\x00[\x04\x06]\x04": Foreign(N_("a Lotus 1-2-3 file"), _SAVE),
    rb"L\x00\x00\x00\x01\x14\x02\x00|bplist00.*?URL|book\x00\x00\x00\x00mark": _SHORTCUT,
    rb"\x00\x05\x16[\x00\x07]": Foreign(N_("a file that macOS keeps beside another"), _ORIGINAL),
}
_RECORD = r"(?:(?:[BC];[XY]\d|[FOP];[A-Z]|N[NU];)[^\r\n]*[\r\n]+)"
_FIELD = r"(?:[A-Za-z][\w-]*:[^\r\n]*[\r\n]+(?:[ \t][^\r\n]*[\r\n]+)*)"
_TEXTS = {
    # A list whose first title is ID begins as a SYLK file does; what makes it one are the records.
    rf"(?s:(?=.*[\r\n][BC];[XY]\d))ID;P[^\r\n]*[\r\n]+{_RECORD}{{2}}": Foreign(N_("a SYLK file"), _SAVE),
    r'TABLE\r?\n0,1\r?\n"': Foreign(N_("a DIF file"), _SAVE),
    r"BEGIN:VCARD\b": Foreign(N_("a file of contacts (vCard)"), _EXPORT),
    r"BEGIN:VCALENDAR\b": Foreign(N_("a calendar"), _EXPORT),
    r"OFXHEADER:|!Type:[A-Z]|\{1:F01": _BANK,
    r"\[InternetShortcut\]|\[Desktop Entry\]": _SHORTCUT,
    r"\{[^{}]*\"(?:doc_id|url\": *\"https://docs\.google)": Foreign(N_("a link to a Google sheet"), _GOOGLE),
    r"\{\s*[\"}]|\[\s*[\[{\"]": Foreign(N_("a JSON file"), _EXPORT),
    rf"(?i:(?s:(?=.*multipart/related)){_FIELD}*?(?:MIME-Version|Content-Type):)": Foreign(
        N_("a web page (MHTML)"), _SAVE
    ),
    rf"(?:From [^\r\n]+[\r\n]+)?(?={_FIELD}{{2}}){_FIELD}*?(?i:MIME-Version|Received|Message-ID|Return-Path):": MAIL,
}
_MARKUP = {
    "urn:schemas-microsoft-com:office:spreadsheet": _XML_2003,
    'progid="excel.sheet"': _XML_2003,
    "office:document": Foreign(N_("a flat XML OpenDocument file"), _SAVE),
    "gnumeric.org": Foreign(N_("a Gnumeric file"), _SAVE),
    "urn:iso:std:iso:20022": _BANK,
    "<key>url</key>": _SHORTCUT,
}
_TITLE = r"<[^<>]*>[\"']?[ ]*[;,\t|]"
"""A list's first title may stand in angle brackets."""
_LOOKED_AT = 2**16


def refuse_foreign_file(name: str, data: bytes) -> None:
    """Raise a `SheetError` for a file whose beginning shows that it is something else."""
    if name.startswith("~$"):
        raise make_foreign_error(name, Foreign(N_("a file that Excel keeps while a workbook is open"), _ORIGINAL))
    # Without its NUL bytes, Western text in UTF-16 reads as any other; a mark is nothing to look at.
    head = data[:_LOOKED_AT]
    start = head.replace(b"\0", b"").decode("latin-1").lstrip("\xff\xfe\xef\xbb\xbf \t\r\n")
    found = next((foreign for pattern, foreign in _BYTES.items() if re.match(pattern, head, re.DOTALL)), None)
    found = found or next((foreign for pattern, foreign in _TEXTS.items() if re.match(pattern, start)), None)
    if found is None and start.startswith("<") and not re.match(_TITLE, start):
        found = _name_markup(start.lower())
    if found:
        raise make_foreign_error(name, found)


def make_foreign_error(name: str, foreign: Foreign) -> SheetError:
    return make_error(name, _(foreign.remedy), kind=_(foreign.description))


def _name_markup(start: str) -> Foreign:
    found = next((foreign for words, foreign in _MARKUP.items() if words in start), None)
    if found:
        return found
    if "<svg" in start and "<body" not in start:
        return Foreign(N_("an SVG image"), _EXPORT)
    if start.startswith("<?xml") and "html" not in start:
        return Foreign(N_("an XML file"), _EXPORT)
    has_table = "<table" in start and "password" not in start
    return Foreign(N_("a web page (HTML)"), _SAVE if has_table else _SIGN_IN)


_ENCRYPTED = 0x1
_MANIFEST = "META-INF/manifest.xml"
_TYPES = "[content_types].xml"
_OTHERS = {
    "word/": WORD, "ppt/": PRESENTATION,
    **dict.fromkeys(("index/document.iwa", "index.zip", "index.apxl", "buildversionhistory.plist"), IWORK),
}  # fmt: skip
"""What the names of parts begin with, whatever capitals they have."""


def check_archive(original: Original, limits: Limits) -> None:
    """Raise a `SheetError` for an archive that is no workbook, or one that would take too much to unpack."""
    name = original.name
    try:
        archive = zipfile.ZipFile(io.BytesIO(original.data))
    except zipfile.BadZipFile:
        raise make_error(
            name, _("{file} is damaged or cut off: copy or download it again, or save it again in Excel.")
        ) from None
    with archive:
        parts = archive.infolist()
        _check_size(name, parts, limits)
        names = {part.filename for part in parts}
        if any(part.flag_bits & _ENCRYPTED for part in parts) or _is_encrypted_ods(archive, names):
            raise make_password_error(name)
        _check_content(name, names, archive)


def _check_size(name: str, parts: list[zipfile.ZipInfo], limits: Limits) -> None:
    if len(parts) > limits.parts:
        sentence = _(
            "{file} has {parts} parts inside, more than the {limit} that a workbook may have: "
            "copy the rows that matter into a new workbook."
        )
        raise make_error(name, sentence, parts=len(parts), limit=limits.parts)
    unpacked = sum(part.file_size for part in parts)
    if unpacked > limits.unpacked:
        sentence = _(
            "{file} unpacks to {size} MB, more than the {limit} MB that a workbook may have: "
            "copy the rows that matter into a new workbook."
        )
        raise make_error(name, sentence, size=-(-unpacked // MEGABYTE), limit=limits.unpacked // MEGABYTE)


def _is_encrypted_ods(archive: zipfile.ZipFile, names: set[str]) -> bool:
    if _MANIFEST in names and b"encryption-data" in _read_start(archive, _MANIFEST, 2**20):
        return True
    return "encrypted-package" in names


def _read_start(archive: zipfile.ZipFile, name: str, size: int) -> bytes:
    with archive.open(name) as part:
        return part.read(size)


def _check_content(name: str, names: set[str], archive: zipfile.ZipFile) -> None:
    if "mimetype" in names:
        if b"spreadsheet" not in _read_start(archive, "mimetype", 200):
            raise make_foreign_error(name, Foreign(N_("an OpenDocument file of another kind"), _COPY))
        return
    folded = {part.casefold().replace("\\", "/") for part in names}
    if any(part.startswith("xl/") for part in folded):
        if _TYPES not in folded:
            raise make_damage_error(name)
        return
    for beginning, foreign in _OTHERS.items():
        if any(part.startswith(beginning) for part in folded):
            raise make_foreign_error(name, foreign)
    if _TYPES not in folded and "content.xml" not in names:
        raise make_foreign_error(name, Foreign(N_("a zip archive"), _UNPACK))


class FileKind(StrEnum):
    """Which reader the content is for."""

    ARCHIVE = "archive"  # zipped: .xlsx, .xlsm, .xlsb and .ods, in whichever of them the name says
    BINARY = "binary"  # .xls
    TEXT = "text"


_HEAD = 4096
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLD_EXCEL = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08")
_STREAMS = {"WordDocument": WORD, "PowerPoint Document": PRESENTATION, "__properties_version1.0": MAIL}
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x19\x1b-\x1f]")
_ENTRY = 128
"""Bytes of a directory entry in an OLE file; entries lie at multiples of it, whatever the size of a sector."""


def detect_kind(original: Original) -> FileKind:
    """Detect which reader a file is for; a `SheetError` says what it is instead of a sheet."""
    name, data, head = original.name, original.data, original.data[:_HEAD]
    is_text = original.suffix in TEXT_SUFFIXES
    refuse_foreign_file(name, data)
    if head.startswith(_ZIP):
        kind = FileKind.ARCHIVE
    elif head.startswith((_OLE, *_OLD_EXCEL)):
        kind = FileKind.BINARY
    elif is_text:
        return FileKind.TEXT
    elif head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or not _CONTROL.search(head):
        raise make_error(name, _("{file} is a text file, not a workbook: give it the ending .csv."))
    else:
        raise make_damage_error(name)
    if head.startswith(_OLE):
        _check_ole(original)
    if is_text:
        with suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_content(name, set(archive.namelist()), archive)
        raise make_error(
            name, _("{file} is a workbook under the name of a text file: give it the ending .xlsx or .xls.")
        )
    return kind


def _check_ole(original: Original) -> None:
    """Refuse what is no workbook: old Office files and encrypted new ones share a container, told by its streams."""
    if any(_has_stream(original.data, name) for name in ("Workbook", "Book")):
        return
    if _has_stream(original.data, "EncryptedPackage"):
        raise make_password_error(original.name)
    for stream, foreign in _STREAMS.items():
        if _has_stream(original.data, stream):
            raise make_foreign_error(original.name, foreign)
    raise make_damage_error(original.name)


def _has_stream(data: bytes, name: str) -> bool:
    """Tell whether an entry of that name, in whatever capitals, begins where entries do; no sector is followed."""
    wanted = re.compile(re.escape(name.encode("utf-16-le") + b"\0\0"), re.IGNORECASE)
    return any(found.start() % _ENTRY == 0 for found in wanted.finditer(data))
