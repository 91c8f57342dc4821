"""Approving, rejecting and withdrawing a draft: each in one transaction, by conditional updates, once."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from batch.errors import UsageError
from batch.finding_rules import RULES, Severity
from batch.language import _
from batch.runner.acceptance import REPEATED
from batch.web.access import Role, roles_of
from batch.web.drafts.approving import (
    Asker,
    Blocker,
    Limits,
    Standing,
    approvals_needed,
    blockers,
    hindrance,
    is_last,
    may_relax,
)
from batch.web.drafts.digest import Options, Screen
from batch.web.drafts.words import hindrance_sentence
from batch.web.models import Approval, Draft, DraftState, Person, SiteSettings, Version

FRESH = timedelta(minutes=3)
"""Balances older than this are read again before somebody approves."""
LONGEST_REASON = 1000


def find_standing(draft: Draft, version: Version, person: Person) -> tuple[Asker, Standing]:
    """Read how the rules see the person, and where the draft stands."""
    site = SiteSettings.current()
    active = Person.objects.filter(is_active=True).count() if not site.four_eyes else 0
    is_alone = may_relax(four_eyes=site.four_eyes, active_people=active)
    limits = Limits(site.row_limit, site.batch_limit)
    approvals = Approval.objects.filter(version=version, screen_digest=version.screen_digest).order_by("at", "id")
    return Asker(person.pk, Role.APPROVER in roles_of(person), is_alone), Standing(
        is_checked=draft.state == DraftState.CHECKED,
        authors=frozenset({draft.created_by_id, *draft.versions.values_list("created_by_id", flat=True)}),
        approvers=tuple(approvals.values_list("person_id", flat=True)),
        needed=approvals_needed(Screen.from_json(version.screen), version.largest, limits, is_alone=is_alone),
    )


def blockers_of(version: Version) -> tuple[Blocker, ...]:
    """What must be put right before anybody may approve it."""
    errors = {found["code"] for found in version.findings if RULES[found["code"]].severity is Severity.ERROR}
    options = Options.from_json(version.options)
    screen = Screen.from_json(version.screen)
    return blockers(screen, options, has_sheet_errors=bool(errors - {REPEATED}), is_repeated=REPEATED in errors)


def approve(draft: Draft, version: Version, seen: str, person: Person, confirmed_with: str) -> bool:
    """Record the person's agreement to what they saw. True if no more is needed: then the draft may be started.

    `UsageError` if they may not, or if it is no longer what they saw.
    """
    try:
        with transaction.atomic():
            _claim(draft, version)
            now = Version.objects.select_for_update().get(pk=version.pk)
            if now.screen_digest != seen:
                raise UsageError(_("What you saw has changed meanwhile: review it again."))
            if blockers_of(now):
                raise UsageError(_("It cannot be approved as it is: the sentence at the top says why."))
            asker, standing = find_standing(Draft.objects.get(pk=draft.pk), now, person)
            why = hindrance(asker, standing)
            if why:
                raise UsageError(hindrance_sentence(why))
            Approval.objects.create(version=now, person=person, screen_digest=seen, confirmed_with=confirmed_with)
            last = is_last(standing, person.pk)
            if last:
                Draft.objects.filter(pk=draft.pk).update(state=DraftState.APPROVED)
    except IntegrityError:
        raise UsageError(_("You have approved this already.")) from None
    return last


def reject(draft: Draft, version: Version, person: Person, reason: str) -> None:
    """End the draft, by an approver or by its preparer; `UsageError` if it was started or ended meanwhile."""
    said = reason.strip()
    if not said:
        raise UsageError(_("Say why: the reason is kept with the batch."))
    waiting = (DraftState.CHECKED, DraftState.APPROVED)
    mine = Draft.objects.filter(pk=draft.pk, version=version.number, state__in=waiting)
    ended = {"state": DraftState.REJECTED, "rejected_by": person, "rejected_at": timezone.now()}
    if mine.update(**ended, reject_reason=said[:LONGEST_REASON]) != 1:
        raise UsageError(_("Somebody else has changed this batch meanwhile: look at it again."))


def is_fresh(version: Version) -> bool:
    """Whether its balances are new enough to approve on."""
    return timezone.now() - version.checked_at <= FRESH


def _claim(draft: Draft, version: Version) -> None:
    """Nobody else decides on this draft until this transaction ends, on either kind of database."""
    mine = Draft.objects.filter(pk=draft.pk, version=version.number, state=DraftState.CHECKED)
    if mine.update(version=version.number) != 1:
        raise UsageError(_("Somebody else has changed this batch meanwhile: look at it again."))
