"""Confirm that it is this person (by password or, if they have one, by second factor), note logins, and give out
one-time links. After five wrong ones in a quarter of an hour nothing is heard until it is over.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from datetime import timedelta
from typing import Literal

from allauth.core import ratelimit
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm
from django.conf import settings
from django.core import mail
from django.core.signing import BadSignature
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from batch.i18n import Language, _, use_language
from batch.web.access import has_second_factor
from batch.web.audit import get_site_address, send_mails, write_entry
from batch.web.models import Invitation, Person, SiteSettings
from batch.zone import tell_moment

FIELD = "confirmation"
"""The name of the form's field, whether it takes a password or a code."""
PASSKEY_FIELD = "credential"
"""The name of the hidden field that a passkey's answer comes in; the browser's script fills it in."""
HELD_UP = gettext_lazy("Too many wrong ones: wait a quarter of an hour, then enter it again.")
_LONGEST = 200
Confirmation = Literal["password", "totp", "recovery", "passkey"]
_CODES: dict[str, Confirmation] = {"totp": "totp", "recovery_codes": "recovery"}


def list_confirmations(person: Person) -> frozenset[str]:
    """List what may confirm that it is them: password, code, passkey; nothing until whoever has only their
    organisation's login has enrolled one.
    """
    types = set(Authenticator.objects.filter(user=person).values_list("type", flat=True))
    if not types - {"recovery_codes"}:
        return frozenset({"password"} if person.has_usable_password() else ())
    return frozenset({"passkey"} if "webauthn" in types else ()) | frozenset({"code"} if types & set(_CODES) else ())


def check_confirmation(person: Person, posted: QueryDict) -> Confirmation | None:
    """Check how they confirmed; None if wrong, or after too many wrong ones: `explain_refusal` says which."""
    somebody = Person.objects.filter(pk=person.pk, is_active=True).first()
    how = _try_posted(somebody, posted) if somebody else None
    if how is None:
        write_entry("confirmation.failed", person.username, person=person)
    return how


def explain_refusal(person: Person) -> str:
    """Say why a confirmation failed."""
    possible = list_confirmations(person)
    if not possible:
        return _("Enrol a passkey or an authenticator in your settings first: it confirms what moves money.")
    if "password" in possible or _is_held_up(person):
        return explain_wrong_password(person)
    if "code" in possible:
        return _("That is not your authenticator's code of just now: wait for the next one and enter it.")
    return _("That passkey was not accepted: try once more.")


def explain_wrong_password(person: Person) -> str:
    """Say why a password was not accepted."""
    return str(HELD_UP) if _is_held_up(person) else _("That is not your password: enter it again.")


def try_password(person: Person, password: str) -> bool:
    """Tell whether it is their password. A wrong one counts."""
    return _count_attempt(person) and person.check_password(password) and _forget_attempts(person)


def _try_posted(person: Person, posted: QueryDict) -> Confirmation | None:
    if posted.get(PASSKEY_FIELD):
        form = AuthenticateWebAuthnForm(user=person, data=posted)
        return "passkey" if _count_attempt(person) and form.is_valid() and _forget_attempts(person) else None
    given = posted.get(FIELD, "")[:_LONGEST]
    if has_second_factor(person):
        return _try_code(person, given)
    return "password" if try_password(person, given) else None


def _try_code(person: Person, given: str) -> Confirmation | None:
    """Try it as the app's code of just now, then as a recovery code. Either works once."""
    if not _count_attempt(person):
        return None
    code = clean_code(given)
    for kept in Authenticator.objects.filter(user=person, type__in=_CODES).order_by("-type"):
        if kept.wrap().validate_code(code):
            kept.record_usage()
            _forget_attempts(person)
            return _CODES[kept.type]
    return None


def clean_code(text: str) -> str:
    """Clean what somebody typed of a code."""
    return "".join(text.lower().split())


def _count_attempt(person: Person) -> bool:
    """Count an attempt before it is made; False if there were too many."""
    return ratelimit.consume(_make_counted_request(), action="confirm", key=str(person.pk))  # type: ignore[no-any-return]


def _is_held_up(person: Person) -> bool:
    return not ratelimit.consume(_make_counted_request(), action="confirm", key=str(person.pk), dry_run=True)


def _forget_attempts(person: Person) -> Literal[True]:
    ratelimit.clear(_make_counted_request(), action="confirm", key=str(person.pk))
    return True


def _make_counted_request() -> HttpRequest:
    request = HttpRequest()
    request.method = "POST"
    return request


def forget_devices(person: Person) -> None:
    """Remove the authenticator, the passkeys and the recovery codes."""
    Authenticator.objects.filter(user=person).delete()


BEGAN = "began"
"""When the session's login was, in the session."""
_DEVICE = "creditbatch_device"
_YEAR = 365 * 24 * 3600


def note_failed_login(request: HttpRequest, username: str) -> None:
    """Write a failed login down. Names are kept only if they are somebody's: people type their password there too."""
    known = Person.objects.filter(username__iexact=username.strip()).first()
    write_entry("login.failed", known.username if known else "", address=request.META.get("REMOTE_ADDR", ""))


def note_login(request: HttpRequest, response: HttpResponse, person: Person) -> None:
    """Write a login down, and mail its owner if the browser has not been theirs before: it keeps a signed note."""
    address = request.META.get("REMOTE_ADDR", "")
    request.session[BEGAN] = time.time()
    try:
        known = str(request.get_signed_cookie(_DEVICE, "", salt=_DEVICE, max_age=_YEAR)).split(".")
    except BadSignature:
        known = []
    is_new = str(person.pk) not in known
    write_entry("login.done", person.username, person=person, address=address, particulars={"new_device": is_new})
    if not is_new:
        return
    note = ".".join([*filter(None, known), str(person.pk)][-20:])
    secure = bool(settings.SESSION_COOKIE_SECURE)
    response.set_signed_cookie(_DEVICE, note, salt=_DEVICE, max_age=_YEAR, httponly=True, samesite="Lax", secure=secure)
    if settings.CREDITBATCH_HAS_MAIL and person.email:
        browser = " ".join(request.headers.get("User-Agent", "").split())[:200]
        transaction.on_commit(lambda: _mail_new_device(person, address, browser))


def _mail_new_device(person: Person, address: str, browser: str) -> None:
    with use_language(Language(person.language or SiteSettings.load().language or Language.ENGLISH.value)):
        sentence = _("Somebody logged in as {name} on {at} with a browser that was not used for it before.")
        told = (
            _("Hello {name},").format(name=person),
            sentence.format(name=person.username, at=tell_moment(timezone.now())),
            _("Address: {address}; browser: {browser}.").format(address=address, browser=browser or "?"),
            _("If it was not you, end the session at {link}, change your password and tell an administrator.").format(
                link=f"{get_site_address()}{reverse('sessions')}"
            ),
        )
        message = mail.EmailMessage(_("A login with a new device"), "\n\n".join(told), to=[person.email])
    send_mails([message], person.username, "new-device")


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
