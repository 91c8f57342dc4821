"""Open the ledger, migrated on first use: SQLite in `CREDITBATCH_HOME`, or what the URL names."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batch.errors import LedgerError, SettingsError, explain_os_error
from batch.files import is_open_to_others, protect
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
_BESIDE = ("", "-wal", "-shm", "-journal")
"""What SQLite keeps beside its file, which it gives the file's mode."""
_OURS = re.compile(
    r"ledger\.sqlite3(-wal|-shm|-journal)?|(secret|vault)-key|signing\.key|site\.log(\.\d+)?|static|demo|\..+\.tmp"
)
"""Whatever this program puts into a home."""
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
    _protect_home(home)
    database = _parse_database_url(database_url) if database_url else _prepare_sqlite(home)
    if database_url and database["ENGINE"] == _SQLITE:
        _prepare_file(Path(database["NAME"]))
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


def _protect_home(home: Path) -> None:
    """Let only its owner into the home, if it is ours and holds nothing that we did not put there."""
    with suppress(OSError):
        if is_open_to_others(home) and home.stat().st_uid == os.geteuid() and all(map(_is_ours, home.iterdir())):
            protect(home)


def _is_ours(path: Path) -> bool:
    return _OURS.fullmatch(path.name) is not None


def explain_open_home(home: Path) -> str | None:
    """Explain what is wrong with a home that others may enter; None if they may not."""
    if not is_open_to_others(home):
        return None
    sentence = _(
        "Others than you can enter the folder {folder}, which CREDITBATCH_HOME names and which holds more than the "
        "ledger: choose a folder for the ledger alone, or close it with “chmod 700”."
    )
    return sentence.format(folder=home)


def protect_ledger_file(file: Path) -> None:
    """Let only the owner read the ledger's file and what SQLite keeps beside it: they name accounts and amounts, and
    hold sessions. A version before made them readable.
    """
    for ending in _BESIDE:
        protect(file.with_name(f"{file.name}{ending}"))


def _prepare_file(file: Path) -> None:
    """Make the file before SQLite does: for everybody but its owner it is closed before anything is in it."""
    # What cannot be made here cannot be opened either, which is told there.
    with suppress(OSError):
        if str(file) != ":memory:" and not file.exists():
            os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))
    protect_ledger_file(file)


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
    file = home / FILE_NAME
    if file.is_file() and not os.access(home, os.W_OK) and not file.with_name(f"{FILE_NAME}-wal").exists():
        # Where SQLite cannot put its other files, it reads a ledger at rest only if told that nobody writes to it.
        options = {**_SQLITE_OPTIONS, "init_command": "PRAGMA query_only=ON;"}
        return {"ENGINE": _SQLITE, "NAME": f"{file.resolve().as_uri()}?immutable=1", "OPTIONS": options}
    _prepare_file(file)
    return {"ENGINE": _SQLITE, "NAME": str(file), "OPTIONS": dict(_SQLITE_OPTIONS)}


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
