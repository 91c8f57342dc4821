"""A ledger is opened whatever happened while it was made."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch.errors import SettingsError
from batch.ledger.orm.connection import connect
from tests.builders import known_to, new_batch

ROW = ["sub-1", "5", "add"]


def test_a_crash_before_the_tables_are_noted_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(tmp_path / "another", None)
    from django.db import connections
    from django.db.migrations.recorder import MigrationRecorder

    from batch.ledger.orm.store import DatabaseLedger

    def die(_recorder: MigrationRecorder, _app: str, _name: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(MigrationRecorder, "record_applied", die)
        with pytest.raises(KeyboardInterrupt):
            connect(tmp_path, None)
    connections["default"].close()
    connect(tmp_path, None)
    known_to(DatabaseLedger()).create(new_batch(ROW))
    assert DatabaseLedger().find_newest() == "b-1"
    connections["default"].close()


@pytest.mark.parametrize("address", [None, "sqlite:///{folder}/mine.sqlite3", "sqlite:///{folder}/m?synchronous=OFF"])
def test_what_is_committed_has_reached_the_disk(tmp_path: Path, address: str | None) -> None:
    connect(tmp_path, address and address.format(folder=tmp_path))
    from django.db import connection

    wanted = {"foreign_keys": 1, "journal_mode": "wal", "synchronous": 2, "fullfsync": 1, "checkpoint_fullfsync": 1}
    with connection.cursor() as cursor:
        assert {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in wanted} == wanted
    connection.close()


@pytest.mark.parametrize("address", ["nowhere", "mysql://host/name", "redshift://host/name", "sqlserver://host/name"])
def test_an_address_of_something_else_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(SettingsError, match="a PostgreSQL or SQLite database"):
        connect(tmp_path, address)


@pytest.mark.parametrize("address", ["postgres://host", "postgres://host/name?isolation_level=none"])
def test_what_the_library_cannot_use_of_an_address_is_said(tmp_path: Path, address: str) -> None:
    with pytest.raises(SettingsError, match=r"creditbatch\[postgres\]"):
        connect(tmp_path, address)
