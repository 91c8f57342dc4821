"""A run of a batch: its balances when it is carried on, its open doubts, then every row that is left."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tenacity import Retrying, retry_if_result

from batch.errors import ProviderError, SubAccountGone
from batch.ledger.events import AttemptBegan, BalancesRead, Purpose, StateChanged
from batch.ledger.protocol import Work
from batch.model import ENDED, BatchRow, BatchState, Direction, Movement, Status
from batch.money import CENT, ZERO, encode_balance
from batch.notes import Applied, NotApplied, Note, Outcome, Throttled, Unproven, make_note
from batch.planning.reconciliation import find_fitting_removes, find_fitting_rows, find_rises
from batch.planning.retry import MOST_UNPROVEN, Found, Step, is_too_long, judge_attempt, judge_look, judge_settling
from batch.planning.settlement import (
    BalanceReading,
    DoubtVerdict,
    compare_at_once,
    is_account_refusal,
    is_awaiting_person,
)
from batch.runner import doubts
from batch.runner.doubts import DoubtEvidence
from batch.runner.session import INTERRUPTED, Environment, RunOptions, Session, StoppedError
from batch.validation.cells import format_row_ranges


def refresh_balances(session: Session, left: Sequence[Movement]) -> None:
    """Read the balances now, so that a doubt is settled against what was known just before it.

    A sub-account that rose since the ledger last knew it may have been paid without the ledger: a row that explains the
    rise is in doubt, and for a person to decide. `StoppedError` if there is one.
    """
    read = doubts.read_until_fresh(session, Purpose.RESUMING)
    expected = _expect_balances(session, read.at)
    rises = find_rises(expected, read.subaccounts)
    doubted = find_fitting_rows(left, rises)
    if doubted:
        doubted = sorted({*doubted, *find_fitting_removes(left, expected, read.subaccounts)})
        entries = {entry.row.number: entry for entry in session.queue}
        doubted = _drop_decided(session, [entries[row] for row in doubted], read)
    if doubted:
        session.commit(read, *(doubts.make_doubt_fact(entries[row], read, "changed-elsewhere") for row in doubted))
        raise StoppedError(make_note("paid-elsewhere", rows=format_row_ranges(doubted)))
    for rise in rises:
        risen = make_note("risen-elsewhere", token=rise.token, amount=encode_balance(rise.amount))
        session.world.watcher.report_wait(0.0, risen)
    session.known.take(doubts.keep_unless_doubted(session, read))


def _drop_decided(session: Session, doubted: Sequence[BatchRow], read: BalancesRead) -> list[int]:
    """Drop rows that a person decided about seeing a balance as high: a reading that lags would ask again and again."""
    seen = session.work.seen_in_doubt
    return [
        entry.row.number
        for entry in doubted
        if abs(read.subaccounts[entry.row.token or ""] - seen.get(entry.row.number, ZERO)) > CENT
        or entry.row.number not in seen
    ]


def _expect_balances(session: Session, at: datetime) -> dict[str, tuple[Decimal, datetime]]:
    """Add to what sub-accounts held, as the ledger last knew it, the adds that were decided to be applied since."""
    known = session.known.subaccounts
    expected = dict(known)
    for entry in session.queue:
        movement = entry.row.movement
        is_decided = entry.result.status is Status.DONE and entry.result.subaccount_balance is None
        if movement is not None and is_decided and movement.direction is Direction.ADD:
            last = session.world.ledger.find_last_attempt(session.batch, movement.row)
            # A reading that was taken since shows the movement already.
            if last is not None and last.subaccount_balance == known.get(movement.token):
                expected[movement.token] += movement.amount
    return {token: (balance, at) for token, balance in expected.items()}


def perform(world: Environment, work: Work, options: RunOptions, pages: dict[str, int]) -> None:
    """Do what is left of a batch. `pages` says on which page of the provider's list each sub-account was.

    Returns with the batch finished, or stopped with its reason in the ledger. `LedgerError` is raised when the ledger
    cannot be written: then nothing more has been sent.
    """
    if world.ledger.read_head(work.batch).state not in ENDED:
        _Run(Session(world, work, options), pages).run()


@dataclass
class _Turn:
    """A movement while it is its turn."""

    movement: Movement
    attempts: int
    """All that were ever made."""
    in_a_row: int = 0
    """Those since it was taken up."""
    unsent: Note | None = None
    """Why the last one was not sent, if it was not."""


class _Run:
    """The rows of one run, in their order."""

    def __init__(self, session: Session, pages: dict[str, int]) -> None:
        self._session = session
        self._world = session.world
        self._options = session.options
        self._reader = doubts.BalanceReader(session.world.provider, pages)
        self._unproven_in_a_row = 0

    def run(self) -> None:
        """Send every row that is left, then read the closing balances, then write the state."""
        queue = self._session.queue
        left = [entry for entry in queue if _is_left(entry)]
        self._world.watcher.report_start(len(queue), len(queue) - len(left))
        self._session.commit(StateChanged(self._world.now(), BatchState.RUNNING, by=self._options.by))
        try:
            reason = self._send_until_stopped(left)
        except KeyboardInterrupt:
            # Stopped at once: what was under way is in doubt, and the ledger says so already.
            reason = INTERRUPTED
        state = BatchState.FINISHED if reason is None else BatchState.STOPPED
        self._session.commit(StateChanged(self._world.now(), state, reason))

    def _send_until_stopped(self, left: list[BatchRow]) -> Note | None:
        """Send what is left and read the closing balances; returns why it stopped before the end, or None."""
        try:
            self._handle_rows(left)
            self._session.commit()
        except StoppedError as stopped:
            self._session.commit()
            with suppress(StoppedError):
                doubts.read_balances_at_a_stop(self._session)
            return stopped.reason
        try:
            doubts.read_closing_balances(self._session)
        except StoppedError as stopped:
            return stopped.reason
        return None

    def _handle_rows(self, left: list[BatchRow]) -> None:
        """Settle doubts first: what is sent later would blur the balances that settle them."""
        ended = self._settle_open_doubts([entry for entry in left if entry.result.status is Status.UNKNOWN])
        if self._options.refresh:
            refresh_balances(self._session, [_get_movement(entry) for entry in left if entry.row.number not in ended])
        for entry in left:
            if entry.row.number not in ended:
                self._send_movement(_get_movement(entry), entry.result.attempts)

    def _settle_open_doubts(self, doubtful: list[BatchRow]) -> set[int]:
        """Settle what an earlier run left in doubt; returns the rows that need no sending any more."""
        ended: set[int] = set()
        by_balances = [entry for entry in doubtful if entry.row.number in self._session.work.doubted]
        undecided = [entry.row.number for entry in by_balances if is_awaiting_person(entry.result)]
        if undecided:
            # These wait for a person: nothing that is read now says more about them.
            raise StoppedError(make_note("paid-elsewhere", rows=format_row_ranges(undecided)))
        for entry in doubtful:
            if entry not in by_balances:
                movement, answer = _get_movement(entry), doubts.recall_answer(entry.result, self._world.provider.recall)
                found = self._settle(movement, entry.result.attempts, answer, 0)
                if found.step is not Step.RETRY:
                    ended.add(movement.row)
                    self._conclude(movement, answer, found, 0)
        if by_balances:
            doubts.read_for_a_person(self._session, by_balances)
        return ended

    def _send_movement(self, movement: Movement, attempts: int) -> None:
        """Send the movement, again as the rules allow, until it is settled or the run stops."""
        turn = _Turn(movement, attempts)
        retrying = Retrying(
            retry=retry_if_result(lambda tried: tried[1].step is Step.RETRY),
            wait=lambda _state: self._session.choose_wait(None, turn.in_a_row) if turn.unsent else 0.0,
            sleep=lambda seconds: self._session.wait(seconds, turn.unsent) if turn.unsent else None,
        )
        outcome, found = retrying(self._try, turn)
        self._conclude(movement, outcome, found, turn.in_a_row)

    def _try(self, turn: _Turn) -> tuple[Outcome, Found]:
        """Send a movement once, and find out what became of it."""
        self._session.heed_stop()
        turn.attempts, turn.in_a_row = turn.attempts + 1, turn.in_a_row + 1
        outcome, found = self._attempt(turn)
        turn.unsent = outcome.reason if isinstance(outcome, NotApplied) else None
        if found.step is Step.LOOK:
            found = self._look(turn, outcome)
        if found.step is Step.SETTLE:
            found = self._settle(turn.movement, turn.attempts, outcome, turn.in_a_row)
        return outcome, found

    def _conclude(self, movement: Movement, outcome: Outcome, found: Found, in_a_row: int) -> None:
        """Go on with the next row, or stop."""
        if found.step is Step.STOP:
            raise StoppedError(doubts.explain_stop(movement, outcome, in_a_row))
        self._world.watcher.report_row(movement.row, found.status)
        self._unproven_in_a_row = self._unproven_in_a_row + 1 if isinstance(outcome, Unproven) else 0
        if isinstance(outcome, Unproven) and self._unproven_in_a_row >= MOST_UNPROVEN:
            raise StoppedError(doubts.explain_unproven(outcome.refusal))

    def _attempt(self, turn: _Turn) -> tuple[Outcome, Found]:
        """Make one HTTP call: written down, committed, sent, and its outcome written down."""
        self._keep_pace()
        movement, number = turn.movement, turn.attempts
        before = self._session.known.get_balances(movement.token)
        self._session.commit(AttemptBegan(self._world.now(), movement.row, number, *before))
        outcome = self._world.provider.move(movement, self._session.may_send)
        if isinstance(outcome, Applied):
            after = BalanceReading(outcome.main_balance, outcome.subaccount_balance)
            self._session.known.add_done(movement, after, self._world.monotonic())
        found = judge_attempt(outcome, turn.in_a_row, self._options.policy)
        self._session.note(doubts.make_end_fact(self._world.now(), movement.row, number, outcome, found.status))
        return outcome, found

    def _look(self, turn: _Turn, answer: Outcome) -> Found:
        """Look at the balances once. Until what they say is written down, the ledger has the row in doubt.

        A look that finds no answer counts as an attempt.
        """
        policy, session, movement = self._options.policy, self._session, turn.movement
        session.commit()
        if isinstance(answer, Throttled) and turn.in_a_row < policy.max_attempts and not is_too_long(answer):
            session.wait(session.choose_wait(answer.retry_after, turn.in_a_row), answer.reason)
        allowed, turn.in_a_row = policy.max_attempts - turn.in_a_row + 1, turn.in_a_row - 1

        def read() -> BalanceReading:
            turn.in_a_row += 1
            return self._reader.read(movement.token)

        try:
            reading = session.ask_patiently(read, max(1, allowed))
        except SubAccountGone:
            return Found(Status.UNKNOWN, Step.SETTLE)
        except ProviderError as error:
            raise StoppedError(doubts.explain_unread(movement, error.note)) from error
        session.note(doubts.make_evidence_fact(movement, reading, self._world.now()))
        found = judge_look(answer, self._judge_balances(movement, reading), turn.in_a_row, policy)
        if found.status is not Status.UNKNOWN:
            session.note(doubts.make_look_fact(self._world.now(), movement.row, turn.attempts, answer, found.status))
            session.known.learn(movement.token, reading)
        if found.status is Status.REFUSED:
            session.note_look()
        return found

    def _judge_balances(self, movement: Movement, reading: BalanceReading) -> DoubtVerdict:
        main, subaccount = self._session.known.get_balances(movement.token)
        if main is None or subaccount is None or self._is_stale(movement.token, reading):
            return DoubtVerdict.UNKNOWN
        return compare_at_once(movement.direction, movement.amount, BalanceReading(main, subaccount), reading)

    def _settle(self, movement: Movement, number: int, answer: Outcome, in_a_row: int) -> Found:
        """Settle a doubt by the balances; stop where they do not tell, or a person must agree."""
        session = self._session
        session.commit()
        evidence = self._collect_evidence(movement)
        must_ask = self._options.ask_before_resend
        found = judge_settling(answer, evidence.verdict, in_a_row, self._options.policy, ask_before_resend=must_ask)
        now, row = self._world.now(), movement.row
        session.commit(doubts.make_settling_fact(now, row, number, evidence, answer, found.status))
        if evidence.reading:
            session.known.learn(movement.token, evidence.reading)
        if found.status is Status.UNKNOWN and evidence.verdict is DoubtVerdict.NOT_APPLIED:
            raise StoppedError(make_note("row-to-agree", row=row))
        if found.status is Status.UNKNOWN:
            raise StoppedError(doubts.explain_unknown(row, "balances-silent"))
        return found

    def _collect_evidence(self, movement: Movement) -> DoubtEvidence:
        """Collect what the balances say; nothing where some are not to be had, and never will be."""
        session = self._session
        last = self._world.ledger.find_last_attempt(session.batch, movement.row)
        if last is None or last.main_balance is None or last.subaccount_balance is None:
            return DoubtEvidence(DoubtVerdict.UNKNOWN, None)
        try:
            return doubts.settle_doubt(
                movement,
                BalanceReading(last.main_balance, last.subaccount_balance),
                lambda: self._read_evidence(movement),
                lambda reading: self._is_stale(movement.token, reading),
                lambda: session.wait(self._options.settle_seconds, make_note("settling", row=movement.row)),
            )
        except SubAccountGone:
            return DoubtEvidence(DoubtVerdict.UNKNOWN, None)
        except ProviderError as error:
            raise StoppedError(doubts.explain_unread(movement, error.note)) from error

    def _is_stale(self, token: str, reading: BalanceReading) -> bool:
        held = {token: reading.subaccount}
        return self._session.known.is_stale(reading.main, held, self._world.monotonic())

    def _read_evidence(self, movement: Movement) -> BalanceReading:
        """Read both balances, and write them down before they are used."""
        self._session.heed_stop()
        reading = self._session.ask_patiently(lambda: self._reader.read(movement.token))
        self._session.commit(doubts.make_evidence_fact(movement, reading, self._world.now()))
        return reading

    def _keep_pace(self) -> None:
        """Wait for the turn of the next attempt before it begins: in the middle of it nobody could stop, nor know."""
        ahead = self._world.provider.predict_wait()
        if ahead > 0:
            self._session.commit()
            self._world.brake.wait(ahead)
            self._session.heed_stop()


def _is_left(entry: BatchRow) -> bool:
    """Tell whether the row is not yet sent, in doubt, or refused because of the account and not of the row."""
    return entry.result.status in {Status.PENDING, Status.UNKNOWN} or is_account_refusal(entry.result)


def _get_movement(entry: BatchRow) -> Movement:
    movement = entry.row.movement
    if movement is None:
        raise AssertionError("only rows without errors have a turn")
    return movement
