"""The sheet to fill in: one row a movement, drop-downs, rules for the amounts, and totals that run along above."""

from __future__ import annotations

from openpyxl.formatting.rule import Rule
from openpyxl.styles import PatternFill
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from batch.language import _
from batch.model import Direction
from batch.template import looks
from batch.template.accounts import Accounts
from batch.template.looks import Painter
from batch.wording import direction_word

ROWS = 1000
"""Rows to fill in, unless the account has more sub-accounts than that."""
HEADER_ROW = 7
TOKEN, EMAIL, DIRECTION, AMOUNT, NOTE = range(1, 6)
_WIDTHS = {"A": 40, "B": 36, "C": 14, "D": 16, "E": 40}
_TOTALS_LABEL, _TOTALS = 3, 4
"""Columns in which the totals stand: above the amounts."""
_HALF_DONE = PatternFill("solid", bgColor="FFEFC7")


def write_listing(sheet: Worksheet, accounts: Accounts) -> None:
    """Write the empty list."""
    first, last = HEADER_ROW + 1, HEADER_ROW + max(ROWS, accounts.count)
    painter = Painter(sheet)
    painter.put(1, 1, _("Credits to move"), looks.TITLE)
    sheet.row_dimensions[1].height = looks.TITLE_HEIGHT
    painter.put(2, 1, _("One row for each movement; a row left blank does no harm."), looks.HINT)
    _write_totals(painter, first, last)
    _write_header(painter)
    for row in range(first, last + 1):
        painter.put(row, TOKEN, None, looks.OPEN_TEXT)
        painter.formula(row, EMAIL, _email_formula(row, accounts), looks.SHOWN)
        painter.put(row, DIRECTION, None, looks.OPEN_TEXT)
        painter.put(row, AMOUNT, None, looks.OPEN_AMOUNT)
        painter.put(row, NOTE, None, looks.OPEN_TEXT)
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
    looks.page(sheet)
    looks.protect(sheet)


def _write_totals(painter: Painter, first: int, last: int) -> None:
    """Above the header, where no check takes them for a row or for the total of one."""
    directions, amounts = f"$C${first}:$C${last}", f"$D${first}:$D${last}"
    added, removed = (
        f'SUMIF({directions},"{direction_word(direction)}",{amounts})'
        for direction in (Direction.ADD, Direction.REMOVE)
    )
    lines = (
        (_("Rows with an amount:"), f"=COUNT({amounts})", looks.COUNT),
        (_("Total of what is added:"), f"={added}", looks.TOTAL),
        (_("Total of what is removed:"), f"={removed}", looks.TOTAL),
        (_("Net, out of the main account:"), f"={added}-{removed}", looks.TOTAL),
    )
    for row, (label, formula, look) in enumerate(lines, 2):
        painter.put(row, _TOTALS_LABEL, label, looks.LABEL)
        painter.formula(row, _TOTALS, formula, look)


def _write_header(painter: Painter) -> None:
    titles = (_("Token"), _("E-mail address"), _("Direction"), _("Amount (€)"), _("Note"))
    for column, title in enumerate(titles, 1):
        painter.put(HEADER_ROW, column, title, looks.HEADER_RIGHT if column == AMOUNT else looks.HEADER)


def _email_formula(row: int, accounts: Accounts) -> str:
    unknown = _("not in the list").replace('"', "")
    found = f'INDEX({accounts.emails},MATCH($A{row},{accounts.tokens},0))&""'
    return f'=IF($A{row}="","",IFERROR({found},"{unknown}"))'


def _add_rules(sheet: Worksheet, accounts: Accounts, first: int, last: int) -> None:
    words = ",".join(direction_word(direction) for direction in (Direction.ADD, Direction.REMOVE))
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
