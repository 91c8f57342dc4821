"""The books of a batch, and what moved without the ledger: a rise since the last balance that it knows.

Falls are never compared: accounts send SMS. A rise is from elsewhere: a person, another ledger, a newer state of this.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial

from batch.findings import Finding
from batch.model import Balances, BatchRow, BatchState, BatchView, Direction, Movement, Status
from batch.money import CENT, ZERO, encode_amount
from batch.planning.settlement import is_unconfirmed_refusal
from batch.settings import Tolerance
from batch.zone import localize

_LEAST_PART = Decimal("0.9")  # of an amount that came unseen: the account may have spent the rest
_MOST_SHOWN = 20  # sub-accounts that a finding lists


@dataclass(frozen=True, slots=True)
class Rise:
    token: str
    amount: Decimal
    since: datetime


def find_rises(known: Mapping[str, tuple[Decimal, datetime]], now: Mapping[str, Decimal]) -> list[Rise]:
    """Compare the balances just read with those last known. A cent is allowed for, because answers are rounded."""
    rises = (Rise(token, now[token] - balance, at) for token, (balance, at) in known.items() if token in now)
    return [rise for rise in rises if rise.amount > CENT]


def find_paid_elsewhere(
    movements: Sequence[Movement], known: Mapping[str, object], rises: Sequence[Rise], *, is_meant: bool
) -> Iterator[Finding]:
    """Say which sub-accounts of the sheet rose; an error where its adds seem to have been paid elsewhere.

    That is where more than half of the adds with an earlier balance (`known`), at least two or the only one, rose by
    about their amount. `is_meant`: a person says, with a reason, that they are to be paid all the same.
    """
    if not rises:
        return
    by_token = {rise.token: rise for rise in rises}
    adds = [item for item in movements if item.direction is Direction.ADD and item.token in known]
    fitting = set(find_fitting_rows(movements, rises))
    paid = [item for item in adds if item.row in fitting or _can_explain_rise(by_token.get(item.token), item.amount)]
    if paid and len(paid) >= min(2, len(adds)) and 2 * len(paid) > len(adds) and not is_meant:
        accounts = _encode_rises([by_token[token] for token in dict.fromkeys(item.token for item in paid)])
        params = {"count": str(len(paid)), "all": str(len(adds)), "accounts": accounts}
        yield Finding("paid-elsewhere", params=params)
    yield Finding("balances-rose", params={"accounts": _encode_rises(rises)})


def find_fitting_rows(movements: Iterable[Movement], rises: Sequence[Rise]) -> list[int]:
    """Find the rows, by number, that explain a rise of their sub-account, if they were applied without the ledger."""
    # They are sent in their order, so what was applied of a sub-account is its first movements; or else one alone.
    of_token: defaultdict[str, list[Movement]] = defaultdict(list)
    for movement in movements:
        of_token[movement.token].append(movement)
    return sorted(row for rise in rises for row in _explain_rise(of_token[rise.token], rise))


def find_fitting_removes(
    movements: Iterable[Movement], known: Mapping[str, tuple[Decimal, datetime]], now: Mapping[str, Decimal]
) -> list[int]:
    """Find the removes, by row number, whose sub-account fell by their amount, or more.

    By itself that says nothing, because accounts spend. Where adds of the same list were applied without the ledger,
    its removes may have been as well.
    """
    fallen = {token: balance - now[token] for token, (balance, _) in known.items() if token in now}
    removes = (item for item in movements if item.direction is Direction.REMOVE and item.token in fallen)
    return [item.row for item in removes if fallen[item.token] >= item.amount * _LEAST_PART]


def _explain_rise(movements: Sequence[Movement], rise: Rise) -> list[int]:
    total = ZERO
    for count, movement in enumerate(movements, start=1):
        total += movement.amount if movement.direction is Direction.ADD else -movement.amount
        if _can_explain_rise(rise, total):
            return [item.row for item in movements[:count]]
    alone = (item for item in movements if item.direction is Direction.ADD and _can_explain_rise(rise, item.amount))
    return [item.row for item in alone]


def _can_explain_rise(rise: Rise | None, amount: Decimal) -> bool:
    return rise is not None and amount > ZERO and amount * _LEAST_PART <= rise.amount <= amount + CENT


def _encode_rises(rises: Sequence[Rise]) -> str:
    """Write tokens, amounts and days as a finding's parameter: raw, to be shown in the reader's language."""
    shown = [[rise.token, encode_amount(rise.amount), f"{localize(rise.since):%Y-%m-%d}"] for rise in rises]
    return json.dumps({"first": shown[:_MOST_SHOWN], "more": max(0, len(shown) - _MOST_SHOWN)})


@dataclass(frozen=True, slots=True)
class AccountBook:
    """One account's course; `received` and `given` are what the done movements brought and took."""

    opening: Decimal | None
    received: Decimal
    given: Decimal
    closing: Decimal | None

    @property
    def is_touched(self) -> bool:
        """Whether a movement that is done brought or took something."""
        return bool(self.received or self.given)

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
    doubtful: Collection[str | None] = frozenset()  # None: the main one; a row in doubt may explain any difference

    @property
    def counted(self) -> list[AccountBook]:
        """The sub-accounts' books that sums are made of: without those that could not be read and were not touched,
        such as one that the account does not have.
        """
        return [book for book in self.subaccounts.values() if book.is_touched or book.difference is not None]

    @property
    def difference(self) -> Decimal | None:
        """What all accounts together hold more than expected; None where one that was touched could not be read."""
        found = [book.difference for book in (self.main, *self.counted)]
        known = [difference for difference in found if difference is not None]
        return sum(known, ZERO) if len(known) == len(found) else None

    @property
    def enriched(self) -> tuple[str | None, ...]:
        """The accounts that hold more than they can: None for the main account, and tokens.

        Left alone a balance only drifts down, so more than expected means that somebody paid in, or that a movement
        was applied which the batch does not count. A cent is allowed for, because an answer may be rounded.
        """
        return tuple(name for name in (None, *self.subaccounts) if self.compute_difference(name) > CENT)

    def find_short_accounts(self, tolerance: Tolerance) -> tuple[str | None, ...]:
        """Find the accounts that hold less than expected by more than is tolerated, each by itself."""
        return tuple(
            name
            for name in (None, *self.subaccounts)
            if -self.compute_difference(name) > tolerance.compute_limit(self.get_book(name).expected or ZERO)
        )

    def get_book(self, account: str | None) -> AccountBook:
        return self.main if account is None else self.subaccounts[account]

    def compute_difference(self, account: str | None) -> Decimal:
        """Compute the difference of an account, as far as there is one and no doubt explains it."""
        book = self.get_book(account)
        return ZERO if account in self.doubtful or book.difference is None else book.difference


def is_alarming(view: BatchView) -> bool:
    """Tell whether the batch has ended and an account holds more than its movements explain."""
    ended = view.head.batch is not None and view.head.state is BatchState.FINISHED
    return ended and bool(keep_books(view).enriched)


def has_open_alarm(view: BatchView) -> bool:
    """Tell whether something that is called not done may have been applied, so that it must not be sent again."""
    # By its closing balances; or because they have not confirmed yet what one look at the balances showed.
    if view.head.state is not BatchState.FINISHED and any(is_unconfirmed_refusal(entry.result) for entry in view.rows):
        return True
    books = keep_books(view)
    return bool(books.enriched or find_explaining_rows(books, view.rows))


def keep_books(view: BatchView) -> Books:
    return balance_books(view.head.opening, view.head.closing, view.rows)


def balance_books(opening: Balances | None, closing: Balances | None, rows: Iterable[BatchRow]) -> Books:
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
    opened = opening.subaccounts if opening else {}
    closed = closing.subaccounts if closing else {}
    added = sum((sums.added for sums in moved.values()), ZERO)
    removed = sum((sums.removed for sums in moved.values()), ZERO)
    return Books(
        AccountBook(opening.main if opening else None, removed, added, closing.main if closing else None),
        {
            token: AccountBook(opened.get(token), sums.added, sums.removed, closed.get(token))
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
        explains = partial(
            _can_explain_difference,
            subaccount=books.compute_difference(token),
            main=books.compute_difference(None),
            falls_alone=falls_alone,
        )
        alone = [row for row, change in by_row.items() if explains(change)]
        found.update(alone or (by_row if explains(sum(by_row.values(), ZERO)) else ()))
    return frozenset(found)


def _can_explain_difference(change: Decimal, subaccount: Decimal, main: Decimal, *, falls_alone: bool) -> bool:
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


@dataclass(frozen=True, slots=True)
class Cause:
    """What a difference is known to be: the amounts of rows that are in doubt, or were not done.

    Of several rows each alone is the difference, or all are it together.
    """

    rows: tuple[int, ...]
    is_doubt: bool
    are_together: bool = False


def find_causes(books: Books, rows: Iterable[BatchRow]) -> dict[str | None, Cause]:
    """Find the differences that are amounts of rows, to the cent, by account; all others are unexplained.

    Nobody knows what else moved an account. A row in doubt may have moved it, by its amount. One that was refused or
    not sent did not, as far as anybody knows, unless its sub-account shows that amount; else none of them is asked.
    """
    entries = tuple(rows)
    missed = find_explaining_rows(books, entries)
    causes: dict[str | None, Cause] = {}
    for is_doubt in (True, False):
        changes: defaultdict[str | None, dict[int, Decimal]] = defaultdict(dict)
        for entry in entries:
            is_suspect = entry.result.status is Status.UNKNOWN if is_doubt else entry.row.number in missed
            movement = entry.row.movement if is_suspect else None
            if movement is not None:
                signed = movement.amount if movement.direction is Direction.ADD else -movement.amount
                changes[movement.token][movement.row] = signed
                changes[None][movement.row] = -signed
        for account, by_row in changes.items():
            cause = _match_rows(by_row, books.get_book(account).difference, is_doubt=is_doubt)
            if cause is not None:
                causes.setdefault(account, cause)
    return causes


def _match_rows(changes: Mapping[int, Decimal], difference: Decimal | None, *, is_doubt: bool) -> Cause | None:
    """Match a difference with each row alone, or else with all of them."""
    if difference is None or abs(difference) <= CENT:
        return None
    alone = tuple(row for row, change in changes.items() if abs(change - difference) <= CENT)
    if alone:
        return Cause(alone, is_doubt)
    is_sum = abs(sum(changes.values(), ZERO) - difference) <= CENT
    return Cause(tuple(changes), is_doubt, are_together=True) if is_sum else None
