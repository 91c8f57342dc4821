"""What an attempt came to: first what the wire did, then what that says of the movement."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from batch.notes import Note


@dataclass(frozen=True, slots=True)
class NotSent:
    """Not a byte of the request left: name not resolved, connection refused, connect timeout, TLS refused."""

    reason: Note


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The request, or a part of it, was sent, and no whole answer came back."""

    reason: Note


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
    """A refusal that is proof: nothing was applied. `code` is None where the answer gave reasons but no code."""

    code: int | None
    words: str
    by_field: bool = False
    """Whether its reasons name the fields that are wrong, as the API does with HTTP 4xx."""
    of_account: bool = False
    """Whether every further row would be refused as well."""
    meaning: Note | None = field(default=None, compare=False)
    """What the code means, in our words."""


@dataclass(frozen=True, slots=True)
class Unproven:
    """A well-formed refusal with a code that is no proof: one look at the balances tells whether to believe it."""

    refusal: Refused


@dataclass(frozen=True, slots=True)
class Throttled:
    """The provider asks to slow down; `retry_after` is for how long, in seconds. Once more only after a look."""

    reason: Note
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class NotApplied:
    """Nothing was sent: it surely did not happen and may be repeated."""

    reason: Note


@dataclass(frozen=True, slots=True)
class Doubt:
    """It may have been applied. What the answer said beside that is what the row is if it was not."""

    reason: Note
    refusal: Refused | None = None
    is_blocked: bool = False
    """Something between us and the API refuses: sending again will not help."""


Outcome = Applied | Refused | Unproven | Throttled | NotApplied | Doubt
