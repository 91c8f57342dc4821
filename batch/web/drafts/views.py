"""Views of a draft: uploading its sheet, reviewing, correcting and choosing, approving and rejecting it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from itertools import chain
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

import batch
from batch.annotation import annotate
from batch.errors import CreditbatchError, SheetError, UsageError
from batch.findings import Finding
from batch.i18n import _
from batch.ledger.events import decode_cell, decode_finding
from batch.model import Cell, ColumnRole, Source
from batch.sheet.source_file import Original
from batch.validation.amounts import read_amount
from batch.validation.header import format_cell_address
from batch.web.access import Role, find_roles, get_person, is_fragment, require_role, tell_refusals
from batch.web.audit import Occasion, notify, record
from batch.web.batches.jobs import find_active_job, find_predecessor
from batch.web.confirming import confirm_now, make_confirmation_context
from batch.web.drafts import approvals
from batch.web.drafts.approval_policy import Options
from batch.web.drafts.approvals import FRESH, is_author, load_draft, refuse_scheduled, refuse_stale_form, tell_if_ready
from batch.web.drafts.checking import (
    ENDINGS,
    check_version,
    create_draft,
    forget_unused_files,
    make_ticket,
    read_limits,
    recheck,
    redeem_ticket,
    save_file,
    save_upload,
)
from batch.web.drafts.conventions import ChosenConventions, Correction, SheetReading, read_conventions, read_options
from batch.web.drafts.review import (
    DraftRowFilter,
    Group,
    describe_changes,
    format_cell,
    group_findings,
    list_code_choices,
    list_columns,
    load_rows,
    make_review_context,
)
from batch.web.drafts.versions import OPEN
from batch.web.models import Draft, DraftMark, DraftRow, StoredFile, Version
from batch.web.presenters import paginate

_SAMPLES = Path(batch.__file__).parent.parent / "samples"
_LONGEST_CELL = 500


@require_http_methods(["GET", "HEAD", "POST"])
@require_role(Role.PREPARER)
def upload(request: HttpRequest) -> HttpResponseBase:
    """Show the form for a new sheet; sent, read and check it at once, and show its review."""
    if request.method != "POST":
        return render(request, "web/drafts/upload.html", _make_context())
    forget_unused_files()
    file = None
    try:
        file = _receive_file(request)
        conventions = read_conventions(request.POST, ChosenConventions())
        version = create_draft(SheetReading(file, conventions), Options(), get_person(request))
    except CreditbatchError as error:
        return _show_refusal(request, error, file)
    pk = version.draft.pk
    record(request, "draft.uploaded", str(pk), file=file.name, sha256=file.sha256)
    tell_if_ready(version)
    return HttpResponseClientRedirect(reverse("draft", args=[pk])) if is_fragment(request) else redirect("draft", pk)


@require_GET
@require_role(Role.PREPARER)
def download_sample(request: HttpRequest, name: str) -> HttpResponseBase:  # noqa: ARG001 (Django hands it over)
    """Give one of the sample sheets, in the demonstration only."""
    path = _list_samples().get(name)
    if path is None:
        raise Http404
    return make_attachment(name, path.read_bytes())


def make_attachment(name: str, data: bytes) -> HttpResponse:
    """Make an answer that a browser saves, and neither shows nor runs, whatever it holds."""
    response = HttpResponse(data, content_type="application/octet-stream")
    ascii_name = re.sub(r"[^A-Za-z0-9._ -]", "_", name)
    response["Content-Disposition"] = f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name)}"
    return response


def _receive_file(request: HttpRequest) -> StoredFile:
    if ticket := request.POST.get("ticket"):
        return redeem_ticket(ticket, get_person(request))
    path = _list_samples().get(request.POST.get("sample", ""))
    return save_file(path.name, path.read_bytes()) if path else save_upload(request)


def _show_refusal(request: HttpRequest, error: CreditbatchError, file: StoredFile | None) -> HttpResponseBase:
    """Show the form once more, with the sentence; a file of which only a sheet is to be chosen is not sent again."""
    sheets = error.sheets if isinstance(error, SheetError) else ()
    problem = _("More than one sheet of the file could be meant: choose one.") if sheets else str(error)
    context = {**_make_context(), "problem": problem, "posted": request.POST, "sheets": sheets}
    if file is not None and sheets:
        context |= {"ticket": make_ticket(file, get_person(request)), "file": file}
    record(request, "draft.upload_refused", file.name if file else "")
    # htmx shows only what came with success.
    status = HTTPStatus.OK if is_fragment(request) else HTTPStatus.UNPROCESSABLE_ENTITY
    return render(request, "web/drafts/upload.html", context, status=status)


def _make_context() -> dict[str, Any]:
    return {
        "section": "upload",
        "endings": ",".join(ENDINGS),
        "limit": f"{read_limits().file_size / 1e6:g}",
        "samples": sorted(_list_samples()),
    }


def _list_samples() -> dict[str, Path]:
    if not settings.CREDITBATCH_DEMO or not _SAMPLES.is_dir():
        return {}
    return {path.name: path for path in _SAMPLES.iterdir() if path.suffix in {".xlsx", ".csv"}}


@require_POST
@require_role(Role.APPROVER)
@tell_refusals("draft")
def approve_draft(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Agree to exactly what was on the screen; balances that are old are read again first."""
    draft, version = load_draft(pk)
    person = get_person(request)
    seen = request.POST.get("screen", "")
    refuse_stale_form(draft, request.POST)
    how = confirm_now(request)
    if timezone.now() - version.checked_at > FRESH and (changed := recheck(version)):
        record(request, "draft.changed_before_approval", str(pk))
        raise UsageError(changed)
    is_last = approvals.approve(draft, version, seen, person, how)
    record(request, "draft.approved", str(pk), version=version.number, screen=seen, confirmed_with=how)
    if is_last:
        notify(Occasion.APPROVED, draft=draft, reason=lambda: approvals.tell_account(version))
        messages.success(request, _("Approved. It may be started now."))
    else:
        messages.success(request, _("Approved by you. Somebody else has to approve it as well."))
    return redirect("draft", pk)


@require_POST
@require_role(Role.APPROVER, Role.PREPARER)
@tell_refusals("draft")
def reject_draft(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """End a draft, by an approver or by whoever worked on it. The reason is kept."""
    draft, version = load_draft(pk)
    person, reason = get_person(request), request.POST.get("reason", "").strip()
    refuse_stale_form(draft, request.POST)
    if Role.APPROVER not in find_roles(person) and not is_author(draft, person):
        raise UsageError(_("Only an approver, or somebody who worked on it, can end this batch."))
    refuse_scheduled(draft)
    approvals.reject(draft, version, person, reason)
    record(request, "draft.rejected", str(pk), reason=reason[:200])
    messages.success(request, _("Ended. Nothing was sent, and nothing will be."))
    return redirect("draft", pk)


@require_safe
@require_role(Role.VIEWER)
def show_draft(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Show the review; for htmx only its rows."""
    draft, version = load_draft(pk)
    groups = group_findings(version)
    context = {
        "draft": draft,
        "version": version,
        "editable": draft.state in OPEN,
        **_make_rows_context(request, version, groups),
    }
    if is_fragment(request):
        return render(request, "web/drafts/_rows.html", context)
    person, job = get_person(request), find_active_job(draft=draft)
    context |= make_review_context(draft, version, person) | {
        "groups": groups,
        "top_accounts": version.accounts.order_by("position")[:8],
        **make_confirmation_context(person),
        "job": job,
        "before": find_predecessor(job) if job is not None else None,
        "last_job": draft.jobs.order_by("-id").first(),
    }
    return render(request, "web/drafts/review.html", context)


@require_safe
@require_role(Role.VIEWER)
def show_accounts(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Show each sub-account that is touched: before, and after by the forecast."""
    draft, version = load_draft(pk)
    page = paginate(request, range(version.forecast["touched"] if version.forecast else 0))
    lines = version.accounts.filter(position__in=page.object_list).order_by("position")
    context = {"draft": draft, "version": version, "accounts": lines, "page": page}
    return render(request, "web/drafts/accounts.html", context)


@require_safe
@require_role(Role.VIEWER)
def show_changes(request: HttpRequest, pk: UUID, number: int) -> HttpResponseBase:
    """Show what is different in a version from the one before."""
    draft, _in_force = load_draft(pk)
    made = Version.objects.filter(draft=draft, changes__isnull=False).select_related("file", "created_by")
    version = get_object_or_404(made, number=number)
    context = {"draft": draft, "version": version, "changes": describe_changes(version)}
    return render(request, "web/drafts/changes.html", context)


@require_safe
@require_role(Role.VIEWER)
def download_original(request: HttpRequest, pk: UUID, number: int) -> HttpResponseBase:  # noqa: ARG001 (Django hands it over)
    """Give the file of a version, byte for byte as it was uploaded."""
    draft, _in_force = load_draft(pk)
    file = get_object_or_404(StoredFile, pk__in=draft.versions.filter(number=number).values("file_id"))
    return make_attachment(file.name, bytes(file.data))


def _make_rows_context(request: HttpRequest, version: Version, groups: Sequence[Group]) -> dict[str, object]:
    found = DraftRowFilter(request.GET, version, list_code_choices(groups))
    page = paginate(request, range(found.count()))
    return {
        "filters": found.form,
        "is_plain": found.is_plain,
        "headings": found.make_headings(),
        "rows": load_rows(version, found.qs, page.number),
        "columns": list_columns(version),
        "page": page,
        "kept": request.GET.urlencode(),
    }


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
    after = request.POST.get("value", "").strip()[:_LONGEST_CELL] or None
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
        "value": format_cell(before)[:_LONGEST_CELL],
        "longest": _LONGEST_CELL,
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
