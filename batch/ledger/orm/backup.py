"""Copy the ledger of an SQLite file while others use it."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from batch.errors import LedgerError, UsageError, explain_os_error
from batch.i18n import _
from batch.ledger.orm.connection import BUSY_SECONDS, FILE_NAME, ON_DISK, protect_ledger_file

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
        protect_ledger_file(ledger)
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
