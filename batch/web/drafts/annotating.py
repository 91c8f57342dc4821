"""The accountant's own workbook as it was corrected on the page, with what is found in it now marked."""

from __future__ import annotations

from itertools import chain
from pathlib import PurePath
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from batch.annotation import annotate
from batch.findings import Finding
from batch.ledger.events import finding_from_json
from batch.model import Cell, Source
from batch.model import Role as ColumnRole
from batch.sheet.source_file import Original
from batch.validation.amounts import read_amount
from batch.web.access import Role, needs
from batch.web.drafts.corrections import Correction
from batch.web.drafts.finding import draft_in_force
from batch.web.drafts.receiving import limits
from batch.web.drafts.uploading import attachment
from batch.web.models import DraftMark, DraftRow, Version


@require_safe
@needs(Role.VIEWER)
def annotated(request: HttpRequest, pk: UUID) -> HttpResponseBase:  # noqa: ARG001 (Django hands it over)
    """The workbook, to be corrected and uploaded again."""
    _draft, version = draft_in_force(pk)
    file = version.file
    name = PurePath(file.name)
    original = Original(file.name, name.suffix.lower(), bytes(file.data))
    source = Source(file.name, file.sha256, file.size, version.sheet)
    corrections = find_corrected_cells(version)
    made = annotate(original, source, findings_of(version), corrections=corrections, limits=limits())
    return attachment(f"{name.stem}-annotated.xlsx", made.data)


def find_corrected_cells(version: Version) -> dict[tuple[int, int], Cell]:
    """Give the corrected cells, by (row, column) as `Appearance` counts them: amounts as numbers, all else as typed."""
    amounts = {version.roles.get(role.value) for role in (ColumnRole.AMOUNT, ColumnRole.ADDED, ColumnRole.REMOVED)}
    corrections = (Correction.from_json(kept) for kept in version.corrections)
    return {
        (found.row, found.column): _read_number(found.after) if found.column in amounts else found.after
        for found in corrections
    }


def findings_of(version: Version) -> list[Finding]:
    """What the checks said of the version: of its sheet, then of its rows."""
    marked = DraftMark.objects.filter(version=version).values("position")
    rows = DraftRow.objects.filter(version=version, position__in=marked).order_by("position")
    kept = [*version.findings, *chain.from_iterable(rows.values_list("findings", flat=True))]
    return list(map(finding_from_json, kept))


def _read_number(text: str | None) -> Cell:
    """The number that a text means; the text itself where that is not certain, or where its sign would be lost."""
    reading = read_amount(text)
    if reading.amount is None or reading.sign == "+":
        return text
    return -reading.amount if reading.sign else reading.amount
