"""Open the ledger, migrated on first use, and back it up: SQLite in `CREDITBATCH_HOME`, or what the URL names."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batch.errors import LedgerError, SettingsError, UsageError, explain_os_error
from batch.i18n import _

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_SETTINGS: dict[str, Any] = {
    "USE_TZ": True,
    "TIME_ZONE": "UTC",
    "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
    "INSTALLED_APPS": ["batch.ledger.orm.LedgerConfig"],
    "SECRET_KEY": "",  # nothing is signed here; Django refuses to sign with an empty key
    "LOGGING_CONFIG": None,
}
FILE_NAME = "ledger.sqlite3"
BUSY_SECONDS = 20
ON_DISK = "PRAGMA synchronous=FULL; PRAGMA fullfsync=ON; PRAGMA checkpoint_fullfsync=ON;"
"""A commit has reached the disk when it returns, which "write before you send" rests on. On macOS, FULL by itself only
reaches the disk's own memory."""
_SQLITE = "django.db.backends.sqlite3"
_POSTGRESQL = "django.db.backends.postgresql"
_SQLITE_OPTIONS = {
    "init_command": f"PRAGMA journal_mode=WAL; {ON_DISK} PRAGMA foreign_keys=ON;",
    # A transaction that will write takes its lock at the beginning, so it never fails half-way for want of it.
    "transaction_mode": "IMMEDIATE",
    "timeout": BUSY_SECONDS,
}


def connect(home: Path, database_url: str | None, also: Mapping[str, Any] | None = None) -> None:
    """Point Django at the ledger and bring its tables up to date; `LedgerError` says what is in the way.

    `also` is what Django needs for more than the ledger: the site's settings. Without it nothing of the site is
    loaded, and only the ledger's own tables are looked at.
    """
    database = _parse_database_url(database_url) if database_url else _prepare_sqlite(home)
    only = () if also else ("ledger",)
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import call_command
    from django.db import DatabaseError, connection, transaction

    try:
        _configure(database, also or {})
        if _is_behind(only):
            # The tables and the note that they are there in one commit: Django by itself commits the note afterwards,
            # and a crash in between would leave a ledger that can never be opened again.
            with connection.constraint_checks_disabled(), transaction.atomic():
                call_command("migrate", *only, verbosity=0, interactive=False)
    except DatabaseError as error:
        sentence = _("The ledger in {folder} cannot be opened: check that it can be read and written.")
        if database_url:
            sentence = _(
                "The ledger that CREDITBATCH_DATABASE_URL names cannot be opened: "
                "check that it can be read and written."
            )
        raise LedgerError(sentence.format(folder=home)) from error
    except ImproperlyConfigured as error:
        raise SettingsError(
            _(
                "The database that CREDITBATCH_DATABASE_URL names cannot be used: check the address, and that "
                "creditbatch[postgres] is installed."
            )
        ) from error
    if not database_url:
        _keep_private(home / FILE_NAME)


def find_ledger_file(home: Path, database_url: str | None) -> Path | None:
    """Find the file that holds the ledger, or will once there is one; None where a server has it."""
    if not database_url:
        return home / FILE_NAME
    database = _parse_database_url(database_url)
    return Path(database["NAME"]) if database["ENGINE"] == _SQLITE else None


def _prepare_sqlite(home: Path) -> dict[str, Any]:
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        sentence = _("The folder {folder} for the ledger cannot be made: {why}.")
        raise LedgerError(sentence.format(folder=home, why=explain_os_error(error))) from error
    return {"ENGINE": _SQLITE, "NAME": str(home / FILE_NAME), "OPTIONS": dict(_SQLITE_OPTIONS)}


def _parse_database_url(url: str) -> dict[str, Any]:
    import dj_database_url

    try:
        database = dict(dj_database_url.parse(url))
    except (ValueError, KeyError, dj_database_url.ParseError, dj_database_url.UnknownSchemeError):
        database = {"ENGINE": None}
    if database["ENGINE"] == _SQLITE:
        return {**database, "OPTIONS": dict(_SQLITE_OPTIONS)}
    if database["ENGINE"] == _POSTGRESQL:
        return database
    # Of others it is not known when a commit has reached the disk.
    raise SettingsError(
        _(
            "CREDITBATCH_DATABASE_URL must be the address of a PostgreSQL or SQLite database, "
            "such as postgres://user@host/name."
        )
    )


def _configure(database: dict[str, Any], also: Mapping[str, Any]) -> None:
    import django
    from django.conf import settings
    from django.db import connections
    from django.db.backends.signals import connection_created

    connection_created.connect(_commit_to_disk)
    if not settings.configured:
        settings.configure(**_SETTINGS | dict(also) | {"DATABASES": {"default": database}})
        # Without the prefix of addresses, which a site sets for each request: the command line has none.
        django.setup(set_prefix=False)
        return
    for name, value in also.items():
        setattr(settings, name, value)
    connections["default"].close()
    del connections["default"]
    connections.settings["default"] = connections.configure_settings({"default": database})["default"]


def _commit_to_disk(connection: BaseDatabaseWrapper, **_about: Any) -> None:
    """Have a new connection to PostgreSQL promise what `ON_DISK` does; `LedgerError` where its server cannot.

    A statement of the session's own goes before what the server, the database, the role and the address say.
    """
    if connection.vendor != "postgresql":
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('fsync'), set_config('synchronous_commit', 'on', false)")
            if cursor.fetchone()[0] != "on":
                sentence = _(
                    "The PostgreSQL server that CREDITBATCH_DATABASE_URL names does not wait for its disk and could "
                    "forget what was paid: set fsync = on in its configuration."
                )
                raise LedgerError(sentence)
    except BaseException:
        # It is open already, and the next use would take it as it is.
        connection.close()
        raise


def _is_behind(only: tuple[str, ...]) -> bool:
    from django.core.management import call_command

    try:
        call_command("migrate", *only, check_unapplied=True, verbosity=0)
    except SystemExit:
        return True
    return False


def _keep_private(file: Path) -> None:
    """Let only the owner read it where there are file modes: it names accounts and amounts."""
    if os.name == "posix" and file.exists():
        file.chmod(0o600)


_PAGES = 10_000
"""How much is copied between two looks at whether somebody wants the program to end."""


def make_backup(ledger: Path, path: Path) -> int:
    """Copy the ledger to a new file that only its owner may read; returns how many batches it holds.

    It has its name once it is whole, checked and on the disk. Of a copy that fails nothing is left.
    """
    # For the copy and for what SQLite puts beside it. It has its name before it is there, so that a Ctrl-C in between
    # leaves nothing either.
    folder = path.parent / f".creditbatch-{secrets.token_hex(8)}.tmp"
    try:
        # Looked for at the end as well, but then the work would have been in vain.
        if os.path.lexists(path):
            raise FileExistsError
        folder.mkdir(mode=0o700)
        copy = folder / FILE_NAME
        _make_private(copy)
        batches = _copy(ledger, copy)
        _put_in_place(copy, path)
    except FileExistsError as error:
        sentence = _("{path} is there already and is not replaced: choose another name for the backup.")
        raise UsageError(sentence.format(path=path)) from error
    except OSError as error:
        sentence = _("{path} cannot be written: {why}; choose a folder that can be written to, with enough room.")
        raise LedgerError(sentence.format(path=path, why=explain_os_error(error))) from error
    except sqlite3.Error as error:
        sentence = _(
            "The ledger {ledger} cannot be copied to {path} ({why}): see that it can be read, that nothing else has "
            "locked it, and that there is enough room."
        )
        raise LedgerError(sentence.format(ledger=ledger, path=path, why=error)) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return batches


def explain_missing_ledger(ledger: Path) -> LedgerError:
    sentence = _("There is no ledger in {ledger}: check CREDITBATCH_HOME and CREDITBATCH_DATABASE_URL.")
    return LedgerError(sentence.format(ledger=ledger))


def _make_private(path: Path) -> None:
    """Make an empty file; `FileExistsError` if there is one, even if it was made at this moment."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _put_in_place(copy: Path, path: Path) -> None:
    """Give the copy its name, having taken the name first. A link would do both at once, but not on every disk."""
    _make_private(path)
    try:
        copy.replace(path)
    except BaseException:
        path.unlink()
        raise


def _copy(ledger: Path, copy: Path) -> int:
    with closing(_open_database(ledger)) as source, closing(_open_database(copy)) as target:
        # Held until the end, so that all of the copy is from one moment, and no writer makes it begin again.
        source.execute("BEGIN")
        if not source.execute("SELECT 1 FROM sqlite_master WHERE name = 'ledger_batch'").fetchone():
            raise explain_missing_ledger(ledger)
        source.backup(target, pages=_PAGES, progress=lambda _status, _left, _all: None)
        # Said in the file: it needs no write-ahead log beside it.
        target.execute("PRAGMA journal_mode=DELETE")
        fault = target.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if fault != "ok":
            sentence = _(
                "The ledger {ledger} is damaged ({why}), and no backup was made: run nothing with it, and put the last "
                "good backup in its place."
            )
            raise LedgerError(sentence.format(ledger=ledger, why=fault.splitlines()[-1]))
        return int(target.execute("SELECT count(*) FROM ledger_batch").fetchone()[0])


def _open_database(path: Path) -> sqlite3.Connection:
    """Open a file that is there, and leave transactions to us."""
    address = f"{path.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    connection.executescript(ON_DISK)
    return connection
