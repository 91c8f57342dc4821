"""The main balance for the home page: asked for at most once a minute, by one request at a time."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from batch.errors import ProviderError, SettingsError
from batch.web import vault

_KEPT_SECONDS = 60.0
_READ_TIMEOUT = 4.0


@dataclass(frozen=True, slots=True)
class BalanceRead:
    """What the provider said, or why it could not be asked."""

    at: datetime
    name: str = ""
    balance: Decimal | None = None
    problem: str = ""


_kept: list[tuple[float, BalanceRead]] = []
_one_at_a_time = threading.Lock()


def main_balance_read() -> BalanceRead:
    """The balance, not older than a minute. Problems are not kept: the next look tries again."""
    with _one_at_a_time:
        if _kept and time.monotonic() - _kept[0][0] < _KEPT_SECONDS:
            return _kept[0][1]
        _kept.clear()
        now = datetime.now(UTC)
        try:
            with vault.open_client(_READ_TIMEOUT) as client:
                account = client.main_account()
        except (ProviderError, SettingsError) as error:
            return BalanceRead(now, problem=str(error))
        read = BalanceRead(now, account.name, account.balance)
        _kept.append((time.monotonic(), read))
        return read


def forget_balance() -> None:
    """After a movement, or with another connection."""
    with _one_at_a_time:
        _kept.clear()
