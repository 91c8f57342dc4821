"""Ask people once more for their password or second factor before what they do moves money, or changes who may.

Nothing else of the site calls for a confirmation, so that what confirms can be exchanged here.
"""

from __future__ import annotations

import time
from base64 import urlsafe_b64encode
from functools import wraps
from typing import Any, cast

from cryptography.fernet import Fernet, InvalidToken
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_post_parameters

from batch.errors import UsageError
from batch.i18n import _
from batch.web.access import P, View, get_person
from batch.web.audit import record
from batch.web.auth.services import Confirmation, check_confirmation, explain_refusal, list_confirmations
from batch.web.models import Person

RECENT = 600
"""Seconds for which a confirmation holds for all but approvals."""
CONFIRMED = "confirmed"
"""In the session: who confirmed, and when."""
_CARRIED = "carried"


def make_confirmation_context(person: Person) -> dict[str, Any]:
    """Give what `web/auth/confirmation.html` shows."""
    return {"confirmations": list_confirmations(person)}


def confirm_now(request: HttpRequest) -> Confirmation:
    """Check what the form confirms with, and note it in the session; `UsageError` if it is wrong."""
    person = get_person(request)
    how = check_confirmation(person, request.POST)
    if how is None:
        raise UsageError(explain_refusal(person))
    request.session[CONFIRMED] = [person.pk, time.time()]
    record(request, "confirmation.given", person.username, confirmed_with=how)
    return how


def require_recent_confirmation(view: View[P]) -> View[P]:
    """Let a change be made by whoever confirmed in the last ten minutes; ask the others, and then go on with what they
    had asked for.
    """

    @wraps(view)
    def confirm_first(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        carried, is_recent = request.POST.get(_CARRIED), _has_confirmed(request)
        if carried is None and not is_recent:
            return _ask(request, _seal(request))
        if carried is not None:
            posted = _unseal(request, carried)
            try:
                if not is_recent:
                    confirm_now(request)
            except UsageError as error:
                return _ask(request, carried, str(error))
            request.POST = posted  # type: ignore[assignment] # Django lets it be set
        return view(request, *args, **kwargs)

    return cast("View[P]", sensitive_post_parameters()(confirm_first))


def _has_confirmed(request: HttpRequest) -> bool:
    match request.session.get(CONFIRMED):
        case [person, at]:
            return bool(person == get_person(request).pk and 0 <= time.time() - at < RECENT)
    return False


def _ask(request: HttpRequest, carried: str, problem: str = "") -> HttpResponseBase:
    context = {"carried": carried, "problem": problem, **make_confirmation_context(get_person(request))}
    return render(request, "web/auth/confirm_first.html", context)


def _seal(request: HttpRequest) -> str:
    """Hide what was posted: it may hold the provider's key, which no page shows."""
    posted = request.POST.copy()
    posted.pop("csrfmiddlewaretoken", None)
    return _open_box(request).encrypt(posted.urlencode().encode()).decode()


def _unseal(request: HttpRequest, carried: str) -> QueryDict:
    try:
        return QueryDict(_open_box(request).decrypt(carried.encode(), ttl=RECENT))
    except InvalidToken:
        raise UsageError(_("This page was open for too long: go back, and do it once more.")) from None


def _open_box(request: HttpRequest) -> Fernet:
    """Open what only this person can use, at this address."""
    owner = f"{get_person(request).pk} {request.path}"
    return Fernet(urlsafe_b64encode(salted_hmac("creditbatch.confirming", owner, algorithm="sha256").digest()))
