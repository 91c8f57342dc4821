"""Opening the ledger: SQLite in `CREDITBATCH_HOME` unless a database URL says otherwise. Migrated on first use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from batch.errors import LedgerError, SettingsError
from batch.ledger.orm import settings as ledger_settings

FILE_NAME = "ledger.sqlite3"
BUSY_SECONDS = 20
_SQLITE_OPTIONS = {
    # FULL: a commit has reached the disk when it returns, which "write before you send" rests on.
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    # A transaction that will write takes its lock at the beginning, so it never fails half-way for want of it.
    "transaction_mode": "IMMEDIATE",
    "timeout": BUSY_SECONDS,
}


def connect(home: Path, database_url: str | None) -> None:
    """Point Django at the ledger and bring its tables up to date; `LedgerError` says what is in the way."""
    database = _database_at(database_url) if database_url else _sqlite_in(home)
    _configure(database)
    from django.core.management import call_command
    from django.db import DatabaseError, connection, transaction

    try:
        if _is_behind():
            # The tables and the note that they are there in one commit: Django by itself commits the note afterwards,
            # and a crash in between would leave a ledger that can never be opened again.
            with connection.constraint_checks_disabled(), transaction.atomic():
                call_command("migrate", verbosity=0, interactive=False)
    except DatabaseError as error:
        where = "that CREDITBATCH_DATABASE_URL names" if database_url else f"in {home}"
        raise LedgerError(f"The ledger {where} cannot be opened: check that it can be read and written.") from error
    if not database_url:
        _keep_private(home / FILE_NAME)


def _sqlite_in(home: Path) -> dict[str, Any]:
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise LedgerError(f"The folder {home} for the ledger cannot be made: {error.strerror}.") from error
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(home / FILE_NAME), "OPTIONS": dict(_SQLITE_OPTIONS)}


def _database_at(url: str) -> dict[str, Any]:
    import dj_database_url

    try:
        database = dict(dj_database_url.parse(url))
    except (ValueError, KeyError, dj_database_url.ParseError, dj_database_url.UnknownSchemeError) as error:
        raise SettingsError(
            "CREDITBATCH_DATABASE_URL is not a database's address, such as postgres://user@host/name."
        ) from error
    if database["ENGINE"] == "django.db.backends.sqlite3":
        database["OPTIONS"] = dict(_SQLITE_OPTIONS)
    return database


def _configure(database: dict[str, Any]) -> None:
    import django
    from django.conf import settings
    from django.db import connections

    if not settings.configured:
        names = [name for name in dir(ledger_settings) if name.isupper()]
        settings.configure(
            **{name: getattr(ledger_settings, name) for name in names} | {"DATABASES": {"default": database}}
        )
        django.setup()
        return
    connections["default"].close()
    del connections["default"]
    connections.settings["default"] = connections.configure_settings({"default": database})["default"]


def _is_behind() -> bool:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _keep_private(file: Path) -> None:
    """The ledger names accounts and amounts: on systems that know file modes, only its owner reads it."""
    if os.name == "posix" and file.exists():
        file.chmod(0o600)
