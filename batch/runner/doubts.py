"""Doubts, settled from readings of the balances a settling time apart, and what is said of them in the ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tenacity import Retrying, retry_if_result, stop_after_attempt

from batch.errors import ProviderError, SubAccountGone
from batch.ledger.events import AttemptEnded, BalancesRead, Purpose, RowDoubted, RowSettled
from batch.model import DONE_CODE, Balances, BatchRow, Movement, RowResult, Status
from batch.notes import Applied, Doubt, NotApplied, Note, Outcome, Refused, Throttled, Unproven, make_note
from batch.planning.reconciliation import Books, balance_books, find_explaining_rows
from batch.planning.retry import MOST_UNPROVEN, find_refusal
from batch.planning.settlement import BalanceReading, DoubtVerdict, compare_readings, merge_verdicts
from batch.provider.client import Provider
from batch.runner.session import Session, StoppedError

MAX_READINGS = 4
"""A late server can change the balances between two readings; two in a row must agree, so a few more are taken."""


@dataclass(frozen=True, slots=True)
class DoubtEvidence:
    """The verdict and the last reading that it rests on, None if the provider gave none."""

    verdict: DoubtVerdict
    reading: BalanceReading | None


class BalanceReader:
    """Reads the two balances that a movement touches: `/me`, and the page of the list that held the sub-account."""

    def __init__(self, provider: Provider, pages: dict[str, int]) -> None:
        self._provider = provider
        self._pages = pages

    def read(self, token: str) -> BalanceReading:
        """Read both balances; `ProviderError` if they cannot be had, `SubAccountGone` if they never can."""
        main = self._provider.fetch_main_account().balance
        page = self._pages.get(token)
        accounts = self._provider.fetch_page(page) if page else ()
        found = next((account for account in accounts if account.token == token), None)
        if found is None:
            whole = self._provider.fetch_subaccounts()
            self._pages.update((account.token, account.page) for account in whole)
            found = next((account for account in whole if account.token == token), None)
        if found is None:
            raise SubAccountGone(make_note("subaccount-gone", token=token))
        return BalanceReading(main, found.balance)


def settle_doubt(
    movement: Movement,
    before: BalanceReading,
    read: Callable[[], BalanceReading],
    is_stale: Callable[[BalanceReading], bool],
    wait: Callable[[], None],
) -> DoubtEvidence:
    """Take readings, each recorded by `read`, until two in a row agree on a verdict; `wait` comes between two.

    One that contradicts a movement known to be done is stale, and not counted.
    """
    last: DoubtVerdict | None = None

    def read_once_more() -> DoubtEvidence:
        nonlocal last
        reading = read()
        verdict = compare_readings(movement.direction, movement.amount, before, reading)
        if verdict is DoubtVerdict.UNKNOWN and is_stale(reading):
            return DoubtEvidence(DoubtVerdict.UNKNOWN, reading)
        before_this, last = last, verdict
        return DoubtEvidence(
            DoubtVerdict.UNKNOWN if before_this is None else merge_verdicts(before_this, verdict), reading
        )

    retrying = Retrying(
        retry=retry_if_result(lambda evidence: evidence.verdict is DoubtVerdict.UNKNOWN),
        stop=stop_after_attempt(MAX_READINGS),
        sleep=lambda _seconds: wait(),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )
    return retrying(read_once_more)


def make_evidence_fact(movement: Movement, reading: BalanceReading, at: datetime) -> BalancesRead:
    return BalancesRead(at, Purpose.SETTLING, reading.main, {movement.token: reading.subaccount})


def make_end_fact(at: datetime, row: int, attempt: int, outcome: Outcome, status: Status) -> AttemptEnded:
    name, refusal = type(outcome).__name__, find_refusal(outcome)
    code, message = (refusal.code, refusal.words) if refusal else (None, None)
    said: Note | None = None
    match outcome:
        case Applied(main, subaccount):
            return AttemptEnded(at, row, attempt, name, status, DONE_CODE, None, main, subaccount)
        case Refused(of_account=True, meaning=meaning):
            said = make_note("account-refused", meaning=meaning, refuses="account")
        case Unproven():
            said = make_note("refused-undocumented")
        case NotApplied(reason) | Throttled(reason) | Doubt(reason):
            said = reason
    return AttemptEnded(at, row, attempt, name, status, code, message, note=said)


def make_look_fact(
    at: datetime, row: int, attempt: int, answer: Outcome, status: Status, shown: str = "seen-missing"
) -> RowSettled:
    """Make the fact of what one look at the balances cleared: the row is what its answer said, or may still be.

    Of a refusal that every further row would get, it notes that as well.
    """
    refusal = None if status is Status.PENDING else find_refusal(answer)
    code, words = (refusal.code, refusal.words) if refusal else (None, None)
    is_of_account = refusal is not None and refusal.of_account and status is Status.REFUSED
    note = make_note(shown, refuses="account") if is_of_account else make_note(shown)
    return RowSettled(at, row, attempt, status, note, None, None, code, words)


def make_settling_fact(
    at: datetime, row: int, attempt: int, evidence: DoubtEvidence, answer: Outcome, status: Status
) -> RowSettled:
    """Make the fact of what two readings of the balances say."""
    reading = evidence.reading
    if evidence.verdict is DoubtVerdict.APPLIED and reading:
        return RowSettled(at, row, attempt, status, make_note("settled-applied"), reading.main, reading.subaccount)
    shown = "settled-missing" if evidence.verdict is DoubtVerdict.NOT_APPLIED else "untold"
    return make_look_fact(at, row, attempt, answer, status, shown)


def make_doubt_fact(entry: BatchRow, read: BalancesRead, code: str) -> RowDoubted:
    """Put the row in doubt by this reading."""
    held = read.subaccounts.get(entry.row.token or "")
    return RowDoubted(read.at, entry.row.number, entry.result.attempts, make_note(code), read.main_balance, held)


def recall_answer(result: RowResult, recall: Callable[[int | None, str], Refused]) -> Doubt:
    """Recall the answer that a row in doubt once got, as the ledger kept it."""
    why = result.note or make_note("under-way")
    if result.code is None and result.message is None:
        return Doubt(why)
    return Doubt(why, recall(result.code, result.message or ""))


def explain_stop(movement: Movement, outcome: Outcome, times: int) -> Note:
    """Say why a run stops after this outcome of the last of so many attempts."""
    refusal = find_refusal(outcome)
    if refusal is not None and refusal.words:
        return make_note("account-stopped-saying", code=refusal.code, meaning=refusal.meaning, words=refusal.words)
    if refusal is not None:
        return make_note("account-stopped", code=refusal.code, meaning=refusal.meaning)
    if isinstance(outcome, Doubt) and not outcome.is_blocked:
        return make_note("row-never-applied", row=movement.row, times=times)
    why = outcome.reason if isinstance(outcome, NotApplied | Throttled | Doubt) else None
    return make_note("row-not-sent", row=movement.row, why=why)


def explain_unproven(refusal: Refused) -> Note:
    """Say why a run stops after several refusals in a row that are no proof."""
    if refusal.words:
        return make_note("undocumented-saying", count=MOST_UNPROVEN, meaning=refusal.meaning, words=refusal.words)
    return make_note("undocumented", count=MOST_UNPROVEN, meaning=refusal.meaning)


def explain_unknown(row: int, why: str) -> Note:
    """Say why a run stops at a row that is in doubt."""
    return make_note("row-unknown", row=row, why=make_note(why))


def explain_unread(movement: Movement, why: Note) -> Note:
    """Say why a run stops where a doubt cannot be settled."""
    return make_note("row-unread", row=movement.row, why=why)


def read_closing_balances(session: Session) -> None:
    """Read what the books are kept with at the end; `StoppedError` if a row is in doubt by it.

    Refusals that rest on one look are confirmed by it, so it comes a settling time later, and must come. Otherwise a
    run whose provider is out of reach ends without.
    """
    to_confirm = session.count_seconds_to_confirm()
    if to_confirm:
        session.pause(to_confirm, make_note("confirming"))
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
    suspected = _find_suspects(session, read, falls_alone=False) if session.was_begun else frozenset()
    if suspected:
        return _confirm_doubt(session, suspected, read)
    session.commit(read)
    return read


def read_until_fresh(session: Session, purpose: Purpose) -> BalancesRead:
    """Read all balances; one reading that lags behind what is known to be done is not counted."""
    read = session.read_or_stop(purpose)
    return _read_later(session, read) if _is_stale(session, read) else read


def read_for_a_person(session: Session, doubted: Sequence[BatchRow]) -> None:
    """Read the balances twice for rows that balances have put in doubt, and leave those to a person."""
    session.commit(session.read_or_stop(Purpose.SETTLING))
    session.pause(session.options.settle_seconds, make_note("reading-again"))
    read = session.read_or_stop(Purpose.SETTLING)
    settled = [
        RowSettled(session.world.now(), entry.row.number, entry.result.attempts, Status.UNKNOWN, make_note("untold"))
        for entry in doubted
    ]
    session.commit(read, *settled)
    raise StoppedError(explain_unknown(doubted[0].row.number, "balances-silent"))


def _read(session: Session, attempts: int | None) -> BalancesRead | None:
    try:
        return session.ask_patiently(lambda: session.read_balances(Purpose.CLOSING), attempts)
    except ProviderError as error:
        session.world.watcher.report_wait(0.0, make_note("closing-unread", why=error.note))
        return None


def _take(session: Session, read: BalancesRead | None) -> None:
    """Keep a closing reading. One that lags is not counted, and one that would raise an alarm is read again first."""
    if read is None:
        return
    if _is_stale(session, read):
        read = _read_later(session, read)
    suspected = _find_suspects(session, read)
    if suspected or _balance_books(session, read).enriched:
        _confirm_doubt(session, suspected, read)
    else:
        session.commit(read)


def _confirm_doubt(session: Session, suspected: frozenset[int], read: BalancesRead) -> BalancesRead:
    """Read once more, a settling time later. `StoppedError` if a row explains both readings: then it is in doubt."""
    read = _read_later(session, read)
    rows = suspected & _find_suspects(session, read)
    doubted = sorted((entry for entry in session.rows if entry.row.number in rows), key=lambda entry: entry.row.number)
    session.commit(read, *(make_doubt_fact(entry, read, "books-doubt") for entry in doubted))
    if doubted:
        raise StoppedError(explain_unknown(doubted[0].row.number, "books-differ"))
    return read


def _read_later(session: Session, read: BalancesRead) -> BalancesRead:
    """Keep what was read as evidence, and read again a settling time later."""
    session.commit(replace(read, purpose=Purpose.SETTLING))
    session.heed_stop()
    session.pause(session.options.settle_seconds, make_note("reading-again"))
    return session.read_or_stop(read.purpose)


def _is_stale(session: Session, read: BalancesRead) -> bool:
    return session.known.is_stale(read.main_balance, read.subaccounts, session.world.monotonic())


def _balance_books(session: Session, read: BalancesRead) -> Books:
    closing = Balances(read.main_balance, read.subaccounts, read.at)
    return balance_books(session.work.opening, closing, session.rows)


def _find_suspects(session: Session, read: BalancesRead, *, falls_alone: bool = True) -> frozenset[int]:
    """Find the rows that explain what is too much. What a person has decided once is not asked again."""
    found = find_explaining_rows(_balance_books(session, read), session.rows, falls_alone=falls_alone)
    return found - session.work.decided
