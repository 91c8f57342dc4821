"""The main balance for the home page: asked for once a minute while nothing moves, by one request at a time."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from django.db.models import Max

from batch.errors import ProviderError, SettingsError
from batch.ledger.orm.models import Event
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


_kept: dict[tuple[str, str, int | None], tuple[float, BalanceRead]] = {}
_one_at_a_time = threading.Lock()


def main_balance_read() -> BalanceRead:
    """Give the balance, not older than a minute, than the connection in force, or than the newest event of the ledger.

    Whoever moves credit or changes the connection may be another process: the database says so. Problems are not kept:
    the next look tries again.
    """
    now = datetime.now(UTC)
    with _one_at_a_time:
        try:
            api_url, key = vault.provider()
            state = (api_url, key.fingerprint(), Event.objects.aggregate(newest=Max("pk"))["newest"])
            kept = _kept.get(state)
            if kept and time.monotonic() - kept[0] < _KEPT_SECONDS:
                return kept[1]
            with vault.open_client_with(api_url, key, _READ_TIMEOUT) as client:
                account = client.main_account()
        except (ProviderError, SettingsError) as error:
            return BalanceRead(now, problem=str(error))
        read = BalanceRead(now, account.name, account.balance)
        _kept.clear()
        _kept[state] = time.monotonic(), read
        return read
