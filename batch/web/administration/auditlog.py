"""The audit log: searched by person, action, day and subject, and exported."""

from __future__ import annotations

import io
from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from django_filters import ChoiceFilter, FilterSet, ModelChoiceFilter

from batch.delimited import harmless, write_csv
from batch.language import Language, _, language, speaking
from batch.web.access import Role, needs
from batch.web.administration.wording import ACTIONS, action_words, particulars_words
from batch.web.audit import record
from batch.web.filters import DayFilter, TextFilter
from batch.web.models import AuditEntry, Person
from batch.web.pagination import paginate

_AT_ONCE = 500


def _list_actions() -> list[tuple[str, str]]:
    return sorted(((code, _(words)) for code, words in ACTIONS.items()), key=itemgetter(1))


class AuditFilter(FilterSet):  # type: ignore[misc]
    """What the log is searched by."""

    person = ModelChoiceFilter(
        label=gettext_lazy("Person"),
        queryset=Person.objects.order_by("username"),
        to_field_name="username",
        empty_label=gettext_lazy("Anybody"),
    )
    action = ChoiceFilter(label=gettext_lazy("Action"), choices=_list_actions, empty_label=gettext_lazy("Any"))
    since = DayFilter("at", "gte", label=gettext_lazy("From"))
    until = DayFilter("at", "lt", label=gettext_lazy("To"))
    subject = TextFilter(lookup_expr="icontains", label=gettext_lazy("Subject holds"))


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
    found = _search(request)
    page = paginate(request, found.qs)
    context = {
        "filters": found.form,
        "page": page,
        "lines": map(Line, page.object_list),
        "section": "administration",
        "part": "log",
    }
    return render(request, "web/administration/log.html", context)


@needs(Role.ADMINISTRATOR)
@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """All that the search finds, as CSV; no cell of it runs as a formula."""
    entries = _search(request).qs
    record(request, "log.exported")
    response = StreamingHttpResponse(_csv(entries, language()), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-log-{timezone.now():%Y-%m-%d}.csv"'
    return response


def _search(request: HttpRequest) -> AuditFilter:
    return AuditFilter(request.GET, AuditEntry.objects.order_by("-at", "-pk"))


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
