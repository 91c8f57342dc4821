"""The options of a sandbox, each with the default that its command line shows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from batch.language import _
from batch.sandbox.account import ZERO
from batch.sandbox.api_codes import LANGUAGES
from batch.sandbox.faults import Fault

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

    def opening_balances(self) -> dict[str, Decimal]:
        """Give what the sub-accounts of a new sandbox begin with; their tokens are sub-0001, sub-0002 and so on."""
        return {f"sub-{number:04d}": _SUBACCOUNT_BALANCE for number in range(1, self.subaccounts + 1)}
