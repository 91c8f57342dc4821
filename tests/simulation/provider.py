"""The provider of the simulation: its faults, its clock, what others do to its accounts, and the truth about that."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from batch.errors import ProviderUnreachable
from batch.model import Direction, Movement
from batch.money import CENT, from_thousandths, to_thousandths
from batch.notes import Answer, Applied, Exchange, NoAnswer, NotSent, Outcome, make_note
from batch.provider import responses
from batch.provider.client import RepeatWatch
from tests.builders import NOON
from tests.provider_in_memory import MAIN, ProviderInMemory
from tests.simulation.draw import READ_TIMEOUT, SETTLE_SECONDS, Scenario

DOCUMENTED = (2, 8, 11)
UNDOCUMENTED = (None, 0, 77, 499)
FAILURES = (500, 503)


@dataclass
class Time:
    """Virtual time. Whatever is due happens when time reaches it."""

    seconds: float = 0.0
    due: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def now(self) -> datetime:
        self.seconds += 0.001
        return NOON + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def pass_by(self, seconds: float) -> None:
        until = self.seconds + seconds
        for at, happen in sorted((entry for entry in self.due if entry[0] <= until), key=lambda entry: entry[0]):
            self.seconds = max(self.seconds, at)
            self.due = [entry for entry in self.due if entry[1] is not happen]
            happen()
        self.seconds = max(self.seconds, until)


@dataclass(frozen=True, slots=True)
class Outside:
    """What others did to an account since the beginning: what it spent and what it was given, in thousandths."""

    spent: int = 0
    given: int = 0

    def since(self, earlier: Outside) -> Outside:
        return Outside(self.spent - earlier.spent, self.given - earlier.given)


@dataclass(frozen=True, slots=True)
class Moment:
    """An account at some time: what it held, and what others had done to it."""

    at: float
    balance: Decimal
    outside: Outside


class ModelProvider(ProviderInMemory):
    """What befalls a call, and what others do between any two, as the seed draws it."""

    def __init__(self, scenario: Scenario, rng: random.Random, time: Time) -> None:
        held = {token: from_thousandths(balance) for token, balance in scenario.subaccounts.items()}
        super().__init__(from_thousandths(scenario.main), held)
        self.outside = {account: Outside() for account in (MAIN, *held)}
        self.seen = dict(self.outside)
        """What others had done when the account's balance was last told."""
        self.lagged: set[str] = set()
        """Accounts whose balance was told last as it had been before."""
        self.lied: Counter[int] = Counter()
        """How often a row was answered as not applied, although it was."""
        self.faults = 0
        self.tell: Callable[[str], None] = lambda _words: None
        self._rough = scenario.roughness
        self._rng = rng
        self._time = time
        self._past = {account: [Moment(0.0, self.holds(account), Outside())] for account in self.outside}
        self.connect()

    def connect(self) -> None:
        self._repeats = RepeatWatch()
        self._last_success: Answer | None = None

    def predict_wait(self) -> float:
        return 0.03 if len(self.sent) % 3 == 1 else 0.0

    def answer(self, movement: Movement) -> Outcome:
        exchange = self._befall(movement) if self._rng.random() < self._rough.fault else self._honestly(movement)
        self.tell(f"sent row {movement.row} ({movement.direction} {movement.amount}): {_short(exchange)}")
        return self._repeats.check(responses.judge_exchange(exchange), movement)

    def believe(self, movement: Movement) -> None:
        """What the client takes for not applied is, for every later doubt, what others did."""
        amount = to_thousandths(movement.amount)
        debited, credited = (MAIN, movement.token) if movement.direction is Direction.ADD else (movement.token, MAIN)
        self.outside[debited] = replace(self.outside[debited], spent=self.outside[debited].spent + amount)
        self.outside[credited] = replace(self.outside[credited], given=self.outside[credited].given + amount)
        self._remember(debited, credited)

    def _remember(self, *accounts: str) -> None:
        """What can be told later, when readings lag."""
        for account in accounts:
            now = Moment(self._time.seconds, self.holds(account), self.outside[account])
            if self._rough.lag and self._past[account][-1] != now:
                self._past[account].append(now)

    def _befall(self, movement: Movement) -> Exchange:
        """A fault: before or after applying, or with the movement applied late."""
        kind = self._rng.choice(self._rough.kinds)
        self.faults += 1
        if kind.endswith("-after"):
            return self._lie(kind.removesuffix("-after"), movement)
        match kind:
            case "not-sent":
                return NotSent(make_note("connection-refused"))
            case "late":
                # The server keeps no request for longer than the settling time, less what a reading may lag.
                delay = self._rng.uniform(0, SETTLE_SECONDS * 0.95 - self._rough.lag)
                self._time.due.append((self._time.seconds + delay, lambda: self._apply_late(movement)))
                self._time.pass_by(self._rng.choice([0.0, READ_TIMEOUT]))
                return NoAnswer(make_note("answer-late"))
            case "silence":
                self._perhaps_answer(movement)
                self._time.pass_by(READ_TIMEOUT)
                return NoAnswer(make_note("connection-closed"))
            case "broken":
                return self._broken(self._perhaps_answer(movement).body)
            case "twice":
                return self._twice(movement)
        return self._denial(kind)

    def _denial(self, kind: str) -> Answer:
        match kind:
            case "throttle":
                slow = _refusal(429, self._rng.choice([200, 403]))
                after = self._rng.choice([None, 0.0, 3.0])
                return replace(self._rng.choice([Answer(429, b"slow down"), slow]), retry_after=after)
            case "stop":
                return _refusal(self._rng.choice([4, 20, 96]))
            case "undocumented":
                return _refusal(self._rng.choice(UNDOCUMENTED), self._rng.choice([200, 400]))
            case "failed":
                return _refusal(self._rng.choice(FAILURES), self._rng.choice([200, 403]))
            case "page":
                return self._rng.choice([Answer(403, b"<html>Forbidden</html>"), Answer(404, b""), Answer(400, b"{}")])
        return _refusal(self._rng.choice(DOCUMENTED), self._rng.choice([200, 403]))

    def _lie(self, kind: str, movement: Movement) -> Exchange:
        before, last = len(self.applied), self._last_success
        self._honestly(movement)
        self._last_success = last  # It never arrives.
        if len(self.applied) > before:
            self.lied[movement.row] += 1
            if kind == "refuse":
                self.believe(movement)
        return self._denial(kind)

    def _twice(self, movement: Movement) -> Answer:
        """The answer to the movement before comes once more, and this one's own never."""
        before = self._last_success
        own = self._perhaps_answer(movement)
        # Less than that rounding can hide, and nobody can tell it from an answer.
        return before if before is not None and movement.amount > CENT else self._broken(own.body)

    def _perhaps_answer(self, movement: Movement) -> Answer:
        last = self._last_success
        answer = self._honestly(movement) if self._rng.random() < 0.5 else Answer(500, b"{}")
        self._last_success = last  # It never arrives.
        return answer

    def _broken(self, body: bytes) -> Answer:
        return self._rng.choice(
            [
                Answer(500, body),
                Answer(502, b"<html>bad gateway</html>"),
                Answer(302, b""),
                Answer(200, b""),
                Answer(200, body[: len(body) // 2]),
                Answer(200, b'{"success": true, "code": 500, "credit": 1, "subaccountCredit": 1, "currency": "EUR"}'),
                Answer(200, b'{"success": true, "code": 200, "credit": 1, "subaccountCredit": 1, "currency": "USD"}'),
                Answer(200, b'{"success": true, "code": 200, "credit": "x", "subaccountCredit": 1, "currency": "EUR"}'),
            ]
        )

    def _honestly(self, movement: Movement) -> Answer:
        code = self.refusal(movement)
        if code:
            return _refusal(code)
        self.apply(movement)
        self._look(MAIN, movement.token)
        exact = self.holds(MAIN), self.holds(movement.token)
        figures = [round(held, 2) if self._rough.rounds_to_cents else held for held in exact]
        body = f'{{"success":true,"code":200,"credit":{figures[0]},"subaccountCredit":{figures[1]},"currency":"EUR"}}'
        self._last_success = Answer(200, body.encode())
        return self._last_success

    def apply(self, movement: Movement) -> Applied:
        applied = super().apply(movement)
        self._remember(MAIN, movement.token)
        self.tell(f"applied row {movement.row}")
        return applied

    def _apply_late(self, movement: Movement) -> None:
        if self.refusal(movement) is None:
            self.apply(movement)

    def _look(self, *accounts: str) -> None:
        self.seen.update({account: self.outside[account] for account in accounts})
        self.lagged.difference_update(accounts)

    def told(self, question: str, account: str) -> Decimal:
        past = self._past[account]
        if not self._rough.lag or question not in self._rough.lag_on or self._rng.random() >= self._rough.lag_often:
            self._look(account)
            return self.holds(account)
        then = self._time.seconds - self._rough.lag
        told = next((moment for moment in reversed(past) if moment.at <= then), past[0])
        self.seen[account] = told.outside
        (self.lagged.add if told.balance != self.holds(account) else self.lagged.discard)(account)
        return told.balance

    def be_called(self, call: str) -> None:
        self._live()
        if call != "move" and self._rng.random() < self._rough.question_fault:
            self._time.pass_by(1.0)
            raise ProviderUnreachable(make_note("said", words="The provider cannot be reached."))

    def _live(self) -> None:
        """Between any two calls, accounts send SMS, and now and then one is topped up."""
        self._time.pass_by(0.02)
        for account in self.outside:
            if self._rng.random() < self._rough.drift:
                most = max(0, to_thousandths(self.holds(account)))
                spent = min(most, self._rng.randint(self._rough.drift_least, self._rough.drift_most))
                self.give(account, -from_thousandths(spent))
                self.outside[account] = replace(self.outside[account], spent=self.outside[account].spent + spent)
            if self._rng.random() < self._rough.top_up:
                given = self._rng.choice([1000, 5000, 50_000])
                self.give(account, from_thousandths(given))
                self.outside[account] = replace(self.outside[account], given=self.outside[account].given + given)
                self.tell(f"{account} was given {given}")
            self._remember(account)


def _refusal(code: int | None, status: int = 200) -> Answer:
    return Answer(status, json.dumps({"success": False, "code": code, "message": f"Non {code}"}).encode())


def _short(exchange: Exchange) -> str:
    return f"{exchange.status} {exchange.body[:70]!r}" if isinstance(exchange, Answer) else exchange.reason.code
