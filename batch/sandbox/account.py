"""The account that the sandbox stands in for: its movements and balances, and the provider's codes and messages."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import IntEnum, StrEnum
from itertools import islice, takewhile
from typing import Any, Literal

LANGUAGES = ("fr", "en")


class SandboxCall(StrEnum):
    """The four calls that the sandbox stands in for."""

    ADD = "add"
    REMOVE = "remove"
    ME = "me"
    LIST = "list"


class Code(IntEnum):
    """The codes that the sandbox gives of its own accord."""

    KEY_REQUIRED = 1
    CREDIT_REQUIRED = 2
    TOKEN_REQUIRED = 3
    CREDIT_NOT_POSITIVE = 5
    MAIN_BALANCE_EMPTY = 6
    UNKNOWN_SUBACCOUNT = 7
    INSUFFICIENT_CREDIT = 8
    WRONG_KEY = 10
    MALFORMED_JSON = 90
    OK = 200
    NOT_FOUND = 404
    METHOD_NOT_ALLOWED = 405
    INTERNAL_PROBLEM = 500


# Every code that the provider documents for these calls, or for the same API elsewhere.
_MESSAGES = {
    1: ("La clé API est requise", "API key is required"),
    2: ("Le montant du crédit est requis", "Credit amount is required"),
    3: ("L'identifiant du sous-compte est requis", "Sub-account identifier is required"),
    4: ("Vous n'êtes pas autorisé", "You are not authorized"),
    5: ("Le crédit à attribuer doit être supérieur à 0", "Credit to assign must be greater than 0"),
    6: ("Votre solde doit être supérieur à 0", "Your balance must be greater than 0"),
    7: ("Le sous-compte n'existe pas", "Sub-account does not exist"),
    8: ("Crédit insuffisant", "Insufficient credit"),
    10: ("Clé API incorrecte", "Invalid API key"),
    11: ("Crédit insuffisant", "Insufficient credit"),
    20: ("Compte désactivé", "Account disabled"),
    30: ("Compte bloqué", "Account blocked"),
    40: ("Accès à l'API refusé", "API access denied"),
    90: ("JSON mal formé", "Malformed JSON"),
    96: ("Adresse IP non autorisée", "IP address not authorized"),
    404: ("Cette adresse n'existe pas", "This address does not exist"),
    405: ("Méthode non permise", "Method not allowed"),
    500: ("Problème interne", "Internal problem"),
}


def find_message(code: int, language: str) -> str:
    """Find what the provider says with a code; a code it does not document still gets a sentence."""
    return _MESSAGES.get(code, (f"Erreur {code}", f"Error {code}"))[LANGUAGES.index(language)]


ZERO = Decimal("0.000")
# Every balance stays far below this, so whatever is asked beyond it can be treated as exactly this much.
MOST = Decimal(10) ** 15

# What PHP's is_numeric accepts. "12,5" is not a number, so it is not greater than 0 either: code 5.
_NUMERIC = re.compile(r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")
# What each sort of event does to the main account and to the sub-account.
_SIGNS = {"add": (-1, 1), "remove": (1, -1), "spend": (0, -1), "top-up": (0, 1)}

Direction = Literal["add", "remove"]


@dataclass(frozen=True, slots=True)
class SandboxEvent:
    """A change of balances: a movement, messages that a sub-account sent, or credit from outside.

    A movement also has its number, its direction and both balances after it. Without a token, a top-up is the
    main account's.
    """

    event: Literal["movement", "spend", "top-up"]
    n: int | None
    at: str
    direction: Direction | None
    token: str | None
    amount: Decimal
    main_balance: Decimal | None = None
    subaccount_balance: Decimal | None = None

    @property
    def changes(self) -> tuple[Decimal, Decimal]:
        """What it brought the main account, and the sub-account."""
        main, subaccount = _SIGNS[self.direction or self.event]
        if self.token is None:
            main, subaccount = subaccount, main
        return main * self.amount, subaccount * self.amount


def round_as_provider(amount: Decimal) -> Decimal:
    """Round to three decimals, half up, as the provider does."""
    return max(-MOST, min(MOST, amount)).quantize(ZERO, ROUND_HALF_UP)


def format_balance(amount: Decimal) -> str:
    """Write a balance as `/me` and `/subaccount/list` do."""
    return f"{amount:.3f}"


def read_credit(value: object) -> Decimal | Code:
    """Read the amount that a request asks for, a number or a numeric string, or say why it is refused."""
    if value is None or value == "":
        return Code.CREDIT_REQUIRED
    try:
        if isinstance(value, str) and _NUMERIC.fullmatch(value):
            value = Decimal(value.strip())
    except InvalidOperation:  # An exponent beyond what Decimal holds.
        return Code.CREDIT_NOT_POSITIVE
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return Code.CREDIT_NOT_POSITIVE
    amount = round_as_provider(Decimal(value))
    return amount if amount > 0 else Code.CREDIT_NOT_POSITIVE


class SandboxAccount:
    """A main account with its sub-accounts, for one thread at a time.

    `drift` is what a sub-account spends between two observations of its balance: being listed, moved to or moved from.
    `record` is told of an event before it is applied, so that whatever a caller was answered has been written down.
    """

    def __init__(
        self,
        main: Decimal,
        subaccounts: Mapping[str, Decimal],
        *,
        drift: Decimal = ZERO,
        past: Iterable[SandboxEvent] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.main_balance = round_as_provider(main)
        self.subaccounts = {token: round_as_provider(held) for token, held in subaccounts.items()}
        self.record: Callable[[SandboxEvent], None] | None = None
        self._moved = 0
        self._events: list[tuple[float, SandboxEvent]] = []
        self._drift = round_as_provider(drift)
        self._clock = clock
        for event in past:
            self._apply(event, float("-inf"))

    def move(self, direction: Direction, credit: object, token: object) -> SandboxEvent | Code:
        """Apply a movement, or say why not. The order of the refusals is 2, 5, 3, 7, 6, 8."""
        amount = read_credit(credit)
        if isinstance(amount, Code):
            return amount
        if token is None or token == "":
            return Code.TOKEN_REQUIRED
        token = str(token)
        if token not in self.subaccounts:
            return Code.UNKNOWN_SUBACCOUNT
        self._observe(token)
        main, held = self.main_balance, self.subaccounts[token]
        if direction == "add" and main <= 0:
            return Code.MAIN_BALANCE_EMPTY
        if amount > (main if direction == "add" else held):
            return Code.INSUFFICIENT_CREDIT
        change = amount if direction == "add" else -amount
        n = self._moved + 1
        return self._happen(
            SandboxEvent("movement", n, _read_clock(), direction, token, amount, main - change, held + change)
        )

    def add_credit(self, amount: Decimal, token: str | None = None) -> SandboxEvent:
        """Bring credit in from outside; a negative amount takes it away, as the main account's own messages would.

        `KeyError` for a token that is not known.
        """
        if token is not None and token not in self.subaccounts:
            raise KeyError(token)
        return self._happen(SandboxEvent("top-up", None, _read_clock(), None, token, round_as_provider(amount)))

    def list_balances(self, first: int, count: int, *, ago: float = 0.0) -> list[tuple[str, Decimal]]:
        """List tokens and balances, those of `ago` seconds ago, of `count` sub-accounts from the place `first`.

        This counts as observing them.
        """
        tokens = list(islice(self.subaccounts, first, first + count))
        for token in tokens:
            self._observe(token)
        since = self._list_recent(ago)
        return [
            (token, self.subaccounts[token] - sum(event.changes[1] for event in since if event.token == token))
            for token in tokens
        ]

    def compute_main_balance(self, seconds: float) -> Decimal:
        """Compute what the main account held so many seconds ago."""
        return self.main_balance - sum(event.changes[0] for event in self._list_recent(seconds))

    def ledger(self) -> dict[str, Any]:
        """Tell what was really applied and what that left; nothing drifts because somebody checks."""
        spent: dict[str, Decimal] = {}
        for _at, event in self._events:
            if event.event == "spend" and event.token:
                spent[event.token] = spent.get(event.token, ZERO) + event.amount
        return {
            "movements": [_make_ledger_line(event) for _at, event in self._events if event.event == "movement"],
            "top_ups": [_make_ledger_line(event) for _at, event in self._events if event.event == "top-up"],
            "main_balance": format_balance(self.main_balance),
            "subaccounts": {token: format_balance(held) for token, held in self.subaccounts.items()},
            "spent": {token: format_balance(amount) for token, amount in spent.items()},
        }

    def _observe(self, token: str) -> None:
        spent = min(self._drift, self.subaccounts[token])
        if spent > 0:
            self._happen(SandboxEvent("spend", None, _read_clock(), None, token, spent))

    def _happen(self, event: SandboxEvent) -> SandboxEvent:
        if self.record:
            self.record(event)
        self._apply(event, self._clock())
        return event

    def _list_recent(self, seconds: float) -> list[SandboxEvent]:
        then = self._clock() - seconds
        return [event for _at, event in takewhile(lambda entry: entry[0] > then, reversed(self._events))]

    def _apply(self, event: SandboxEvent, at: float) -> None:
        main, subaccount = event.changes
        self.main_balance += main
        if event.token is not None:
            self.subaccounts[event.token] += subaccount
        self._moved += event.event == "movement"
        self._events.append((at, event))


def _read_clock() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _make_ledger_line(event: SandboxEvent) -> dict[str, Any]:
    return {
        name: format_balance(value) if isinstance(value, Decimal) else value
        for name, value in asdict(event).items()
        if name != "event" and value is not None
    }
