"""The workbook to fill in: instructions, the list of credits with its checks and totals, and the sub-accounts."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import cast
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl.cell import Cell
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils import quote_sheetname
from openpyxl.workbook import Workbook
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from batch.i18n import Language, _, format_moment, get_language
from batch.model import Balances, Direction, SubAccount, name_direction
from batch.report.page import A4, BLACK, FONT, LINE, NAVY, SLATE, TEXT, WHITE, fit_cell


@dataclass(frozen=True, slots=True)
class Names:
    """As they stand on the tabs."""

    instructions: str
    listing: str
    accounts: str

    @classmethod
    def translate_tabs(cls) -> Names:
        """Translate them into the language in force."""
        return cls(_("How to fill in"), _("Credits"), _("Sub-accounts"))


_AMOUNT_FORMAT = "#,##0.00"
BALANCE = "#,##0.000"
TITLE_HEIGHT = 28


@dataclass(frozen=True, slots=True)
class TemplateStyle:
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


PLAIN = TemplateStyle(wrap=True)
TITLE = TemplateStyle(size=18, bold=True, ink=NAVY)
SECTION = TemplateStyle(size=12, bold=True, ink=NAVY, ruled=True)
HINT = TemplateStyle(ink=SLATE)
HEADER = TemplateStyle(bold=True, ink=WHITE, fill=NAVY, wrap=True, indent=1)
HEADER_RIGHT = replace(HEADER, horizontal="right")
LABEL = TemplateStyle(ink=SLATE, horizontal="right")
TOTAL = TemplateStyle(bold=True, number_format=_AMOUNT_FORMAT, horizontal="right", indent=1)
COUNT = replace(TOTAL, number_format="#,##0")
OPEN_TEXT = TemplateStyle(number_format=TEXT, ruled=True, is_open=True, indent=1)
OPEN_AMOUNT = TemplateStyle(number_format=_AMOUNT_FORMAT, horizontal="right", ruled=True, is_open=True, indent=1)
SHOWN = TemplateStyle(ink=SLATE, ruled=True, indent=1)
SHOWN_BALANCE = TemplateStyle(ink=SLATE, number_format=BALANCE, horizontal="right", ruled=True, indent=1)


_RULE = Border(bottom=Side("thin", color=LINE))
_OPEN = Protection(locked=False)


class Painter:
    """Puts styled values and formulas into cells."""

    def __init__(self, sheet: Worksheet) -> None:
        self._sheet = sheet

    def put(self, row: int, column: int, value: str | float | None, look: TemplateStyle) -> Cell:
        """Put the value into a cell as what it is, never as a formula."""
        cell = self._style_cell(row, column, look)
        cell.value = value
        if isinstance(value, str):
            # openpyxl would take a text that begins with "=" for a formula.
            cell.data_type = "s"
        return cell

    def put_formula(self, row: int, column: int, formula: str, look: TemplateStyle) -> None:
        """Put a formula into a cell."""
        self._style_cell(row, column, look).value = formula

    def _style_cell(self, row: int, column: int, look: TemplateStyle) -> Cell:
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
def _make_letters(look: TemplateStyle) -> tuple[Font, Alignment]:
    vertical = "top" if look.wrap and not look.fill else "center"
    return (
        Font(name=FONT, size=look.size, bold=look.bold, color=look.ink),
        Alignment(horizontal=look.horizontal, vertical=vertical, wrap_text=look.wrap or None, indent=look.indent),
    )


def set_page(sheet: Worksheet, *, is_upright: bool = False) -> None:
    """Set the page to A4, and the sheet to be as wide as the paper."""
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


_HEADER_ROW = 3
_ROOM = 200
"""Rows to write sub-accounts in by hand."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """Where the list stands, for formulas."""

    tokens: str
    emails: str
    offered: str
    """What the drop-down offers: a blank in the list would be offered too."""
    count: int


def write_accounts(sheet: Worksheet, subaccounts: Sequence[SubAccount] | None, balances: Balances | None) -> Accounts:
    """Write the account's sub-accounts, or room for them."""
    painter = Painter(sheet)
    painter.put(1, 1, sheet.title, TITLE)
    sheet.row_dimensions[1].height = TITLE_HEIGHT
    painter.put(2, 1, _choose_hint(subaccounts, balances), HINT)
    painter.put(_HEADER_ROW, 1, _("Token"), HEADER)
    painter.put(_HEADER_ROW, 2, _("E-mail address"), HEADER)
    if subaccounts is not None:
        painter.put(_HEADER_ROW, 3, _("Balance (€)"), HEADER_RIGHT)
    listed = subaccounts or ()
    for row, account in enumerate(listed, _HEADER_ROW + 1):
        painter.put(row, 1, fit_cell(account.token), OPEN_TEXT)
        painter.put(row, 2, fit_cell(account.email), OPEN_TEXT)
        cell = painter.put(row, 3, None, SHOWN_BALANCE)
        cell.value = account.balance
    if not listed:
        for row in range(_HEADER_ROW + 1, _HEADER_ROW + 1 + _ROOM):
            painter.put(row, 1, None, OPEN_TEXT)
            painter.put(row, 2, None, OPEN_TEXT)
    for letter, width in (("A", 40), ("B", 40), ("C", 16)):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = f"A{_HEADER_ROW + 1}"
    sheet.print_title_rows = f"{_HEADER_ROW}:{_HEADER_ROW}"
    set_page(sheet, is_upright=True)
    protect(sheet)
    return _find_places(sheet, len(listed))


def _choose_hint(subaccounts: Sequence[SubAccount] | None, balances: Balances | None) -> str:
    if subaccounts is None:
        return _("Write your sub-accounts here once: the drop-down in the list offers them.")
    if balances is None:
        return _("The account’s sub-accounts and their balances.")
    at = format_moment(balances.at.astimezone())
    return _("The account’s sub-accounts and their balances on {moment}.").format(moment=at)


def _find_places(sheet: Worksheet, listed: int) -> Accounts:
    name = quote_sheetname(sheet.title)
    first, last = _HEADER_ROW + 1, _HEADER_ROW + (listed or _ROOM)
    tokens, emails = (f"{name}!${letter}${first}:${letter}${last}" for letter in "AB")
    offered = tokens if listed else f"OFFSET({name}!$A${first},0,0,MAX(1,COUNTA({tokens})),1)"
    return Accounts(tokens, emails, offered, listed)


_FORMULA = re.compile(rb'(<c r="[A-Z]+[0-9]+"(?: s="[0-9]+")?)>(<f>([^<]*)</f>)<v ?/>')
_TEXT = b"IF("


def add_results(workbook: bytes) -> bytes:
    """Add the results of its formulas to a workbook of ours: an empty text for IF, zero for all others."""
    file = io.BytesIO()
    with ZipFile(io.BytesIO(workbook)) as old, ZipFile(file, "w", ZIP_DEFLATED) as new:
        for part in old.infolist():
            data = old.read(part)
            if part.filename.startswith("xl/worksheets/"):
                data = _FORMULA.sub(_add_result, data)
            new.writestr(part, data)
    return file.getvalue()


def _add_result(found: re.Match[bytes]) -> bytes:
    start, element, formula = found.groups()
    if formula.startswith(_TEXT):
        return start + b' t="str">' + element + b"<v></v>"
    return start + b">" + element + b"<v>0</v>"


_WIDTH = 76
"""As much as an upright page holds: some programs cut a single wide column instead of shrinking it."""
_CHARACTERS_IN_A_LINE = 78
_LINE_HEIGHT = 15.5


def write_instructions(sheet: Worksheet, names: Names, *, has_accounts: bool) -> None:
    """Write what to fill in and what to do then."""
    painter = Painter(sheet)
    painter.put(1, 1, _("How to fill in this workbook"), TITLE)
    sheet.row_dimensions[1].height = TITLE_HEIGHT
    row = 2
    for title, lines in _list_sections(names, has_accounts=has_accounts):
        row += 1
        painter.put(row, 1, title, SECTION)
        for line in lines:
            row += 1
            painter.put(row, 1, line, PLAIN)
            sheet.row_dimensions[row].height = _LINE_HEIGHT * (1 + len(line) // _CHARACTERS_IN_A_LINE)
        row += 1
    sheet.column_dimensions["A"].width = _WIDTH
    sheet.sheet_view.showGridLines = False
    set_page(sheet, is_upright=True)
    protect(sheet)


def _list_sections(names: Names, *, has_accounts: bool) -> tuple[tuple[str, tuple[str, ...]], ...]:
    add, remove = name_direction(Direction.ADD), name_direction(Direction.REMOVE)
    accounts = (
        _("The sheet “{sheet}” lists the account’s sub-accounts with their balances when this file was made.")
        if has_accounts
        else _("First write your sub-accounts in the sheet “{sheet}”: the drop-down offers them from then on.")
    )
    return (
        (
            _("What to write"),
            (
                _("Write one row for each movement in the sheet “{sheet}”.").format(sheet=names.listing),
                accounts.format(sheet=names.accounts),
                _(
                    "Token: choose the sub-account from the drop-down, or paste its token. "
                    "Zeros in front are kept. Its e-mail address appears beside it."
                ),
                _(
                    "Direction: “{add}” moves credit from the main account to the sub-account, "
                    "“{remove}” takes it back to the main account."
                ).format(add=add, remove=remove),
                _("Amount: a positive number of euros with at most two decimals, without a sign."),
                _("Note: whatever you like; it is kept in the report."),
            ),
        ),
        (
            _("What to look at"),
            (
                _("The totals above the list run along: compare them with your own."),
                _("A row in colour is half done: its token, its direction or its amount is missing."),
                _("The titles and formulas are locked, without a password. Columns may be widened."),
            ),
        ),
        (
            _("What to do then"),
            (
                _("Save the workbook as .xlsx and send it in, or check it yourself with “creditbatch check”."),
                _("Nothing moves when it is checked: everything that is wrong is said first."),
            ),
        ),
    )


ROWS = 1000
"""Rows to fill in, unless the account has more sub-accounts than that."""
HEADER_ROW = 7
TOKEN, EMAIL, DIRECTION, AMOUNT, NOTE = range(1, 6)
_WIDTHS = {"A": 40, "B": 36, "C": 14, "D": 16, "E": 40}
_TOTALS_LABEL, _TOTALS = 3, 4
"""Columns in which the totals stand: above the amounts."""
_HALF_DONE = PatternFill("solid", bgColor="FFEFC7")


def write_listing(sheet: Worksheet, accounts: Accounts) -> None:
    """Write the empty list, with its totals and checks."""
    first, last = HEADER_ROW + 1, HEADER_ROW + max(ROWS, accounts.count)
    painter = Painter(sheet)
    painter.put(1, 1, _("Credits to move"), TITLE)
    sheet.row_dimensions[1].height = TITLE_HEIGHT
    painter.put(2, 1, _("One row for each movement; a row left blank does no harm."), HINT)
    _write_totals(painter, first, last)
    _write_header(painter)
    for row in range(first, last + 1):
        painter.put(row, TOKEN, None, OPEN_TEXT)
        painter.put_formula(row, EMAIL, _make_email_formula(row, accounts), SHOWN)
        painter.put(row, DIRECTION, None, OPEN_TEXT)
        painter.put(row, AMOUNT, None, OPEN_AMOUNT)
        painter.put(row, NOTE, None, OPEN_TEXT)
    _add_rules(sheet, accounts, first, last)
    filled = f"COUNTA($A{first},$C{first},$D{first})"
    look = DifferentialStyle(fill=_HALF_DONE)
    half_done = Rule("expression", dxf=look, formula=[f"AND({filled}>0,{filled}<3)"])
    sheet.conditional_formatting.add(f"A{first}:D{last}", half_done)
    for letter, width in _WIDTHS.items():
        sheet.column_dimensions[letter].width = width
    sheet.row_dimensions[HEADER_ROW].height = 24
    sheet.freeze_panes = f"A{first}"
    sheet.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"
    set_page(sheet)
    protect(sheet)


def _write_totals(painter: Painter, first: int, last: int) -> None:
    """Write them above the header, where no check takes them for a row or for the total of one."""
    directions, amounts = f"$C${first}:$C${last}", f"$D${first}:$D${last}"
    added, removed = (
        f'SUMIF({directions},"{name_direction(direction)}",{amounts})'
        for direction in (Direction.ADD, Direction.REMOVE)
    )
    lines = (
        (_("Rows with an amount:"), f"=COUNT({amounts})", COUNT),
        (_("Total of what is added:"), f"={added}", TOTAL),
        (_("Total of what is removed:"), f"={removed}", TOTAL),
        (_("Net, out of the main account:"), f"={added}-{removed}", TOTAL),
    )
    for row, (label, formula, look) in enumerate(lines, 2):
        painter.put(row, _TOTALS_LABEL, label, LABEL)
        painter.put_formula(row, _TOTALS, formula, look)


def _write_header(painter: Painter) -> None:
    titles = (_("Token"), _("E-mail address"), _("Direction"), _("Amount (€)"), _("Note"))
    for column, title in enumerate(titles, 1):
        painter.put(HEADER_ROW, column, title, HEADER_RIGHT if column == AMOUNT else HEADER)


def _make_email_formula(row: int, accounts: Accounts) -> str:
    unknown = _("not in the list").replace('"', "")
    found = f'INDEX({accounts.emails},MATCH($A{row},{accounts.tokens},0))&""'
    return f'=IF($A{row}="","",IFERROR({found},"{unknown}"))'


def _add_rules(sheet: Worksheet, accounts: Accounts, first: int, last: int) -> None:
    words = ",".join(name_direction(direction) for direction in (Direction.ADD, Direction.REMOVE))
    # A sub-account that is newer than this workbook must not be turned away.
    token = DataValidation("list", accounts.offered, allow_blank=True, showErrorMessage=True, errorStyle="warning")
    token.errorTitle = _("Token not in the list")
    token.error = _("The list of sub-accounts does not have this token. Keep it only if you are sure.")
    direction = DataValidation("list", f'"{words}"', allow_blank=True, showErrorMessage=True)
    direction.errorTitle = _("Direction")
    direction.error = _("Choose one of the two words from the list.")
    rule = f"AND(ISNUMBER($D{first}),$D{first}>0,ROUND($D{first},2)=$D{first})"
    amount = DataValidation("custom", rule, allow_blank=True, showErrorMessage=True)
    amount.errorTitle = _("Amount")
    amount.error = _("Write a positive number of euros with at most two decimals; the direction says which way.")
    for validation, letter in ((token, "A"), (direction, "C"), (amount, "D")):
        validation.add(f"{letter}{first}:{letter}{last}")
        sheet.add_data_validation(validation)


_FILE_NAMES = {Language.ENGLISH: "creditbatch-template.xlsx", Language.FRENCH: "modele-creditbatch.xlsx"}


def choose_file_name() -> str:
    """Return what the template is called unless it is named, in the language in force."""
    return _FILE_NAMES[get_language()]


def make_template(subaccounts: Sequence[SubAccount] | None, balances: Balances | None = None) -> bytes:
    """Make the workbook in the language in force; without `subaccounts` they are written in by hand.

    `balances` says when theirs were read.
    """
    names = Names.translate_tabs()
    workbook = Workbook()
    workbook.properties.creator = "creditbatch"
    workbook.properties.title = _("Credits to move")
    instructions = workbook.worksheets[0]
    instructions.title = names.instructions
    listing = workbook.create_sheet(names.listing)
    accounts = write_accounts(workbook.create_sheet(names.accounts), subaccounts, balances)
    write_listing(listing, accounts)
    write_instructions(instructions, names, has_accounts=subaccounts is not None)
    workbook.active = workbook.index(listing)
    file = io.BytesIO()
    workbook.save(file)
    return add_results(file.getvalue())
