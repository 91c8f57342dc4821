"""Views of a draft: uploading its sheet, reviewing it, approving and rejecting it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote
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
from batch.errors import CreditbatchError, SheetError, UsageError
from batch.i18n import _
from batch.web.access import Role, find_roles, get_person, is_fragment, require_role, tell_refusals
from batch.web.audit import Occasion, notify, record
from batch.web.auth.services import check_confirmation, explain_refusal, has_totp
from batch.web.batches.jobs import find_active_job, find_predecessor
from batch.web.drafts import approvals
from batch.web.drafts.approval_policy import Options
from batch.web.drafts.approvals import FRESH, is_author, load_draft, refuse_scheduled, refuse_stale_form, tell_if_ready
from batch.web.drafts.checking import (
    ENDINGS,
    create_draft,
    forget_unused_files,
    make_ticket,
    read_limits,
    recheck,
    redeem_ticket,
    save_file,
    save_upload,
)
from batch.web.drafts.conventions import ChosenConventions, SheetReading, read_conventions
from batch.web.drafts.review import Group, describe_changes, group_findings, list_code_choices, make_review_context
from batch.web.drafts.rows import DraftRowFilter, list_columns, load_rows
from batch.web.drafts.versions import OPEN
from batch.web.models import StoredFile, Version
from batch.web.presenters import paginate

SAMPLES = Path(batch.__file__).parent.parent / "samples"
_ENDINGS_OF_SAMPLES = {".xlsx", ".csv"}


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
    if path is None:
        return save_upload(request)
    with path.open("rb") as content:
        return save_file(path.name, content)


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
    if not getattr(settings, "CREDITBATCH_DEMO", False) or not SAMPLES.is_dir():
        return {}
    return {path.name: path for path in SAMPLES.iterdir() if path.suffix in _ENDINGS_OF_SAMPLES}


@require_POST
@require_role(Role.APPROVER)
@tell_refusals("draft")
def approve_draft(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Agree to exactly what was on the screen; balances that are old are read again first."""
    draft, version = load_draft(pk)
    person = get_person(request)
    seen = request.POST.get("screen", "")
    refuse_stale_form(draft, request.POST)
    how = check_confirmation(person, request.POST)
    if how is None:
        raise UsageError(explain_refusal(person))
    if timezone.now() - version.checked_at > FRESH and (changed := recheck(version)):
        record(request, "draft.changed_before_approval", str(pk))
        raise UsageError(changed)
    is_last = approvals.approve(draft, version, seen, person, how)
    record(request, "draft.approved", str(pk), version=version.number, screen=seen, confirmed_with=how)
    if is_last:
        notify(Occasion.APPROVED, draft=draft)
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
        "has_totp": has_totp(person),
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
