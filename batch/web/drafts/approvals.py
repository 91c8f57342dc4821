"""Approving and rejecting a draft, and the sentences for it: verdicts, what is in the way, what has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import IntegrityError, transaction
from django.http import Http404, QueryDict
from django.shortcuts import get_object_or_404
from django.utils import timezone

from batch.errors import UsageError
from batch.finding_rules import RULES, Severity
from batch.i18n import _, format_euros, format_number, ngettext
from batch.report.verdict import Mood
from batch.runner.acceptance import REPEATED, Obstacle
from batch.web.access import Role, find_roles
from batch.web.audit import Occasion, notify
from batch.web.drafts.approval_policy import (
    ApprovalLimits,
    Asker,
    Blocker,
    Change,
    Hindrance,
    Options,
    Screen,
    Standing,
    count_needed_approvals,
    decide_blockers,
    find_hindrance,
    is_last,
    may_relax,
)
from batch.web.drafts.versions import Foreseen
from batch.web.models import Approval, Draft, DraftState, Job, JobState, Person, SiteSettings, Version

if TYPE_CHECKING:
    from batch.web.models import Draft, Version


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence at the top of a page, the one below it, and how to take it."""

    sentence: str
    more: str
    mood: Mood


def format_obstacle(obstacle: Obstacle) -> str:
    """Say why it is not run as it is, and what to do."""
    match obstacle:
        case Obstacle.SHEET_ERRORS:
            return _("The sheet as a whole has errors: correct them first.")
        case Obstacle.INVALID_ROWS:
            return _("Some rows have errors: correct them, or choose to leave those rows out.")
        case Obstacle.NOTHING_TO_SEND:
            return _("There is no row that can be sent.")
        case Obstacle.WOULD_BE_REFUSED:
            return _("Some rows would be refused: top up the main account first, or choose to send the others only.")


def format_blocker(blocker: Blocker, version: Version) -> str:
    """Say what must be put right first, with its figures."""
    match blocker:
        case Blocker.NOT_CHECKED:
            return _("The provider could not be asked, so neither the sub-accounts nor the credit are checked.")
        case Blocker.INVALID_ROWS:
            return ngettext(
                "{rows} row has an error: correct it, or choose below to leave it out.",
                "{rows} rows have errors: correct them, or choose below to leave those rows out.",
                version.invalid,
            ).format(rows=format_number(version.invalid))
        case Blocker.WOULD_BE_REFUSED:
            return _format_refusals(version)
        case Blocker.ALREADY_RUN:
            return _("This list was run before, as is said below: to pay it a second time, say so there and why.")
        case Blocker.SHEET_ERRORS | Blocker.NOTHING_TO_SEND:
            return format_obstacle(Obstacle(blocker.value))


def _format_refusals(version: Version) -> str:
    screen = version.screen
    sentence = ngettext(
        "By the forecast {rows} row would be refused.",
        "By the forecast {rows} rows would be refused.",
        screen["refused"],
    ).format(rows=format_number(screen["refused"]))
    if screen["top_up"]:
        return _(
            "{what} Top up the main account by at least {amount}, or choose below to send the others only."
        ).format(what=sentence, amount=format_euros(Decimal(screen["top_up"])))
    return _("{what} Correct those rows, or choose below to send the others only.").format(what=sentence)


def format_hindrance(hindrance: Hindrance) -> str:
    """Say why a person may not approve."""
    match hindrance:
        case Hindrance.NOT_AN_APPROVER:
            return _("Only approvers approve; your role does not include it.")
        case Hindrance.OWN_WORK:
            return _("You have worked on this sheet yourself, so somebody else has to approve it (four eyes).")
        case Hindrance.ALREADY:
            return _("You have approved this already.")
        case Hindrance.STATE:
            return _("It does not wait for approval any more.")


def format_change(change: Change) -> str:
    """Say what is different from what was on the screen."""
    match change:
        case Change.MOVEMENTS:
            return _("other rows would be sent")
        case Change.FORECAST:
            return _("the provider can be asked again, or cannot be asked any more")
        case Change.REFUSALS:
            return _("other rows would be refused")
        case Change.TOP_UP:
            return _("another amount is to be topped up")
        case Change.FINDINGS:
            return _("the findings about the sheet as a whole are others")


def format_changes(changes: Sequence[Change]) -> str:
    """Say why it must be reviewed again."""
    what = "; ".join(map(format_change, changes))
    return _("Balances have changed, and with them what you saw: {what}. Review it again.").format(what=what)


def format_origin(made_by: str) -> str:
    """Say what was done to come to a version."""
    words = {
        "upload": _("uploaded"),
        "file": _("corrected file uploaded"),
        "correction": _("cell corrected"),
        "reading": _("read in another way"),
        "options": _("choice for the run"),
        "rest": _("made of what was not done"),
    }
    return words.get(made_by, made_by)


def make_verdict(draft: Draft, version: Version, found: Sequence[Blocker]) -> Said:
    """Say where the draft stands, in one sentence."""
    if draft.state == "rejected":
        by = draft.rejected_by
        sentence = _("Rejected by {who}; nothing was sent.").format(who=by)
        if by is not None and by.pk == draft.created_by_id:
            sentence = _("Withdrawn by {who}; nothing was sent.").format(who=by)
        return Said(sentence, draft.reject_reason, Mood.BAD)
    if draft.state == "started":
        return Said(_("Started: it is batch {batch}.").format(batch=draft.batch), "", Mood.OPEN)
    if draft.state == "approved":
        return Said(_("Approved: it may be started. Nothing was sent yet."), format_outcome(version), Mood.GOOD)
    if found:
        more = " ".join(format_blocker(blocker, version) for blocker in found)
        return Said(_("Not ready for approval. Nothing was sent."), more, Mood.BAD)
    mood = Mood.ATTENTION if version.invalid or version.screen["refused"] else Mood.GOOD
    return Said(_("Ready for approval. Nothing was sent yet."), format_outcome(version), mood)


def format_outcome(version: Version) -> str:
    """Say what would be done and left out; nothing where there is no forecast."""
    refused, foreseen = version.screen["refused"], Foreseen.from_version(version)
    if foreseen is None:
        return ""
    done = version.movements - refused
    parts = [
        ngettext(
            "{rows} row would be done and leave {balance} on the main account.",
            "{rows} rows would be done and leave {balance} on the main account.",
            done,
        ).format(rows=format_number(done), balance=format_euros(foreseen.after))
    ]
    if version.invalid:
        parts.append(
            ngettext(
                "{rows} row with an error is left out.", "{rows} rows with errors are left out.", version.invalid
            ).format(rows=format_number(version.invalid))
        )
    if refused:
        parts.append(
            ngettext("{rows} row would be refused.", "{rows} rows would be refused.", refused).format(
                rows=format_number(refused)
            )
        )
    return " ".join(parts)


def load_draft(pk: UUID) -> tuple[Draft, Version]:
    """Load the draft and its version in force; 404 if there is none."""
    draft = get_object_or_404(Draft.objects.select_related("created_by", "rejected_by"), pk=pk)
    version = Version.objects.select_related("file", "created_by", "draft").defer("file__data")
    found = version.filter(draft=draft, number=draft.version).first()
    if found is None:
        raise Http404
    return draft, found


def refuse_stale_form(draft: Draft, posted: QueryDict) -> None:
    """Refuse a form of a version that is not in force any more, with a `UsageError`."""
    if draft.state not in {DraftState.CHECKED, DraftState.APPROVED}:
        raise UsageError(_("This batch was started or has ended: nothing can be changed any more."))
    if posted.get("version") != str(draft.version):
        raise UsageError(
            _("Somebody has changed this batch since you opened the page. Nothing was saved: look at it again.")
        )


def refuse_scheduled(draft: Draft) -> None:
    """Refuse to change what is about to start, with a `UsageError`."""
    if Job.objects.filter(draft=draft).exclude(state=JobState.ENDED).exists():
        raise UsageError(_("This batch is about to start: take the start back before you change anything."))


FRESH = timedelta(minutes=3)
"""Balances older than this are read again before somebody approves."""
LONGEST_REASON = 1000


def find_standing(draft: Draft, version: Version, person: Person) -> tuple[Asker, Standing]:
    """Read how the rules see the person, and where the draft stands."""
    site = SiteSettings.load()
    active = Person.objects.filter(is_active=True).count() if not site.four_eyes else 0
    is_alone = may_relax(four_eyes=site.four_eyes, active_people=active)
    limits = ApprovalLimits(site.row_limit, site.batch_limit)
    approvals = Approval.objects.filter(version=version, screen_digest=version.screen_digest).order_by("at", "id")
    return Asker(person.pk, Role.APPROVER in find_roles(person), is_alone), Standing(
        is_checked=draft.state == DraftState.CHECKED,
        authors=frozenset({draft.created_by_id, *draft.versions.values_list("created_by_id", flat=True)}),
        approvers=tuple(approvals.values_list("person_id", flat=True)),
        needed=count_needed_approvals(Screen.from_json(version.screen), version.largest, limits, is_alone=is_alone),
    )


def find_blockers(version: Version) -> tuple[Blocker, ...]:
    """Find what must be put right before anybody may approve it."""
    errors = {found["code"] for found in version.findings if RULES[found["code"]].severity is Severity.ERROR}
    options = Options.from_json(version.options)
    screen = Screen.from_json(version.screen)
    return decide_blockers(screen, options, has_sheet_errors=bool(errors - {REPEATED}), is_repeated=REPEATED in errors)


def approve(draft: Draft, version: Version, seen: str, person: Person, confirmed_with: str) -> bool:
    """Record the agreement to what was seen; True if that is enough. `UsageError` if they may not or it has changed."""
    try:
        with transaction.atomic():
            _claim(draft, version)
            now = Version.objects.select_for_update().get(pk=version.pk)
            if now.screen_digest != seen:
                raise UsageError(_("What you saw has changed meanwhile: review it again."))
            if find_blockers(now):
                raise UsageError(_("It cannot be approved as it is: the sentence at the top says why."))
            asker, standing = find_standing(Draft.objects.get(pk=draft.pk), now, person)
            why = find_hindrance(asker, standing)
            if why:
                raise UsageError(format_hindrance(why))
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
    """Tell whether its balances are new enough to approve on."""
    return timezone.now() - version.checked_at <= FRESH


def _claim(draft: Draft, version: Version) -> None:
    """Keep everybody else from deciding until this transaction ends, on either kind of database."""
    mine = Draft.objects.filter(pk=draft.pk, version=version.number, state=DraftState.CHECKED)
    if mine.update(version=version.number) != 1:
        raise UsageError(_("Somebody else has changed this batch meanwhile: look at it again."))


def tell_if_ready(draft: Draft, version: Version) -> None:
    """Tell those who may approve, once nothing is in the way."""
    if not find_blockers(version):
        notify(Occasion.WAITS, draft=draft)
