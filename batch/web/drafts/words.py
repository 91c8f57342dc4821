"""What the review says in sentences: verdicts, what is in the way, what has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from batch.euros_shown import euros
from batch.language import _, ngettext, number
from batch.report.verdict import Mood
from batch.runner.acceptance import Obstacle
from batch.web.drafts.approving import Blocker, Change, Hindrance
from batch.web.drafts.figures import Foreseen

if TYPE_CHECKING:
    from batch.web.models import Draft, Version


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence at the top of a page, the one below it, and how to take it."""

    sentence: str
    more: str
    mood: Mood


def obstacle_sentence(obstacle: Obstacle) -> str:
    """Why it is not run as it is, and what to do."""
    match obstacle:
        case Obstacle.SHEET_ERRORS:
            return _("The sheet as a whole has errors: correct them first.")
        case Obstacle.INVALID_ROWS:
            return _("Some rows have errors: correct them, or choose to leave those rows out.")
        case Obstacle.NOTHING_TO_SEND:
            return _("There is no row that can be sent.")
        case Obstacle.WOULD_BE_REFUSED:
            return _("Some rows would be refused: top up the main account first, or choose to send the others only.")


def blocker_sentence(blocker: Blocker, version: Version) -> str:
    """What must be put right first, with its figures."""
    match blocker:
        case Blocker.NOT_CHECKED:
            return _("The provider could not be asked, so neither the sub-accounts nor the credit are checked.")
        case Blocker.INVALID_ROWS:
            return ngettext(
                "{rows} row has an error: correct it, or choose below to leave it out.",
                "{rows} rows have errors: correct them, or choose below to leave those rows out.",
                version.invalid,
            ).format(rows=number(version.invalid))
        case Blocker.WOULD_BE_REFUSED:
            return _refused(version)
        case Blocker.ALREADY_RUN:
            return _("This list was run before, as is said below: to pay it a second time, say so there and why.")
        case Blocker.SHEET_ERRORS | Blocker.NOTHING_TO_SEND:
            return obstacle_sentence(Obstacle(blocker.value))


def _refused(version: Version) -> str:
    screen = version.screen
    sentence = ngettext(
        "By the forecast {rows} row would be refused.",
        "By the forecast {rows} rows would be refused.",
        screen["refused"],
    ).format(rows=number(screen["refused"]))
    if screen["top_up"]:
        return _(
            "{what} Top up the main account by at least {amount}, or choose below to send the others only."
        ).format(what=sentence, amount=euros(Decimal(screen["top_up"])))
    return _("{what} Correct those rows, or choose below to send the others only.").format(what=sentence)


def hindrance_sentence(hindrance: Hindrance) -> str:
    """Why a person may not approve."""
    match hindrance:
        case Hindrance.NOT_AN_APPROVER:
            return _("Only approvers approve; your role does not include it.")
        case Hindrance.OWN_WORK:
            return _("You have worked on this sheet yourself, so somebody else has to approve it (four eyes).")
        case Hindrance.ALREADY:
            return _("You have approved this already.")
        case Hindrance.STATE:
            return _("It does not wait for approval any more.")


def change_sentence(change: Change) -> str:
    """What is different from what was on the screen."""
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


def changed_sentence(changes: Sequence[Change]) -> str:
    """Why it must be reviewed again."""
    what = "; ".join(map(change_sentence, changes))
    return _("Balances have changed, and with them what you saw: {what}. Review it again.").format(what=what)


def made_word(made_by: str) -> str:
    """What was done to come to a version."""
    words = {
        "upload": _("uploaded"),
        "file": _("corrected file uploaded"),
        "correction": _("cell corrected"),
        "reading": _("read in another way"),
        "options": _("choice for the run"),
        "rest": _("made of what was not done"),
    }
    return words.get(made_by, made_by)


def verdict(draft: Draft, version: Version, found: Sequence[Blocker]) -> Said:
    """Where the draft stands, in one sentence."""
    if draft.state == "rejected":
        by = draft.rejected_by
        sentence = _("Rejected by {who}; nothing was sent.").format(who=by)
        if by is not None and by.pk == draft.created_by_id:
            sentence = _("Withdrawn by {who}; nothing was sent.").format(who=by)
        return Said(sentence, draft.reject_reason, Mood.BAD)
    if draft.state == "started":
        return Said(_("Started: it is batch {batch}.").format(batch=draft.batch), "", Mood.OPEN)
    if draft.state == "approved":
        return Said(_("Approved: it may be started. Nothing was sent yet."), would_be(version), Mood.GOOD)
    if found:
        more = " ".join(blocker_sentence(blocker, version) for blocker in found)
        return Said(_("Not ready for approval. Nothing was sent."), more, Mood.BAD)
    mood = Mood.ATTENTION if version.invalid or version.screen["refused"] else Mood.GOOD
    return Said(_("Ready for approval. Nothing was sent yet."), would_be(version), mood)


def would_be(version: Version) -> str:
    """What would be done, and what would be left out."""
    refused, foreseen = version.screen["refused"], Foreseen.of(version)
    if foreseen is None:
        return ""
    done = version.movements - refused
    parts = [
        ngettext(
            "{rows} row would be done and leave {balance} on the main account.",
            "{rows} rows would be done and leave {balance} on the main account.",
            done,
        ).format(rows=number(done), balance=euros(foreseen.after))
    ]
    if version.invalid:
        parts.append(
            ngettext(
                "{rows} row with an error is left out.", "{rows} rows with errors are left out.", version.invalid
            ).format(rows=number(version.invalid))
        )
    if refused:
        parts.append(
            ngettext("{rows} row would be refused.", "{rows} rows would be refused.", refused).format(
                rows=number(refused)
            )
        )
    return " ".join(parts)
