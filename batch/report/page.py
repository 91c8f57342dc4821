"""What every sheet is made with: texts that any cell can hold, styles, page set-up, and links between the sheets."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import absolute_coordinate, get_column_letter, quote_sheetname
from openpyxl.workbook import Workbook
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from batch import __version__
from batch.files import fit_line
from batch.i18n import Language, _, ngettext
from batch.model import Status
from batch.report.result_labels import DRY_RUN, PROGRAM
from batch.report.verdict import Contents, Course

FONT = "Calibri"
BLACK = "1B1F24"
WHITE = "FFFFFF"
NAVY = "1F3A5F"
SLATE = "4A5B6C"
VIOLET = "5B2E91"
LINE = "C9D1D9"

TEXT = "@"
_DAY = {Language.ENGLISH: "yyyy-mm-dd", Language.FRENCH: "dd/mm/yyyy"}
_OWN_SEPARATORS = {Language.ENGLISH: "", Language.FRENCH: "[$-40C]"}
"""Excel shows numbers with the separators of its own country whatever a format says, others with the format's."""


@dataclass(frozen=True, eq=False, slots=True)
class ReportStyle:
    """All that styles a cell; compared by identity, since cells are looked up by it for every value.

    `is_quoted` keeps a text that Excel could take for a formula a text even after somebody has edited the cell;
    `is_open` is a cell to write in, on a sheet that is locked.
    """

    number_format: str = "General"
    ink: str = BLACK
    fill: str | None = None
    size: int = 11
    bold: bool = False
    wrap: bool = False
    horizontal: str = "left"
    indent: int = 1
    vertical: str = "top"
    ruled: bool = False
    underlined: bool = False
    is_quoted: bool = False
    is_open: bool = False


PLAIN = ReportStyle()
WRAPPED = ReportStyle(wrap=True)
OWN_TEXT = ReportStyle(number_format=TEXT)
TRUTH = ReportStyle(horizontal="center", indent=0)
RIGHT = ReportStyle(horizontal="right")
WHOLE_NUMBER = ReportStyle(number_format="0", horizontal="right")
SMALL_NUMBER = ReportStyle(number_format="0", horizontal="center", indent=0)

TITLE = ReportStyle(size=18, bold=True, ink=NAVY, vertical="center")
SECTION = ReportStyle(size=12, bold=True, ink=NAVY, ruled=True, vertical="bottom")
LABEL = ReportStyle(ink=SLATE)
LABEL_WRAPPED = ReportStyle(ink=SLATE, wrap=True)
STRONG = ReportStyle(bold=True)
TOTALS_HEAD = ReportStyle(bold=True, ink=NAVY, fill="E6EBF1", vertical="center")
TOTALS_HEAD_RIGHT = replace(TOTALS_HEAD, horizontal="right")
TOTALS_HEAD_CENTER = replace(TOTALS_HEAD, horizontal="center", indent=0)
SMALL = ReportStyle(size=9, ink=SLATE, vertical="center")
BELOW = ReportStyle(ink=SLATE, vertical="bottom")
BELOW_STRONG = ReportStyle(bold=True, vertical="bottom")
SIGNED = ReportStyle(size=9, ink=SLATE, ruled=True, vertical="bottom")
HEADER_OWN = ReportStyle(bold=True, ink=WHITE, fill=SLATE, wrap=True, vertical="center")
HEADER_OURS = ReportStyle(bold=True, ink=WHITE, fill=NAVY, wrap=True, vertical="center")
HEADER_DRY_RUN = ReportStyle(bold=True, ink=WHITE, fill=VIOLET, wrap=True, vertical="center")
DRY_RUN_MARK = ReportStyle(size=16, bold=True, ink=WHITE, fill=VIOLET, vertical="center")

TOTAL = ReportStyle(bold=True, fill="E6EBF1")

BAND_GOOD = ReportStyle(size=13, bold=True, ink="0F4A26", fill="DDF3E4", wrap=True, vertical="center")
BAND_ATTENTION = ReportStyle(size=13, bold=True, ink="5C3D00", fill="FFEFC7", wrap=True, vertical="center")
BAND_BAD = ReportStyle(size=13, bold=True, ink=WHITE, fill="A4262C", wrap=True, vertical="center")
BAND_DRY_RUN = ReportStyle(size=13, bold=True, ink="3D1A66", fill="EDE3F8", wrap=True, vertical="center")

# Excel puts its filter button over the right end of a title.
_TITLE_INDENTS = {"left": 1, "center": 0, "right": 2}

STATUS_LOOKS = {
    Status.PENDING: ReportStyle(bold=True, ink="33475B", fill="E6EBF1"),
    Status.DONE: ReportStyle(bold=True, ink="0F4A26", fill="DDF3E4"),
    Status.REFUSED: ReportStyle(bold=True, ink="7A1A12", fill="FBDDD8"),
    Status.INVALID: ReportStyle(bold=True, ink="5C3D00", fill="FFEFC7"),
    Status.UNKNOWN: ReportStyle(bold=True, ink=WHITE, fill="A4262C"),
}


@cache
def make_count_style(language: Language, *, bold: bool = False) -> ReportStyle:
    return ReportStyle(number_format=f"{_OWN_SEPARATORS[language]}#,##0", horizontal="right", bold=bold)


@cache
def make_euro_style(places: int, language: Language, *, bold: bool = False) -> ReportStyle:
    euro = _make_euro_format(places, language)
    return ReportStyle(number_format=f"{_OWN_SEPARATORS[language]}{euro};-{euro}", horizontal="right", bold=bold)


@cache
def make_difference_style(places: int, language: Language, *, is_zero: bool) -> ReportStyle:
    """Make the style of a difference of the books: with its sign, and marked unless it is nothing."""
    euro = _make_euro_format(places, language)
    plain = ReportStyle(number_format=f"{_OWN_SEPARATORS[language]}+{euro};-{euro};{euro}", horizontal="right")
    return plain if is_zero else replace(plain, bold=True, ink="5C3D00", fill="FFEFC7")


@cache
def make_total_style(places: int, language: Language) -> ReportStyle:
    return replace(make_euro_style(places, language, bold=True), fill=TOTAL.fill)


@cache
def make_row_count_style(language: Language) -> ReportStyle:
    """Make the style of a count of rows, which says so itself: "42 rows"."""
    one, several = (ngettext("row", "rows", number) for number in (1, 2))
    separators = _OWN_SEPARATORS[language]
    return replace(TOTAL, number_format=f'{separators}[=1]0" {one}";{separators}#,##0" {several}"')


@cache
def make_moment_style(language: Language, time: str) -> ReportStyle:
    """Make the style of a date and, if there is a format for it, of the time."""
    return ReportStyle(number_format=f"{_DAY[language]}{time}")


@cache
def link_style(look: ReportStyle) -> ReportStyle:
    """Underline a style for a cell that leads somewhere; use one without fill, as some programs choose a link’s ink."""
    return replace(look, underlined=True, ink="0B4F8A")


@cache
def wrap_style(look: ReportStyle) -> ReportStyle:
    return replace(look, wrap=True)


@cache
def align_style(look: ReportStyle, horizontal: str) -> ReportStyle:
    return replace(look, horizontal=horizontal, indent=_TITLE_INDENTS[horizontal])


@cache
def quote_style(look: ReportStyle) -> ReportStyle:
    return replace(look, number_format=TEXT, is_quoted=True)


def style_cell(cell: Cell, look: ReportStyle) -> Cell:
    """Style a cell. What is plain it has from the start, and openpyxl takes long over each that is set."""
    cell.font, cell.alignment = _make_letters(look)
    cell.number_format = look.number_format
    if look.fill:
        cell.fill = PatternFill("solid", fgColor=look.fill)
    if look.ruled:
        cell.border = Border(bottom=Side("thin", color=LINE))
    if look.is_quoted:
        cell.quotePrefix = True
    if look.is_open:
        cell.protection = Protection(locked=False)
    return cell


@cache
def _make_letters(look: ReportStyle) -> tuple[Font, Alignment]:
    return (
        Font(FONT, look.size, look.bold, color=look.ink, underline="single" if look.underlined else None),
        Alignment(look.horizontal, look.vertical, wrap_text=look.wrap or None, indent=look.indent),
    )


def make_axis_format(language: Language) -> str:
    """Make the number format of whole euros on the axis of a chart."""
    return f"{_OWN_SEPARATORS[language]}{_make_euro_format(0, language)}"


def _make_euro_format(places: int, language: Language) -> str:
    digits = f"#,##0.{'0' * places}" if places else "#,##0"
    # LibreOffice saves a bare space of a French format as one between thousands, which then divides by a thousand.
    return f'{digits}"\u00a0€"' if language is Language.FRENCH else f'"€"{digits}'


_A4 = 9
_HEAD_LIMIT = 70
"""Characters of a part of a page head: Excel takes 255 for all three, and an ampersand counts twice."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around every sheet of one workbook. That of a dry run, which is no batch, bears a mark."""

    file_name: str
    batch: str | None

    @property
    def is_dry_run(self) -> bool:
        return self.batch is None

    @property
    def first_line(self) -> int:
        """The first line below the titles, and below the mark."""
        return 3 if self.is_dry_run else 2

    @property
    def first_account(self) -> int:
        """The first sub-account's line on *Balances*: below the main account's and titles of their own."""
        return self.first_line + 2

    @property
    def header_look(self) -> ReportStyle:
        return HEADER_DRY_RUN if self.is_dry_run else HEADER_OURS


def add_sheet(workbook: Workbook, title: str, frame: Frame, *, is_upright: bool = False) -> Worksheet:
    """Add a last sheet, ready for its first row, with numbered pages."""
    sheet: Worksheet = workbook.create_sheet(title)
    set_page(sheet, is_upright=is_upright)
    sheet.sheet_properties.tabColor = VIOLET if frame.is_dry_run else NAVY
    sheet.page_margins = PageMargins(left=0.4, right=0.4, top=0.7, bottom=0.6, header=0.3, footer=0.3)
    _write_head_and_foot(sheet, frame)
    return sheet


def set_page(sheet: Worksheet, *, is_upright: bool = False) -> None:
    """Set the page to A4, landscape unless upright, and the sheet to be as wide as the paper."""
    sheet.page_setup.orientation = "portrait" if is_upright else "landscape"
    sheet.page_setup.paperSize = _A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def set_scale(sheet: Worksheet, percent: int) -> None:
    """Print at that scale, on as many pages as it takes; those of the same rows follow each other."""
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=False)
    sheet.page_setup.fitToWidth = sheet.page_setup.fitToHeight = None
    sheet.page_setup.scale = percent
    sheet.page_setup.pageOrder = "overThenDown"


def _write_head_and_foot(sheet: Worksheet, frame: Frame) -> None:
    head, foot = HeaderFooterItem(), HeaderFooterItem()
    sheet.oddHeader, sheet.oddFooter = head, foot
    head.left.text = _escape_page_text(frame.file_name)
    name = _("Batch {batch}").format(batch=frame.batch) if frame.batch else _(DRY_RUN)
    head.right.text = f"&B{_escape_page_text(name)}"
    foot.left.text = f"{PROGRAM} {__version__}"
    foot.center.text = "&A"
    foot.right.text = "&P / &N"
    for part in (head.left, head.right, foot.left, foot.center, foot.right):
        part.size = 9
        part.color = VIOLET if frame.is_dry_run else SLATE


def _escape_page_text(text: str) -> str:
    """Double each ampersand, which begins a code there."""
    return fit_line(text, _HEAD_LIMIT).replace("&", "&&")


MOST_LINKS = 20_000
"""Excel repairs a sheet with more than 65,530. Nobody clicks through so many, and each takes memory until the end."""


@dataclass(frozen=True, slots=True)
class Links:
    """Lines of the sheets: of *Rows* by row number, of *Balances* by token. *Events* tells its own when written."""

    rows: Mapping[int, int]
    attempts: Mapping[int, int]
    """The row of each event that began the last attempt of one, by the event's number."""
    accounts: Mapping[str, int]
    rows_of_accounts: Mapping[str, int]
    """The first row of the sub-account that needs a look."""


def find_links(contents: Contents, courses: list[Course], frame: Frame) -> Links:
    """Find the lines of rows that were refused or are unknown, and of those that the forecast says would be refused."""
    first = frame.first_line
    rows: dict[int, int] = {}
    rows_of_accounts: dict[str, int] = {}
    for line, entry in enumerate(contents.view.rows, first):
        number = entry.row.number
        if entry.result.status not in {Status.REFUSED, Status.UNKNOWN} and number not in contents.refusals:
            continue
        rows[number] = line
        if entry.row.token is not None:
            rows_of_accounts.setdefault(entry.row.token, line)
        if len(rows) == MOST_LINKS:
            break
    accounts = {course.token: line for line, course in enumerate(courses, frame.first_account)}
    return Links(rows, _find_last_attempts(contents, rows), accounts, rows_of_accounts)


def _find_last_attempts(contents: Contents, rows: Mapping[int, int]) -> dict[int, int]:
    """Find the events that begin the last attempt of each of these rows."""
    events: dict[int, int] = {}
    for event in contents.view.events if rows else ():
        if event.kind == "attempt-began":
            number = event.data["row"]
            if isinstance(number, int) and number in rows:
                events[number] = event.number
    return {event: number for number, event in events.items()}


def name_range(workbook: Workbook, name: str, sheet: str, ref: str) -> None:
    """Name a range, the same in every language, for formulas."""
    place = f"{quote_sheetname(sheet)}!{absolute_coordinate(ref)}"
    workbook.defined_names[name] = DefinedName(name, attr_text=place)


def keep_from_print(sheet: Worksheet, width: int) -> None:
    """Print nothing of a sheet of so many columns: of what has a print area only that is printed, here a blank cell."""
    sheet.print_area = f"{get_column_letter(width + 2)}1"


def put_link(cell: Cell | None, target: str, line: int | None) -> Cell | None:
    """Make the cell lead to a line of the workbook's sheet of that name, if there are both."""
    if cell is not None and line is not None:
        place = f"{quote_sheetname(target)}!A{line}"
        cell.hyperlink = Hyperlink(ref=cell.coordinate, location=place, tooltip=place)
    return cell


_RESULT = "\u00a6"
_HELD = re.compile(
    rb'(<c r="[A-Z]+[0-9]+"(?: s="[0-9]+")?)>(<f>[^<]*)' + _RESULT.encode() + b"(str|n):([^<]*)(</f>)<v ?/>"
)
_CHUNK = 2**20


def hold_result(formula: str, result: Decimal | int | str) -> str:
    """Make a cell's value of a formula and what it comes to, which `save_workbook` parts: openpyxl writes no results.

    Without one, programs that do not calculate show nothing.
    """
    held = (
        f"str:{result}"
        if isinstance(result, str)
        else f"n:{result:f}"
        if isinstance(result, Decimal)
        else f"n:{result}"
    )
    return f"={formula}{_RESULT}{held}"


class _ReportArchive(ZipFile):
    """Puts the results beside their formulas while sheets are copied into it, so that none is ever whole in memory."""

    def write(
        self,
        filename: str | os.PathLike[str],
        arcname: str | os.PathLike[str] | None = None,
        compress_type: int | None = None,
        compresslevel: int | None = None,
    ) -> None:
        if not str(arcname).startswith("xl/worksheets/"):
            super().write(filename, arcname, compress_type, compresslevel)
            return
        part = ZipInfo.from_file(filename, str(arcname))
        part.compress_type = self.compression
        with open(filename, "rb") as sheet, self.open(part, "w") as copy:  # noqa: PTH123 (as ZipFile takes either)
            rest = b""
            while chunk := sheet.read(_CHUNK):
                rest += chunk
                # A cell must not be cut in two.
                end = rest.rfind(b"<c ")
                copy.write(_HELD.sub(_put_result, rest[: max(end, 0)]))
                rest = rest[max(end, 0) :]
            copy.write(_HELD.sub(_put_result, rest))

    def writestr(
        self,
        zinfo_or_arcname: str | ZipInfo,
        data: bytes | str,  # type: ignore[override]  # openpyxl gives no other
        compress_type: int | None = None,
        compresslevel: int | None = None,
    ) -> None:
        if isinstance(zinfo_or_arcname, str) and zinfo_or_arcname.endswith((".xml", ".rels", ".vml")):
            whole = data.encode() if isinstance(data, str) else data
            zinfo_or_arcname, data = _spell_like_excel(zinfo_or_arcname, whole)
        super().writestr(zinfo_or_arcname, data, compress_type, compresslevel)


_NOTES = re.compile(rb"xl/comments/comment([0-9]+)\.xml")
_NOTE_SHAPES = re.compile(rb"xl/drawings/commentsDrawing([0-9]+)\.vml")
_DRAWING = b' xmlns="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"'
_UNNAMED = re.compile(rb"<(/?)([A-Za-z]+)(?=[\s/>])")


def _spell_like_excel(name: str, data: bytes) -> tuple[str, bytes]:
    """Name parts, and what points to them, as Excel does: exceljs knows tables, notes and drawings by nothing else."""
    spelled = _spell_parts(name.encode()).decode()
    if name.endswith(".rels") or name == "[Content_Types].xml":
        data = _spell_parts(data)
    if name.startswith("xl/") and name.count("/") == 3:
        # Of a part in a folder, such as a worksheet.
        data = data.replace(b'Target="/xl/', b'Target="../')
    if _DRAWING in data:
        data = _UNNAMED.sub(rb"<\1xdr:\2", data.replace(_DRAWING, _DRAWING.replace(b"xmlns", b"xmlns:xdr")))
    return spelled, data


def _spell_parts(text: bytes) -> bytes:
    # A workbook with macros may have shapes with the numbers from 1 on.
    return _NOTE_SHAPES.sub(rb"xl/drawings/vmlDrawing100\1.vml", _NOTES.sub(rb"xl/comments\1.xml", text))


def _put_result(found: re.Match[bytes]) -> bytes:
    start, formula, kind, result, end = found.groups()
    return start + (b' t="str"' if kind == b"str" else b"") + b">" + formula + end + b"<v>" + result + b"</v>"


def save_workbook(workbook: Workbook, file: IO[bytes]) -> None:
    """Save a workbook, in which cells may hold a formula with its result."""
    with _ReportArchive(file, "w", ZIP_DEFLATED) as archive:
        ExcelWriter(workbook, archive).write_data()
