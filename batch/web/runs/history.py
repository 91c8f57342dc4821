"""The history: every batch and every draft, found by file, token, email, amount, person, date and state."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from batch.ledger.orm.models import Batch
from batch.web.access import Role, needs
from batch.web.models import Draft, DraftState
from batch.web.pagination import paginate
from batch.web.runs.search import BatchFilter, DraftFilter, list_keys, load_entries


@needs(Role.VIEWER)
def history(request: HttpRequest) -> HttpResponseBase:
    """The list, newest first."""
    drafts = DraftFilter(request.GET, Draft.objects.exclude(state=DraftState.STARTED))
    batches = BatchFilter(request.GET, Batch.objects.all())
    page = paginate(request, list_keys(drafts.qs, batches.qs))
    context = {"section": "history", "filters": batches.form, "page": page, "entries": load_entries(page.object_list)}
    return render(request, "web/runs/history.html", context)
