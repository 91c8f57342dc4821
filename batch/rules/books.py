"""Whether the books balance: opening balance + movements = closing balance, for every account that was touched.

What the difference is, is not known here: other spending lowers a balance at any moment. It is shown, never hidden.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from batch.model import Balances, BatchRow, BatchState, BatchView, Direction, Status
from batch.money import CENT, ZERO
from batch.rules.evidence import rests_on_a_look

_LEAST_PART = Decimal("0.9")
"""Of an amount that came unseen, this much is still there: the account may have spent the rest."""


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
class Moved:
    """What the done rows brought to a sub-account and took from it, and whether one of its rows is in doubt."""

    added: Decimal = ZERO
    removed: Decimal = ZERO
    is_doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Books:
    """The main account's book and that of each sub-account that a row of the batch names, by token."""

    main: AccountBook
    subaccounts: Mapping[str, AccountBook]
    doubtful: Collection[str | None] = frozenset()
    """Accounts (None: the main one) with a row in doubt, which may explain any difference."""

    @property
    def enriched(self) -> tuple[str | None, ...]:
        """The accounts that hold more than they can: None for the main account, and tokens.

        Left alone a balance only drifts down, so more than expected means that somebody paid in, or that a movement
        was applied which the batch does not count. A cent is allowed for, because an answer may be rounded.
        """
        accounts: dict[str | None, AccountBook] = {None: self.main}
        accounts.update(self.subaccounts)
        return tuple(name for name in accounts if self.difference_of(name) > CENT)

    def difference_of(self, account: str | None) -> Decimal:
        """The difference of an account, as far as there is one and no doubt explains it."""
        book = self.main if account is None else self.subaccounts[account]
        return ZERO if account in self.doubtful or book.difference is None else book.difference


def is_alarming(view: BatchView) -> bool:
    """Whether the batch has ended and an account holds more than its movements explain."""
    ended = view.head.batch is not None and view.head.state is BatchState.FINISHED
    return ended and bool(keep_books(view).enriched)


def has_open_alarm(view: BatchView) -> bool:
    """Tell whether something that is called not done may have been applied, so that it must not be sent again.

    By its closing balances; or because they have not confirmed yet what one look at the balances showed.
    """
    if view.head.state is not BatchState.FINISHED and any(rests_on_a_look(entry.result) for entry in view.rows):
        return True
    books = keep_books(view)
    return bool(books.enriched or find_explaining_rows(books, view.rows))


def keep_books(view: BatchView) -> Books:
    """The books of a batch from its opening and closing readings and its done rows."""
    return keep_books_between(view.head.opening, view.head.closing, view.rows)


def keep_books_between(opening: Balances | None, closing: Balances | None, rows: Iterable[BatchRow]) -> Books:
    """Keep the books from one reading to another."""
    moved: dict[str, Moved] = {}
    for entry in rows:
        row, status = entry.row, entry.result.status
        if row.token is None or row.amount is None or status is Status.INVALID:
            continue
        before = moved.get(row.token, Moved())
        done = row.amount if status is Status.DONE else ZERO
        moved[row.token] = Moved(
            before.added + (done if row.direction is Direction.ADD else ZERO),
            before.removed + (ZERO if row.direction is Direction.ADD else done),
            is_doubtful=before.is_doubtful or status is Status.UNKNOWN,
        )
    return make_books(opening, closing, moved)


def make_books(opening: Balances | None, closing: Balances | None, moved: Mapping[str, Moved]) -> Books:
    """Make the books of what moved to and from each sub-account that a row names, by token."""
    doubtful = {token for token, sums in moved.items() if sums.is_doubtful}
    return Books(
        AccountBook(
            opening.main if opening else None,
            sum((sums.removed for sums in moved.values()), ZERO),
            sum((sums.added for sums in moved.values()), ZERO),
            closing.main if closing else None,
        ),
        {
            token: AccountBook(
                opening.subaccounts.get(token) if opening else None,
                sums.added,
                sums.removed,
                closing.subaccounts.get(token) if closing else None,
            )
            for token, sums in moved.items()
        },
        frozenset({None, *doubtful} if doubtful else ()),
    )


def find_explaining_rows(books: Books, rows: Iterable[BatchRow], *, falls_alone: bool = True) -> frozenset[int]:
    """Find the rows, refused or not sent, that would explain a sub-account's difference if they had been applied.

    One alone does, or all of the sub-account together. `falls_alone`: so short a time has passed that what went, and
    did not come to the main account, may be just the amount of a removal; otherwise it was spent.
    """
    changes: defaultdict[str, dict[int, Decimal]] = defaultdict(dict)
    for entry in rows:
        movement = entry.row.movement
        if movement is not None and entry.result.status in {Status.REFUSED, Status.PENDING}:
            signed = movement.amount if movement.direction is Direction.ADD else -movement.amount
            changes[movement.token][movement.row] = signed
    found: set[int] = set()
    for token, by_row in changes.items():
        differences = books.difference_of(token), books.difference_of(None)
        alone = {row for row, change in by_row.items() if _explains(change, *differences, falls_alone=falls_alone)}
        together = by_row.keys() if _explains(sum(by_row.values(), ZERO), *differences, falls_alone=falls_alone) else ()
        found.update(alone or together)
    return frozenset(found)


def _explains(change: Decimal, subaccount: Decimal, main: Decimal, *, falls_alone: bool) -> bool:
    """Tell whether a sub-account's difference is this change.

    Accounts spend, so something that came may be there in part; but what went is most often spent, so it must be just
    the amount while the main account spends nothing, or have come to the main account.
    """
    if abs(subaccount) <= CENT:
        return False
    if change > ZERO:
        return _LEAST_PART * change <= subaccount <= change + CENT
    taken = -change
    came = main > CENT and _LEAST_PART * taken <= main <= taken + CENT
    is_just_that = falls_alone and subaccount == change and main >= -CENT
    return is_just_that or (came and taken - CENT <= -subaccount)
