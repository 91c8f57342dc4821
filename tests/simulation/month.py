"""A month at the edges: one list is to be paid once, whatever its accountant, its keys and its ledgers do.

The list is sent again whole, cut, re-ordered and corrected; keys are renewed and the address is written otherwise;
processes die, or sleep while another takes over; batches are abandoned and continued; an older copy of the ledger is
put back, and another ledger is used beside it. What is claimed: nothing is paid twice in silence. Whoever pays
something a second time was told before, by a warning that README names; on sub-accounts that the list takes from, an
older or another ledger notices nothing, because falls are never compared.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from batch.errors import CreditbatchError, LedgerError
from batch.ledger.events import PersonDecided
from batch.ledger.protocol import Access
from batch.ledger.verify import find_difference
from batch.model import Balances, Cell, Movement, People, Status
from batch.notes import Doubt, Note, Outcome, make_note
from batch.planning.account_identity import Owner
from batch.planning.resubmission import MovementKey
from batch.planning.retry import RetryPolicy
from batch.provider.codes import translate
from batch.runner.acceptance import (
    accept,
    check_against_ledger,
    find_forecast_obstacle,
    find_repeat_finding,
    find_sheet_obstacle,
    is_all_done,
    list_family,
    select_unsettled,
)
from batch.runner.dry_run import AccountSnapshot, DryRun, make_dry_run
from batch.runner.execute import perform
from batch.runner.open_account import (
    abandon,
    accept_key,
    bind_account,
    hold_account,
    refuse_another_account,
    refuse_unfinished,
)
from batch.runner.session import Environment, RunOptions
from batch.settings import Choices
from batch.validation.check_sheet import Expected
from tests.builders import grid
from tests.ledger_in_memory import MemoryLedger
from tests.provider_in_memory import OWNER, ProviderInMemory
from tests.runner.worlds import Clock
from tests.simulation.play import Crash, Violation

SPELLINGS = (
    "http://127.0.0.1:8765/v1", "http://localhost:8765/v1", "http://LOCALHOST:8765//v1", "http://[::1]:8765/v2/",
)  # fmt: skip
TOKENS = tuple(f"sub-{number}" for number in range(1, 9))
STEPS = 14

Rows = list[list[Cell]]


@dataclass
class MonthTold:
    paid: int = 0
    refused: int = 0
    decided: int = 0
    said: int = 0
    """Payments made twice after they were said."""
    unseen: int = 0
    """Payments made twice by an older or another ledger to or from a sub-account that the list takes from: it fell."""
    story: list[str] = field(default_factory=list)


class Month(Clock):
    def __init__(self, seed: int) -> None:
        super().__init__()
        self.rng = random.Random(seed)
        self.told = MonthTold()
        self.key = 0
        self.ledger, self.beside = MemoryLedger(), MemoryLedger()
        self.copies: list[MemoryLedger] = []
        self.is_one_ledger = True
        self.provider = MonthProvider(self)
        self.applied: Counter[MovementKey] = Counter()
        self.allowed: Counter[MovementKey] = Counter()
        self.told_of: set[str] = set()
        """Sub-accounts of which somebody was told that they may be paid twice."""
        self.is_taking_over = False
        amounts = self.rng.sample(range(1_000, 9_900), 12)
        count = self.rng.randint(2, 6)
        self.list: Rows = [self._row(Decimal(amounts.pop()) / 100) for _ in range(count)]
        self.spare = [Decimal(amount) / 100 for amount in amounts]

    def play(self) -> MonthTold:
        """Both ledgers learn of the sub-accounts; then the list, and everything that can happen to it."""
        for ledger in (self.ledger, self.beside):
            self._first_list(ledger)
        self._allow(self.list)
        steps: Sequence[tuple[int, Callable[[], None]]] = (
            (8, self.run),
            (5, self.resume),
            (4, self.decide),
            (1, self.give_up),
            (2, self.renew_key),
            (2, self.keep_copy),
            (1, self.put_back),
            (1, self.use_the_other),
            (2, self.spend),
            (2, self.pass_time),
        )
        weights = [weight for weight, _step in steps]
        self.run()
        for _ in range(STEPS):
            self.rng.choices([step for _weight, step in steps], weights)[0]()
        return self.told

    # What people do.

    def run(self) -> None:
        """Send the list as somebody has it, perhaps as what is left of a batch."""
        rows = self._as_somebody_has_it()
        newest = self.ledger.find_newest()
        choices = Choices(partial=True, only_unsettled=newest if self.rng.random() < 0.3 else None)
        with self._process("run") as ledger:
            self._run(ledger, rows, choices)

    def resume(self) -> None:
        begun = self.ledger.list_unfinished()
        if begun:
            with self._process(f"resume {begun[0]}") as ledger:
                self._resume(ledger, begun[0])

    def decide(self) -> None:
        for batch in self.ledger.list_unfinished():
            head = self.ledger.read_head(batch)
            for entry in self.ledger.view(batch).rows:
                movement = entry.row.movement
                if entry.result.status is not Status.UNKNOWN or movement is None or head.reason is None:
                    continue
                applied = self.applied[_key(movement)] > self._done(_key(movement))
                attempts = entry.result.attempts
                self.ledger.append(batch, [PersonDecided(self.now(), movement.row, attempts, applied, "me", "looked")])
                self.told.decided += 1
                self.say(f"a person decided row {movement.row} of {batch}: applied {applied}")

    def give_up(self) -> None:
        for batch in self.ledger.list_unfinished():
            try:
                abandon(self.ledger.share(), batch, who="me", why="enough", now=self.now)
                self.say(f"{batch} was abandoned")
            except CreditbatchError as error:
                self.say(f"not abandoned: {error}")

    def renew_key(self) -> None:
        self.key += 1

    def keep_copy(self) -> None:
        self.copies.append(deepcopy(self.ledger))

    def put_back(self) -> None:
        if self.copies:
            self.ledger = deepcopy(self.rng.choice(self.copies))
            self.is_one_ledger = False
            self.say("an older ledger was put back")

    def use_the_other(self) -> None:
        self.ledger, self.beside = self.beside, self.ledger
        self.copies = []
        self.is_one_ledger = False
        self.say("the other ledger is used")

    def spend(self) -> None:
        for token in TOKENS:
            self.provider.give(token, -Decimal(self.rng.randint(0, 8)) / 100)

    def pass_time(self) -> None:
        self.at += timedelta(hours=self.rng.randint(1, 24))

    # What the provider tells of.

    def applied_one(self, movement: Movement) -> None:
        key = _key(movement)
        self.applied[key] += 1
        self.told.paid += 1
        self.say(f"applied {movement.direction} {movement.amount} {movement.token}")
        if self.applied[key] <= self.allowed[key]:
            return
        if movement.token in self.told_of:
            self.told.said += 1
        elif not self.is_one_ledger and self._takes_from(movement.token):
            self.told.unseen += 1
        else:
            raise Violation(f"{key} was paid {self.applied[key]} times in silence")

    def maybe_sleep(self) -> None:
        if self.is_taking_over or self.rng.random() >= 0.02 or not self.ledger.list_unfinished():
            return
        self.is_taking_over = True
        self.say("the process sleeps, and another takes over")
        self.at += timedelta(hours=1)
        self.resume()
        self.is_taking_over = False

    # The brake and the watcher.

    def is_set(self) -> bool:
        return self.rng.random() < 0.01

    def report_wait(self, seconds: float, why: Note) -> None:  # noqa: ARG002 (the protocol’s)
        if why.code == "risen-elsewhere":
            self.told_of.add(why.params["token"])

    # How a list is sent.

    def _run(self, ledger: MemoryLedger, rows: Rows, choices: Choices) -> None:
        access, _is_new = self._bind(ledger)
        with hold_account(ledger, access.account, self.now):
            continued = choices.only_unsettled
            family = list_family(ledger, access.account, continued) if continued else ()
            refuse_unfinished(ledger, access.account, family)
            checked = self._checked(rows)
            if continued is not None:
                checked = select_unsettled(checked, ledger, access.account, continued)
            checked = check_against_ledger(checked, ledger, access.account, choices)
            stop = (
                find_repeat_finding(checked)
                or find_sheet_obstacle(checked, choices)
                or find_forecast_obstacle(checked, choices)
            )
            if stop or is_all_done(checked):
                self.told.refused += 1
                self.say(f"not run: {stop}")
                return
            batch = accept(ledger, checked, access, choices, People("me", ("me",)), self.now()).batch
            self.told_of.update(_told_tokens(checked))
            self._perform(ledger, batch, refresh=self.rng.random() < 0.5)

    def _resume(self, ledger: MemoryLedger, batch: str) -> None:
        access, _is_new = self._bind(ledger)
        refuse_another_account(ledger, batch, access)
        with hold_account(ledger, access.account, self.now, resuming=batch):
            accept_key(ledger, batch, access, lambda: list(self.provider.held), "me", self.now())
            self._perform(ledger, batch, refresh=True)

    def _perform(self, ledger: MemoryLedger, batch: str, *, refresh: bool) -> None:
        options = RunOptions(policy=RetryPolicy(2, 1.0), settle_seconds=60.0, refresh=refresh)
        world = Environment(self.provider, ledger, self.now, self, self, self.rng, self.monotonic)
        perform(world, ledger.work(batch), options, {})
        difference = find_difference(ledger, batch)
        if difference:
            raise Violation(f"the record is not whole: {difference}")

    def _bind(self, ledger: MemoryLedger) -> tuple[Access, bool]:
        url = self.rng.choice(SPELLINGS)
        access, is_new = bind_account(ledger, url, f"key-{self.key}", lambda: Owner(OWNER, TOKENS), self.now())
        if access.account != 1:
            raise Violation(f"the account was taken for another one ({url}, key {self.key})")
        return access, is_new

    def _checked(self, rows: Rows) -> DryRun:
        account = AccountSnapshot(
            OWNER, SPELLINGS[0], Balances(self.provider.main, dict(self.provider.held), self.now()), {}
        )
        return make_dry_run(grid(*rows), account, Expected(), removes_first=False, at=self.now())

    @contextmanager
    def _process(self, what: str) -> Iterator[MemoryLedger]:
        """A process of its own: it ends well, says why it does not begin, or dies."""
        self.say(what)
        try:
            yield self.ledger.share()
        except Crash:
            self.say("the process died")
        except LedgerError as error:
            self.say(f"the process ended: {error}")
        except CreditbatchError as error:
            self.told.refused += 1
            self.say(f"refused: {error}")

    def _as_somebody_has_it(self) -> Rows:
        match self.rng.choice(["whole", "whole", "reordered", "half", "other half", "corrected"]):
            case "reordered":
                return self.rng.sample(self.list, len(self.list))
            case "half":
                return self.list[: max(1, len(self.list) // 2)]
            case "other half":
                return self.list[len(self.list) // 2 :]
            case "corrected" if self.spare:
                place = self.rng.randrange(len(self.list))
                changed = [*self.list[place]]
                changed[1] = self.spare.pop()
                self._allow([changed])
                return [*self.list[:place], changed, *self.list[place + 1 :]]
        return self.list

    def _first_list(self, ledger: MemoryLedger) -> None:
        """Earlier in the year: both ledgers know every sub-account."""
        rows: Rows = [[token, Decimal(1 + number) / 100, "add"] for number, token in enumerate(TOKENS)]
        self._allow(rows)
        self.ledger, kept = ledger, self.ledger
        quiet, self.rng = self.rng, _Quiet()
        self._run(ledger, rows, Choices())
        self.rng, self.ledger = quiet, kept
        self.at += timedelta(days=30)

    def _row(self, amount: Decimal) -> list[Cell]:
        direction = "remove" if self.rng.random() < 0.15 else "add"
        return [self.rng.choice(TOKENS), amount, direction]

    def _takes_from(self, token: str) -> bool:
        return any(row[0] == token and row[2] == "remove" for row in self.list)

    def _allow(self, rows: Rows) -> None:
        self.allowed.update(_key(movement) for movement in self._checked(rows).plan.movements)

    def _done(self, key: MovementKey) -> int:
        rows = (entry for line in self.ledger.list_batches() for entry in self.ledger.view(str(line.head.batch)).rows)
        done = (entry.row.movement for entry in rows if entry.result.status is Status.DONE)
        return sum(movement is not None and _key(movement) == key for movement in done)

    def say(self, words: str) -> None:
        self.told.story.append(f"{self.at:%d. %H:%M:%S}  {words}")


class MonthProvider(ProviderInMemory):
    """Applies it, or not; answers, or not. The process may die, or sleep while another takes over."""

    def __init__(self, month: Month) -> None:
        super().__init__(Decimal(10_000), dict.fromkeys(TOKENS, Decimal(100)))
        self._month = month

    def be_called(self, call: str) -> None:
        if call == "move":
            self._month.maybe_sleep()

    def answer(self, movement: Movement) -> Outcome:
        fate = self._month.rng.random()
        if fate < 0.04:
            raise Crash
        if fate < 0.08:
            return Doubt(make_note("said", words="the answer was lost"))
        if fate < 0.14:
            return translate(20, "disabled")
        if fate < 0.17:
            return translate(8, "no credit")
        outcome = self.apply(movement)
        self._month.applied_one(movement)
        if fate < 0.21:
            raise Crash
        if fate < 0.26:
            return Doubt(make_note("said", words="the answer was lost"))
        return outcome


class _Quiet(random.Random):
    def random(self) -> float:
        return 0.999


def _told_tokens(checked: DryRun) -> Iterator[str]:
    """The sub-accounts that warnings name: by themselves, or by their rows."""
    tokens = {row.number: str(row.token) for row in checked.sheet.rows}
    for finding in checked.sheet.findings:
        match finding.code:
            case "balances-rose":
                yield from (token for token, _amount, _day in json.loads(finding.params["accounts"])["first"])
            case "movements-again":
                for numbers in finding.params["rows"].split(", "):
                    first, _dash, last = numbers.partition("-")
                    yield from (tokens[number] for number in range(int(first), int(last or first) + 1))


def _key(movement: Movement) -> MovementKey:
    return movement.token, movement.direction.value, movement.amount


def play_month(seed: int) -> MonthTold:
    """Play a seed; `Violation` if something was paid twice in silence, with the story in its notes."""
    month = Month(seed)
    try:
        return month.play()
    except Exception as error:
        error.add_note(f"seed {seed}\n" + "\n".join(month.told.story[-80:]))
        raise
