"""The balances that the provider gave, as the database keeps them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from batch.ledger.facts import BalancesRead, Purpose
from batch.ledger.orm.models import Batch, Movement, Reading
from batch.ledger.protocol import LastBalance
from batch.model import Balances

AtBothEnds = Mapping[Purpose, Balances]
"""A batch's opening and closing balances, as far as they were read."""
_BATCHES_AT_ONCE = 20
_FEW = 500
"""Sub-accounts that are named in a question to the database; where there are more, all are asked for."""
_ENDS = [Purpose.OPENING.value, Purpose.CLOSING.value]


def readings_of(batch: str, fact: BalancesRead) -> Iterator[Reading]:
    """A reading of balances as lines of the table: the main account's and each sub-account's."""
    tokens: list[str | None] = [None, *fact.subaccounts]
    for token in tokens:
        balance = fact.main_balance if token is None else fact.subaccounts[token]
        yield Reading(batch_id=batch, at=fact.at, purpose=fact.purpose.value, token=token, balance=balance)


def at_both_ends(batch: Batch) -> AtBothEnds:
    """The newest opening and closing balances of every account."""
    found = Reading.objects.filter(batch=batch, purpose__in=_ENDS).order_by("at")
    return _newest(batch, found.values_list("purpose", "at", "token", "balance"))


def main_at_both_ends(batches: Iterable[Batch]) -> dict[str, AtBothEnds]:
    """The same for many batches, by their names, of the main account alone: what a list of batches needs."""
    kept = list(batches)
    found = Reading.objects.filter(batch__in=kept, token__isnull=True, purpose__in=_ENDS).order_by("at")
    read: defaultdict[str, list[tuple[str, datetime, str | None, Decimal]]] = defaultdict(list)
    for name, purpose, at, balance in found.values_list("batch_id", "purpose", "at", "balance"):
        read[name].append((purpose, at, None, balance))
    return {batch.name: _newest(batch, read[batch.name]) for batch in kept}


def _newest(batch: Batch, readings: Iterable[tuple[str, datetime, str | None, Decimal]]) -> AtBothEnds:
    """The newest reading of each purpose, of readings oldest first. What closed an earlier run does not close this."""
    times: dict[str, datetime] = {}
    found: defaultdict[str, dict[str | None, Decimal]] = defaultdict(dict)
    for purpose, at, token, balance in readings:
        if purpose == Purpose.CLOSING.value and batch.running_at is not None and at < batch.running_at:
            continue
        if times.get(purpose) != at:
            times[purpose] = at
            found[purpose] = {}
        found[purpose][token] = balance
    return {
        Purpose(purpose): Balances(main, {token: held for token, held in balances.items() if token is not None}, at)
        for purpose, at in times.items()
        for balances in (found[purpose],)
        if (main := balances.get(None)) is not None
    }


def last_balances(account: int, tokens: Collection[str]) -> dict[str, LastBalance]:
    """The newest balances that the provider gave of these sub-accounts, in whichever batch of the account.

    The newest batches are asked first, and those before them only for what they do not tell.
    """
    names = list(Batch.objects.filter(account=account).order_by("-number").values_list("name", flat=True))
    found: dict[str, LastBalance] = {}
    left = set(tokens)
    for first in range(0, len(names), _BATCHES_AT_ONCE):
        if not left:
            break
        for token, told in _newest_of(names[first : first + _BATCHES_AT_ONCE], left).items():
            found[token] = told
            left.discard(token)
    return found


def _newest_of(batches: Sequence[str], tokens: Collection[str]) -> dict[str, LastBalance]:
    readings = Reading.objects.filter(batch__in=batches, token__isnull=False)
    answers = Movement.objects.filter(batch__in=batches, subaccount_balance__isnull=False, at__isnull=False)
    if len(tokens) <= _FEW:
        readings, answers = readings.filter(token__in=tokens), answers.filter(token__in=tokens)
    told = [
        *readings.values_list("at", "token", "balance").iterator(),
        *answers.values_list("at", "token", "subaccount_balance").iterator(),
    ]
    found: dict[str, LastBalance] = {}
    for at, token, balance in told:
        if at is None or balance is None or token is None or token not in tokens:
            continue
        if token not in found or found[token].at <= at:
            found[token] = LastBalance(balance, at)
    return found


def last_known(batch: str) -> dict[str | None, Decimal]:
    """The newest balance that the provider gave of each account (None: the main one), in a reading or in an answer."""
    found: dict[str | None, tuple[datetime, Decimal]] = {}
    for at, token, balance in _list_told(batch):
        if token not in found or found[token][0] <= at:
            found[token] = at, balance
    return {token: balance for token, (_at, balance) in found.items()}


def _list_told(batch: str) -> Iterator[tuple[datetime, str | None, Decimal]]:
    yield from Reading.objects.filter(batch=batch).values_list("at", "token", "balance")
    answered = Movement.objects.filter(batch=batch, main_balance__isnull=False, at__isnull=False)
    for at, token, main, subaccount in answered.values_list("at", "token", "main_balance", "subaccount_balance"):
        if at is not None and main is not None and subaccount is not None:
            yield at, None, main
            yield at, token, subaccount
