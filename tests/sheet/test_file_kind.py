from __future__ import annotations

import re
import struct
import time
from contextlib import suppress

import pytest

from batch.errors import SheetError
from batch.sheet.file_kind import FileKind, check_archive, detect_kind
from batch.sheet.source_file import TEXT_SUFFIXES, WORKBOOK_SUFFIXES, Limits, Original, make_crash_error

from . import hostile
from .reading import rows_of


def kind(data: bytes, suffix: str) -> FileKind:
    return detect_kind(Original(f"sheet{suffix}", suffix, data))


def refuse(data: bytes, suffix: str) -> None:
    """As reading does, which looks into what is zipped under a workbook's name only in the child."""
    if kind(data, suffix) is FileKind.ARCHIVE:
        check_archive(Original(f"sheet{suffix}", suffix, data), Limits())


WORKBOOK = hostile.xlsx({"Sheet": [hostile.HEADER]})


@pytest.mark.parametrize("suffix", WORKBOOK_SUFFIXES)
@pytest.mark.parametrize(
    "data", [WORKBOOK, hostile.ole("Workbook"), hostile.ole("Book"), hostile.ole("BOOK"), hostile.ods([])]
)
def test_a_workbook_is_one_under_any_workbooks_name(data: bytes, suffix: str) -> None:
    assert kind(data, suffix) is (FileKind.ARCHIVE if data.startswith(b"PK") else FileKind.BINARY)


@pytest.mark.parametrize("suffix", TEXT_SUFFIXES)
def test_text_is_text(suffix: str) -> None:
    assert kind(b"token;amount\r\n", suffix) is FileKind.TEXT


def test_a_workbook_under_a_text_files_name() -> None:
    with pytest.raises(SheetError, match=r"is a workbook under the name of a text file"):
        kind(WORKBOOK, ".csv")


@pytest.mark.parametrize(
    "data", [b"token;amount\r\nsub-1;2\r\n", "token\tamount".encode("utf-16"), "Montant €".encode()]
)
def test_text_under_a_workbooks_name(data: bytes) -> None:
    with pytest.raises(SheetError, match=r"is a text file, not a workbook: give it the ending \.csv"):
        kind(data, ".xlsx")


HTML = b"<html><body><p>Bonjour</p><table><tr><td>Token</td></tr></table></body></html>"
SIGN_IN = b'<!DOCTYPE html><html><table><form><input name="login"><input type="password"></form></table></html>'
SYLK = b'ID;PWXL;N;E\r\nP;PGeneral\r\nP;EArial;M200\r\nF;P0;DG0G8;M240\r\nB;Y2;X3;D0 0 1 2\r\nC;Y1;X1;K"token"\r\nE\r\n'
MAIL = (
    b"Return-Path: <a@example.com>\r\nReceived: from a\r\n by b\r\nSubject: Liste\r\nMIME-Version: 1.0\r\n\r\nBonjour"
)
PAGE = (
    b"From: <Saved by Blink>\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\tboundary=x\r\n"
)
CAMT = b'<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02">'
WEBLOC = (
    b'<?xml version="1.0"?><plist version="1.0"><dict><key>URL</key><string>https://example.com</string></dict></plist>'
)
IWORK = {"Index/Document.iwa": b"", "Index/CalculationEngine.iwa": b"", "Metadata/Properties.plist": b""}
CONTENT_TYPES = "[Content_Types].xml"
AS_CSV = "export the list as CSV or .xlsx from the program that it comes from"
SAVE = "save it from there as .xlsx"
COPY = "copy the table in it into a new workbook"
UNPACK = "unpack it and choose the sheet in it"
FOREIGN = [
    ("a PDF document", AS_CSV, b"%PDF-1.7\n", b"\r\n%PDF-1.4\n"),
    ("a PostScript document", AS_CSV, b"%!PS-Adobe-3.0"),
    ("an RTF document", COPY, b"{\\rtf1"),
    ("a PNG image", AS_CSV, b"\x89PNG\r\n\x1a\n"),
    ("a JPEG image", AS_CSV, b"\xff\xd8\xff\xe0"),
    ("a GIF image", AS_CSV, b"GIF89a"),
    ("a BMP image", AS_CSV, b"BM\x36\x10\x0e\0\0\0\0\0\x36\0\0\0"),
    ("a TIFF image", AS_CSV, b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"),
    ("a WebP image", AS_CSV, b"RIFF\x24\x0a\0\0WEBPVP8 "),
    ("a HEIC or AVIF image", AS_CSV, b"\0\0\0\x18ftypheic\0\0\0\0"),
    ("a recording", AS_CSV, b"\0\0\0\x18ftypmp42\0\0\0\0"),
    ("an SVG image", AS_CSV, b'<svg xmlns="http://www.w3.org/2000/svg">', b'<?xml version="1.0"?>\n<svg width="5">'),
    ("a RAR archive", UNPACK, b"Rar!\x1a\x07"),
    ("a 7-Zip archive", UNPACK, b"7z\xbc\xaf\x27\x1c"),
    ("a gzip archive", UNPACK, b"\x1f\x8b\x08\0"),
    ("an archive", UNPACK, b"BZh91AY&SY", b"liste.csv".ljust(257, b"\0") + b"ustar\x0000"),
    ("a zip archive", UNPACK, hostile.zipped({"liste.csv": b"token;amount"})),
    ("a Word document", COPY, hostile.zipped({"word/document.xml": b"", CONTENT_TYPES: b""}),
     hostile.ole("WordDocument")),
    ("a presentation", COPY, hostile.zipped({"ppt/presentation.xml": b"", CONTENT_TYPES: b""}),
     hostile.ole("PowerPoint Document")),
    ("an OpenDocument file of another kind", COPY,
     hostile.zipped({"mimetype": b"application/vnd.oasis.opendocument.text"})),
    ("an Apple iWork document", "open it in Numbers and export it as Excel", hostile.zipped(IWORK),
     hostile.zipped({"Index.zip": b""})),
    ("a mail", "save the sheet that is attached to it", hostile.ole("__properties_version1.0"), MAIL,
     b"From paul@example.com Mon\n" + MAIL),
    ("a SQLite database", AS_CSV, b"SQLite format 3\0"),
    ("an Access database", AS_CSV, b"\0\1\0\0Standard ACE DB\0"),
    ("a Parquet file", AS_CSV, b"PAR1\x15\x04\x15"),
    ("a Lotus 1-2-3 file", SAVE, b"\0\0\2\0\6\4\6\0"),
    ("a SYLK file", SAVE, SYLK, b'ID;PSCALC3\nF;SDM0\nB;X3;Y2\nC;X1;Y1;K"token"\n'),
    ("a DIF file", SAVE, b'TABLE\r\n0,1\r\n"EXCEL"\r\nVECTORS\r\n'),
    ("a JSON file", AS_CSV, b'{"token": "sub-0001", "amount": 5}', b'[\n  {"token": "sub-0001"}]'),
    ("a link to a Google sheet", "File > Download", b'{"":"DO NOT EDIT","doc_id":"1x","email":"a@example.com"}',
     b'{"url": "https://docs.google.com/open?id=1x"}'),
    ("a shortcut", "the sheet that it leads to", b"[InternetShortcut]\r\nURL=https://example.com",
     b"L\0\0\0\1\x14\2\0\0\0\0\0\xc0\0\0\0\0\0\0F", WEBLOC, b"bplist00\xd1\x01\x02SURL_"),
    ("a file that macOS keeps beside another", "choose the sheet itself", b"\0\5\x16\7\0\2\0\0Mac OS X"),
    (r"a file of contacts \(vCard\)", AS_CSV, b"BEGIN:VCARD\r\nVERSION:3.0"),
    ("a calendar", AS_CSV, b"BEGIN:VCALENDAR\r\n"),
    ("a bank’s file", AS_CSV, b"OFXHEADER:100\r\n", CAMT),
    (r"a web page \(HTML\)", SAVE, b"\r\n<HTML><table>", b"\xef\xbb\xbf<table>", HTML),
    (r"a web page \(HTML\)", "sign in where the sheet is kept", SIGN_IN, b"<!doctype html><title>404</title>"),
    (r"a web page \(MHTML\)", SAVE, PAGE, PAGE.lower(),
     b"Mime-Version: 1.0\nContent-Type: Multipart/Related; boundary=x\n\n"),
    ("an XML spreadsheet of Excel 2003", SAVE, b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n',
     b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">'),
    ("a flat XML OpenDocument file", SAVE, b'<?xml version="1.0"?><office:document>'),
    ("an XML file", AS_CSV, b'<?xml version="1.0"?><invoice>'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "words", "remedy"), [(data, words, remedy) for words, remedy, *files in FOREIGN for data in files]
)
@pytest.mark.parametrize("suffix", [".xls", ".xlsx", ".csv", ".txt", ".tsv"])
def test_something_else_is_called_by_name_with_what_helps(data: bytes, words: str, remedy: str, suffix: str) -> None:
    with pytest.raises(SheetError, match=f"is {words}.*{re.escape(remedy)}"):
        refuse(data, suffix)


@pytest.mark.parametrize(
    "data", [SYLK, HTML, CAMT, MAIL, b'{"a": 1}', b"[InternetShortcut]\r\nURL=https://example.com"]
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_a_text_of_another_kind_is_known_in_every_encoding(data: bytes, encoding: str) -> None:
    with pytest.raises(SheetError, match=r"not (a|the) sheet"):
        kind(data.decode().encode(encoding), ".csv")


@pytest.mark.parametrize(
    "text",
    [
        "ID;Prénom;Montant;Sens\nF;Alice;5;ajout\nP;Paul;6;ajout\nC;Chloé;7;ajout\n", "ID;Prix\nB;5\nC;6\n", "ID;P\n",
        "ID,PIN\n", "id;p;n\n", "TABLE\nToken;Amount\n", "BM;Amount\nsub;5\n", "PAR1;5;add\n", "MM;5;add\n",
        "II*;5;add\n", "Rar;5;add\n", "[Liste];x\nToken;Amount\n", "{token};{amount}\n", "<token>;<montant>\n",
        "RIFF;WEBP\n", "L;x\n", "From: Paul\nTo: Marie\nDate: 5 mai\nToken;Amount\n", "Received:;Amount\nsub;5\n",
        "BEGIN;x\n", "Content-Type;Amount\n", "!Type;Amount\n", "url;doc_id\n",
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_list_that_begins_a_little_like_something_else_is_a_list(text: str, encoding: str) -> None:
    assert kind(text.encode(encoding), ".csv") is FileKind.TEXT


def test_the_file_beside_a_workbook_that_is_open_is_not_the_workbook() -> None:
    with pytest.raises(
        SheetError, match=r"is a file that Excel keeps while a workbook is open.*choose the sheet itself"
    ):
        detect_kind(Original("~$mars.xlsx", ".xlsx", b"\x05Marie".ljust(165, b" ")))


@pytest.mark.parametrize(
    "beginning", [b"A:b\n", b"A: b\n \t \t x\n", b"ID;P\n", b"F;A\n", b"{", b"[[", b"P;P;", b"\r\n", b"<", b" "]
)
def test_to_tell_what_a_file_is_takes_no_time(beginning: bytes) -> None:
    begun = time.process_time()
    kind(b"ID;P\nF;A\nF;A\n" + beginning * (8_000_000 // len(beginning)), ".csv")
    with suppress(SheetError):
        kind(beginning * (8_000_000 // len(beginning)), ".csv")
    assert time.process_time() - begun < 2


def test_an_encrypted_workbook_is_in_an_ole_container() -> None:
    with pytest.raises(SheetError, match="is protected by a password: save it again without one"):
        kind(hostile.ole("EncryptionInfo", "EncryptedPackage"), ".xlsx")


@pytest.mark.parametrize("name", ["WORKBOOK", "book", "wOrKbOoK"])
def test_the_names_of_streams_are_the_same_in_any_case(name: str) -> None:
    assert kind(hostile.ole(name), ".xls") is FileKind.BINARY
    data = hostile.xls(lambda sheet: sheet.write(0, 0, "token"))
    written = name.ljust(8, "\0").encode("utf-16-le") + b"\0\0"
    length = struct.pack("<H", 2 * len(name) + 2)
    usual = "Workbook\0".encode("utf-16-le")
    at = data.index(usual)
    renamed = data[:at] + written + data[at + len(written) : at + 64] + length + data[at + 66 :]
    assert rows_of(renamed, "x.xls") == [["token"]]


def test_of_two_streams_the_newer_workbook_is_read() -> None:
    assert kind(hostile.ole("Book", "Workbook", "EncryptedPackage"), ".xls") is FileKind.BINARY


def test_a_word_in_a_cell_is_not_the_name_of_a_stream() -> None:
    inside = hostile.ole("Workbook") + b"......" + "EncryptedPackage\0".encode("utf-16-le")
    assert kind(inside, ".xls") is FileKind.BINARY


@pytest.mark.parametrize("data", [b"\x00\x01\x02\x03", bytes(1000), b"MZ\x90\x00\x03", hostile.ole("Unheard of")])
def test_anything_else_is_damaged(data: bytes) -> None:
    with pytest.raises(SheetError, match=r"could not be read .*save it again as \.xlsx\.$"):
        kind(data, ".xls")


@pytest.mark.parametrize("suffix", [".xlsx", ".xlsm", ".xltx", ".xltm"])
def test_nobody_is_told_to_save_as_xlsx_what_is_one(suffix: str) -> None:
    with pytest.raises(SheetError, match=r"could not be read .*LibreOffice and save it again\.$"):
        kind(bytes(1000), suffix)
    assert str(make_crash_error(f"sheet{suffix.upper()}", Limits())).endswith("LibreOffice and save it again.")
    assert str(make_crash_error("sheet.ods", Limits())).endswith("save it again as .xlsx.")
