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
from batch.notes import note

_SPENT = Decimal("0.1")
"""Of what a movement brought or took, so much at most is taken to be spent between the reading and the answer."""


@dataclass(frozen=True, slots=True)
class Done:
    """A movement known to be done: when its answer came (seconds), and what it brought its sub-account."""

    at: float
    token: str
    brought: Decimal


def is_behind(held: Decimal, known: Decimal, brought: Iterable[Decimal]) -> bool:
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


_THAT_DOUBT = 2
"""Readings that put a row in doubt."""
FOR_A_PERSON = (note("untold"), note("settled-missing"), note("changed-elsewhere"))
"""The notes of a row in doubt when a person has to decide."""


@dataclass(frozen=True, slots=True)
class Observation:
    """The two balances at one moment, and where they come from. None where that moment does not tell."""

    what: str
    at: datetime
    main: Decimal | None
    subaccount: Decimal | None


def awaits_person(result: RowResult) -> bool:
    """Tell whether a person has to decide: settling the doubt has failed, or what it found must be agreed to.

    Any other row in doubt was interrupted: nobody can know better than the balances, which `resume` will read.
    """
    return result.status is Status.UNKNOWN and result.note in FOR_A_PERSON


def rests_on_a_look(result: RowResult) -> bool:
    """Tell whether a refusal that is no proof was believed after one look, which later balances have to confirm."""
    return result.status is Status.REFUSED and result.note is not None and result.note.code == "seen-missing"


def is_refused_with_account(result: RowResult) -> bool:
    """Tell whether its refusal was about the account and not about the row: it may be sent when that is put right."""
    told = result.note
    return result.status is Status.REFUSED and told is not None and told.params.get("refuses") == "account"


def evidence_of(view: BatchView, entry: BatchRow) -> list[Observation]:
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
            found = [_seen(_known_before(data["attempt"]), event.at, data, data["subaccount_balance"])]
        elif event.kind == "row-doubted" and data["row"] == row:
            found = read[-_THAT_DOUBT:]
        elif event.kind == "balances-read" and token in data["subaccounts"]:
            read.append(_seen(_read_for(data["purpose"]), event.at, data, data["subaccounts"][token]))
            found += read[-1:] if found else []
        elif found and event.kind == "attempt-ended" and data["row"] != row and data["main_balance"] is not None:
            same = _token_of(view, int(data["row"])) == token
            found.append(_seen(_answer_to(data["row"]), event.at, data, data["subaccount_balance"] if same else None))
    return found


def _known_before(attempt: int) -> str:
    return _("known before attempt {number}").format(number=attempt)


def _answer_to(row: int) -> str:
    return _("answer to row {row}").format(row=row)


def _read_for(purpose: str) -> str:
    """Say why balances were read; the purposes are the ledger's words (batch.ledger.events.Purpose)."""
    words = {
        "opening": N_("read before the start"),
        "settling": N_("read to settle the doubt"),
        "resuming": N_("read to resume"),
        "closing": N_("read at the end"),
    }
    return _(words.get(purpose, purpose))


def _seen(what: str, at: datetime, data: Mapping[str, Any], subaccount: str | None) -> Observation:
    main = data["main_balance"]
    return Observation(
        what, at, None if main is None else Decimal(main), None if subaccount is None else Decimal(subaccount)
    )


def _token_of(view: BatchView, row: int) -> str | None:
    return next((entry.row.token for entry in view.rows if entry.row.number == row), None)


class Verdict(StrEnum):
    """What the balances say of a doubtful attempt."""

    APPLIED = "applied"
    NOT_APPLIED = "not_applied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reading:
    """The main account's and the sub-account's balance at about one moment."""

    main: Decimal
    subaccount: Decimal

    def debited(self, direction: Direction) -> Decimal:
        """Pick the balance that a movement in this direction takes from."""
        return self.main if direction is Direction.ADD else self.subaccount

    def credited(self, direction: Direction) -> Decimal:
        """Pick the balance that a movement in this direction gives to."""
        return self.subaccount if direction is Direction.ADD else self.main


def settle(direction: Direction, amount: Decimal, before: Reading, after: Reading) -> Verdict:
    """Compare one reading with the balances before the attempt: it settles the doubt, or leaves it unknown.

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
        return Verdict.UNKNOWN
    debited = after.debited(direction) - before.debited(direction)
    credited = after.credited(direction) - before.credited(direction)
    may_be_applied = debited <= CENT - amount and credited <= amount + CENT
    may_be_missing = debited <= CENT and credited <= CENT
    if may_be_applied == may_be_missing:
        return Verdict.UNKNOWN
    return Verdict.APPLIED if may_be_applied else Verdict.NOT_APPLIED


def look(direction: Direction, amount: Decimal, before: Reading, after: Reading) -> Verdict:
    """Say what one look at once shows. Balances that are what they were show of any amount that nothing moved.

    But not of half a cent and less: that much an answer may have been rounded by.
    """
    if before == after and amount > CENT / 2:
        return Verdict.NOT_APPLIED
    return settle(direction, amount, before, after)


def agree(first: Verdict, second: Verdict) -> Verdict:
    """Merge the verdicts of two readings a settling time apart: a late server may yet apply what was given up."""
    return first if first is second else Verdict.UNKNOWN
