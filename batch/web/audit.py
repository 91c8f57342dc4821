"""The audit log: what anyone did, when, from where."""

from __future__ import annotations

from django.http import HttpRequest

from batch.web.models import AuditEntry, Person


def record(request: HttpRequest, action: str, subject: str = "", **particulars: object) -> None:
    """Write down what the person of this request did. Never a secret, never a password, never a whole file."""
    person = request.user if isinstance(request.user, Person) else None
    keep(action, subject, person=person, address=request.META.get("REMOTE_ADDR", ""), particulars=particulars)


def keep(
    action: str,
    subject: str = "",
    *,
    person: Person | None = None,
    address: str = "",
    particulars: dict[str, object] | None = None,
) -> None:
    """The same where there is no request: in the worker and the scheduler. Without a person the site itself did it."""
    AuditEntry.objects.create(
        person=person,
        who=str(person) if person else "",
        action=action,
        subject=subject[:200],
        particulars=particulars or {},
        address=address[:64],
    )
