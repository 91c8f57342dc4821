"""Approving and rejecting a draft, and the sentences for it: verdicts, what is in the way, what has changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import QueryDict
from django.shortcuts import get_object_or_404
from django.utils import timezone

from batch.errors import UsageError
from batch.finding_rules import RULES, Severity
from batch.i18n import _, format_euros, format_number, ngettext
from batch.report.agreements import SAME_PERSON
from batch.report.verdict import Mood
from batch.runner.acceptance import REPEATED, Obstacle
from batch.web.access import Role, find_roles
from batch.web.audit import Occasion, notify
from batch.web.drafts.approval_policy import (
    Holder,
    Options,
    Screen,
    Standing,
    count_needed_approvals,
    find_hindrance,
    find_lapse,
    list_relaxations,
)
from batch.web.drafts.versions import OPEN, Foreseen, change_draft
from batch.web.models import Approval, Draft, DraftState, Job, JobState, Person, Version
from batch.web.rules import RulesInForce, load_rules


def format_obstacle(obstacle: Obstacle) -> str:
    """Say why it is not run as it is, and what to do."""
    return {
        Obstacle.SHEET_ERRORS: _("The sheet as a whole has errors: correct them first."),
        Obstacle.INVALID_ROWS: _("Some rows have errors: correct them, or choose to leave those rows out."),
        Obstacle.NOTHING_TO_SEND: _("There is no row that can be sent."),
        Obstacle.WOULD_BE_REFUSED: _(
            "Some rows would be refused: top up the main account first, or choose to send the others only."
        ),
    }[obstacle]


def list_blockers(screen: Screen, options: Options, *, has_sheet_errors: bool, is_repeated: bool) -> list[str]:
    """Say all that must be put right first, by the same rules as the command line's."""
    invalid = ngettext(
        "{rows} row has an error: correct it, or choose below to leave it out.",
        "{rows} rows have errors: correct them, or choose below to leave those rows out.",
        screen.invalid,
    )
    found = {
        _(
            "The provider could not be asked, so neither the sub-accounts nor the credit are checked."
        ): not screen.is_forecast,
        format_obstacle(Obstacle.SHEET_ERRORS): has_sheet_errors,
        invalid.format(rows=format_number(screen.invalid)): screen.invalid and not options.skip_invalid,
        format_obstacle(Obstacle.NOTHING_TO_SEND): screen.movements == 0,
        _format_refusals(screen): screen.refused and not options.partial,
        _("This list was run before, as is said below: to pay it a second time, say so there and why."): is_repeated,
    }
    return [blocker for blocker, is_there in found.items() if is_there]


def _format_refusals(screen: Screen) -> str:
    refused = ngettext(
        "By the forecast {rows} row would be refused.", "By the forecast {rows} rows would be refused.", screen.refused
    ).format(rows=format_number(screen.refused))
    if screen.top_up:
        advice = _("{what} Top up the main account by at least {amount}, or choose below to send the others only.")
    else:
        advice = _("{what} Correct those rows, or choose below to send the others only.")
    return advice.format(what=refused, amount=format_euros(Decimal(screen.top_up)))


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


def make_verdict(draft: Draft, version: Version, blockers: Sequence[str]) -> tuple[str, str, Mood]:
    """Say where the draft stands: in one sentence, in the one below it, and how to take it."""
    match draft.state:
        case DraftState.REJECTED:
            is_own = draft.rejected_by_id == draft.created_by_id
            sentence = (
                _("Withdrawn by {who}; nothing was sent.") if is_own else _("Rejected by {who}; nothing was sent.")
            )
            return sentence.format(who=draft.rejected_by), draft.reject_reason, Mood.BAD
        case DraftState.STARTED:
            return _("Started: it is batch {batch}.").format(batch=draft.batch), "", Mood.OPEN
        case DraftState.APPROVED:
            return _("Approved: it may be started. Nothing was sent yet."), _format_outcome(version), Mood.GOOD
    if blockers:
        return _("Not ready for approval. Nothing was sent."), " ".join(blockers), Mood.BAD
    mood = Mood.ATTENTION if version.invalid or version.screen["refused"] else Mood.GOOD
    return _("Ready for approval. Nothing was sent yet."), _format_outcome(version), mood


def _format_outcome(version: Version) -> str:
    """Say what would be done and left out; nothing where there is no forecast."""
    invalid, refused, foreseen = version.invalid, version.screen["refused"], Foreseen.from_version(version)
    if foreseen is None:
        return ""
    done = version.movements - refused
    left = ngettext(
        "{rows} row would be done and leave {balance} on the main account.",
        "{rows} rows would be done and leave {balance} on the main account.",
        done,
    )
    parts = [left.format(rows=format_number(done), balance=format_euros(foreseen.after))]
    if invalid:
        told = ngettext("{rows} row with an error is left out.", "{rows} rows with errors are left out.", invalid)
        parts.append(told.format(rows=format_number(invalid)))
    if refused:
        told = ngettext("{rows} row would be refused.", "{rows} rows would be refused.", refused)
        parts.append(told.format(rows=format_number(refused)))
    return " ".join(parts)


def load_draft(pk: UUID) -> tuple[Draft, Version]:
    """Load the draft and its version in force; 404 if there is none."""
    draft = get_object_or_404(Draft.objects.select_related("created_by", "rejected_by"), pk=pk)
    version = Version.objects.select_related("file", "created_by", "draft").defer("file__data")
    return draft, get_object_or_404(version, draft=draft, number=draft.version)


def refuse_stale_form(draft: Draft, posted: QueryDict) -> None:
    """Refuse a form of a version that is not in force any more, with a `UsageError`."""
    if draft.state not in OPEN:
        raise UsageError(_("This batch was started or has ended: nothing can be changed any more."))
    if posted.get("version") != str(draft.version):
        raise UsageError(
            _("Somebody has changed this batch since you opened the page. Nothing was saved: look at it again.")
        )


def refuse_scheduled(draft: Draft) -> None:
    """Refuse to change what is about to start, with a `UsageError`."""
    if Job.objects.filter(draft=draft).exclude(state=JobState.ENDED).exists():
        raise UsageError(_("This batch is about to start: take the start back before you change anything."))


FRESH = timedelta(minutes=3)  # balances older than this are read again before somebody approves
_LONGEST_REASON = 1000


def is_author(draft: Draft, person: Person) -> bool:
    """Tell whether the person uploaded it or made any of its versions."""
    return draft.created_by_id == person.pk or draft.versions.filter(created_by=person).exists()


def find_approvals(version: Version) -> QuerySet[Approval]:
    """Find who has approved what is on the screen, in that order."""
    found = Approval.objects.filter(version=version, screen_digest=version.screen_digest)
    return found.select_related("person").order_by("at", "id")


def find_standing(draft: Draft, version: Version, person: Person, rules: RulesInForce) -> Standing:
    """Read where the draft stands, and the person with it."""
    approvers = find_approvals(version).values_list("person_id", flat=True)
    return Standing(
        is_checked=draft.state == DraftState.CHECKED,
        is_approver=Role.APPROVER in find_roles(person),
        is_author=is_author(draft, person),
        is_alone=rules.is_alone,
        has_approved=person.pk in approvers,
        approvals=len(approvers),
        needed=count_needed_approvals(version, rules),
    )


def find_blockers(version: Version) -> list[str]:
    """Say what must be put right before anybody may approve it."""
    errors = {found["code"] for found in version.findings if RULES[found["code"]].severity is Severity.ERROR}
    options, screen = Options.from_json(version.options), Screen.from_json(version.screen)
    return list_blockers(screen, options, has_sheet_errors=bool(errors - {REPEATED}), is_repeated=REPEATED in errors)


def approve(draft: Draft, version: Version, seen: str, person: Person, confirmed_with: str) -> bool:
    """Record the agreement to what was seen; True if that is enough. `UsageError` if they may not or it has changed."""
    with transaction.atomic():
        # Keeps everybody else from deciding until this transaction ends, on either kind of database.
        change_draft(draft.pk, version.number, [DraftState.CHECKED])
        now = Version.objects.select_for_update().get(pk=version.pk)
        if now.screen_digest != seen:
            raise UsageError(_("What you saw has changed meanwhile: review it again."))
        if find_blockers(now):
            raise UsageError(_("It cannot be approved as it is: the sentence at the top says why."))
        # As they are now: somebody may have changed their role since the page was asked for.
        person = Person.objects.get(pk=person.pk)
        rules = load_rules()
        standing = find_standing(Draft.objects.get(pk=draft.pk), now, person, rules)
        if why := find_hindrance(standing):
            raise UsageError(why)
        relaxed = list_relaxations(now, rules, is_author=standing.is_author)
        given = {"screen_digest": seen, "confirmed_with": confirmed_with, "relaxed": relaxed}
        Approval.objects.update_or_create(version=now, person=person, defaults=given)
        is_last = find_approvals(now).count() >= standing.needed
        if is_last:
            Draft.objects.filter(pk=draft.pk).update(state=DraftState.APPROVED)
    return is_last


def find_approval_lapse(draft: Draft, version: Version) -> str:
    """Say why an approved draft may not be started any more, by the rules and people of now; empty if it may."""
    holders = [
        Holder(str(approval.person), Role.APPROVER in find_roles(approval.person), is_author(draft, approval.person))
        for approval in find_approvals(version)
    ]
    rules = load_rules()
    return find_lapse(holders, count_needed_approvals(version, rules), is_alone=rules.is_alone)


def find_relaxations(draft: Draft, version: Version) -> tuple[str, ...]:
    """Find which rules were relaxed for those who approved it, as codes; also where they have a hand in it since."""
    given = find_approvals(version)
    relaxed = {code for approval in given for code in approval.relaxed}
    if any(is_author(draft, approval.person) for approval in given):
        relaxed.add(SAME_PERSON)
    return tuple(sorted(relaxed))


def send_back(draft: Draft, version: Version) -> None:
    """Let an approved draft wait for approval once more."""
    with transaction.atomic():
        if Draft.objects.filter(id=draft.id, state=DraftState.APPROVED).update(state=DraftState.CHECKED):
            Approval.objects.filter(version=version).delete()


def reject(draft: Draft, version: Version, person: Person, reason: str) -> None:
    """End the draft, by an approver or by its preparer; `UsageError` if it was started or ended meanwhile."""
    if not reason:
        raise UsageError(_("Say why: the reason is kept with the batch."))
    ended = {"state": DraftState.REJECTED, "rejected_by": person, "rejected_at": timezone.now()}
    change_draft(draft.pk, version.number, OPEN, **ended, reject_reason=reason[:_LONGEST_REASON])


def tell_account(version: Version) -> str:
    """Tell for which account it was checked."""
    words = Screen.from_json(version.screen).account_words
    return _("It is for the account {account}.").format(account=words) if words else ""


def tell_if_ready(version: Version) -> None:
    """Tell those who may approve, once nothing is in the way."""
    if not find_blockers(version):
        notify(Occasion.WAITS, draft=version.draft, reason=lambda: tell_account(version))
