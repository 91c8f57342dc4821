"""The table of rows: filtered, sorted and paged by the database's indexes, so that a long sheet stays quick."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import chain

from django.db.models import QuerySet
from django.forms import HiddenInput
from django.http import QueryDict
from django.utils.translation import gettext_lazy
from django_filters import ChoiceFilter, FilterSet

from batch.finding_rules import RULES
from batch.findings import Finding
from batch.i18n import _, format_day, format_euros, format_moment, format_number
from batch.ledger.events import decode_cell, decode_finding
from batch.model import Cell, ColumnRole, Status
from batch.report.result_labels import explain_code
from batch.validation.header import format_cell_address, format_column_letters
from batch.web.drafts.versions import REFUSED
from batch.web.models import DraftMark, DraftRow, Version
from batch.web.presenters import PAGE, Heading, TextFilter, make_headings

_SORTS = {"row": "position", "status": "status", "token": "token", "direction": "direction", "amount": "amount"}
_PENDING, _INVALID = Status.PENDING.value, Status.INVALID.value
_AMOUNTS = {ColumnRole.AMOUNT, ColumnRole.ADDED, ColumnRole.REMOVED}
_CELL_SHOWN = 120
"""Characters of a cell on the page; all of it is in the file."""


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
