"""What a file may be instead of a sheet, by its first bytes, each with what helps: people send anything."""

from __future__ import annotations

import re
from typing import NamedTuple

from batch.errors import SheetError
from batch.language import N_, _
from batch.sheet.complaints import shown

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
    """Something that is no sheet, and the sentence that says what helps."""

    description: str
    remedy: str


WORD = Foreign(N_("a Word document"), _COPY)
PRESENTATION = Foreign(N_("a presentation"), _COPY)
WRITER = Foreign(N_("an OpenDocument file of another kind"), _COPY)
IWORK = Foreign(N_("an Apple iWork document"), _NUMBERS)
ZIP = Foreign(N_("a zip archive"), _UNPACK)
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
"""By words in it, in small letters."""
_KNOWN_BYTES = [(re.compile(pattern, re.DOTALL), foreign) for pattern, foreign in _BYTES.items()]
_KNOWN_TEXTS = [(re.compile(pattern), foreign) for pattern, foreign in _TEXTS.items()]
_TITLE = re.compile(r"<[^<>]*>[\"']?[ ]*[;,\t|]")
"""A list's first title may stand in angle brackets."""
_LOOKED_AT = 2**16
_LOCK = "~$"
"""How Excel's file beside a workbook that is open begins its name."""


def refuse_foreign(name: str, data: bytes) -> None:
    """Raise a `SheetError` for a file whose beginning shows that it is something else."""
    if name.startswith(_LOCK):
        raise not_a_sheet(name, Foreign(N_("a file that Excel keeps while a workbook is open"), _ORIGINAL))
    # Without its NUL bytes, Western text in UTF-16 reads as any other; a mark is nothing to look at.
    start = data[:_LOOKED_AT].replace(b"\0", b"").decode("latin-1").lstrip("\xff\xfe\xef\xbb\xbf \t\r\n")
    found = next((foreign for pattern, foreign in _KNOWN_BYTES if pattern.match(data[:_LOOKED_AT])), None)
    found = found or next((foreign for pattern, foreign in _KNOWN_TEXTS if pattern.match(start)), None)
    if found is None and start.startswith("<") and not _TITLE.match(start):
        found = _name_markup(start.lower())
    if found:
        raise not_a_sheet(name, found)


def not_a_sheet(name: str, foreign: Foreign) -> SheetError:
    """Say what the file is, and what helps."""
    return SheetError(_(foreign.remedy).format(file=shown(name), kind=_(foreign.description)))


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
