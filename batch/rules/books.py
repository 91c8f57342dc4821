"""Whether the books balance: opening balance + movements = closing balance, for every account that was touched.

What the difference is, is not known here: other spending lowers a balance at any moment. It is shown, never hidden.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from batch.model import BatchState, BatchView, Direction, Status
from batch.money import CENT, ZERO


@dataclass(frozen=True, slots=True)
class AccountBook:
    """One account's course. `received` and `given` are what the done movements brought and took."""

    opening: Decimal | None
    received: Decimal
    given: Decimal
    closing: Decimal | None

    @property
    def expected(self) -> Decimal | None:
        """The closing balance if nothing but this batch had moved the account."""
        return None if self.opening is None else self.opening + self.received - self.given

    @property
    def difference(self) -> Decimal | None:
        """What was read at the end less what was expected: below zero when the account was used meanwhile."""
        return None if self.expected is None or self.closing is None else self.closing - self.expected


@dataclass(frozen=True, slots=True)
class Books:
    """The main account's book and that of each sub-account that a row of the batch names, by token."""

    main: AccountBook
    subaccounts: Mapping[str, AccountBook]

    @property
    def enriched(self) -> tuple[str | None, ...]:
        """The accounts that hold more than they can: None for the main account, and tokens.

        Left alone a balance only drifts down, so more than expected means that somebody paid in, or that a movement
        was applied which the batch does not count. A cent is allowed for, because an answer may be rounded.
        """
        accounts: dict[str | None, AccountBook] = {None: self.main}
        accounts.update(self.subaccounts)
        return tuple(name for name, book in accounts.items() if book.difference is not None and book.difference > CENT)


def is_alarming(view: BatchView) -> bool:
    """Whether the batch has ended and an account holds more than its movements explain."""
    ended = view.head.batch is not None and view.head.state is BatchState.FINISHED
    return ended and bool(keep_books(view).enriched)


def keep_books(view: BatchView) -> Books:
    """The books of a batch from its opening and closing readings and its done rows."""
    added: dict[str, Decimal] = {}
    removed: dict[str, Decimal] = {}
    for entry in view.rows:
        row = entry.row
        if row.token is None or row.amount is None or entry.result.status is Status.INVALID:
            continue
        added.setdefault(row.token, ZERO)
        removed.setdefault(row.token, ZERO)
        if entry.result.status is Status.DONE:
            sums = added if row.direction is Direction.ADD else removed
            sums[row.token] += row.amount
    opening, closing = view.head.opening, view.head.closing
    return Books(
        AccountBook(
            opening.main if opening else None,
            sum(removed.values(), ZERO),
            sum(added.values(), ZERO),
            closing.main if closing else None,
        ),
        {
            token: AccountBook(
                opening.subaccounts.get(token) if opening else None,
                added[token],
                removed[token],
                closing.subaccounts.get(token) if closing else None,
            )
            for token in added
        },
    )
