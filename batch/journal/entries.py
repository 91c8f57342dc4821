"""What a batch did, as entries of double-entry accounting: two lines a movement, debit equal to credit.

Money that moves between two accounts of one company is neither spent nor earned: what one holds more, the other holds
less. An add debits the sub-account and credits the main account; a remove the other way round.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal

from batch.language import _
from batch.model import BatchHead, BatchRow, BatchView, Direction, Status
from batch.money import ZERO
from batch.settings import JournalSettings


@dataclass(frozen=True, slots=True)
class Line:
    """An amount on one side of one account. `auxiliary` is the token, on the line of the sub-accounts' account."""

    account: str
    label: str
    auxiliary: str | None
    debit: Decimal
    credit: Decimal


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement that was done. `number` counts from 1 without a gap; the days are those of the given zone."""

    number: int
    day: date
    document: str
    document_day: date
    text: str
    validated: date
    lines: tuple[Line, Line]


def entries_of(view: BatchView, accounts: JournalSettings, zone: tzinfo | None) -> Iterator[Entry]:
    """An entry for each row that is done, however that was found out, in the order in which they were done."""
    head = view.head
    done = [entry for entry in view.rows if entry.result.status is Status.DONE]
    done.sort(key=lambda entry: (_done_at(head, entry), entry.row.number))
    last = max((_done_at(head, entry) for entry in done), default=head.created_at)
    validated = (head.ended_at or last).astimezone(zone).date()
    for number, entry in enumerate(done, 1):
        yield Entry(
            number,
            _done_at(head, entry).astimezone(zone).date(),
            head.batch or "",
            head.created_at.astimezone(zone).date(),
            _text(entry),
            validated,
            _lines(entry, accounts),
        )


def _done_at(head: BatchHead, entry: BatchRow) -> datetime:
    return entry.result.at or head.ended_at or head.created_at


def _text(entry: BatchRow) -> str:
    if entry.row.direction is Direction.ADD:
        sentence = _("Credit added to {token}, row {row}")
    else:
        sentence = _("Credit removed from {token}, row {row}")
    return sentence.format(token=entry.row.token, row=entry.row.number)


def _lines(entry: BatchRow, accounts: JournalSettings) -> tuple[Line, Line]:
    """The debit before the credit."""
    amount = entry.row.amount or ZERO
    is_add = entry.row.direction is Direction.ADD
    subaccount = Line(
        accounts.subaccounts_account,
        accounts.subaccounts_label,
        entry.row.token,
        amount if is_add else ZERO,
        ZERO if is_add else amount,
    )
    main = Line(
        accounts.main_account, accounts.main_label, None, ZERO if is_add else amount, amount if is_add else ZERO
    )
    return (subaccount, main) if is_add else (main, subaccount)
