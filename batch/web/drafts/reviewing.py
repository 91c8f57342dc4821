"""Looking at a draft: the review, its rows, its sub-accounts, what changed, and its files."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from batch.web.access import Role, is_fragment, needs, person_of
from batch.web.drafts.figures import Foreseen
from batch.web.drafts.finding import draft_in_force
from batch.web.drafts.review import changes_of, code_choices, review
from batch.web.drafts.rows import DraftRowFilter, columns_of, load_rows
from batch.web.drafts.uploading import attachment
from batch.web.entry.confirm import has_totp
from batch.web.models import DraftAccount, StoredFile, Version
from batch.web.pagination import paginate
from batch.web.runs.jobs import active_job
from batch.web.runs.queue import batch_before


@require_safe
@needs(Role.VIEWER)
def draft(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The review; for htmx only its rows."""
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
    """Each sub-account that is touched: before, and after by the forecast."""
    found, version = draft_in_force(pk)
    foreseen = Foreseen.of(version)
    page = paginate(request, range(foreseen.touched if foreseen else 0))
    lines = DraftAccount.objects.filter(version=version, position__in=page.object_list).order_by("position")
    context = {"draft": found, "version": version, "accounts": lines, "page": page}
    return render(request, "web/drafts/accounts.html", context)


@require_safe
@needs(Role.VIEWER)
def changes(request: HttpRequest, pk: UUID, number: int) -> HttpResponseBase:
    """What is different in a version from the one before."""
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
    """The file of a version, byte for byte as it was uploaded."""
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
