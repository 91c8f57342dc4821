"""The template's list of sub-accounts: what the drop-down offers, and whose e-mail address is shown beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from openpyxl.utils import quote_sheetname
from openpyxl.worksheet.worksheet import Worksheet

from batch.language import _, moment
from batch.model import Balances, SubAccount
from batch.report.texts import writable
from batch.template import looks
from batch.template.looks import Painter

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
    painter.put(1, 1, sheet.title, looks.TITLE)
    sheet.row_dimensions[1].height = looks.TITLE_HEIGHT
    painter.put(2, 1, _hint(subaccounts, balances), looks.HINT)
    painter.put(_HEADER_ROW, 1, _("Token"), looks.HEADER)
    painter.put(_HEADER_ROW, 2, _("E-mail address"), looks.HEADER)
    if subaccounts is not None:
        painter.put(_HEADER_ROW, 3, _("Balance (€)"), looks.HEADER_RIGHT)
    listed = subaccounts or ()
    for row, account in enumerate(listed, _HEADER_ROW + 1):
        painter.put(row, 1, writable(account.token), looks.OPEN_TEXT)
        painter.put(row, 2, writable(account.email), looks.OPEN_TEXT)
        cell = painter.put(row, 3, None, looks.SHOWN_BALANCE)
        cell.value = account.balance
    if not listed:
        for row in range(_HEADER_ROW + 1, _HEADER_ROW + 1 + _ROOM):
            painter.put(row, 1, None, looks.OPEN_TEXT)
            painter.put(row, 2, None, looks.OPEN_TEXT)
    for letter, width in (("A", 40), ("B", 40), ("C", 16)):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = f"A{_HEADER_ROW + 1}"
    sheet.print_title_rows = f"{_HEADER_ROW}:{_HEADER_ROW}"
    looks.page(sheet, is_upright=True)
    looks.protect(sheet)
    return _places(sheet, len(listed))


def _hint(subaccounts: Sequence[SubAccount] | None, balances: Balances | None) -> str:
    if subaccounts is None:
        return _("Write your sub-accounts here once: the drop-down in the list offers them.")
    if balances is None:
        return _("The account’s sub-accounts and their balances.")
    at = moment(balances.at.astimezone())
    return _("The account’s sub-accounts and their balances on {moment}.").format(moment=at)


def _places(sheet: Worksheet, listed: int) -> Accounts:
    name = quote_sheetname(sheet.title)
    first, last = _HEADER_ROW + 1, _HEADER_ROW + (listed or _ROOM)
    tokens, emails = (f"{name}!${letter}${first}:${letter}${last}" for letter in "AB")
    offered = tokens if listed else f"OFFSET({name}!$A${first},0,0,MAX(1,COUNTA({tokens})),1)"
    return Accounts(tokens, emails, offered, listed)
