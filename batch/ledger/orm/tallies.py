"""Counting rows and euros, in the database: the index that it counts by holds all that it needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, QuerySet, Sum

from batch.ledger.orm.models import Movement
from batch.model import Direction, Status, Tally
from batch.money import ZERO

NOTHING = Tally(dict.fromkeys(Status, 0), euros=dict.fromkeys(Status, ZERO))
"""The tally of a batch without rows."""


def tallies(names: Iterable[str]) -> dict[str, Tally]:
    """The tallies of these batches, in one question to the database."""
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for group in _groups(Movement.objects.filter(batch__in=list(names)), "batch_id"):
        found[group["batch_id"]].append(group)
    return {name: _tally(groups) for name, groups in found.items()}


def tally_of_rows(rows: QuerySet[Movement]) -> Tally:
    """The tally of some rows of one batch."""
    return _tally(_groups(rows))


def _groups(rows: QuerySet[Movement], *by: str) -> list[dict[str, Any]]:
    # Without an order of its own, the rows' order would be a part of the grouping.
    grouped = rows.order_by().values(*by, "status", "direction")
    return [dict(group) for group in grouped.annotate(rows=Count("pk"), euros=Sum("amount"))]


def _tally(groups: list[dict[str, Any]]) -> Tally:
    rows = dict.fromkeys(Status, 0)
    euros = dict.fromkeys(Status, ZERO)
    moved = {direction.value: ZERO for direction in Direction}
    for group in groups:
        status, amount = Status(group["status"]), group["euros"] or ZERO
        rows[status] += group["rows"]
        if group["direction"] not in moved:
            continue
        euros[status] += amount
        if status is Status.DONE:
            moved[group["direction"]] += amount
    return Tally(rows, moved[Direction.ADD.value], moved[Direction.REMOVE.value], euros)
