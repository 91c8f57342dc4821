"""The pages of the audit log, in words; the log itself keeps the codes, which are the same in every language."""

from __future__ import annotations

import io
from codecs import BOM_UTF8
from collections.abc import Iterator
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

from batch.files import escape_formula, write_csv
from batch.i18n import N_, Language, _, format_euros, get_language, use_language
from batch.money import from_thousandths
from batch.web.access import Role, require_role
from batch.web.audit import record
from batch.web.models import AuditEntry, Person
from batch.web.presenters import DayFilter, TextFilter, paginate
from batch.zone import localize

ACTIONS = {
    "authenticator.enrolled": N_("enrolled a second factor"),
    "authenticator.removed": N_("removed their second factor"),
    "authenticator.reset": N_("removed somebody's second factor"), "batch.abandoned": N_("gave a batch up"),
    "batch.decided": N_("decided about a row in doubt"), "batch.downloaded": N_("downloaded a file of a batch"),
    "batch.proposed": N_("decided first about a row in doubt"),
    "batch.resumed": N_("resumed a batch"), "batch.stopped": N_("asked a batch to stop"),
    "confirmation.failed": N_("entered a wrong confirmation"),
    "confirmation.given": N_("confirmed that it was them"), "connection.changed": N_("changed the connection"),
    "connection.refused": N_("entered a key that the provider refused"),
    "connection.tested": N_("tested the connection"), "draft.approved": N_("approved a draft"),
    "draft.changed_before_approval": N_("approved a draft that had changed, which did not count"),
    "draft.checked": N_("checked a draft again"), "draft.corrected": N_("corrected a cell of a draft"),
    "draft.file_replaced": N_("replaced the file of a draft"),
    "draft.made_of_rest": N_("made a draft of what is not done"), "draft.options": N_("changed the options of a draft"),
    "draft.read_anew": N_("changed how a draft's sheet is read"), "draft.rejected": N_("rejected or withdrew a draft"),
    "draft.sent_back": N_("was to start a draft that has to be approved again"),
    "draft.started": N_("started a draft"), "draft.unscheduled": N_("took back a start"),
    "draft.upload_refused": N_("uploaded a file that was refused"), "draft.uploaded": N_("uploaded a sheet"),
    "limits.confirmed": N_("confirmed raised limits"),
    "link.made": N_("made a one-time link"), "link.used": N_("used a one-time link"),
    "log.exported": N_("exported the audit log"), "login.done": N_("logged in"), "login.failed": N_("failed to log in"),
    "logout.done": N_("logged out"), "mail.failed": N_("mail could not be sent"),
    "password.changed": N_("changed their password"), "person.added": N_("added a person"),
    "person.changed": N_("changed a person"), "profile.changed": N_("changed their own settings"),
    "recovery.renewed": N_("made new recovery codes"), "session.ended": N_("ended sessions of their own"),
    "settings.changed": N_("changed the settings"),
}  # fmt: skip
_AMOUNTS = {"row_limit", "batch_limit", "asked_row_limit", "asked_batch_limit"}
"""Kept in thousandths of a euro."""


def format_action(action: str) -> str:
    """Say what somebody did; the code itself where there are no words."""
    return _(ACTIONS[action]) if action in ACTIONS else action


def format_particulars(particulars: dict[str, object]) -> str:
    return "; ".join(
        f"{name}: {_format_value(value, is_amount=name in _AMOUNTS)}" for name, value in particulars.items()
    )


def _format_value(value: object, *, is_amount: bool = False) -> str:
    match value:
        case [before, after]:
            return f"{_format_value(before, is_amount=is_amount)} → {_format_value(after, is_amount=is_amount)}"
        case list():
            return ", ".join(map(_format_value, value))
        case bool():
            return _("yes") if value else _("no")
        case None | "":
            return "–"
        case int() if is_amount:
            return format_euros(from_thousandths(value))
        case _:
            return str(value)


_AT_ONCE = 500


def _list_actions() -> list[tuple[str, str]]:
    return sorted(((code, _(words)) for code, words in ACTIONS.items()), key=itemgetter(1))


class AuditFilter(FilterSet):  # type: ignore[misc]
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


def _describe(entry: AuditEntry) -> dict[str, str]:
    return {
        "who": entry.who or _("the site"),
        "action": format_action(entry.action),
        "particulars": format_particulars(entry.particulars),
    }


@require_role(Role.ADMINISTRATOR)
@require_safe
def show_audit_log(request: HttpRequest) -> HttpResponse:
    found = _search(request)
    page = paginate(request, found.qs)
    lines = [{"entry": entry, **_describe(entry)} for entry in page.object_list]
    context = {"filters": found.form, "page": page, "lines": lines, "section": "administration", "part": "log"}
    return render(request, "web/administration/log.html", context)


@require_role(Role.ADMINISTRATOR)
@require_safe
def export_log(request: HttpRequest) -> HttpResponseBase:
    """Export all that the search finds, as CSV; no cell of it runs as a formula."""
    entries = _search(request).qs
    record(request, "log.exported")
    response = StreamingHttpResponse(_stream_csv(entries, get_language()), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-log-{localize(timezone.now()):%Y-%m-%d}.csv"'
    return response


def _search(request: HttpRequest) -> AuditFilter:
    return AuditFilter(request.GET, AuditEntry.objects.order_by("-at", "-pk"))


def _stream_csv(entries: QuerySet[AuditEntry], spoken: Language) -> Iterator[bytes]:
    """Write in pieces; each chooses the language anew, because the page's is gone by the time they are sent."""
    with use_language(spoken):
        head = _encode_lines(
            [[_("Time"), _("Who"), _("Action"), _("What"), _("Subject"), _("Particulars"), _("Address")]]
        )
    yield head
    found = entries.iterator(_AT_ONCE)
    while piece := list(islice(found, _AT_ONCE)):
        with use_language(spoken):
            lines = _encode_lines([_format_line(entry) for entry in piece]).removeprefix(BOM_UTF8)
        yield lines


def _format_line(entry: AuditEntry) -> list[str]:
    line, at = _describe(entry), localize(entry.at).isoformat(timespec="seconds")
    cells = [at, line["who"], entry.action, line["action"], entry.subject, line["particulars"], entry.address]
    return [escape_formula(cell) for cell in cells]


def _encode_lines(lines: list[list[str]]) -> bytes:
    buffer = io.BytesIO()
    write_csv(buffer, lines)
    return buffer.getvalue()
