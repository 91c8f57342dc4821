"""The workbook to fill in: instructions, the list of credits with its checks and totals, and the sub-accounts."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from openpyxl.cell import Cell
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.workbook import Workbook
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.worksheet import Worksheet

from batch.files import fit_cell
from batch.i18n import Language, _, get_language
from batch.model import Balances, Direction, SubAccount, name_direction
from batch.report import page
from batch.report.page import SLATE, TEXT, ReportStyle, hold_result, save_workbook, set_page, style_cell
from batch.report.result_labels import PROGRAM
from batch.zone import tell_moment

_AMOUNT_FORMAT = "#,##0.00"
_PLAIN = ReportStyle(wrap=True, indent=0)
_TITLE = replace(page.TITLE, indent=0)
_SECTION = replace(page.SECTION, indent=0, vertical="center")
_HINT = ReportStyle(ink=SLATE, indent=0, vertical="center")
_HEADER = page.HEADER_OURS
_HEADER_RIGHT = replace(_HEADER, horizontal="right")
_LABEL = replace(_HINT, horizontal="right")
_TOTAL = ReportStyle(bold=True, number_format=_AMOUNT_FORMAT, horizontal="right", vertical="center")
_COUNT = replace(_TOTAL, number_format="#,##0")
_OPEN_TEXT = ReportStyle(number_format=TEXT, ruled=True, is_open=True, vertical="center")
_OPEN_AMOUNT = replace(_OPEN_TEXT, number_format=_AMOUNT_FORMAT, horizontal="right")
_SHOWN = ReportStyle(ink=SLATE, ruled=True, vertical="center")
_SHOWN_BALANCE = replace(_SHOWN, number_format="#,##0.000", horizontal="right")


def _put_text(sheet: Worksheet, row: int, column: int, text: str | None, look: ReportStyle) -> Cell:
    """Put a text into a cell as what it is, never as a formula."""
    cell = style_cell(cast("Cell", sheet.cell(row, column)), look)
    cell.value = text
    if text is not None:
        cell.data_type = "s"
    return cell


def _begin_sheet(sheet: Worksheet, title: str, widths: Mapping[str, int]) -> None:
    _put_text(sheet, 1, 1, title, _TITLE)
    sheet.row_dimensions[1].height = 28
    for letter, width in widths.items():
        sheet.column_dimensions[letter].width = width


def _close_sheet(sheet: Worksheet, *, header: int = 0, is_upright: bool = False) -> None:
    """Set the page, and lock what is not to be written in, without a password; cells may be widened and formatted."""
    if header:
        sheet.freeze_panes = f"A{header + 1}"
        sheet.print_title_rows = f"{header}:{header}"
    set_page(sheet, is_upright=is_upright)
    sheet.page_margins = PageMargins(left=0.5, right=0.5, top=0.6, bottom=0.6)
    protection = sheet.protection
    protection.sheet = True
    # In the file these say what is locked.
    protection.formatCells = protection.formatColumns = protection.formatRows = False


def _open_column(sheet: Worksheet, column: int, look: ReportStyle) -> None:
    """Let a column be written in where there is no cell yet: cells that only wait would be printed, page after page."""
    whole = sheet.column_dimensions[get_column_letter(column)]
    whole.number_format = look.number_format
    whole.font, whole.alignment = Font(page.FONT), Alignment(look.horizontal, look.vertical, indent=look.indent)
    whole.protection = Protection(locked=False)


_ACCOUNTS_HEADER_ROW = 3
_ROOM = 200
"""Rows to write sub-accounts in by hand."""
_ROOM_SHOWN = 40
"""Of them so many are ruled, as a page holds."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """Where the list stands, for formulas."""

    tokens: str
    emails: str
    offered: str
    """What the drop-down offers: a blank in the list would be offered too."""
    count: int


def _write_accounts(sheet: Worksheet, subaccounts: Sequence[SubAccount] | None, balances: Balances | None) -> Accounts:
    _begin_sheet(sheet, sheet.title, {"A": 40, "B": 40, "C": 16})
    _put_text(sheet, 2, 1, _choose_hint(subaccounts, balances), _HINT)
    _put_text(sheet, _ACCOUNTS_HEADER_ROW, 1, _("Token"), _HEADER)
    _put_text(sheet, _ACCOUNTS_HEADER_ROW, 2, _("E-mail address"), _HEADER)
    if subaccounts is not None:
        _put_text(sheet, _ACCOUNTS_HEADER_ROW, 3, _("Balance (€)"), _HEADER_RIGHT)
    first, last = _ACCOUNTS_HEADER_ROW + 1, _ACCOUNTS_HEADER_ROW + (len(subaccounts or ()) or _ROOM)
    for row, account in enumerate(subaccounts or (), first):
        _put_text(sheet, row, 1, fit_cell(account.token), _OPEN_TEXT)
        _put_text(sheet, row, 2, fit_cell(account.email), _OPEN_TEXT)
        _put_text(sheet, row, 3, None, _SHOWN_BALANCE).value = account.balance
    if not subaccounts:
        for column in (1, 2):
            _open_column(sheet, column, _OPEN_TEXT)
            for row in range(first, first + _ROOM_SHOWN):
                _put_text(sheet, row, column, None, _OPEN_TEXT)
    _close_sheet(sheet, header=_ACCOUNTS_HEADER_ROW, is_upright=True)
    name = quote_sheetname(sheet.title)
    tokens, emails = (f"{name}!${letter}${first}:${letter}${last}" for letter in "AB")
    offered = tokens if subaccounts else f"OFFSET({name}!$A${first},0,0,MAX(1,COUNTA({tokens})),1)"
    return Accounts(tokens, emails, offered, len(subaccounts or ()))


def _choose_hint(subaccounts: Sequence[SubAccount] | None, balances: Balances | None) -> str:
    if subaccounts is None:
        return _("Write your sub-accounts here once: the drop-down in the list offers them.")
    if balances is None:
        return _("The account’s sub-accounts and their balances.")
    at = tell_moment(balances.at)
    return _("The account’s sub-accounts and their balances on {moment}.").format(moment=at)


_WIDTH = 76
"""As much as an upright page holds: some programs cut a single wide column instead of shrinking it."""
_CHARACTERS_IN_A_LINE = 78
_LINE_HEIGHT = 15.5


def _write_instructions(sheet: Worksheet, listing: str, accounts: str, *, has_accounts: bool) -> None:
    _begin_sheet(sheet, _("How to fill in this workbook"), {"A": _WIDTH})
    row = 2
    for title, *lines in _list_sections(listing, accounts, has_accounts=has_accounts):
        row += 1
        _put_text(sheet, row, 1, title, _SECTION)
        for line in lines:
            row += 1
            _put_text(sheet, row, 1, line, _PLAIN)
            sheet.row_dimensions[row].height = _LINE_HEIGHT * (1 + len(line) // _CHARACTERS_IN_A_LINE)
        row += 1
    sheet.sheet_view.showGridLines = False
    _close_sheet(sheet, is_upright=True)


def _list_sections(listing: str, accounts: str, *, has_accounts: bool) -> tuple[tuple[str, ...], ...]:
    """List the sections, each with its title and its lines."""
    add, remove = name_direction(Direction.ADD), name_direction(Direction.REMOVE)
    of_accounts = (
        _("The sheet “{sheet}” lists the account’s sub-accounts with their balances when this file was made.")
        if has_accounts
        else _("First write your sub-accounts in the sheet “{sheet}”: the drop-down offers them from then on.")
    )
    return (
        (
            _("What to write"),
            _("Write one row for each movement in the sheet “{sheet}”.").format(sheet=listing),
            of_accounts.format(sheet=accounts),
            _(
                "Token: choose the sub-account from the drop-down, or paste its token. "
                "Zeros in front are kept. In the first {count} rows its e-mail address appears beside it."
            ).format(count=ROWS_SHOWN),
            _(
                "Direction: “{add}” moves credit from the main account to the sub-account, "
                "“{remove}” takes it back to the main account."
            ).format(add=add, remove=remove),
            _("Amount: a positive number of euros with at most two decimals, without a sign."),
            _("Note: whatever you like; it is kept in the report."),
        ),
        (
            _("What to look at"),
            _("The totals above the list run along: compare them with your own."),
            _("A row in colour is half done: its token, its direction or its amount is missing."),
            _("The titles and formulas are locked, without a password. Columns may be widened."),
        ),
        (
            _("What to do then"),
            _("Save the workbook as .xlsx and send it in, or check it yourself with “creditbatch check SHEET”."),
            _("Nothing moves when it is checked: everything that is wrong is said first."),
        ),
    )


ROWS = 1000
"""Rows to fill in, unless the account has more sub-accounts than that."""
ROWS_SHOWN = 30
"""Of them so many are ruled and show the e-mail address, as a page holds: an empty list prints one page."""
HEADER_ROW = 7
TOKEN, EMAIL, DIRECTION, AMOUNT, NOTE = range(1, 6)
_WIDTHS = {"A": 40, "B": 36, "C": 14, "D": 16, "E": 40}


def _write_listing(sheet: Worksheet, accounts: Accounts) -> None:
    first, last = HEADER_ROW + 1, HEADER_ROW + max(ROWS, accounts.count)
    _begin_sheet(sheet, _("Credits to move"), _WIDTHS)
    _put_text(sheet, 2, 1, _("One row for each movement; a row left blank does no harm."), _HINT)
    _write_totals(sheet, first, last)
    titles = (_("Token"), _("E-mail address"), _("Direction"), _("Amount (€)"), _("Note"))
    for column, title in enumerate(titles, 1):
        _put_text(sheet, HEADER_ROW, column, title, _HEADER_RIGHT if column == AMOUNT else _HEADER)
    sheet.row_dimensions[HEADER_ROW].height = 24
    unknown = _("not in the list").replace('"', "")
    for column in (TOKEN, EMAIL, DIRECTION, NOTE):
        _open_column(sheet, column, _OPEN_TEXT)
    _open_column(sheet, AMOUNT, _OPEN_AMOUNT)
    for row in range(first, first + ROWS_SHOWN):
        email = f'INDEX({accounts.emails},MATCH($A{row},{accounts.tokens},0))&""'
        shown = hold_result(f'IF($A{row}="","",IFERROR({email},"{unknown}"))', "")
        _put_text(sheet, row, EMAIL, None, _SHOWN).value = shown
        _put_text(sheet, row, AMOUNT, None, _OPEN_AMOUNT)
        for column in (TOKEN, DIRECTION, NOTE):
            _put_text(sheet, row, column, None, _OPEN_TEXT)
    _add_rules(sheet, accounts, first, last)
    filled = f"COUNTA($A{first},$C{first},$D{first})"
    look = DifferentialStyle(fill=PatternFill("solid", bgColor="FFEFC7"))
    half_done = Rule("expression", dxf=look, formula=[f"AND({filled}>0,{filled}<3)"])
    sheet.conditional_formatting.add(f"A{first}:D{last}", half_done)
    _close_sheet(sheet, header=HEADER_ROW)


def _write_totals(sheet: Worksheet, first: int, last: int) -> None:
    """Write them above the amounts and their header, where no check takes them for a row or for the total of one."""
    directions, amounts = f"$C${first}:$C${last}", f"$D${first}:$D${last}"
    added, removed = (
        f'SUMIF({directions},"{name_direction(direction)}",{amounts})'
        for direction in (Direction.ADD, Direction.REMOVE)
    )
    lines = (
        (_("Rows with an amount:"), f"COUNT({amounts})", _COUNT),
        (_("Total of what is added:"), added, _TOTAL),
        (_("Total of what is removed:"), removed, _TOTAL),
        (_("Net, out of the main account:"), f"{added}-{removed}", _TOTAL),
    )
    for row, (label, formula, look) in enumerate(lines, 2):
        _put_text(sheet, row, DIRECTION, label, _LABEL)
        _put_text(sheet, row, AMOUNT, None, look).value = hold_result(formula, 0)


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
    """Make the workbook in the language in force; without `subaccounts` they are written in by hand."""
    workbook = Workbook()
    workbook.properties.creator = PROGRAM
    workbook.properties.title = _("Credits to move")
    instructions = workbook.worksheets[0]
    instructions.title = _("How to fill in")
    listing = workbook.create_sheet(_("Credits"))
    accounts = workbook.create_sheet(_("Sub-accounts"))
    _write_listing(listing, _write_accounts(accounts, subaccounts, balances))
    _write_instructions(instructions, listing.title, accounts.title, has_accounts=subaccounts is not None)
    workbook.active = workbook.index(listing)
    file = io.BytesIO()
    save_workbook(workbook, file)
    return file.getvalue()
