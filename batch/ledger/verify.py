"""Whether a batch's record is whole: its chain, and what the ledger claims against what the events say."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from batch.i18n import N_, _
from batch.ledger import events, projection
from batch.ledger.events import AttemptBegan, AttemptEnded, PersonDecided, RowDoubted, RowFact, RowSettled
from batch.ledger.old_sentences import read_row_note
from batch.ledger.projection import hash_rows
from batch.model import BatchState, BatchView, Event, People, RowResult, Status, name_state, name_status
from batch.notes import Note, make_note, tell

_DETAILS = {
    "code": N_("code"),
    "message": N_("message"),
    "note": N_("note"),
    "main_balance": N_("main balance"),
    "subaccount_balance": N_("sub-account balance"),
    "attempts": N_("attempts"),
    "at": N_("moment"),
}
"""What a row's events say of it besides its status."""


def find_difference(view: BatchView) -> str | None:
    """Find the first place where the record parts from itself, as a sentence; None if it is whole."""
    broken = events.find_break(view.events)
    if broken is not None:
        sentence = _("Event {number} does not follow from the event before it: it, or the one before, was changed.")
        return sentence.format(number=broken)
    beginning = view.events[0] if view.events else None
    if beginning is None or beginning.kind != "accepted":
        return _("The record does not begin with the acceptance of the plan: its beginning was removed.")
    if beginning.data.get("rows_sha256") != hash_rows(tuple(entry.row for entry in view.rows)):
        return _("The rows of the sheet are not those that were accepted: a row was changed in the ledger.")
    if beginning.data.get("digest") != view.head.digest:
        return _("The plan's digest is not the one that was accepted: it was changed in the ledger.")
    return _compare_rows(view) or _compare_head(view, beginning.data)


def replay_rows(view: BatchView) -> dict[int, RowResult]:
    """Replay what the events alone say of every row, by row number."""
    results = {
        entry.row.number: RowResult(Status.PENDING if entry.row.is_valid else Status.INVALID) for entry in view.rows
    }
    for event in view.events:
        fact = _read_fact(event)
        if fact is not None and fact.row in results:
            results[fact.row] = projection.apply_fact(results[fact.row], fact)
    return results


def _compare_rows(view: BatchView) -> str | None:
    results = replay_rows(view)
    for entry in view.rows:
        said = results[entry.row.number]
        if said != entry.result:
            return _explain_row(entry.row.number, said, entry.result)
    return None


def _explain_row(row: int, said: RowResult, claimed: RowResult) -> str:
    if said.status is not claimed.status:
        sentence = _("Row {row} is {claimed} in the ledger, but its events say {said}: the ledger's row was changed.")
        return sentence.format(row=row, claimed=name_status(claimed.status), said=name_status(said.status))
    name = next(name for name in _DETAILS if getattr(said, name) != getattr(claimed, name))
    sentence = _(
        "Row {row} is {status} in the ledger, but its events say {detail} {said} and not {claimed}: "
        "the ledger's row was changed."
    )
    return sentence.format(
        row=row,
        status=name_status(said.status),
        detail=_(_DETAILS[name]),
        said=_format_value(getattr(said, name)),
        claimed=_format_value(getattr(claimed, name)),
    )


def _format_value(value: object) -> object:
    return tell(value) if isinstance(value, Note) else value


def _compare_head(view: BatchView, beginning: Mapping[str, Any]) -> str | None:
    """Compare state, people and options. Events of before people were recorded name nobody, and so does their batch."""
    state, options = None, beginning.get("options", ())
    people = People(beginning.get("prepared"), tuple(beginning.get("approved", ())))
    for event in view.events:
        data: Mapping[str, Any] = event.data
        if event.kind == "options-changed":
            options = data["options"]
        elif event.kind == "state-changed":
            state = BatchState(data["state"])
            people = projection.add_person(people, state, data.get("by"))
    if state is not None and state is not view.head.state:
        sentence = _("The batch is {claimed} in the ledger, but its events say {said}.")
        return sentence.format(claimed=name_state(view.head.state), said=name_state(state))
    if people != view.head.people:
        return _("The people named for the batch are not those of its events: they were changed in the ledger.")
    if tuple(options) != view.head.options:
        return _("What was chosen for the batch is not what its events say: it was changed in the ledger.")
    return None


def _read_fact(event: Event) -> RowFact | None:
    data: Mapping[str, Any] = event.data
    match event.kind:
        case "attempt-began":
            return AttemptBegan(event.at, *_read_numbers(data), *_read_balances(data))
        case "attempt-ended":
            said = data["outcome"], Status(data["status"]), data["code"], data["message"]
            return AttemptEnded(event.at, *_read_numbers(data), *said, *_read_balances(data), read_row_note(data))
        case "row-settled":
            told = Status(data["status"]), read_row_note(data) or make_note("under-way")
            # Events of before an answer's word was kept through its settling have no code and no message.
            words = data.get("code"), data.get("message")
            return RowSettled(event.at, *_read_numbers(data), *told, *_read_balances(data), *words)
        case "row-doubted":
            note = read_row_note(data) or make_note("under-way")
            return RowDoubted(event.at, *_read_numbers(data), note, *_read_balances(data))
        case "person-decided":
            return PersonDecided(event.at, *_read_numbers(data), data["applied"], data["who"], data["why"])
    return None


def _read_numbers(data: Mapping[str, Any]) -> tuple[int, int]:
    return int(data["row"]), int(data["attempt"])


def _read_balances(data: Mapping[str, Any]) -> tuple[Decimal | None, Decimal | None]:
    main, subaccount = data["main_balance"], data["subaccount_balance"]
    return None if main is None else Decimal(main), None if subaccount is None else Decimal(subaccount)
