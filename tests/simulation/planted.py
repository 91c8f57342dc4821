"""Faults planted in the code, to prove that the simulation finds them. Each is swapped in through a real seam."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from batch.ledger import projection, protocol
from batch.ledger.events import AttemptBegan, AttemptEnded, Fact
from batch.ledger.protocol import Claim, Lease, Work
from batch.model import BatchView, Status
from batch.notes import (
    Answer,
    Applied,
    Doubt,
    Exchange,
    NoAnswer,
    NotApplied,
    Outcome,
    Refused,
    Throttled,
    Unproven,
    make_note,
)
from batch.planning.retry import Found, Step, find_refusal
from batch.planning.settlement import BalanceReading, DoubtVerdict, compare_readings
from batch.provider import responses
from batch.provider.client import RepeatWatch
from batch.runner import acceptance, doubts, execute, open_account
from batch.runner import session as known
from batch.runner.session import RunOptions, Session
from tests.ledger_in_memory import MemoryLedger
from tests.simulation import month
from tests.simulation.draw import BOTH, LIES, Scenario, draw

Patch = pytest.MonkeyPatch
LedgerMaker = Callable[[], MemoryLedger]


@dataclass(frozen=True)
class Planted:
    """A fault: what is patched, which ledger is used, and within how many seeds it must be found."""

    within: int
    patch: Callable[[Patch], None] = lambda _patch: None
    ledger: LedgerMaker = MemoryLedger
    scenario: Callable[[int], Scenario] = draw


def _lagging(seed: int) -> Scenario:
    """Rows that are all alike, answers that lie, and readings that lag and are quiet otherwise."""
    drawn = draw(seed, alike=True)
    quiet = replace(drawn.roughness, question_fault=0.0, disk=0.0, drift=0.0, top_up=0.0)
    rough = replace(quiet, fault=0.5, crash=0.1, kinds=(*LIES, "silence"), lag=20.0, lag_on=BOTH, lag_often=1.0)
    return replace(drawn, main=1_000_000, roughness=rough)


def _swap(owner: object, name: str, other: object) -> Callable[[Patch], None]:
    return lambda patch: patch.setattr(owner, name, other)


def _outcomes(change: Callable[[Exchange, Outcome], Outcome]) -> Callable[[Patch], None]:
    real = responses.judge_exchange

    def changed(exchange: Exchange) -> Outcome:
        return change(exchange, real(exchange))

    return lambda patch: patch.setattr(responses, "judge_exchange", changed)


NOTHING_SENT = NotApplied(make_note("said", words="nothing was sent"))


def _retry_on_500(exchange: Exchange, outcome: Outcome) -> Outcome:
    return NOTHING_SENT if isinstance(exchange, Answer) and exchange.status >= 500 else outcome


def _retry_after_read_timeout(exchange: Exchange, outcome: Outcome) -> Outcome:
    return NOTHING_SENT if isinstance(exchange, NoAnswer) else outcome


def _retry_empty_answers(exchange: Exchange, outcome: Outcome) -> Outcome:
    return NOTHING_SENT if isinstance(exchange, Answer) and not exchange.body else outcome


def _refuse_undecodable(exchange: Exchange, outcome: Outcome) -> Outcome:
    return Refused(None, "?") if isinstance(outcome, Doubt) and isinstance(exchange, Answer) else outcome


def _believe_contradictions(exchange: Exchange, outcome: Outcome) -> Outcome:
    success = isinstance(exchange, Answer) and b'"success": true' in exchange.body
    return Applied(Decimal(1), Decimal(1)) if success else outcome


def _believe_every_refusal(_exchange: Exchange, outcome: Outcome) -> Outcome:
    return find_refusal(outcome) or outcome


def _believe_undocumented_refusals(_exchange: Exchange, outcome: Outcome) -> Outcome:
    return outcome.refusal if isinstance(outcome, Unproven) else outcome


def _take_pages_for_proof(_exchange: Exchange, outcome: Outcome) -> Outcome:
    return NotApplied(outcome.reason) if isinstance(outcome, Doubt) and outcome.is_blocked else outcome


def _send_again_when_asked_to_slow_down(_exchange: Exchange, outcome: Outcome) -> Outcome:
    return NotApplied(outcome.reason) if isinstance(outcome, Throttled) else outcome


def _look_at_the_main_account_only(patch: Patch) -> None:
    def half(_direction: Any, _amount: Any, before: BalanceReading, after: BalanceReading) -> DoubtVerdict:
        return DoubtVerdict.NOT_APPLIED if after.main >= before.main else DoubtVerdict.UNKNOWN

    patch.setattr(execute, "compare_at_once", half)


def _write_down_what_the_answer_said(patch: Patch) -> None:
    """A refusal that is no proof is a refusal in the ledger before the balances were looked at."""
    real = doubts.make_end_fact

    def hasty(at: Any, row: int, attempt: int, outcome: Outcome, status: Status) -> AttemptEnded:
        return real(at, row, attempt, outcome, Status.REFUSED if isinstance(outcome, Unproven) else status)

    patch.setattr(doubts, "make_end_fact", hasty)


def _forget_what_was_done_before(patch: Patch) -> None:
    """A run that carries on takes any reading for what the accounts hold, however late it may lag."""
    patch.setattr(
        known.KnownBalances,
        "from_work",
        lambda work, seconds, _now, _clock: known.KnownBalances(work.known_main, work.known_subaccounts, seconds),
    )


def _doubt_nothing(patch: Patch) -> None:
    patch.setattr(doubts, "find_explaining_rows", lambda _books, _rows, **_how: frozenset())


def _credited_the_wrong_way(
    direction: Any, amount: Decimal, before: BalanceReading, after: BalanceReading
) -> DoubtVerdict:
    missing = after.pick_credited_balance(direction) >= before.pick_credited_balance(direction)
    applied = after.pick_debited_balance(direction) <= before.pick_debited_balance(direction) - amount
    return DoubtVerdict.UNKNOWN if missing == applied else DoubtVerdict.APPLIED if applied else DoubtVerdict.NOT_APPLIED


def _only_the_debited_account(
    direction: Any, amount: Decimal, before: BalanceReading, after: BalanceReading
) -> DoubtVerdict:
    applied = after.pick_debited_balance(direction) <= before.pick_debited_balance(direction) - amount
    return DoubtVerdict.APPLIED if applied else DoubtVerdict.NOT_APPLIED


def _only_the_credited_account(
    direction: Any, amount: Decimal, before: BalanceReading, after: BalanceReading
) -> DoubtVerdict:
    missing = after.pick_credited_balance(direction) <= before.pick_credited_balance(direction)
    return DoubtVerdict.NOT_APPLIED if missing else DoubtVerdict.APPLIED


def _accounts_swapped(direction: Any, amount: Decimal, before: BalanceReading, after: BalanceReading) -> DoubtVerdict:
    swapped = [BalanceReading(reading.subaccount, reading.main) for reading in (before, after)]
    return compare_readings(direction, amount, *swapped)


def _always_missing(*_anything: object) -> DoubtVerdict:
    return DoubtVerdict.NOT_APPLIED


def _never_sure(*_anything: object) -> DoubtVerdict:
    return DoubtVerdict.UNKNOWN


def _one_reading(patch: Patch) -> None:
    def settle_at_once(
        movement: Any, before: BalanceReading, read: Any, _stale: Any, _wait: Any
    ) -> doubts.DoubtEvidence:
        reading = read()
        return doubts.DoubtEvidence(compare_readings(movement.direction, movement.amount, before, reading), reading)

    patch.setattr(doubts, "settle_doubt", settle_at_once)


def _readings_at_once(patch: Patch) -> None:
    real = execute.perform

    def hasty(world: Any, work: Any, options: RunOptions, pages: dict[str, int]) -> None:
        real(world, work, replace(options, settle_seconds=0.0), pages)

    patch.setattr("tests.simulation.play.perform", hasty)


class LateWriter(MemoryLedger):
    """Writes the beginning of an attempt only together with its end."""

    def __init__(self) -> None:
        super().__init__()
        self._late: list[Fact] = []

    def append(self, batch: str, facts: Sequence[Fact]) -> None:
        self._late += facts
        if not isinstance(facts[-1], AttemptBegan):
            super().append(batch, self._late)
            self._late = []

    def read_head(self, batch: str) -> Any:
        # A new process knows only what was written.
        self._late = []
        return super().read_head(batch)


class Forgetful(MemoryLedger):
    def append(self, batch: str, facts: Sequence[Fact]) -> None:
        shared = isinstance(facts[-1], AttemptBegan)
        super().append(batch, [fact for fact in facts if not (shared and isinstance(fact, AttemptEnded))])


class Unlocked(MemoryLedger):
    def hold(self, account: int, claim: Claim, at: Any, may_take_over: Callable[[Lease], bool]) -> None:
        del may_take_over
        super().hold(account, claim, at, lambda _lease: True)

    def let_go(self) -> None:
        """Keep the lease, so that the one who was here first can go on."""


class Undoubting(MemoryLedger):
    """Takes a row that balances put in doubt for one whose attempt is."""

    def work(self, batch: str) -> Work:
        return replace(super().work(batch), doubted=frozenset())


class Repeating(MemoryLedger):
    def work(self, batch: str) -> Work:
        work = super().work(batch)
        return replace(work, rows=(*work.rows, *work.rows[:1]))


class Flattering(MemoryLedger):
    def view(self, batch: str) -> BatchView:
        view = super().view(batch)
        rows = tuple(
            replace(entry, result=replace(entry.result, status=Status.DONE))
            if entry.result.status is Status.REFUSED
            else entry
            for entry in view.rows
        )
        return replace(view, rows=rows)


_see_nothing_move = _swap(execute, "compare_at_once", _always_missing)
_believe_repeated_answers = _swap(RepeatWatch, "check", lambda _watch, outcome, _movement: outcome)
_confirm_nothing = _swap(Session, "count_seconds_to_confirm", lambda _session: 0.0)
_notice_no_lag = _swap(known.KnownBalances, "is_stale", lambda *_anything: False)
_raise_alarms_at_once = _swap(doubts, "_take", lambda session, read: session.commit(*filter(None, [read])))
_let_anybody_decide_at_once = _swap(open_account, "is_awaiting_person", lambda _result: True)
_resend_doubts = _swap(execute._Run, "_settle", lambda *_anything: Found(Status.PENDING, Step.RETRY))
_skip_doubts = _swap(execute._Run, "_settle", lambda *_anything: Found(Status.UNKNOWN, Step.NEXT))
_old_balances = _swap(known.KnownBalances, "learn", lambda _known, _token, _reading: None)
_send_doubts_again_on_resume = _swap(projection, "begin_attempt", lambda fact: {"attempts": fact.attempt})

PLANTED: dict[str, Planted] = {
    "retry on 500": Planted(300, _outcomes(_retry_on_500)),
    "retry after a read timeout": Planted(100, _outcomes(_retry_after_read_timeout)),
    "retry an empty answer": Planted(300, _outcomes(_retry_empty_answers)),
    "an undecodable answer is a refusal": Planted(300, _outcomes(_refuse_undecodable)),
    "an answer that contradicts itself is believed": Planted(100, _outcomes(_believe_contradictions)),
    "every well-formed refusal is proof": Planted(300, _outcomes(_believe_every_refusal)),
    "an undocumented refusal is proof": Planted(300, _outcomes(_believe_undocumented_refusals)),
    "a 403 page is proof": Planted(300, _outcomes(_take_pages_for_proof)),
    "slow down is proof": Planted(300, _outcomes(_send_again_when_asked_to_slow_down)),
    "a look is not looked at": Planted(300, _see_nothing_move),
    "a look is at one account only": Planted(600, _look_at_the_main_account_only),
    "a refusal is written down before the look": Planted(600, _write_down_what_the_answer_said),
    "an answer that comes twice is believed": Planted(300, _believe_repeated_answers),
    "what a look showed is not confirmed": Planted(300, _confirm_nothing, scenario=_lagging),
    "a reading that lags is counted": Planted(600, _notice_no_lag),
    "what is read on resuming is never behind": Planted(300, _forget_what_was_done_before, scenario=_lagging),
    "the closing balances are read once": Planted(600, _raise_alarms_at_once),
    "the books put nothing in doubt": Planted(300, _doubt_nothing),
    "what books put in doubt is settled by its attempt": Planted(600, ledger=Undoubting),
    "a person decides before the balances do": Planted(600, _let_anybody_decide_at_once),
    "C' compared the wrong way": Planted(200, _swap(doubts, "compare_readings", _credited_the_wrong_way)),
    "C' not looked at": Planted(200, _swap(doubts, "compare_readings", _only_the_debited_account)),
    "D' not looked at": Planted(300, _swap(doubts, "compare_readings", _only_the_credited_account)),
    "C and D swapped": Planted(100, _swap(doubts, "compare_readings", _accounts_swapped)),
    "a doubt is always taken as missing": Planted(100, _swap(doubts, "compare_readings", _always_missing)),
    "a doubt is never settled": Planted(100, _swap(doubts, "compare_readings", _never_sure)),
    "one reading instead of two": Planted(300, _one_reading),
    "two readings at the same moment": Planted(300, _readings_at_once),
    "a doubt is sent again": Planted(100, _resend_doubts),
    "a doubt is passed over": Planted(100, _skip_doubts),
    "resume sends what was under way in a crash": Planted(300, _send_doubts_again_on_resume),
    "the balances before an attempt are old": Planted(300, _old_balances),
    "no commit before sending": Planted(300, ledger=LateWriter),
    "an outcome is lost": Planted(100, ledger=Forgetful),
    "the lock is ignored": Planted(600, ledger=Unlocked),
    "a row is taken up twice": Planted(50, ledger=Repeating),
    "a refused row is shown as done": Planted(50, ledger=Flattering),
}


def _look_for_no_rise(patch: Patch) -> None:
    patch.setattr(execute, "find_rises", lambda *_arguments: [])
    # The books would show it as well.
    _doubt_nothing(patch)


PLANTED_AT_THE_EDGES: dict[str, Callable[[Patch], None]] = {
    "a renewed key is another account": _swap(protocol, "identify_account", lambda _owner, _known: None),
    "an address is what is written": _swap(open_account, "normalize_address", lambda url: url),
    "another batch begins before one has ended": _swap(month, "refuse_unfinished", lambda *_arguments: None),
    "a list that was run is not known again": _swap(acceptance, "find_repetition", lambda *_arguments: ()),
    "rises are not looked for before a run": _swap(acceptance, "find_rises", lambda *_arguments: []),
    "rises are not looked for before a resumption": _look_for_no_rise,
    "a process that slept sends all the same": _swap(MemoryLedger, "renew", lambda _ledger, _batch, _at: None),
}
