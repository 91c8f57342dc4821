"""Show batches: the history with its search, one batch as it runs or has ended, one row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.forms import TextInput
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django_filters import ChoiceFilter, FilterSet

from batch.errors import LedgerError
from batch.i18n import _, format_number
from batch.ledger.orm.mappers import ROW, make_batch_row
from batch.ledger.orm.models import Batch, Movement
from batch.ledger.orm.queries import find_row, list_events, read_agreements, read_line, read_lines, read_progress
from batch.ledger.orm.store import DatabaseLedger
from batch.ledger.protocol import BatchLine
from batch.model import ENDED, BatchHead, BatchState, Status, Tally, name_state, name_status
from batch.money import ZERO
from batch.planning.reconciliation import Books
from batch.planning.settlement import collect_evidence, is_awaiting_person
from batch.report.agreements import list_controls, list_decisions, tell_options, tell_relaxed
from batch.report.result_labels import Teller
from batch.report.verdict import is_to_fix
from batch.settings import read_choices
from batch.validation.amounts import read_amount
from batch.web.access import Role, get_person, is_fragment, require_role
from batch.web.batches.deciding import find_decider_hindrance, find_decider_standing, find_proposal
from batch.web.batches.jobs import find_active_job, find_state, judge_batch, load_books
from batch.web.credentials import find_tokens
from batch.web.models import Draft, DraftRow, DraftState, Job, JobState, Version
from batch.web.presenters import (
    DayFilter,
    Pair,
    TextFilter,
    draw_balances_chart,
    draw_status_chart,
    make_headings,
    paginate,
)

Key = tuple[datetime, str, str]
"""An entry before it is loaded: when it was made, whether it is a draft or a batch, and which one."""


def _list_states() -> list[tuple[str, str]]:
    return [(state.value, name_state(state)) for state in BatchState]


class HistoryFilter(FilterSet):  # type: ignore[misc]
    """What drafts and batches are searched by."""

    q = TextFilter(method="filter_text", label=gettext_lazy("File, batch, token, email or person"))
    amount = TextFilter(
        method="filter_amount",
        label=gettext_lazy("Amount of a row"),
        max_length=30,
        widget=TextInput(attrs={"inputmode": "decimal"}),
    )
    state = ChoiceFilter(label=gettext_lazy("State"), choices=_list_states, empty_label=gettext_lazy("All"))
    since = DayFilter("created_at", "gte", label=gettext_lazy("From"))
    until = DayFilter("created_at", "lt", label=gettext_lazy("To"))

    def filter_amount(self, found: QuerySet[Any], _name: str, text: str) -> QuerySet[Any]:
        """Keep what has a row of that amount, read as in a sheet; nothing has one that cannot be read."""
        amount = read_amount(text).amount
        return found.none() if amount is None else found.filter(self.has_row(Q(amount=amount)))


class DraftFilter(HistoryFilter):
    """The same of drafts."""

    def filter_text(self, drafts: QuerySet[Draft], _name: str, text: str) -> QuerySet[Draft]:
        """Keep those that name it: a file, a person, a token."""
        person = Q(created_by__username__icontains=text) | Q(created_by__full_name__icontains=text)
        file = Exists(Version.objects.filter(draft=OuterRef("pk"), file__name__icontains=text))
        return drafts.filter(person | file | self.has_row(Q(token__in=[text, *find_tokens(text)])))

    def has_row(self, wanted: Q) -> Exists:
        return Exists(DraftRow.objects.filter(wanted, version__draft=OuterRef("pk")))


class BatchFilter(HistoryFilter):
    """The same of batches."""

    def filter_text(self, batches: QuerySet[Batch], _name: str, text: str) -> QuerySet[Batch]:
        """Keep those that name it: themselves, a file, a person, a token."""
        named = Q(name__icontains=text) | Q(file_name__icontains=text) | Q(people__icontains=text)
        return batches.filter(named | self.has_row(Q(token__in=[text, *find_tokens(text)])))

    def has_row(self, wanted: Q) -> Q:
        # Not row by row of each batch: the database finds them once, by an index.
        return Q(name__in=Movement.objects.filter(wanted).values("batch"))


def _list_keys(drafts: QuerySet[Draft], batches: QuerySet[Batch]) -> list[Key]:
    """Name all entries, newest first."""
    keys = [(at, "draft", str(key)) for key, at in drafts.values_list("id", "created_at")]
    keys += [(at, "batch", key) for key, at in batches.values_list("name", "created_at")]
    return sorted(keys, key=itemgetter(0, 2), reverse=True)


def _load_entries(keys: Sequence[Key]) -> list[tuple[datetime, BatchLine | None, Version | None]]:
    """Load the entries of a page: the line of a batch, or the version in force of a draft."""
    in_force = Version.objects.filter(
        number=F("draft__version"), draft__in=[key for _at, kind, key in keys if kind == "draft"]
    )
    in_force = in_force.select_related("draft__created_by", "file").defer("file__data")
    versions = {str(version.draft_id): version for version in in_force}
    lines = read_lines([key for _at, kind, key in keys if kind == "batch"])
    return [(at, lines.get(key), versions.get(key)) for at, _kind, key in keys if key in lines or key in versions]


@require_role(Role.VIEWER)
def show_history(request: HttpRequest) -> HttpResponseBase:
    """Show the list, newest first."""
    drafts = DraftFilter(request.GET, Draft.objects.exclude(state=DraftState.STARTED))
    batches = BatchFilter(request.GET, Batch.objects.all())
    page = paginate(request, _list_keys(drafts.qs, batches.qs))
    context = {"section": "history", "filters": batches.form, "page": page, "entries": _load_entries(list(page))}
    return render(request, "web/batches/history.html", context)


_SORTS = {"row": "position", "token": "token", "amount": "amount", "status": "status", "ended": "moved"}
_LAST_ROWS = 8
_IN_CHART = 10
_DIFFERENCES = 20


class BatchRowFilter(FilterSet):  # type: ignore[misc]
    """What the rows of a batch are searched by; offered are the statuses that there are."""

    status = ChoiceFilter(label=gettext_lazy("Status"), choices=[(each.value, each.value) for each in Status])
    token = TextFilter(lookup_expr="icontains", label=gettext_lazy("Token"))

    def __init__(self, data: QueryDict, line: BatchLine) -> None:
        moved = Movement.objects.annotate(moved=Coalesce("attempted_at", "at"))
        super().__init__(data, moved.filter(batch=line.head.batch))
        counted = ((each.value, name_status(each), line.tally.rows[each]) for each in Status)
        offered = [(value, f"{word} ({format_number(rows)})") for value, word, rows in counted if rows]
        self.form.fields["status"].widget.choices = [("", _("All")), *offered]


def require_line(batch: str) -> BatchLine:
    """Load the line of that batch; `Http404` if the ledger has none."""
    try:
        return read_line(batch)
    except LedgerError as error:
        raise Http404 from error


@require_role(Role.VIEWER)
def show_batch(request: HttpRequest, batch: str) -> HttpResponseBase:
    """Show the page, or the part of it that htmx asks for: `live` or `rows`."""
    if is_fragment(request) and request.headers.get("HX-Target") == "live":
        return _show_live(request, batch)
    line, job = require_line(batch), find_active_job(batch=batch)
    state = find_state(line.head, job)
    if is_fragment(request):
        context = {**_list_rows(request, line), "is_live": _is_live(state, job)}
        return render(request, "web/batches/_rows.html", context)
    return render(request, "web/batches/batch.html", _make_page_context(request, line, state, job))


@require_role(Role.VIEWER)
def show_row(request: HttpRequest, batch: str, row: int) -> HttpResponseBase:
    """Show one row: what was sent, what came back, what the balances say; with two buttons if it is in doubt."""
    line = require_line(batch)
    entry = find_row(batch, row)
    if entry is None:
        raise Http404
    is_idle = find_active_job(batch=batch) is None
    is_unknown, awaits_person = entry.result.status is Status.UNKNOWN, is_awaiting_person(entry.result)
    teller = Teller()
    context = {
        "section": "history",
        "head": line.head,
        "entry": entry,
        "events": [(event, teller.particulars(event.data)) for event in list_events(batch, row)],
        "is_doubtful": awaits_person and is_idle,
        "is_interrupted": is_unknown and not awaits_person and is_idle,
        "evidence": collect_evidence(DatabaseLedger().view(batch), entry) if is_unknown else (),
    }
    if awaits_person and is_idle:
        first = find_proposal(batch, entry)
        standing = find_decider_standing(batch, entry, get_person(request), first)
        context |= {"proposal": first, "why_not": find_decider_hindrance(standing)}
    return render(request, "web/batches/row.html", context)


def _make_page_context(request: HttpRequest, line: BatchLine, state: BatchState, job: Job | None) -> dict[str, Any]:
    head, tally = line.head, line.tally
    has_books = state in {BatchState.FINISHED, BatchState.ABANDONED, BatchState.STOPPED} and head.ended_at is not None
    books = load_books(head.batch or "") if has_books else None
    euros = [
        (status, name_status(status), tally.euros.get(status, ZERO)) for status in Status if tally.rows.get(status)
    ]
    return {
        "section": "history",
        **_make_live_context(head, tally, state, job, books),
        **_make_books_context(books),
        **_make_agreements_context(head.batch or ""),
        "draft": Draft.objects.filter(batch=head.batch).first(),
        "last_job": Job.objects.filter(batch=head.batch).order_by("-id").first(),
        "euros_by_status": euros,
        "status_chart": draw_status_chart(_("Euros by status"), euros),
        "can_resume": state is BatchState.STOPPED and job is None,
        "can_give_up": head.state not in ENDED and not _is_live(state, job) and not tally.rows[Status.UNKNOWN],
        "queued": Job.objects.filter(waits_for=head.batch, state=JobState.WAITING).select_related("draft"),
        "is_left": any(tally.rows[status] for status in Status if is_to_fix(head.state, status)),
        "period": read_choices(head.options).period,
        **_list_rows(request, line),
    }


def _make_agreements_context(batch: str) -> dict[str, Any]:
    """Give what was chosen, compared and decided, as it stands on the report's first page."""
    view = read_agreements(batch)
    return {
        "options": tell_options(view),
        "controls": list_controls(view),
        "decisions": list_decisions(view),
        "relaxed": tell_relaxed(view.head),
    }


def _show_live(request: HttpRequest, batch: str) -> HttpResponse:
    """Show how far it is. Once it has ended, the browser is told to load the whole page."""
    try:
        now = read_progress(batch, _LAST_ROWS)
    except LedgerError as error:
        raise Http404 from error
    job = find_active_job(batch=batch)
    state = find_state(now.head, job)
    context = _make_live_context(now.head, now.tally, state, job, None)
    context |= {"last": now.last, "is_update": state is BatchState.RUNNING}
    response = render(request, "web/batches/_live.html", context)
    if state is not BatchState.RUNNING and job is None:
        response["HX-Refresh"] = "true"
    return response


def _is_live(state: BatchState, job: Job | None) -> bool:
    """Tell whether somebody works on it, or is about to."""
    return job is not None or state is BatchState.RUNNING


def _make_live_context(
    head: BatchHead, tally: Tally, state: BatchState, job: Job | None, books: Books | None
) -> dict[str, Any]:
    """Say where the batch stands, and count what is done of a run under way, with its rate and the time left."""
    ended, left = tally.rows[Status.DONE] + tally.rows[Status.REFUSED], tally.rows[Status.PENDING]
    context = {
        "head": head,
        "tally": tally,
        "state": state,
        "job": job,
        "is_live": _is_live(state, job),
        "verdict": judge_batch(head, tally, state, books),
        "ended": ended,
        "to_send": ended + left + tally.rows[Status.UNKNOWN],
    }
    if job is not None and job.began_at is not None:
        now = timezone.now()
        seconds = (now - job.began_at).total_seconds()
        since = Movement.objects.filter(batch=head.batch, at__gte=job.began_at).count()
        if since and seconds > 0:
            context |= {"rate": since / seconds, "seconds_left": round(left * seconds / since)}
        context["waits"] = job.waiting_until is not None and job.waiting_until > now
    return context


def _list_rows(request: HttpRequest, line: BatchLine) -> dict[str, Any]:
    """List a page of the rows, as the address asks for it."""
    found = BatchRowFilter(request.GET, line)
    sort = request.GET.get("sort", "")
    chosen = sort if sort in _SORTS else "row"
    is_descending = request.GET.get("dir") == "desc"
    titles = {"row": _("Row"), "token": _("Token"), "amount": _("Amount"), "status": _("Status"), "ended": _("Time")}
    column = F(_SORTS[chosen])
    # What has no value yet is last.
    order = column.desc(nulls_last=True) if is_descending else column.asc(nulls_last=True)
    page = paginate(request, found.qs.order_by(order, "position").values_list(*ROW))
    return {
        "head": line.head,
        "filters": found.form,
        "rows": list(map(make_batch_row, page)),
        "page": page,
        "headings": make_headings(titles, chosen, is_descending=is_descending),
    }


def _make_books_context(books: Books | None) -> dict[str, Any]:
    """Give the books with the largest movements, and the largest differences that no movement explains."""
    if books is None:
        return {}
    touched = [(token, book) for token, book in books.subaccounts.items() if book.received or book.given]
    moved = sorted(touched, key=lambda item: (-(item[1].received + item[1].given), item[0]))[:_IN_CHART]
    differing = [(token, book) for token, book in books.subaccounts.items() if book.difference]
    pairs = [Pair(token, book.opening, book.closing) for token, book in moved]
    return {
        "books": books,
        "moved": moved,
        "balances_chart": draw_balances_chart(_("Balances before and after"), pairs),
        "differences": sorted(differing, key=lambda item: -abs(item[1].difference or ZERO))[:_DIFFERENCES],
    }
