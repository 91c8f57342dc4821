"""Log in and out, take up a one-time link, keep a profile, a second factor and the list of one's sessions. What
django-allauth does is mounted here with our pages; what it did is written down by its signals.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from allauth.account.signals import password_changed
from allauth.account.utils import perform_login
from allauth.account.views import LoginView, ReauthenticateView
from allauth.mfa import signals
from allauth.mfa.base import views as factors
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.models import AnonymousUser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from batch.i18n import _
from batch.web.access import (
    Role,
    allow_anybody,
    get_person,
    has_second_factor,
    must_enrol,
    require_login,
    require_role,
)
from batch.web.audit import record
from batch.web.auth import services
from batch.web.auth.forms import FirstForm, NewPasswordForm, PasswordForm, ProfileForm
from batch.web.auth.sso import make_connect_token
from batch.web.models import Invitation, Person


class _Entrance(LoginView):  # type: ignore[misc]
    """The login; allauth refuses it for a while after too many wrong ones, and lets nobody be sent elsewhere."""

    template_name = "web/auth/login.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "nobody_yet": not Person.objects.exists()}


class _SecondStep(factors.AuthenticateView):  # type: ignore[misc]
    template_name = "web/auth/second.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().get_context_data(**kwargs)
        types = set(Authenticator.objects.filter(user=self.stage.login.user).values_list("type", flat=True))
        has_passkey = "webauthn" in types
        options = _encode(found["js_data"]["request_options"]) if has_passkey else ""
        return {**found, "options": options, "has_code": bool(types - {"webauthn"})}


class _PasskeyAgain(passkeys.ReauthenticateWebAuthnView):  # type: ignore[misc]
    """Confirms by passkey before the second factors are changed; to a script it gives what the browser has to sign,
    also for the confirmation of an approval.
    """

    template_name = "web/auth/again_passkey.html"

    def render_to_response(self, context: dict[str, Any], **more: Any) -> HttpResponseBase:
        options = context["js_data"]["request_options"]
        if "application/json" in self.request.headers.get("Accept", ""):
            return JsonResponse({"request_options": options})
        return super().render_to_response({**context, "options": _encode(options)}, **more)  # type: ignore[no-any-return]


class _NewPasskey(passkeys.AddWebAuthnView):  # type: ignore[misc]
    template_name = "web/auth/passkey.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().get_context_data(**kwargs)
        # Django's form of a refused passkey, which allauth leaves out.
        found["form"] = kwargs.get("form") or found["form"]
        return {**found, "options": _encode(found["js_data"]["creation_options"]), "section": "profile"}


class _Factors(factors.IndexView):  # type: ignore[misc]
    template_name = "web/auth/factors.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().get_context_data(**kwargs)
        return {**found, "must_enrol": must_enrol(get_person(self.request)), "section": "profile"}


def _encode(options: object) -> str:
    return json.dumps(options, cls=DjangoJSONEncoder)


def _mount(view: Any, page: str) -> Any:
    return require_login(view.as_view(template_name=f"web/auth/{page}.html", extra_context={"section": "profile"}))


show_login = allow_anybody(_Entrance.as_view())
show_second_step = allow_anybody(_SecondStep.as_view())
log_in_by_passkey = allow_anybody(passkeys.login_webauthn)
confirm_by_password = _mount(ReauthenticateView, "again")
confirm_by_code = _mount(factors.ReauthenticateView, "again")
confirm_by_passkey = require_login(_PasskeyAgain.as_view())
show_factors = require_login(_Factors.as_view())
enrol_authenticator = _mount(totp.ActivateTOTPView, "enrol")
remove_authenticator = _mount(totp.DeactivateTOTPView, "authenticator")
show_recovery_codes = _mount(recovery.ViewRecoveryCodesView, "recovery")
renew_recovery_codes = _mount(recovery.GenerateRecoveryCodesView, "renew")
add_passkey = require_login(_NewPasskey.as_view())
remove_passkey = _mount(passkeys.RemoveWebAuthnView, "passkey_remove")


@receiver(signals.authenticator_added)
def _record_enrolment(request: HttpRequest, authenticator: Authenticator, **_about: object) -> None:
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        record(request, "authenticator.enrolled", get_person(request).username, type=authenticator.type)


@receiver(signals.authenticator_removed)
def _record_removal(request: HttpRequest, authenticator: Authenticator, **_about: object) -> None:
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        record(request, "authenticator.removed", get_person(request).username, type=authenticator.type)


@receiver(signals.authenticator_reset)
def _record_renewal(request: HttpRequest, **_about: object) -> None:
    record(request, "recovery.renewed", get_person(request).username)


@receiver(signals.authentication_failed)
def _record_wrong_code(request: HttpRequest, user: Person, **_about: object) -> None:
    services.note_failed_login(request, user.username)


@allow_anybody
@require_POST
def end_session(request: HttpRequest) -> HttpResponse:
    if not isinstance(request.user, AnonymousUser):
        record(request, "logout.done")
    logout(request)
    return redirect("account_login")


@require_role(Role.VIEWER)
@require_http_methods(["GET", "POST"])
def show_sessions(request: HttpRequest) -> HttpResponse:
    """List where this person is logged in; a post ends one session, or all but this one."""
    person = get_person(request)
    if request.method == "POST":
        here = request.session.session_key
        chosen = UserSession.objects.filter(user=person).exclude(session_key=here)
        if request.POST.get("session"):
            number = request.POST["session"]
            chosen = chosen.filter(pk=int(number)) if number.isascii() and number.isdigit() else chosen.none()
        ended = [session.end() for session in chosen]
        record(request, "session.ended", person.username, number=len(ended))
        messages.success(request, _("Ended: nobody is logged in there any more."))
        return redirect("sessions")
    return _render(request, "sessions", sessions=UserSession.objects.purge_and_list(person))


_KEPT = "one_time_link"


@allow_anybody
@require_http_methods(["GET"])
def open_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Open a link with which somebody chooses a password, or the one that makes the first administrator."""
    hashed = services.hash_secret(secret)
    if services.find_link(hashed) is None:
        return _show_gone(request)
    request.session[_KEPT] = hashed
    return redirect("welcome")


@allow_anybody
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters()
def show_welcome(request: HttpRequest) -> HttpResponse:
    """Let somebody choose a password, and the first administrator a name as well. The link is used up with it."""
    link = services.find_link(request.session.get(_KEPT, ""))
    if link is None:
        return _show_gone(request)
    data = request.POST if request.method == "POST" else None
    form = NewPasswordForm(link.person, data) if link.person else FirstForm(Person(), data)
    if request.method == "POST" and form.is_valid():
        person = None
        with suppress(IntegrityError):
            person = _redeem_link(link, form)
        if person is None:
            return _show_gone(request)
        request.session.flush()
        record(request, "link.used", person.username, first=link.person_id is None)
        messages.success(request, _("Welcome, {name}: your password is set.").format(name=person))
        # By allauth's way: whoever has a second factor shows it now.
        return perform_login(request, person, redirect_url="/")  # type: ignore[no-any-return]
    return render(request, "web/auth/welcome.html", {"form": form, "invited": link.person})


def _redeem_link(link: Invitation, form: NewPasswordForm) -> Person | None:
    """Give the person their new password; None if the link was used by somebody else meanwhile."""
    with transaction.atomic():
        if not services.use_link(link):
            return None
        person = form.person
        if link.person is None:
            # Has every role, because nobody can grant what they lack.
            person.can_prepare = person.can_approve = person.can_administer = True
        person.set_password(form.cleaned_data["new_password1"])
        person.save()
        return person


def _show_gone(request: HttpRequest) -> HttpResponse:
    return render(request, "web/auth/gone.html", status=410)


@require_role(Role.VIEWER)
@require_http_methods(["GET", "POST"])
def show_profile(request: HttpRequest) -> HttpResponse:
    """Show email and language, and the ways to the password and the authenticator."""
    person = get_person(request)
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=person)
    if request.method == "POST" and form.is_valid():
        form.save()
        record(request, "profile.changed", person.username, fields=sorted(form.changed_data))
        # The next page is in the new language; this sentence is shown there.
        messages.success(request, _("Your settings are saved."))
        return redirect("profile")
    return _render(
        request, "profile", form=form, has_factor=has_second_factor(person), **_describe_sso(request, person)
    )


def _describe_sso(request: HttpRequest, person: Person) -> dict[str, object]:
    is_joined = SocialAccount.objects.filter(user=person).exists()
    return {"is_joined": is_joined, "connect_token": "" if is_joined else make_connect_token(request)}


@require_role(Role.VIEWER)
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters()
def change_password(request: HttpRequest) -> HttpResponse:
    """Change the password; every other session of this person ends with it."""
    person = get_person(request)
    form = PasswordForm(person, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        person.set_password(form.cleaned_data["new_password1"])
        person.save(update_fields=["password"])
        Invitation.objects.filter(person=person, used_at=None).delete()
        update_session_auth_hash(request, person)
        password_changed.send(sender=Person, request=request, user=person)
        record(request, "password.changed", person.username)
        messages.success(request, _("Your password is changed; wherever else you were logged in, you no longer are."))
        return redirect("profile")
    return _render(request, "password", form=form)


def _render(request: HttpRequest, page: str, **context: object) -> HttpResponse:
    return render(request, f"web/auth/{page}.html", {**context, "section": "profile"})
