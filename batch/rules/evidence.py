"""What the ledger holds for a person who must decide whether a movement was applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from batch.language import N_, _
from batch.model import BatchRow, BatchView, RowResult, Status
from batch.notes import note

_THAT_DOUBT = 2
"""Readings that put a row in doubt."""
FOR_A_PERSON = (note("untold"), note("settled-missing"), note("changed-elsewhere"))
"""The notes of a row in doubt when a person has to decide."""


@dataclass(frozen=True, slots=True)
class Observation:
    """The two balances at one moment, and where they come from. None where that moment does not tell."""

    what: str
    at: datetime
    main: Decimal | None
    subaccount: Decimal | None


def awaits_person(result: RowResult) -> bool:
    """Tell whether a person has to decide: settling the doubt has failed, or what it found must be agreed to.

    Any other row in doubt was interrupted: nobody can know better than the balances, which `resume` will read.
    """
    return result.status is Status.UNKNOWN and result.note in FOR_A_PERSON


def rests_on_a_look(result: RowResult) -> bool:
    """Tell whether a refusal that is no proof was believed after one look, which later balances have to confirm."""
    return result.status is Status.REFUSED and result.note is not None and result.note.code == "seen-missing"


def is_refused_with_account(result: RowResult) -> bool:
    """Tell whether its refusal was about the account and not about the row: it may be sent when that is put right."""
    told = result.note
    return result.status is Status.REFUSED and told is not None and told.params.get("refuses") == "account"


def evidence_of(view: BatchView, entry: BatchRow) -> list[Observation]:
    """The balances before the attempt, the readings since, and the answers of later rows of the same sub-account.

    Of a row that balances put in doubt: those, and the readings since.
    """
    row, token = entry.row.number, entry.row.token
    found: list[Observation] = []
    read: list[Observation] = []
    for event in view.events:
        data: Mapping[str, Any] = event.data
        if event.kind == "attempt-began" and data["row"] == row:
            # A newer attempt has newer balances before it; what was seen before an older one is settled.
            found = [_seen(_known_before(data["attempt"]), event.at, data, data["subaccount_balance"])]
        elif event.kind == "row-doubted" and data["row"] == row:
            found = read[-_THAT_DOUBT:]
        elif event.kind == "balances-read" and token in data["subaccounts"]:
            read.append(_seen(_read_for(data["purpose"]), event.at, data, data["subaccounts"][token]))
            found += read[-1:] if found else []
        elif found and event.kind == "attempt-ended" and data["row"] != row and data["main_balance"] is not None:
            same = _token_of(view, int(data["row"])) == token
            found.append(_seen(_answer_to(data["row"]), event.at, data, data["subaccount_balance"] if same else None))
    return found


def _known_before(attempt: int) -> str:
    return _("known before attempt {number}").format(number=attempt)


def _answer_to(row: int) -> str:
    return _("answer to row {row}").format(row=row)


def _read_for(purpose: str) -> str:
    """Why balances were read; the purposes are the ledger's words (batch.ledger.facts.Purpose)."""
    words = {
        "opening": N_("read before the start"),
        "settling": N_("read to settle the doubt"),
        "resuming": N_("read to resume"),
        "closing": N_("read at the end"),
    }
    return _(words.get(purpose, purpose))


def _seen(what: str, at: datetime, data: Mapping[str, Any], subaccount: str | None) -> Observation:
    main = data["main_balance"]
    return Observation(
        what, at, None if main is None else Decimal(main), None if subaccount is None else Decimal(subaccount)
    )


def _token_of(view: BatchView, row: int) -> str | None:
    return next((entry.row.token for entry in view.rows if entry.row.number == row), None)
