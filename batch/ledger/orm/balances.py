"""The balances that the provider gave, as the database keeps them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from batch.ledger.facts import BalancesRead, Purpose
from batch.ledger.orm.models import Batch, Movement, Reading
from batch.model import Balances
from batch.money import from_thousandths, to_thousandths

AtBothEnds = Mapping[Purpose, Balances]
"""A batch's opening and closing balances, as far as they were read."""
_ENDS = [Purpose.OPENING.value, Purpose.CLOSING.value]


def readings_of(batch: str, fact: BalancesRead) -> Iterator[Reading]:
    """A reading of balances as lines of the table: the main account's and each sub-account's."""
    tokens: list[str | None] = [None, *fact.subaccounts]
    for token in tokens:
        balance = fact.main_balance if token is None else fact.subaccounts[token]
        yield Reading(
            batch_id=batch, at=fact.at, purpose=fact.purpose.value, token=token, balance=to_thousandths(balance)
        )


def at_both_ends(batch: Batch) -> AtBothEnds:
    """The newest opening and closing balances of every account."""
    found = Reading.objects.filter(batch=batch, purpose__in=_ENDS).order_by("at")
    return _newest(batch, found.values_list("purpose", "at", "token", "balance"))


def main_at_both_ends(batches: Iterable[Batch]) -> dict[str, AtBothEnds]:
    """The same for many batches, by their names, of the main account alone: what a list of batches needs."""
    kept = list(batches)
    found = Reading.objects.filter(batch__in=kept, token__isnull=True, purpose__in=_ENDS).order_by("at")
    read: defaultdict[str, list[tuple[str, datetime, str | None, int]]] = defaultdict(list)
    for name, purpose, at, balance in found.values_list("batch_id", "purpose", "at", "balance"):
        read[name].append((purpose, at, None, balance))
    return {batch.name: _newest(batch, read[batch.name]) for batch in kept}


def _newest(batch: Batch, readings: Iterable[tuple[str, datetime, str | None, int]]) -> AtBothEnds:
    """The newest reading of each purpose, of readings oldest first. What closed an earlier run does not close this."""
    times: dict[str, datetime] = {}
    found: defaultdict[str, dict[str | None, Decimal]] = defaultdict(dict)
    for purpose, at, token, balance in readings:
        if purpose == Purpose.CLOSING.value and batch.running_at is not None and at < batch.running_at:
            continue
        if times.get(purpose) != at:
            times[purpose] = at
            found[purpose] = {}
        found[purpose][token] = from_thousandths(balance)
    return {
        Purpose(purpose): Balances(main, {token: held for token, held in balances.items() if token is not None}, at)
        for purpose, at in times.items()
        for balances in (found[purpose],)
        if (main := balances.get(None)) is not None
    }


def last_known(batch: str) -> dict[str | None, Decimal]:
    """The newest balance that the provider gave of each account (None: the main one), in a reading or in an answer."""
    found: list[tuple[datetime, str | None, int]] = list(
        Reading.objects.filter(batch=batch).values_list("at", "token", "balance")
    )
    answered = Movement.objects.filter(batch=batch, main_balance__isnull=False, at__isnull=False)
    for at, token, main, subaccount in answered.values_list("at", "token", "main_balance", "subaccount_balance"):
        if at is not None and main is not None and subaccount is not None:
            found += [(at, None, main), (at, token, subaccount)]
    found.sort(key=lambda entry: entry[0])
    return {token: from_thousandths(balance) for _, token, balance in found}
