"""The child process that marks a workbook: findings, corrections, pictures, and the results that formulas had.

openpyxl writes a formula without its result; then the copy shows nothing where nobody calculates, and the next check
would say that it was never calculated.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from decimal import Decimal
from itertools import chain, count
from typing import IO, Any, cast
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import load_workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.drawing.image import Image
from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.packaging.relationship import get_dependents, get_rels_path
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import quote_sheetname
from openpyxl.workbook import Workbook
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.xml.constants import IMAGE_NS
from openpyxl.xml.functions import fromstring

from batch.annotation import KEPT_PICTURES, SECONDS, WORKBOOK, FindingLine, Marks, find_picture_kind, write_cell
from batch.files import fit_cell
from batch.finding_rules import Severity
from batch.report.page import FONT, NAVY, SLATE, WHITE, save_workbook, set_page
from batch.sheet.number_format import parse_format

_SAVED = re.compile(rb'<c\b[^<>]*?\br="([A-Z]{1,3}[1-9]\d*)"[^<>]*>\s*<f\b[^<>]*?(?:/>|>[^<]*</f>)\s*<v>([^<]*)</v>')
_KIND = re.compile(rb'\bt="(str|b|e|n)"')
_WRITTEN = re.compile(rb'(<c r="([A-Z]{1,3}[1-9]\d*)"(?: s="\d+")?)(?: t="\w+")?>(<f\b[^<>]*?(?:/>|>[^<]*</f>))<v ?/>')
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"

MEMORY = 1_500 * 2**20
"""Address space of this process, in bytes."""
_Results = Mapping[bytes, tuple[bytes, bytes]]


def restore_results(written: bytes, original: bytes) -> bytes:
    """Restore in what openpyxl wrote the results that the original has, sheet by sheet of the same name."""
    file = io.BytesIO()
    with (
        ZipFile(io.BytesIO(original)) as old,
        ZipFile(io.BytesIO(written)) as plain,
        ZipFile(file, "w", ZIP_DEFLATED) as new,
    ):
        before = _find_sheets(old)
        sources = {part: before.get(name) for name, part in _find_sheets(plain).items()}
        for part in plain.infolist():
            data = plain.read(part)
            source = sources.get(part.filename)
            if source is not None and b"<f" in data:
                data = _fill_results(data, _read_results(old.read(source)))
            new.writestr(part, data)
    return file.getvalue()


def _fill_results(sheet: bytes, results: _Results) -> bytes:
    def fill(found: re.Match[bytes]) -> bytes:
        start, address, formula = found.groups()
        if address not in results:
            return found.group()
        kind, value = results[address]
        return start + kind + b">" + formula + b"<v>" + value + b"</v>"

    return _WRITTEN.sub(fill, sheet)


def _read_results(sheet: bytes) -> _Results:
    results = {}
    for found in _SAVED.finditer(sheet):
        address, value = found.groups()
        kind = _KIND.search(found.group().split(b">", 1)[0])
        results[address] = (b' t="' + kind.group(1) + b'"' if kind else b"", value)
    return results


def _find_sheets(archive: ZipFile) -> dict[str, str]:
    """Find the part that holds each sheet, by the sheet's name."""
    targets = {relation.Id: relation.target for relation in _list_dependents(archive, WORKBOOK)}
    sheets = fromstring(archive.read(WORKBOOK)).iter(f"{_MAIN}sheet")
    found = {sheet.get("name"): targets.get(sheet.get(_ID)) for sheet in sheets}
    return {name: part for name, part in found.items() if name and part}


def _list_dependents(archive: ZipFile, part: str) -> Sequence[Any]:
    rels: str = get_rels_path(part)  # type: ignore[no-untyped-call]
    return list(get_dependents(archive, rels)) if rels in archive.namelist() else []


def put_corrections(sheet: Worksheet, corrections: Iterable[tuple[int, int, Any]]) -> None:
    """Write cells: row as Excel shows it, column from 0, content as JSON. Of its look stays what does not belie it."""
    for row, column, content in corrections:
        cell = _find_cell(sheet, row, column + 1)
        look = cell.number_format
        write_cell(cell, content)
        cell.number_format = look
        if isinstance(cell.value, Decimal) and _is_misleading(cell, cell.value):
            cell.number_format = "General"
        if cell.font.strike:
            font = cast("Font", copy(cell.font))
            font.strike = False
            cell.font = font


def _find_cell(sheet: Worksheet, row: int, column: int) -> Cell:
    """Find the cell. Nothing can be written where a merged cell covers others, so that is taken apart."""
    covered = sheet.cell(row, column)
    if isinstance(covered, MergedCell):
        for merged in list(sheet.merged_cells.ranges):
            if covered.coordinate in merged:
                sheet.unmerge_cells(merged.coord)
    return cast("Cell", sheet.cell(row, column))


def _is_misleading(cell: Cell, number: Decimal) -> bool:
    """Tell whether the cell's format makes a date of the number, or shows another one."""
    shape = parse_format(cell.number_format)
    return cell.is_date or (shape is not None and shape.find_misleading_text(number) is not None)


class _Picture(Image):
    """A picture that is written as it was read, at its place and in its frame."""

    def __init__(self, data: bytes, kind: str, anchor: Any) -> None:
        # Not openpyxl's, which decodes the picture.
        self._stored = data
        self.format = kind
        self.anchor = anchor

    def _data(self) -> bytes:
        return self._stored


def _hide_pictures(original: bytes) -> IO[bytes]:
    """Take the pictures out: with Pillow openpyxl would write them anew, but for those that it cannot decode."""
    file = io.BytesIO()
    with ZipFile(io.BytesIO(original)) as old, ZipFile(file, "w") as new:
        for part in old.infolist():
            new.writestr(part, b"" if part.filename.startswith("xl/media/") else old.read(part))
    return file


def keep_pictures(workbook: Workbook, original: bytes) -> None:
    """Put the pictures of the original on the sheets that openpyxl has read from it."""
    with ZipFile(io.BytesIO(original)) as archive:
        for name, part in _find_sheets(archive).items():
            if name in workbook.sheetnames:
                sheet: Any = workbook[name]  # Its stub lacks add_image.
                for picture in _read_pictures(archive, part):
                    sheet.add_image(picture)


def _read_pictures(archive: ZipFile, part: str) -> Iterator[_Picture]:
    for relation in _list_dependents(archive, part):
        if not relation.Type.endswith("/drawing") or relation.target not in archive.namelist():
            continue
        try:
            tree: Any = fromstring(archive.read(relation.target))
            drawing: Any = SpreadsheetDrawing.from_tree(tree)
        except TypeError:  # It holds what openpyxl does not know, and is lost as a whole.
            continue
        media = {item.Id: item.target for item in _list_dependents(archive, relation.target) if item.Type == IMAGE_NS}
        for anchor in (*drawing.absoluteAnchor, *drawing.oneCellAnchor, *drawing.twoCellAnchor):
            frame = anchor.pic
            blip = frame and frame.blipFill and frame.blipFill.blip
            target = blip and media.get(blip.embed)
            if not target or target not in archive.namelist() or find_picture_kind(target) not in KEPT_PICTURES:
                continue
            # A link of its own would lead to a relation that is not written.
            blip.link = frame.nvPicPr.cNvPr.hlinkClick = frame.nvPicPr.cNvPr.hlinkHover = None
            line = frame.spPr.ln
            if line is not None and not (line.noFill or line.solidFill or line.gradFill or line.pattFill):
                frame.spPr.ln = None  # openpyxl has made it up.
            yield _Picture(archive.read(target), find_picture_kind(target)[1:], anchor)


_FILLS = {
    Severity.ERROR: PatternFill("solid", fgColor="FBDDD8"),
    Severity.WARNING: PatternFill("solid", fgColor="FFEFC7"),
    Severity.NOTE: PatternFill("solid", fgColor="E6EBF1"),
}
_LINK = Font(name=FONT, color="0B4F8A", underline="single")
_AUTHOR = "creditbatch"
_MOST_IN_A_COMMENT = 2_000
_CHARACTERS_IN_A_LINE = 90
_LINE_HEIGHT = 15.5

_Noted = Mapping[str, Sequence[tuple[int, FindingLine]]]
"""What is said of each cell, and in which row of the list."""


def write_marks(workbook: Workbook, sheet: Worksheet, marks: Marks) -> None:
    """Mark the sheet's cells, and put the list in front of all sheets."""
    listing = workbook.create_sheet(_find_free_name(workbook, marks.tab), 0)
    first = len(marks.remarks) + 4
    anchors = _find_anchors(sheet)
    noted: dict[str, list[tuple[int, FindingLine]]] = defaultdict(list)
    for row, line in enumerate(marks.lines, first):
        # A note says what is in order: the cell is not to be corrected.
        if line.cell is not None and line.level is not Severity.NOTE:
            noted[anchors.get(line.cell, line.cell)].append((row, line))
    _mark_cells(sheet, noted, listing.title, marks)
    _write_list(listing, sheet.title, marks, anchors, first)
    for other in workbook.worksheets:
        other.sheet_view.tabSelected = other is listing
    workbook.active = 0


def _find_anchors(sheet: Worksheet) -> dict[str, str]:
    """Find for every cell that a merged one covers the cell at its top left, which is the one that holds anything."""
    return {
        sheet.cell(row, column).coordinate: sheet.cell(merged.min_row, merged.min_col).coordinate
        for merged in sheet.merged_cells.ranges
        if merged.size["rows"] * merged.size["columns"] <= _MOST_IN_A_COMMENT
        for row in range(merged.min_row, merged.max_row + 1)
        for column in range(merged.min_col, merged.max_col + 1)
    }


def _mark_cells(sheet: Worksheet, noted: _Noted, tab: str, marks: Marks) -> None:
    ways = {row: _find_link_cell(sheet, row, noted) for row in {sheet[address].row for address in noted}}
    for address, said in noted.items():
        cell = sheet[address]
        if isinstance(cell, MergedCell):
            continue
        is_error = any(line.level is Severity.ERROR for _row, line in said)
        cell.fill = _FILLS[Severity.ERROR if is_error else Severity.WARNING]
        way = ways[cell.row]
        texts = [line.sentence for _row, line in said]
        if way is not None:
            texts.append(marks.back.format(cell=way))
            sheet[way].hyperlink = Hyperlink(ref=way, location=f"{quote_sheetname(tab)}!B{said[0][0]}")
        _write_comment(cell, texts)


def _find_link_cell(sheet: Worksheet, row: int, noted: _Noted) -> str | None:
    """Find a cell of the row to lead back to the list: one with content, and none that is to be corrected."""
    for cell in sheet[row] if row <= sheet.max_row else ():
        plain = not isinstance(cell, MergedCell) and cell.value is not None and cell.hyperlink is None
        if plain and cell.coordinate not in noted:
            return str(cell.coordinate)
    return None


def _write_comment(cell: Cell, texts: Sequence[str]) -> None:
    """Write a comment. What was noted there before stays, and comes first."""
    before = [cell.comment.text.rstrip()] if cell.comment else []
    text = fit_cell("\n\n".join([*before, *dict.fromkeys(texts)]))
    text = text if len(text) <= _MOST_IN_A_COMMENT or before else text[: _MOST_IN_A_COMMENT - 1] + "…"
    lines = sum(1 + len(line) // 45 for line in text.split("\n"))
    cell.comment = Comment(text, _AUTHOR, height=min(400, 30 + 17 * lines), width=320)


def _write_list(listing: Worksheet, sheet: str, marks: Marks, anchors: Mapping[str, str], first: int) -> None:
    _put_text(listing, 1, 1, marks.title, Font(name=FONT, size=18, bold=True, color=NAVY))
    listing.row_dimensions[1].height = 28
    for row, remark in enumerate(marks.remarks, 2):
        _put_text(listing, row, 1, remark, Font(name=FONT, color=SLATE), wrap=True)
        listing.merge_cells(start_row=row, start_column=1, end_row=row, end_column=3)
        listing.row_dimensions[row].height = _LINE_HEIGHT * (1 + len(remark) // (_CHARACTERS_IN_A_LINE + 30))
    for column, heading in enumerate(marks.headings, 1):
        cell = _put_text(listing, first - 1, column, heading, Font(name=FONT, bold=True, color=WHITE))
        cell.fill = PatternFill("solid", fgColor=NAVY)
    for row, line in enumerate(marks.lines, first):
        _put_text(listing, row, 1, line.severity, Font(name=FONT, bold=True)).fill = _FILLS[line.level]
        cell = _put_text(listing, row, 2, line.cell or marks.whole_sheet, _LINK if line.cell else Font(name=FONT))
        if line.cell:
            address = anchors.get(line.cell, line.cell)
            cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"{quote_sheetname(sheet)}!{address}")
        _put_text(listing, row, 3, line.sentence, Font(name=FONT), wrap=True)
        listing.row_dimensions[row].height = _LINE_HEIGHT * (1 + len(line.sentence) // _CHARACTERS_IN_A_LINE)
    for letter, width in (("A", 16), ("B", 14), ("C", 95)):
        listing.column_dimensions[letter].width = width
    listing.freeze_panes = f"A{first}"
    listing.sheet_view.showGridLines = False
    set_page(listing)


def _put_text(sheet: Worksheet, row: int, column: int, text: str, font: Font, *, wrap: bool = False) -> Cell:
    cell = cast("Cell", sheet.cell(row, column))
    cell.value = fit_cell(text)
    # openpyxl would take a text that begins with "=" for a formula.
    cell.data_type = "s"
    cell.font = font
    cell.alignment = Alignment(vertical="top", wrap_text=wrap or None)
    return cell


def _find_free_name(workbook: Workbook, wanted: str) -> str:
    """Find a free name: with a number after it where a sheet is called so already."""
    taken = {name.casefold() for name in workbook.sheetnames}
    numbered = (f"{wanted} ({number})" for number in count(2))
    return next(name for name in chain([wanted], numbered) if name.casefold() not in taken)


def make_workbook(rows: Sequence[Sequence[Any]], name: str | None) -> Workbook:
    """Make the workbook. A text stays a text: an amount such as "12,50" and a token with zeros in front as well."""
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = name or "Sheet"
    for line, cells in enumerate(rows, 1):
        for column, cell in enumerate(cells, 1):
            if cell is not None:
                write_cell(cast("Cell", sheet.cell(line, column)), cell)
    return workbook


def main() -> None:
    """Answer one request: a line of JSON, then the workbook's bytes (none if there are cells in the line)."""
    answer_to = sys.stdout.buffer
    _limit_process()
    with contextlib.redirect_stdout(sys.stderr):
        answer_to.write(answer(sys.stdin.buffer))
    answer_to.flush()


def answer(stream: IO[bytes]) -> bytes:
    head: dict[str, Any] = json.loads(stream.readline(), parse_float=Decimal)
    original = stream.read()
    marks = Marks.from_json(head["marks"])
    if head["cells"] is not None:
        workbook = make_workbook(head["cells"], marks.sheet)
        return _save_workbook(workbook, workbook.worksheets[0], marks)
    workbook = load_workbook(_hide_pictures(original), keep_vba=head["keeps_macros"], rich_text=True)
    # The marked one is a workbook, whatever it was made from.
    workbook.template = False
    keep_pictures(workbook, original)
    sheet = next(sheet for sheet in workbook.worksheets if sheet.title == marks.sheet)
    put_corrections(sheet, head["corrections"])
    return restore_results(_save_workbook(workbook, sheet, marks), original)


def _save_workbook(workbook: Workbook, sheet: Worksheet, marks: Marks) -> bytes:
    write_marks(workbook, sheet, marks)
    file = io.BytesIO()
    save_workbook(workbook, file)
    return file.getvalue()


def _limit_process() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


if __name__ == "__main__":
    main()
