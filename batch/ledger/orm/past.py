"""What became of the rows of batches, found out by the database."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db.models import Count

from batch.ledger.orm.models import Event, Movement
from batch.model import Status
from batch.planning.resubmission import MovementKey

_FEW = 500
"""Sub-accounts that are named in a question to the database; where there are more, all are asked for."""


def done_movements(batches: Collection[str], tokens: Collection[str]) -> Mapping[str, Counter[MovementKey]]:
    """By batch, how often each movement for these sub-accounts was done or is in doubt."""
    rows = Movement.objects.filter(batch__in=batches, status__in=[Status.DONE.value, Status.UNKNOWN.value])
    if len(tokens) <= _FEW:
        rows = rows.filter(token__in=tokens)
    found: defaultdict[str, Counter[MovementKey]] = defaultdict(Counter)
    # Without an order of its own, the rows' order would be a part of the grouping.
    for batch, token, direction, amount, times in (
        rows.order_by().values_list("batch_id", "token", "direction", "amount").annotate(Count("pk")).iterator()
    ):
        if token is not None and direction is not None and amount is not None:
            found[batch][token, direction, amount] = times
    return found


def doubts_and_decisions(batch: str) -> Iterable[tuple[str, Any]]:
    """List what put rows in doubt by balances alone, and what people decided: kind and data, oldest first."""
    events = Event.objects.filter(batch=batch, kind__in=["row-doubted", "person-decided"])
    return events.order_by("number").values_list("kind", "data")
