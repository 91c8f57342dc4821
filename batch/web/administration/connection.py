"""The connection to the provider: entered once, tested by a button, its key never shown again."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from batch.errors import ProviderRefused, ProviderUnreachable, SettingsError
from batch.euros_shown import euros
from batch.language import _
from batch.web import vault
from batch.web.access import Role, needs, person_of
from batch.web.administration.forms import ConnectionForm
from batch.web.audit import record
from batch.web.models import Connection

_SECONDS = 10.0


@needs(Role.ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters()
def connection(request: HttpRequest) -> HttpResponse:
    """What is in force, and the form that replaces it. A key that the provider refuses is not stored."""
    present = Connection.objects.select_related("set_by").first()
    form = ConnectionForm(request.POST or None, initial={"api_url": present.api_url} if present else None)
    if request.method == "POST" and form.is_valid():
        if settings.CREDITBATCH_DEMO:
            form.add_error(None, _("The demonstration stays with its sandbox: the connection cannot be changed here."))
        elif _stored(request, form):
            return redirect("connection")
    context = {"form": form, "present": present, "state": _state(), "section": "administration", "part": "connection"}
    return render(request, "web/administration/connection.html", context)


@needs(Role.ADMINISTRATOR)
@require_POST
def test(request: HttpRequest) -> HttpResponse:
    """Ask the provider whose key it is."""
    try:
        with vault.open_client(_SECONDS) as client:
            account = client.main_account()
    except (ProviderRefused, ProviderUnreachable, SettingsError) as error:
        record(request, "connection.tested", works=False)
        messages.error(request, str(error))
        return redirect("connection")
    record(request, "connection.tested", works=True)
    sentence = _("The connection works: the account is {name}, and its main balance is {balance}.")
    messages.success(request, sentence.format(name=account.name, balance=euros(account.balance)))
    return redirect("connection")


def _stored(request: HttpRequest, form: ConnectionForm) -> bool:
    """Whether it was stored; else the form says why not."""
    api_url, key = form.cleaned_data["api_url"], form.secret
    try:
        with vault.open_client_with(api_url, key, _SECONDS) as client:
            account = client.main_account()
    except ProviderRefused as error:
        record(request, "connection.refused", api_url)
        form.add_error("key", str(error))
        return False
    except ProviderUnreachable as error:
        account = None
        messages.warning(request, _("Stored, but not tested: {why}").format(why=error))
    vault.set_key(api_url, key, person_of(request))
    record(request, "connection.changed", api_url, fingerprint=key.fingerprint())
    if account is not None:
        sentence = _("Stored. The account is {name}, and its main balance is {balance}.")
        messages.success(request, sentence.format(name=account.name, balance=euros(account.balance)))
    return True


def _state() -> str:
    """Where the key in force comes from: site, environment, or none."""
    if not vault.is_from_environment():
        return "site"
    try:
        vault.provider()
    except SettingsError:
        return "none"
    return "environment"
