"""The template's page of instructions."""

from __future__ import annotations

from openpyxl.worksheet.worksheet import Worksheet

from batch.language import _
from batch.model import Direction
from batch.template import looks
from batch.template.looks import Painter
from batch.template.names import Names
from batch.wording import direction_word

_WIDTH = 76
"""As much as an upright page holds: some programs cut a single wide column instead of shrinking it."""
_CHARACTERS_IN_A_LINE = 78
_LINE_HEIGHT = 15.5


def write_instructions(sheet: Worksheet, names: Names, *, has_accounts: bool) -> None:
    """Write what to fill in and what to do then."""
    painter = Painter(sheet)
    painter.put(1, 1, _("How to fill in this workbook"), looks.TITLE)
    sheet.row_dimensions[1].height = looks.TITLE_HEIGHT
    row = 2
    for title, lines in _sections(names, has_accounts=has_accounts):
        row += 1
        painter.put(row, 1, title, looks.SECTION)
        for line in lines:
            row += 1
            painter.put(row, 1, line, looks.PLAIN)
            sheet.row_dimensions[row].height = _LINE_HEIGHT * (1 + len(line) // _CHARACTERS_IN_A_LINE)
        row += 1
    sheet.column_dimensions["A"].width = _WIDTH
    sheet.sheet_view.showGridLines = False
    looks.page(sheet, is_upright=True)
    looks.protect(sheet)


def _sections(names: Names, *, has_accounts: bool) -> tuple[tuple[str, tuple[str, ...]], ...]:
    add, remove = direction_word(Direction.ADD), direction_word(Direction.REMOVE)
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
