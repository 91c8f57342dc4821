"""What the ledger holds for a person who must decide whether a movement was applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from batch.model import BatchRow, BatchView


@dataclass(frozen=True, slots=True)
class Observation:
    """The two balances at one moment, and where they come from. None where that moment does not tell."""

    what: str
    at: datetime
    main: Decimal | None
    subaccount: Decimal | None


def evidence_of(view: BatchView, entry: BatchRow) -> list[Observation]:
    """The balances before the attempt, the readings since, and the answers of later rows of the same sub-account."""
    row, token = entry.row.number, entry.row.token
    found: list[Observation] = []
    for event in view.events:
        data: Mapping[str, Any] = event.data
        if event.kind == "attempt-began" and data["row"] == row:
            # A newer attempt has newer balances before it; what was seen before an older one is settled.
            found = [_seen(f"known before attempt {data['attempt']}", event.at, data, data["subaccount_balance"])]
        elif found and event.kind == "balances-read" and token in data["subaccounts"]:
            found.append(_seen(f"read ({data['purpose']})", event.at, data, data["subaccounts"][token]))
        elif found and event.kind == "attempt-ended" and data["row"] != row and data["main_balance"] is not None:
            same = _token_of(view, int(data["row"])) == token
            found.append(
                _seen(f"answer to row {data['row']}", event.at, data, data["subaccount_balance"] if same else None)
            )
    return found


def _seen(what: str, at: datetime, data: Mapping[str, Any], subaccount: str | None) -> Observation:
    main = data["main_balance"]
    return Observation(
        what, at, None if main is None else Decimal(main), None if subaccount is None else Decimal(subaccount)
    )


def _token_of(view: BatchView, row: int) -> str | None:
    return next((entry.row.token for entry in view.rows if entry.row.number == row), None)
