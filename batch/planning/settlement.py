"""Settling a doubt by the balances, the evidence for a person, and readings that lag.

A provider that answers questions from a copy may be seconds behind its own answers to movements.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from batch.i18n import N_, _
from batch.model import BatchRow, BatchView, Direction, RowResult, Status
from batch.money import CENT, ZERO
from batch.notes import make_note

_SPENT = Decimal("0.1")  # of an amount, so much at most is spent between the reading and the answer


@dataclass(frozen=True, slots=True)
class Done:
    """A movement known to be done: when its answer came (seconds), and what it brought its sub-account."""

    at: float
    token: str
    brought: Decimal


def is_lagging(held: Decimal, known: Decimal, brought: Iterable[Decimal]) -> bool:
    """Tell whether a balance contradicts the movements that are known to be done.

    `known` is what the account held after the last of them, and `brought` what each brought it, the newest first. A
    balance from before one of them has not seen what came and went since, nor what was spent since.
    """
    unseen = ZERO
    for change in brought:
        unseen -= change
        most_spent = _SPENT * abs(unseen) + CENT
        if abs(unseen) > CENT < abs(held - known) and -CENT <= held - known - unseen <= most_spent:
            return True
    return False


_THAT_DOUBT = 2  # readings that put a row in doubt
FOR_A_PERSON = (make_note("untold"), make_note("settled-missing"), make_note("changed-elsewhere"))


@dataclass(frozen=True, slots=True)
class Observation:
    """The two balances at one moment, and where they come from; None where that does not tell."""

    what: str
    at: datetime
    main: Decimal | None
    subaccount: Decimal | None


def is_awaiting_person(result: RowResult) -> bool:
    """Tell whether a person has to decide: settling the doubt has failed, or what it found must be agreed to."""
    # Any other row in doubt was interrupted: nobody can know better than the balances, which `resume` will read.
    return result.status is Status.UNKNOWN and result.note in FOR_A_PERSON


def is_unconfirmed_refusal(result: RowResult) -> bool:
    """Tell whether a refusal that is no proof was believed after one look, which later balances have to confirm."""
    return result.status is Status.REFUSED and result.note is not None and result.note.code == "seen-missing"


def is_account_refusal(result: RowResult) -> bool:
    """Tell whether its refusal was about the account and not about the row: it may be sent when that is put right."""
    told = result.note
    return result.status is Status.REFUSED and told is not None and told.params.get("refuses") == "account"


def collect_evidence(view: BatchView, entry: BatchRow) -> list[Observation]:
    """Collect the balances before the attempt, the readings since, and the answers of later rows of its sub-account.

    Of a row that balances put in doubt: those, and the readings since.
    """
    row, token = entry.row.number, entry.row.token
    found: list[Observation] = []
    read: list[Observation] = []
    for event in view.events:
        data: Mapping[str, Any] = event.data
        if event.kind == "attempt-began" and data["row"] == row:
            # A newer attempt has newer balances before it; what was seen before an older one is settled.
            what = _("known before attempt {number}").format(number=data["attempt"])
            found = [_make_observation(what, event.at, data, data["subaccount_balance"])]
        elif event.kind == "row-doubted" and data["row"] == row:
            found = read[-_THAT_DOUBT:]
        elif event.kind == "balances-read" and token in data["subaccounts"]:
            what = _describe_reading(data["purpose"])
            read.append(_make_observation(what, event.at, data, data["subaccounts"][token]))
            found += read[-1:] if found else []
        elif found and event.kind == "attempt-ended" and data["row"] != row and data["main_balance"] is not None:
            what = _("answer to row {row}").format(row=data["row"])
            named = next((other.row.token for other in view.rows if other.row.number == int(data["row"])), None)
            found.append(
                _make_observation(what, event.at, data, data["subaccount_balance"] if named == token else None)
            )
    return found


def _describe_reading(purpose: str) -> str:
    """Say why balances were read; the purposes are the ledger's words (batch.ledger.events.Purpose)."""
    words = {
        "opening": N_("read before the start"), "settling": N_("read to settle the doubt"),
        "resuming": N_("read to resume"), "closing": N_("read at the end"),
    }  # fmt: skip
    return _(words.get(purpose, purpose))


def _make_observation(what: str, at: datetime, data: Mapping[str, Any], subaccount: str | None) -> Observation:
    main = data["main_balance"]
    return Observation(
        what, at, None if main is None else Decimal(main), None if subaccount is None else Decimal(subaccount)
    )


class DoubtVerdict(StrEnum):
    APPLIED = "applied"
    NOT_APPLIED = "not_applied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class BalanceReading:
    """The main account's and the sub-account's balance at about one moment."""

    main: Decimal
    subaccount: Decimal

    def pick_debited_balance(self, direction: Direction) -> Decimal:
        return self.main if direction is Direction.ADD else self.subaccount

    def pick_credited_balance(self, direction: Direction) -> Decimal:
        return self.subaccount if direction is Direction.ADD else self.main


def compare_readings(
    direction: Direction, amount: Decimal, before: BalanceReading, after: BalanceReading
) -> DoubtVerdict:
    """Compare a reading with the balances before the attempt: it settles the doubt, or leaves it unknown.

    Left alone, a balance only drifts down, because accounts send SMS. So with D the debited and C the credited account,
    known before and read after (D', C'):

    - if the movement was applied, D has lost at least the amount and C has gained at most the amount:
      D' <= D - a and C' <= C + a;
    - if it was not applied, neither has gained anything: C' <= C and D' <= D.

    Each is a necessary condition, with one cent of tolerance, because an answer may be rounded to cents while the lists
    give thousandths. Exactly one of them holding settles the doubt. Both (drift as large as the amount) or neither (a
    top-up meanwhile) leave it unknown. Without a top-up the second half of each says nothing new; with one it notices
    that the account did not drift, and that nothing may be concluded from drift. Up to two cents the tolerance is as
    large as the amount, so nothing is settled.
    """
    if amount <= 2 * CENT:
        return DoubtVerdict.UNKNOWN
    debited = after.pick_debited_balance(direction) - before.pick_debited_balance(direction)
    credited = after.pick_credited_balance(direction) - before.pick_credited_balance(direction)
    may_be_applied = debited <= CENT - amount and credited <= amount + CENT
    may_be_missing = debited <= CENT and credited <= CENT
    if may_be_applied == may_be_missing:
        return DoubtVerdict.UNKNOWN
    return DoubtVerdict.APPLIED if may_be_applied else DoubtVerdict.NOT_APPLIED


def compare_at_once(
    direction: Direction, amount: Decimal, before: BalanceReading, after: BalanceReading
) -> DoubtVerdict:
    """Say what one look at once shows. Balances that are what they were show of any amount that nothing moved."""
    # But not of half a cent and less: that much an answer may have been rounded by.
    if before == after and amount > CENT / 2:
        return DoubtVerdict.NOT_APPLIED
    return compare_readings(direction, amount, before, after)


def merge_verdicts(first: DoubtVerdict, second: DoubtVerdict) -> DoubtVerdict:
    """Merge the verdicts of two readings a settling time apart: a late server may yet apply what was given up."""
    return first if first is second else DoubtVerdict.UNKNOWN
