"""Home: what waits, the last batches, the main balance."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from batch.ledger.orm.queries import newest_lines
from batch.web.access import Role, is_fragment, needs, person_of
from batch.web.entry.balance import main_balance_read
from batch.web.entry.waiting import jobs_by_batch, waiting_for
from batch.web.runs.standing import state_shown

_LAST = 8


@needs(Role.VIEWER)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The page; the balance comes after it, because the provider may be slow."""
    waiting = waiting_for(person_of(request))
    last, worked_on = newest_lines(_LAST), jobs_by_batch()
    context = {
        "mine": [one for one in waiting if one.for_me],
        "others": [one for one in waiting if not one.for_me],
        "lines": [(line, state_shown(line.head, worked_on.get(str(line.head.batch)))) for line in last],
        "section": "home",
        # Without JavaScript the balance is asked for by a link.
        "balance": main_balance_read() if "balance" in request.GET else None,
    }
    return render(request, "web/entry/home.html", context)


@needs(Role.VIEWER)
@require_safe
def main_balance(request: HttpRequest) -> HttpResponse:
    """The part of the page with the main balance."""
    if not is_fragment(request):
        return redirect("/?balance=1")
    return render(request, "web/entry/balance.html", {"balance": main_balance_read()})
