"""People: who there is, what they may do, one-time links for their passwords."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from batch.language import _
from batch.web.access import Role, needs, person_of, roles_of
from batch.web.administration.forms import ROLE_FIELDS, NewPersonForm, PersonForm
from batch.web.administration.granting import may_help_in, objection
from batch.web.audit import record
from batch.web.entry import confirm, onetime
from batch.web.models import Person


@needs(Role.ADMINISTRATOR)
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Everybody, the active ones first."""
    everybody = Person.objects.order_by("-is_active", "username")
    return render(request, "web/administration/people.html", {"people": everybody, **_section("people")})


@needs(Role.ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Somebody new, who gets a one-time link to choose a password."""
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
    """What somebody may do; deactivated people are logged out with their next click."""
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
        "has_totp": confirm.has_totp(kept),
        **_section("people"),
    }
    return render(request, "web/administration/person.html", context)


@needs(Role.ADMINISTRATOR)
@require_POST
def link(request: HttpRequest, pk: int) -> HttpResponse:
    """A new one-time link, shown this once."""
    somebody = get_object_or_404(Person, pk=pk, is_active=True)
    if not may_help_in(roles_of(person_of(request)), roles_of(somebody)):
        return _refuse_help(request, somebody)
    record(request, "link.made", somebody.username)
    return _with_link(request, somebody)


@needs(Role.ADMINISTRATOR)
@require_POST
def forget_authenticator(request: HttpRequest, pk: int) -> HttpResponse:
    """For somebody who lost their phone and their recovery codes."""
    somebody = get_object_or_404(Person, pk=pk)
    if not may_help_in(roles_of(person_of(request)), _roles(somebody)):
        return _refuse_help(request, somebody)
    confirm.forget_devices(somebody)
    record(request, "authenticator.reset", somebody.username)
    messages.success(request, _("{name} confirms with the password again.").format(name=somebody))
    return redirect("person", pk=pk)


def _save(request: HttpRequest, form: PersonForm) -> str | None:
    """Why it was not saved. Two administrators who demote each other at once do not both succeed."""
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
    path = reverse("invitation", args=[onetime.link_for(somebody)])
    address = request.build_absolute_uri(path)
    context = {"somebody": somebody, "address": address, "days": onetime.INVITED_DAYS, **_section("people")}
    return render(request, "web/administration/link.html", context)


def _refuse_help(request: HttpRequest, somebody: Person) -> HttpResponse:
    sentence = _("{name} has a role that you lack: an administrator who has it can do this.")
    messages.error(request, sentence.format(name=somebody))
    return redirect("person", pk=somebody.pk)


def _dim(form: PersonForm, editor: Person) -> None:
    """Roles that the editor cannot grant are shown, but cannot be ticked."""
    for name in ROLE_FIELDS:
        if not getattr(editor, name) and not getattr(form.instance, name):
            form.fields[name].disabled = True


def _roles(somebody: Person) -> frozenset[Role]:
    """The roles that somebody has or, deactivated, would have again."""
    return roles_of(Person(is_active=True, **{name: getattr(somebody, name) for name in ROLE_FIELDS}))


def _section(part: str) -> dict[str, object]:
    return {"section": "administration", "part": part, "role_fields": ROLE_FIELDS}
