"""Approving, rejecting and withdrawing: the pages' side. The rules are `approving`, the records `decisions`."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from batch.errors import CreditbatchError, UsageError
from batch.language import _
from batch.web.access import Role, needs, person_of, roles_of
from batch.web.audit import record
from batch.web.drafts.approving import what_changed
from batch.web.drafts.checking import recheck
from batch.web.drafts.decisions import approve as agree
from batch.web.drafts.decisions import is_fresh
from batch.web.drafts.decisions import reject as end
from batch.web.drafts.digest import Screen
from batch.web.drafts.finding import draft_in_force, refuse_old, refuse_scheduled
from batch.web.drafts.words import changed_sentence
from batch.web.entry.confirm import confirmed, refusal
from batch.web.models import Draft, Person
from batch.web.notifications import Event, notify


@require_POST
@needs(Role.APPROVER)
def approve(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Agree to exactly what was on the screen; balances that are old are read again first."""
    draft, version = draft_in_force(pk)
    person = person_of(request)
    seen = request.POST.get("screen", "")
    try:
        refuse_old(draft, request.POST)
        how = confirmed(person, request.POST)
        if how is None:
            raise UsageError(refusal(person))
        before = version.screen
        if not is_fresh(version) and recheck(version):
            record(request, "draft.changed_before_approval", str(pk))
            changes = what_changed(Screen.from_json(before), Screen.from_json(version.screen))
            raise UsageError(changed_sentence(changes))
        last = agree(draft, version, seen, person, how)
    except CreditbatchError as error:
        messages.error(request, str(error))
        return redirect("draft", pk)
    record(request, "draft.approved", str(pk), version=version.number, screen=seen, confirmed_with=how)
    if last:
        notify(Event.APPROVED, draft=draft)
        messages.success(request, _("Approved. It may be started now."))
    else:
        messages.success(request, _("Approved by you. Somebody else has to approve it as well."))
    return redirect("draft", pk)


@require_POST
@needs(Role.APPROVER, Role.PREPARER)
def reject(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """An approver says no, or a preparer takes back what they prepared. The reason is kept."""
    draft, version = draft_in_force(pk)
    person = person_of(request)
    try:
        refuse_old(draft, request.POST)
        if Role.APPROVER not in roles_of(person) and not is_author(draft, person):
            raise UsageError(_("Only an approver, or somebody who worked on it, can end this batch."))
        refuse_scheduled(draft)
        end(draft, version, person, request.POST.get("reason", ""))
    except CreditbatchError as error:
        messages.error(request, str(error))
    else:
        record(request, "draft.rejected", str(pk), reason=request.POST.get("reason", "").strip()[:200])
        messages.success(request, _("Ended. Nothing was sent, and nothing will be."))
    return redirect("draft", pk)


def is_author(draft: Draft, person: Person) -> bool:
    """Whether the person uploaded it or made any of its versions."""
    return draft.created_by_id == person.pk or draft.versions.filter(created_by=person).exists()
