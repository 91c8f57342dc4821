"""How the workbook looks: one calm palette, and every look that a cell can have.

Each ink is readable on its fill by WCAG AA or better, and no colour says what a word does not say as well.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.worksheet import Worksheet

from batch.language import Language
from batch.model import Status

FONT = "Calibri"
BLACK = "1B1F24"
WHITE = "FFFFFF"
NAVY = "1F3A5F"
SLATE = "4A5B6C"
VIOLET = "5B2E91"
LINE = "C9D1D9"

GENERAL = "General"
TEXT = "@"
WHOLE = "0"
DAY = {Language.ENGLISH: "yyyy-mm-dd", Language.FRENCH: "dd/mm/yyyy"}
_OWN_SEPARATORS = {Language.ENGLISH: "", Language.FRENCH: "[$-40C]"}
"""Excel shows numbers with the separators of its own country whatever a format says, others with the format's."""
LINK_INK = "0B4F8A"


@dataclass(frozen=True, eq=False, slots=True)
class Look:
    """All that styles a cell. Looks are compared by identity, since cells are looked up by them for every value.

    `is_quoted` keeps a text that Excel could take for a formula a text even after somebody has edited the cell.
    """

    number_format: str = GENERAL
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


PLAIN = Look()
WRAPPED = Look(wrap=True)
OWN_TEXT = Look(number_format=TEXT)
TRUTH = Look(horizontal="center", indent=0)
NUMBER = Look(horizontal="right")
WHOLE_NUMBER = Look(number_format=WHOLE, horizontal="right")
RIGHT = Look(horizontal="right")
SMALL_NUMBER = Look(number_format=WHOLE, horizontal="center", indent=0)

TITLE = Look(size=18, bold=True, ink=NAVY, vertical="center")
SECTION = Look(size=12, bold=True, ink=NAVY, ruled=True, vertical="bottom")
LABEL = Look(ink=SLATE)
LABEL_WRAPPED = Look(ink=SLATE, wrap=True)
STRONG = Look(bold=True)
TOTALS_HEAD = Look(bold=True, ink=NAVY, fill="E6EBF1", vertical="center")
TOTALS_HEAD_RIGHT = replace(TOTALS_HEAD, horizontal="right")
TOTALS_HEAD_CENTER = replace(TOTALS_HEAD, horizontal="center", indent=0)
SMALL = Look(size=9, ink=SLATE, vertical="center")
BELOW = Look(ink=SLATE, vertical="bottom")
BELOW_STRONG = Look(bold=True, vertical="bottom")
SIGNED = Look(size=9, ink=SLATE, ruled=True, vertical="bottom")
HEADER_OWN = Look(bold=True, ink=WHITE, fill=SLATE, wrap=True, vertical="center")
HEADER_OURS = Look(bold=True, ink=WHITE, fill=NAVY, wrap=True, vertical="center")
HEADER_DRY_RUN = Look(bold=True, ink=WHITE, fill=VIOLET, wrap=True, vertical="center")
DRY_RUN_MARK = Look(size=16, bold=True, ink=WHITE, fill=VIOLET, vertical="center")

BAND_GOOD = Look(size=13, bold=True, ink="0F4A26", fill="DDF3E4", wrap=True, vertical="center")
BAND_ATTENTION = Look(size=13, bold=True, ink="5C3D00", fill="FFEFC7", wrap=True, vertical="center")
BAND_BAD = Look(size=13, bold=True, ink=WHITE, fill="A4262C", wrap=True, vertical="center")
BAND_DRY_RUN = Look(size=13, bold=True, ink="3D1A66", fill="EDE3F8", wrap=True, vertical="center")

# Excel puts its filter button over the right end of a title.
_TITLE_INDENTS = {"left": 1, "center": 0, "right": 2}

STATUS_LOOKS = {
    Status.PENDING: Look(bold=True, ink="33475B", fill="E6EBF1"),
    Status.DONE: Look(bold=True, ink="0F4A26", fill="DDF3E4"),
    Status.REFUSED: Look(bold=True, ink="7A1A12", fill="FBDDD8"),
    Status.INVALID: Look(bold=True, ink="5C3D00", fill="FFEFC7"),
    Status.UNKNOWN: Look(bold=True, ink=WHITE, fill="A4262C"),
}


@cache
def count_look(language: Language, *, bold: bool = False) -> Look:
    """A number of rows."""
    return Look(number_format=f"{_OWN_SEPARATORS[language]}#,##0", horizontal="right", bold=bold)


@cache
def euro_look(places: int, language: Language, *, bold: bool = False) -> Look:
    """An amount with so many decimals."""
    euro = _euro_format(places, language)
    return Look(number_format=f"{_OWN_SEPARATORS[language]}{euro};-{euro}", horizontal="right", bold=bold)


@cache
def difference_look(places: int, language: Language, *, is_zero: bool) -> Look:
    """A difference of the books: with its sign, and marked unless it is nothing."""
    euro = _euro_format(places, language)
    plain = Look(number_format=f"{_OWN_SEPARATORS[language]}+{euro};-{euro};{euro}", horizontal="right")
    return plain if is_zero else replace(plain, bold=True, ink="5C3D00", fill="FFEFC7")


@cache
def day_look(language: Language) -> Look:
    """A date of the accountant's."""
    return Look(number_format=DAY[language])


@cache
def own_moment_look(language: Language) -> Look:
    """A date and time of the accountant's, whose zone nobody knows."""
    return Look(number_format=f"{DAY[language]} hh:mm:ss")


@cache
def moment_look(language: Language, *, in_thousandths: bool = False) -> Look:
    """A moment of ours, which says its zone."""
    return Look(number_format=f'{DAY[language]} hh:mm:ss{".000" if in_thousandths else ""} "UTC"')


@cache
def linked(look: Look) -> Look:
    """The same look for a cell that leads somewhere; it has no fill, because some programs choose a link’s ink."""
    return replace(look, underlined=True, ink=LINK_INK)


@cache
def wrapped(look: Look) -> Look:
    """The same look for a text that takes several lines."""
    return replace(look, wrap=True)


@cache
def aligned(look: Look, horizontal: str) -> Look:
    """The same look for the title of a column whose values are aligned so."""
    return replace(look, horizontal=horizontal, indent=_TITLE_INDENTS[horizontal])


@cache
def quoted(look: Look) -> Look:
    """The same look for a text that could be taken for a formula."""
    return replace(look, number_format=TEXT, is_quoted=True)


def styled_cell(sheet: Worksheet, look: Look) -> Cell:
    """An empty cell of the sheet in that look."""
    cell = WriteOnlyCell(sheet)
    cell.font = Font(
        name=FONT, size=look.size, bold=look.bold, color=look.ink, underline="single" if look.underlined else None
    )
    if look.fill:
        cell.fill = PatternFill("solid", fgColor=look.fill)
    if look.ruled:
        cell.border = Border(bottom=Side("thin", color=LINE))
    cell.alignment = Alignment(
        horizontal=look.horizontal, vertical=look.vertical, wrap_text=look.wrap or None, indent=look.indent
    )
    cell.number_format = look.number_format
    if look.is_quoted:
        cell.quotePrefix = True
    return cell


def axis_format(language: Language) -> str:
    """Whole euros on the axis of a chart."""
    return f"{_OWN_SEPARATORS[language]}{_euro_format(0, language)}"


def _euro_format(places: int, language: Language) -> str:
    digits = f"#,##0.{'0' * places}" if places else "#,##0"
    # LibreOffice saves a bare space of a French format as one between thousands, which then divides by a thousand.
    return f'{digits}"\u00a0€"' if language is Language.FRENCH else f'"€"{digits}'
