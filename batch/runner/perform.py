"""Running a batch: movements one after the other, each attempt written down before it is sent.

The outcome of one attempt and the beginning of the next share a commit; anything that waits commits first. So at every
moment the ledger knows of each row whether nothing was sent, or what came back, or that this is in doubt.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol, TypeVar

from tenacity import RetryCallState, Retrying

from batch import codes
from batch.clock import Stopwatch, read_boot_clock
from batch.errors import ProviderError
from batch.language import N_, Language, _, speaking
from batch.ledger.facts import AttemptBegan, BalancesRead, Fact, Purpose, RowDoubted, StateChanged
from batch.ledger.protocol import Ledger
from batch.model import ENDED, BatchRow, BatchState, Direction, Movement, Status
from batch.money import balance_text
from batch.outcome import Applied, NotApplied, Outcome
from batch.provider.client import Provider
from batch.rules.holding import PROOF_SECONDS
from batch.rules.outside_changes import find_rises, fitting_removes, fitting_rows
from batch.rules.retry import RetryPolicy, Step, next_step, wait_seconds
from batch.rules.settle import Reading, Verdict
from batch.rules.unsettled import row_ranges
from batch.runner.settling import MAX_READINGS, BalanceReader, evidence_fact, settle_doubt
from batch.runner.telling import ended_fact, settled_fact, status_of, stop_reason, unknown_reason, unread_reason

_T = TypeVar("_T")
INTERRUPTED = N_("It was interrupted.")
PAID_ELSEWHERE = N_(
    "Balances changed by what rows would move ({rows}), as if these had been applied without this ledger: "
    "a person must decide."
)


class Brake(Protocol):
    """How the runner is asked to stop, and how it waits: a wait ends at once when a stop is asked for."""

    def asked(self) -> bool:
        """Whether to stop after the row under way."""

    def wait(self, seconds: float) -> None:
        """Sleep, or less if asked to stop meanwhile."""


class Watcher(Protocol):
    """Who is told of the run's course."""

    def started(self, movements: int, settled: int) -> None:
        """So many movements, of which so many need nothing any more."""

    def row_ended(self, row: int, status: Status) -> None:
        """A row was done, refused or left in doubt."""

    def waiting(self, seconds: float, why: str) -> None:
        """Nothing happens for a while, and this is why."""


@dataclass(frozen=True, slots=True)
class World:
    """The outside, handed in: the real one, or a simulated one."""

    provider: Provider
    ledger: Ledger
    now: Callable[[], datetime]
    brake: Brake
    watcher: Watcher
    rng: random.Random = field(default_factory=random.SystemRandom)
    monotonic: Callable[[], float] = read_boot_clock


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run: patience, and how far apart the readings are that settle a doubt (seconds)."""

    policy: RetryPolicy = field(default_factory=RetryPolicy)
    settle_seconds: float = 60.0
    ask_before_resend: bool = False
    """Whether a movement whose doubt was settled as not applied waits for a person before it is sent again."""
    refresh: bool = False
    """Whether the balances in the ledger may be old, because time has passed since they were read."""
    by: str | None = None
    """Who starts or resumes it, for the ledger."""


class _Stopped(Exception):
    """The run ends early; `resume` goes on."""


def perform(world: World, batch: str, options: RunOptions, pages: dict[str, int]) -> None:
    """Run what is left of the batch. `pages` says on which page of the provider's list each sub-account was.

    Returns with the batch finished, or stopped with its reason in the ledger. `LedgerError` is raised when the ledger
    cannot be written: then nothing more has been sent.
    """
    if world.ledger.head(batch).state not in ENDED:
        # The ledger is kept in English, whoever runs; batch.retelling has it for those who read it.
        with speaking(Language.ENGLISH):
            _Run(world, batch, options, pages).run()


class _Run:
    """The state of one run: the balances known so far, and the facts that wait for the next commit."""

    def __init__(self, world: World, batch: str, options: RunOptions, pages: dict[str, int]) -> None:
        self._world = world
        self._batch = batch
        self._options = options
        self._reader = BalanceReader(world.provider, pages)
        work = world.ledger.work(batch)
        self._queue = work.rows
        self._entries = {entry.row.number: entry for entry in work.rows}
        self._for_a_person = work.for_a_person
        self._main = work.known_main
        self._subaccounts = work.known_subaccounts
        self._facts: list[Fact] = []
        self._proved = Stopwatch(lambda: world.now().timestamp(), world.monotonic)

    def run(self) -> None:
        """Every row that is left, then the closing balances, then the state."""
        left = [entry for entry in self._queue if _is_left(entry)]
        self._world.watcher.started(len(self._queue), len(self._queue) - len(left))
        self._commit(StateChanged(self._world.now(), BatchState.RUNNING, by=self._options.by))
        try:
            reason = self._until_stopped(left)
        except KeyboardInterrupt:
            # Stopped at once: what was under way is in doubt, and the ledger says so already.
            reason = INTERRUPTED
        state = BatchState.FINISHED if reason is None else BatchState.STOPPED
        self._commit(StateChanged(self._world.now(), state, reason))

    def _until_stopped(self, left: list[BatchRow]) -> str | None:
        """Send what is left and read the closing balances; why it stopped before the end, or None."""
        try:
            self._work_through(left)
            self._commit()
            self._read_closing_balances(self._options.policy.max_attempts)
        except _Stopped as stopped:
            self._commit()
            self._read_closing_balances(1)
            return str(stopped)
        return None

    def _work_through(self, left: list[BatchRow]) -> None:
        """Doubts come first: what is sent later would blur the balances that settle them."""
        if self._for_a_person:
            raise _Stopped(_(PAID_ELSEWHERE).format(rows=row_ranges(self._for_a_person)))
        settled: set[int] = set()
        for entry in left:
            if entry.result.status is Status.UNKNOWN and not self._is_settled_as_missing(_movement(entry)):
                settled.add(entry.row.number)
        if self._options.refresh:
            self._refresh([_movement(entry) for entry in left if entry.row.number not in settled])
        for entry in left:
            if entry.row.number not in settled:
                self._take_up(_movement(entry), entry.result.attempts)

    def _take_up(self, movement: Movement, attempts: int) -> None:
        in_a_row = 0
        while True:
            if self._world.brake.asked():
                raise _Stopped(INTERRUPTED)
            outcome, tried = self._send(movement, attempts, in_a_row)
            attempts, in_a_row = attempts + tried, in_a_row + tried
            match next_step(outcome, in_a_row, self._options.policy):
                case Step.NEXT:
                    self._world.watcher.row_ended(movement.row, status_of(outcome))
                    return
                case Step.RETRY:
                    raise _Stopped(INTERRUPTED)
                case Step.STOP:
                    raise _Stopped(stop_reason(movement, outcome))
                case Step.SETTLE:
                    if not self._is_settled_as_missing(movement):
                        return
                    if in_a_row >= self._options.policy.max_attempts:
                        sentence = _("Row {row} was sent {times} times and never applied.")
                        raise _Stopped(sentence.format(row=movement.row, times=in_a_row))

    def _send(self, movement: Movement, attempts: int, in_a_row: int) -> tuple[Outcome, int]:
        """Send until it is not to be repeated at once. Returns the last outcome and how many attempts were made."""
        outcome = self._attempt(movement, attempts + 1)
        if next_step(outcome, in_a_row + 1, self._options.policy) is not Step.RETRY:
            return outcome, 1
        return self._repeat(movement, outcome, attempts, in_a_row)

    def _repeat(self, movement: Movement, first: Outcome, attempts: int, in_a_row: int) -> tuple[Outcome, int]:
        """The same where the first attempt is to be repeated: there are waits now, and an end to patience."""
        policy = self._options.policy

        def wait(state: RetryCallState) -> float:
            return wait_seconds(_outcome(state), in_a_row + state.attempt_number, policy, self._world.rng)

        retrying = Retrying(
            retry=lambda state: next_step(_outcome(state), in_a_row + state.attempt_number, policy) is Step.RETRY,
            wait=wait,
            sleep=self._world.brake.wait,
            before_sleep=self._before_sleep,
            stop=lambda _state: self._world.brake.asked(),
            retry_error_callback=_outcome,
        )
        tried = 0

        def attempt() -> Outcome:
            nonlocal tried
            tried += 1
            if tried == 1:
                return first
            if self._world.brake.asked():
                raise _Stopped(INTERRUPTED)
            return self._attempt(movement, attempts + tried)

        return retrying(attempt), tried

    def _attempt(self, movement: Movement, number: int) -> Outcome:
        """One HTTP call: written down, committed, sent, and its outcome written down."""
        self._keep_pace()
        before = self._main, self._subaccounts.get(movement.token)
        self._commit(AttemptBegan(self._world.now(), movement.row, number, *before))
        outcome = self._world.provider.move(movement, self._may_send)
        if isinstance(outcome, Applied):
            self._know(movement.token, Reading(outcome.main_balance, outcome.subaccount_balance))
        self._facts.append(ended_fact(self._world.now(), movement.row, number, outcome))
        return outcome

    def _may_send(self) -> bool:
        """Look whether the account is surely still held, when the first byte is about to leave.

        Where that was proved too long ago it is proved again; a `LedgerError` ends the run if another has taken over.
        """
        if self._proved.count() > PROOF_SECONDS:
            self._proved.start()
            self._world.ledger.renew(self._batch, self._world.now())
        return self._proved.count() <= PROOF_SECONDS

    def _before_sleep(self, state: RetryCallState) -> None:
        self._commit()
        seconds = state.next_action.sleep if state.next_action else 0.0
        self._world.watcher.waiting(seconds, getattr(_outcome(state), "reason", ""))

    def _is_settled_as_missing(self, movement: Movement) -> bool:
        """Settle a doubt by the balances. True: it was not applied and may be sent; False: it was applied."""
        self._commit()
        last = self._world.ledger.last_attempt(self._batch, movement.row)
        if last is None or last.main_balance is None or last.subaccount_balance is None:
            raise _Stopped(unknown_reason(movement, _("no balances were known before it was sent")))
        before = Reading(last.main_balance, last.subaccount_balance)
        try:
            evidence = settle_doubt(movement, before, self._readings(movement), self._recorder(movement))
        except ProviderError as error:
            raise _Stopped(unread_reason(movement, str(error))) from error
        must_ask = evidence.verdict is Verdict.NOT_APPLIED and self._options.ask_before_resend
        self._commit(settled_fact(self._world.now(), movement.row, last.number, evidence, must_ask=must_ask))
        if evidence.reading:
            self._know(movement.token, evidence.reading)
        if must_ask:
            sentence = _("Row {row} was not applied by the balances, and a person must agree to send it again.")
            raise _Stopped(sentence.format(row=movement.row))
        if evidence.verdict is Verdict.UNKNOWN:
            raise _Stopped(unknown_reason(movement, _("the balances do not tell")))
        if evidence.verdict is Verdict.APPLIED:
            self._world.watcher.row_ended(movement.row, Status.DONE)
        return evidence.verdict is Verdict.NOT_APPLIED

    def _readings(self, movement: Movement) -> Iterator[Reading]:
        """Readings a settling time apart."""
        for number in range(MAX_READINGS):
            if number:
                why = _("row {row} is being settled").format(row=movement.row)
                self._world.watcher.waiting(self._options.settle_seconds, why)
                self._world.brake.wait(self._options.settle_seconds)
            if self._world.brake.asked():
                raise _Stopped(INTERRUPTED)
            yield self._patiently(lambda: self._reader.read(movement.token))

    def _recorder(self, movement: Movement) -> Callable[[Reading], None]:
        return lambda reading: self._commit(evidence_fact(movement, reading, self._world.now()))

    def _refresh(self, left: list[Movement]) -> None:
        """Read the balances now, so that a doubt is settled against what was known just before it.

        A sub-account that rose since the ledger last knew it may have been paid without the ledger: a row that explains
        the rise is in doubt, and for a person to decide.
        """
        try:
            fact = self._patiently(lambda: self._read_balances(Purpose.RESUMING))
        except ProviderError as error:
            raise _Stopped(_("The balances cannot be read. {why}").format(why=error)) from error
        known = self._expected(fact.at)
        rises = find_rises(known, fact.subaccounts)
        doubted = fitting_rows(left, rises)
        if doubted:
            doubted = sorted({*doubted, *fitting_removes(left, known, fact.subaccounts)})
        self._commit(fact, *(self._doubted(row, fact) for row in doubted))
        self._main = fact.main_balance
        self._subaccounts.update(fact.subaccounts)
        explained = {self._entries[row].row.token for row in doubted}
        for rise in rises:
            if rise.token not in explained:
                sentence = _("sub-account {token} holds {amount} more than the ledger last knew, from elsewhere")
                self._world.watcher.waiting(0.0, sentence.format(token=rise.token, amount=balance_text(rise.amount)))
        if doubted:
            raise _Stopped(_(PAID_ELSEWHERE).format(rows=row_ranges(doubted)))

    def _expected(self, at: datetime) -> dict[str, tuple[Decimal, datetime]]:
        """What sub-accounts held when the ledger last knew it, with the adds that were decided to be applied since."""
        expected = dict(self._subaccounts)
        for entry in self._queue:
            movement = _movement(entry)
            is_decided = entry.result.status is Status.DONE and entry.result.subaccount_balance is None
            if is_decided and movement.direction is Direction.ADD:
                last = self._world.ledger.last_attempt(self._batch, movement.row)
                # A reading that was taken since shows the movement already.
                if last is not None and last.subaccount_balance == self._subaccounts.get(movement.token):
                    expected[movement.token] += movement.amount
        return {token: (balance, at) for token, balance in expected.items()}

    def _doubted(self, row: int, fact: BalancesRead) -> RowDoubted:
        entry = self._entries[row]
        note = _("Its sub-account’s balance changed since the ledger last knew it, by about what this row moves")
        balances = fact.main_balance, fact.subaccounts[entry.row.token or ""]
        return RowDoubted(fact.at, row, entry.result.attempts, note, *balances)

    def _read_closing_balances(self, attempts: int) -> None:
        """The balances that the books are kept with. A run whose provider is out of reach ends without them."""
        try:
            self._commit(self._patiently(lambda: self._read_balances(Purpose.CLOSING), attempts))
        except ProviderError as error:
            why = _("the closing balances cannot be read: {why}").format(why=error)
            self._world.watcher.waiting(0.0, why)

    def _patiently(self, read: Callable[[], _T], attempts: int | None = None) -> _T:
        """What the provider says of balances, asked for again while it is out of reach, within the attempts allowed."""
        policy = self._options.policy
        for attempt in range(1, attempts or policy.max_attempts):
            try:
                return read()
            except ProviderError:
                seconds = wait_seconds(NotApplied(""), attempt, policy, self._world.rng)
                self._world.watcher.waiting(seconds, _("the balances cannot be read"))
                self._world.brake.wait(seconds)
                if self._world.brake.asked():
                    raise _Stopped(INTERRUPTED) from None
        return read()

    def _read_balances(self, purpose: Purpose) -> BalancesRead:
        """The main account's balance and those of the sub-accounts that the batch names."""
        main = self._world.provider.main_account().balance
        listed = self._world.provider.subaccounts()
        named = {entry.row.token for entry in self._queue}
        balances = {account.token: account.balance for account in listed if account.token in named}
        return BalancesRead(self._world.now(), purpose, main, balances)

    def _keep_pace(self) -> None:
        """Wait for the turn of the next attempt before it begins: in the middle of it nobody could stop, nor know."""
        ahead = self._world.provider.ahead()
        if ahead > 0:
            self._commit()
            self._world.brake.wait(ahead)
            if self._world.brake.asked():
                raise _Stopped(INTERRUPTED)

    def _know(self, token: str, reading: Reading) -> None:
        self._main = reading.main
        self._subaccounts[token] = reading.subaccount

    def _commit(self, *facts: Fact) -> None:
        """Write what waits and these facts, in one commit."""
        waiting, self._facts = [*self._facts, *facts], []
        if waiting:
            # Before the commit: who sleeps in the middle of it does not know on which side.
            self._proved.start()
            # Nothing is written twice: what an interrupt or a full disk keeps from being written here is a doubt.
            self._world.ledger.append(self._batch, waiting)


def _is_left(entry: BatchRow) -> bool:
    """Rows not yet sent, rows in doubt, and a row whose refusal was about the account and not about the row."""
    status, code = entry.result.status, entry.result.code
    return status in {Status.PENDING, Status.UNKNOWN} or (status is Status.REFUSED and code in codes.STOPPING)


def _movement(entry: BatchRow) -> Movement:
    movement = entry.row.movement
    if movement is None:
        raise AssertionError("only rows without errors have a turn")
    return movement


def _outcome(state: RetryCallState) -> Outcome:
    if state.outcome is None:
        raise AssertionError("asked before the first attempt ended")
    outcome: Outcome = state.outcome.result()
    return outcome
