"""The pages of administrators. Nobody grants a role they lack, locks themselves out, or helps who may do more."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from batch.errors import ProviderRefused, ProviderUnreachable, SettingsError
from batch.i18n import _, format_euros, format_moment
from batch.web import credentials, rules
from batch.web.access import Role, find_roles, get_person, has_second_factor, require_role
from batch.web.administration.forms import ROLE_FIELDS, ConnectionForm, NewPersonForm, PersonForm, RulesForm
from batch.web.audit import get_site_address, record
from batch.web.auth import services
from batch.web.confirming import require_recent_confirmation
from batch.web.models import AuditEntry, Connection, Person, SiteSettings
from batch.zone import localize


def find_objection(
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


def may_help(editor: AbstractSet[Role], person: AbstractSet[Role]) -> bool:
    """Tell whether the editor may renew this person's link or remove their authenticator."""
    return person <= editor


_SECONDS = 10.0


@require_role(Role.ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
@require_recent_confirmation
@sensitive_post_parameters()
def show_connection(request: HttpRequest) -> HttpResponse:
    """Show what is in force, and the form that replaces it. A key that the provider refuses is not stored."""
    present = Connection.objects.select_related("set_by").first()
    form = ConnectionForm(request.POST or None, initial={"api_url": present.api_url} if present else None)
    if request.method == "POST" and form.is_valid():
        if settings.CREDITBATCH_DEMO:
            form.add_error(None, _("The demonstration stays with its sandbox: the connection cannot be changed here."))
        elif _store_connection(request, form):
            return redirect("connection")
    state, address = _find_key_source(present)
    return _render(request, "connection", form=form, present=present, state=state, address=address)


@require_role(Role.ADMINISTRATOR)
@require_POST
@require_recent_confirmation
def try_connection(request: HttpRequest) -> HttpResponse:
    """Ask the provider whose key it is."""
    try:
        with credentials.open_client(_SECONDS) as client:
            account = client.fetch_main_account()
    except (ProviderRefused, ProviderUnreachable, SettingsError) as error:
        record(request, "connection.tested", works=False)
        messages.error(request, str(error))
        return redirect("connection")
    record(request, "connection.tested", works=True)
    sentence = _("The connection works: the account is {name}, and its main balance is {balance}.")
    messages.success(request, sentence.format(name=account.name, balance=format_euros(account.balance)))
    return redirect("connection")


def _store_connection(request: HttpRequest, form: ConnectionForm) -> bool:
    """Store the connection; False, and the form says why, if the provider refuses the key."""
    api_url, key = form.cleaned_data["api_url"], form.cleaned_data["secret"]
    try:
        with credentials.open_connection(api_url, key, _SECONDS) as client:
            account = client.fetch_main_account()
    except ProviderRefused as error:
        record(request, "connection.refused", api_url)
        form.add_error("key", str(error))
        return False
    except ProviderUnreachable as error:
        account = None
        messages.warning(request, _("Stored, but not tested: {why}").format(why=error))
    credentials.save_connection(api_url, key, get_person(request))
    record(request, "connection.changed", api_url, fingerprint=key.compute_fingerprint())
    if account is not None:
        sentence = _("Stored. The account is {name}, and its main balance is {balance}.")
        messages.success(request, sentence.format(name=account.name, balance=format_euros(account.balance)))
    return True


def _find_key_source(present: Connection | None) -> tuple[str, str]:
    """Find where the key in force comes from, site, environment, or none, and where it is sent."""
    if present is not None:
        return "site", present.api_url
    try:
        return "environment", credentials.load_connection()[0]
    except SettingsError:
        return "none", ""


@require_role(Role.ADMINISTRATOR)
@require_safe
def show_overview(request: HttpRequest) -> HttpResponse:
    """Show who there is, where the provider is, what the limits are, whether mail is sent."""
    active = Person.objects.filter(is_active=True)
    return _render(
        request,
        "overview",
        active=active.count(),
        approvers=active.filter(can_approve=True).count(),
        without_email=active.filter(email="").count(),
        present=Connection.objects.first(),
        **_make_rules_context(),
        mail_from=settings.DEFAULT_FROM_EMAIL if settings.CREDITBATCH_HAS_MAIL else "",
        address=get_site_address(),
        has_address=settings.CREDITBATCH_SITE_URL.startswith("https://"),
        entries=AuditEntry.objects.count(),
    )


def _make_rules_context() -> dict[str, Any]:
    current, held = SiteSettings.load(), rules.load_rules()
    return {"limits": held.limits, "is_alone": held.is_alone, "waiting": _tell_waiting(current)}


@require_role(Role.ADMINISTRATOR)
@require_safe
def show_people(request: HttpRequest) -> HttpResponse:
    return _render(request, "people", people=Person.objects.order_by("-is_active", "username"))


@require_role(Role.ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
@require_recent_confirmation
def add_person(request: HttpRequest) -> HttpResponse:
    """Add somebody, who gets a one-time link to choose a password."""
    editor = get_person(request)
    form = NewPersonForm(request.POST if request.method == "POST" else None)
    _lock_roles(form, editor)
    if request.method == "POST" and form.is_valid():
        somebody = form.save(commit=False)
        why_not = find_objection(find_roles(editor), frozenset(), find_roles(somebody), is_self=False)
        if why_not is None:
            somebody.set_unusable_password()
            somebody.save()
            record(request, "person.added", somebody.username, roles=sorted(find_roles(somebody)))
            return _show_link(request, somebody)
        form.add_error(None, why_not)
    return _render(request, "person", form=form, role_fields=ROLE_FIELDS)


@require_role(Role.ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
@require_recent_confirmation
def edit_person(request: HttpRequest, pk: int) -> HttpResponse:
    """Edit what somebody may do; deactivated people are logged out with their next click."""
    editor, somebody = get_person(request), get_object_or_404(Person, pk=pk)
    form = PersonForm(request.POST if request.method == "POST" else None, instance=somebody)
    _lock_roles(form, editor)
    if request.method == "POST" and form.is_valid():
        why_not = _save(request, form)
        if why_not is None:
            messages.success(request, _("{name} is saved.").format(name=form.instance))
            return redirect("people")
        form.add_error(None, why_not)
    kept = Person.objects.get(pk=pk)
    return _render(
        request,
        "person",
        form=form,
        role_fields=ROLE_FIELDS,
        somebody=kept,
        may_help=may_help(find_roles(editor), _find_granted_roles(kept)),
        has_factor=has_second_factor(kept),
    )


@require_role(Role.ADMINISTRATOR)
@require_POST
@require_recent_confirmation
def renew_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a new one-time link, and show it this once."""
    somebody = get_object_or_404(Person, pk=pk, is_active=True)
    if not may_help(find_roles(get_person(request)), find_roles(somebody)):
        return _refuse_help(request, somebody)
    record(request, "link.made", somebody.username)
    return _show_link(request, somebody)


@require_role(Role.ADMINISTRATOR)
@require_POST
@require_recent_confirmation
def forget_authenticator(request: HttpRequest, pk: int) -> HttpResponse:
    """Help somebody who lost their phone and their recovery codes."""
    somebody = get_object_or_404(Person, pk=pk)
    if not may_help(find_roles(get_person(request)), _find_granted_roles(somebody)):
        return _refuse_help(request, somebody)
    services.forget_devices(somebody)
    record(request, "authenticator.reset", somebody.username)
    messages.success(request, _("{name} confirms with the password again.").format(name=somebody))
    return redirect("person", pk=pk)


def _save(request: HttpRequest, form: PersonForm) -> str | None:
    """Save, or say why not. Two administrators who demote each other at once do not both succeed."""
    with transaction.atomic():
        active = {kept.pk: kept for kept in Person.objects.select_for_update().order_by("pk")}
        editor, before = active[get_person(request).pk], active[form.instance.pk]
        is_self = editor.pk == before.pk
        why_not = find_objection(find_roles(editor), find_roles(before), find_roles(form.instance), is_self=is_self)
        if why_not is None and Role.ADMINISTRATOR not in find_roles(editor):
            why_not = _("You are no longer an administrator.")
        if why_not is None:
            form.save()
            changed = [name for name in form.changed_data if name != "email"]
            changes = {name: [getattr(before, name), getattr(form.instance, name)] for name in changed}
            record(request, "person.changed", before.username, **changes)
    return why_not


def _show_link(request: HttpRequest, somebody: Person) -> HttpResponse:
    address = request.build_absolute_uri(reverse("invitation", args=[services.make_link(somebody)]))
    return _render(request, "link", somebody=somebody, address=address, days=services.INVITED_DAYS)


def _refuse_help(request: HttpRequest, somebody: Person) -> HttpResponse:
    sentence = _("{name} has a role that you lack: an administrator who has it can do this.")
    messages.error(request, sentence.format(name=somebody))
    return redirect("person", pk=somebody.pk)


def _lock_roles(form: PersonForm, editor: Person) -> None:
    """Show the roles that the editor cannot grant, but let nobody tick them."""
    for name in ROLE_FIELDS:
        if not getattr(editor, name) and not getattr(form.instance, name):
            form.fields[name].disabled = True


def _find_granted_roles(somebody: Person) -> frozenset[Role]:
    """Find the roles that somebody has or, deactivated, would have again."""
    return find_roles(Person(is_active=True, **{name: getattr(somebody, name) for name in ROLE_FIELDS}))


def _render(request: HttpRequest, page: str, **context: object) -> HttpResponse:
    """Render a page of the administration; `part` is that of its own navigation."""
    context |= {"section": "administration", "part": page}
    return render(request, f"web/administration/{page}.html", context)


@require_role(Role.ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
@require_recent_confirmation
def edit_rules(request: HttpRequest) -> HttpResponse:
    """Edit the rules; what relaxes them may have to wait for a day, which is said."""
    form = RulesForm.from_settings(request.POST if request.method == "POST" else None, SiteSettings.load())
    if request.method == "POST" and form.is_valid():
        _save_rules(request, form)
        messages.success(request, _("The settings are saved."))
        return redirect("site-settings")
    current, now = SiteSettings.load(), timezone.now()
    return _render(
        request,
        "settings",
        form=form,
        one_person=rules.count_active() == 1,
        waiting=_tell_waiting(current),
        asked=_name_asked(current) if rules.is_waiting(current, now) else "",
        may_confirm=current.limits_by_id != get_person(request).pk,
    )


@require_role(Role.ADMINISTRATOR)
@require_POST
@require_recent_confirmation
def confirm_limits(request: HttpRequest) -> HttpResponse:
    """Let raised limits hold at once, because a second administrator agrees to exactly these."""
    with transaction.atomic():
        current, now = _lock_settings(), timezone.now()
        is_seen = request.POST.get("asked") == _name_asked(current)
        if not (rules.is_waiting(current, now) and is_seen and current.limits_by_id != get_person(request).pk):
            messages.error(request, _("Nothing was confirmed: another administrator confirms limits that still wait."))
            return redirect("site-settings")
        before = rules.encode_limits(current, now)
        rules.put_in_force(current, rules.find_asked_limits(current, now))
        current.save()
        record(request, "limits.confirmed", "", **_list_changes(before, rules.encode_limits(current, now)))
    messages.success(request, _("The raised limits hold from now on."))
    return redirect("site-settings")


def _save_rules(request: HttpRequest, form: RulesForm) -> None:
    """Save what was entered; the audit log keeps amounts in thousandths, as the table does."""
    chosen = dict(form.cleaned_data)
    wanted = rules.AmountLimits(chosen.pop("row_limit"), chosen.pop("batch_limit"))
    with transaction.atomic():
        current, now = _lock_settings(), timezone.now()
        before = _list_settings(current)
        if current.four_eyes != chosen["four_eyes"]:
            has_to_wait = not chosen["four_eyes"] and rules.find_last_change(now) is not None
            current.four_eyes_from = now + rules.DAY if has_to_wait else None
        for name, value in chosen.items():
            setattr(current, name, value)
        rules.change_limits(current, wanted, get_person(request), now, is_new=rules.is_new_site(now))
        current.save()
        record(request, "settings.changed", "", **_list_changes(before, _list_settings(current)))


def _lock_settings() -> SiteSettings:
    """Load the settings for whoever changes them: of two at once, the second sees what the first has changed."""
    return SiteSettings.objects.select_for_update().first() or SiteSettings(pk=1)


def _tell_waiting(current: SiteSettings) -> list[str]:
    """Tell what was relaxed and does not hold yet, and when it will."""
    now, told = timezone.now(), []
    relaxed_from = rules.find_relaxation_start(current, rules.find_last_change(now))
    if relaxed_from is not None and relaxed_from > now:
        sentence = _(
            "Four eyes stay in force until {moment}, because somebody was deactivated, or an approver’s role was "
            "changed, in the day before."
        )
        told.append(sentence.format(moment=format_moment(localize(relaxed_from))))
    if rules.is_waiting(current, now) and current.limits_from is not None:
        asked = rules.find_asked_limits(current, now)
        sentence = _(
            "The raised limits (row: {row}; batch: {batch}) hold from {moment}, or as soon as another administrator "
            "confirms them here. {who} asked for them."
        )
        row, batch = (_("no limit") if limit is None else format_euros(limit) for limit in (asked.row, asked.batch))
        moment = format_moment(localize(current.limits_from))
        told.append(sentence.format(row=row, batch=batch, moment=moment, who=current.limits_by))
    return told


def _name_asked(current: SiteSettings) -> str:
    """Name what waits to be confirmed: whoever confirms has seen exactly that."""
    return f"{current.asked_row_limit} {current.asked_batch_limit} {current.limits_by_id}"


def _list_changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Any]]:
    return {name: [old, after[name]] for name, old in before.items() if old != after[name]}


def _list_settings(current: SiteSettings) -> dict[str, Any]:
    limits = rules.encode_limits(current, timezone.now())
    return {
        **limits,
        "four_eyes": current.four_eyes,
        "language": current.language,
        "second_factor_roles": ", ".join(current.second_factor_roles),
    }
