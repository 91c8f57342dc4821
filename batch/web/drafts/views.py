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
from batch.web.access import Role, is_fragment, needs, person_of, roles_of
from batch.web.audit import Event, notify, record
from batch.web.auth.services import confirmed, has_totp, refusal
from batch.web.batches.jobs import active_job, batch_before
from batch.web.drafts.approval_policy import Options, Screen, what_changed
from batch.web.drafts.approvals import approve as agree
from batch.web.drafts.approvals import (
    changed_sentence,
    draft_in_force,
    is_fresh,
    refuse_old,
    refuse_scheduled,
    tell_if_ready,
)
from batch.web.drafts.approvals import reject as end
from batch.web.drafts.checking import (
    ENDINGS,
    Reading,
    forget_unused,
    keep,
    limits,
    new_draft,
    received,
    recheck,
    redeemed,
    ticket,
)
from batch.web.drafts.conventions import Conventions, conventions_of
from batch.web.drafts.review import changes_of, code_choices, review
from batch.web.drafts.rows import DraftRowFilter, columns_of, load_rows
from batch.web.drafts.versions import Foreseen
from batch.web.models import Draft, DraftAccount, Person, StoredFile, Version
from batch.web.presenters import paginate

SAMPLES = Path(batch.__file__).parent.parent / "samples"
_ENDINGS_OF_SAMPLES = {".xlsx", ".csv"}


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Role.PREPARER)
def upload(request: HttpRequest) -> HttpResponseBase:
    """Show the form for a new sheet; sent, read and check it at once, and show its review."""
    if request.method != "POST":
        return render(request, "web/drafts/upload.html", _context())
    forget_unused()
    file = None
    try:
        file = _file(request)
        conventions = conventions_of(request.POST, Conventions())
        draft = new_draft(Reading(file, conventions), Options(), person_of(request))
    except CreditbatchError as error:
        return _refused(request, error, file)
    record(request, "draft.uploaded", str(draft.pk), file=file.name, sha256=file.sha256)
    tell_if_ready(draft, Version.objects.get(draft=draft, number=draft.version))
    return _to(request, draft)


@require_GET
@needs(Role.PREPARER)
def sample(request: HttpRequest, name: str) -> HttpResponseBase:  # noqa: ARG001 (Django hands it over)
    """Give one of the sample sheets, in the demonstration only."""
    path = _samples().get(name)
    if path is None:
        raise Http404
    return attachment(name, path.read_bytes())


def attachment(name: str, data: bytes) -> HttpResponse:
    """Make an answer that a browser saves, and neither shows nor runs, whatever it holds."""
    response = HttpResponse(data, content_type="application/octet-stream")
    ascii_name = re.sub(r"[^A-Za-z0-9._ -]", "_", name)
    response["Content-Disposition"] = f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name)}"
    return response


def _file(request: HttpRequest) -> StoredFile:
    if request.POST.get("ticket"):
        return redeemed(request.POST["ticket"], person_of(request))
    name = request.POST.get("sample", "")
    path = _samples().get(name) if name else None
    if path is not None:
        with path.open("rb") as content:
            return keep(name, content)
    return received(request)


def _refused(request: HttpRequest, error: CreditbatchError, file: StoredFile | None) -> HttpResponseBase:
    """Show the form once more, with the sentence; a file of which only a sheet is to be chosen is not sent again."""
    sheets = error.sheets if isinstance(error, SheetError) else ()
    problem = _("More than one sheet of the file could be meant: choose one.") if sheets else str(error)
    context = {**_context(), "problem": problem, "posted": request.POST, "sheets": sheets}
    if file is not None and sheets:
        context |= {"ticket": ticket(file, person_of(request)), "file": file}
    record(request, "draft.upload_refused", file.name if file else "")
    # htmx shows only what came with success.
    status = HTTPStatus.OK if is_fragment(request) else HTTPStatus.UNPROCESSABLE_ENTITY
    return render(request, "web/drafts/upload.html", context, status=status)


def _to(request: HttpRequest, draft: Draft) -> HttpResponseBase:
    if is_fragment(request):
        return HttpResponseClientRedirect(reverse("draft", args=[draft.pk]))
    return redirect("draft", draft.pk)


def _context() -> dict[str, Any]:
    return {
        "section": "upload",
        "endings": ",".join(ENDINGS),
        "limit": f"{limits().file_size / 1e6:g}",
        "samples": sorted(_samples()),
    }


def _samples() -> dict[str, Path]:
    if not getattr(settings, "CREDITBATCH_DEMO", False) or not SAMPLES.is_dir():
        return {}
    return {path.name: path for path in SAMPLES.iterdir() if path.suffix in _ENDINGS_OF_SAMPLES}


@require_POST
@needs(Role.APPROVER)
def approve(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Agree to exactly what was on the screen; balances that are old are read again first."""
    draft, version = draft_in_force(pk)
    person = person_of(request)
    seen = request.POST.get("screen", "")
    try:
        refuse_old(draft, request.POST)
        how = confirmed(person, request.POST)
        if how is None:
            raise UsageError(refusal(person))
        before = version.screen
        if not is_fresh(version) and recheck(version):
            record(request, "draft.changed_before_approval", str(pk))
            changes = what_changed(Screen.from_json(before), Screen.from_json(version.screen))
            raise UsageError(changed_sentence(changes))
        last = agree(draft, version, seen, person, how)
    except CreditbatchError as error:
        messages.error(request, str(error))
        return redirect("draft", pk)
    record(request, "draft.approved", str(pk), version=version.number, screen=seen, confirmed_with=how)
    if last:
        notify(Event.APPROVED, draft=draft)
        messages.success(request, _("Approved. It may be started now."))
    else:
        messages.success(request, _("Approved by you. Somebody else has to approve it as well."))
    return redirect("draft", pk)


@require_POST
@needs(Role.APPROVER, Role.PREPARER)
def reject(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """End a draft, by an approver or by whoever worked on it. The reason is kept."""
    draft, version = draft_in_force(pk)
    person = person_of(request)
    try:
        refuse_old(draft, request.POST)
        if Role.APPROVER not in roles_of(person) and not is_author(draft, person):
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
@needs(Role.VIEWER)
def draft(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Show the review; for htmx only its rows."""
    found, version = draft_in_force(pk)
    context = {"draft": found, "version": version, **_rows(request, version)}
    context["editable"] = found.state in {"checked", "approved"}
    if is_fragment(request):
        return render(request, "web/drafts/_rows.html", context)
    person = person_of(request)
    context |= review(found, version, person)
    context |= {
        "top_accounts": DraftAccount.objects.filter(version=version).order_by("position")[:8],
        "has_totp": has_totp(person),
        "job": (job := active_job(draft=found)),
        "before": batch_before(job) if job is not None else None,
        "last_job": found.jobs.order_by("-id").first(),
    }
    return render(request, "web/drafts/review.html", context)


@require_safe
@needs(Role.VIEWER)
def accounts(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Show each sub-account that is touched: before, and after by the forecast."""
    found, version = draft_in_force(pk)
    foreseen = Foreseen.of(version)
    page = paginate(request, range(foreseen.touched if foreseen else 0))
    lines = DraftAccount.objects.filter(version=version, position__in=page.object_list).order_by("position")
    context = {"draft": found, "version": version, "accounts": lines, "page": page}
    return render(request, "web/drafts/accounts.html", context)


@require_safe
@needs(Role.VIEWER)
def changes(request: HttpRequest, pk: UUID, number: int) -> HttpResponseBase:
    """Show what is different in a version from the one before."""
    found, _in_force = draft_in_force(pk)
    version = Version.objects.filter(draft=found, number=number).select_related("file", "created_by").first()
    if version is None or version.changes is None:
        raise Http404
    is_cut = version.changes["changed"] > len(version.changes["rows_changed"])
    context = {"draft": found, "version": version, "changes": changes_of(version), "is_cut": is_cut}
    return render(request, "web/drafts/changes.html", context)


@require_safe
@needs(Role.VIEWER)
def original(request: HttpRequest, pk: UUID, number: int) -> HttpResponseBase:  # noqa: ARG001 (Django hands it over)
    """Give the file of a version, byte for byte as it was uploaded."""
    found, _in_force = draft_in_force(pk)
    file = StoredFile.objects.filter(pk__in=found.versions.filter(number=number).values("file_id")).first()
    if file is None:
        raise Http404
    return attachment(file.name, bytes(file.data))


def _rows(request: HttpRequest, version: Version) -> dict[str, object]:
    found = DraftRowFilter(request.GET, version, code_choices(version))
    page = paginate(request, range(found.count()))
    return {
        "filters": found.form,
        "is_plain": found.is_plain,
        "headings": found.make_headings(),
        "rows": load_rows(version, found.qs, page.number),
        "columns": columns_of(version),
        "page": page,
        "kept": request.GET.urlencode(),
    }
