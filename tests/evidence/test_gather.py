"""What is sealed and gathered where no command line is: the batch of an older version, and what nobody seals twice."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

from batch.evidence.gather import write_evidence
from batch.evidence.seal import judge_proofs, record_file, sign_record
from batch.evidence.signature import encode_public_key, read_public_key
from batch.ledger.verify import verify_record
from tests.builders import NOON, known_to
from tests.evidence.archives import KEY, OTHER_KEY
from tests.ledger.conftest import database as database
from tests.ledger.test_migration import Migrated, Old
from tests.ledger.test_migration import migrate as migrate
from tests.ledger.test_migration import old as old
from tests.ledger.test_verify import fill
from tests.ledger_in_memory import MemoryLedger

if TYPE_CHECKING:
    from batch.ledger.protocol import Ledger

OWN = encode_public_key(read_public_key(KEY))


def now() -> datetime:
    return NOON


def list_kinds(ledger: Ledger) -> list[str]:
    return [event.kind for event in ledger.view("b-1").events]


def test_what_is_signed_is_signed_again_only_by_another_key_or_when_something_else_was_recorded() -> None:
    ledger = known_to(MemoryLedger())
    fill(ledger)
    sign_record(ledger, "b-1", KEY, now)
    record_file(ledger, "b-1", "b-1.xlsx", "ab" * 32, 15, now())
    count = len(list_kinds(ledger))
    sign_record(ledger, "b-1", KEY, now)
    assert len(list_kinds(ledger)) == count
    sign_record(ledger, "b-1", OTHER_KEY, now)
    assert list_kinds(ledger)[count:] == ["tip-signed"]
    said, difference = judge_proofs(verify_record(ledger, "b-1")[0], "b-1", OWN, None)
    assert "not with this ledger's" in str(difference)
    assert len(said) == 1
    assert judge_proofs(verify_record(ledger, "b-1")[0], "b-1", None, None)[1] is None


def test_an_archive_is_recorded_and_leaves_the_record_whole(tmp_path: Path) -> None:
    ledger = known_to(MemoryLedger())
    fill(ledger)
    write_evidence(ledger, "b-1", tmp_path / "e.zip", KEY, None, now)
    with ZipFile(tmp_path / "e.zip") as archive:
        assert "sheet.xlsx" in archive.namelist()
        assert archive.testzip() is None
    replay, difference = verify_record(ledger, "b-1")
    assert difference is None
    assert judge_proofs(replay, "b-1", OWN, None)[1] is None
    assert list_kinds(ledger)[-1] == "file-written"


def test_an_older_versions_batch_has_evidence_too(old: Old, migrate: Migrated, tmp_path: Path) -> None:
    batch = old.batch("https://api.example.com/v1", "k1", "anne")
    ledger = migrate()
    write_evidence(ledger, batch, tmp_path / "e.zip", KEY, None, now)
    with ZipFile(tmp_path / "e.zip") as archive:
        names, tip = archive.namelist(), json.loads(archive.read("tip.json"))
        lines: list[Any] = [json.loads(line) for line in archive.read("events.jsonl").splitlines()]
    assert not [name for name in names if name.startswith("sheet.")]
    assert (tip["batch"], tip["events"]) == (batch, len(lines))
    assert lines[0][3] == "accepted"
    assert verify_record(ledger, batch)[1] is None
