"""Searching the history: drafts that were never started and batches of the ledger, as one list, newest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.forms import TextInput
from django.utils.translation import gettext_lazy
from django_filters import ChoiceFilter, FilterSet

from batch.ledger.orm.models import Batch, Movement
from batch.ledger.orm.queries import lines_named
from batch.ledger.protocol import BatchLine
from batch.model import BatchState
from batch.validation.amounts import read_amount
from batch.web.accounts.known import tokens_of_email
from batch.web.filters import DayFilter, TextFilter
from batch.web.models import Draft, DraftRow, Version
from batch.wording import state_word

Key = tuple[datetime, str, str]
"""An entry before it is loaded: when it was made, whether it is a draft or a batch, and which one."""


def _list_states() -> list[tuple[str, str]]:
    return [(state.value, state_word(state)) for state in BatchState]


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
        return drafts.filter(person | file | self.has_row(Q(token__in=[text, *tokens_of_email(text)])))

    def has_row(self, wanted: Q) -> Exists:
        """Tell whether a draft has such a row."""
        return Exists(DraftRow.objects.filter(wanted, version__draft=OuterRef("pk")))


class BatchFilter(HistoryFilter):
    """The same of batches."""

    def filter_text(self, batches: QuerySet[Batch], _name: str, text: str) -> QuerySet[Batch]:
        """Keep those that name it: themselves, a file, a person, a token."""
        named = Q(name__icontains=text) | Q(file_name__icontains=text) | Q(people__icontains=text)
        return batches.filter(named | self.has_row(Q(token__in=[text, *tokens_of_email(text)])))

    def has_row(self, wanted: Q) -> Q:
        """Tell whether a batch has such a row."""
        # Not row by row of each batch: the database finds them once, by an index.
        return Q(name__in=Movement.objects.filter(wanted).values("batch"))


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


def list_keys(drafts: QuerySet[Draft], batches: QuerySet[Batch]) -> list[Key]:
    """Name all entries, newest first."""
    keys = [(at, "draft", str(key)) for key, at in drafts.values_list("id", "created_at")]
    keys += [(at, "batch", key) for key, at in batches.values_list("name", "created_at")]
    return sorted(keys, key=itemgetter(0, 2), reverse=True)


def load_entries(keys: Iterable[Key]) -> list[Entry]:
    """Load the entries of a page."""
    named = list(keys)
    versions = _versions_in_force([key for _at, kind, key in named if kind == "draft"])
    lines = lines_named([key for _at, kind, key in named if kind == "batch"])
    return [
        Entry(at, line=lines[key]) if kind == "batch" else Entry(at, versions[key].draft, versions[key])
        for at, kind, key in named
        if key in (lines if kind == "batch" else versions)
    ]


def _versions_in_force(drafts: list[str]) -> dict[str, Version]:
    """The version of each draft that counts, by the draft; without the files' bytes."""
    versions = Version.objects.filter(draft_id__in=drafts, number=F("draft__version"))
    found = versions.select_related("draft__created_by", "file").defer("file__data")
    return {str(version.draft_id): version for version in found}
