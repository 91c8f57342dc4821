"""What each person sets for themselves: email, language, password."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from batch.language import _
from batch.web.access import Role, needs, person_of, roles_of
from batch.web.audit import record
from batch.web.entry import confirm
from batch.web.entry.forms import PasswordForm, ProfileForm
from batch.web.models import Invitation


@needs(Role.VIEWER)
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Email and language; ways to the password and the authenticator."""
    person = person_of(request)
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=person)
    if request.method == "POST" and form.is_valid():
        form.save()
        record(request, "profile.changed", person.username, fields=sorted(form.changed_data))
        # The next page is in the new language; this sentence is shown there.
        messages.success(request, _("Your settings are saved."))
        return redirect("profile")
    context = {"form": form, "section": "profile", "roles": roles_of(person), "has_totp": confirm.has_totp(person)}
    return render(request, "web/entry/profile.html", context)


@needs(Role.VIEWER)
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters()
def password(request: HttpRequest) -> HttpResponse:
    """A new password; every other session of this person ends with it."""
    person = person_of(request)
    form = PasswordForm(person, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        person.set_password(form.cleaned_data["new_password1"])
        person.save(update_fields=["password"])
        Invitation.objects.filter(person=person, used_at=None).delete()
        update_session_auth_hash(request, person)
        record(request, "password.changed", person.username)
        messages.success(request, _("Your password is changed; wherever else you were logged in, you no longer are."))
        return redirect("profile")
    return render(request, "web/entry/password.html", {"form": form, "section": "profile"})
