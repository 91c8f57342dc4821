"""The balances that a run knows, and what it knows to be done and a reading that lags may not show yet."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from batch.ledger.events import BalancesRead
from batch.ledger.protocol import Work
from batch.model import Direction, Movement, Status
from batch.planning.settlement import Done, Reading, is_behind


class Known:
    """The last balance of each account, and the movements done within a settling time, which is how long a reading may
    lag behind them.
    """

    def __init__(self, main: Decimal | None, subaccounts: Mapping[str, Decimal], settle_seconds: float) -> None:
        self._main = main
        self._subaccounts = dict(subaccounts)
        self._settle_seconds = settle_seconds
        self._done: deque[Done] = deque()

    @classmethod
    def from_work(cls, work: Work, settle_seconds: float, now: datetime, clock: float) -> Known:
        """Take it up from the ledger: what was done just before the run that ended may not be seen yet."""
        known = cls(work.known_main, work.known_subaccounts, settle_seconds)
        done = [entry for entry in work.rows if entry.result.status is Status.DONE and entry.result.at is not None]
        for entry in sorted(done, key=lambda entry: entry.result.at or now):
            result, movement = entry.result, entry.row.movement
            age = (now - (result.at or now)).total_seconds()
            if movement is None or result.main_balance is None or result.subaccount_balance is None:
                continue
            if 0 <= age < settle_seconds:
                known.add_done(movement, Reading(result.main_balance, result.subaccount_balance), clock - age)
        return known

    @property
    def subaccounts(self) -> Mapping[str, Decimal]:
        """The last balance of each sub-account."""
        return self._subaccounts

    def before(self, token: str) -> tuple[Decimal | None, Decimal | None]:
        """Return the balances of the main account and of a sub-account before an attempt."""
        return self._main, self._subaccounts.get(token)

    def learn(self, token: str, reading: Reading) -> None:
        """Take these balances for what the two accounts hold."""
        self._main = reading.main
        self._subaccounts[token] = reading.subaccount

    def add_done(self, movement: Movement, after: Reading, clock: float) -> None:
        """Remember a movement that was answered as done, with the balances after it."""
        brought = movement.amount if movement.direction is Direction.ADD else -movement.amount
        self._recent(clock).append(Done(clock, movement.token, brought))
        self.learn(movement.token, after)

    def take(self, read: BalancesRead) -> None:
        """Take what was read for what the accounts hold."""
        self._main = read.main_balance
        self._subaccounts.update(read.subaccounts)

    def is_stale(self, main: Decimal, subaccounts: Mapping[str, Decimal], clock: float) -> bool:
        """Tell whether these balances contradict a movement that is known to be done."""
        recent = self._recent(clock)
        if self._main is not None and is_behind(main, self._main, (-done.brought for done in reversed(recent))):
            return True
        brought: defaultdict[str, list[Decimal]] = defaultdict(list)
        for done in reversed(recent):
            brought[done.token].append(done.brought)
        return any(
            token in subaccounts and is_behind(subaccounts[token], self._subaccounts[token], changes)
            for token, changes in brought.items()
        )

    def _recent(self, clock: float) -> deque[Done]:
        """Return what was done within a settling time, and forget the rest."""
        while self._done and clock - self._done[0].at >= self._settle_seconds:
            self._done.popleft()
        return self._done
