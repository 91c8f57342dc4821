"""What every answer has in common: the content policy, the language, and failures told in one sentence."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from batch.errors import CreditbatchError
from batch.language import Language, speaking
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

    def middleware(request: HttpRequest) -> HttpResponse:
        return answer(request)

    def process_exception(request: HttpRequest, error: Exception) -> HttpResponse | None:
        from batch.web.errors import failed

        return failed(request, error) if isinstance(error, CreditbatchError) else None

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware


def _language_of(request: HttpRequest) -> Language:
    chosen = request.user.language if isinstance(request.user, Person) else ""
    if not chosen:
        asked = request.headers.get("Accept-Language", "")
        chosen = translation.get_language_from_request(request) if asked else ""
    if not chosen:
        site = SiteSettings.objects.first()
        chosen = site.language if site else ""
    return Language(chosen) if chosen in set(Language) else Language.ENGLISH
