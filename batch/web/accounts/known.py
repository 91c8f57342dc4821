"""What the provider says of its sub-accounts, remembered for a minute so that pages do not ask at every turn."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from batch.errors import CreditbatchError
from batch.model import SubAccount
from batch.web import vault

_REMEMBERED = 60.0
_PATIENCE = 8.0
"""Seconds that a page waits for the provider."""


@dataclass(frozen=True, slots=True)
class Known:
    """The account as the provider gave it at that moment."""

    name: str
    main: Decimal
    subaccounts: tuple[SubAccount, ...]
    at: datetime


_lock = threading.Lock()
_last: dict[tuple[str, str], tuple[float, Known]] = {}


def known(*, fresh: bool = False) -> Known:
    """The account now, or as it was at most a minute ago; a `CreditbatchError` says why it cannot be told."""
    api_url, key = vault.provider()
    name = (api_url, key.fingerprint())
    # One at a time: whoever waited finds the answer that the other was given.
    with _lock:
        remembered = _last.get(name)
        if remembered and not fresh and time.monotonic() - remembered[0] < _REMEMBERED:
            return remembered[1]
        with vault.open_client(read_timeout=_PATIENCE) as client:
            main, subaccounts = client.main_account(), tuple(client.subaccounts())
        found = Known(main.name, main.balance, subaccounts, datetime.now(UTC))
        _last.clear()
        _last[name] = time.monotonic(), found
        return found


def tokens_of_email(text: str) -> list[str]:
    """The tokens of the sub-accounts whose email holds the text; none for what is no part of an email."""
    if "@" not in text:
        return []
    try:
        accounts = known().subaccounts
    except CreditbatchError:
        # The search goes on without: the page of the sub-accounts says why they are not known.
        return []
    return [account.token for account in accounts if text.casefold() in account.email.casefold()]
