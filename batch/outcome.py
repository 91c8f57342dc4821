"""What an attempt came to: first what the wire did, then what that says of the movement."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class NotSent:
    """Not a byte of the request left: name not resolved, connection refused, connect timeout, TLS refused."""

    reason: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The request, or a part of it, was sent, and no whole answer came back."""

    reason: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer. `retry_after` is the header in seconds, if there was one that can be read."""

    status: int
    body: bytes = field(repr=False)
    retry_after: float | None = None


Exchange = NotSent | NoAnswer | Answer


@dataclass(frozen=True, slots=True)
class Applied:
    """A well-formed success, with the balances after the movement."""

    main_balance: Decimal
    subaccount_balance: Decimal


@dataclass(frozen=True, slots=True)
class Refused:
    """A well-formed refusal: nothing was applied. `code` is None where the answer gave reasons but no code."""

    code: int | None
    words: str
    http_status: int


@dataclass(frozen=True, slots=True)
class NotApplied:
    """It surely did not happen and may be repeated; `retry_after` is what the provider asked for, in seconds."""

    reason: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Blocked:
    """Something between us and the API refuses; nothing was applied and repeating will not help."""

    reason: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """It may have been applied."""

    reason: str


Outcome = Applied | Refused | NotApplied | Blocked | Doubt
