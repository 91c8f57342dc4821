"""How a sheet is to be read, as far as a person said: everything else is found out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from batch.frames import CheckedSheet
from batch.model import Role


@dataclass(frozen=True, slots=True)
class Conventions:
    """Nothing is said unless it is here. Columns are named by their title, or by their letter in the sheet."""

    columns: Mapping[Role, str] = field(default_factory=dict)
    """What a person says of this sheet."""
    remembered: Mapping[Role, str] = field(default_factory=dict)
    """What a person said of an earlier sheet, to be kept: used for what is not found otherwise."""
    signed: bool = False
    """Amounts carry the direction: a minus is a remove, and there is no direction column."""
    include_hidden: bool = False
    """Rows and columns that nobody sees are meant as well."""


def titles_to_keep(sheet: CheckedSheet, columns: Mapping[Role, str]) -> dict[Role, str]:
    """The titles of the columns that were named by hand, as the sheet's header has them; a blank one says nothing."""
    titles = {role: sheet.columns[sheet.roles[role]] for role in columns if role in sheet.roles}
    return {role: title for role, title in titles.items() if title}
