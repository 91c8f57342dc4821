"""What somebody does to a ledger's file who can write to it, and reads this program: a page of Python."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from batch.ledger.events import GENESIS, Tip, hash_event, make_tip_message, write_canonically

MONTH = timedelta(days=30)
_LINES = ("ledger_event", "ledger_movement", "ledger_reading")


@contextmanager
def open_file(home: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(home / "ledger.sqlite3")) as raw, raw:
        yield raw


def read_hashes(home: Path, batch: str) -> list[str]:
    with open_file(home) as raw:
        return [
            row[0] for row in raw.execute("SELECT hash FROM ledger_event WHERE batch_id = ? ORDER BY number", [batch])
        ]


def list_names(home: Path) -> list[str]:
    with open_file(home) as raw:
        return [row[0] for row in raw.execute("SELECT name FROM ledger_batch ORDER BY created_at, name")]


def take_out(home: Path, batch: str) -> None:
    """Remove the batch from every table."""
    with open_file(home) as raw:
        for table in _LINES:
            raw.execute(f"DELETE FROM {table} WHERE batch_id = ?", [batch])  # noqa: S608 (our own names)
        raw.execute("DELETE FROM ledger_batch WHERE name = ?", [batch])


def backdate(
    home: Path, *, signatures: bool = True, key: Ed25519PrivateKey | None = None, by: timedelta = MONTH
) -> None:
    """Shift all times of all batches, and compute everything anew that can be: what was signed only with a key."""
    edit(home, lambda _batch, kind, data: [] if kind == "tip-signed" and not signatures else [(kind, data)], key, by)
    with open_file(home) as raw:
        _shift(raw, "ledger_batch", ("created_at", "running_at", "ended_at"), by)
        _shift(raw, "ledger_movement", ("at", "attempted_at"), by)
        _shift(raw, "ledger_reading", ("at",), by)


def edit(home: Path, change: Any, key: Ed25519PrivateKey | None = None, by: timedelta = timedelta()) -> None:
    """Write every chain anew: `change` gives the events that stand in the place of each."""
    tips: dict[tuple[str, int], Tip] = {}
    for batch in list_names(home):
        with open_file(home) as raw:
            asked = "SELECT number, at, kind, data FROM ledger_event WHERE batch_id = ? ORDER BY number"
            lines = list(raw.execute(asked, [batch]))
            raw.execute("DELETE FROM ledger_event WHERE batch_id = ?", [batch])
            tip = Tip(0, GENESIS)
            for old, at, kind, text in lines:
                moment = _read_time(at) - by
                for new_kind, new in change(batch, kind, json.loads(text)):
                    data = _adapt(batch, new_kind, new, tip, tips, key)
                    digest = hash_event(tip.hash, tip.number + 1, moment, new_kind, write_canonically(data))
                    tip = Tip(tip.number + 1, digest)
                    written = (batch, tip.number, _write_time(moment), new_kind, write_canonically(data), digest)
                    columns = "batch_id, number, at, kind, data, hash"
                    raw.execute(f"INSERT INTO ledger_event ({columns}) VALUES (?, ?, ?, ?, ?, ?)", written)  # noqa: S608
                tips[batch, old] = tip
            raw.execute(
                "UPDATE ledger_batch SET events_count = ?, last_hash = ? WHERE name = ?", [tip.number, tip.hash, batch]
            )


def _adapt(batch: str, kind: str, data: Any, tip: Tip, tips: Any, key: Ed25519PrivateKey | None) -> Any:
    previous = data.get("origin", {}).get("previous") if kind == "accepted" else None
    if previous and (previous["batch"], previous["events"]) in tips:
        now = tips[previous["batch"], previous["events"]]
        previous |= {"events": now.number, "hash": now.hash}
    if kind == "tip-signed" and key is not None:
        signature = base64.b64encode(key.sign(make_tip_message(batch, tip))).decode()
        public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
        return {"events": tip.number, "hash": tip.hash, "key": public, "signature": signature}
    return data


def _shift(raw: sqlite3.Connection, table: str, columns: tuple[str, ...], by: timedelta) -> None:
    for column in columns:
        for line, at in list(raw.execute(f"SELECT rowid, {column} FROM {table} WHERE {column} IS NOT NULL")):  # noqa: S608
            moved = _write_time(_read_time(at) - by)
            raw.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", [moved, line])  # noqa: S608


def _read_time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _write_time(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(" ")
