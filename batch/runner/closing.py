"""The closing balances, and the rows that balances put in doubt.

Books that do not balance may be a reading that lags, somebody's credit by hand, or a movement that was applied although
its answer said no. So they are read again a settling time later, and what both readings show is for a person to decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from batch.errors import ProviderError
from batch.ledger.events import BalancesRead, Purpose, RowDoubted, RowSettled
from batch.model import Balances, BatchRow, Status
from batch.notes import note
from batch.planning.reconciliation import find_explaining_rows, keep_books_between
from batch.runner.session import Session, StoppedError
from batch.runner.telling import doubted_reason, untold_reason


def read_closing_balances(session: Session) -> None:
    """Read what the books are kept with at the end; `StoppedError` if a row is in doubt by it.

    Refusals that rest on one look are confirmed by it, so it comes a settling time later, and must come. Otherwise a
    run whose provider is out of reach ends without.
    """
    to_confirm = session.count_seconds_to_confirm()
    if to_confirm:
        session.wait(to_confirm, note("confirming"))
        session.heed_brake()
    if session.rests_on_looks:
        _take(session, session.read_or_stop(Purpose.CLOSING))
    else:
        _take(session, _read(session, None))


def read_balances_at_a_stop(session: Session) -> None:
    """Read the same for a run that stops early, with one try."""
    _take(session, _read(session, 1))


def keep_unless_doubted(session: Session, read: BalancesRead) -> BalancesRead:
    """Keep a reading before anything more is sent; returns it, or the later one that was needed.

    `StoppedError` if the books put a row in doubt.
    """
    suspected = _Shown(session, read).find_rows(falls_alone=False) if session.was_begun else frozenset()
    if suspected:
        return _doubt(session, suspected, read)
    session.commit(read)
    return read


def read_until_fresh(session: Session, purpose: Purpose) -> BalancesRead:
    """Read all balances; one reading that lags behind what is known to be done is not counted."""
    read = session.read_or_stop(purpose)
    return _read_later(session, read) if _is_stale(session, read) else read


def read_for_a_person(session: Session, doubted: Sequence[BatchRow]) -> None:
    """Read the balances twice for rows that balances have put in doubt, and leave those to a person."""
    session.commit(session.read_or_stop(Purpose.SETTLING))
    session.wait(session.options.settle_seconds, note("reading-again"))
    session.heed_brake()
    read = session.read_or_stop(Purpose.SETTLING)
    settled = [
        RowSettled(session.world.now(), entry.row.number, entry.result.attempts, Status.UNKNOWN, note("untold"))
        for entry in doubted
    ]
    session.commit(read, *settled)
    raise StoppedError(untold_reason(doubted[0].row.number))


def _read(session: Session, attempts: int | None) -> BalancesRead | None:
    try:
        return session.patiently(lambda: session.read_balances(Purpose.CLOSING), attempts)
    except ProviderError as error:
        session.world.watcher.waiting(0.0, note("closing-unread", why=error.note))
        return None


def _take(session: Session, read: BalancesRead | None) -> None:
    """Keep a closing reading. One that lags is not counted, and one that would raise an alarm is read again first."""
    if read is None:
        return
    if _is_stale(session, read):
        read = _read_later(session, read)
    shown = _Shown(session, read)
    suspected = shown.find_rows()
    if suspected or shown.books.enriched:
        _doubt(session, suspected, read)
    else:
        session.commit(read)


def _doubt(session: Session, suspected: frozenset[int], read: BalancesRead) -> BalancesRead:
    """Read once more, a settling time later. `StoppedError` if a row explains both readings: then it is in doubt."""
    read = _read_later(session, read)
    shown = _Shown(session, read)
    doubted = sorted(suspected & shown.find_rows())
    session.commit(read, *[shown.doubt(row) for row in doubted])
    if doubted:
        raise StoppedError(doubted_reason(doubted[0]))
    return read


def _read_later(session: Session, read: BalancesRead) -> BalancesRead:
    """What was read is kept as evidence, and a settling time later it is read again."""
    session.commit(replace(read, purpose=Purpose.SETTLING))
    session.heed_brake()
    session.wait(session.options.settle_seconds, note("reading-again"))
    session.heed_brake()
    return session.read_or_stop(read.purpose)


def _is_stale(session: Session, read: BalancesRead) -> bool:
    return session.known.is_stale(read.main_balance, read.subaccounts, session.world.monotonic())


class _Shown:
    """What a reading shows of the books, as the ledger has them at this moment."""

    def __init__(self, session: Session, read: BalancesRead) -> None:
        self._session = session
        self._read = read
        self._rows = list(session.rows)
        closing = Balances(read.main_balance, read.subaccounts, read.at)
        self.books = keep_books_between(session.work.opening, closing, self._rows)

    def find_rows(self, *, falls_alone: bool = True) -> frozenset[int]:
        """The rows that explain what is too much. What a person has decided once is not asked again."""
        found = find_explaining_rows(self.books, self._rows, falls_alone=falls_alone)
        return found - self._session.work.decided

    def doubt(self, row: int) -> RowDoubted:
        """The row is in doubt by this reading."""
        read = self._read
        entry = next(entry for entry in self._rows if entry.row.number == row)
        held = read.subaccounts.get(entry.row.token or "")
        return RowDoubted(read.at, row, entry.result.attempts, note("books-doubt"), read.main_balance, held)
