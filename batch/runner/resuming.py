"""The balances when a run is carried on: whether somebody else has applied meanwhile what is left to be sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from batch.ledger.events import BalancesRead, Purpose, RowDoubted
from batch.model import BatchRow, Direction, Movement, Status
from batch.money import CENT, ZERO, balance_text
from batch.notes import note
from batch.planning.reconciliation import find_rises, fitting_removes, fitting_rows
from batch.planning.settlement import awaits_person
from batch.runner.closing import keep_unless_doubted, read_until_fresh
from batch.runner.session import Session, StoppedError
from batch.validation.cells import row_ranges


def refuse_undecided(doubted: Sequence[BatchRow]) -> None:
    """Stop while rows that balances put in doubt wait for a person: nothing that is read now says more about them."""
    undecided = [entry.row.number for entry in doubted if awaits_person(entry.result)]
    if undecided:
        raise StoppedError(note("paid-elsewhere", rows=row_ranges(undecided)))


def refresh_balances(session: Session, left: Sequence[Movement]) -> None:
    """Read the balances now, so that a doubt is settled against what was known just before it.

    A sub-account that rose since the ledger last knew it may have been paid without the ledger: a row that explains the
    rise is in doubt, and for a person to decide. `StoppedError` if there is one.
    """
    read = read_until_fresh(session, Purpose.RESUMING)
    expected = _expected(session, read.at)
    rises = find_rises(expected, read.subaccounts)
    doubted = fitting_rows(left, rises)
    if doubted:
        doubted = sorted({*doubted, *fitting_removes(left, expected, read.subaccounts)})
        entries = {entry.row.number: entry for entry in session.queue}
        doubted = _without_decided(session, [entries[row] for row in doubted], read)
    if doubted:
        session.commit(read, *(_doubted(entries[row], read) for row in doubted))
        raise StoppedError(note("paid-elsewhere", rows=row_ranges(doubted)))
    for rise in rises:
        risen = note("risen-elsewhere", token=rise.token, amount=balance_text(rise.amount))
        session.world.watcher.waiting(0.0, risen)
    session.known.take(keep_unless_doubted(session, read))


def _without_decided(session: Session, doubted: Sequence[BatchRow], read: BalancesRead) -> list[int]:
    """Leave out rows that a person has decided about, seeing a balance as high as now: a reading that lags would ask
    the same again and again.
    """
    seen = session.work.seen_in_doubt
    return [
        entry.row.number
        for entry in doubted
        if abs(read.subaccounts[entry.row.token or ""] - seen.get(entry.row.number, ZERO)) > CENT
        or entry.row.number not in seen
    ]


def _expected(session: Session, at: datetime) -> dict[str, tuple[Decimal, datetime]]:
    """What sub-accounts held when the ledger last knew it, with the adds that were decided to be applied since."""
    known = session.known.subaccounts
    expected = dict(known)
    for entry in session.queue:
        movement = entry.row.movement
        is_decided = entry.result.status is Status.DONE and entry.result.subaccount_balance is None
        if movement is not None and is_decided and movement.direction is Direction.ADD:
            last = session.world.ledger.last_attempt(session.batch, movement.row)
            # A reading that was taken since shows the movement already.
            if last is not None and last.subaccount_balance == known.get(movement.token):
                expected[movement.token] += movement.amount
    return {token: (balance, at) for token, balance in expected.items()}


def _doubted(entry: BatchRow, read: BalancesRead) -> RowDoubted:
    balances = read.main_balance, read.subaccounts[entry.row.token or ""]
    return RowDoubted(read.at, entry.row.number, entry.result.attempts, note("changed-elsewhere"), *balances)
