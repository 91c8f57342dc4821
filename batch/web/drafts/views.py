"""Views of a draft: uploading its sheet, reviewing it, approving and rejecting it."""

from __future__ import annotations

import re
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

import batch
from batch.errors import CreditbatchError, SheetError, UsageError
from batch.i18n import _
from batch.web.access import Role, find_roles, get_person, is_fragment, require_role
from batch.web.audit import Occasion, notify, record
from batch.web.auth.services import check_confirmation, explain_refusal, has_totp
from batch.web.batches.jobs import find_active_job, find_predecessor
from batch.web.drafts.approval_policy import Options, Screen, compare_screens
from batch.web.drafts.approvals import approve as agree
from batch.web.drafts.approvals import (
    format_changes,
    is_fresh,
    load_draft,
    refuse_scheduled,
    refuse_stale_form,
    tell_if_ready,
)
from batch.web.drafts.approvals import reject as end
from batch.web.drafts.checking import (
    ENDINGS,
    SheetReading,
    create_draft,
    forget_unused_files,
    make_ticket,
    read_limits,
    recheck,
    redeem_ticket,
    save_file,
    save_upload,
)
from batch.web.drafts.conventions import ChosenConventions, read_conventions
from batch.web.drafts.review import describe_changes, list_code_choices, make_review_context
from batch.web.drafts.rows import DraftRowFilter, list_columns, load_rows
from batch.web.drafts.versions import Foreseen
from batch.web.models import Draft, DraftAccount, Person, StoredFile, Version
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
        draft = create_draft(SheetReading(file, conventions), Options(), get_person(request))
    except CreditbatchError as error:
        return _show_refusal(request, error, file)
    record(request, "draft.uploaded", str(draft.pk), file=file.name, sha256=file.sha256)
    tell_if_ready(draft, Version.objects.get(draft=draft, number=draft.version))
    return _redirect_to_draft(request, draft)


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
    if request.POST.get("ticket"):
        return redeem_ticket(request.POST["ticket"], get_person(request))
    name = request.POST.get("sample", "")
    path = _list_samples().get(name) if name else None
    if path is not None:
        with path.open("rb") as content:
            return save_file(name, content)
    return save_upload(request)


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


def _redirect_to_draft(request: HttpRequest, draft: Draft) -> HttpResponseBase:
    if is_fragment(request):
        return HttpResponseClientRedirect(reverse("draft", args=[draft.pk]))
    return redirect("draft", draft.pk)


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
def approve_draft(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Agree to exactly what was on the screen; balances that are old are read again first."""
    draft, version = load_draft(pk)
    person = get_person(request)
    seen = request.POST.get("screen", "")
    try:
        refuse_stale_form(draft, request.POST)
        how = check_confirmation(person, request.POST)
        if how is None:
            raise UsageError(explain_refusal(person))
        before = version.screen
        if not is_fresh(version) and recheck(version):
            record(request, "draft.changed_before_approval", str(pk))
            changes = compare_screens(Screen.from_json(before), Screen.from_json(version.screen))
            raise UsageError(format_changes(changes))
        last = agree(draft, version, seen, person, how)
    except CreditbatchError as error:
        messages.error(request, str(error))
        return redirect("draft", pk)
    record(request, "draft.approved", str(pk), version=version.number, screen=seen, confirmed_with=how)
    if last:
        notify(Occasion.APPROVED, draft=draft)
        messages.success(request, _("Approved. It may be started now."))
    else:
        messages.success(request, _("Approved by you. Somebody else has to approve it as well."))
    return redirect("draft", pk)


@require_POST
@require_role(Role.APPROVER, Role.PREPARER)
def reject_draft(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """End a draft, by an approver or by whoever worked on it. The reason is kept."""
    draft, version = load_draft(pk)
    person = get_person(request)
    try:
        refuse_stale_form(draft, request.POST)
        if Role.APPROVER not in find_roles(person) and not is_author(draft, person):
            raise UsageError(_("Only an approver, or somebody who worked on it, can end this batch."))
        refuse_scheduled(draft)
        end(draft, version, person, request.POST.get("reason", ""))
    except CreditbatchError as error:
        messages.error(request, str(error))
    else:
        record(request, "draft.rejected", str(pk), reason=request.POST.get("reason", "").strip()[:200])
        messages.success(request, _("Ended. Nothing was sent, and nothing will be."))
    return redirect("draft", pk)


def is_author(draft: Draft, person: Person) -> bool:
    """Tell whether the person uploaded it or made any of its versions."""
    return draft.created_by_id == person.pk or draft.versions.filter(created_by=person).exists()


@require_safe
@require_role(Role.VIEWER)
def show_draft(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Show the review; for htmx only its rows."""
    found, version = load_draft(pk)
    context = {"draft": found, "version": version, **_make_rows_context(request, version)}
    context["editable"] = found.state in {"checked", "approved"}
    if is_fragment(request):
        return render(request, "web/drafts/_rows.html", context)
    person = get_person(request)
    context |= make_review_context(found, version, person)
    context |= {
        "top_accounts": DraftAccount.objects.filter(version=version).order_by("position")[:8],
        "has_totp": has_totp(person),
        "job": (job := find_active_job(draft=found)),
        "before": find_predecessor(job) if job is not None else None,
        "last_job": found.jobs.order_by("-id").first(),
    }
    return render(request, "web/drafts/review.html", context)


@require_safe
@require_role(Role.VIEWER)
def show_accounts(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Show each sub-account that is touched: before, and after by the forecast."""
    found, version = load_draft(pk)
    foreseen = Foreseen.from_version(version)
    page = paginate(request, range(foreseen.touched if foreseen else 0))
    lines = DraftAccount.objects.filter(version=version, position__in=page.object_list).order_by("position")
    context = {"draft": found, "version": version, "accounts": lines, "page": page}
    return render(request, "web/drafts/accounts.html", context)


@require_safe
@require_role(Role.VIEWER)
def show_changes(request: HttpRequest, pk: UUID, number: int) -> HttpResponseBase:
    """Show what is different in a version from the one before."""
    found, _in_force = load_draft(pk)
    version = Version.objects.filter(draft=found, number=number).select_related("file", "created_by").first()
    if version is None or version.changes is None:
        raise Http404
    is_cut = version.changes["changed"] > len(version.changes["rows_changed"])
    context = {"draft": found, "version": version, "changes": describe_changes(version), "is_cut": is_cut}
    return render(request, "web/drafts/changes.html", context)


@require_safe
@require_role(Role.VIEWER)
def download_original(request: HttpRequest, pk: UUID, number: int) -> HttpResponseBase:  # noqa: ARG001 (Django hands it over)
    """Give the file of a version, byte for byte as it was uploaded."""
    found, _in_force = load_draft(pk)
    file = StoredFile.objects.filter(pk__in=found.versions.filter(number=number).values("file_id")).first()
    if file is None:
        raise Http404
    return make_attachment(file.name, bytes(file.data))


def _make_rows_context(request: HttpRequest, version: Version) -> dict[str, object]:
    found = DraftRowFilter(request.GET, version, list_code_choices(version))
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
