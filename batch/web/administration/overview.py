"""The administration at a glance."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from batch.web.access import Role, needs
from batch.web.models import AuditEntry, Connection, Person, SiteSettings
from batch.web.notifications import site_address


@needs(Role.ADMINISTRATOR)
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Who there is, where the provider is, what the limits are, whether mail is sent."""
    active = Person.objects.filter(is_active=True)
    context = {
        "active": active.count(),
        "approvers": active.filter(can_approve=True).count(),
        "without_email": active.filter(email="").count(),
        "present": Connection.objects.first(),
        "rules": SiteSettings.current(),
        "mail_from": settings.DEFAULT_FROM_EMAIL if settings.CREDITBATCH_HAS_MAIL else "",
        "address": site_address(),
        "has_address": settings.CREDITBATCH_SITE_URL.startswith("https://"),
        "entries": AuditEntry.objects.count(),
        "section": "administration",
        "part": "overview",
    }
    return render(request, "web/administration/overview.html", context)
