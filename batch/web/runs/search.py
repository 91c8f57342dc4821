"""Searching the history: drafts that were never started and batches of the ledger, as one list, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from batch.ledger.orm.models import Batch, Movement
from batch.ledger.orm.queries import lines_named
from batch.ledger.protocol import BatchLine
from batch.model import BatchState
from batch.money import to_thousandths
from batch.rules.amounts import read_amount
from batch.web.accounts.known import tokens_of_email
from batch.web.filters import start_of_day
from batch.web.models import Draft, DraftRow, DraftState, Version
from batch.wording import state_word

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched for, as it was written; empty is anything."""

    text: str = ""
    amount: str = ""
    state: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Wanted:
        """From the address of the page."""
        names = {"text": "q", "amount": "amount", "state": "state", "since": "since", "until": "until"}
        return cls(**{field: parameters.get(name, "").strip()[:_LONGEST] for field, name in names.items()})

    @property
    def states(self) -> list[tuple[str, str, bool]]:
        """The states to choose from: value, word, whether it is chosen."""
        return [(state.value, state_word(state), state.value == self.state) for state in BatchState]

    @property
    def is_anything(self) -> bool:
        """Whether nothing is searched for."""
        return self == Wanted()

    @property
    def thousandths(self) -> int | None:
        """The amount, read as in a sheet; None if there is none, and -1 (which no amount is) if it cannot be read."""
        if not self.amount:
            return None
        amount = read_amount(self.amount).amount
        return -1 if amount is None else to_thousandths(amount)

    @property
    def days(self) -> tuple[datetime | None, datetime | None]:
        """From the beginning of the first day to the end of the last, in this machine's zone."""
        return _day(self.since), _day(self.until, 1)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the history: a draft, or a batch with its tally."""

    created_at: datetime
    draft: Draft | None = None
    version: Version | None = None
    line: BatchLine | None = None

    @property
    def state(self) -> BatchState:
        """Where it stands."""
        if self.line:
            return self.line.head.state
        return BatchState(self.draft.state) if self.draft else BatchState.CHECKED


def found_entries(wanted: Wanted, offset: int, limit: int) -> tuple[list[Entry], int]:
    """The entries of one page, and how many there are on all."""
    drafts, batches = _drafts(wanted), _batches(wanted)
    keys: list[tuple[datetime, str, object]] = [
        (at, "draft", key) for key, at in drafts.values_list("id", "created_at")
    ]
    keys += [(at, "batch", key) for key, at in batches.values_list("name", "created_at")]
    keys.sort(key=lambda key: (key[0], str(key[2])), reverse=True)
    page = keys[offset : offset + limit]
    versions = _versions_in_force([str(key) for _at, kind, key in page if kind == "draft"])
    lines = lines_named([str(key) for _at, kind, key in page if kind == "batch"])
    entries = [
        Entry(at, line=lines[str(key)])
        if kind == "batch"
        else Entry(at, draft=versions[str(key)].draft, version=versions[str(key)])
        for at, kind, key in page
        if str(key) in (lines if kind == "batch" else versions)
    ]
    return entries, len(keys)


def _versions_in_force(drafts: list[str]) -> dict[str, Version]:
    """The version of each draft that counts, by the draft; without the files' bytes."""
    versions = Version.objects.filter(draft_id__in=drafts, number=F("draft__version"))
    found = versions.select_related("draft__created_by", "file").defer("file__data")
    return {str(version.draft_id): version for version in found}


def _drafts(wanted: Wanted) -> QuerySet[Draft]:
    drafts = Draft.objects.exclude(state=DraftState.STARTED)
    if wanted.state:
        drafts = drafts.filter(state=wanted.state)
    if wanted.text:
        text, tokens = wanted.text, tokens_of_email(wanted.text)
        rows = DraftRow.objects.filter(version__draft=OuterRef("pk")).filter(Q(token=text) | Q(token__in=tokens))
        person = Q(created_by__username__icontains=text) | Q(created_by__full_name__icontains=text)
        file = Exists(Version.objects.filter(draft=OuterRef("pk"), file__name__icontains=text))
        drafts = drafts.filter(person | file | Exists(rows))
    if wanted.thousandths is not None:
        drafts = drafts.filter(
            Exists(DraftRow.objects.filter(version__draft=OuterRef("pk"), amount=wanted.thousandths))
        )
    return _within(drafts, wanted)


def _batches(wanted: Wanted) -> QuerySet[Batch]:
    batches = Batch.objects.all()
    if wanted.state:
        batches = batches.filter(state=wanted.state)
    if wanted.text:
        text, tokens = wanted.text, tokens_of_email(wanted.text)
        # Not row by row of each batch: the database finds the rows of a token by its index, once.
        rows = Movement.objects.filter(token__in=[text, *tokens]).values("batch")
        named = Q(name__icontains=text) | Q(file_name__icontains=text) | Q(people__icontains=text)
        batches = batches.filter(named | Q(name__in=rows))
    if wanted.thousandths is not None:
        batches = batches.filter(name__in=Movement.objects.filter(amount=wanted.thousandths).values("batch"))
    return _within(batches, wanted)


def _within(found: QuerySet[Any], wanted: Wanted) -> QuerySet[Any]:
    since, until = wanted.days
    if since:
        found = found.filter(created_at__gte=since)
    return found.filter(created_at__lt=until) if until else found


def _day(text: str, more: int = 0) -> datetime | None:
    """The beginning of the day, or of one that comes so many later; None for what is no day."""
    try:
        return start_of_day(date.fromisoformat(text), more)
    except ValueError:
        return None
