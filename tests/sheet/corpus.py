"""Hostile files by name, each made when it is asked for: what somebody might send to bring the reader down."""

from __future__ import annotations

import base64
import importlib
import struct
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Font

from . import hostile
from .hostile import HEADER, HEADER_ROW

_FILE = 25_000_000
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def _sheet(xml: str) -> bytes:
    return hostile.xlsx_with(HEADER_ROW + xml)


def _whole_part(xml: bytes) -> bytes:
    return hostile.with_part(_sheet(""), "xl/worksheets/sheet1.xml", xml)


def _with_part(name: str, content: bytes) -> bytes:
    return hostile.with_part(_sheet('<row r="2"><c r="A2" t="s"><v>0</v></c></row>'), name, content)


def _many_styles() -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(HEADER)
    for index in range(5_000):
        sheet.append(["sub-1", 12.345, "add"])
        sheet.cell(index + 2, 1).font = Font(strike=True, size=index % 409 + 1, color=f"{index:06X}")
        sheet.cell(index + 2, 2).number_format = f'0.0"{index}"'
    return hostile.saved(book)


def _many_sheets(count: int, part: bytes, *, one_part: bool) -> bytes:
    """A workbook with so many sheets, each in a part of its own or all in the same."""
    names = [f"xl/worksheets/sheet{1 if one_part else index + 1}.xml" for index in range(count)]
    sheets = "".join(f'<sheet name="S{i}" sheetId="{i + 1}" r:id="r{i}"/>' for i in range(count))
    relations = "".join(
        f'<Relationship Id="r{i}" Type="{_RELATIONS}/worksheet" Target="{name[3:]}"/>' for i, name in enumerate(names)
    )
    return hostile.zipped(
        {
            "[Content_Types].xml": b"<Types/>",
            "xl/workbook.xml": (
                f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{sheets}</sheets></workbook>'.encode()
            ),
            "xl/_rels/workbook.xml.rels": f"<Relationships>{relations}</Relationships>".encode(),
            **dict.fromkeys(names, part),
        }
    )


def _relation(target: str) -> bytes:
    entry = f'<Relationship Id="rId1" Type="{_RELATIONS}/worksheet" Target="{target}"/>'
    return f"<Relationships>{entry}</Relationships>".encode()


def _part(rows: str) -> bytes:
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'.encode()


def _carrier(part: str, content: bytes) -> bytes:
    return hostile.with_part(_sheet('<row r="2"><c r="B2"><v>5</v></c></row>'), part, content)


def _xls(records: Iterable[bytes] = ()) -> bytes:
    def fill(sheet: Any) -> None:
        for column, title in enumerate(HEADER):
            sheet.write(0, column, title)
        two = importlib.import_module("xlwt").easyxf(num_format_str="0.00")
        for row in range(1, 200):
            sheet.write(row, 0, f"sub-{row}")
            sheet.write(row, 1, row / 7, two)

    return hostile.xls(fill, records)


CORPUS: Mapping[str, Callable[[], bytes]] = {
    "bomb.xlsx": lambda: hostile.bomb(2**30),
    "bomb-that-lies.xlsx": lambda: hostile.bomb(2**28, declared=1000),
    "bomb-in-a-bomb.xlsx": lambda: hostile.zipped({"a.xlsx": hostile.bomb(2**30)}),
    "nested.xlsx": lambda: hostile.zipped({"a.zip": hostile.zipped({"b.zip": hostile.zipped({"c.xlsx": b""})})}),
    "many-parts.xlsx": lambda: hostile.many_parts(20_000),
    "truncated.xlsx": lambda: _sheet("")[:-40],
    "half.xlsx": lambda: _sheet("")[: len(_sheet("")) // 2],
    "entities.xlsx": hostile.entity_bomb,
    "file-entity.xlsx": lambda: hostile.file_entity("/etc/hostname"),
    "dimension.xlsx": lambda: hostile.xlsx_with(HEADER_ROW, dimension="A1:XFD1048576"),
    "far-cell.xlsx": lambda: _sheet(hostile.number("XFD1048576", "1")),
    "no-such-cell.xlsx": lambda: _sheet('<row r="99999999"><c r="ZZZZ99999999"><v>1</v></c></row>'),
    "texts-that-are-not-there.xlsx": lambda: _sheet('<row r="2"><c r="A2" t="s"><v>4294967295</v></c></row>'),
    "absurd-count-of-texts.xlsx": lambda: _with_part(
        "xl/sharedStrings.xml", b'<sst count="4294967295" uniqueCount="4294967295"><si><t>a</t></si></sst>'
    ),
    "texts-in-each-other.xlsx": lambda: _with_part("xl/sharedStrings.xml", b"<sst>" + b"<si><t>" * 300_000),
    "texts-are-the-workbook.xlsx": lambda: _with_part("xl/sharedStrings.xml", _sheet("")),
    "content-types.xlsx": lambda: _with_part("[Content_Types].xml", b"<Types><Default Extension='xml'/>" * 1000),
    "relations-in-a-circle.xlsx": lambda: _with_part("xl/_rels/workbook.xml.rels", _relation("workbook.xml")),
    "relations-out-of-the-archive.xlsx": lambda: _with_part(
        "xl/_rels/workbook.xml.rels", _relation("../../../../etc/passwd")
    ),
    "styles.xlsx": _many_styles,
    "style-numbers.xlsx": lambda: _with_part(
        "xl/styles.xml",
        b"<styleSheet><cellXfs>"
        + b'<xf numFmtId="99999999999999" fontId="-5"/>' * 100_000
        + b"</cellXfs></styleSheet>",
    ),
    "sheets.xlsx": lambda: _many_sheets(10_000, _part(HEADER_ROW), one_part=False),
    "sheets-in-one-part.xlsx": lambda: _many_sheets(10_000, _part(HEADER_ROW), one_part=True),
    "long-sheets-in-one-part.xlsx": lambda: _many_sheets(10_000, _part("<row/>" * 1_000_000), one_part=True),
    "external-links.xlsx": lambda: _carrier("xl/externalLinks/externalLink1.xml", b"<externalLink/>"),
    "embedded.xlsx": lambda: _carrier("xl/embeddings/oleObject1.bin", hostile.ole("Package")),
    "macros.xlsm": lambda: _carrier("xl/vbaProject.bin", hostile.ole("VBA")),
    "deep.xlsx": lambda: _sheet('<row r="2">' + "<c>" * 1_000_000),
    "one-cell.xlsx": lambda: _sheet(
        f'<row r="2"><c r="A2" t="inlineStr"><is><t>{"a" * 100_000_000}</t></is></c></row>'
    ),
    "one-tag.xlsx": lambda: _whole_part(
        f'<worksheet xmlns="{_MAIN}"><sheetData><c r="A1" '.encode() + b"s " * 10_000_000
    ),
    "open-tags.xlsx": lambda: _whole_part(_part("") + b'<c r="A1" s="1" t="e"' * 1_000_000),
    "attributes.xlsx": lambda: _sheet('<row r="2">' + ('<c r="A2"' + ' s="1"' * 3_000_000 + ">") + "</c></row>"),
    "attributes-that-do-not-end.xlsx": lambda: _sheet('<row r="2"><c r="A2"' + ' s="1"   ' * 3_000_000),
    "texts-without-end.xlsx": lambda: _with_part("xl/sharedStrings.xml", b"<sst>" + b"<si><r><t>a</t></r>" * 1_000_000),
    "open-rows.xlsx": lambda: _sheet('<row r="2" hidden="1" ' * 1_000_000),
    "strikes.xlsx": lambda: _sheet('<row r="2"><c r="A2"><is>' + "<strike/>" * 1_000_000 + "</is></c></row>"),
    "hidden-columns.xlsx": lambda: _whole_part(
        f'<worksheet xmlns="{_MAIN}"><cols>'.encode()
        + b'<col min="1" max="999999999" hidden="1"/>' * 2_000
        + f"</cols><sheetData>{HEADER_ROW}</sheetData></worksheet>".encode()
    ),
    "comments.xlsx": lambda: _sheet("<!--" * 1_000_000),
    "formulas.xlsx": lambda: _sheet('<row r="2"><c r="A2"><f>' + "(" * 10_000_000 + "</f></c></row>"),
    "garbage.xls": lambda: hostile.ole("Workbook") + b"\x09\x08\xff\xff" * 1_000_000,
    "half.xls": lambda: _xls()[: len(_xls()) // 2],
    "zeros-in-the-middle.xls": lambda: _xls()[:4_000] + bytes(4_000) + _xls()[8_000:],
    "sectors-in-a-circle.xls": lambda: hostile.ole_in_a_circle(_xls()),
    "directory-in-itself.xls": lambda: hostile.ole_directory_in_itself(_xls()),
    "blank-cells.xls": lambda: _xls(
        hostile.xls_record(0xBE, struct.pack("<258HH", row, *[0] * 257, 255)) for row in range(1, 45_000)
    ),
    "one-number-for-ever.xls": lambda: _xls(
        [hostile.xls_record(0x203, struct.pack("<HHHd", 65_535, 255, 16, 1 / 3))] * 1_300_000
    ),
    "no-such-style.xls": lambda: _xls([hostile.xls_record(0x203, struct.pack("<HHHd", 2, 1, 60_000, 0.5))]),
    "no-such-text.xls": lambda: _xls([hostile.xls_record(0xFD, struct.pack("<HHHI", 2, 0, 0, 2**32 - 1))]),
    "merged.xls": lambda: _xls([hostile.xls_record(0xE5, struct.pack("<H", 1000) + bytes(8) * 1000)] * 3_000),
    "entities.ods": lambda: hostile.with_content(
        hostile.ods([hostile.ods_row("&a;")]),
        "<office:document-content",
        '<!DOCTYPE x [<!ENTITY a "b">]><office:document-content',
    ),
    "repeated.ods": lambda: hostile.ods([hostile.ods_row(*HEADER), hostile.ods_row("x", repeated=999_999_999)]),
    "deep.ods": lambda: hostile.ods([hostile.ods_row("<text:span>" * 100_000 + "</text:span>" * 100_000)]),
    "one-cell.ods": lambda: hostile.ods([hostile.ods_row("a" * 50_000_000)]),
    "separators.csv": lambda: b"token;amount;direction\n" + b";" * 1_000_000,
    "only-separators.csv": lambda: b";" * _FILE,
    "only-quotes.csv": lambda: b'"' * _FILE,
    "only-lines.csv": lambda: b"\n" * _FILE,
    "only-returns.csv": lambda: b"\r" * _FILE,
    "only-letters.csv": lambda: "é".encode("cp1252") * _FILE,
    "endless-quote.csv": lambda: b'token;amount;direction\n"' + b"a;5;add\n" * 3_000_000,
    "short-endless-quote.csv": lambda: b'token;amount;direction\n"' + b"a;5;add\n" * 100,
    "quoted-lines.csv": lambda: b'"\n";' * (_FILE // 5),
    "small-cells.csv": lambda: b"ab;" * 4 + b"\n" + b"ab;cd;ef;gh;ij;kl\n" * 1_300_000,
    "formulas.csv": lambda: b'token;amount;direction\n="' + b'""' * 8_000 + b'";="' + b'"' * 15_999 + b"\n",
    "wide.csv": lambda: (b";" * 999 + b"\n") * 25_000,
    "utf-16.csv": lambda: ("token;amount;direction\n" + "a;5;add\n" * 1_500_000).encode("utf-16"),
    "nul.csv": lambda: bytes(_FILE),
    "random.csv": lambda: base64.b64encode(bytes(range(256)) * 70_000),
}
