"""Log in and out, take up a one-time link, keep a profile. django-axes counts wrong passwords and locks people out."""

from __future__ import annotations

import io
import secrets
from base64 import b32encode, b64encode
from contextlib import suppress

import segno
from axes.handlers.proxy import AxesProxyHandler
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from batch.i18n import _
from batch.web.access import Role, allow_anybody, get_person, require_role
from batch.web.audit import record, write_entry
from batch.web.auth import services
from batch.web.auth.forms import CodeForm, FirstForm, LoginForm, NewPasswordForm, PasswordForm, ProfileForm
from batch.web.models import Invitation, Person


@allow_anybody
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("password")
def show_login(request: HttpRequest) -> HttpResponse:
    """Let somebody in, and back to the page that they wanted."""
    after = _choose_next_page(request)
    if request.user.is_authenticated:
        return redirect(after)
    form = LoginForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        # Whoever is held up already is not written down again and again.
        is_heard = AxesProxyHandler.is_allowed(request, {"username": form.cleaned_data["username"]})
        person = authenticate(request, **form.cleaned_data)
        if isinstance(person, Person):
            login(request, person)
            record(request, "login.done", person.username)
            return redirect(after)
        if is_heard:
            # Names are kept only if they are somebody's: people type their password there too.
            known = Person.objects.filter(username=form.cleaned_data["username"]).first()
            write_entry("login.failed", known.username if known else "", address=request.META.get("REMOTE_ADDR", ""))
        form.add_error(None, _("This user name and this password do not belong together: try again."))
    nobody_yet = not Person.objects.exists()
    return render(request, "web/auth/login.html", {"form": form, "next": after, "nobody_yet": nobody_yet})


@allow_anybody
@require_POST
def end_session(request: HttpRequest) -> HttpResponse:
    if not isinstance(request.user, AnonymousUser):
        record(request, "logout.done")
    logout(request)
    return redirect("login")


def _choose_next_page(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours else "/"


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
        login(request, person, backend="django.contrib.auth.backends.ModelBackend")
        record(request, "link.used", person.username, first=link.person_id is None)
        messages.success(request, _("Welcome, {name}: your password is set.").format(name=person))
        return redirect("home")
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
    return _render(request, "profile", form=form, has_totp=services.has_totp(person))


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
        record(request, "password.changed", person.username)
        messages.success(request, _("Your password is changed; wherever else you were logged in, you no longer are."))
        return redirect("profile")
    return _render(request, "password", form=form)


RECOVERY_CODES = 8


@require_role(Role.VIEWER)
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters()
def enrol_authenticator(request: HttpRequest) -> HttpResponse:
    """Show the picture to scan and ask for the first code; then show the recovery codes, this once."""
    person = get_person(request)
    if services.has_totp(person):
        return _render(request, "authenticator", form=CodeForm())
    form = CodeForm(request.POST if request.method == "POST" else None)
    device = _prepare_device(person)
    if request.method == "POST" and form.is_valid():
        if not services.try_password(person, request.POST.get("password", "")[:200]):
            form.add_error(None, services.explain_wrong_password(person))
        else:
            codes = _enrol(device, form.cleaned_data["code"])
            if codes:
                record(request, "authenticator.enrolled", person.username)
                return _render(request, "recovery", codes=codes)
            form.refuse()
    secret = b32encode(device.bin_key).decode().rstrip("=")
    secret = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return _render(request, "enrol", form=form, picture=_draw_qr_code(device.config_url), secret=secret)


@require_role(Role.VIEWER)
@require_POST
@sensitive_post_parameters()
def remove_authenticator(request: HttpRequest) -> HttpResponse:
    """Remove the authenticator, by one of its codes or, if the phone is lost, by a recovery code."""
    person = get_person(request)
    form = CodeForm(request.POST)
    if form.is_valid():
        code = form.cleaned_data["code"]
        if services.try_totp(person, code) or _try_recovery_code(person, code):
            services.forget_devices(person)
            record(request, "authenticator.removed", person.username)
            messages.success(request, _("The authenticator is removed: your password confirms approvals again."))
            return redirect("profile")
        form.refuse()
    return _render(request, "authenticator", form=form)


def _prepare_device(person: Person) -> TOTPDevice:
    """Find or create the one that is being enrolled: the same while its page is open or loaded again."""
    with transaction.atomic():
        device = TOTPDevice.objects.filter(user=person, confirmed=False).first()
        return device or TOTPDevice.objects.create(user=person, name=person.username, confirmed=False)


def _enrol(device: TOTPDevice, code: str) -> list[str]:
    """Confirm the device and return the recovery codes; none if the code is wrong."""
    with transaction.atomic():
        if not (device.verify_is_allowed()[0] and device.verify_token("".join(code.split()))):
            return []
        device.confirmed = True
        device.save()
        codes = [f"{secrets.token_hex(2)}-{secrets.token_hex(2)}" for _number in range(RECOVERY_CODES)]
        StaticDevice.objects.filter(user=device.user).delete()
        holder = StaticDevice.objects.create(user=device.user, name="recovery")
        StaticToken.objects.bulk_create([StaticToken(device=holder, token=code) for code in codes])
        return codes


def _try_recovery_code(person: Person, code: str) -> bool:
    with transaction.atomic():
        holders = StaticDevice.objects.select_for_update().filter(user=person)
        given = code.strip().lower()
        return any(holder.verify_is_allowed()[0] and holder.verify_token(given) for holder in holders)


def _draw_qr_code(address: str) -> str:
    buffer = io.BytesIO()
    segno.make(address, error="m").save(buffer, kind="svg", scale=5, border=4, dark="#000", light="#fff", xmldecl=False)
    return "data:image/svg+xml;base64," + b64encode(buffer.getvalue()).decode()


def _render(request: HttpRequest, page: str, **context: object) -> HttpResponse:
    return render(request, f"web/auth/{page}.html", {**context, "section": "profile"})
