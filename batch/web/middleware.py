"""What is around every page: security headers, the session's end, the language, and pages that tell failures."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import logout
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from batch import __version__
from batch.errors import CreditbatchError, LedgerError, ProviderError, SettingsError
from batch.i18n import N_, Language, _, get_language, use_language
from batch.web.access import Role, find_roles, is_fragment
from batch.web.auth.services import BEGAN
from batch.web.models import Person, SiteSettings
from batch.zone import name_zone

log = logging.getLogger("creditbatch.web")


_REFUSALS = {
    HTTPStatus.BAD_REQUEST: (
        N_("What your browser sent could not be understood."),
        N_("Go back, load the page again and repeat what you did."),
    ),
    HTTPStatus.FORBIDDEN: (N_("Your role does not allow this."), N_("Ask an administrator if you need it.")),
    HTTPStatus.NOT_FOUND: (
        N_("There is no such page."),
        N_("The address may be mistyped, or what it showed was never here. Start again from the home page."),
    ),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        N_("This address only works as a part of another page."),
        N_("Start again from the home page."),
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        N_("What was sent is too large for this site."),
        N_("Send a smaller file, or split it into several."),
    ),
}
"""What is wrong, and what to do."""


def show_error(request: HttpRequest, status: HTTPStatus, sentence: str, advice: str) -> HttpResponse:
    """Show what went wrong; nothing in the page comes from what was sent."""
    reference = secrets.token_hex(4)
    # The kind of page, because the address may hold a one-time link's secret or anything else.
    route = request.resolver_match.route if request.resolver_match else "?"
    log.warning("%s %s %s: %d", reference, request.method, route, status)
    return _render_error(request, status, sentence, advice, reference)


def _render_error(request: HttpRequest, status: HTTPStatus, sentence: str, advice: str, reference: str) -> HttpResponse:
    context = {"sentence": sentence, "advice": advice, "reference": reference, "status": int(status)}
    return render(request, "web/error.html", context, status=status)


def _refuse(request: HttpRequest, status: HTTPStatus) -> HttpResponse:
    sentence, advice = _REFUSALS[status]
    return show_error(request, status, _(sentence), _(advice))


def show_bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 400; also for a Host that is none of ours, and 413 for a form that is too large."""
    is_too_large = isinstance(exception, RequestDataTooBig)
    return _refuse(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE if is_too_large else HTTPStatus.BAD_REQUEST)


def show_forged_form(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 (Django hands it over)
    """Answer 403 for a form that another page sent, or that is older than the session."""
    return show_error(
        request,
        HTTPStatus.FORBIDDEN,
        _("This form did not come from a page of this site, or the page was too old. Nothing was changed."),
        _("Go back, load the page again and send the form once more; cookies must be allowed."),
    )


def show_forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 (Django’s)
    return _refuse(request, HTTPStatus.FORBIDDEN)


def show_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 (Django’s)
    return _refuse(request, HTTPStatus.NOT_FOUND)


def show_hurry(request: HttpRequest) -> HttpResponse:
    """Answer 429 where too many came from one address, or one person tried too often."""
    advice = _("Wait a minute, then try again.")
    response = show_error(request, HTTPStatus.TOO_MANY_REQUESTS, _("Too many attempts in a short time."), advice)
    response["Retry-After"] = "60"
    return response


def show_fault(request: HttpRequest) -> HttpResponse:
    """Answer 500: the fault itself is only in the log."""
    reference = secrets.token_hex(4)
    request.fault_reference = reference  # type: ignore[attr-defined] # for the line in the log, which is written next
    return _render_error(
        request,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        _("The site has a fault. What was sent to the provider is in the ledger, and nothing is sent twice."),
        _("Try again; if it happens once more, tell an administrator the reference: the site's log explains it."),
        reference,
    )


def show_failure(request: HttpRequest, error: CreditbatchError) -> HttpResponse:
    """Show a failure that has a sentence of its own."""
    match error:
        case ProviderError():
            status, advice = HTTPStatus.BAD_GATEWAY, _("Nothing was changed. Try again in a minute.")
        case SettingsError() | LedgerError():
            status, advice = HTTPStatus.SERVICE_UNAVAILABLE, _("An administrator can put this right.")
        case _:
            status, advice = HTTPStatus.BAD_REQUEST, _("Go back and try something else.")
    return show_error(request, status, str(error), advice)


Answer = Callable[[HttpRequest], HttpResponse]
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def add_security_headers(answer: Answer) -> Answer:
    """Let nothing but our own files run or load, and no cache keep pages with people's figures."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        response.headers.setdefault("Content-Security-Policy", _POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if not request.path.startswith(f"/{settings.STATIC_URL.strip('/')}/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def prefer_localhost(answer: Answer) -> Answer:
    """Send whoever came by this machine's number to its name: passkeys are made for names."""

    def middleware(request: HttpRequest) -> HttpResponse:
        site = urlsplit(settings.CREDITBATCH_SITE_URL)
        if site.hostname == "localhost" and request.method in {"GET", "HEAD"}:
            here = urlsplit(f"//{request.get_host()}")
            if here.hostname in {"127.0.0.1", "::1"} and here.port == site.port:
                return redirect(f"http://{site.netloc}{request.get_full_path()}")
        return answer(request)

    return middleware


_LONGEST_SESSION = 12 * 3600


def extend_session(answer: Answer) -> Answer:
    """End a session half an hour after the last page that somebody opened, and twelve hours after its login; what a
    page asks for by itself does not count, so that a screen nobody looks at logs itself out. Noted once a minute, which
    spares the database.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        minute = int(time.time()) // 60
        if request.user.is_authenticated:
            began = request.session.setdefault(BEGAN, time.time())
            if time.time() - began > _LONGEST_SESSION:
                logout(request)
        if request.user.is_authenticated and not is_fragment(request) and request.session.get("seen") != minute:
            request.session["seen"] = minute
        return answer(request)

    return middleware


def choose_language(answer: Answer) -> Answer:
    """Choose the person's language, else the browser's, else the site's; for Django's words and for ours."""

    def middleware(request: HttpRequest) -> HttpResponse:
        language = _find_language(request)
        translation.activate(language.value)
        with use_language(language):
            response = answer(request)
        response.headers.setdefault("Content-Language", language.value)
        response.headers["Vary"] = ", ".join(filter(None, (response.headers.get("Vary"), "Accept-Language")))
        return response

    return middleware


def explain_failures(answer: Answer) -> Answer:
    """Make a page of a failure that has a sentence for the reader."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        if isinstance(response, HttpResponseNotAllowed):
            page = _refuse(request, HTTPStatus.METHOD_NOT_ALLOWED)
            page.headers["Allow"] = response.headers["Allow"]
            return page
        return response

    def process_exception(request: HttpRequest, error: Exception) -> HttpResponse | None:
        return show_failure(request, error) if isinstance(error, CreditbatchError) else None

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware


def _find_language(request: HttpRequest) -> Language:
    chosen = request.user.language if isinstance(request.user, Person) else ""
    if not chosen:
        asked = parse_accept_lang_header(request.headers.get("Accept-Language", "").lower())
        codes = (name.split("-")[0] for name, _weight in asked)
        chosen = next((code for code in codes if code in set(Language)), "")
    return Language(chosen or SiteSettings.load().language or Language.ENGLISH)


def make_base_context(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    person = user if isinstance(user, Person) else None
    roles = find_roles(person) if person else frozenset()
    return {
        "person": person,
        "is_preparer": Role.PREPARER in roles,
        "is_approver": Role.APPROVER in roles,
        "is_administrator": Role.ADMINISTRATOR in roles,
        "is_demo": getattr(settings, "CREDITBATCH_DEMO", False),
        "program_version": __version__,
        "zone": name_zone(),
        "language": get_language().value,
    }
