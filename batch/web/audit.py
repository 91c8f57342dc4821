"""The audit log: what anyone did, when, from where."""

from __future__ import annotations

from django.http import HttpRequest

from batch.web.models import AuditEntry, Person


def record(request: HttpRequest, action: str, subject: str = "", **particulars: object) -> None:
    """Write down what the person of this request did. Never a secret, never a password, never a whole file."""
    person = request.user if isinstance(request.user, Person) else None
    AuditEntry.objects.create(
        person=person,
        who=str(person) if person else "",
        action=action,
        subject=subject,
        particulars=particulars,
        address=request.META.get("REMOTE_ADDR", ""),
    )
