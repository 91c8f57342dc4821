"""The columns that a person may choose from, for each of the roles."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from batch.language import pgettext
from batch.model import Role
from batch.validation.header import column_letters
from batch.web.drafts.conventions import Conventions
from batch.web.models import Version

_TROUBLE = {"header-missing", "column-missing", "column-twice", "column-not-found", "column-unknown"}
_LETTERS = 26
"""Columns offered by their letters where no header was found."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """One role: what it is called, the title of the column that was found, and what was chosen by hand."""

    role: str
    label: str
    found: str
    chosen: str


def mapping(version: Version) -> dict[str, Any]:
    """What the form shows; it is open where columns were not recognised."""
    conventions = Conventions.from_json(version.conventions)
    titles = _titles(version.columns)
    named = {column: name for column, (_value, name) in enumerate(titles)}
    mapped = [
        Mapped(
            role.value,
            role_label(role),
            named.get(version.roles[role.value], "") if role.value in version.roles else "",
            conventions.columns.get(role.value, ""),
        )
        for role in Role
    ]
    return {
        "mapping": mapped,
        "titles": titles,
        "conventions": conventions,
        "needs_mapping": any(found["code"] in _TROUBLE for found in version.findings),
    }


def role_label(role: Role) -> str:
    """What a column holds, in a word or two."""
    match role:
        case Role.TOKEN:
            return pgettext("column", "Token")
        case Role.AMOUNT:
            return pgettext("column", "Amount")
        case Role.DIRECTION:
            return pgettext("column", "Direction")
        case Role.ADDED:
            return pgettext("column", "Amount added")
        case Role.REMOVED:
            return pgettext("column", "Amount removed")


def _titles(columns: list[str]) -> list[tuple[str, str]]:
    """What stands for each column in the form, and what the person reads: its title, or its letter where the title is
    empty or not the only one of its name.
    """
    if not columns:
        return [(column_letters(at), column_letters(at)) for at in range(_LETTERS)]
    often = Counter(columns)
    return [
        (title, title) if title and often[title] == 1 else (column_letters(at), f"{column_letters(at)} {title}".strip())
        for at, title in enumerate(columns)
    ]
