"""Log people in by their organisation's OpenID Connect provider: Entra ID, Google Workspace, Keycloak.

Every token's signature, issuer and audience are checked against the provider's published keys. Who somebody is is the
pair of issuer and subject; an email address only counts where the provider says that it has verified it.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from typing import Any, NoReturn

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from requests import RequestException

from batch.i18n import _
from batch.web.access import Role, allow_anybody
from batch.web.audit import write_entry
from batch.web.models import Person

_FIELDS = {
    Role.PREPARER: "can_prepare",
    Role.APPROVER: "can_approve",
    Role.ADMINISTRATOR: "can_administer",
}


def read_roles(claims: Mapping[str, Any], claim: str) -> frozenset[Role]:
    """Read the roles from the claim of this name, which may be a path such as `realm_access.roles`."""
    found: Any = claims.get(claim)
    if found is None:
        found = claims
        for part in claim.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    names = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    return frozenset(Role(name) for name in names if isinstance(name, str) and name in set(Role))


class SingleSignOnAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, *_given: Any) -> bool:
        """Let allauth make nobody: `pre_social_login` does, for whoever has a role."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find or make whose login it is and give them the roles of the claim; without any, nobody gets in."""
        # We keep one address a person, which they set themselves.
        sociallogin.email_addresses = []
        if sociallogin.state.get("process") == "connect":
            if request.user.is_authenticated:
                return
            self.on_authentication_error(request, None)
        claims: Mapping[str, Any] = sociallogin.account.extra_data
        claim = settings.CREDITBATCH_ROLES_CLAIM
        roles = read_roles(claims, claim) if claim else None
        with transaction.atomic():
            person = sociallogin.user if sociallogin.is_existing else _find_invited(claims)
            if person is not None:
                # allauth saves the one that it is given.
                person = Person.objects.select_for_update().get(pk=person.pk)
                if roles is not None:
                    _set_roles(person, roles)
            elif roles:
                person = _make_person(claims, roles)
        if person is None or (roles is not None and not roles):
            write_entry("login.failed", person.username if person else "", address=request.META.get("REMOTE_ADDR", ""))
            _send_back(request, _("Your organisation's login gives you no role here: ask an administrator."))
        if sociallogin.is_existing:
            sociallogin.user = person
        else:
            sociallogin.connect(request, person)

    def on_authentication_error(self, request: HttpRequest, _provider: object, **_about: Any) -> None:
        """Say on the page of the login that it did not work; why is nobody's business but the provider's log."""
        _send_back(request, _("Your organisation's login did not work: nobody was logged in. Try once more."))

    def get_connect_redirect_url(self, _request: HttpRequest, _account: object) -> str:
        return reverse("profile")


def _send_back(request: HttpRequest, sentence: str) -> NoReturn:
    messages.error(request, sentence)
    raise ImmediateHttpResponse(redirect("profile" if request.user.is_authenticated else "account_login"))


def _find_invited(claims: Mapping[str, Any]) -> Person | None:
    """Find who was invited under the address, if the provider has verified it and it is one person's."""
    if claims.get("email_verified") is not True or not claims.get("email"):
        return None
    found = Person.objects.filter(email__iexact=str(claims["email"]), is_active=True)[:2]
    return found[0] if len(found) == 1 else None


def _set_roles(person: Person, roles: frozenset[Role]) -> None:
    changes = {
        field: [getattr(person, field), role in roles]
        for role, field in _FIELDS.items()
        if getattr(person, field) is not (role in roles)
    }
    if changes:
        for field, (_before, after) in changes.items():
            setattr(person, field, after)
        person.save(update_fields=list(changes))
        write_entry("person.changed", person.username, particulars=dict(changes))


def _make_person(claims: Mapping[str, Any], roles: frozenset[Role]) -> Person:
    wanted = str(claims.get("preferred_username") or claims.get("email") or claims["sub"])
    wanted = re.sub(r"[^\w.@+-]", "-", wanted)[:58]
    names = (wanted, *(f"{wanted}-{number}" for number in range(2, 100_000)))
    username = next(name for name in names if not Person.objects.filter(username__iexact=name).exists())
    name = " ".join(str(claims.get("name") or "").split())[:100]
    if not name or Person.objects.filter(full_name__iexact=name).exists():
        # Reports and the audit log tell people apart by it.
        name = f"{name} ({username})"[:120].strip() if name else username
    person = Person(username=username, full_name=name, email=str(claims.get("email") or "")[:254])
    for role, field in _FIELDS.items():
        setattr(person, field, role in roles)
    person.set_unusable_password()
    person.save()
    write_entry("person.added", username, particulars={"roles": sorted(roles)})
    return person


class _SignedTokens(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """Believes only what is signed. By itself allauth trusts the connection that a token came by, and asks for more."""

    def complete_login(self, request: HttpRequest, _app: object, _token: object, **kwargs: Any) -> SocialLogin:
        try:
            login = self.get_provider().verify_token(request, kwargs["response"])
            claims = login.account.extra_data
            # By issuer as well: another provider's subject of the same name is somebody else.
            login.account.uid = hashlib.sha256(f"{claims['iss']}\n{claims['sub']}".encode()).hexdigest()
        except (ValidationError, LookupError, TypeError, ValueError) as error:
            raise OAuth2Error("invalid token") from error
        return login


_CONNECTING = "sso_connecting"


def make_connect_token(request: HttpRequest) -> str:
    """Make what the link in somebody's own settings proves that it comes from there with."""
    return str(request.session.setdefault(_CONNECTING, secrets.token_urlsafe(16)))


def _may_begin(request: HttpRequest) -> bool:
    """Tell whether a way to the provider may begin here. A page elsewhere could lead somebody to join an account of the
    provider that is not theirs to their own.
    """
    if request.GET.get("process", "login") == "login":
        return True
    token = request.session.get(_CONNECTING, "")
    return bool(token) and secrets.compare_digest(request.GET.get("token", "").encode(), token.encode())


def _make_view(kind: Any) -> Any:
    @allow_anybody
    def show_provider(request: HttpRequest, provider_id: str) -> HttpResponseBase:
        if not _may_begin(request):
            raise PermissionDenied
        try:
            answer: HttpResponseBase = kind.adapter_view(_SignedTokens(request, provider_id))(request)
        except SocialApp.DoesNotExist as error:
            raise Http404 from error
        except (RequestException, LookupError, ValueError):
            messages.error(request, _("Your organisation's login cannot be reached: try again in a minute."))
            return redirect("account_login")
        return answer

    return show_provider


leave_for_provider = _make_view(OAuth2LoginView)
come_back = _make_view(OAuth2CallbackView)
