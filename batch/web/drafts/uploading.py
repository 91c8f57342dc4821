"""Uploading a sheet, and choosing which of its sheets is meant."""

from __future__ import annotations

import re
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import HttpResponseClientRedirect

import batch
from batch.errors import CreditbatchError, SheetError
from batch.language import _
from batch.web.access import Role, is_fragment, needs, person_of
from batch.web.audit import record
from batch.web.drafts.checking import Reading, new_draft
from batch.web.drafts.conventions import Conventions
from batch.web.drafts.digest import Options
from batch.web.drafts.forms import conventions_of
from batch.web.drafts.receiving import ENDINGS, forget_unused, keep, limits, received, redeemed, ticket
from batch.web.drafts.telling import tell_if_ready
from batch.web.models import Draft, StoredFile, Version

SAMPLES = Path(batch.__file__).parent.parent / "samples"
_ENDINGS_OF_SAMPLES = {".xlsx", ".csv"}


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Role.PREPARER)
def upload(request: HttpRequest) -> HttpResponseBase:
    """The form for a new sheet; sent, it is read and checked at once, and its review is shown."""
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
    """One of the sample sheets, in the demonstration only."""
    path = _samples().get(name)
    if path is None:
        raise Http404
    return attachment(name, path.read_bytes())


def attachment(name: str, data: bytes) -> HttpResponse:
    """A file to be saved, whatever it holds: a browser neither shows nor runs it."""
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
    """The form once more, with the sentence; a file that only waits for the choice of its sheet is not sent again."""
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
