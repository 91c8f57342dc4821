"""What every page knows: who is logged in with which roles, and whether nothing is real."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from batch import __version__
from batch.language import language
from batch.web.access import Role, roles_of
from batch.web.models import Person


def site(request: HttpRequest) -> dict[str, Any]:
    """For the base page."""
    person = request.user if isinstance(getattr(request, "user", None), Person) else None
    roles = roles_of(person) if isinstance(person, Person) else frozenset()
    return {
        "person": person,
        "is_preparer": Role.PREPARER in roles,
        "is_approver": Role.APPROVER in roles,
        "is_administrator": Role.ADMINISTRATOR in roles,
        "is_demo": getattr(settings, "CREDITBATCH_DEMO", False),
        "program_version": __version__,
        "language": language().value,
    }
