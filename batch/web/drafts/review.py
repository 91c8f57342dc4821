"""What the review shows but for the rows: its verdict, figures, findings by kind, changes, and the form of columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.safestring import SafeString

from batch.finding_rules import RULES, Severity
from batch.findings import Finding
from batch.i18n import _, format_euros, format_number, ngettext, pgettext, show_value
from batch.ledger.events import decode_cell, decode_finding
from batch.model import ColumnRole, name_severity
from batch.runner.acceptance import REPEATED
from batch.validation.header import format_column_letters
from batch.web.drafts.approval_policy import Blocker, Options, find_hindrance
from batch.web.drafts.approvals import find_blockers, find_standing, format_hindrance, format_origin, make_verdict
from batch.web.drafts.checking import find_known_account
from batch.web.drafts.conventions import ChosenConventions
from batch.web.drafts.rows import format_cell, list_columns
from batch.web.drafts.versions import REFUSED, Foreseen
from batch.web.models import Approval, Draft, DraftState, Person, Version
from batch.web.presenters import draw_course_chart

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


def make_mapping_context(version: Version) -> dict[str, Any]:
    """Make what the form shows; it is open where columns were not recognised."""
    conventions = ChosenConventions.from_json(version.conventions)
    titles = _list_titles(version.columns)
    named = {column: name for column, (_value, name) in enumerate(titles)}
    mapped = [
        Mapped(
            role.value,
            format_role(role),
            named.get(version.roles[role.value], "") if role.value in version.roles else "",
            conventions.columns.get(role.value, ""),
        )
        for role in ColumnRole
    ]
    return {
        "mapping": mapped,
        "titles": titles,
        "conventions": conventions,
        "needs_mapping": any(found["code"] in _TROUBLE for found in version.findings),
    }


def format_role(role: ColumnRole) -> str:
    """Say what a column holds, in a word or two."""
    match role:
        case ColumnRole.TOKEN:
            return pgettext("column", "Token")
        case ColumnRole.AMOUNT:
            return pgettext("column", "Amount")
        case ColumnRole.DIRECTION:
            return pgettext("column", "Direction")
        case ColumnRole.ADDED:
            return pgettext("column", "Amount added")
        case ColumnRole.REMOVED:
            return pgettext("column", "Amount removed")


def _list_titles(columns: list[str]) -> list[tuple[str, str]]:
    """List each column's value and words in the form: its title, or its letter where that is empty or not unique."""
    if not columns:
        return [(format_column_letters(at), format_column_letters(at)) for at in range(_LETTERS)]
    often = Counter(columns)
    return [
        (title, title)
        if title and often[title] == 1
        else (format_column_letters(at), f"{format_column_letters(at)} {title}".strip())
        for at, title in enumerate(columns)
    ]


_MOST_VERSIONS = 20
_PERHAPS_PAID = frozenset({REPEATED, "paid-elsewhere"})
"""Findings that a person may overrule with a reason."""
_LONGEST_CHOICE = 50
_COLON = re.compile(r"\s?: ")


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of which the same is said."""

    code: str
    severity: Severity
    rows: int
    first: Sequence[str]
    sentence: str
    is_refusal: bool = False

    @property
    def word(self) -> str:
        """How bad it is."""
        return name_severity(self.severity)


@dataclass(frozen=True, slots=True)
class Total:
    """A control total beside what was found."""

    found: str
    expected: str
    agrees: bool


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A corrected or changed cell in words."""

    row: int
    column: str
    before: str
    after: str
    by: str = ""
    at: datetime | None = None


def make_review_context(draft: Draft, version: Version, person: Person) -> dict[str, Any]:
    """Make the context of the page, but for the rows."""
    found = find_blockers(version)
    return {
        "section": "history",
        "draft": draft,
        "version": version,
        "verdict": make_verdict(draft, version, found),
        "blockers": found,
        "needs_check": Blocker.NOT_CHECKED in found,
        "options": Options.from_json(version.options),
        "is_perhaps_paid": any(finding["code"] in _PERHAPS_PAID for finding in version.findings),
        "totals": _compare_totals(version),
        "sheet_findings": [
            (finding, name_severity(finding.severity)) for finding in map(decode_finding, version.findings)
        ],
        "groups": _group_findings(version),
        "forecast": Foreseen.from_version(version),
        "chart": _make_chart(version),
        "lowest_words": _format_lowest_balance(version),
        "top_up": Decimal(version.screen["top_up"]),
        "corrections": list_corrections(version),
        "versions": [(each, format_origin(each.made_by)) for each in _list_versions(draft)],
        **make_mapping_context(version),
        "editable": draft.state in {DraftState.CHECKED, DraftState.APPROVED},
        "is_new_account": version.opening is not None and find_known_account() is None,
        **_make_approval_context(draft, version, person, found),
    }


def _list_versions(draft: Draft) -> QuerySet[Version]:
    newest = draft.versions.select_related("created_by", "file").order_by("-number")
    return newest.defer("file__data", "counts", "forecast", "corrections", "findings")[:_MOST_VERSIONS]


def _make_approval_context(draft: Draft, version: Version, person: Person, found: Sequence[Blocker]) -> dict[str, Any]:
    asker, standing = find_standing(draft, version, person)
    why = find_hindrance(asker, standing)
    approvals = Approval.objects.filter(version=version, screen_digest=version.screen_digest)
    left = max(standing.needed - len(standing.approvers), 0)
    return {
        "approvals": approvals.select_related("person").order_by("at", "id"),
        "needed": standing.needed,
        "left": left,
        "left_words": ngettext("{number} more approval is needed.", "{number} more approvals are needed.", left).format(
            number=format_number(left)
        ),
        "may_approve": why is None and not found,
        "why_not": format_hindrance(why) if why else "",
        "is_alone": asker.is_alone,
        "is_author": person.pk in standing.authors,
    }


def _compare_totals(version: Version) -> dict[str, Total | None]:
    expected = ChosenConventions.from_json(version.conventions).expected
    rows = expected.rows
    return {
        "rows": None
        if rows is None
        else Total(format_number(version.movements), format_number(rows), rows == version.movements),
        "added": _compare_total(version.added, expected.added),
        "removed": _compare_total(version.removed, expected.removed),
    }


def _compare_total(found: Decimal, expected: Decimal | None) -> Total | None:
    return None if expected is None else Total(format_euros(found), format_euros(expected), found == expected)


def _group_findings(version: Version) -> list[Group]:
    """Group what is said of rows: errors first, then what would be refused, then warnings."""
    said = [
        Group(
            code=entry["code"],
            severity=RULES[entry["code"]].severity,
            rows=entry["rows"],
            first=entry["first"],
            sentence=Finding(entry["code"], params=entry["params"]).message,
        )
        for entry in version.counts["codes"]
    ]
    errors = [group for group in said if group.severity is Severity.ERROR]
    foreseen = Foreseen.from_version(version)
    if foreseen and foreseen.refused:
        rows = [str(row) for row in foreseen.first_refused]
        sentence = _("These rows would be refused by the provider as the balances are now.")
        errors.append(Group(REFUSED, Severity.ERROR, foreseen.refused, rows, sentence, is_refusal=True))
    return [*errors, *(group for group in said if group.severity is Severity.WARNING)]


def list_code_choices(version: Version) -> list[tuple[str, str]]:
    """List what rows are filtered by: each code, how its sentence begins, and of how many rows it is said."""
    choices = []
    for group in _group_findings(version):
        if not group.is_refusal:
            begins = show_value(re.split(_COLON, group.sentence, maxsplit=1)[0], _LONGEST_CHOICE)
            choices.append((group.code, f"{begins} ({format_number(group.rows)})"))
    return choices


def _make_chart(version: Version) -> SafeString | None:
    foreseen = Foreseen.from_version(version)
    if foreseen is None or len(foreseen.course) < 2:
        return None
    balances = [balance for _turn, balance in foreseen.course]
    name = _("The main account’s balance from the first movement to the last. {lowest}").format(
        lowest=_format_lowest_balance(version)
    )
    return draw_course_chart(name, balances, format_euros(foreseen.lowest))


def _format_lowest_balance(version: Version) -> str:
    foreseen = Foreseen.from_version(version)
    if foreseen is None:
        return ""
    amount = format_euros(foreseen.lowest)
    if foreseen.lowest_row is None:
        return _("It is lowest at the start: {amount}.").format(amount=amount)
    return _("It is lowest after row {row}: {amount}.").format(row=format_number(foreseen.lowest_row), amount=amount)


def list_corrections(version: Version) -> list[ShownChange]:
    """List the cells corrected on the page, newest first."""
    titles = list_columns(version)
    return [
        ShownChange(
            row=kept["row"],
            column=titles[kept["column"]] if kept["column"] < len(titles) else "",
            before=format_cell(decode_cell(kept["before"])),
            after=kept["after"] or "",
            by=kept["by"],
            at=datetime.fromisoformat(kept["at"]),
        )
        for kept in reversed(version.corrections)
    ]


def describe_changes(version: Version) -> dict[str, Any] | None:
    """Say what is different from the version before; None for the first."""
    kept = version.changes
    if kept is None:
        return None
    titles = list_columns(version)
    return {
        **kept,
        "titles": titles,
        "rows_added": [_format_row(row) for row in kept["rows_added"]],
        "rows_removed": [_format_row(row) for row in kept["rows_removed"]],
        "rows_changed": [change for row in kept["rows_changed"] for change in _list_changed_cells(row, titles)],
    }


def _format_row(row: dict[str, Any]) -> dict[str, Any]:
    return {"row": row["row"], "cells": [format_cell(decode_cell(cell)) for cell in row["cells"]]}


def _list_changed_cells(row: dict[str, Any], titles: Sequence[str]) -> list[ShownChange]:
    return [
        ShownChange(
            row["row"],
            titles[column] if column < len(titles) else "",
            format_cell(decode_cell(was)),
            format_cell(decode_cell(now)),
        )
        for column, was, now in row["cells"]
    ]
