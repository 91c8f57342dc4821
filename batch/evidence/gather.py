"""Gather all that proves a batch's record, and write it as one archive for somebody who trusts nobody here."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from io import BytesIO
from itertools import islice
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from batch.evidence.archive import Evidence, format_answers, format_approvals, format_plan, write_archive
from batch.evidence.seal import prepare_record, record_file, sign_record, stamp_record, verify_proven_record
from batch.evidence.signature import read_public_key, sign_message, write_public_pem
from batch.export import write_batch
from batch.files import open_whole_file, write_csv
from batch.i18n import _
from batch.ledger.events import GENESIS, Tip, make_tip_message, write_canonically, write_event
from batch.ledger.protocol import Ledger
from batch.model import BatchView, Event
from batch.settings import Settings


def find_flaw(ledger: Ledger, settings: Settings, batch: str) -> str | None:
    """Verify the record; returns why no evidence is written of it, None if it is whole."""
    difference = verify_proven_record(ledger, settings, batch)[2]
    if difference is None:
        return None
    return _("{why} No evidence is written of a record that is not whole.").format(why=difference)


def write_evidence(
    ledger: Ledger,
    batch: str,
    path: Path,
    key: Ed25519PrivateKey,
    timestamp_url: str | None,
    now: Callable[[], datetime],
) -> None:
    """Sign the record, have it stamped if there is an address, and write the archive. Hold the account.

    `TimestampError` if the authority does not stamp, `ReportError` if the file cannot be written.
    """
    sign_record(ledger, batch, key, now)
    if timestamp_url is not None:
        stamp_record(ledger, batch, timestamp_url, now)
    view, written_at = ledger.view(batch), now()
    files = _make_files(view, written_at)
    for name, content in files.items():
        record_file(ledger, batch, name, hashlib.sha256(content).hexdigest(), len(view.events), written_at)
    tip = ledger.read_tip(batch)
    message = make_tip_message(batch, tip)
    sheet = ledger.read_sheet(view.head.source.sha256)
    evidence = Evidence(
        batch=batch,
        tip=message,
        events=_write_events(ledger, batch, tip),
        sheet=None if sheet is None else (PurePath(view.head.source.file_name).suffix.lower(), sheet),
        files=files,
        signature=sign_message(key, message),
        public_key_pem=write_public_pem(read_public_key(key)),
        timestamp=_find_stamp(view, batch),
    )
    with open_whole_file(path, prepare_record(ledger, batch, path, tip.number, written_at)) as file:
        write_archive(file, evidence)


def _make_files(view: BatchView, written_at: datetime) -> dict[str, bytes]:
    """Make the report and the lists that people can read, by their names in the archive."""
    with TemporaryDirectory(prefix="creditbatch-", ignore_cleanup_errors=True) as folder:
        report = Path(folder) / "report.xlsx"
        write_batch(report, view, written_at)
        files = {"report.xlsx": report.read_bytes()}
    lists = {
        "plan.csv": format_plan(view),
        "answers.csv": format_answers(view.events),
        "approvals.csv": format_approvals(view.events),
    }
    for name, lines in lists.items():
        content = BytesIO()
        write_csv(content, lines)
        files[name] = content.getvalue()
    return files


def _write_events(ledger: Ledger, batch: str, tip: Tip) -> Iterator[str]:
    """Write the text that each event's hash is over, up to the tip."""
    previous = GENESIS
    for event in islice(ledger.view_events(batch), tip.number):
        yield write_event(previous, event.number, event.at, event.kind, write_canonically(event.data))
        previous = event.hash


def _find_stamp(view: BatchView, batch: str) -> tuple[bytes, bytes] | None:
    """Find the newest time stamp: the authority's answer, and the message that it is of."""
    stamped: list[Event] = [event for event in view.events if event.kind == "tip-stamped"]
    if not stamped:
        return None
    data: Any = stamped[-1].data
    return base64.b64decode(data["token"]), make_tip_message(batch, Tip(data["events"], data["hash"]))
