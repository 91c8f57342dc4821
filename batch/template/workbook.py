"""Putting the template's sheets together."""

from __future__ import annotations

import io
from collections.abc import Sequence

from openpyxl.workbook import Workbook

from batch.language import Language, _, language
from batch.model import Balances, SubAccount
from batch.template.accounts import write_accounts
from batch.template.calculated import with_results
from batch.template.instructions import write_instructions
from batch.template.listing import write_listing
from batch.template.names import Names

_FILE_NAMES = {Language.ENGLISH: "creditbatch-template.xlsx", Language.FRENCH: "modele-creditbatch.xlsx"}


def file_name() -> str:
    """What the template is called unless it is named, in the language in force."""
    return _FILE_NAMES[language()]


def template_bytes(subaccounts: Sequence[SubAccount] | None, balances: Balances | None = None) -> bytes:
    """The workbook in the language in force. `subaccounts` are the account's, or None to have them written in by hand.

    `balances` says when theirs were read.
    """
    names = Names.here()
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
    return with_results(file.getvalue())
