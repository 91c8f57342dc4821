"""Whether a batch's record is whole: its chain, and what the ledger claims against what the events say."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from batch.ledger import chain, replay
from batch.ledger.accept import rows_sha256
from batch.ledger.facts import AttemptBegan, AttemptEnded, PersonDecided, RowSettled
from batch.model import BatchView, Event, RowResult, Status


def first_difference(view: BatchView) -> str | None:
    """The first place where the record parts from itself, as a sentence; None if it is whole."""
    broken = chain.first_break(view.events)
    if broken is not None:
        return f"Event {broken} does not follow from the event before it: it, or the one before, was changed."
    if not view.events or view.events[0].kind != "accepted":
        return "The record does not begin with the acceptance of the plan: its beginning was removed."
    if view.events[0].data.get("rows_sha256") != rows_sha256(tuple(entry.row for entry in view.rows)):
        return "The rows of the sheet are not those that were accepted: a row was changed in the ledger."
    if view.events[0].data.get("digest") != view.head.digest:
        return "The plan's digest is not the one that was accepted: it was changed in the ledger."
    return _against_rows(view) or _against_state(view)


def replayed(view: BatchView) -> dict[int, RowResult]:
    """What the events alone say of every row, by row number."""
    results = {
        entry.row.number: RowResult(Status.PENDING if entry.row.is_valid else Status.INVALID) for entry in view.rows
    }
    for event in view.events:
        fact = _row_fact(event)
        if fact is not None and fact.row in results:
            results[fact.row] = replay.after(results[fact.row], fact)
    return results


def _against_rows(view: BatchView) -> str | None:
    results = replayed(view)
    for entry in view.rows:
        said = results[entry.row.number]
        if said != entry.result:
            return (
                f"Row {entry.row.number} is {entry.result.status.value} in the ledger, but its events say "
                f"{said.status.value}{_detail(said, entry.result)}: the ledger's row was changed."
            )
    return None


def _detail(said: RowResult, claimed: RowResult) -> str:
    if said.status is not claimed.status:
        return ""
    for name in ("code", "message", "note", "main_balance", "subaccount_balance", "attempts", "at"):
        if getattr(said, name) != getattr(claimed, name):
            return f" with {name.replace('_', ' ')} {getattr(said, name)} and not {getattr(claimed, name)}"
    return ""


def _against_state(view: BatchView) -> str | None:
    states = [event.data.get("state") for event in view.events if event.kind == "state-changed"]
    if states and states[-1] != view.head.state.value:
        return f"The batch is {view.head.state.value} in the ledger, but its events say {states[-1]}."
    return None


def _row_fact(event: Event) -> replay.RowFact | None:
    data = event.data
    match event.kind:
        case "attempt-began":
            return AttemptBegan(event.at, *_row_and_attempt(data), *_balances(data))
        case "attempt-ended":
            return AttemptEnded(
                event.at,
                *_row_and_attempt(data),
                str(data["outcome"]),
                Status(str(data["status"])),
                _known(data["code"]),
                _text(data["message"]),
                *_balances(data),
                _text(data["note"]),
            )
        case "row-settled":
            status, note = Status(str(data["status"])), str(data["note"])
            return RowSettled(event.at, *_row_and_attempt(data), status, note, *_balances(data))
        case "person-decided":
            who, why = str(data["who"]), str(data["why"])
            return PersonDecided(event.at, *_row_and_attempt(data), bool(data["applied"]), who, why)
    return None


def _row_and_attempt(data: Mapping[str, Any]) -> tuple[int, int]:
    return int(data["row"]), int(data["attempt"])


def _balances(data: Mapping[str, Any]) -> tuple[Decimal | None, Decimal | None]:
    main, subaccount = data["main_balance"], data["subaccount_balance"]
    return None if main is None else Decimal(main), None if subaccount is None else Decimal(subaccount)


def _known(code: object) -> int | None:
    return code if isinstance(code, int) else None


def _text(message: object) -> str | None:
    return message if isinstance(message, str) else None
