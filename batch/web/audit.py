"""Keep the audit log (what anyone did, when, from where), and mail people what concerns them."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Collection, Iterable, Iterator
from enum import StrEnum

from django.conf import settings
from django.core import mail
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from batch.i18n import N_, Language, _, use_language
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

    WAITS = "waits"
    APPROVED = "approved"
    FINISHED = "finished"
    NEEDS_DECISION = "needs-decision"
    START_FAILED = "start-failed"
    QUEUED = "queued"


_Reason = str | Callable[[], str]
_APPROVERS = Q(can_approve=True)
_BOTH = Q(can_approve=True) | Q(can_prepare=True)
_MAILS = {
    Occasion.WAITS: (
        _APPROVERS,
        N_("{name} waits for approval"),
        N_("The sheet {name} has been checked and waits for your approval."),
    ),
    Occasion.APPROVED: (
        _BOTH,
        N_("{name} is approved"),
        N_("The sheet {name} is approved and may be started. Nothing was sent yet."),
    ),
    Occasion.FINISHED: (_BOTH, N_("{name} is finished"), N_("The batch {name} is finished; its report is ready.")),
    Occasion.NEEDS_DECISION: (
        _APPROVERS,
        N_("{name} needs a decision"),
        N_("The batch {name} has stopped before its end, and a person must decide how it goes on."),
    ),
    Occasion.START_FAILED: (
        _BOTH,
        N_("{name} was not started"),
        N_("The sheet {name} was to be started, but was not. Nothing was sent."),
    ),
    Occasion.QUEUED: (
        _APPROVERS,
        N_("{name} waits for another batch"),
        N_("The sheet {name} was to be started, and waits until the batch before it has ended. Nothing was sent."),
    ),
}
"""Who is told, the subject and the sentence."""


def notify(
    event: Occasion, *, draft: Draft | None = None, batch: str = "", about: str = "", reason: _Reason = ""
) -> None:
    """Tell the people with the role concerned of a draft or, if that is named, a batch, once all is committed.

    `about` names the batch that a draft waits for: then the mail links to its page. `reason` may make its sentence in
    each person's language. Whoever prepared a draft is not asked to approve it.
    """
    if not settings.CREDITBATCH_HAS_MAIL:
        return
    people = Person.objects.filter(_MAILS[event][0], is_active=True).exclude(email="")
    if event is Occasion.WAITS and draft is not None:
        people = people.exclude(pk__in={draft.created_by_id, *draft.versions.values_list("created_by_id", flat=True)})
    name = batch or (draft and draft.versions.order_by("-number").values_list("file__name", flat=True).first()) or ""
    page = reverse("draft", args=[draft.pk]) if draft else reverse("home")
    if batch or about:
        page = reverse("batch", args=[batch or about])
    link = f"{get_site_address()}{page}"
    transaction.on_commit(lambda: _send(event, list(people), name, link, reason))


def get_site_address() -> str:
    """Return where people reach the site, without a slash at the end."""
    return str(settings.CREDITBATCH_SITE_URL) or "http://localhost:8000"


def _send(event: Occasion, people: Collection[Person], name: str, link: str, reason: _Reason) -> None:
    if people:
        send_mails(_make_messages(event, people, name, link, reason), name, event.value)


def send_mails(messages: Iterable[mail.EmailMessage], subject: str, event: str) -> None:
    """Send mails about a subject, and write down if they could not be sent."""
    try:
        mail.get_connection().send_messages(list(messages))
    except (OSError, smtplib.SMTPException) as error:
        # Only the kind of failure: a server's own words may repeat what it was sent.
        write_entry("mail.failed", subject, particulars={"event": event, "failure": type(error).__name__})


def _make_messages(
    event: Occasion, people: Collection[Person], name: str, link: str, reason: _Reason
) -> Iterator[mail.EmailMessage]:
    fallback = SiteSettings.load().language or Language.ENGLISH.value
    one_line = " ".join(name.split())
    _who, subject, sentence = _MAILS[event]
    footer = N_("You receive this because of your role in creditbatch; you choose your language at {link}.")
    for person in people:
        with use_language(Language(person.language or fallback)):
            paragraphs = (
                _("Hello {name},").format(name=person),
                _(sentence).format(name=one_line),
                reason() if callable(reason) else reason,
                link,
                _(footer).format(link=f"{get_site_address()}{reverse('profile')}"),
            )
            title, body = _(subject).format(name=one_line), "\n\n".join(filter(None, paragraphs))
        yield mail.EmailMessage(title, body, to=[person.email])
