"""One-time links: for the first administrator, for somebody invited, for a forgotten password. Only a hash is kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.utils import timezone

from batch.web.models import Invitation, Person

FIRST_HOURS = 2
"""For the first administrator, who has just started the site."""
INVITED_DAYS = 3


def link_for_first() -> str | None:
    """The secret of a new link for the first administrator; None once anybody exists. Earlier ones no longer work."""
    if Person.objects.exists():
        return None
    Invitation.objects.filter(person=None).delete()
    return _made(None, timedelta(hours=FIRST_HOURS))


def link_for(person: Person) -> str:
    """The secret of a new link with which this person chooses a password. Earlier ones no longer work."""
    Invitation.objects.filter(person=person, used_at=None).delete()
    return _made(person, timedelta(days=INVITED_DAYS))


def hash_of(secret: str) -> str:
    """What the table and the session keep of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def found(secret_sha256: str) -> Invitation | None:
    """The link, if it still works."""
    link = Invitation.objects.select_related("person").filter(secret_sha256=secret_sha256, used_at=None).first()
    if link is None or link.expires_at <= timezone.now():
        return None
    if link.person is None:
        return None if Person.objects.exists() else link
    return link if link.person.is_active else None


def use(link: Invitation) -> bool:
    """Use it up; False if somebody else just did. Within a transaction with what it is used for."""
    now = timezone.now()
    used = Invitation.objects.filter(pk=link.pk, used_at=None, expires_at__gt=now).update(used_at=now)
    return used == 1 and (link.person_id is not None or not Person.objects.exists())


def _made(person: Person | None, lasting: timedelta) -> str:
    secret = secrets.token_urlsafe(32)
    Invitation.objects.create(secret_sha256=hash_of(secret), person=person, expires_at=timezone.now() + lasting)
    return secret
