"""How the template's cells look: the report's palette, and whether a cell may be written in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import cast

from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from batch.report.page import A4
from batch.report.styles import BLACK, FONT, LINE, NAVY, SLATE, TEXT, WHITE

_AMOUNT_FORMAT = "#,##0.00"
BALANCE = "#,##0.000"
TITLE_HEIGHT = 28


@dataclass(frozen=True, slots=True)
class Look:
    """What styles a cell; `is_open` is one that is to be written in."""

    ink: str = BLACK
    size: int = 11
    bold: bool = False
    fill: str | None = None
    number_format: str = "General"
    horizontal: str = "left"
    indent: int = 0
    wrap: bool = False
    ruled: bool = False
    is_open: bool = False


PLAIN = Look(wrap=True)
TITLE = Look(size=18, bold=True, ink=NAVY)
SECTION = Look(size=12, bold=True, ink=NAVY, ruled=True)
HINT = Look(ink=SLATE)
HEADER = Look(bold=True, ink=WHITE, fill=NAVY, wrap=True, indent=1)
HEADER_RIGHT = replace(HEADER, horizontal="right")
LABEL = Look(ink=SLATE, horizontal="right")
TOTAL = Look(bold=True, number_format=_AMOUNT_FORMAT, horizontal="right", indent=1)
COUNT = replace(TOTAL, number_format="#,##0")
OPEN_TEXT = Look(number_format=TEXT, ruled=True, is_open=True, indent=1)
OPEN_AMOUNT = Look(number_format=_AMOUNT_FORMAT, horizontal="right", ruled=True, is_open=True, indent=1)
SHOWN = Look(ink=SLATE, ruled=True, indent=1)
SHOWN_BALANCE = Look(ink=SLATE, number_format=BALANCE, horizontal="right", ruled=True, indent=1)


_RULE = Border(bottom=Side("thin", color=LINE))
_OPEN = Protection(locked=False)


class Painter:
    """Give cells their looks."""

    def __init__(self, sheet: Worksheet) -> None:
        self._sheet = sheet

    def put(self, row: int, column: int, value: str | float | None, look: Look) -> Cell:
        """A cell that holds the value as what it is; a formula is given with `formula`."""
        cell = self._styled(row, column, look)
        cell.value = value
        if isinstance(value, str):
            # openpyxl would take a text that begins with "=" for a formula.
            cell.data_type = "s"
        return cell

    def formula(self, row: int, column: int, formula: str, look: Look) -> None:
        """A cell that holds a formula."""
        self._styled(row, column, look).value = formula

    def _styled(self, row: int, column: int, look: Look) -> Cell:
        cell = cast("Cell", self._sheet.cell(row, column))
        # What is plain a cell has from the start, and openpyxl takes long over each that is set.
        cell.font, cell.alignment = _make_letters(look)
        cell.number_format = look.number_format
        if look.fill:
            cell.fill = PatternFill("solid", fgColor=look.fill)
        if look.ruled:
            cell.border = _RULE
        if look.is_open:
            cell.protection = _OPEN
        return cell


@cache
def _make_letters(look: Look) -> tuple[Font, Alignment]:
    vertical = "top" if look.wrap and not look.fill else "center"
    return (
        Font(name=FONT, size=look.size, bold=look.bold, color=look.ink),
        Alignment(horizontal=look.horizontal, vertical=vertical, wrap_text=look.wrap or None, indent=look.indent),
    )


def page(sheet: Worksheet, *, is_upright: bool = False) -> None:
    """A4, and as wide as the paper."""
    sheet.page_setup.orientation = "portrait" if is_upright else "landscape"
    sheet.page_setup.paperSize = A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_margins = PageMargins(left=0.5, right=0.5, top=0.6, bottom=0.6)


def protect(sheet: Worksheet) -> None:
    """Lock what is not to be written in, without a password; columns may be widened, and cells formatted."""
    protection = sheet.protection
    protection.sheet = True
    # In the file these say what is locked.
    protection.formatCells = protection.formatColumns = protection.formatRows = False
