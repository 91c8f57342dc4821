"""What the review shows but for the rows: its verdict, figures, findings by kind, changes, and the form of columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import QuerySet

from batch.finding_rules import RULES, Severity
from batch.findings import Finding
from batch.i18n import _, format_euros, format_number, ngettext, pgettext, show_value
from batch.ledger.events import decode_cell, decode_finding
from batch.model import ColumnRole, name_severity
from batch.runner.acceptance import REPEATED
from batch.validation.header import format_column_letters
from batch.web.drafts.approval_policy import Options, find_hindrance
from batch.web.drafts.approvals import find_approvals, find_blockers, find_standing, format_origin, make_verdict
from batch.web.drafts.checking import find_known_account
from batch.web.drafts.conventions import ChosenConventions
from batch.web.drafts.rows import format_cell, list_columns, name_column
from batch.web.drafts.versions import REFUSED, Foreseen
from batch.web.models import Draft, Person, Version
from batch.web.presenters import draw_course_chart

T = TypeVar("T")
_TROUBLE = {"header-missing", "column-missing", "column-twice", "column-not-found", "column-unknown"}
_PERHAPS_PAID = {REPEATED, "paid-elsewhere"}
"""Findings that a person may overrule with a reason."""
_LETTERS = 26
"""Columns offered by their letters where no header was found."""
_MOST_VERSIONS = 20
_LONGEST_CHOICE = 50


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of which the same is said; `first` are some of them."""

    code: str
    severity: Severity
    rows: int
    first: Sequence[object]
    sentence: str

    @property
    def is_refusal(self) -> bool:
        return self.code == REFUSED

    @property
    def word(self) -> str:
        """How bad it is."""
        return name_severity(self.severity)


def make_review_context(draft: Draft, version: Version, person: Person) -> dict[str, Any]:
    """Make the context of the page, but for the rows and their findings."""
    blockers, standing = find_blockers(version), find_standing(draft, version, person)
    sentence, more, mood = make_verdict(draft, version, blockers)
    why_not = find_hindrance(standing)
    left = max(standing.needed - standing.approvals, 0)
    left_words = ngettext("{number} more approval is needed.", "{number} more approvals are needed.", left)
    said = {finding["code"] for finding in version.findings}
    return {
        "section": "history",
        "sentence": sentence,
        "more": more,
        "mood": mood,
        "blockers": blockers,
        "options": Options.from_json(version.options),
        "is_perhaps_paid": not said.isdisjoint(_PERHAPS_PAID),
        "sheet_findings": [(each, name_severity(each.severity)) for each in map(decode_finding, version.findings)],
        **_make_forecast_context(version),
        "corrections": _list_corrections(version),
        "versions": [(each, format_origin(each.made_by)) for each in _list_versions(draft)],
        **_make_mapping_context(version),
        "needs_mapping": not said.isdisjoint(_TROUBLE),
        "is_new_account": version.opening is not None and find_known_account() is None,
        "standing": standing,
        "approvals": find_approvals(version),
        "left_words": left_words.format(number=format_number(left)) if left else "",
        "may_approve": not why_not and not blockers,
        "why_not": why_not,
    }


def _list_versions(draft: Draft) -> QuerySet[Version]:
    newest = draft.versions.select_related("created_by", "file").order_by("-number")
    return newest.defer("file__data", "counts", "forecast", "corrections", "findings")[:_MOST_VERSIONS]


def _make_mapping_context(version: Version) -> dict[str, Any]:
    """Make what the form of columns shows, and the control totals: what was expected, and whether it was found."""
    conventions = ChosenConventions.from_json(version.conventions)
    titles, expected = _list_titles(version.columns), conventions.expected
    words = {
        ColumnRole.TOKEN: pgettext("column", "Token"),
        ColumnRole.AMOUNT: pgettext("column", "Amount"),
        ColumnRole.DIRECTION: pgettext("column", "Direction"),
        ColumnRole.ADDED: pgettext("column", "Amount added"),
        ColumnRole.REMOVED: pgettext("column", "Amount removed"),
    }
    found = {role: titles[column][1] for role, column in version.roles.items() if column < len(titles)}
    return {
        "mapping": [
            {"role": role, "label": word, "found": found.get(role, ""), "chosen": conventions.columns.get(role, "")}
            for role, word in words.items()
        ],
        "titles": titles,
        "conventions": conventions,
        "totals": {
            "rows": _compare_total(version.movements, expected.rows, format_number),
            "added": _compare_total(version.added, expected.added, format_euros),
            "removed": _compare_total(version.removed, expected.removed, format_euros),
        },
    }


def _compare_total(found: T, expected: T | None, show: Callable[[T], str]) -> dict[str, Any] | None:
    return None if expected is None else {"expected": show(expected), "agrees": found == expected}


def _list_titles(columns: list[str]) -> list[tuple[str, str]]:
    """List each column's value and words in the form: its title, or its letter where that is empty or not unique."""
    often = Counter(columns)
    titles = []
    for at, title in enumerate(columns or [""] * _LETTERS):
        letter = format_column_letters(at)
        titles.append((title, title) if title and often[title] == 1 else (letter, f"{letter} {title}".strip()))
    return titles


def _make_forecast_context(version: Version) -> dict[str, Any]:
    """Make what is told of the main account's course."""
    foreseen = Foreseen.from_version(version)
    if foreseen is None:
        return {}
    lowest = format_euros(foreseen.lowest)
    if foreseen.lowest_row is None:
        words = _("It is lowest at the start: {amount}.").format(amount=lowest)
    else:
        row = format_number(foreseen.lowest_row)
        words = _("It is lowest after row {row}: {amount}.").format(row=row, amount=lowest)
    name = _("The main account’s balance from the first movement to the last. {lowest}").format(lowest=words)
    balances = [balance for _turn, balance in foreseen.course]
    return {
        "forecast": foreseen,
        "lowest_words": words,
        "top_up": Decimal(version.screen["top_up"]),
        "chart": draw_course_chart(name, balances, lowest) if len(balances) > 1 else "",
    }


def group_findings(version: Version) -> list[Group]:
    """Group what is said of rows: errors first, then what would be refused, then warnings."""
    groups = []
    for said in version.counts["codes"]:
        finding = Finding(said["code"], params=said["params"])
        groups.append(Group(finding.code, RULES[finding.code].severity, said["rows"], said["first"], finding.message))
    foreseen = Foreseen.from_version(version)
    if foreseen and foreseen.refused:
        sentence = _("These rows would be refused by the provider as the balances are now.")
        groups.append(Group(REFUSED, Severity.ERROR, foreseen.refused, foreseen.first_refused, sentence))
    return [group for severity in (Severity.ERROR, Severity.WARNING) for group in groups if group.severity is severity]


def list_code_choices(groups: Sequence[Group]) -> list[tuple[str, str]]:
    """List what rows are filtered by: each code, how its sentence begins, and of how many rows it is said."""
    choices = []
    for group in groups:
        if not group.is_refusal:
            begins = show_value(group.sentence.split(": ")[0].rstrip(), _LONGEST_CHOICE)
            choices.append((group.code, f"{begins} ({format_number(group.rows)})"))
    return choices


def _list_corrections(version: Version) -> list[dict[str, Any]]:
    """List the cells corrected on the page, newest first."""
    return [
        {
            "row": kept["row"],
            "column": name_column(version, kept["column"]),
            "before": format_cell(decode_cell(kept["before"])),
            "after": kept["after"],
            "by": kept["by"],
            "at": datetime.fromisoformat(kept["at"]),
        }
        for kept in reversed(version.corrections)
    ]


def describe_changes(version: Version) -> dict[str, Any]:
    """Say what is different from the version before."""
    kept: dict[str, Any] = version.changes or {}
    return {
        **kept,
        "titles": list_columns(version),
        "rows_added": [_format_row(row) for row in kept["rows_added"]],
        "rows_removed": [_format_row(row) for row in kept["rows_removed"]],
        "is_cut": kept["changed"] > len(kept["rows_changed"]),
        "rows_changed": [
            {
                "row": row["row"],
                "column": name_column(version, column),
                "before": format_cell(decode_cell(was)),
                "after": format_cell(decode_cell(now)),
            }
            for row in kept["rows_changed"]
            for column, was, now in row["cells"]
        ],
    }


def _format_row(row: dict[str, Any]) -> dict[str, Any]:
    return {"row": row["row"], "cells": [format_cell(decode_cell(cell)) for cell in row["cells"]]}
