"""The history: every batch and every draft, found by file, token, email, amount, person, date and state."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from batch.web.access import Role, needs
from batch.web.listing import PAGE, listing, offset
from batch.web.runs.search import Wanted, found_entries


@needs(Role.VIEWER)
def history(request: HttpRequest) -> HttpResponseBase:
    """The list, newest first."""
    wanted = Wanted.of(request.GET)
    entries, matching = found_entries(wanted, offset(request), PAGE)
    context = {
        "section": "history",
        "wanted": wanted,
        "entries": entries,
        "listing": listing(request, matching, len(entries)),
    }
    return render(request, "web/runs/history.html", context)
