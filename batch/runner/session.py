"""One run of a batch: the outside that it is handed, the balances that it knows, its commits, waits and questions."""

from __future__ import annotations

import random
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from batch.errors import ProviderError
from batch.ledger.events import BalancesRead, Fact, Purpose, RowFact
from batch.ledger.projection import apply_fact
from batch.ledger.protocol import Ledger, Work
from batch.model import BatchRow, Direction, Movement, Status
from batch.notes import Note, make_note, tell
from batch.planning.account_identity import PROOF_SECONDS
from batch.planning.retry import RetryPolicy, compute_wait, find_asked_pause, may_answer_later
from batch.planning.settlement import BalanceReading, Done, is_lagging, is_unconfirmed_refusal
from batch.provider.client import Provider
from batch.settings import Stopwatch, read_boot_clock


class KnownBalances:
    """The last balance of each account, and the movements done within a settling time, which is how long a reading may
    lag behind them.
    """

    def __init__(self, main: Decimal | None, subaccounts: Mapping[str, Decimal], settle_seconds: float) -> None:
        self._main = main
        self._subaccounts = dict(subaccounts)
        self._settle_seconds = settle_seconds
        self._done: deque[Done] = deque()

    @classmethod
    def from_work(cls, work: Work, settle_seconds: float, now: datetime, clock: float) -> KnownBalances:
        """Take up what the ledger knows: what was done just before may not be seen yet."""
        known = cls(work.known_main, work.known_subaccounts, settle_seconds)
        done = [entry for entry in work.rows if entry.result.status is Status.DONE and entry.result.at is not None]
        for entry in sorted(done, key=lambda entry: entry.result.at or now):
            result, movement = entry.result, entry.row.movement
            age = (now - (result.at or now)).total_seconds()
            if movement is None or result.main_balance is None or result.subaccount_balance is None:
                continue
            if 0 <= age < settle_seconds:
                known.add_done(movement, BalanceReading(result.main_balance, result.subaccount_balance), clock - age)
        return known

    @property
    def subaccounts(self) -> Mapping[str, Decimal]:
        """The last balance of each sub-account."""
        return self._subaccounts

    def get_balances(self, token: str) -> tuple[Decimal | None, Decimal | None]:
        """Return the balances of the main account and of a sub-account before an attempt."""
        return self._main, self._subaccounts.get(token)

    def learn(self, token: str, reading: BalanceReading) -> None:
        """Take these balances for what the two accounts hold."""
        self._main = reading.main
        self._subaccounts[token] = reading.subaccount

    def add_done(self, movement: Movement, after: BalanceReading, clock: float) -> None:
        """Remember a movement that was answered as done, with the balances after it."""
        brought = movement.amount if movement.direction is Direction.ADD else -movement.amount
        self._list_recent(clock).append(Done(clock, movement.token, brought))
        self.learn(movement.token, after)

    def take(self, read: BalancesRead) -> None:
        """Take what was read for what the accounts hold."""
        self._main = read.main_balance
        self._subaccounts.update(read.subaccounts)

    def is_stale(self, main: Decimal, subaccounts: Mapping[str, Decimal], clock: float) -> bool:
        """Tell whether these balances contradict a movement that is known to be done."""
        recent = self._list_recent(clock)
        if self._main is not None and is_lagging(main, self._main, (-done.brought for done in reversed(recent))):
            return True
        brought: defaultdict[str, list[Decimal]] = defaultdict(list)
        for done in reversed(recent):
            brought[done.token].append(done.brought)
        return any(
            token in subaccounts and is_lagging(subaccounts[token], self._subaccounts[token], changes)
            for token, changes in brought.items()
        )

    def _list_recent(self, clock: float) -> deque[Done]:
        """List what was done within a settling time, and forget the rest."""
        while self._done and clock - self._done[0].at >= self._settle_seconds:
            self._done.popleft()
        return self._done


_T = TypeVar("_T")
INTERRUPTED = make_note("interrupted")


class StopSignal(Protocol):
    """How the runner is asked to stop, and how it waits: a wait ends at once when a stop is asked for."""

    def is_set(self) -> bool:
        """Tell whether to stop after the row under way."""

    def wait(self, seconds: float) -> None:
        """Sleep, or less if asked to stop meanwhile."""


class ProgressListener(Protocol):
    """Who is told of the run's course."""

    def report_start(self, movements: int, settled: int) -> None:
        """Hear that the run begins: so many movements, of which so many need nothing any more."""

    def report_row(self, row: int, status: Status) -> None:
        """Hear that a row was done, refused or left in doubt."""

    def report_wait(self, seconds: float, why: Note) -> None:
        """Hear that nothing happens for a while, and why."""


@dataclass(frozen=True, slots=True)
class Environment:
    """The outside, handed in: the real one, or a simulated one."""

    provider: Provider
    ledger: Ledger
    now: Callable[[], datetime]
    brake: StopSignal
    watcher: ProgressListener
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


class StoppedError(Exception):
    """The run ends early, for this reason; `resume` goes on."""

    def __init__(self, reason: Note) -> None:
        super().__init__(tell(reason))
        self.reason = reason


class Session:
    """One run of a batch. The facts that wait for the next commit are written before anything that waits."""

    def __init__(self, world: Environment, work: Work, options: RunOptions) -> None:
        self.world = world
        self.batch = work.batch
        self.options = options
        self.work = work
        self.queue = work.rows
        """The rows as they were when the run began."""
        self._now = {entry.row.number: entry for entry in work.rows}
        self.known = KnownBalances.from_work(work, options.settle_seconds, world.now(), world.monotonic())
        self._facts: list[Fact] = []
        self._proved = Stopwatch(lambda: world.now().timestamp(), world.monotonic)
        looked_before = any(is_unconfirmed_refusal(entry.result) for entry in self.queue)
        self._looked_at = world.monotonic() if looked_before else None

    @property
    def rows(self) -> Iterable[BatchRow]:
        """The rows as the ledger has them at this moment."""
        return self._now.values()

    @property
    def was_begun(self) -> bool:
        """Whether anything was sent before this run."""
        return any(entry.result.attempts for entry in self.queue)

    @property
    def rests_on_looks(self) -> bool:
        """Whether refusals were believed because of one look at the balances."""
        return self._looked_at is not None

    def note_look(self) -> None:
        """Remember that a refusal was believed just now because of one look."""
        self._looked_at = self.world.monotonic()

    def count_seconds_to_confirm(self) -> float:
        """Tell how long it is until balances confirm what the last look showed."""
        if self._looked_at is None:
            return 0.0
        return max(0.0, self._looked_at + self.options.settle_seconds - self.world.monotonic())

    def note(self, *facts: Fact) -> None:
        """Write these facts with the next commit."""
        self._facts += facts

    def commit(self, *facts: Fact) -> None:
        """Write what waits and these facts, in one commit."""
        waiting, self._facts = [*self._facts, *facts], []
        if waiting:
            # Before the commit: who sleeps in the middle of it does not know on which side.
            self._proved.start()
            # Nothing is written twice: what an interrupt or a full disk keeps from being written here is a doubt.
            self.world.ledger.append(self.batch, waiting)
            for fact in waiting:
                if isinstance(fact, RowFact):
                    entry = self._now[fact.row]
                    self._now[fact.row] = BatchRow(entry.row, apply_fact(entry.result, fact))

    def may_send(self) -> bool:
        """Look whether the account is surely still held, when the first byte is about to leave.

        Where that was proved too long ago it is proved again; a `LedgerError` ends the run if another has taken over.
        """
        if self._proved.count() > PROOF_SECONDS:
            self._proved.start()
            self.world.ledger.renew(self.batch, self.world.now())
        return self._proved.count() <= PROOF_SECONDS

    def heed_stop(self) -> None:
        if self.world.brake.is_set():
            raise StoppedError(INTERRUPTED)

    def wait(self, seconds: float, why: Note) -> None:
        """Let time pass, as far as nobody asks to stop."""
        self.commit()
        self.world.watcher.report_wait(seconds, why)
        self.world.brake.wait(seconds)

    def pause(self, seconds: float, why: Note) -> None:
        """Let time pass, and stop if that was asked for meanwhile."""
        self.wait(seconds, why)
        self.heed_stop()

    def choose_wait(self, asked: float | None, attempts_in_a_row: int) -> float:
        """Tell how long to wait before asking again; `asked` is what the provider asked for."""
        return compute_wait(asked, attempts_in_a_row, self.options.policy, self.world.rng)

    def ask_patiently(self, read: Callable[[], _T], attempts: int | None = None) -> _T:
        """Ask the provider about balances, again while it is out of reach, within the attempts allowed."""
        retrying = Retrying(
            retry=retry_if_exception(may_answer_later),
            wait=self._wait_for_balances,
            stop=stop_after_attempt(attempts or self.options.policy.max_attempts),
            sleep=lambda seconds: self.pause(seconds, make_note("waiting-for-balances")),
            reraise=True,
        )
        return retrying(read)

    def _wait_for_balances(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        return self.choose_wait(find_asked_pause(error), state.attempt_number)

    def read_balances(self, purpose: Purpose) -> BalancesRead:
        """Read the main account's balance and those of the sub-accounts that the batch names."""
        main = self.world.provider.fetch_main_account().balance
        listed = self.world.provider.fetch_subaccounts()
        named = {entry.row.token for entry in self.queue}
        balances = {account.token: account.balance for account in listed if account.token in named}
        return BalancesRead(self.world.now(), purpose, main, balances)

    def read_or_stop(self, purpose: Purpose) -> BalancesRead:
        """Read the balances, patiently; `StoppedError` if they cannot be had."""
        try:
            return self.ask_patiently(lambda: self.read_balances(purpose))
        except ProviderError as error:
            raise StoppedError(make_note("balances-unread", why=error.note)) from error
