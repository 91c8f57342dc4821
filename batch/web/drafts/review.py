"""What the review shows: verdict, figures, findings by kind, changes, the form of columns; and the table of rows, which
the database's indexes filter, sort and page, so that a long sheet stays quick.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import chain
from typing import Any, TypeVar

from django.db.models import QuerySet
from django.forms import HiddenInput
from django.http import QueryDict
from django.utils.translation import gettext_lazy
from django_filters import ChoiceFilter, FilterSet

from batch.finding_rules import RULES, Severity
from batch.findings import Finding
from batch.i18n import (
    _,
    format_day,
    format_euros,
    format_moment,
    format_number,
    ngettext,
    pgettext,
    show_value,
)
from batch.ledger.events import decode_cell, decode_finding
from batch.model import Cell, ColumnRole, Status, name_severity
from batch.report.result_labels import explain_code
from batch.runner.acceptance import REPEATED
from batch.validation.header import format_cell_address, format_column_letters
from batch.web.drafts.approval_policy import Options, Screen, find_hindrance
from batch.web.drafts.approvals import find_approvals, find_blockers, find_standing, format_origin, make_verdict
from batch.web.drafts.checking import find_known_account
from batch.web.drafts.conventions import ChosenConventions
from batch.web.drafts.versions import REFUSED, Foreseen
from batch.web.models import Draft, DraftMark, DraftRow, Person, Version
from batch.web.presenters import PAGE, Heading, TextFilter, draw_course_chart, make_headings
from batch.web.rules import load_rules

T = TypeVar("T")
_TROUBLE = {"header-missing", "column-missing", "column-twice", "column-not-found", "column-unknown"}
_PERHAPS_PAID = {REPEATED, "paid-elsewhere"}  # findings that a person may overrule with a reason
_LETTERS = 26  # columns offered by their letters where no header was found
_MOST_VERSIONS = 20
_LONGEST_CHOICE = 50
_SORTS = {"row": "position", "status": "status", "token": "token", "direction": "direction", "amount": "amount"}
_PENDING, _INVALID = Status.PENDING.value, Status.INVALID.value
_AMOUNTS = {ColumnRole.AMOUNT, ColumnRole.ADDED, ColumnRole.REMOVED}
_CELL_SHOWN = 120  # characters of a cell on the page; all of it is in the file


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
    blockers, standing = find_blockers(version), find_standing(draft, version, person, load_rules())
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
        "account_words": Screen.from_json(version.screen).account_words,
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


class DraftRowFilter(FilterSet):  # type: ignore[misc]
    """What the rows of a version are searched and sorted by; `codes` are those that the page offers, with words."""

    status = ChoiceFilter(
        method="filter_status",
        label=gettext_lazy("Status"),
        empty_label=gettext_lazy("All"),
        choices=[
            (_PENDING, gettext_lazy("To send")),
            (_INVALID, gettext_lazy("With errors")),
            (REFUSED, gettext_lazy("Would be refused")),
        ],
    )
    # All codes: once the last cell of a code is corrected, the page that follows finds none.
    code = ChoiceFilter(method="filter_code", label=gettext_lazy("Finding"), choices=[(code, code) for code in RULES])
    token = TextFilter(lookup_expr="icontains", label=gettext_lazy("Token"))
    sort = ChoiceFilter(
        method="filter_sort",
        choices=[(f"{sign}{name}", name) for name in _SORTS for sign in ("", "-")],
        widget=HiddenInput,
    )

    def __init__(self, data: QueryDict, version: Version, codes: Iterable[tuple[str, str]]) -> None:
        super().__init__(data, DraftRow.objects.filter(version=version).order_by("position"))
        self.version = version
        self.is_valid()
        self.form.fields["code"].widget.choices = [("", _("All")), *codes]

    @property
    def is_plain(self) -> bool:
        """Tell whether nothing is filtered away."""
        return set(self.form.changed_data) <= {"sort"}

    def count(self) -> int:
        """Count the rows to page through; where only one thing is asked it is known already."""
        counts, asked = self.version.counts, self.form.cleaned_data
        status, code = asked.get("status"), asked.get("code")
        if asked.get("token") or (code and status):
            return int(self.qs.count())
        if code:
            return sum(int(said["rows"]) for said in counts["codes"] if said["code"] == code)
        rows, invalid = int(counts["rows"]), self.version.invalid
        refused = int(self.version.screen["refused"])
        return {_PENDING: rows - invalid, _INVALID: invalid, REFUSED: refused}.get(status or "", rows)

    def make_headings(self) -> list[Heading]:
        """Make the headings that sort the rows."""
        titles = {
            "row": _("Row"),
            "status": _("Status"),
            "token": _("Token read"),
            "direction": _("Direction"),
            "amount": _("Amount read"),
        }
        sort = self.form.cleaned_data.get("sort") or "row"
        return make_headings(titles, sort.removeprefix("-"), is_descending=sort.startswith("-"))

    def filter_status(self, rows: QuerySet[DraftRow], _name: str, status: str) -> QuerySet[DraftRow]:
        """Keep rows of that status; what would be refused is a mark of rows to send."""
        return self.filter_code(rows, _name, status) if status == REFUSED else rows.filter(status=status)

    def filter_code(self, rows: QuerySet[DraftRow], _name: str, code: str) -> QuerySet[DraftRow]:
        """Keep the rows of which that is said."""
        marks = DraftMark.objects.filter(version=self.version, code=code)
        return rows.filter(position__in=marks.values("position"))

    def filter_sort(self, rows: QuerySet[DraftRow], _name: str, sort: str) -> QuerySet[DraftRow]:
        """Sort them; equal ones are in the sheet's order."""
        sign, name = ("-", sort[1:]) if sort.startswith("-") else ("", sort)
        return rows.order_by(f"{sign}{_SORTS[name]}", "position")


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A cell of the accountant's with what is said of it; a column is given where correcting it changes something."""

    text: str
    classes: str
    title: str
    findings: Sequence[Finding]
    column: int | None


ShownRow = tuple[DraftRow, Sequence[ShownCell], Sequence[Finding], str]
"""A row as it is kept, its cells, what is said of none of them, and why it would be refused."""


def load_rows(version: Version, rows: QuerySet[DraftRow], page: int) -> list[ShownRow]:
    """Load a page of the rows."""
    # The numbers first, which an index holds, and only then the fifty rows themselves.
    numbers = list(rows.values_list("pk", flat=True)[(page - 1) * PAGE : page * PAGE])
    found = DraftRow.objects.in_bulk(numbers)
    return [_make_row(found[pk], version) for pk in numbers]


def list_columns(version: Version) -> list[str]:
    """List the accountant's titles."""
    return [name_column(version, column) for column in range(len(version.columns))]


def name_column(version: Version, column: int) -> str:
    """Give the accountant's title; one without is called by its letter, and one beyond the header not at all."""
    return version.columns[column] or format_column_letters(column) if column < len(version.columns) else ""


def format_cell(cell: Cell) -> str:
    """Format a cell for people: a number as the language writes it, with all its decimals."""
    match cell:
        case None:
            return ""
        case bool():
            return _("TRUE") if cell else _("FALSE")
        case datetime():
            return format_moment(cell) if (cell.hour, cell.minute, cell.second) != (0, 0, 0) else format_day(cell)
        case Decimal():
            return _format_number(cell)
    return cell if len(cell) <= _CELL_SHOWN else cell[: _CELL_SHOWN - 1] + "…"


def _format_number(cell: Decimal) -> str:
    if not cell.is_finite() or abs(cell.adjusted()) > 20:
        return str(cell)
    exponent = cell.normalize().as_tuple().exponent
    return format_number(cell, max(0, -exponent) if isinstance(exponent, int) else 0)


def _make_row(row: DraftRow, version: Version) -> ShownRow:
    by_cell: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in map(decode_finding, row.findings):
        by_cell[finding.cell or ""].append(finding)
    roles = {column: role for role, column in version.roles.items()}
    cells = []
    for column, kept in enumerate(row.cells):
        cell, findings = decode_cell(kept), by_cell.pop(format_cell_address(column, row.row), [])
        classes = ["num"] if isinstance(cell, Decimal) or roles.get(column) in _AMOUNTS else []
        if findings:
            classes.append("bad" if any(finding.is_error for finding in findings) else "warned")
        place = column if findings and column in roles else None
        cells.append(ShownCell(format_cell(cell), " ".join(classes), name_column(version, column), findings, place))
    return row, cells, list(chain.from_iterable(by_cell.values())), _format_refusal(row)


def _format_refusal(row: DraftRow) -> str:
    if row.refusal is None:
        return ""
    meaning = explain_code(row.refusal)
    if not row.short:
        return _("would be refused: {meaning}").format(meaning=meaning)
    return _("would be refused: {meaning}, short of {amount}").format(meaning=meaning, amount=format_euros(row.short))
