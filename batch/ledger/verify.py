"""Whether a batch's record is whole: its chain, what the tables say against what the events say, and its neighbours."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from batch.i18n import N_, _, format_moment, pgettext, show_value
from batch.ledger.events import ROW_ITEMS, decode_cell, decode_finding, write_canonically
from batch.ledger.projection import encode_old_row
from batch.ledger.protocol import Ledger, Tables
from batch.ledger.replay import Replay, ReplayedReading, replay_events
from batch.model import BatchState, Direction, People, SheetRow, Status, name_state, name_status
from batch.money import encode_balance
from batch.notes import Note, tell
from batch.planning.account_identity import normalize_address

_LABELS: Mapping[str, str] = {
    "account_id": N_("account"), "address": N_("provider’s address"), "amount": N_("amount"),
    "api_url": N_("provider’s address"), "at": N_("moment"), "attempted_at": N_("moment of the last attempt"),
    "attempts": N_("attempts"), "balance": N_("balance"),
    "cells": N_("cells"), "closes_on": N_("closing day of the fiscal year"),
    "code": N_("code"), "columns": N_("columns"), "created_at": N_("moment of acceptance"),
    "digest": N_("digest of the plan"), "direction": N_("direction"), "ended_at": N_("moment of the end"),
    "events_count": N_("number of events"), "first": N_("first number"),
    "file_name": N_("file’s name"), "findings": N_("findings"),
    "key_fingerprint": N_("key’s fingerprint"), "keys": N_("keys"), "journal": N_("journal"),
    "last": N_("last number"), "last_hash": N_("last hash"),
    "main_balance": N_("main balance"), "main_before": N_("main balance before the attempt"),
    "message": N_("message"), "name": N_("name"), "note": N_("note"), "number": N_("number"), "options": N_("options"),
    "owner": N_("main account’s user"), "people": N_("people"), "position": N_("place in the sheet"),
    "purpose": N_("purpose"), "reason": N_("reason"), "roles": N_("roles of the columns"), "row": N_("row"),
    "running_at": N_("moment of the start"), "sha256": N_("SHA-256 of the file"), "sheet": N_("sheet’s name"),
    "size": N_("size"), "state": N_("state"), "status": N_("status"),
    "subaccount_balance": N_("sub-account balance"),
    "subaccount_before": N_("sub-account balance before the attempt"), "token": N_("sub-account"),
    "tokens_sha256": N_("sub-accounts"), "turn": N_("turn"),
}  # fmt: skip
"""What the columns of the tables hold."""
_RESULT = ("status", "code", "message", "main_balance", "subaccount_balance", "attempts", "at", "note", "attempted_at")
_READING = ("at", "purpose", "token", "balance")
_NUMBERING = ("journal", "closes_on", "first", "last")


def find_difference(ledger: Ledger, batch: str) -> str | None:
    """Find the first place where the batch's record parts from itself, as a sentence; None if it is whole."""
    return verify_record(ledger, batch)[1]


def verify_record(ledger: Ledger, batch: str, sought: Collection[str] = ()) -> tuple[Replay, str | None]:
    """Go through the record once: return what its events say, and the first place where it parts from itself.

    The events that have one of the hashes sought are noted. `LedgerError` if there is no such batch.
    """
    successor = ledger.find_successor(batch)
    replay = Replay()
    try:
        naming = _read_previous(ledger, successor) if successor else None
        replay = replay_events(ledger.view_events(batch), {*sought} | ({naming["hash"]} if naming else set()))
        # Closed, so that no reading of rows that are not compared any more stays open.
        with closing(_list_differences(ledger, batch, replay, successor, naming)) as found:
            return replay, next(found, None)
    except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError):
        # A table may hold anything that somebody wrote there.
        sentence = _("The ledger holds something of batch {batch} that no version writes: it was changed.")
        return replay, sentence.format(batch=batch)


def _list_differences(
    ledger: Ledger, batch: str, replay: Replay, successor: str | None, naming: Mapping[str, Any] | None
) -> Generator[str, None, None]:
    if replay.broken is not None:
        sentence = _("Event {number} does not follow from the event before it: it, or the one before, was changed.")
        yield sentence.format(number=replay.broken)
        return
    if replay.accepted is None:
        yield _("The record does not begin with the acceptance of the plan: its beginning was removed.")
        return
    tables = ledger.read_tables(batch)
    place = _("Batch {batch}").format(batch=batch)
    yield from _compare(place, list_batch_columns(replay), tables.batch)
    yield from _compare_rows(replay, tables)
    yield from _compare_readings(replay, tables)
    yield from _compare_numberings(replay, tables)
    yield from _compare_account(replay, tables)
    if tables.sheet_sha256 not in {None, replay.accepted["sha256"]}:
        yield _("The sheet’s file that the ledger keeps is not the one that was accepted: it was changed.")
    if tables.sheet_sha256 is None and replay.accepted.get("is_kept"):
        yield _("The sheet’s file that was accepted is not in the ledger any more: it was removed.")
    yield from _compare_neighbours(ledger, batch, replay, successor, naming)


def list_batch_columns(replay: Replay) -> dict[str, Any]:
    """List what the events say of every column of the batch; of an older version's batch they do not say all."""
    said = replay.accepted or {}
    columns: dict[str, Any] = {
        "events_count": replay.tip.number,
        "last_hash": replay.tip.hash,
        "name": said["batch"],
        "created_at": replay.accepted_at,
        "reason": replay.reason,
        "running_at": replay.running_at,
        "ended_at": replay.ended_at,
        "people": replay.people,
        "options": replay.options,
        "file_name": said["file_name"],
        "sha256": said["sha256"],
        "digest": said["digest"],
        "api_url": said["api_url"],
        "owner": said["account"],
        "key_fingerprint": said["key_fingerprint"],
    }
    if replay.state is not None:
        columns["state"] = replay.state
    if replay.is_of_old_version:
        return columns
    recorded = {name: said[name] for name in ("size", "sheet", "columns", "roles", "findings")}
    return columns | recorded | {"number": said["origin"]["number"], "account_id": said["origin"]["account"]["id"]}


def _compare(place: str, said: Mapping[str, Any], claimed: Mapping[str, Any]) -> Iterator[str]:
    """Compare the columns of which the events say something."""
    for name, value in said.items():
        if name in claimed and claimed[name] != value:
            yield _explain(place, name, value, claimed[name])


def _explain(place: str, name: str, said: object, claimed: object) -> str:
    sentence = _("{place}, {detail}: {claimed} in the ledger, but {said} by its events; it was changed in the ledger.")
    detail = _(_LABELS[name]) if name in _LABELS else name
    return sentence.format(place=place, detail=detail, claimed=_format_value(claimed), said=_format_value(said))


def _format_value(value: object) -> str:
    match value:
        case None:
            return pgettext("no value", "none")
        case BatchState():
            return name_state(value)
        case Status():
            return name_status(value)
        case Note():
            return show_value(tell(value))
        case Decimal():
            return encode_balance(value)
        case datetime():
            return f"{format_moment(value)}.{value.microsecond:06} UTC"
        case People():
            named = [value.prepared, *value.approved, *value.run, value.abandoned]
            return show_value(", ".join(name for name in named if name)) or pgettext("no value", "none")
        case dict() | list() | tuple():
            return show_value(json.dumps(value, ensure_ascii=False))
    return show_value(str(value))


def _compare_rows(replay: Replay, tables: Tables) -> Iterator[str]:
    """Compare the rows one by one: what was accepted, then what has become of it."""
    digest = hashlib.sha256()
    planned = iter(replay.plan)
    for position, line in enumerate(tables.rows):
        if replay.is_of_old_version:
            row_of_old = _read_sheet_row(line)
            digest.update(encode_old_row(row_of_old))
            is_valid = row_of_old.is_valid
        else:
            said = next(planned, None)
            if said is None:
                yield _("Row {row} of the ledger was not accepted: it was added.").format(row=line["row"])
                return
            row = json.loads(said)
            yield from _compare_plan(row, said, line, position)
            is_valid = row[-1] is not None
        yield from _compare_result(replay, line, is_valid=is_valid)
    if (missing := next(planned, None)) is not None:
        sentence = _("Row {row} was accepted, but is not in the ledger any more: it was removed.")
        yield sentence.format(row=json.loads(missing)[0])
    if replay.is_of_old_version and replay.accepted and replay.accepted.get("rows_sha256") != digest.hexdigest():
        yield _("The rows of the sheet are not those that were accepted: a row was changed in the ledger.")


def _compare_plan(row: list[Any], said: str, line: Mapping[str, Any], position: int) -> Iterator[str]:
    place = _("Row {row}").format(row=row[0])
    amount = None if line["amount"] is None else encode_balance(line["amount"])
    claimed = [amount if name == "amount" else line[name] for name in ROW_ITEMS]
    if write_canonically(claimed) != said:
        yield from _compare(place, dict(zip(ROW_ITEMS, row, strict=True)), dict(zip(ROW_ITEMS, claimed, strict=True)))
    yield from _compare(place, {"position": position}, line)


def _compare_result(replay: Replay, line: Mapping[str, Any], *, is_valid: bool) -> Iterator[str]:
    number = line["row"]
    result = replay.get_result(number, is_valid=is_valid)
    before = replay.before.get(number, (None, None))
    said = tuple(getattr(result, name) for name in _RESULT)
    if said != tuple(line[name] for name in _RESULT):
        yield from _compare(_("Row {row}").format(row=number), dict(zip(_RESULT, said, strict=True)), line)
    if "main_before" in line and before != (line["main_before"], line["subaccount_before"]):
        columns = {"main_before": before[0], "subaccount_before": before[1]}
        yield from _compare(_("Row {row}").format(row=number), columns, line)


def _read_sheet_row(line: Mapping[str, Any]) -> SheetRow:
    cells = tuple(decode_cell(cell) for cell in line["cells"])
    findings = tuple(decode_finding(finding) for finding in line["findings"])
    direction = Direction(line["direction"]) if line["direction"] else None
    return SheetRow(line["row"], cells, line["token"], direction, line["amount"], findings)


def _compare_readings(replay: Replay, tables: Tables) -> Iterator[str]:
    for said, claimed in zip_longest(replay.readings, tables.readings):
        if said is None:
            sentence = _("The ledger has a balance of {moment} that no event tells of: it was added.")
            yield sentence.format(moment=_format_value(claimed["at"]))
        elif claimed is None:
            sentence = _("The balances of event {number} are not in the ledger any more: they were removed.")
            yield sentence.format(number=said.event)
        else:
            yield from _compare_reading(said, claimed)


def _compare_reading(said: ReplayedReading, claimed: Mapping[str, Any]) -> Iterator[str]:
    place = _("Balances of event {number}").format(number=said.event)
    yield from _compare(place, {name: getattr(said, name) for name in _READING}, claimed)


def _compare_numberings(replay: Replay, tables: Tables) -> Iterator[str]:
    for said, claimed in zip_longest(replay.numberings, tables.numberings):
        if said is None:
            sentence = _("The ledger has numbers of entries, from {first} on, that no event tells of: they were added.")
            yield sentence.format(first=claimed["first"])
        elif claimed is None:
            sentence = _("The numbers of entries from {first} on are not in the ledger any more: they were removed.")
            yield sentence.format(first=said.first)
        else:
            place = _("Numbers of entries from {first} on").format(first=said.first)
            yield from _compare(place, {name: getattr(said, name) for name in _NUMBERING}, claimed)


def _compare_account(replay: Replay, tables: Tables) -> Iterator[str]:
    """Compare the account with what was known of it when the batch was accepted; keys and a name may be new."""
    place, known = _("Account"), {(address, mark) for address, mark, _first in tables.account.get("keys", ())}
    if not replay.is_of_old_version and replay.accepted is not None:
        said = dict(replay.accepted["origin"]["account"])
        keys = said.pop("keys")
        if not said["name"]:
            del said["name"]
        yield from _compare(place, said, tables.account)
        missing = [key for key in keys if key not in tables.account["keys"]]
        if missing:
            yield _explain(place, "keys", missing[0], tables.account["keys"])
    for api_url, mark in replay.keys:
        if known and (normalize_address(api_url), mark) not in known:
            yield _explain(place, "keys", [normalize_address(api_url), mark], tables.account["keys"])


def _compare_neighbours(
    ledger: Ledger, batch: str, replay: Replay, successor: str | None, naming: Mapping[str, Any] | None
) -> Iterator[str]:
    """Compare with the account's batch before, which this one names, and with the one after, which names this one."""
    previous = None if replay.is_of_old_version or replay.accepted is None else replay.accepted["origin"]["previous"]
    if previous is not None:
        event = ledger.read_event(previous["batch"], previous["events"])
        if event is None:
            sentence = _(
                "Batch {batch} was accepted after batch {other}, of which event {number} is not there any more."
            )
            yield sentence.format(batch=batch, other=previous["batch"], number=previous["events"])
        elif event.hash != previous["hash"]:
            sentence = _("Batch {batch} was accepted after another batch {other} than the one that is in the ledger.")
            yield sentence.format(batch=batch, other=previous["batch"])
    if naming is None:
        return
    if naming["batch"] != batch:
        sentence = _("Batch {other} was accepted after batch {named}, which is not in the ledger any more.")
        yield sentence.format(other=successor, named=naming["batch"])
    elif replay.sought[naming["hash"]] != naming["events"]:
        sentence = _(
            "Batch {other} was accepted when event {number} of batch {batch} was another one: the record was written "
            "anew, or its end was cut off."
        )
        yield sentence.format(other=successor, number=naming["events"], batch=batch)


def _read_previous(ledger: Ledger, batch: str) -> Mapping[str, Any] | None:
    """Read what a batch's first event says of the account's batch before; None if that was not recorded."""
    first = ledger.read_event(batch, 1)
    origin: Any = first.data.get("origin") if first else None
    previous: Mapping[str, Any] | None = origin.get("previous") if isinstance(origin, Mapping) else None
    return previous
