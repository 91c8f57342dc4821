"""What became of the rows of batches, found out by the database."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping

from django.db.models import Count

from batch.ledger.orm.models import Event, Movement
from batch.model import BatchRow, Status
from batch.rules.repetition import MovementKey

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


def doubted_rows(batch: str, rows: Collection[BatchRow]) -> frozenset[int]:
    """Numbers of the rows that are in doubt by the balances alone, and that nobody has decided about since."""
    unknown = {entry.row.number: entry.result.attempts for entry in rows if entry.result.status is Status.UNKNOWN}
    if not unknown:
        return frozenset()
    doubts = Event.objects.filter(batch=batch, kind="row-doubted").values_list("data", flat=True)
    return frozenset(data["row"] for data in doubts if unknown.get(data["row"]) == data["attempt"])
