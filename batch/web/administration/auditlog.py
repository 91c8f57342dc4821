"""The audit log: searched by person, action, day and subject, and exported."""

from __future__ import annotations

import io
from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from batch.delimited import harmless, write_csv
from batch.language import Language, _, language, speaking
from batch.web.access import Role, needs
from batch.web.administration.wording import ACTIONS, action_words, particulars_words
from batch.web.audit import record
from batch.web.filters import start_of_day
from batch.web.listing import PAGE, listing, offset
from batch.web.models import AuditEntry, Person

_AT_ONCE = 500
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched for, as it was written; empty is anything."""

    person: str
    action: str
    since: str
    until: str
    subject: str

    @classmethod
    def of(cls, request: HttpRequest) -> Wanted:
        """From the address of the page."""
        names = ("person", "action", "since", "until", "subject")
        return cls(*(request.GET.get(name, "").replace("\0", "").strip()[:_LONGEST] for name in names))


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as it is shown."""

    entry: AuditEntry

    @property
    def action(self) -> str:
        """What was done."""
        return action_words(self.entry.action)

    @property
    def particulars(self) -> str:
        """How."""
        return particulars_words(self.entry.particulars)

    @property
    def who(self) -> str:
        """Who did it."""
        return self.entry.who or _("the site")


@needs(Role.ADMINISTRATOR)
@require_safe
def auditlog(request: HttpRequest) -> HttpResponse:
    """A page of it, the newest first."""
    wanted = Wanted.of(request)
    entries = _entries(wanted)
    matching = entries.count()
    shown = [Line(entry) for entry in entries[offset(request) : offset(request) + PAGE]]
    actions = sorted(((code, _(words)) for code, words in ACTIONS.items()), key=lambda pair: pair[1])
    context = {
        "wanted": wanted,
        "lines": shown,
        "actions": actions,
        "people": Person.objects.order_by("username"),
        "listing": listing(request, matching, len(shown)),
        "query": request.GET.urlencode(),
        "section": "administration",
        "part": "log",
    }
    return render(request, "web/administration/log.html", context)


@needs(Role.ADMINISTRATOR)
@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """All that the search finds, as CSV; no cell of it runs as a formula."""
    entries = _entries(Wanted.of(request))
    record(request, "log.exported")
    response = StreamingHttpResponse(_csv(entries, language()), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-log-{timezone.now():%Y-%m-%d}.csv"'
    return response


def _entries(wanted: Wanted) -> QuerySet[AuditEntry]:
    entries = AuditEntry.objects.order_by("-at", "-pk")
    if wanted.person:
        entries = entries.filter(Q(person__username=wanted.person) | Q(who=wanted.person))
    if wanted.action:
        entries = entries.filter(action=wanted.action)
    if wanted.subject:
        entries = entries.filter(subject__icontains=wanted.subject)
    since, until = _day(wanted.since), _day(wanted.until, 1)
    if since:
        entries = entries.filter(at__gte=since)
    if until:
        entries = entries.filter(at__lt=until)
    return entries


def _day(text: str, more: int = 0) -> datetime | None:
    """The beginning of the day, or of one that comes so many later; None for what is no day."""
    try:
        return start_of_day(date.fromisoformat(text), more)
    except ValueError:
        return None


def _csv(entries: QuerySet[AuditEntry], spoken: Language) -> Iterator[bytes]:
    """In pieces; the language is chosen anew for each, because the page's is gone by the time they are sent."""
    with speaking(spoken):
        head = _bytes([[_("Time"), _("Who"), _("Action"), _("What"), _("Subject"), _("Particulars"), _("Address")]])
    yield head
    found = entries.iterator(_AT_ONCE)
    while piece := list(islice(found, _AT_ONCE)):
        with speaking(spoken):
            lines = _bytes([_line(entry) for entry in piece]).removeprefix(BOM_UTF8)
        yield lines


def _line(entry: AuditEntry) -> list[str]:
    line = Line(entry)
    at = entry.at.astimezone().isoformat(timespec="seconds")
    cells = [at, line.who, entry.action, line.action, entry.subject, line.particulars, entry.address]
    return [harmless(cell) for cell in cells]


def _bytes(lines: list[list[str]]) -> bytes:
    buffer = io.BytesIO()
    write_csv(buffer, lines)
    return buffer.getvalue()
