"""The home page: the main balance, asked for once a minute while nothing moves, and what waits for whom."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from django.db.models import Exists, F, Max, OuterRef, QuerySet, TextChoices
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from batch.errors import ProviderError, SettingsError
from batch.ledger.orm.models import Event
from batch.ledger.orm.queries import find_undecided_batches, list_newest_batches
from batch.model import BatchState
from batch.web import credentials
from batch.web.access import Role, find_roles, get_person, is_fragment, require_role
from batch.web.batches.jobs import find_state
from batch.web.models import Approval, Draft, DraftState, Job, JobState, Person, Version
from batch.web.rules import load_rules

_KEPT_SECONDS = 60.0
_READ_TIMEOUT = 4.0


@dataclass(frozen=True, slots=True)
class BalanceRead:
    """What the provider said, or why it could not be asked."""

    at: datetime
    name: str = ""
    balance: Decimal | None = None
    problem: str = ""
    address: str = ""


_kept: dict[tuple[str, str, int | None], tuple[float, BalanceRead]] = {}
_one_at_a_time = threading.Lock()


def read_main_balance() -> BalanceRead:
    """Read the balance, not older than a minute, than the connection in force, or than the newest event of the ledger;
    whoever changes these may be another process. Problems are not kept: the next look tries again.
    """
    now = datetime.now(UTC)
    with _one_at_a_time:
        try:
            api_url, key = credentials.load_connection()
            state = (api_url, key.compute_fingerprint(), Event.objects.aggregate(newest=Max("pk"))["newest"])
            kept = _kept.get(state)
            if kept and time.monotonic() - kept[0] < _KEPT_SECONDS:
                return kept[1]
            with credentials.open_connection(api_url, key, _READ_TIMEOUT) as client:
                account = client.fetch_main_account()
        except (ProviderError, SettingsError) as error:
            return BalanceRead(now, problem=str(error))
        read = BalanceRead(now, account.name, account.balance, address=api_url)
        _kept.clear()
        _kept[state] = time.monotonic(), read
        return read


_MOST = 50


class What(TextChoices):
    """What is to be done, the most urgent first."""

    DECIDE = "decide", gettext_lazy("To decide")
    RESUME = "resume", gettext_lazy("To resume")
    START = "start", gettext_lazy("To start")
    APPROVE = "approve", gettext_lazy("To approve")
    CORRECT = "correct", gettext_lazy("To correct")


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits, and whether it waits for the person who looks."""

    what: What
    name: str
    link: str
    at: datetime
    by: str
    for_me: bool
    version: Version | None = None
    batch: str = ""  # the batch that was begun and has not ended, which is resumed or given up
    behind: int = 0  # how many starts wait until it has ended


def list_waiting(person: Person) -> list[Waiting]:
    """List what waits: what this person can do first, and of that the most urgent first."""
    found = [*_find_stopped(person), *_find_drafts(person)]
    order = list(What)
    return sorted(found, key=lambda one: (not one.for_me, order.index(one.what), -one.at.timestamp()))


def _find_stopped(person: Person) -> Iterator[Waiting]:
    is_approver = Role.APPROVER in find_roles(person)
    states = (BatchState.STOPPED, BatchState.RUNNING, BatchState.APPROVED)
    worked_on = find_active_jobs()
    lines = list_newest_batches(_MOST, states=states)
    undecided = find_undecided_batches([str(line.head.batch) for line in lines])
    for line in lines:
        job = worked_on.get(str(line.head.batch))
        # Also one that was begun and whose worker died: nothing but a resumption brings it on.
        if job is None and find_state(line.head, None) is not BatchState.RUNNING:
            head = line.head
            yield Waiting(
                what=What.DECIDE if head.batch in undecided else What.RESUME,
                name=head.source.file_name,
                link=reverse("batch", args=[head.batch]),
                at=head.ended_at or head.created_at,
                by=head.people.prepared or "",
                for_me=is_approver,
                batch=str(head.batch),
                behind=Job.objects.filter(waits_for=head.batch, state=JobState.WAITING).count(),
            )


def find_active_jobs() -> dict[str, Job]:
    return {job.batch: job for job in Job.objects.exclude(state=JobState.ENDED).exclude(batch="")}


def _find_drafts(person: Person) -> Iterator[Waiting]:
    in_force = Version.objects.filter(number=F("draft__version")).select_related("draft__created_by", "file")
    in_force = in_force.defer("file__data", "screen", "findings", "forecast", "opening", "changes", "corrections")
    scheduled = Job.objects.filter(draft=OuterRef("draft")).exclude(state=JobState.ENDED)
    approved = in_force.filter(~Exists(scheduled), draft__state=DraftState.APPROVED)
    is_approver = Role.APPROVER in find_roles(person)
    for version in approved.order_by("-draft__created_at")[:_MOST]:
        yield _describe_draft(What.START, version, for_me=is_approver)
    mine = set(_find_approvable(person).values_list("pk", flat=True)) if is_approver else set()
    checked = in_force.filter(draft__state=DraftState.CHECKED)
    for version in checked.order_by("-draft__created_at")[:_MOST]:
        if version.invalid and version.draft.created_by_id == person.pk:
            yield _describe_draft(What.CORRECT, version, for_me=True)
        else:
            yield _describe_draft(What.APPROVE, version, for_me=version.draft_id in mine)


def _find_approvable(person: Person) -> QuerySet[Draft]:
    """Find what this approver may still approve: no draft that they had a hand in, unless they are alone."""
    drafts = Draft.objects.filter(state=DraftState.CHECKED)
    done = Approval.objects.filter(version__draft=OuterRef("pk"), version__number=OuterRef("version"), person=person)
    drafts = drafts.filter(~Exists(done))
    if load_rules().is_alone:
        return drafts
    own = Version.objects.filter(draft=OuterRef("pk"), created_by=person)
    return drafts.exclude(created_by=person).filter(~Exists(own))


def _describe_draft(what: What, version: Version, *, for_me: bool) -> Waiting:
    draft = version.draft
    link = reverse("draft", args=[draft.pk])
    return Waiting(what, version.file.name, link, draft.created_at, str(draft.created_by), for_me, version)


_LAST = 8


@require_role(Role.VIEWER)
@require_safe
def show_home(request: HttpRequest) -> HttpResponse:
    """Show the page; the balance comes after it, because the provider may be slow."""
    waiting = list_waiting(get_person(request))
    last, worked_on = list_newest_batches(_LAST), find_active_jobs()
    context = {
        "mine": [one for one in waiting if one.for_me],
        "others": [one for one in waiting if not one.for_me],
        "lines": [(line, find_state(line.head, worked_on.get(str(line.head.batch)))) for line in last],
        "section": "home",
        # Without JavaScript the balance is asked for by a link.
        "balance": read_main_balance() if "balance" in request.GET else None,
    }
    return render(request, "web/auth/home.html", context)


@require_role(Role.VIEWER)
@require_safe
def show_main_balance(request: HttpRequest) -> HttpResponse:
    if not is_fragment(request):
        return redirect("/?balance=1")
    return render(request, "web/auth/balance.html", {"balance": read_main_balance()})
