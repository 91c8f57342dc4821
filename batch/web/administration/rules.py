"""Limits, four eyes and the language: what holds for everybody."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from batch.language import _
from batch.ledger.orm.models import prepare_euros
from batch.web.access import Role, needs
from batch.web.administration.forms import RulesForm
from batch.web.audit import record
from batch.web.models import Person, SiteSettings


@needs(Role.ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def rules(request: HttpRequest) -> HttpResponse:
    """The form and what it changes; the audit log keeps amounts in thousandths, as the table does."""
    form = RulesForm.of(request.POST if request.method == "POST" else None, SiteSettings.current())
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            current = SiteSettings.current()
            before = _list_settings(current)
            form.put_into(current)
            current.save()
            after = _list_settings(current)
            changed = {name: [old, after[name]] for name, old in before.items() if old != after[name]}
            record(request, "settings.changed", "", **changed)
        messages.success(request, _("The settings are saved."))
        return redirect("site-settings")
    context = {
        "form": form,
        "one_person": Person.objects.filter(is_active=True).count() == 1,
        "section": "administration",
        "part": "settings",
    }
    return render(request, "web/administration/settings.html", context)


def _list_settings(current: SiteSettings) -> dict[str, object]:
    return {
        "row_limit": prepare_euros(current.row_limit),
        "batch_limit": prepare_euros(current.batch_limit),
        "four_eyes": current.four_eyes,
        "language": current.language,
    }
