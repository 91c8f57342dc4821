"""Who may do what. Every view says so by one of these; a test walks over all of them."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from http import HTTPStatus
from itertools import compress
from typing import Concatenate, ParamSpec, cast
from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, parse_cookie
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.module_loading import import_string

from batch.errors import CreditbatchError
from batch.web.models import Person, SiteSettings

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


class Role(StrEnum):
    """What a person may do beyond looking."""

    VIEWER = "viewer"  # sees everything that is not a secret
    PREPARER = "preparer"  # uploads, corrects, withdraws
    APPROVER = "approver"  # approves, rejects, starts, stops, resumes, decides
    ADMINISTRATOR = "administrator"  # people, the connection, limits


def find_roles(person: Person) -> frozenset[Role]:
    """Find a person's roles; everybody who is active is a viewer."""
    if not person.is_active:
        return frozenset()
    given = (True, person.can_prepare, person.can_approve, person.can_administer)
    return frozenset(compress(Role, given))


def has_second_factor(person: Person) -> bool:
    """Tell whether they have an authenticator or a passkey; recovery codes alone are none."""
    return bool(Authenticator.objects.filter(user=person, type__in=("totp", "webauthn")).exists())


def must_enrol(person: Person) -> bool:
    """Tell whether one of their roles asks for a second factor that they do not have."""
    asking = set(SiteSettings.load().second_factor_roles)
    return not asking.isdisjoint(find_roles(person)) and not has_second_factor(person)


def get_person(request: HttpRequest) -> Person:
    """Return the person who is logged in; only for views that `require_role` guards."""
    return cast("Person", request.user)


def may_send_files(cookies: str) -> bool:
    """Tell by a browser's cookies whether it is a preparer's, before any of what it sends is taken."""
    name = parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME)
    if not name:
        return False
    request = HttpRequest()
    request.session = import_string(f"{settings.SESSION_ENGINE}.SessionStore")(name)
    try:
        person = get_user(request)
        return isinstance(person, Person) and Role.PREPARER in find_roles(person)
    except DatabaseError:
        return False
    finally:
        # Asked by the thread that listens, which would keep it for ever.
        connection.close()


def require_role(*roles: Role) -> Callable[[View[P]], View[P]]:
    """Let in whoever has one of the roles; the login is shown to strangers, and a 403 to those who lack the role.
    Whoever must enrol a second factor is sent to do so, whatever they ask for.
    """

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guard_view(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _demand_login(request)
            if must_enrol(get_person(request)):
                return _send_away(request, reverse("mfa_index"))
            if find_roles(get_person(request)).isdisjoint(roles):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guard_view.needed_roles = roles  # type: ignore[attr-defined]
        return cast("View[P]", guard_view)

    return guard


def require_login(view: View[P]) -> View[P]:
    """Let in whoever is logged in, enrolled or not: for what people need to enrol, and to leave."""

    @wraps(view)
    def guard_view(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        return view(request, *args, **kwargs) if request.user.is_authenticated else _demand_login(request)

    guard_view.needed_roles = (Role.VIEWER,)  # type: ignore[attr-defined]
    return cast("View[P]", guard_view)


def tell_refusals(page: str) -> Callable[[View[P]], View[P]]:
    """Tell a failure that has a sentence on that page, which the same parameters name as the view's address."""

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def tell_on_page(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            try:
                return view(request, *args, **kwargs)
            except CreditbatchError as error:
                messages.error(request, str(error))
                return redirect(page, *args, *kwargs.values())

        return cast("View[P]", tell_on_page)

    return guard


def _demand_login(request: HttpRequest) -> HttpResponse:
    """Send somebody to the login; from a part of a page, which cannot hold it, the whole page goes and comes back."""
    if not is_fragment(request):
        return redirect_to_login(request.get_full_path() if request.method == "GET" else reverse("home"))
    page = urlsplit(request.headers.get("HX-Current-URL", ""))
    login = redirect_to_login(f"{page.path or '/'}{'?' if page.query else ''}{page.query}")
    return _send_away(request, login.url)


def _send_away(request: HttpRequest, address: str) -> HttpResponse:
    if is_fragment(request):
        return HttpResponse(status=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": address})
    return redirect(address)


def allow_anybody(view: View[P]) -> View[P]:
    """Let in whoever comes, logged in or not."""
    view.needed_roles = ()  # type: ignore[attr-defined]
    return view


def is_fragment(request: HttpRequest) -> bool:
    """Tell whether htmx asks for a part of a page."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"
