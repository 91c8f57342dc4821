"""Writing the marks: fills and comments on cells, and the list of findings as the first sheet.

Nothing else of the accountant's is touched: no value, and no cell that has no finding.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from openpyxl.cell import Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import quote_sheetname
from openpyxl.workbook import Workbook
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from batch.annotate.marks import Line, Marks
from batch.finding_rules import Severity
from batch.report.page import A4, FONT, NAVY, SLATE, WHITE, writable

_FILLS = {
    Severity.ERROR: PatternFill("solid", fgColor="FBDDD8"),
    Severity.WARNING: PatternFill("solid", fgColor="FFEFC7"),
    Severity.NOTE: PatternFill("solid", fgColor="E6EBF1"),
}
_LINK = Font(name=FONT, color="0B4F8A", underline="single")
_AUTHOR = "creditbatch"
_MOST_IN_A_COMMENT = 2_000
_HEADINGS_BELOW = 2
_LONGEST_TAB = 31
_CHARACTERS_IN_A_LINE = 90
_LINE_HEIGHT = 15.5
_TITLE_HEIGHT = 28


@dataclass(frozen=True, slots=True)
class _Noted:
    """What is said of one cell, and from which row of the list."""

    lines: list[Line]
    first_row: int


def write_marks(workbook: Workbook, sheet: Worksheet, marks: Marks) -> None:
    """Mark the sheet's cells, and put the list in front of all sheets."""
    listing = workbook.create_sheet(_free_name(workbook, marks.tab), 0)
    first = len(marks.remarks) + _HEADINGS_BELOW + 2
    anchors = _anchors(sheet)
    noted: dict[str, _Noted] = {}
    for row, line in enumerate(marks.lines, first):
        # A note says what is in order: the cell is not to be corrected.
        if line.cell is not None and line.level is not Severity.NOTE:
            noted.setdefault(anchors.get(line.cell, line.cell), _Noted([], row)).lines.append(line)
    _mark_cells(sheet, noted, listing.title, marks)
    _write_list(listing, sheet.title, marks, anchors, first)
    for other in workbook.worksheets:
        other.sheet_view.tabSelected = other is listing
    workbook.active = 0


def _anchors(sheet: Worksheet) -> dict[str, str]:
    """For every cell that a merged one covers, the cell at its top left, which is the one that holds anything."""
    return {
        sheet.cell(row, column).coordinate: sheet.cell(merged.min_row, merged.min_col).coordinate
        for merged in sheet.merged_cells.ranges
        if merged.size["rows"] * merged.size["columns"] <= _MOST_IN_A_COMMENT
        for row in range(merged.min_row, merged.max_row + 1)
        for column in range(merged.min_col, merged.max_col + 1)
    }


def _mark_cells(sheet: Worksheet, noted: Mapping[str, _Noted], tab: str, marks: Marks) -> None:
    by_row: dict[int, list[str]] = defaultdict(list)
    for address in noted:
        by_row[sheet[address].row].append(address)
    ways = {row: _way_back(sheet, row, noted) for row in by_row}
    for address, said in noted.items():
        cell = sheet[address]
        if isinstance(cell, MergedCell):
            continue
        is_error = any(line.level is Severity.ERROR for line in said.lines)
        cell.fill = _FILLS[Severity.ERROR if is_error else Severity.WARNING]
        way = ways[cell.row]
        texts = [line.sentence for line in said.lines]
        if way is not None:
            texts.append(marks.back.format(cell=way))
            sheet[way].hyperlink = Hyperlink(ref=way, location=f"{quote_sheetname(tab)}!B{said.first_row}")
        _comment(cell, texts)


def _way_back(sheet: Worksheet, row: int, noted: Mapping[str, _Noted]) -> str | None:
    """A cell of the row that leads back to the list: one with content, and none that is to be corrected."""
    for cell in sheet[row] if row <= sheet.max_row else ():
        plain = not isinstance(cell, MergedCell) and cell.value is not None and cell.hyperlink is None
        if plain and cell.coordinate not in noted:
            return str(cell.coordinate)
    return None


def _comment(cell: Cell, texts: Sequence[str]) -> None:
    """What was noted there before stays, and comes first."""
    before = [cell.comment.text.rstrip()] if cell.comment else []
    text = writable("\n\n".join([*before, *dict.fromkeys(texts)]))
    text = text if len(text) <= _MOST_IN_A_COMMENT or before else text[: _MOST_IN_A_COMMENT - 1] + "…"
    lines = sum(1 + len(line) // 45 for line in text.split("\n"))
    cell.comment = Comment(text, _AUTHOR, height=min(400, 30 + 17 * lines), width=320)


def _write_list(listing: Worksheet, sheet: str, marks: Marks, anchors: Mapping[str, str], first: int) -> None:
    _put(listing, 1, 1, marks.title, Font(name=FONT, size=18, bold=True, color=NAVY))
    listing.row_dimensions[1].height = _TITLE_HEIGHT
    for row, remark in enumerate(marks.remarks, 2):
        _put(listing, row, 1, remark, Font(name=FONT, color=SLATE), wrap=True)
        listing.merge_cells(start_row=row, start_column=1, end_row=row, end_column=3)
        listing.row_dimensions[row].height = _LINE_HEIGHT * (1 + len(remark) // (_CHARACTERS_IN_A_LINE + 30))
    for column, heading in enumerate(marks.headings, 1):
        cell = _put(listing, first - 1, column, heading, Font(name=FONT, bold=True, color=WHITE))
        cell.fill = PatternFill("solid", fgColor=NAVY)
    for row, line in enumerate(marks.lines, first):
        _put(listing, row, 1, line.severity, Font(name=FONT, bold=True)).fill = _FILLS[line.level]
        cell = _put(listing, row, 2, line.cell or marks.whole_sheet, _LINK if line.cell else Font(name=FONT))
        if line.cell:
            address = anchors.get(line.cell, line.cell)
            cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"{quote_sheetname(sheet)}!{address}")
        _put(listing, row, 3, line.sentence, Font(name=FONT), wrap=True)
        listing.row_dimensions[row].height = _LINE_HEIGHT * (1 + len(line.sentence) // _CHARACTERS_IN_A_LINE)
    for letter, width in (("A", 16), ("B", 14), ("C", 95)):
        listing.column_dimensions[letter].width = width
    listing.freeze_panes = f"A{first}"
    listing.sheet_view.showGridLines = False
    listing.page_setup.orientation = "landscape"
    listing.page_setup.paperSize = A4
    listing.page_setup.fitToWidth, listing.page_setup.fitToHeight = 1, 0
    listing.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _put(sheet: Worksheet, row: int, column: int, text: str, font: Font, *, wrap: bool = False) -> Cell:
    cell = cast("Cell", sheet.cell(row, column))
    cell.value = writable(text)
    # openpyxl would take a text that begins with "=" for a formula.
    cell.data_type = "s"
    cell.font = font
    cell.alignment = Alignment(vertical="top", wrap_text=wrap or None)
    return cell


def _free_name(workbook: Workbook, wanted: str) -> str:
    """The name, or with a number after it where a sheet is called so already."""
    taken = {name.casefold() for name in workbook.sheetnames}
    name, number = wanted[:_LONGEST_TAB], 1
    while name.casefold() in taken:
        number += 1
        name = f"{wanted[: _LONGEST_TAB - 6]} ({number})"
    return name
