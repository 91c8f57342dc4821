"""Keep the audit log (what anyone did, when, from where), and mail people what concerns them."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.core import mail
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from batch.i18n import Language, _, use_language
from batch.web.models import AuditEntry, Draft, Person, SiteSettings


def record(request: HttpRequest, action: str, subject: str = "", **particulars: object) -> None:
    """Write down what the person of this request did: never a secret, never a password, never a whole file."""
    person = request.user if isinstance(request.user, Person) else None
    write_entry(action, subject, person=person, address=request.META.get("REMOTE_ADDR", ""), particulars=particulars)


def write_entry(
    action: str,
    subject: str = "",
    *,
    person: Person | None = None,
    address: str = "",
    particulars: dict[str, object] | None = None,
) -> None:
    """Write an entry where there is no request: in the worker and the scheduler. Without a person the site did it."""
    AuditEntry.objects.create(
        person=person,
        who=str(person) if person else "",
        action=action,
        subject=subject[:200],
        particulars=particulars or {},
        address=address[:64],
    )


class Occasion(StrEnum):
    """What people are told of."""

    WAITS = "waits"  # a draft waits for approval
    APPROVED = "approved"  # a draft has all its approvals and may be started
    FINISHED = "finished"
    NEEDS_DECISION = "needs-decision"  # a batch stopped before its end
    START_FAILED = "start-failed"  # an approved draft could not be started
    QUEUED = "queued"  # a start waits for a batch that was begun before it


_Reason = str | Callable[[], str]
_APPROVERS = Q(can_approve=True)
_BOTH = Q(can_approve=True) | Q(can_prepare=True)
_CONCERNED = {
    Occasion.WAITS: _APPROVERS,
    Occasion.APPROVED: _BOTH,
    Occasion.FINISHED: _BOTH,
    Occasion.NEEDS_DECISION: _APPROVERS,
    Occasion.START_FAILED: _BOTH,
    Occasion.QUEUED: _APPROVERS,
}


@dataclass(frozen=True, slots=True)
class _Told:
    """What a mail is about."""

    name: str
    link: str
    reason: _Reason


def notify(
    event: Occasion, *, draft: Draft | None = None, batch: str = "", about: str = "", reason: _Reason = ""
) -> None:
    """Tell the people with the role concerned, once what they are told of is committed.

    It is about a draft or, if that is named, a batch; `reason` is a sentence about it, or makes one in the language of
    the person who is written to. `about` names the batch that a draft waits for: then the mail links to its page.
    Whoever prepared a draft is not asked to approve it. A mail that cannot be sent is written in the audit log.
    """
    if not settings.CREDITBATCH_HAS_MAIL:
        return
    people = Person.objects.filter(_CONCERNED[event], is_active=True).exclude(email="")
    if event is Occasion.WAITS and draft is not None:
        people = people.exclude(pk__in={draft.created_by_id, *draft.versions.values_list("created_by_id", flat=True)})
    told = _Told(batch or _find_sheet_name(draft), f"{get_site_address()}{_find_page(draft, batch or about)}", reason)
    transaction.on_commit(lambda: _send(event, list(people), told))


def get_site_address() -> str:
    """Return where people reach the site, without a slash at the end."""
    return str(settings.CREDITBATCH_SITE_URL) or "http://127.0.0.1:8000"


def _find_sheet_name(draft: Draft | None) -> str:
    names = draft.versions.order_by("-number").values_list("file__name", flat=True) if draft else None
    return (names.first() if names is not None else None) or ""


def _find_page(draft: Draft | None, batch: str) -> str:
    if batch:
        return reverse("batch", args=[batch])
    return reverse("draft", args=[draft.pk]) if draft else reverse("home")


def _send(event: Occasion, people: Collection[Person], told: _Told) -> None:
    if not people:
        return
    try:
        mail.get_connection().send_messages(list(_make_messages(event, people, told)))
    except (OSError, smtplib.SMTPException) as error:
        # Only the kind of failure: a server's own words may repeat what it was sent.
        write_entry("mail.failed", told.name, particulars={"event": event.value, "failure": type(error).__name__})


def _make_messages(event: Occasion, people: Collection[Person], told: _Told) -> Iterator[mail.EmailMessage]:
    site = SiteSettings.objects.first()
    fallback = (site.language if site else "") or Language.ENGLISH.value
    one_line = " ".join(told.name.split())
    for person in people:
        with use_language(Language(person.language or fallback)):
            subject, sentence = _choose_words(event)
            paragraphs = (
                _("Hello {name},").format(name=person),
                sentence.format(name=one_line),
                told.reason() if callable(told.reason) else told.reason,
                told.link,
            )
            body = "\n\n".join(filter(None, (*paragraphs, _format_footer())))
        yield mail.EmailMessage(subject.format(name=one_line), body, to=[person.email])


def _choose_words(event: Occasion) -> tuple[str, str]:
    match event:
        case Occasion.WAITS:
            return _("{name} waits for approval"), _("The sheet {name} has been checked and waits for your approval.")
        case Occasion.APPROVED:
            return _("{name} is approved"), _("The sheet {name} is approved and may be started. Nothing was sent yet.")
        case Occasion.FINISHED:
            return _("{name} is finished"), _("The batch {name} is finished; its report is ready.")
        case Occasion.NEEDS_DECISION:
            return _("{name} needs a decision"), _(
                "The batch {name} has stopped before its end, and a person must decide how it goes on."
            )
        case Occasion.START_FAILED:
            return _("{name} was not started"), _("The sheet {name} was to be started, but was not. Nothing was sent.")
        case Occasion.QUEUED:
            return _("{name} waits for another batch"), _(
                "The sheet {name} was to be started, and waits until the batch before it has ended. Nothing was sent."
            )


def _format_footer() -> str:
    sentence = _("You receive this because of your role in creditbatch; you choose your language at {link}.")
    return sentence.format(link=f"{get_site_address()}{reverse('profile')}")
