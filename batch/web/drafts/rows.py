"""The rows table: filtered, searched, sorted and paged by the database's indexes, so that a long sheet stays quick."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Q, QuerySet

from batch.codes import meaning
from batch.findings import RULES, Finding, Severity
from batch.language import _, day, number
from batch.ledger.encoding import cell_from_json, finding_from_json
from batch.model import Cell, Direction, Role, Status
from batch.money import euros, from_thousandths
from batch.rules.header import cell_address
from batch.web.drafts.store import REFUSED
from batch.web.listing import PAGE
from batch.web.models import DraftMark, DraftRow, Version
from batch.wording import direction_word

SORTS = {"row": "position", "token": "token", "amount": "amount", "direction": "direction", "status": "status"}
_LONGEST = 200
_CELL_SHOWN = 120
"""Characters of a cell on the page; all of it is in the file."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of the table."""

    status: str = ""
    """pending, invalid or would-be-refused."""
    code: str = ""
    token: str = ""
    sort: str = "row"
    descending: bool = False

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Query:
        """From an address; what means nothing is left out."""
        status, code = given.get("status", ""), given.get("code", "")
        sort = given.get("sort", "row")
        name = sort.removeprefix("-")
        return cls(
            status if status in {Status.PENDING.value, Status.INVALID.value, REFUSED} else "",
            code if code in RULES else "",
            given.get("token", "").strip()[:_LONGEST],
            name if name in SORTS else "row",
            sort.startswith("-") and name in SORTS,
        )

    @property
    def is_plain(self) -> bool:
        """Whether nothing is filtered away."""
        return not (self.status or self.code or self.token)


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


def matching(version: Version, query: Query) -> int:
    """How many rows there are to page through; where only one thing is asked it is known already."""
    if query.token or (query.code and query.status):
        return _filtered(version, query).count()
    rows = int(version.counts["rows"])
    if query.code:
        return sum(int(said["rows"]) for said in version.counts["codes"] if said["code"] == query.code)
    known = {"": rows, Status.INVALID.value: version.invalid, Status.PENDING.value: rows - version.invalid}
    return known.get(query.status, int(version.screen["refused"]))


def page(version: Version, query: Query, offset: int) -> list[ShownRow]:
    """One page of the table."""
    sign = "-" if query.descending else ""
    order = [f"{sign}{SORTS[query.sort]}"] + ([] if query.sort == "row" else ["position"])
    # The numbers first, which an index holds, and only then the fifty rows themselves.
    numbers = list(_filtered(version, query).order_by(*order).values_list("pk", flat=True)[offset : offset + PAGE])
    found = DraftRow.objects.in_bulk(numbers)
    return [_shown(found[pk], version) for pk in numbers]


def columns_of(version: Version) -> list[str]:
    """The accountant's titles; a column without one is called by its letter."""
    return [title or cell_address(index, 1).rstrip("1") for index, title in enumerate(version.columns)]


def cell_text(cell: Cell) -> str:
    """A cell as a person reads it: a number as the language writes it, with all its decimals."""
    match cell:
        case None:
            return ""
        case bool():
            return _("TRUE") if cell else _("FALSE")
        case datetime():
            return day(cell) if (cell.hour, cell.minute, cell.second) == (0, 0, 0) else f"{day(cell)} {cell:%H:%M:%S}"
        case Decimal():
            return _number(cell)
    return cell if len(cell) <= _CELL_SHOWN else cell[: _CELL_SHOWN - 1] + "…"


def _number(cell: Decimal) -> str:
    if not cell.is_finite() or abs(cell.adjusted()) > 20:
        return str(cell)
    exponent = cell.normalize().as_tuple().exponent
    return number(cell, max(0, -exponent) if isinstance(exponent, int) else 0)


def _filtered(version: Version, query: Query) -> QuerySet[DraftRow]:
    rows = DraftRow.objects.filter(version=version)
    if query.status == REFUSED:
        rows = rows.filter(_marked(version, REFUSED))
    elif query.status:
        rows = rows.filter(status=query.status)
    if query.code:
        rows = rows.filter(_marked(version, query.code))
    if query.token:
        rows = rows.filter(token__icontains=query.token)
    return rows


def _marked(version: Version, code: str) -> Q:
    return Q(position__in=DraftMark.objects.filter(version=version, code=code).values("position"))


def _shown(row: DraftRow, version: Version) -> ShownRow:
    findings = [finding_from_json(kept) for kept in row.findings]
    by_cell: dict[str, list[Finding]] = {}
    for finding in findings:
        by_cell.setdefault(finding.cell or "", []).append(finding)
    roles = {column: role for role, column in version.roles.items()}
    titles = columns_of(version)
    cells = tuple(
        _cell(
            (row.row, column),
            cell_from_json(kept),
            titles[column] if column < len(titles) else "",
            tuple(by_cell.pop(cell_address(column, row.row), ())),
            roles.get(column),
        )
        for column, kept in enumerate(row.cells)
    )
    direction = Direction(row.direction) if row.direction else None
    return ShownRow(
        number=row.row,
        cells=cells,
        token=row.token or "",
        amount=None if row.amount is None else from_thousandths(row.amount),
        direction=direction.value if direction else "",
        direction_word=direction_word(direction) if direction else "",
        status=REFUSED if row.refusal is not None else row.status,
        reasons=tuple(finding for said in by_cell.values() for finding in said),
        refusal=_refusal(row),
    )


def _cell(place: tuple[int, int], cell: Cell, title: str, findings: tuple[Finding, ...], role: str | None) -> ShownCell:
    kinds = ["num"] if isinstance(cell, Decimal) or role in _AMOUNTS else []
    if findings:
        kinds.append("bad" if any(finding.severity is Severity.ERROR for finding in findings) else "warned")
    return ShownCell(cell_text(cell), " ".join(kinds), title, findings, place if findings and role else None)


_AMOUNTS = {Role.AMOUNT.value, Role.ADDED.value, Role.REMOVED.value}


def _refusal(row: DraftRow) -> str:
    if row.refusal is None:
        return ""
    words = meaning(row.refusal)
    if not row.short:
        return _("would be refused: {meaning}").format(meaning=words)
    return _("would be refused: {meaning}, short of {amount}").format(
        meaning=words, amount=euros(from_thousandths(row.short))
    )
