"""The table of rows: filtered, sorted and paged by the database's indexes, so that a long sheet stays quick."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet
from django.forms import HiddenInput
from django.http import QueryDict
from django.utils.translation import gettext_lazy
from django_filters import ChoiceFilter, FilterSet

from batch.finding_rules import RULES, Severity
from batch.findings import Finding
from batch.i18n import _, format_day, format_euros, format_number
from batch.ledger.events import decode_cell, decode_finding
from batch.model import Cell, ColumnRole, Direction, Status, name_direction
from batch.report.result_labels import explain_code
from batch.validation.header import format_cell_address
from batch.web.drafts.versions import REFUSED
from batch.web.models import DraftMark, DraftRow, Version
from batch.web.presenters import PAGE, Heading, TextFilter, make_headings

_SORTS = {"row": "position", "status": "status", "token": "token", "direction": "direction", "amount": "amount"}
_PENDING, _INVALID = Status.PENDING.value, Status.INVALID.value
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
    """A cell of the accountant's with what is said of it."""

    text: str
    kind: str
    """The class of the cell: num, bad, warned."""
    title: str
    findings: tuple[Finding, ...]
    correct: tuple[int, int] | None
    """Row and column to correct it by; None where that would change nothing."""


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row as the page shows it."""

    number: int
    cells: tuple[ShownCell, ...]
    token: str
    amount: Decimal | None
    direction: str
    direction_word: str
    status: str
    reasons: tuple[Finding, ...]
    """What is said of no cell that is shown."""
    refusal: str


def load_rows(version: Version, rows: QuerySet[DraftRow], page: int) -> list[ShownRow]:
    """Load a page of the rows."""
    # The numbers first, which an index holds, and only then the fifty rows themselves.
    numbers = list(rows.values_list("pk", flat=True)[(page - 1) * PAGE : page * PAGE])
    found = DraftRow.objects.in_bulk(numbers)
    return [_make_row(found[pk], version) for pk in numbers]


def list_columns(version: Version) -> list[str]:
    """List the accountant's titles; a column without one is called by its letter."""
    return [title or format_cell_address(index, 1).rstrip("1") for index, title in enumerate(version.columns)]


def format_cell(cell: Cell) -> str:
    """Format a cell for people: a number as the language writes it, with all its decimals."""
    match cell:
        case None:
            return ""
        case bool():
            return _("TRUE") if cell else _("FALSE")
        case datetime():
            return (
                format_day(cell)
                if (cell.hour, cell.minute, cell.second) == (0, 0, 0)
                else f"{format_day(cell)} {cell:%H:%M:%S}"
            )
        case Decimal():
            return _format_number(cell)
    return cell if len(cell) <= _CELL_SHOWN else cell[: _CELL_SHOWN - 1] + "…"


def _format_number(cell: Decimal) -> str:
    if not cell.is_finite() or abs(cell.adjusted()) > 20:
        return str(cell)
    exponent = cell.normalize().as_tuple().exponent
    return format_number(cell, max(0, -exponent) if isinstance(exponent, int) else 0)


def _make_row(row: DraftRow, version: Version) -> ShownRow:
    findings = [decode_finding(kept) for kept in row.findings]
    by_cell: dict[str, list[Finding]] = {}
    for finding in findings:
        by_cell.setdefault(finding.cell or "", []).append(finding)
    roles = {column: role for role, column in version.roles.items()}
    titles = list_columns(version)
    cells = tuple(
        _make_cell(
            (row.row, column),
            decode_cell(kept),
            titles[column] if column < len(titles) else "",
            tuple(by_cell.pop(format_cell_address(column, row.row), ())),
            roles.get(column),
        )
        for column, kept in enumerate(row.cells)
    )
    direction = Direction(row.direction) if row.direction else None
    return ShownRow(
        number=row.row,
        cells=cells,
        token=row.token or "",
        amount=row.amount,
        direction=direction.value if direction else "",
        direction_word=name_direction(direction) if direction else "",
        status=REFUSED if row.refusal is not None else row.status,
        reasons=tuple(finding for said in by_cell.values() for finding in said),
        refusal=_format_refusal(row),
    )


def _make_cell(
    place: tuple[int, int], cell: Cell, title: str, findings: tuple[Finding, ...], role: str | None
) -> ShownCell:
    kinds = ["num"] if isinstance(cell, Decimal) or role in _AMOUNTS else []
    if findings:
        kinds.append("bad" if any(finding.severity is Severity.ERROR for finding in findings) else "warned")
    return ShownCell(format_cell(cell), " ".join(kinds), title, findings, place if findings and role else None)


_AMOUNTS = {ColumnRole.AMOUNT.value, ColumnRole.ADDED.value, ColumnRole.REMOVED.value}


def _format_refusal(row: DraftRow) -> str:
    if row.refusal is None:
        return ""
    words = explain_code(row.refusal)
    if not row.short:
        return _("would be refused: {meaning}").format(meaning=words)
    return _("would be refused: {meaning}, short of {amount}").format(meaning=words, amount=format_euros(row.short))
