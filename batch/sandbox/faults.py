"""Plan faults, and say how a sandbox is to be: its accounts, its key, its pace."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

from batch.i18n import _
from batch.sandbox.account import LANGUAGES, ZERO, SandboxCall


class FaultKind(StrEnum):
    """What goes wrong."""

    REFUSE_CONNECTION = "refuse-connection"  # The port is really closed for `seconds`, then opened again.
    RESET = "reset"  # A real RST.
    CLOSE = "close"  # A FIN, and not one byte.
    HANG = "hang"  # Silence for `seconds`, then a FIN.
    TOO_MANY = "429"  # With Retry-After when `retry_after` is given.
    ERROR = "500"
    BAD_GATEWAY = "502-html"  # A proxy's page.
    EMPTY = "empty"  # 200 and no body.
    TRUNCATED = "truncated"  # Half of the body that Content-Length promises, then a FIN.
    GARBAGE = "garbage"  # 200, and a body that is nothing.
    LATE = "late"  # Applied and answered after `seconds`, whether or not the client waits.
    REFUSE = "refuse"  # An ordinary refusal with `code`, and HTTP `status` if given; after applying it is a lie.
    PAGE = "page"  # What a filter on the way says for itself: HTTP `status` (403) and `body`.
    TWICE = "twice"  # The true answer, and at once the same again.
    STALE = "stale"  # A question is answered as of `seconds` ago.
    ERROR_LIST = "error-list"  # 400 with {"error": [{"elementId": …, "message": …}]}.
    SLOW_DRIP = "slow-drip"  # The true answer, byte by byte over `seconds`.
    REDIRECT = "redirect"  # 302 to an address of the sandbox where there is nothing.
    CONTRADICTION = "contradiction"  # success true, code 500.
    OTHER_CURRENCY = "other-currency"  # The true answer, in dollars.
    NOT_A_NUMBER = "not-a-number"  # The true answer, with balances that read NaN.


# A distorted true answer needs a true answer.
_AFTER_ONLY = {
    FaultKind.LATE,
    FaultKind.SLOW_DRIP,
    FaultKind.OTHER_CURRENCY,
    FaultKind.NOT_A_NUMBER,
    FaultKind.TWICE,
    FaultKind.STALE,
}
_MOMENTS = ("before", "after")
_SECONDS = {
    FaultKind.REFUSE_CONNECTION: 2.0,
    FaultKind.HANG: 60.0,
    FaultKind.LATE: 5.0,
    FaultKind.SLOW_DRIP: 5.0,
    FaultKind.STALE: 1.0,
}
_SCOPES: dict[str, set[SandboxCall]] = {
    **{call.value: {call} for call in SandboxCall},
    "move": {SandboxCall.ADD, SandboxCall.REMOVE},
    "read": {SandboxCall.ME, SandboxCall.LIST},
    "any": set(SandboxCall),
}
_WHOLE = {"skip", "times", "seed", "retry_after", "code", "status"}
_NUMBERS = {"probability", "seconds"}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, and the calls it hits: after `skip` calls of its sort, `times` in all.

    `moment` is whether the movement is applied: before the fault means that it never is. `times` 0 is for ever;
    `probability` below 1 is drawn from `seed`, so a run can be repeated.
    """

    kind: FaultKind
    moment: str | None = None
    on: str = "move"
    skip: int = 0
    times: int = 1
    probability: float = 1.0
    seed: int = 0
    seconds: float | None = None
    retry_after: int | None = None
    code: int | None = None
    token: str | None = None
    status: int | None = None
    body: str | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no sense, with a sentence for whoever typed it."""
        if self.moment not in {None, *_MOMENTS}:
            raise ValueError(_("A fault comes before or after applying."))
        if self.moment == "after" and self.kind is FaultKind.ERROR_LIST:
            raise ValueError(_("The fault {kind} can only come before applying.").format(kind=self.kind))
        if self.moment == "before" and self.kind in _AFTER_ONLY:
            raise ValueError(_("The fault {kind} can only come after applying.").format(kind=self.kind))
        if self.on not in _SCOPES:
            sentence = _("A fault is on one of {scopes}; “{given}” is none of them.")
            raise ValueError(sentence.format(scopes=", ".join(_SCOPES), given=self.on))
        if self.skip < 0 or self.times < 0:
            raise ValueError(_("skip and times cannot be negative."))
        if not 0 <= self.probability <= 1:
            raise ValueError(_("probability is between 0 and 1."))
        if self.seconds is not None and not 0 <= self.seconds <= 86400:
            raise ValueError(_("seconds is between 0 and 86400."))
        if self.retry_after is not None and self.retry_after < 0:
            raise ValueError(_("retry_after cannot be negative."))
        self._check_answer()

    def _check_answer(self) -> None:
        if (self.kind is FaultKind.REFUSE) is not (self.code is not None):
            raise ValueError(_("The fault refuse needs a code, as in refuse:code=20, and no other fault has one."))
        if self.status is not None and (
            self.kind not in {FaultKind.REFUSE, FaultKind.PAGE} or not 200 <= self.status <= 599
        ):
            raise ValueError(_("status is between 200 and 599, and only the faults refuse and page have one."))
        if self.body is not None and self.kind is not FaultKind.PAGE:
            raise ValueError(_("Only the fault page has a body."))
        if self.kind is FaultKind.STALE and not _SCOPES[self.on] <= _SCOPES["read"]:
            raise ValueError(_("The fault stale is on me, list or read."))

    @property
    def after(self) -> bool:
        """Whether the movement is applied all the same."""
        return self.moment == "after" or self.kind in _AFTER_ONLY

    @property
    def duration(self) -> float:
        """Seconds that it lasts."""
        return _SECONDS.get(self.kind, 0.0) if self.seconds is None else self.seconds

    @classmethod
    def from_text(cls, text: str) -> Fault:
        """Read `KIND[-before|-after][:key=value,key=value…]`, such as `reset-after:skip=3,times=2`."""
        kind, _colon, rest = text.strip().partition(":")
        given: dict[str, object] = {"kind": kind}
        for pair in filter(None, rest.split(",")):
            name, equals, value = pair.partition("=")
            if not equals:
                sentence = _("In the fault “{fault}”, “{part}” should read key=value.")
                raise ValueError(sentence.format(fault=text, part=pair))
            given[name.strip()] = value.strip()
        return cls.from_fields(given)

    @classmethod
    def from_fields(cls, given: Mapping[str, object]) -> Fault:
        """Read the fields of a JSON object; numbers may be strings."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(given) - known)
        if unknown:
            sentence = _("A fault has no “{given}”; it has {known}.")
            raise ValueError(sentence.format(given=unknown[0], known=", ".join(sorted(known))))
        values = {name: value for name, value in given.items() if value is not None}
        kind = str(values.get("kind", ""))
        for moment in _MOMENTS:
            if kind.endswith(f"-{moment}"):
                kind = kind.removesuffix(f"-{moment}")
                values.setdefault("moment", moment)
        if kind == FaultKind.STALE:
            values.setdefault("on", "read")
        return cls(**{name: _read_value(name, value) for name, value in {**values, "kind": kind}.items()})

    def list_fields(self) -> dict[str, str | int | float]:
        """Give the fields that are set, for a JSON answer."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def _read_value(name: str, value: object) -> Any:
    """Read the field of a fault, or say why it cannot be read."""
    sentence = _("“{given}” is not a fault; the faults are {known}.")
    try:
        if name == "kind":
            return FaultKind(str(value))
        sentence = _("{name} should be a whole number; “{given}” is not.")
        if name in _WHOLE:
            return int(str(value))
        sentence = _("{name} should be a number; “{given}” is not.")
        return float(str(value)) if name in _NUMBERS else str(value)
    except ValueError:
        raise ValueError(sentence.format(name=name, given=value, known=", ".join(FaultKind))) from None


class _Armed:
    """A fault with its own counts and its own chance, so that other faults do not change its course."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.seen = self.hits = 0
        self._chance = random.Random(fault.seed)  # noqa: S311 - a repeatable run is wanted, not a secret

    def can_hit(self, call: SandboxCall, token: object) -> bool:
        return call in _SCOPES[self.fault.on] and (self.fault.token is None or self.fault.token == token)

    def strikes(self) -> bool:
        """Count a call of this sort, and tell whether the fault is due on it."""
        self.seen += 1
        drawn = self._chance.random() < self.fault.probability
        spent = self.fault.times and self.hits >= self.fault.times
        return drawn and self.seen > self.fault.skip and not spent


class FaultPlan:
    """The faults to come, in the order they were asked for; for one thread at a time."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._armed = [_Armed(fault) for fault in faults]

    def add(self, fault: Fault) -> None:
        """Add a fault behind those that are there."""
        self._armed.append(_Armed(fault))

    def clear(self) -> None:
        self._armed.clear()

    def pick(self, call: SandboxCall, token: object) -> Fault | None:
        """Pick the fault that hits this call: the first one due. Every fault on this sort of call counts it."""
        due = [armed for armed in self._armed if armed.can_hit(call, token) and armed.strikes()]
        if not due:
            return None
        due[0].hits += 1
        return due[0].fault

    def list_faults(self) -> list[dict[str, str | int | float]]:
        """List every fault with the calls it has seen and hit."""
        return [{**armed.fault.list_fields(), "seen": armed.seen, "hits": armed.hits} for armed in self._armed]


_MOST_SUBACCOUNTS = 100_000
_MOST_BALANCE = Decimal(10) ** 12
_SUBACCOUNT_BALANCE = Decimal("100.000")


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """How a sandbox is set up. Amounts are euros; port 0 takes any free port."""

    port: int = 0
    key: str = "sandbox-key"
    subaccounts: int = 29
    main_balance: Decimal = Decimal("10000.000")
    state: Path | None = None
    latency_ms: float = 0
    language: str = "fr"
    error_status: int = 200
    drift: Decimal = ZERO
    faults: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot work, with a sentence for whoever typed it."""
        if not 0 <= self.port <= 65535:
            raise ValueError(_("The port is between 0 and 65535."))
        if not self.key:
            raise ValueError(_("The key cannot be empty."))
        if not 0 <= self.subaccounts <= _MOST_SUBACCOUNTS:
            raise ValueError(_("The number of sub-accounts is between 0 and {most}.").format(most=_MOST_SUBACCOUNTS))
        if self.latency_ms < 0:
            raise ValueError(_("The latency cannot be negative."))
        if self.language not in LANGUAGES:
            raise ValueError(_("The language is fr or en."))
        if self.error_status not in {200, 400}:
            raise ValueError(_("The error status is 200 or 400."))
        if not 0 <= self.drift <= _MOST_BALANCE:
            raise ValueError(_("The drift cannot be negative."))
        if abs(self.main_balance) > _MOST_BALANCE:
            raise ValueError(_("A balance is at most {most} euros.").format(most=_MOST_BALANCE))

    def make_opening_balances(self) -> dict[str, Decimal]:
        """Give what the sub-accounts of a new sandbox begin with; their tokens are sub-0001, sub-0002 and so on."""
        return {f"sub-{number:04d}": _SUBACCOUNT_BALANCE for number in range(1, self.subaccounts + 1)}
