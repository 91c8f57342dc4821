"""The pages of administrators: people, the connection, the rules. Nobody grants a role they lack, locks themselves out,
or takes over the account of somebody who may do more than they.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from batch.errors import ProviderRefused, ProviderUnreachable, SettingsError
from batch.i18n import _, euros
from batch.ledger.orm.models import prepare_euros
from batch.web import credentials
from batch.web.access import Role, needs, person_of, roles_of
from batch.web.administration.forms import ROLE_FIELDS, ConnectionForm, NewPersonForm, PersonForm, RulesForm
from batch.web.audit import record, site_address
from batch.web.auth import services
from batch.web.models import AuditEntry, Connection, Person, SiteSettings


def objection(
    editor: AbstractSet[Role], before: AbstractSet[Role], after: AbstractSet[Role], *, is_self: bool
) -> str | None:
    """Find why the editor may not make this change; None if they may. Somebody deactivated has no roles at all."""
    if (after - before) - editor:
        return _("You can only grant roles that you have yourself.")
    if is_self and Role.VIEWER not in after:
        return _("You cannot deactivate yourself: another administrator can.")
    if is_self and Role.ADMINISTRATOR not in after:
        return _("You cannot take the administrator's role from yourself: another administrator can.")
    return None


def may_help_in(editor: AbstractSet[Role], person: AbstractSet[Role]) -> bool:
    """Tell whether the editor may renew this person's link or remove their authenticator."""
    return person <= editor


_SECONDS = 10.0


@needs(Role.ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters()
def connection(request: HttpRequest) -> HttpResponse:
    """Show what is in force, and the form that replaces it. A key that the provider refuses is not stored."""
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
        with credentials.open_client(_SECONDS) as client:
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
    """Store the connection; False, and the form says why, if the provider refuses the key."""
    api_url, key = form.cleaned_data["api_url"], form.secret
    try:
        with credentials.open_client_with(api_url, key, _SECONDS) as client:
            account = client.main_account()
    except ProviderRefused as error:
        record(request, "connection.refused", api_url)
        form.add_error("key", str(error))
        return False
    except ProviderUnreachable as error:
        account = None
        messages.warning(request, _("Stored, but not tested: {why}").format(why=error))
    credentials.set_key(api_url, key, person_of(request))
    record(request, "connection.changed", api_url, fingerprint=key.fingerprint())
    if account is not None:
        sentence = _("Stored. The account is {name}, and its main balance is {balance}.")
        messages.success(request, sentence.format(name=account.name, balance=euros(account.balance)))
    return True


def _state() -> str:
    """Find where the key in force comes from: site, environment, or none."""
    if not credentials.is_from_environment():
        return "site"
    try:
        credentials.provider()
    except SettingsError:
        return "none"
    return "environment"


@needs(Role.ADMINISTRATOR)
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Show who there is, where the provider is, what the limits are, whether mail is sent."""
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


@needs(Role.ADMINISTRATOR)
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Show everybody, the active ones first."""
    everybody = Person.objects.order_by("-is_active", "username")
    return render(request, "web/administration/people.html", {"people": everybody, **_section("people")})


@needs(Role.ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Add somebody, who gets a one-time link to choose a password."""
    editor = person_of(request)
    form = NewPersonForm(request.POST if request.method == "POST" else None)
    _dim(form, editor)
    if request.method == "POST" and form.is_valid():
        somebody = form.save(commit=False)
        why_not = objection(roles_of(editor), frozenset(), roles_of(somebody), is_self=False)
        if why_not is None:
            somebody.set_unusable_password()
            somebody.save()
            record(request, "person.added", somebody.username, roles=sorted(roles_of(somebody)))
            return _with_link(request, somebody)
        form.add_error(None, why_not)
    return render(request, "web/administration/person.html", {"form": form, **_section("people")})


@needs(Role.ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Edit what somebody may do; deactivated people are logged out with their next click."""
    editor, somebody = person_of(request), get_object_or_404(Person, pk=pk)
    form = PersonForm(request.POST if request.method == "POST" else None, instance=somebody)
    _dim(form, editor)
    if request.method == "POST" and form.is_valid():
        why_not = _save(request, form)
        if why_not is None:
            messages.success(request, _("{name} is saved.").format(name=form.instance))
            return redirect("people")
        form.add_error(None, why_not)
    kept = Person.objects.get(pk=pk)
    context = {
        "form": form,
        "somebody": kept,
        "may_help": may_help_in(roles_of(editor), _roles(kept)),
        "has_totp": services.has_totp(kept),
        **_section("people"),
    }
    return render(request, "web/administration/person.html", context)


@needs(Role.ADMINISTRATOR)
@require_POST
def link(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a new one-time link, and show it this once."""
    somebody = get_object_or_404(Person, pk=pk, is_active=True)
    if not may_help_in(roles_of(person_of(request)), roles_of(somebody)):
        return _refuse_help(request, somebody)
    record(request, "link.made", somebody.username)
    return _with_link(request, somebody)


@needs(Role.ADMINISTRATOR)
@require_POST
def forget_authenticator(request: HttpRequest, pk: int) -> HttpResponse:
    """Help somebody who lost their phone and their recovery codes."""
    somebody = get_object_or_404(Person, pk=pk)
    if not may_help_in(roles_of(person_of(request)), _roles(somebody)):
        return _refuse_help(request, somebody)
    services.forget_devices(somebody)
    record(request, "authenticator.reset", somebody.username)
    messages.success(request, _("{name} confirms with the password again.").format(name=somebody))
    return redirect("person", pk=pk)


def _save(request: HttpRequest, form: PersonForm) -> str | None:
    """Save, or say why not. Two administrators who demote each other at once do not both succeed."""
    with transaction.atomic():
        active = {kept.pk: kept for kept in Person.objects.select_for_update().order_by("pk")}
        editor, before = active[person_of(request).pk], active[form.instance.pk]
        is_self = editor.pk == before.pk
        why_not = objection(roles_of(editor), roles_of(before), roles_of(form.instance), is_self=is_self)
        if why_not is None and Role.ADMINISTRATOR not in roles_of(editor):
            why_not = _("You are no longer an administrator.")
        if why_not is None:
            form.save()
            changes = {
                name: [getattr(before, name), getattr(form.instance, name)]
                for name in form.changed_data
                if name not in {"email"}
            }
            record(request, "person.changed", before.username, **changes)
    return why_not


def _with_link(request: HttpRequest, somebody: Person) -> HttpResponse:
    path = reverse("invitation", args=[services.link_for(somebody)])
    address = request.build_absolute_uri(path)
    context = {"somebody": somebody, "address": address, "days": services.INVITED_DAYS, **_section("people")}
    return render(request, "web/administration/link.html", context)


def _refuse_help(request: HttpRequest, somebody: Person) -> HttpResponse:
    sentence = _("{name} has a role that you lack: an administrator who has it can do this.")
    messages.error(request, sentence.format(name=somebody))
    return redirect("person", pk=somebody.pk)


def _dim(form: PersonForm, editor: Person) -> None:
    """Show the roles that the editor cannot grant, but let nobody tick them."""
    for name in ROLE_FIELDS:
        if not getattr(editor, name) and not getattr(form.instance, name):
            form.fields[name].disabled = True


def _roles(somebody: Person) -> frozenset[Role]:
    """Find the roles that somebody has or, deactivated, would have again."""
    return roles_of(Person(is_active=True, **{name: getattr(somebody, name) for name in ROLE_FIELDS}))


def _section(part: str) -> dict[str, object]:
    return {"section": "administration", "part": part, "role_fields": ROLE_FIELDS}


@needs(Role.ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def rules(request: HttpRequest) -> HttpResponse:
    """Edit the rules; the audit log keeps amounts in thousandths, as the table does."""
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
