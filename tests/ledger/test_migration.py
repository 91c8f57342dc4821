"""A ledger of the version before accounts: its batches are grouped, its chains verify, and nobody runs meanwhile."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from django.utils import timezone

from batch.errors import LedgerError
from batch.model import ColumnRole
from tests.builders import NOON

if TYPE_CHECKING:
    from batch.ledger.orm.store import DatabaseLedger

BEFORE = "0004_movements_by_token"
Migrated = Callable[[], "DatabaseLedger"]


class Old:
    def __init__(self) -> None:
        from django.db import connection
        from django.db.migrations.executor import MigrationExecutor

        executor = MigrationExecutor(connection)
        executor.migrate([("ledger", None)])
        executor = MigrationExecutor(connection)
        self.apps: Any = executor.migrate([("ledger", BEFORE)]).apps
        self.count = 0

    def model(self, name: str) -> Any:
        return self.apps.get_model("ledger", name)

    def batch(self, api_url: str, key: str, owner: str, *tokens: str, options: tuple[str, ...] = ()) -> str:
        """A batch as it was recorded then, with its first event and the readings of these sub-accounts."""
        from batch.ledger import events

        self.count += 1
        name, at = f"b-{self.count}", NOON + timedelta(days=self.count)
        file = {"digest": "d" * 64, "file_name": "f.csv", "sha256": "ab" * 32}
        shared: dict[str, Any] = {**file, "api_url": api_url, "account": owner, "key_fingerprint": key}
        counts: dict[str, Any] = {"rows": 0, "movements": 0, "added": Decimal(0), "removed": Decimal(0)}
        more = {"batch": name, "rows_sha256": hashlib.sha256().hexdigest(), "options": options, "why": None}
        data = counts | shared | more
        text = events.write_canonically(data)
        digest = events.hash_event(events.GENESIS, 1, at, "accepted", text)
        sheet: dict[str, Any] = {"size": 1, "columns": [], "roles": {}, "findings": []}
        people: dict[str, Any] = {"prepared": None, "approved": [], "run": []}
        written = {"created_at": at, "events_count": 1, "last_hash": digest, "people": people}
        self.model("Batch").objects.create(name=name, state="finished", **sheet, **written, **shared)
        self.model("Event").objects.create(
            batch_id=name, number=1, at=at, kind="accepted", data=json.loads(text), hash=digest
        )
        for token in tokens:
            self.model("Reading").objects.create(batch_id=name, at=at, purpose="opening", token=token, balance=1000)
        return name

    def lease(self, **whose: object) -> None:
        fields = {"account": "x", "machine": "elsewhere", "host": "desk", "pid": 1, "started": 1.0, "since": NOON}
        self.model("Lease").objects.create(**(fields | {"until": timezone.now()} | whose))


@pytest.fixture
def old(database: None) -> Old:
    return Old()


@pytest.fixture
def migrate(old: Old) -> Iterator[Migrated]:
    def now() -> DatabaseLedger:
        from django.core.management import call_command
        from django.db import connection, transaction

        with connection.constraint_checks_disabled(), transaction.atomic():
            call_command("migrate", "ledger", verbosity=0, interactive=False)
        from batch.ledger.orm.store import DatabaseLedger

        return DatabaseLedger()

    yield now
    # What a refusal left behind is brought up to date for the next test.
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    if ("ledger", "0005_accounts") not in MigrationRecorder(connection).applied_migrations():
        old.model("Lease").objects.all().delete()
        now()


def accounts_of(ledger: DatabaseLedger, *batches: str) -> list[int]:
    return [ledger.read_access(batch).account for batch in batches]


def test_batches_of_one_key_one_owner_or_a_shared_sub_account_are_one_account(old: Old, migrate: Migrated) -> None:
    at = "https://api.example.com/v1"
    same_key = old.batch(at, "k1", "anne", "sub-1"), old.batch("https://API.example.com:443//v2", "k1", "")
    same_owner = old.batch(at, "k2", "Anne")
    shared = old.batch(at, "k3", "", "sub-1", "sub-9"), old.batch(at, "k4", "", "sub-9")
    other_owner = old.batch(at, "k5", "bea", "sub-2")
    elsewhere = old.batch("http://127.0.0.1:8000/v1", "k1", "anne", "sub-1")
    here = old.batch("http://localhost:8000", "k6", "anne")
    unnamed = old.batch(at, "k7", "")
    ledger = migrate()
    one = accounts_of(ledger, *same_key, same_owner, *shared)
    assert len(set(one)) == 1
    others = accounts_of(ledger, other_owner, elsewhere, unnamed)
    assert len({*one, *others}) == 4
    assert accounts_of(ledger, here) == accounts_of(ledger, elsewhere)
    for key in ("k1", "k2", "k3", "k4"):
        assert ledger.find_account("https://api.example.com:443", key) == one[0]
    assert [known.name for known in ledger.list_accounts("https://api.example.com:443")] == ["Anne", "bea", ""]


def test_old_chains_verify_and_what_was_chosen_is_kept(old: Old, migrate: Migrated) -> None:
    from batch.ledger.verify import find_difference

    first, second = old.batch("https://a/v1", "k1", "anne", options=("partial",)), old.batch("https://a/v1", "k1", "")
    ledger = migrate()
    for name in (first, second):
        assert find_difference(ledger, name) is None
    assert ledger.read_options(first) == ("partial",)
    assert ledger.find_newest() == second
    assert ledger.read_head(first).account == "anne"


def test_columns_that_were_remembered_hold_for_every_account_that_there_is(old: Old, migrate: Migrated) -> None:
    from batch.ledger.orm.queries import recall_columns

    first, second = old.batch("https://a/v1", "k1", "anne"), old.batch("https://b/v1", "k1", "bea")
    old.model("ColumnMemory").objects.create(role="amount", title="Montant", at=NOON)
    ledger = migrate()
    for account in accounts_of(ledger, first, second):
        assert recall_columns(account) == {ColumnRole.AMOUNT: "Montant"}


def test_it_waits_for_a_batch_that_an_older_version_runs(old: Old, migrate: Migrated) -> None:
    old.batch("https://a/v1", "k1", "anne")
    old.lease(until=timezone.now() + timedelta(minutes=5), pid=4711)
    with pytest.raises(LedgerError, match=r"older version .* on desk \(process 4711\)"):
        migrate()
    assert old.model("Batch").objects.count() == 1


def test_it_does_not_wait_for_who_is_dead_or_out_of_time(old: Old, migrate: Migrated) -> None:
    from batch.ledger.orm.models import Lease

    old.lease(until=timezone.now() - timedelta(seconds=1))
    old.lease(account="y", machine=_this_machine_then(), pid=_dead(), until=timezone.now() + timedelta(minutes=5))
    migrate()
    assert Lease.objects.count() == 0


def test_an_older_program_finds_no_table_of_leases_afterwards(old: Old, migrate: Migrated) -> None:
    from django.db import DatabaseError, connection, transaction

    migrate()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_lease SET batch = 'b' WHERE account = 'x'")


def _this_machine_then() -> str:
    import platform
    from pathlib import Path

    space = Path("/proc/self/ns/pid")
    return f"{platform.node()} {space.readlink() if space.is_symlink() else ''}".strip()


def _dead() -> int:
    return next(number for number in range(4_000_000, 1, -1) if not psutil.pid_exists(number))
