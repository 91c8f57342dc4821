"""Views that correct a draft: cells, how it is read, what is chosen for the run, the file; and the marked workbook."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import PurePath
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from batch.annotation import annotate
from batch.errors import CreditbatchError, UsageError
from batch.findings import Finding
from batch.i18n import _
from batch.ledger.events import decode_cell, decode_finding
from batch.model import Cell, Source
from batch.model import ColumnRole as ColumnRole
from batch.sheet.source_file import Original
from batch.validation.amounts import read_amount
from batch.validation.header import format_cell_address
from batch.web.access import Role, get_person, is_fragment, require_role
from batch.web.audit import record
from batch.web.drafts.approval_policy import Options, Screen, compare_screens
from batch.web.drafts.approvals import format_changes, load_draft, refuse_scheduled, refuse_stale_form, tell_if_ready
from batch.web.drafts.checking import SheetReading, check_version, read_limits, recheck, save_upload
from batch.web.drafts.conventions import LONGEST, Correction, clean_input, read_conventions, read_options
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
    corrections = (Correction.from_json(kept) for kept in version.corrections)
    return {
        (found.row, found.column): _read_number(found.after) if found.column in amounts else found.after
        for found in corrections
    }


def load_findings(version: Version) -> list[Finding]:
    """Load what the checks said of the version: of its sheet, then of its rows."""
    marked = DraftMark.objects.filter(version=version).values("position")
    rows = DraftRow.objects.filter(version=version, position__in=marked).order_by("position")
    kept = [*version.findings, *chain.from_iterable(rows.values_list("findings", flat=True))]
    return list(map(decode_finding, kept))


def _read_number(text: str | None) -> Cell:
    """Read the number that a text means; keep the text where that is not certain, or its sign would be lost."""
    reading = read_amount(text)
    if reading.amount is None or reading.sign == "+":
        return text
    return -reading.amount if reading.sign else reading.amount


_KEPT = ("status", "code", "token", "sort", "page")
"""What the address says of the table, to come back to the same rows."""


@require_http_methods(["GET", "HEAD", "POST"])
@require_role(Role.PREPARER)
def correct_cell(request: HttpRequest, pk: UUID, row: int, column: int) -> HttpResponseBase:
    """Show a bad cell to be corrected; sent, check the sheet again with it."""
    draft, version = load_draft(pk)
    line = DraftRow.objects.filter(version=version, row=row).first()
    if line is None or column not in version.roles.values():
        raise Http404
    before = decode_cell(line.cells[column]) if column < len(line.cells) else None
    if request.method != "POST":
        return _show_cell_form(request, draft, version, line, column, before)
    after = clean_input(request.POST.get("value", ""))
    if after == before:
        messages.info(request, _("Nothing was changed."))
        return _redirect_to_rows(request, draft)
    made = Correction(row, column, before, after, str(get_person(request)), datetime.now(UTC))
    reading = SheetReading.from_version(version)
    reading = replace(reading, corrections=(*reading.corrections, made))
    options = Options.from_json(version.options)
    if _make_version(request, draft, reading, options, "correction"):
        record(
            request, "draft.corrected", str(pk), cell=format_cell_address(column, row), before=str(before), after=after
        )
        where = format_cell_address(column, row)
        messages.success(request, _("Cell {cell} was corrected and the sheet checked again.").format(cell=where))
    return _redirect_to_rows(request, draft)


@require_POST
@require_role(Role.PREPARER)
def change_reading(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Read the same file in another way: other columns, another sheet, other control totals."""
    draft, version = load_draft(pk)
    now = SheetReading.from_version(version)
    try:
        conventions = read_conventions(request.POST, now.conventions)
    except UsageError as error:
        messages.error(request, str(error))
        return redirect("draft", pk)
    # Another sheet has other cells: what was corrected in the one before says nothing of it.
    kept = now.corrections if conventions.sheet in {now.conventions.sheet, version.sheet} else ()
    changed = SheetReading(now.file, replace(conventions, remembered={}), kept)
    remember = "remember" in request.POST
    if _make_version(request, draft, changed, Options.from_json(version.options), "reading", remember=remember):
        record(request, "draft.read_anew", str(pk), columns=dict(conventions.columns))
        messages.success(request, _("The sheet was read and checked again."))
    return redirect("draft", pk)


@require_POST
@require_role(Role.PREPARER)
def change_options(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Change what is chosen for the run."""
    draft, version = load_draft(pk)
    try:
        chosen = read_options(request.POST)
    except UsageError as error:
        messages.error(request, str(error))
        return redirect("draft", pk)
    if chosen == Options.from_json(version.options):
        messages.info(request, _("Nothing was changed."))
    elif _make_version(request, draft, SheetReading.from_version(version), chosen, "options"):
        record(request, "draft.options", str(pk), **chosen.to_json())
        messages.success(request, _("Your choice was saved and the sheet checked again."))
    return redirect("draft", pk)


@require_POST
@require_role(Role.PREPARER)
def replace_file(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Put a corrected file in the place of the one before, read in the same way."""
    draft, version = load_draft(pk)
    try:
        refuse_stale_form(draft, request.POST)
        file = save_upload(request)
    except CreditbatchError as error:
        messages.error(request, str(error))
        return redirect("draft", pk)
    changed = SheetReading(file, SheetReading.from_version(version).conventions)
    if _make_version(request, draft, changed, Options.from_json(version.options), "file"):
        record(request, "draft.file_replaced", str(pk), file=file.name, sha256=file.sha256)
        messages.success(request, _("The corrected file was checked."))
        return redirect("draft-changes", pk, draft.version)
    return redirect("draft", pk)


@require_POST
@require_role(Role.PREPARER, Role.APPROVER)
def recheck_draft(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Check the sheet again with the balances of just now."""
    draft, version = load_draft(pk)
    before = Screen.from_json(version.screen)
    try:
        refuse_stale_form(draft, request.POST)
        refuse_scheduled(draft)
        if recheck(version):
            messages.warning(request, format_changes(compare_screens(before, Screen.from_json(version.screen))))
        else:
            messages.success(request, _("Checked again: what there is to see is the same."))
    except CreditbatchError as error:
        messages.error(request, str(error))
    else:
        record(request, "draft.checked", str(pk))
    return redirect("draft", pk)


def _make_version(
    request: HttpRequest, draft: Draft, reading: SheetReading, options: Options, made_by: str, *, remember: bool = False
) -> bool:
    """Make the next version; False if that was not possible, which a message says."""
    person = get_person(request)
    try:
        refuse_stale_form(draft, request.POST)
        refuse_scheduled(draft)
        version = check_version(draft, reading, options, person, made_by=made_by, remember=remember)
    except CreditbatchError as error:
        messages.error(request, str(error))
        return False
    tell_if_ready(draft, version)
    return True


def _show_cell_form(
    request: HttpRequest, draft: Draft, version: Version, line: DraftRow, column: int, before: Cell
) -> HttpResponseBase:
    where = format_cell_address(column, line.row)
    found = [decode_finding(kept) for kept in line.findings]
    context: dict[str, Any] = {
        "draft": draft,
        "version": version,
        "line": line,
        "column": column,
        "title": list_columns(version)[column],
        "address": where,
        "value": format_cell(before)[:LONGEST],
        "longest": LONGEST,
        "findings": [finding for finding in found if finding.cell == where],
        "back": _make_back_link(request, draft, line.row),
        "kept": _encode_table_state(request.GET),
    }
    return render(request, "web/drafts/_cell.html" if is_fragment(request) else "web/drafts/cell.html", context)


def _redirect_to_rows(request: HttpRequest, draft: Draft) -> HttpResponseBase:
    return redirect(_make_back_link(request, draft, None))


def _make_back_link(request: HttpRequest, draft: Draft, row: int | None) -> str:
    kept = _encode_table_state(request.GET)
    address = reverse("draft", args=[draft.pk])
    return f"{address}{'?' if kept else ''}{kept}#{'rows' if row is None else f'row-{row}'}"


def _encode_table_state(given: QueryDict) -> str:
    kept = QueryDict(mutable=True)
    for name in _KEPT:
        if value := given.get(name):
            kept[name] = value[:200]
    return kept.urlencode()
