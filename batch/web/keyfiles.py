"""Keys that are kept in files of CREDITBATCH_HOME, apart from the database: made once, read by their owner only."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from batch.errors import SettingsError
from batch.language import _

SECRET_KEY = "secret-key"  # noqa: S105 (a file's name)
"""What the site signs with: sessions, forms, one-time codes."""
VAULT_KEY = "vault-key"
"""What the provider's key is encrypted with."""


def key_file(home: Path, name: str, make: Callable[[], str]) -> str:
    """What the file holds; made if there is none. Two processes that come at once get the same."""
    path = home / name
    try:
        if not path.exists():
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            _make(path, make())
        if os.name == "posix" and path.stat().st_mode & 0o077:
            path.chmod(0o600)
        text = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or _("it holds something else")
        sentence = _("The key file {path} cannot be used: {why}; make sure that you may read and write it.")
        raise SettingsError(sentence.format(path=path, why=why)) from error
    if not text:
        sentence = _("The key file {path} is empty: put it back from your backup, or delete it to have a new one made.")
        raise SettingsError(sentence.format(path=path))
    return text


def _make(path: Path, content: str) -> None:
    """The file appears under its name with all its content, or another process's was there first."""
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(8)}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(content + "\n")
            file.flush()
            os.fsync(file.fileno())
        # Neither replaces what is there: a link to a name that is taken fails, and so does Windows's rename.
        with suppress(FileExistsError):
            (os.link if os.name == "posix" else os.rename)(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
