"""A provider in one process whose answers are scripted, and a clock that only moves when somebody waits."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from batch.errors import ProviderUnreachable
from batch.ledger.protocol import Ledger
from batch.model import Direction, Movement, Status, SubAccount
from batch.outcome import Applied, Doubt, NotApplied, Outcome, Refused
from batch.provider.connection import MaySend
from batch.provider.decode import MainAccount
from batch.rules.retry import RetryPolicy
from batch.runner.perform import RunOptions, World
from tests.builders import BALANCES, NOON

Script = Callable[["ScriptedProvider", Movement], Outcome]


def apply(provider: ScriptedProvider, movement: Movement) -> Outcome:
    """Apply it and say so."""
    signed = movement.amount if movement.direction is Direction.ADD else -movement.amount
    provider.main -= signed
    provider.held[movement.token] += signed
    provider.applied.append(movement.row)
    return Applied(provider.main, provider.held[movement.token])


def apply_in_silence(provider: ScriptedProvider, movement: Movement) -> Outcome:
    """Apply it, and let the answer be lost."""
    apply(provider, movement)
    return Doubt("the connection was reset")


def lose(provider: ScriptedProvider, movement: Movement) -> Outcome:
    """Do nothing, and let the answer be lost."""
    return Doubt("no answer came in time")


def unreachable(provider: ScriptedProvider, movement: Movement) -> Outcome:
    """Nothing is sent."""
    return NotApplied("the connection was refused")


def throttle(provider: ScriptedProvider, movement: Movement) -> Outcome:
    """Ask for three seconds."""
    return NotApplied("the provider asks to slow down", 3.0)


def refuse(code: int) -> Script:
    """Say no."""
    return lambda _provider, _movement: Refused(code, f"Non {code}", 200)


@dataclass
class ScriptedProvider:
    """Applies every movement, but for the next ones as scripted; `silent` makes questions fail."""

    script: list[Script] = field(default_factory=list)
    main: Decimal = BALANCES.main
    held: dict[str, Decimal] = field(default_factory=lambda: dict(BALANCES.subaccounts))
    applied: list[int] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    silent: bool = False
    before_reading: Callable[[], None] = lambda: None
    waits_ahead: float = 0.0
    before_sending: Callable[[], None] = lambda: None

    def main_account(self) -> MainAccount:
        self.before_reading()
        if self.silent:
            raise ProviderUnreachable("The provider cannot be reached.")
        return MainAccount("me@example.com", self.main)

    def subaccounts(self) -> tuple[SubAccount, ...]:
        return tuple(SubAccount(token, "", "simple", balance) for token, balance in self.held.items())

    def subaccounts_on(self, page: int) -> tuple[SubAccount, ...]:
        return self.subaccounts() if page == 1 else ()

    def ahead(self) -> float:
        return self.waits_ahead

    def move(self, movement: Movement, may_send: MaySend) -> Outcome:
        self.before_sending()
        if not may_send():
            return NotApplied("it may not be sent")
        self.sent.append(movement.row)
        step = self.script.pop(0) if self.script else apply
        return step(self, movement)


@dataclass
class Clock:
    """Time that only passes when somebody waits; also the brake and the watcher."""

    at: datetime = NOON
    stop_after: int | None = None
    ended: list[tuple[int, Status]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    stopping: bool = False

    def now(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at

    def monotonic(self) -> float:
        return (self.at - NOON).total_seconds()

    def asked(self) -> bool:
        return self.stopping or (self.stop_after is not None and len(self.ended) >= self.stop_after)

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.at += timedelta(seconds=seconds)

    def started(self, movements: int, settled: int) -> None:
        pass

    def row_ended(self, row: int, status: Status) -> None:
        self.ended.append((row, status))

    def waiting(self, seconds: float, why: str) -> None:
        pass


OPTIONS = RunOptions(RetryPolicy(max_attempts=3, backoff=1.0), settle_seconds=60.0)


def world(provider: ScriptedProvider, clock: Clock, ledger: Ledger) -> World:
    """Everything the runner needs, under the test's control."""
    return World(provider, ledger, clock.now, clock, clock, random.Random(1), clock.monotonic)
