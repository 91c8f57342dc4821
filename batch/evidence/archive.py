"""The archive for an auditor: all that a batch's record consists of, and a page that checks it in a browser."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from batch.files import escape_formula, format_decimal, mark_unwritable
from batch.i18n import _, get_language, pgettext
from batch.model import BatchView, Direction, Event, name_direction, name_status
from batch.report.result_labels import Teller, get_report_words
from batch.settings import read_choices
from batch.zone import localize, name_zone

_DATE = (1980, 1, 1, 0, 0, 0)
"""Of every entry: when a file was written is an event, and the same evidence makes the same archive."""
_ROWS_ACCEPTED = "rows-accepted"
_ANSWERS = frozenset({"attempt-ended", "row-settled", "row-doubted", "person-decided"})
_APPROVALS = frozenset({"accepted", "state-changed", "key-changed", "options-changed"})


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that goes into an archive."""

    batch: str
    tip: bytes
    """The message that is signed: batch, number of events and the last one's hash."""
    events: Iterable[str]
    """The texts that are hashed, in their order."""
    sheet: tuple[str, bytes] | None
    """Its suffix, such as ".xlsx", and what was uploaded; None where the ledger does not have it."""
    files: Mapping[str, bytes]
    """What events name with its SHA-256: the report and the readable lists."""
    signature: bytes
    public_key_pem: bytes
    timestamp: tuple[bytes, bytes] | None
    """The authority's response, and the message that was stamped."""


def write_archive(file: BinaryIO, evidence: Evidence) -> None:
    """Write the archive as a ZIP, with the page that checks it first."""
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        _add_entry(archive, "check.html", [make_check_page().encode()])
        _add_entry(archive, "tip.json", [evidence.tip])
        _add_entry(archive, "signature.bin", [evidence.signature])
        _add_entry(archive, "public-key.pem", [evidence.public_key_pem])
        _add_entry(archive, "events.jsonl", (text.encode("ascii") + b"\n" for text in evidence.events))
        if evidence.sheet is not None:
            suffix, sheet = evidence.sheet
            _add_entry(archive, f"sheet{suffix}", [sheet])
        for name, written in evidence.files.items():
            _add_entry(archive, name, [written])
        if evidence.timestamp is not None:
            response, stamped = evidence.timestamp
            _add_entry(archive, "timestamp.tsr", [response])
            _add_entry(archive, "timestamp-tip.json", [stamped])


def _add_entry(archive: ZipFile, name: str, pieces: Iterable[bytes]) -> None:
    entry = ZipInfo(name, _DATE)
    entry.compress_type = ZIP_DEFLATED
    entry.create_system = 3  # Unix, on Windows as well, so that the bytes do not depend on where it is written
    entry.external_attr = 0o644 << 16
    # How long the events are is known only at their end.
    with archive.open(entry, "w", force_zip64=True) as opened:
        for piece in pieces:
            opened.write(piece)


def make_check_page() -> str:
    """Make the page that checks an archive offline, in the language in force."""
    page = files("batch.evidence").joinpath("check.html").read_text("utf-8")
    script = page.split("<script>")[1].split("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    filled = {
        "@@LANGUAGE@@": get_language().value,
        "@@ZONE@@": html.escape(name_zone()),
        "@@SCRIPT_HASH@@": f"sha256-{digest}",
        "@@NO_SCRIPT@@": html.escape(_("This page needs JavaScript: it checks the archive in your browser.")),
        # No sentence can close the element that it stands in.
        "@@SENTENCES@@": json.dumps(_list_sentences()).replace("<", "\\u003c"),
    }
    for mark, text in filled.items():
        page = page.replace(mark, text)
    return page


def _list_sentences() -> dict[str, str]:
    """List what the page says, by the names that its script knows."""
    return {
        **_list_surroundings(),
        **_list_refusals(),
        **_list_results(),
    }


def _list_surroundings() -> dict[str, str]:
    return {
        "title": _("Check of a batch’s record"),
        "intro": _("The record is checked on this computer: nothing is sent, and nothing is loaded."),
        "choose": _("Choose the archive"),
        "choose_hint": _("or drop the .zip here. Its files, unpacked and chosen together, will do as well."),
        "reading": _("The archive is being read…"),
        "progress": _("Events checked so far: {number}"),
        "comparing": _("The files are being compared…"),
        "good": _("The record is whole"),
        "good_more": _("All checks passed. One comparison is left to you: that of the public key."),
        "bad": _("The record was changed"),
        "bad_more": _("{failed} of {all} checks failed. The first: {what}"),
        "open": _("Nothing is wrong, but not everything could be checked"),
        "open_more": _("{unknown} of {all} checks could not be made. The first: {what}"),
        "unreadable": _("This cannot be checked"),
        "checks": _("What was checked"),
        "key": _("Public key"),
        "key_compare": _(
            "Compare it with the key on the signed page of the report, or with the one that the command `creditbatch "
            "key` exports: whoever changes an archive can sign it with another key."
        ),
        "fact_batch": _("Batch"),
        "fact_file": pgettext("of a batch", "Sheet"),
        "fact_accepted": _("Accepted"),
        "fact_prepared": _("Prepared by"),
        "fact_approved": _("Approved by"),
        "fact_rows": _("Rows"),
        "fact_added": _("Euros to add"),
        "fact_removed": _("Euros to remove"),
        "fact_events": _("Events"),
        "fact_hash": _("Hash of the last event"),
        "nobody": _("not recorded"),
        "state_good": pgettext("check", "passed"),
        "state_bad": pgettext("check", "failed"),
        "state_open": pgettext("check", "not checked"),
        "by_hand": _("By hand:"),
        "hash_stated": _("Recorded SHA-256:"),
        "hash_found": _("SHA-256 found:"),
        "about": _(
            "This page came with the archive. Whoever doubts it takes the one of another archive that the program "
            "made, or checks by hand."
        ),
        "about_line": _(
            "The SHA-256 of a line of events.jsonl, without its line break, is the first item of the next line; that "
            "of the last line is in tip.json. For line 5:"
        ),
    }


def _list_refusals() -> dict[str, str]:
    return {
        "too_old": _("This browser is too old: open the page in a newer Chrome, Edge, Firefox or Safari."),
        "fault": _("It could not be read: {why}. Choose the .zip itself, or its files without a folder."),
        "not_archive": _("It holds none of the files of a record: choose an archive that the program made."),
        "not_zip": _("{name} is not a ZIP archive, or was cut short: have it sent again."),
        "zip_broken": _("The list of files in the archive is damaged: have it sent again."),
        "zip_large": _("{name} would have more than 1 GB: it is not unpacked."),
        "zip_twice": _("{name} is in the archive twice: it is not one that the program made."),
        "zip_kind": _("{name} is packed in a way that this page does not know."),
        "zip_damaged": _("{name} is damaged: it cannot be unpacked as the archive states."),
        "missing": _("{name} is missing."),
        "form": _("{name} is not of the form in which the program writes it."),
    }


def _list_results() -> dict[str, str]:
    return {
        "chain": _("Events"),
        "chain_good": _("events.jsonl holds {number} events, and each follows from the one before."),
        "event_form": _("Line {number} of events.jsonl is not an event."),
        "event_number": _(
            "Line {number} of events.jsonl holds event {found}: an event was removed, added or moved before it."
        ),
        "event_first": _("Event 1 is not the beginning of a record: events were removed before it."),
        "event_break": _("Event {number} does not follow from event {before}: event {before} was changed."),
        "event_cut": _("Line {number} of events.jsonl was cut short."),
        "event_none": _("events.jsonl holds no event."),
        "tip": _("End of the record"),
        "tip_good": _("tip.json and the events agree on the batch, the number of events and the hash of the last one."),
        "tip_count": _(
            "tip.json states {stated} events, and events.jsonl holds {found}: events were removed at the end, or added."
        ),
        "tip_hash": _("tip.json states another hash than that of event {number}: event {number} was changed."),
        "tip_batch": _("{name} is of the batch {stated}, and the events are of the batch {found}."),
        "signature": _("Signature"),
        "signature_good": _("signature.bin is the signature of tip.json by the key in public-key.pem."),
        "signature_bad": _(
            "signature.bin is not the signature of tip.json by the key in public-key.pem: one of the three was changed."
        ),
        "signature_open": _(
            "This browser cannot check Ed25519 signatures: check by hand, or in a newer Chrome, Edge, Firefox or "
            "Safari."
        ),
        "signed": _("Earlier signatures"),
        "signed_good": _("Signatures among the events: {number}, each with this key and of the record as it was then."),
        "signed_key": _("Event {number} was signed with another key than that in public-key.pem."),
        "signed_hash": _("Event {number} signs a hash that the record did not have then."),
        "signed_bad": _("The signature in event {number} is not one of the record as it was then."),
        "sheet": _("Sheet as uploaded"),
        "sheet_good": _("{name} is the sheet that was accepted: it has the SHA-256 that event 1 names."),
        "sheet_bad": _("{name} is not the sheet that was accepted: it was changed or exchanged."),
        "sheet_open": _(
            "The sheet is not in the archive: compare the SHA-256 of your own copy with the one that event 1 names."
        ),
        "sheet_unnamed": _("Event 1 does not name the SHA-256 of the sheet that was accepted."),
        "file_good": _("{name} has the SHA-256 that event {number} names."),
        "file_bad": _("{name} is not the file that event {number} names: it was changed or exchanged."),
        "file_unnamed": _("{name} is not named by any event."),
        "others": _("Other files"),
        "others_good": _("The archive holds nothing else."),
        "others_bad": _("These do not belong to the archive: {names}"),
        "stamp": _("Time stamp"),
        "stamp_good": _("The record was stamped at {time}, up to event {number}."),
        "stamp_untimed": _("The record was stamped, up to event {number}."),
        "stamp_hand": _(
            "No browser can judge the authority’s signature: check it by hand, with the authority’s root certificate."
        ),
        "stamp_bad": _("timestamp.tsr is not the stamp of timestamp-tip.json."),
        "stamp_hash": _("timestamp-tip.json states another hash than that of event {number}."),
        "stamp_open": _("Event {number} is a time stamp, but the archive does not hold timestamp.tsr."),
    }


# The lists that a person reads: as the CSV files of `batch.files`.


def format_plan(view: BatchView) -> Iterator[list[str]]:
    """Give the titles, and a line for each row of the sheet, with its place in the order of sending."""
    names = get_report_words()
    yield [names.row, _("Order of sending"), _("Sub-account"), _("Direction"), _("Amount"), names.status]
    order = _find_order(view)
    for entry in view.rows:
        row = entry.row
        yield [
            str(row.number),
            str(order.get(row.number, "")),
            _format_text(row.token),
            "" if row.direction is None else name_direction(row.direction),
            "" if row.amount is None else format_decimal(row.amount, 2),
            name_status(entry.result.status),
        ]


def _find_order(view: BatchView) -> dict[int, int]:
    """Find in which order rows were to be sent, counted from 1, by the events, or by the plan where they are older."""
    accepted = [row for event in view.events if event.kind == _ROWS_ACCEPTED for row in _list_items(event, "rows")]
    turns: list[tuple[int, int]] = [(row[-1], row[0]) for row in accepted if row[-1] is not None]
    if not accepted:
        removes_first = read_choices(view.head.options).removes_first
        valid = [entry.row for entry in view.rows if entry.row.is_valid]
        turns = [(removes_first and row.direction is Direction.ADD, row.number) for row in valid]
    # Sorted by the turn alone: rows of one turn stay in their order.
    ordered = sorted(turns, key=lambda turn: turn[0])
    return {row: place for place, (_turn, row) in enumerate(ordered, start=1)}


def format_answers(events: Iterable[Event]) -> Iterator[list[str]]:
    """Give the titles, and a line for each event that says what became of a row."""
    names, teller = get_report_words(), Teller()
    yield [
        *_name_event_columns(), names.row, _("Attempt"), _("Outcome"), names.code, _("Message"),
        _("Main balance after"), _("Sub-account balance after"),
    ]  # fmt: skip
    for event in events:
        if event.kind in _ANSWERS:
            data = event.data
            yield [
                *_begin_line(event, teller),
                _format_value(data.get("row")),
                _format_value(data.get("attempt")),
                _tell_outcome(event, teller),
                _format_value(data.get("code")),
                _format_text(_tell_answer(data, teller)),
                _format_balance(data.get("main_balance")),
                _format_balance(data.get("subaccount_balance")),
            ]


def _tell_outcome(event: Event, teller: Teller) -> str:
    match event.kind:
        case "attempt-ended":
            return _format_text(teller.value(event.data.get("outcome"), "outcome"))
        case "row-settled":
            return _format_text(teller.value(event.data.get("status"), "status"))
        case "person-decided":
            return teller.value("Applied" if event.data.get("applied") is True else "NotApplied", "outcome")
        case _:
            return teller.value("Doubt", "outcome")


def _tell_answer(data: Mapping[str, object], teller: Teller) -> str:
    """Tell the provider's message and our note, or who decided and why."""
    if "who" in data:
        return _("{cell}: {message}").format(cell=data["who"], message=data.get("why"))
    note = data.get("note")
    told = [str(data["message"])] if data.get("message") else []
    return " · ".join([*told, teller.value(note, "note")] if note else told)


def format_approvals(events: Iterable[Event]) -> Iterator[list[str]]:
    """Give the titles, and a line for each event that says who decided what of the batch."""
    teller = Teller()
    yield [
        *_name_event_columns(), _("State"), _("Prepared by"), _("Approved by"), _("Done by"), _("Options"), _("Reason"),
    ]  # fmt: skip
    for event in events:
        if event.kind in _APPROVALS:
            data = event.data
            state, reason = data.get("state"), data.get("reason")
            yield [
                *_begin_line(event, teller),
                "" if state is None else _format_text(teller.value(state, "state")),
                _format_text(data.get("prepared")),
                _format_text(", ".join(map(str, _list_items(event, "approved")))),
                _format_text(data.get("by")),
                _format_text(", ".join(map(str, _list_items(event, "options")))),
                _format_text(teller.value(reason, "reason") if reason else data.get("why")),
            ]


def _name_event_columns() -> list[str]:
    return [_("Event"), _("Time ({zone})").format(zone=name_zone()), _("What")]


def _begin_line(event: Event, teller: Teller) -> list[str]:
    return [str(event.number), f"{localize(event.at):%Y-%m-%d %H:%M:%S}", teller.event(event.kind)]


def _list_items(event: Event, key: str) -> list[Any]:
    found = event.data.get(key)
    return list(found) if isinstance(found, list | tuple) else []


def _format_value(value: object) -> str:
    return "" if value is None else _format_text(str(value))


def _format_text(text: object) -> str:
    """Write a text so that no program runs it; nothing for what is not there."""
    return escape_formula(mark_unwritable(str(text))) if text else ""


def _format_balance(value: object) -> str:
    """Write a balance, which events hold as a text such as "2869.200"."""
    return "" if value is None else format_decimal(Decimal(str(value)), 3)
