"""Logging in and out. Wrong passwords are counted by django-axes, whose page says when to try again."""

from __future__ import annotations

from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from batch.language import _
from batch.web.access import open_to_all
from batch.web.audit import keep, record
from batch.web.entry.forms import LoginForm
from batch.web.models import Person


@open_to_all
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("password")
def log_in(request: HttpRequest) -> HttpResponse:
    """The way in; back to the page that somebody wanted."""
    after = _after(request)
    if request.user.is_authenticated:
        return redirect(after)
    form = LoginForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        # Whoever is held up already is not written down again and again.
        is_heard = AxesProxyHandler.is_allowed(request, {"username": form.cleaned_data["username"]})
        person = authenticate(request, **form.cleaned_data)
        if isinstance(person, Person):
            login(request, person)
            record(request, "login.done", person.username)
            return redirect(after)
        if is_heard:
            _note_failure(request, form.cleaned_data["username"])
        form.add_error(None, _("This user name and this password do not belong together: try again."))
    nobody_yet = not Person.objects.exists()
    return render(request, "web/entry/login.html", {"form": form, "next": after, "nobody_yet": nobody_yet})


@open_to_all
@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    """The way out."""
    if not isinstance(request.user, AnonymousUser):
        record(request, "logout.done")
    logout(request)
    return redirect("login")


def _after(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours else "/"


def _note_failure(request: HttpRequest, username: str) -> None:
    """Names are only kept if they are somebody's: people enter their password there as well."""
    known = Person.objects.filter(username=username).exists()
    keep("login.failed", username if known else "", address=request.META.get("REMOTE_ADDR", ""))
