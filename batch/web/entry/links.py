"""One-time links. The address with the secret only leads on to a page without it, so that no history keeps it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from batch.language import _
from batch.web.access import open_to_all
from batch.web.audit import record
from batch.web.entry import onetime
from batch.web.entry.forms import FirstForm, NewPasswordForm
from batch.web.models import Invitation, Person

_KEPT = "one_time_link"


@open_to_all
@require_http_methods(["GET"])
def setup(request: HttpRequest, secret: str) -> HttpResponse:
    """The link that makes the first administrator."""
    return _arrive(request, secret)


@open_to_all
@require_http_methods(["GET"])
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """The link with which somebody chooses a password."""
    return _arrive(request, secret)


@open_to_all
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters()
def welcome(request: HttpRequest) -> HttpResponse:
    """Choosing a password; for the first administrator a name as well. The link is used up with it."""
    link = onetime.found(request.session.get(_KEPT, ""))
    if link is None:
        return _gone(request)
    form = _form(request, link)
    if request.method == "POST" and form.is_valid():
        try:
            person = _take(link, form)
        except IntegrityError:
            person = None
        if person is None:
            return _gone(request)
        request.session.flush()
        login(request, person, backend="django.contrib.auth.backends.ModelBackend")
        record(request, "link.used", person.username, first=link.person_id is None)
        messages.success(request, _("Welcome, {name}: your password is set.").format(name=person))
        return redirect("home")
    return render(request, "web/entry/welcome.html", {"form": form, "invited": link.person})


def _arrive(request: HttpRequest, secret: str) -> HttpResponse:
    hashed = onetime.hash_of(secret)
    if onetime.found(hashed) is None:
        return _gone(request)
    request.session[_KEPT] = hashed
    return redirect("welcome")


def _form(request: HttpRequest, link: Invitation) -> NewPasswordForm:
    data = request.POST if request.method == "POST" else None
    return NewPasswordForm(link.person, data) if link.person else FirstForm(Person(), data)


def _take(link: Invitation, form: NewPasswordForm) -> Person | None:
    """The person with their new password; None if the link was used by somebody else meanwhile."""
    with transaction.atomic():
        if not onetime.use(link):
            return None
        person = form.person
        if link.person is None:
            # Has every role, because nobody can grant what they lack.
            person.can_prepare = person.can_approve = person.can_administer = True
        person.set_password(form.cleaned_data["new_password1"])
        person.save()
        return person


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "web/entry/gone.html", status=410)
