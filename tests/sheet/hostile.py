"""Generators of files: honest ones in formats that no library here writes, and hostile ones of every kind."""

from __future__ import annotations

import importlib
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from openpyxl import Workbook

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_SHEET = "xl/worksheets/sheet1.xml"
HEADER = ("token", "amount", "direction")
_TITLES = (f'<c r="{at}1" t="inlineStr"><is><t>{title}</t></is></c>' for at, title in zip("ABC", HEADER, strict=True))
HEADER_ROW = f'<row r="1">{"".join(_TITLES)}</row>'


def xlsx(sheets: Mapping[str, Iterable[Iterable[object]]]) -> bytes:
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    return saved(workbook)


def saved(workbook: Workbook) -> bytes:
    target = io.BytesIO()
    workbook.save(target)
    return target.getvalue()


def xlsx_with(sheet_data: str, *, prolog: str = "", dimension: str = "A1") -> bytes:
    xml = (
        f'<?xml version="1.0"?>{prolog}<worksheet xmlns="{_MAIN}"><dimension ref="{dimension}"/>'
        f"<sheetData>{sheet_data}</sheetData></worksheet>"
    )
    return with_part(xlsx({"Sheet": [["x"]]}), _SHEET, xml.encode())


def number(address: str, value: str) -> str:
    row = address.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return f'<row r="{row}"><c r="{address}"><v>{value}</v></c></row>'


def with_part(workbook: bytes, name: str, content: bytes) -> bytes:
    """The workbook with other content in one of its parts, which is added if it is not there."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for part in dict.fromkeys((*source.namelist(), name)):
            copy.writestr(part, content if part == name else _related(part, source.read(part)))
    return target.getvalue()


def _related(part: str, content: bytes) -> bytes:
    """Relationships of a workbook lead to its texts as well."""
    if part != "xl/_rels/workbook.xml.rels" or b"/sharedStrings" in content:
        return content
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    texts = f'<Relationship Id="texts" Type="{kind}" Target="sharedStrings.xml"/></Relationships>'
    return content.replace(b"</Relationships>", texts.encode())


def with_content(document: bytes, old: str, new: str) -> bytes:
    content = unzipped(document)["content.xml"].decode()
    assert old in content
    return with_part(document, "content.xml", content.replace(old, new).encode())


def zipped(parts: Mapping[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target.getvalue()


def ods(rows: Iterable[str], *, manifest: str = "", styles: str = "") -> bytes:
    """An OpenDocument sheet with these `table:table-row` elements and automatic styles."""
    space = "urn:oasis:names:tc:opendocument:xmlns"
    spaces = "".join(f' xmlns:{name}="{space}:{name}:1.0"' for name in ("office", "table", "text", "style"))
    calc = ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    content = (
        f"<office:document-content{spaces}{calc}><office:automatic-styles>{styles}</office:automatic-styles>"
        f'<office:body><office:spreadsheet><table:table table:name="Feuille1">{"".join(rows)}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    return zipped({"mimetype": kind, "content.xml": content.encode(), "META-INF/manifest.xml": manifest.encode()})


def ods_row(*texts: str, repeated: int = 1) -> str:
    cells = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>' for text in texts
    )
    return (
        f'<table:table-row table:number-rows-repeated="{repeated}">{cells or "<table:table-cell/>"}</table:table-row>'
    )


def unzipped(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


BinaryRows = Mapping[int, Iterable[str | float | bytes]]
"""By their number from 0; a byte is the code of an error."""


def xlsb(rows: BinaryRows) -> bytes:
    return xlsb_book({"Binary": rows})


def xlsb_book(sheets: Mapping[str, BinaryRows], hidden: Collection[str] = ()) -> bytes:
    office = "http://schemas.openxmlformats.org"
    entries, relations, parts = b"", "", {}
    for number, (name, rows) in enumerate(sheets.items(), start=1):
        entries += _record(156, struct.pack("<II", name in hidden, number) + _wide(f"rId{number}") + _wide(name))
        relations += (
            f'<Relationship Id="rId{number}" Type="{office}/officeDocument/2006/relationships/worksheet" '
            f'Target="worksheets/sheet{number}.bin"/>'
        )
        parts[f"xl/worksheets/sheet{number}.bin"] = _xlsb_sheet(rows)
    relations = f'<Relationships xmlns="{office}/package/2006/relationships">{relations}</Relationships>'
    return zipped(
        {
            "[Content_Types].xml": b"<Types/>",
            "xl/workbook.bin": _record(131) + _record(143) + entries + _record(144) + _record(132),
            "xl/_rels/workbook.bin.rels": relations.encode(),
            **parts,
        }
    )


def _xlsb_sheet(rows: BinaryRows) -> bytes:
    sheet = _record(129) + _record(148, struct.pack("<4I", 0, max(rows, default=0), 0, 9)) + _record(145)
    for row, cells in rows.items():
        sheet += _record(0, struct.pack("<I", row) + bytes(13))
        for column, cell in enumerate(cells):
            place = struct.pack("<II", column, 0)
            match cell:
                case str():
                    sheet += _record(6, place + _wide(cell))
                case bytes():
                    sheet += _record(3, place + cell)
                case int():
                    # As Excel writes whole numbers.
                    sheet += _record(2, place + struct.pack("<i", cell << 2 | 2))
                case _:
                    sheet += _record(5, place + struct.pack("<d", cell))
    return sheet + _record(146) + _record(130)


def _record(kind: int, content: bytes = b"") -> bytes:
    """A BIFF12 record: number and length in groups of seven bits."""
    return _sevens(kind) + _sevens(len(content)) + content


def _sevens(value: int) -> bytes:
    # The high bit of a record's own number is part of the number, so it is written as it is.
    if value < 128:
        return bytes([value])
    return bytes([value & 127 | 128, value >> 7])


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xls(fill: Callable[[Any], None], records: Iterable[bytes] = ()) -> bytes:
    """An old Excel workbook: its sheet "Feuille" is filled in through xlwt, and these records are put at its end."""
    # There are no types for it, wherever it is looked for.
    book = importlib.import_module("xlwt").Workbook()
    fill(book.add_sheet("Feuille"))
    stream = book.get_biff_data()
    end = stream[-4:]
    assert end == b"\x0a\0\0\0"
    target = io.BytesIO()
    document = importlib.import_module("xlwt.CompoundDoc").XlsDoc()
    document.save(target, b"".join((stream[:-4], *records, end)))
    return target.getvalue()


def xls_record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def ole_in_a_circle(document: bytes) -> bytes:
    """The container with every chain of sectors leading back to where it begins."""
    table = 512 + 512 * int(struct.unpack_from("<i", document, 76)[0])
    links = [0 if link == -2 else link for link in struct.unpack_from("<128i", document, table)]
    return document[:table] + struct.pack("<128i", *links) + document[table + 512 :]


def ole_directory_in_itself(document: bytes, levels: int = 40) -> bytes:
    """The container with a directory in which every entry has the next one on both sides: 2 ** levels ways through."""
    entries = [
        f"entry {level}".encode("utf-16-le").ljust(64, b"\0")
        + struct.pack("<HBBiii", 18, 2, 1, level + 1, level + 1, -1).ljust(64, b"\0")
        for level in range(1, levels)
    ]
    start = 512 + 512 * int(struct.unpack_from("<i", document, 48)[0])
    old = document[start : start + 512]
    leaf = old[128:256]
    root = old[:76] + struct.pack("<i", 1) + old[80:128]
    directory = b"".join((root, *entries, leaf))
    directory = directory.ljust(-(-len(directory) // 512) * 512, b"\0")
    return _with_directory(document, directory)


def _with_directory(document: bytes, directory: bytes) -> bytes:
    """The container with this directory behind everything else, in sectors of the first table."""
    first, count = (len(document) - 512) // 512, len(directory) // 512
    table = 512 + 512 * int(struct.unpack_from("<i", document, 76)[0])
    links = list(struct.unpack_from("<128i", document, table))
    assert first + count <= len(links)
    links[first : first + count] = [*range(first + 1, first + count), -2]
    moved = document[:48] + struct.pack("<i", first) + document[52:table]
    return moved + struct.pack("<128i", *links) + document[table + 512 :] + directory


def ole(*streams: str) -> bytes:
    """As much of an OLE container as names its streams."""
    entries = b"".join(name.encode("utf-16-le").ljust(64, b"\0") + bytes(64) for name in ("Root Entry", *streams))
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0") + entries.ljust(1024, b"\0")


def bomb(size: int, *, declared: int | None = None) -> bytes:
    """A workbook of a few kilobytes whose texts unpack to this many bytes, or say that they unpack to fewer."""
    block = b"a" * 2**20
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    # Blocks that are flushed in full can be repeated as they are.
    start = packer.compress(b"<sst><si><t>") + packer.flush(zlib.Z_FULL_FLUSH)
    repeated = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    size = size // len(block) * len(block) + len(b"<sst><si><t>")
    packed = start + repeated * (size // len(block)) + packer.flush()
    check = zlib.crc32(b"<sst><si><t>")
    for _ in range(size // len(block)):
        check = zlib.crc32(block, check)
    return _one_entry_more(xlsx({"Sheet": [[1]]}), "xl/sharedStrings.xml", packed, declared or size, check)


def _one_entry_more(workbook: bytes, name: str, packed: bytes, size: int, check: int) -> bytes:
    """The archive with this entry in place of the one of that name, its content given already packed."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for part in source.namelist():
            if part != name:
                copy.writestr(part, _related(part, source.read(part)))
        count, end_of_parts = len(copy.namelist()), copy.fp.tell() if copy.fp else 0
    data = target.getvalue()
    fields = struct.pack("<5H3I2H", 20, 0, 8, 0, 33, check, len(packed), size, len(name), 0)
    local = b"PK\x03\x04" + fields + name.encode()
    central = b"PK\x01\x02" + struct.pack("<H", 20) + fields + struct.pack("<3H2I", 0, 0, 0, 0, end_of_parts)
    directory = data[end_of_parts : data.rindex(b"PK\x05\x06")] + central + name.encode()
    offset = end_of_parts + len(local) + len(packed)
    end = b"PK\x05\x06" + struct.pack("<4H2IH", 0, 0, count + 1, count + 1, len(directory), offset, 0)
    return data[:end_of_parts] + local + packed + directory + end


def many_parts(count: int) -> bytes:
    return zipped({"[Content_Types].xml": b"", **{f"xl/{index}.xml": b"" for index in range(count)}})


def entity_bomb() -> bytes:
    levels = "".join(f'<!ENTITY l{index} "{f"&l{index - 1};" * 10}">' for index in range(1, 10))
    prolog = f'<!DOCTYPE worksheet [<!ENTITY l0 "laugh">{levels}]>'
    return xlsx_with('<row r="1"><c r="A1" t="inlineStr"><is><t>&l9;</t></is></c></row>', prolog=prolog)


def file_entity(path: str) -> bytes:
    prolog = f'<!DOCTYPE worksheet [<!ENTITY other SYSTEM "file://{path}">]>'
    return xlsx_with('<row r="1"><c r="A1" t="inlineStr"><is><t>&other;</t></is></c></row>', prolog=prolog)
