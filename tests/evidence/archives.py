"""Archives with a real chain and a real signature, whole ones and what somebody may make of them."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from batch.evidence.archive import Evidence, write_archive
from batch.ledger.events import GENESIS, hash_event

BATCH = "20261130-120000-abc123"
START = datetime(2026, 11, 30, 12, tzinfo=UTC)
SHEET = b"Token;Montant;Sens\r\nsub-0001;12,50;ajout\r\nsub-0002;7,25;retrait\r\n"
FILES = {
    "report.xlsx": b"PK\x03\x04 a workbook",
    "plan.csv": b"\xef\xbb\xbfRow in sheet,Order of sending\r\n2,1\r\n3,2\r\n",
    "answers.csv": b"\xef\xbb\xbfEvent,Time (UTC)\r\n5,2026-11-30 12:00:04\r\n",
    "approvals.csv": b"\xef\xbb\xbfEvent,Time (UTC)\r\n1,2026-11-30 12:00:00\r\n",
}
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
STAMPED = "timestamp.tsr"

Draft = tuple[str, dict[str, Any]]
"""An event to be: its kind and its data."""
Entries = dict[str, bytes]


def canonical(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"))


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def raw_key(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


@dataclass
class Chain:
    """Events that are chained as they are added."""

    batch: str = BATCH
    texts: list[str] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)

    def add(self, kind: str, data: Mapping[str, Any]) -> None:
        number, before = len(self.texts) + 1, self.hashes[-1] if self.hashes else GENESIS
        at, written = START + timedelta(seconds=number - 1), canonical(data)
        moment = at.isoformat(timespec="microseconds")
        self.texts.append(f'["{before}",{number},"{moment}","{kind}",{written}]')
        self.hashes.append(hash_event(before, number, at, kind, written))

    def tip(self, number: int | None = None) -> bytes:
        number = number or len(self.texts)
        return canonical({"batch": self.batch, "events": number, "hash": self.hashes[number - 1]}).encode()

    def sign(self, key: Ed25519PrivateKey) -> None:
        """Add the signature of the events so far."""
        message = self.tip()
        self.add(
            "tip-signed",
            {
                **{name: value for name, value in json.loads(message).items() if name != "batch"},
                "key": base64.b64encode(raw_key(key)).decode(),
                "signature": base64.b64encode(key.sign(message)).decode(),
            },
        )


def accepted(**changed: Any) -> Draft:
    data = {
        "batch": BATCH, "digest": "cd" * 32, "file_name": "novembre.csv", "sha256": digest(SHEET), "rows": 1234,
        "movements": 2, "added": "12345.500", "removed": "7.250", "rows_sha256": "ef" * 32,
        "api_url": "https://api.example/v1", "account": "compta@example.fr", "key_fingerprint": "f" * 16,
        "options": ["removes-first"], "why": None, "prepared": "Paula Prévost", "approved": ["Anton Roux", "Zoé"],
    }  # fmt: skip
    return "accepted", data | changed


def movement(row: int, amount: str) -> list[Draft]:
    began = {"row": row, "attempt": 1, "main_balance": "2000.000", "subaccount_balance": "5.000", "amount": amount}
    ended = {"row": row, "attempt": 1, "outcome": "Applied", "status": "done", "code": 200, "message": "été"}
    return [("attempt-began", began), ("attempt-ended", ended)]


def written(name: str, content: bytes) -> Draft:
    data = {"name": name, "sha256": digest(content), "format": name.split(".")[1], "language": "en", "zone": "UTC"}
    return "file-written", data


def make_chain(*, first: Draft | None = None, key: Ed25519PrivateKey | None = KEY) -> Chain:
    """The events of a small batch, with a signature among them unless there is no key."""
    chain = Chain()
    drafts = [first or accepted(), ("state-changed", {"state": "running"}), *movement(2, "12.50"), *movement(3, "7.25")]
    for kind, data in [*drafts, ("state-changed", {"state": "finished"})]:
        chain.add(kind, data)
    chain.add(*written(f"{BATCH}.xlsx", b"another report"))
    if key:
        chain.sign(key)
    for name, content in FILES.items():
        chain.add(*written(name, content))
    return chain


def stamp_response(message: bytes) -> bytes:
    """Such bytes as hold the hash of the message in a response; what stands around them is no authority's."""
    algorithm = bytes.fromhex("300d06096086480165030402010500")
    imprint = b"\x30\x31" + algorithm + b"\x04\x20" + hashlib.sha256(message).digest()
    return b"\x30\x82\x01\x00\x04\x03abc" + imprint + b"\x02\x01\x2a\x18\x0f20261130120500Z" + b"\x04\x20" + bytes(40)


def make_evidence(chain: Chain, *, key: Ed25519PrivateKey = KEY, stamped: int | None = None) -> Evidence:
    message = chain.tip(stamped) if stamped else b""
    return Evidence(
        batch=chain.batch,
        tip=chain.tip(),
        events=iter(chain.texts),
        sheet=(".csv", SHEET),
        files=FILES,
        signature=key.sign(chain.tip()),
        public_key_pem=key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        timestamp=(stamp_response(message), message) if stamped else None,
    )


def pack(evidence: Evidence) -> bytes:
    file = io.BytesIO()
    write_archive(file, evidence)
    return file.getvalue()


def unpack(archive: bytes) -> Entries:
    with ZipFile(io.BytesIO(archive)) as opened:
        return {entry.filename: opened.read(entry) for entry in opened.infolist()}


def repack(entries: Iterable[tuple[str, bytes]]) -> bytes:
    file = io.BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return file.getvalue()


def whole(*, stamped: int | None = 8, **options: Any) -> bytes:
    chain = make_chain(**options)
    if stamped:
        chain.add("tip-stamped", {"events": stamped, "hash": chain.hashes[stamped - 1], "authority": "", "token": ""})
    return pack(make_evidence(chain, stamped=stamped))


def change(edit: Callable[[Entries], object], archive: bytes | None = None) -> bytes:
    """An archive of which somebody has edited the entries."""
    entries = unpack(archive or whole())
    edit(entries)
    return repack(entries.items())


def change_lines(edit: Callable[[list[bytes]], object]) -> bytes:
    def rewrite(entries: Entries) -> None:
        lines = entries["events.jsonl"].splitlines(keepends=True)
        edit(lines)
        entries["events.jsonl"] = b"".join(lines)

    return change(rewrite)
