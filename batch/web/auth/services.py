"""Confirm that it is this person, by password or by a code of their authenticator, and give out one-time links. People
wait a quarter of an hour after five wrong passwords, and after each wrong code twice as long as after the one before.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Literal

from axes.handlers.proxy import AxesProxyHandler
from axes.utils import reset
from django.contrib.auth import authenticate
from django.db import transaction
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from batch.i18n import _
from batch.web.audit import write_entry
from batch.web.models import Invitation, Person
from batch.zone import localize

FIELD = "confirmation"
"""The name of the form's field, whichever of the two it takes."""
_LONGEST = 200
_COUNTER = "0.0.0.0"  # noqa: S104 (nothing is bound to it)
"""Stands for an address where wrong ones are counted, apart from wrong logins: it is the person who is held up."""
Confirmation = Literal["password", "totp"]


def has_totp(person: Person) -> bool:
    """Tell whether a code of the authenticator is asked of them instead of the password."""
    return bool(TOTPDevice.objects.filter(user=person, confirmed=True).exists())


def check_confirmation(person: Person, posted: QueryDict) -> Confirmation | None:
    """Check how they confirmed; None if wrong, or after too many wrong ones: `explain_refusal` says which."""
    given = posted.get(FIELD, "")[:_LONGEST]
    how: Confirmation = "totp" if has_totp(person) else "password"
    if (try_totp if how == "totp" else try_password)(person, given):
        return how
    write_entry("confirmation.failed", person.username, person=person)
    return None


def explain_refusal(person: Person) -> str:
    """Say why a confirmation failed."""
    device = TOTPDevice.objects.filter(user=person, confirmed=True).first()
    if device is None:
        return explain_wrong_password(person)
    _is_allowed, wait = device.verify_is_allowed()
    # A shorter wait is over when the next code comes.
    if wait and wait["locked_until"] > timezone.now() + timedelta(seconds=device.step):
        until = localize(wait["locked_until"])
        sentence = _("Too many wrong codes: wait until {time}, and enter the code that the app shows then.")
        return sentence.format(time=f"{until:%H:%M:%S}")
    return _("That is not your authenticator's code of just now: wait for the next one and enter it.")


def explain_wrong_password(person: Person) -> str:
    """Say why a password was not accepted."""
    if not AxesProxyHandler.is_allowed(_make_counted_request(), {"username": person.username}):
        return _("Too many wrong passwords: try again in a quarter of an hour.")
    return _("That is not your password: enter it again.")


def try_password(person: Person, password: str) -> bool:
    """Tell whether it is their password."""
    accepted = authenticate(_make_counted_request(), username=person.username, password=password)
    if accepted is None or accepted.pk != person.pk:
        return False
    reset(ip=_COUNTER, username=person.username)
    return True


def try_totp(person: Person, code: str) -> bool:
    """Tell whether it is the authenticator's code of just now, not used before. A wrong one lengthens the wait."""
    digits = "".join(code.split())
    with transaction.atomic():
        devices = TOTPDevice.objects.select_for_update().filter(user=person, confirmed=True)
        return any(device.verify_is_allowed()[0] and device.verify_token(digits) for device in devices)


def forget_devices(person: Person) -> None:
    """Remove the authenticator and its recovery codes."""
    TOTPDevice.objects.filter(user=person).delete()
    StaticDevice.objects.filter(user=person).delete()


def _make_counted_request() -> HttpRequest:
    request = HttpRequest()
    request.META["REMOTE_ADDR"] = _COUNTER
    return request


FIRST_HOURS = 2
"""For the first administrator, who has just started the site."""
INVITED_DAYS = 3


def make_first_link() -> str | None:
    """Make a link for the first administrator, and return its secret; None once anybody exists. Earlier ones end."""
    if Person.objects.exists():
        return None
    Invitation.objects.filter(person=None).delete()
    return _create_invitation(None, timedelta(hours=FIRST_HOURS))


def make_link(person: Person) -> str:
    """Make a link with which this person chooses a password, and return its secret. Earlier ones end."""
    Invitation.objects.filter(person=person, used_at=None).delete()
    return _create_invitation(person, timedelta(days=INVITED_DAYS))


def hash_secret(secret: str) -> str:
    """Hash a secret, for the table and the session."""
    return hashlib.sha256(secret.encode()).hexdigest()


def find_link(secret_sha256: str) -> Invitation | None:
    """Find the link, if it still works."""
    unused = Invitation.objects.filter(secret_sha256=secret_sha256, used_at=None, expires_at__gt=timezone.now())
    link = unused.select_related("person").first()
    if link is None:
        return None
    if link.person is None:
        return None if Person.objects.exists() else link
    return link if link.person.is_active else None


def use_link(link: Invitation) -> bool:
    """Use the link up; False if somebody else just did. Within a transaction with what it is used for."""
    now = timezone.now()
    used = Invitation.objects.filter(pk=link.pk, used_at=None, expires_at__gt=now).update(used_at=now)
    return used == 1 and (link.person_id is not None or not Person.objects.exists())


def _create_invitation(person: Person | None, lasting: timedelta) -> str:
    secret = secrets.token_urlsafe(32)
    Invitation.objects.create(secret_sha256=hash_secret(secret), person=person, expires_at=timezone.now() + lasting)
    return secret
