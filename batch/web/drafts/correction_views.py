"""Views that correct a draft: cells, how it is read, what is chosen for the run, the file; and the marked workbook."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from pathlib import PurePath
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from batch.annotation import annotate
from batch.errors import CreditbatchError
from batch.findings import Finding
from batch.i18n import _
from batch.ledger.events import decode_cell, decode_finding
from batch.model import Cell, ColumnRole, Source
from batch.sheet.source_file import Original
from batch.validation.amounts import read_amount
from batch.validation.header import format_cell_address
from batch.web.access import Role, get_person, is_fragment, require_role, tell_refusals
from batch.web.audit import record
from batch.web.drafts.approval_policy import Options
from batch.web.drafts.approvals import load_draft, refuse_scheduled, refuse_stale_form, tell_if_ready
from batch.web.drafts.checking import check_version, read_limits, recheck, save_upload
from batch.web.drafts.conventions import Correction, SheetReading, read_conventions, read_options
from batch.web.drafts.rows import format_cell, list_columns
from batch.web.drafts.views import make_attachment
from batch.web.models import Draft, DraftMark, DraftRow, Version


@require_safe
@require_role(Role.VIEWER)
def download_annotated_file(request: HttpRequest, pk: UUID) -> HttpResponseBase:  # noqa: ARG001 (Django hands it over)
    """Give the accountant's workbook, corrected and marked, to be uploaded again."""
    _draft, version = load_draft(pk)
    file = version.file
    name = PurePath(file.name)
    original = Original(file.name, name.suffix.lower(), bytes(file.data))
    source = Source(file.name, file.sha256, file.size, version.sheet)
    corrections = find_corrected_cells(version)
    made = annotate(original, source, load_findings(version), corrections=corrections, limits=read_limits())
    return make_attachment(f"{name.stem}-annotated.xlsx", made.data)


def find_corrected_cells(version: Version) -> dict[tuple[int, int], Cell]:
    """Find the corrected cells, by (row as Excel shows it, column from 0): amounts as numbers, all else as typed."""
    amounts = {version.roles.get(role.value) for role in (ColumnRole.AMOUNT, ColumnRole.ADDED, ColumnRole.REMOVED)}
    return {
        (found.row, found.column): _read_number(found.after) if found.column in amounts else found.after
        for found in map(Correction.from_json, version.corrections)
    }


def load_findings(version: Version) -> list[Finding]:
    """Load what the checks said of the version: of its sheet, then of its rows."""
    marked = DraftMark.objects.filter(version=version).values("position")
    rows = DraftRow.objects.filter(version=version, position__in=marked).order_by("position")
    kept = chain(version.findings, *rows.values_list("findings", flat=True))
    return list(map(decode_finding, kept))


def _read_number(text: str | None) -> Cell:
    """Read the number that a text means; keep the text where that is not certain, or its sign would be lost."""
    reading = read_amount(text)
    if reading.amount is None or reading.sign == "+":
        return text
    return -reading.amount if reading.sign else reading.amount


LONGEST = 500
"""Characters of a corrected cell."""


@require_http_methods(["GET", "HEAD", "POST"])
@require_role(Role.PREPARER)
def correct_cell(request: HttpRequest, pk: UUID, row: int, column: int) -> HttpResponseBase:
    """Show a bad cell to be corrected; sent, check the sheet again with it."""
    draft, version = load_draft(pk)
    line = get_object_or_404(DraftRow, version=version, row=row)
    if column not in version.roles.values():
        raise Http404
    before = decode_cell(line.cells[column]) if column < len(line.cells) else None
    if request.method != "POST":
        return _show_cell_form(request, version, line, column, before)
    after = request.POST.get("value", "").strip()[:LONGEST] or None
    if after == before:
        messages.info(request, _("Nothing was changed."))
        return redirect(_make_back_link(request, pk))
    where = format_cell_address(column, row)
    made = Correction(row, column, before, after, str(get_person(request)), timezone.now())
    reading = SheetReading.from_version(version)
    reading = replace(reading, corrections=(*reading.corrections, made))
    try:
        _make_version(request, draft, reading, Options.from_json(version.options), "correction")
    except CreditbatchError as error:
        messages.error(request, str(error))
    else:
        record(request, "draft.corrected", str(pk), cell=where, before=str(before), after=after)
        messages.success(request, _("Cell {cell} was corrected and the sheet checked again.").format(cell=where))
    return redirect(_make_back_link(request, pk))


@require_POST
@require_role(Role.PREPARER)
@tell_refusals("draft")
def change_reading(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Read the same file in another way: other columns, another sheet, other control totals."""
    draft, version = load_draft(pk)
    now = SheetReading.from_version(version)
    conventions = read_conventions(request.POST, now.conventions)
    # Another sheet has other cells: what was corrected in the one before says nothing of it.
    kept = now.corrections if conventions.sheet in {now.conventions.sheet, version.sheet} else ()
    changed = SheetReading(now.file, replace(conventions, remembered={}), kept)
    options, remember = Options.from_json(version.options), "remember" in request.POST
    _make_version(request, draft, changed, options, "reading", remember=remember)
    record(request, "draft.read_anew", str(pk), columns=dict(conventions.columns))
    messages.success(request, _("The sheet was read and checked again."))
    return redirect("draft", pk)


@require_POST
@require_role(Role.PREPARER)
@tell_refusals("draft")
def change_options(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Change what is chosen for the run."""
    draft, version = load_draft(pk)
    chosen = read_options(request.POST)
    if chosen == Options.from_json(version.options):
        messages.info(request, _("Nothing was changed."))
        return redirect("draft", pk)
    _make_version(request, draft, SheetReading.from_version(version), chosen, "options")
    record(request, "draft.options", str(pk), **chosen.to_json())
    messages.success(request, _("Your choice was saved and the sheet checked again."))
    return redirect("draft", pk)


@require_POST
@require_role(Role.PREPARER)
@tell_refusals("draft")
def replace_file(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Put a corrected file in the place of the one before, read in the same way."""
    draft, version = load_draft(pk)
    refuse_stale_form(draft, request.POST)
    file = save_upload(request)
    changed = SheetReading(file, SheetReading.from_version(version).conventions)
    _make_version(request, draft, changed, Options.from_json(version.options), "file")
    record(request, "draft.file_replaced", str(pk), file=file.name, sha256=file.sha256)
    messages.success(request, _("The corrected file was checked."))
    return redirect("draft-changes", pk, draft.version)


@require_POST
@require_role(Role.PREPARER, Role.APPROVER)
@tell_refusals("draft")
def recheck_draft(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Check the sheet again with the balances of just now."""
    draft, version = load_draft(pk)
    refuse_stale_form(draft, request.POST)
    refuse_scheduled(draft)
    if changed := recheck(version):
        messages.warning(request, changed)
    else:
        messages.success(request, _("Checked again: what there is to see is the same."))
    record(request, "draft.checked", str(pk))
    return redirect("draft", pk)


def _make_version(
    request: HttpRequest, draft: Draft, reading: SheetReading, options: Options, made_by: str, *, remember: bool = False
) -> None:
    refuse_stale_form(draft, request.POST)
    refuse_scheduled(draft)
    person = get_person(request)
    tell_if_ready(check_version(draft, reading, options, person, made_by=made_by, remember=remember))


def _show_cell_form(
    request: HttpRequest, version: Version, line: DraftRow, column: int, before: Cell
) -> HttpResponseBase:
    where = format_cell_address(column, line.row)
    context = {
        "draft": version.draft,
        "version": version,
        "line": line,
        "column": column,
        "title": list_columns(version)[column],
        "address": where,
        "value": format_cell(before)[:LONGEST],
        "longest": LONGEST,
        "findings": [finding for finding in map(decode_finding, line.findings) if finding.cell == where],
        "back": _make_back_link(request, version.draft.pk, line.row),
        "kept": _encode_table_state(request),
    }
    return render(request, "web/drafts/_cell.html" if is_fragment(request) else "web/drafts/cell.html", context)


def _make_back_link(request: HttpRequest, pk: UUID, row: int | None = None) -> str:
    kept = _encode_table_state(request)
    place = "rows" if row is None else f"row-{row}"
    return f"{reverse('draft', args=[pk])}{'?' if kept else ''}{kept}#{place}"


def _encode_table_state(request: HttpRequest) -> str:
    """Keep what the address says of the table, to come back to the same rows."""
    asked = {name: request.GET.get(name, "")[:200] for name in ("status", "code", "token", "sort", "page")}
    return urlencode({name: value for name, value in asked.items() if value})
