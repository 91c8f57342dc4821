"""What every answer has in common: the content policy, the language, and failures told in one sentence."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from batch.errors import CreditbatchError
from batch.language import Language, speaking
from batch.web.access import is_fragment
from batch.web.models import Person, SiteSettings

Answer = Callable[[HttpRequest], HttpResponse]
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)


def policy(answer: Answer) -> Answer:
    """Nothing but our own files runs or loads, and pages with people's figures are not kept by caches."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        response.headers.setdefault("Content-Security-Policy", _POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if not request.path.startswith(f"/{settings.STATIC_URL.strip('/')}/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def lasting(answer: Answer) -> Answer:
    """A session lasts half an hour from the last page that somebody opened; what a page asks for by itself does not
    count, so that a screen nobody looks at logs itself out. Noted once a minute, which spares the database.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        minute = int(time.time()) // 60
        if request.user.is_authenticated and not is_fragment(request) and request.session.get("seen") != minute:
            request.session["seen"] = minute
        return answer(request)

    return middleware


def spoken(answer: Answer) -> Answer:
    """The person's language, else the browser's, else the site's; for Django's words and for ours."""

    def middleware(request: HttpRequest) -> HttpResponse:
        language = _language_of(request)
        translation.activate(language.value)
        with speaking(language):
            response = answer(request)
        response.headers.setdefault("Content-Language", language.value)
        response.headers["Vary"] = ", ".join(filter(None, (response.headers.get("Vary"), "Accept-Language")))
        return response

    return middleware


def told(answer: Answer) -> Answer:
    """A failure that has a sentence for the reader becomes a page with that sentence."""
    from batch.web.errors import failed, not_allowed

    def middleware(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        if isinstance(response, HttpResponseNotAllowed):
            page = not_allowed(request)
            page.headers["Allow"] = response.headers["Allow"]
            return page
        return response

    def process_exception(request: HttpRequest, error: Exception) -> HttpResponse | None:
        return failed(request, error) if isinstance(error, CreditbatchError) else None

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware


def _language_of(request: HttpRequest) -> Language:
    chosen = request.user.language if isinstance(request.user, Person) else ""
    if not chosen:
        asked = parse_accept_lang_header(request.headers.get("Accept-Language", "").lower())
        codes = (name.split("-")[0] for name, _weight in asked)
        chosen = next((code for code in codes if code in set(Language)), "")
    return Language(chosen or SiteSettings.current().language or Language.ENGLISH)
