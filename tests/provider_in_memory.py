"""The provider in memory: balances, and what movements do to them. The sandbox is the same over HTTP.

What answers late, lies, lags or dies in a test is a subclass that adds only that.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from batch.model import Direction, Movement, SubAccount
from batch.notes import Applied, NotApplied, Outcome, Refused, make_note
from batch.provider.codes import translate
from batch.provider.http import MaySend
from batch.provider.responses import MainAccount

OWNER = "me@example.com"
MAIN = "the main account"
"""Stands for a token where one is asked for."""


class ProviderInMemory:
    """Implements `batch.provider.client.Provider`."""

    def __init__(self, main: Decimal, held: Mapping[str, Decimal]) -> None:
        self.main = main
        self.held = dict(held)
        self.sent: list[int] = []
        """The rows that arrived here, and as often."""
        self.applied: list[int] = []
        """The rows that were applied, and as often."""
        self.waits_ahead = 0.0

    def fetch_main_account(self) -> MainAccount:
        self.be_called("me")
        return MainAccount(OWNER, self.told("me", MAIN))

    def fetch_subaccounts(self) -> tuple[SubAccount, ...]:
        self.be_called("list")
        return tuple(SubAccount(token, "", "simple", self.told("list", token)) for token in self.held)

    def fetch_page(self, page: int) -> tuple[SubAccount, ...]:
        return self.fetch_subaccounts() if page == 1 else ()

    def predict_wait(self) -> float:
        return self.waits_ahead

    def recall(self, code: int | None, words: str) -> Refused:
        return translate(code, words)

    def move(self, movement: Movement, may_send: MaySend) -> Outcome:
        self.be_called("move")
        if not may_send():
            return NotApplied(make_note("said", words="it may not be sent"))
        self.sent.append(movement.row)
        return self.answer(movement)

    def be_called(self, call: str) -> None:
        """Begin a call: `me`, `list` or `move`. A subclass may let something happen here, or raise."""

    def told(self, _question: str, account: str) -> Decimal:
        return self.holds(account)

    def answer(self, movement: Movement) -> Outcome:
        code = self.refusal(movement)
        return self.apply(movement) if code is None else self.recall(code, f"Non {code}")

    def refusal(self, movement: Movement) -> int | None:
        if movement.token not in self.held:
            return 7
        is_add = movement.direction is Direction.ADD
        if is_add and self.main <= 0:
            return 6
        return 8 if movement.amount > (self.main if is_add else self.held[movement.token]) else None

    def apply(self, movement: Movement) -> Applied:
        signed = movement.amount if movement.direction is Direction.ADD else -movement.amount
        self.give(MAIN, -signed)
        self.give(movement.token, signed)
        self.applied.append(movement.row)
        return Applied(self.main, self.held[movement.token])

    def holds(self, account: str) -> Decimal:
        return self.main if account == MAIN else self.held[account]

    def give(self, account: str, amount: Decimal) -> None:
        if account == MAIN:
            self.main += amount
        else:
            self.held[account] += amount
