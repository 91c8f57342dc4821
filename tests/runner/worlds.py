"""A provider in one process whose answers are scripted, and a clock that only moves when somebody waits."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from batch.errors import ProviderUnreachable
from batch.ledger.protocol import Ledger
from batch.model import BatchRow, BatchView, Cell, Movement, Status
from batch.notes import Answer, Doubt, NotApplied, Note, Outcome, Throttled, make_note
from batch.planning.retry import RetryPolicy
from batch.provider.responses import judge_exchange
from batch.runner.execute import perform
from batch.runner.session import Environment, RunOptions
from tests.builders import BALANCES, NOON, known_to, new_batch
from tests.ledger_in_memory import MemoryLedger
from tests.provider_in_memory import ProviderInMemory

Script = Callable[["ScriptedProvider", Movement], Outcome]


apply: Script = ProviderInMemory.apply


def apply_in_silence(provider: ScriptedProvider, movement: Movement) -> Outcome:
    apply(provider, movement)
    return Doubt(make_note("connection-closed"))


def lose(provider: ScriptedProvider, movement: Movement) -> Outcome:
    return Doubt(make_note("answer-late"))


def unreachable(provider: ScriptedProvider, movement: Movement) -> Outcome:
    return NotApplied(make_note("connection-refused"))


def throttle(provider: ScriptedProvider, movement: Movement) -> Outcome:
    return Throttled(make_note("asked-to-slow-down"), 3.0)


def refuse(code: int, status: int = 200) -> Script:
    return say(status, json.dumps({"success": False, "code": code, "message": f"Non {code}"}))


def say(status: int, body: str) -> Script:
    return lambda _provider, _movement: judge_exchange(Answer(status, body.encode()))


def lie(script: Script) -> Script:
    """Apply it, and answer as if it had not been."""

    def answer(provider: ScriptedProvider, movement: Movement) -> Outcome:
        apply(provider, movement)
        return script(provider, movement)

    return answer


class ScriptedProvider(ProviderInMemory):
    """Answers the next movements as scripted; `silent` makes questions fail."""

    def __init__(self, script: Sequence[Script] = ()) -> None:
        super().__init__(BALANCES.main, BALANCES.subaccounts)
        self.script = list(script)
        self.silent = False
        self.before_reading: Callable[[], None] = lambda: None
        self.before_sending: Callable[[], None] = lambda: None

    def be_called(self, call: str) -> None:
        if call == "move":
            self.before_sending()
        if call == "me":
            self.before_reading()
            if self.silent:
                raise ProviderUnreachable(make_note("said", words="The provider cannot be reached."))

    def answer(self, movement: Movement) -> Outcome:
        return self.script.pop(0)(self, movement) if self.script else super().answer(movement)


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

    def is_set(self) -> bool:
        return self.stopping or (self.stop_after is not None and len(self.ended) >= self.stop_after)

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.at += timedelta(seconds=seconds)

    def report_start(self, movements: int, settled: int) -> None:
        pass

    def report_row(self, row: int, status: Status) -> None:
        self.ended.append((row, status))

    def report_wait(self, seconds: float, why: Note) -> None:
        pass


OPTIONS = RunOptions(RetryPolicy(max_attempts=3, backoff=1.0), settle_seconds=60.0)


def world(provider: ScriptedProvider, clock: Clock, ledger: Ledger) -> Environment:
    return Environment(provider, ledger, clock.now, clock, clock, random.Random(1), clock.monotonic)


ROWS: tuple[list[Cell], ...] = (
    ["sub-1", Decimal("12.5"), "add"],
    ["sub-2", Decimal(5), "remove"],
    ["sub-1", Decimal(7), "add"],
)


@dataclass
class Scene:
    """A batch of three rows (2, 3 and 4), or of others, in a world under control."""

    provider: ScriptedProvider
    clock: Clock = field(default_factory=Clock)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    rows: Sequence[Sequence[Cell]] = ROWS

    def __post_init__(self) -> None:
        known_to(self.ledger).create(new_batch(*self.rows))

    def run(self, *, refresh: bool = False) -> BatchView:
        options = replace(OPTIONS, refresh=refresh)
        perform(world(self.provider, self.clock, self.ledger), self.ledger.work("b-1"), options, {})
        return self.ledger.view("b-1")


def scene(*script: Script, rows: Sequence[Sequence[Cell]] = ROWS) -> Scene:
    return Scene(ScriptedProvider(list(script)), rows=rows)


def statuses(view: BatchView) -> list[Status]:
    return [entry.result.status for entry in view.rows]


def row(view: BatchView, number: int) -> BatchRow:
    return next(entry for entry in view.rows if entry.row.number == number)


def kinds(view: BatchView) -> list[str]:
    return [str(event.data.get("purpose") or event.kind) for event in view.events]
