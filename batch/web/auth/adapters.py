"""Where django-allauth asks us: names and words of ours, secrets encrypted like the provider's key, one throttle."""

from __future__ import annotations

import time
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import InvalidToken
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy

from batch.errors import SettingsError
from batch.i18n import _
from batch.web.access import has_second_factor
from batch.web.auth import services
from batch.web.credentials import open_vault
from batch.web.models import Person

_FRESH_SECONDS = 10 * 60
"""For how long after a single sign-on somebody may enrol their first second factor."""


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages: ClassVar = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": gettext_lazy(
            "This user name and this password do not belong together: try again."
        ),
        "incorrect_password": gettext_lazy("That is not your password: enter it again."),
        "incorrect_code": gettext_lazy("That code or passkey is not right: enter the code that the app shows now."),
        "too_many_login_attempts": services.HELD_UP,
        "rate_limited": services.HELD_UP,
    }

    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        """Let nobody sign up: people are invited."""
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Person | None:
        """Find whose name and password these are. Somebody deactivated is told the same as a wrong password."""
        found = super().authenticate(request, **credentials)
        if isinstance(found, Person) and found.is_active:
            return found
        services.note_failed_login(request, str(credentials.get("username", "")))
        return None

    def reauthenticate(self, user: Person, password: str) -> bool:
        """Take the password again, of whoever has no second factor to show."""
        return not has_second_factor(user) and services.try_password(user, password)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Offer the password only to whoever has no second factor, and a passkey before codes."""
        offered: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if isinstance(user, Person) and has_second_factor(user):
            offered = [method for method in offered if method["id"] != "reauthenticate"]
        names = {
            "mfa_reauthenticate": _("Use a code of your authenticator app, or a recovery code"),
            "mfa_reauthenticate:webauthn": _("Use a passkey"),
        }
        offered.sort(key=lambda method: method["id"] != "mfa_reauthenticate:webauthn")
        return [{**method, "description": names.get(method["id"], method["description"])} for method in offered]

    def is_reauthentication_required(self, *, app: str, **more: Any) -> bool:
        """Tell whether people prove again who they are; whoever has nothing to show yet has just come from their
        organisation's login.
        """
        person = context.request.user
        if not isinstance(person, Person) or person.has_usable_password() or has_second_factor(person):
            return bool(super().is_reauthentication_required(app=app, **more))
        if time.time() - context.request.session.get(services.BEGAN, 0) < _FRESH_SECONDS:
            return False
        messages.error(context.request, _("To enrol, log out and log in again: you do so within ten minutes of it."))
        raise ImmediateHttpResponse(redirect("profile"))

    def post_login(self, request: HttpRequest, user: Person, **about: Any) -> HttpResponse:
        """Write it down, and tell them of a device that they have not logged in with before."""
        response: HttpResponse = super().post_login(request, user, **about)
        services.note_login(request, response, user)
        return response

    def respond_user_inactive(self, request: HttpRequest, _user: Person) -> HttpResponse:
        messages.error(request, _("Deactivated people cannot log in."))
        return redirect("account_login")

    def add_message(self, *_given: Any, message: str | None = None, **_more: Any) -> None:
        """Show only what went wrong: of what was done, our own signals tell."""
        if message:
            messages.error(context.request, message)

    def _get_login_attempts_cache_key(self, _request: HttpRequest, **credentials: Any) -> str:
        """Count by name alone: allauth's own key has the Host as well, which a guesser varies by its port."""
        return str(credentials.get("username", "")).strip().lower()


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages: ClassVar = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": AccountAdapter.error_messages["incorrect_code"],
    }

    def encrypt(self, text: str) -> str:
        return open_vault().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return open_vault().decrypt(encrypted_text.encode()).decode()
        except InvalidToken as error:
            sentence = _("The second factors were encrypted with another vault key: put the key file back.")
            raise SettingsError(sentence) from error

    def get_totp_label(self, user: Person) -> str:
        return user.username

    def generate_authenticator_name(self, _user: Person, _type: str) -> str:
        return _("Passkey")

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Name the site to the browser: a passkey is good for this host only."""
        return {**super().get_public_key_credential_rp_entity(), "name": "creditbatch"}

    def get_public_key_credential_user_entity(self, user: Person) -> dict[str, Any]:
        return {**super().get_public_key_credential_user_entity(user), "name": user.username, "display_name": str(user)}
