"""Playing a seed: run, crash, resume, decide, until the batch ends; and comparing every claim with the truth."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

from batch.errors import LedgerError, UsageError
from batch.ledger import verify
from batch.ledger.events import AttemptBegan, AttemptEnded, BalancesRead, Fact, RowSettled
from batch.ledger.protocol import Access, Claim, Lease, NewBatch
from batch.model import Balances, BatchState, BatchView, Direction, Movement, Status
from batch.money import CENT, ZERO, to_thousandths
from batch.notes import Note, make_note
from batch.planning import account_identity
from batch.planning.plan import compute_forecast, make_plan
from batch.planning.reconciliation import keep_books
from batch.planning.retry import RetryPolicy
from batch.provider.codes import PROOF
from batch.runner.execute import perform
from batch.runner.open_account import decide
from batch.runner.session import Environment, RunOptions
from tests.builders import NOON
from tests.ledger_in_memory import MemoryLedger
from tests.provider_in_memory import MAIN
from tests.simulation.draw import BOUND, SETTLE_SECONDS, Scenario, draw
from tests.simulation.provider import ModelProvider, Outside, Time

BATCH = "b-1"
ACCESS = Access(1, "http://127.0.0.1:1/v1", "f" * 16)
TWO_CENTS = 20
MOST_CRASHES = 12


class Crash(BaseException):
    """The process dies."""


class Deceived(Exception):
    """What no rule over balances can see through, and README names.

    A top-up that coincides with a drift as large as the amount; "slow down" for a movement that was applied, while
    readings lag longer than the wait before the look.
    """


class Violation(AssertionError):
    """A claim is not true."""


@dataclass
class Told:
    """What a seed came to, for the statistics."""

    doubts: int = 0
    decided: int = 0
    deceived: bool = False
    troubles: int = 0
    """Faults that befell a movement, and processes that died."""
    lies: int = 0
    unseen: int = 0
    """Lies that were believed to the end without an alarm, because others moved the accounts as well."""
    story: list[str] = field(default_factory=list)


class Player:
    def __init__(self, scenario: Scenario, ledger: MemoryLedger) -> None:
        self.scenario = scenario
        self.rows = {row.number: row for row in scenario.sheet.rows}
        self.rng = random.Random(scenario.seed * 2 + 1)
        self.time = Time()
        self.provider = ModelProvider(scenario, self.rng, self.time)
        self.told = Told()
        self.provider.tell = self.say
        self.ledger = ledger
        self.disk = Disk(self, ledger)
        self.alive: set[int] = set()
        self.pid = 0
        self.known = dict(self.provider.outside)
        self.before: dict[int, dict[str, Outside]] = {}
        self.decided: set[int] = set()
        self.believed: dict[int, bool] = {}
        """Rows that are called refused although they were applied, and whether a look that lagged is the reason."""

    def say(self, words: str) -> None:
        self.told.story.append(f"{self.time.seconds:9.3f}  {words}")

    def play(self) -> Told:
        plan = make_plan(self.scenario.sheet, removes_first=self.scenario.removes_first)
        holds = self.provider.holds
        opening = Balances(holds(MAIN), {token: holds(token) for token in self.scenario.subaccounts}, NOON)
        played = compute_forecast(plan, opening.main, opening.subaccounts)
        self.ledger.create(NewBatch(BATCH, NOON, self.scenario.sheet, plan, opening, ACCESS, "me"))
        try:
            for _ in range(BOUND):
                if self.ledger.read_head(BATCH).state is BatchState.FINISHED:
                    break
                self.process()
                self.compare()
                self.decide()
            else:
                raise Violation("the batch does not end")
            self.at_the_end(played.after if not self._is_rough() else None)
        except Deceived:
            self.told.deceived = True
        self.told.troubles = self.provider.faults + self.disk.crashes
        return self.told

    def process(self) -> None:
        """One process: it holds the account, runs, and ends well or badly."""
        self.pid += 1
        pid = self.pid
        self.alive.add(pid)
        self.provider.connect()
        try:
            self.disk.hold(pid)
            self.run(pid)
            self.disk.let_go()
        except Crash:
            self.say(f"process {pid} died")
            self.alive.discard(pid)
            self.time.pass_by(self.rng.choice([0.0, 5.0, 3600.0]))
        except LedgerError as error:
            self.say(f"process {pid} ended: {error}")
            self.disk.let_go()
        self.alive.discard(pid)

    def run(self, pid: int) -> None:
        """The real runner. A run that carries on reads the balances anew."""
        options = RunOptions(
            policy=RetryPolicy(3, 1.0),
            settle_seconds=SETTLE_SECONDS,
            ask_before_resend=self.scenario.ask_before_resend,
            refresh=pid > 1,
        )
        human, disk = Human(self), cast(Any, self.disk)
        world = Environment(disk, disk, self.time.now, human, human, self.rng, self.time.monotonic)
        perform(world, world.ledger.work(BATCH), options, dict.fromkeys(self.scenario.subaccounts, 1))

    def rival(self) -> None:
        self.pid += 1
        self.alive.add(self.pid)
        try:
            self.disk.hold(self.pid)
        except LedgerError as error:
            self.say(f"a rival is turned away: {error}")
        else:
            self.say("a rival is let in")
            self.run(self.pid)
        finally:
            self.alive.discard(self.pid)

    def compare(self) -> None:
        """Every claim of the ledger, at this moment, against what was really applied."""
        for entry in self.ledger.view(BATCH).rows:
            times = self.provider.applied.count(entry.row.number)
            status = entry.result.status
            if times > 1:
                raise Violation(f"row {entry.row.number} was applied {times} times")
            if status is Status.DONE and times != 1:
                raise Violation(f"row {entry.row.number} is done, and was never applied")
            if status in {Status.INVALID, Status.PENDING} and times:
                raise Violation(f"row {entry.row.number} is {status}, and was applied")
            if status is Status.REFUSED and times and entry.row.number not in self.believed:
                raise Violation(f"row {entry.row.number} is refused, and was applied")

    def decide(self) -> None:
        """A person looks at the provider's site and decides about what the balances did not tell.

        They decide at once, and are turned away where the balances were not asked yet.
        """
        self.disk.let_go()  # A process that died holds nobody.
        view = self.ledger.view(BATCH)
        doubted = self.ledger.work(BATCH).doubted
        for entry in view.rows:
            if entry.result.status is Status.UNKNOWN:
                if entry.result.note == make_note("untold") and entry.row.number not in doubted:
                    self.check_that_balances_do_not_tell(entry.row.number)
                applied = self.provider.applied.count(entry.row.number) == 1
                try:
                    decide(
                        self.ledger, BATCH, entry.row.number, applied=applied, who="me", why="looked", now=self.time.now
                    )
                except UsageError as error:
                    self.say(f"a person is turned away: {error}")
                    continue
                self.told.decided += 1
                self.decided.add(entry.row.number)
                self.believed.pop(entry.row.number, None)
                self.say(f"a person decided row {entry.row.number}: applied {applied}")

    def recorded(self, fact: Fact) -> None:
        match fact:
            case AttemptBegan():
                self.before[fact.row] = dict(self.known)
            case BalancesRead():
                self.know(MAIN, *fact.subaccounts)
            case AttemptEnded() if fact.main_balance is not None:
                self.know(MAIN, self.token(fact.row))
            case AttemptEnded(status=Status.REFUSED) if self.provider.applied.count(fact.row):
                if fact.code not in PROOF:
                    raise Violation(f"row {fact.row} was applied, and is refused without proof")
                self.believed[fact.row] = False
            case RowSettled():
                self.settled(fact)

    def know(self, *accounts: str) -> None:
        """The runner knows these balances as they were when they were last told."""
        self.known.update({account: self.provider.seen[account] for account in accounts})

    def settled(self, fact: RowSettled) -> None:
        """A verdict: wrong only where nobody could have seen it."""
        self.told.doubts += fact.note.code != "seen-missing"
        verdict = fact.status is Status.DONE
        truth = self.provider.applied.count(fact.row) == 1
        if fact.status is not Status.UNKNOWN and verdict is not truth:
            lagged = fact.note.code == "seen-missing" and self.provider.lagged & {MAIN, self.token(fact.row)}
            if lagged and fact.status is Status.REFUSED:
                # What one look showed is confirmed, or not, by the closing balances.
                self.believed[fact.row] = True
                self.provider.believe(self.movement(fact.row))
                return
            if lagged or self.is_deceptive(fact.row):
                raise Deceived
            raise Violation(f"row {fact.row} was settled as applied={verdict}, and the truth is {truth}")

    def is_deceptive(self, row: int) -> bool:
        """Whether one account was given about the amount while the other spent about as much.

        A larger gift shows itself, unless the account that was given it spent the rest of it.
        """
        amount = self.amount(row)
        # A reading that lags may show by chance what the accounts hold now, and not what came and went in between.
        looks = [self.provider.seen, *([self.provider.outside] if self.scenario.roughness.lag else [])]
        pairs = [self.outside_since(row, look) for look in looks]
        return any(
            0 < one.given <= amount + one.spent + 2 * TWO_CENTS and other.spent >= amount - 2 * TWO_CENTS
            for main, subaccount in pairs
            for one, other in ((main, subaccount), (subaccount, main))
        )

    def check_that_balances_do_not_tell(self, row: int) -> None:
        """Unknown is only allowed where the amount is tiny or others moved one of the two accounts."""
        quiet = all(outside == Outside() for outside in self.outside_since(row, self.provider.outside))
        if quiet and self.amount(row) > TWO_CENTS:
            raise Violation(f"row {row} is unknown, although nothing else moved its accounts")

    def outside_since(self, row: int, looks: dict[str, Outside]) -> tuple[Outside, Outside]:
        """What others did to both accounts, by these looks, since the balances before the attempt were known.

        Of a row that was never sent: since the beginning.
        """
        before = self.before.get(row, {})
        main, subaccount = (looks[account].since(before.get(account, Outside())) for account in (MAIN, self.token(row)))
        return main, subaccount

    def at_the_end(self, forecast_after: Decimal | None) -> None:
        view = self.ledger.view(BATCH)
        difference = verify.find_difference(self.ledger, BATCH)
        if difference:
            raise Violation(f"the record is not whole: {difference}")
        rows = Counter(entry.result.status for entry in view.rows)
        if rows[Status.UNKNOWN] or rows[Status.PENDING]:
            raise Violation("the batch is finished, and rows are left")
        self.check_lies(view)
        if forecast_after is not None and forecast_after != self.provider.holds(MAIN):
            raise Violation(
                f"the forecast said {forecast_after}, and the main account holds {self.provider.holds(MAIN)}"
            )
        if (
            view.head.closing is None
            or self.others_move
            or any(self.provider.applied.count(row) for row in self.believed)
        ):
            return
        books = keep_books(view)
        for name, book in {MAIN: books.main, **books.subaccounts}.items():
            # Nobody sees whether a reading lags by a cent or two.
            hidden = 2 * CENT if self.scenario.roughness.lag else ZERO
            if name in self.provider.outside and abs(book.difference or ZERO) > hidden:
                raise Violation(f"the books of {name} differ by {book.difference}, and nobody else moved it")

    def check_lies(self, view: BatchView) -> None:
        """A row that was applied and is called refused: the books show it, where nothing else blurs them.

        What was believed because of a look is confirmed a settling time later, so no lag blurs that.
        """
        believed = {row: by_look for row, by_look in self.believed.items() if self.provider.applied.count(row)}
        self.told.lies = sum(self.provider.lied.values())
        self.told.unseen = 0 if keep_books(view).enriched else len(believed)
        if self.others_move or view.head.closing is None:
            return
        refused = Counter(entry.row.token for entry in view.rows if entry.result.status is Status.REFUSED)
        net: Counter[str] = Counter()
        for row in believed:
            net[self.token(row)] += self.amount(row) * (1 if self.movement(row).direction is Direction.ADD else -1)
        for row, by_look in believed.items():
            if abs(net[self.token(row)]) <= TWO_CENTS or (self.scenario.roughness.lag and not by_look):
                continue
            if len(believed) == refused[self.token(row)] == 1 and row not in self.decided:
                raise Violation(f"row {row} is refused, was applied, and the books were not asked")
            if not keep_books(view).enriched:
                raise Violation(f"row {row} is refused, was applied, and the books raise no alarm")

    @property
    def others_move(self) -> bool:
        return bool(self.scenario.roughness.drift or self.scenario.roughness.top_up)

    def movement(self, row: int) -> Movement:
        found = self.rows[row].movement
        assert found is not None
        return found

    def token(self, row: int) -> str:
        return str(self.rows[row].token)

    def amount(self, row: int) -> int:
        return to_thousandths(self.rows[row].amount or ZERO)

    def _is_rough(self) -> bool:
        rough = self.scenario.roughness
        return bool(rough.fault or rough.drift or rough.top_up)


class Disk:
    """The ledger and the provider as the runner sees them: any call may be its last, or find the disk full."""

    def __init__(self, player: Player, ledger: MemoryLedger) -> None:
        self._player = player
        self._ledger = ledger
        self._crashes_left = MOST_CRASHES

    @property
    def crashes(self) -> int:
        return MOST_CRASHES - self._crashes_left

    def __getattr__(self, name: str) -> Callable[..., object]:
        """Every call of either, with a crash before it or behind it."""
        target = getattr(self._ledger, name, None) or getattr(self._player.provider, name)

        def call(*arguments: object, **named: object) -> object:
            self._maybe_crash(f"before {name}")
            result = target(*arguments, **named)
            self._maybe_crash(f"after {name}")
            return result

        return call

    def append(self, batch: str, facts: Sequence[Fact]) -> None:
        player = self._player
        self._maybe_crash("before the commit")
        if player.rng.random() < player.scenario.roughness.disk:
            raise LedgerError("The disk is full.")
        self._ledger.append(batch, facts)
        for fact in facts:
            player.recorded(fact)
        self._maybe_crash("after the commit")

    def hold(self, pid: int) -> None:
        player = self._player
        claim = Claim("here", "boot", "here", pid, float(pid))

        def may_take(lease: Lease) -> bool:
            return account_identity.may_take_lease(
                is_alive=lease.claim.pid in player.alive, until=lease.until, now=player.time.now()
            )

        self._ledger.hold(ACCESS.account, claim, player.time.now(), may_take)

    def let_go(self) -> None:
        self._ledger.let_go()

    def _maybe_crash(self, where: str) -> None:
        player = self._player
        if self._crashes_left and player.rng.random() < player.scenario.roughness.crash:
            # A process that always dies before it gets anywhere proves nothing.
            self._crashes_left -= 1
            player.say(f"crash {where}")
            raise Crash


class Human:
    """Brake and watcher: a person who presses Ctrl-C, and another who starts the same thing meanwhile."""

    def __init__(self, player: Player) -> None:
        self._player = player
        self._asked = False
        self._rival_tried = False

    def is_set(self) -> bool:
        if self._player.rng.random() < self._player.scenario.roughness.interrupt:
            self._asked = True
        return self._asked

    def wait(self, seconds: float) -> None:
        self._player.time.pass_by(seconds)
        self.meanwhile()

    def report_start(self, movements: int, settled: int) -> None:
        """The run begins."""

    def report_row(self, row: int, status: Status) -> None:
        self._player.say(f"row {row} is {status}")
        self.meanwhile()

    def report_wait(self, seconds: float, why: Note) -> None:
        self._player.say(f"waiting {seconds:.0f} s: {why}")

    def meanwhile(self) -> None:
        player = self._player
        if self._rival_tried or player.rng.random() >= player.scenario.roughness.rival:
            return
        self._rival_tried = True
        player.rival()


def play(seed: int, *, scenario: Scenario | None = None, ledger: MemoryLedger | None = None) -> Told:
    """Play a seed; `Violation` if a claim is not true, with the story in its notes."""
    player = Player(scenario or draw(seed), ledger or MemoryLedger())
    try:
        return player.play()
    except Exception as error:
        error.add_note(f"seed {seed}\n" + "\n".join(player.told.story[-80:]))
        raise
