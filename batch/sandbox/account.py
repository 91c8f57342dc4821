"""The money: a main account, its sub-accounts, and every movement between them that was really applied.

Amounts are `Decimal` euros with three decimals, as the provider keeps them. Nothing here knows of HTTP.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import StrEnum
from itertools import islice, takewhile

from batch.sandbox.api_codes import Code

ZERO = Decimal("0.000")
THOUSANDTH = Decimal("0.001")
# Every balance stays far below this, so whatever is asked beyond it can be treated as exactly this much.
MOST = Decimal(10) ** 15

# What PHP's is_numeric accepts. "12,5" is not a number, so it is not greater than 0 either: code 5.
_NUMERIC = re.compile(r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")


class Direction(StrEnum):
    """Which way the credit goes: `add` is from the main account to the sub-account."""

    ADD = "add"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Opening:
    """The balances that everything began with."""

    main: Decimal
    subaccounts: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Movement:
    """An add or a remove that was applied, with both balances after it."""

    n: int
    at: str
    direction: Direction
    token: str
    amount: Decimal
    main_balance: Decimal
    subaccount_balance: Decimal


@dataclass(frozen=True, slots=True)
class Spend:
    """Credit that a sub-account used up by sending messages."""

    at: str
    token: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class TopUp:
    """Credit that came from outside: to the main account, or to a sub-account when a token is given."""

    at: str
    token: str | None
    amount: Decimal


Event = Movement | Spend | TopUp


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything there is to know about the account at one moment."""

    main_balance: Decimal
    subaccounts: Mapping[str, Decimal]
    spent: Mapping[str, Decimal]
    movements: tuple[Movement, ...]
    top_ups: tuple[TopUp, ...]


def utc_now() -> str:
    """The time as it is written in the ledger."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def to_thousandths(amount: Decimal) -> Decimal:
    """Three decimals, half up, as the provider keeps them."""
    return max(-MOST, min(MOST, amount)).quantize(THOUSANDTH, ROUND_HALF_UP)


def credit_asked(value: object) -> Decimal | Code:
    """The amount that a request asks for, given as a number or as a numeric string, or why it is refused."""
    if value is None or value == "":
        return Code.CREDIT_REQUIRED
    try:
        if isinstance(value, str) and _NUMERIC.fullmatch(value):
            value = Decimal(value.strip())
    except InvalidOperation:  # An exponent beyond what Decimal holds.
        return Code.CREDIT_NOT_POSITIVE
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return Code.CREDIT_NOT_POSITIVE
    amount = to_thousandths(Decimal(value))
    return amount if amount > 0 else Code.CREDIT_NOT_POSITIVE


def _ignore(_event: Event) -> None:
    """Where events go when there is no state file."""


class Account:
    """A main account with its sub-accounts. Every method may be called from any thread.

    `drift` is what a sub-account spends between two observations of its balance; being listed and being
    moved to or from are observations. `record` is told of an event before it is applied, so that whatever
    a caller was answered has been written down.
    """

    def __init__(
        self,
        opening: Opening,
        *,
        drift: Decimal = ZERO,
        past: Iterable[Event] = (),
        record: Callable[[Event], None] = _ignore,
        now: Callable[[], str] = utc_now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lock = threading.RLock()
        self._main = to_thousandths(opening.main)
        self._subaccounts = {token: to_thousandths(held) for token, held in opening.subaccounts.items()}
        self._spent: dict[str, Decimal] = {}
        self._movements: list[Movement] = []
        self._top_ups: list[TopUp] = []
        self._drift = to_thousandths(drift)
        self._record = record
        self._now = now
        self._clock = clock
        self._recent: list[tuple[float, Event]] = []
        for event in past:
            self._apply(event)

    def move(self, direction: Direction, credit: object, token: object) -> Movement | Code:
        """Apply a movement, or say why not. The order of the refusals is 2, 5, 3, 7, 6, 8."""
        amount = credit_asked(credit)
        if isinstance(amount, Code):
            return amount
        if token is None or token == "":
            return Code.TOKEN_REQUIRED
        with self._lock:
            return self._move(direction, amount, str(token))

    def _move(self, direction: Direction, amount: Decimal, token: str) -> Movement | Code:
        if token not in self._subaccounts:
            return Code.UNKNOWN_SUBACCOUNT
        self._observe(token)
        adding = direction is Direction.ADD
        if adding and self._main <= 0:
            return Code.MAIN_BALANCE_EMPTY
        held = self._subaccounts[token]
        if amount > (self._main if adding else held):
            return Code.INSUFFICIENT_CREDIT
        change = amount if adding else -amount
        movement = Movement(
            n=len(self._movements) + 1,
            at=self._now(),
            direction=direction,
            token=token,
            amount=amount,
            main_balance=self._main - change,
            subaccount_balance=held + change,
        )
        self._happen(movement)
        return movement

    def top_up(self, amount: Decimal, token: str | None = None) -> TopUp:
        """Bring credit in from outside; a negative amount takes it away, as the main account's own messages would.

        Raises `KeyError` for a token that is not known.
        """
        with self._lock:
            if token is not None and token not in self._subaccounts:
                raise KeyError(token)
            top_up = TopUp(at=self._now(), token=token, amount=to_thousandths(amount))
            self._happen(top_up)
            return top_up

    @property
    def main_balance(self) -> Decimal:
        """What the main account holds."""
        with self._lock:
            return self._main

    def __len__(self) -> int:
        """How many sub-accounts there are."""
        return len(self._subaccounts)

    def look_at(self, first: int, count: int, *, ago: float = 0.0) -> list[tuple[str, Decimal]]:
        """Tokens and balances of `count` sub-accounts from the place `first`, which counts as observing them.

        With `ago`, the balances are those of so many seconds ago.
        """
        with self._lock:
            tokens = list(islice(self._subaccounts, first, first + count))
            for token in tokens:
                self._observe(token)
            since = self._since(ago)
            return [(token, self._subaccounts[token] - _brought(since, token)) for token in tokens]

    def main_balance_ago(self, seconds: float) -> Decimal:
        """What the main account held so many seconds ago."""
        with self._lock:
            return self._main - _brought(self._since(seconds), None)

    def snapshot(self) -> Snapshot:
        """The whole account at once, without observing it: nothing drifts because somebody checks."""
        with self._lock:
            return Snapshot(
                main_balance=self._main,
                subaccounts=dict(self._subaccounts),
                spent=dict(self._spent),
                movements=tuple(self._movements),
                top_ups=tuple(self._top_ups),
            )

    def _observe(self, token: str) -> None:
        spent = min(self._drift, self._subaccounts[token])
        if spent > 0:
            self._happen(Spend(at=self._now(), token=token, amount=spent))

    def _happen(self, event: Event) -> None:
        self._record(event)
        self._apply(event)
        self._recent.append((self._clock(), event))

    def _since(self, seconds: float) -> list[Event]:
        """What happened within so many seconds."""
        then = self._clock() - seconds
        return [event for _at, event in takewhile(lambda entry: entry[0] > then, reversed(self._recent))]

    def _apply(self, event: Event) -> None:
        match event:
            case Movement():
                change = event.amount if event.direction is Direction.ADD else -event.amount
                self._main -= change
                self._subaccounts[event.token] += change
                self._movements.append(event)
            case Spend():
                self._subaccounts[event.token] -= event.amount
                self._spent[event.token] = self._spent.get(event.token, ZERO) + event.amount
            case TopUp(token=None):
                self._main += event.amount
                self._top_ups.append(event)
            case TopUp(token=str(token)):
                self._subaccounts[token] += event.amount
                self._top_ups.append(event)


def _brought(events: Iterable[Event], account: str | None) -> Decimal:
    """What these events brought a sub-account, or the main account (None)."""
    return sum((_change(event, account) for event in events), ZERO)


def _change(event: Event, account: str | None) -> Decimal:
    match event:
        case Movement():
            change = event.amount if event.direction is Direction.ADD else -event.amount
            return -change if account is None else change if event.token == account else ZERO
        case Spend():
            return -event.amount if event.token == account else ZERO
        case TopUp():
            return event.amount if event.token == account else ZERO
