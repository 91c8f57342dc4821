"""Enrolling an authenticator app (TOTP): once it is there, its codes confirm approvals instead of the password."""

from __future__ import annotations

import io
import secrets
from base64 import b32encode, b64encode

import segno
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from batch.language import _
from batch.web.access import Role, needs, person_of
from batch.web.audit import record
from batch.web.entry import confirm
from batch.web.entry.forms import CodeForm
from batch.web.models import Person

RECOVERY_CODES = 8
_PASSWORD = "password"  # noqa: S105 (a field's name)


@needs(Role.VIEWER)
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters()
def authenticator(request: HttpRequest) -> HttpResponse:
    """The picture to scan and the first code; then the recovery codes, shown this once."""
    person = person_of(request)
    if confirm.has_totp(person):
        return render(request, "web/entry/authenticator.html", {"form": CodeForm(), "section": "profile"})
    form = CodeForm(request.POST if request.method == "POST" else None)
    device = _unconfirmed(person)
    if request.method == "POST" and form.is_valid():
        if not confirm.password_accepted(person, request.POST.get(_PASSWORD, "")[:200]):
            form.add_error(None, confirm.wrong_password(person))
        else:
            codes = _enrol(device, form.cleaned_data["code"])
            if codes:
                record(request, "authenticator.enrolled", person.username)
                return render(request, "web/entry/recovery.html", {"codes": codes, "section": "profile"})
            form.refuse()
    context = {"form": form, "picture": _picture(device.config_url), "secret": _in_fours(device), "section": "profile"}
    return render(request, "web/entry/enrol.html", context)


@needs(Role.VIEWER)
@require_POST
@sensitive_post_parameters()
def remove(request: HttpRequest) -> HttpResponse:
    """Without the authenticator, by one of its codes or, if the phone is lost, by a recovery code."""
    person = person_of(request)
    form = CodeForm(request.POST)
    if form.is_valid():
        code = form.cleaned_data["code"]
        if confirm.totp_accepted(person, code) or _recovered(person, code):
            confirm.forget_devices(person)
            record(request, "authenticator.removed", person.username)
            messages.success(request, _("The authenticator is removed: your password confirms approvals again."))
            return redirect("profile")
        form.refuse()
    return render(request, "web/entry/authenticator.html", {"form": form, "section": "profile"})


def _unconfirmed(person: Person) -> TOTPDevice:
    """The one that is being enrolled: the same while its page is open or loaded again."""
    with transaction.atomic():
        device = TOTPDevice.objects.filter(user=person, confirmed=False).first()
        return device or TOTPDevice.objects.create(user=person, name=person.username, confirmed=False)


def _enrol(device: TOTPDevice, code: str) -> list[str]:
    """The recovery codes; none if the code is wrong."""
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


def _recovered(person: Person, code: str) -> bool:
    with transaction.atomic():
        holders = StaticDevice.objects.select_for_update().filter(user=person)
        given = code.strip().lower()
        return any(holder.verify_is_allowed()[0] and holder.verify_token(given) for holder in holders)


def _picture(address: str) -> str:
    """The QR code as the source of an image, drawn here and in no other place."""
    buffer = io.BytesIO()
    segno.make(address, error="m").save(buffer, kind="svg", scale=5, border=4, dark="#000", light="#fff", xmldecl=False)
    return "data:image/svg+xml;base64," + b64encode(buffer.getvalue()).decode()


def _in_fours(device: TOTPDevice) -> str:
    secret = b32encode(device.bin_key).decode().rstrip("=")
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
