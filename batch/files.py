"""A file that somebody is handed: whole, or absent."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from batch.errors import ReportError, system_words
from batch.language import _


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its name only once it is complete and on the disk, and is removed if it does not get there.

    Missing folders are made. A file that is there already is replaced, but only by a whole one.
    """
    temporary = path.parent / f".creditbatch-{secrets.token_hex(8)}.tmp"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _take_name(temporary, path)
    except OSError as error:
        sentence = _("{path} cannot be written: {why}; choose a folder that can be written to, with enough room.")
        raise ReportError(sentence.format(path=path, why=system_words(error))) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _take_name(temporary: Path, path: Path) -> None:
    try:
        temporary.replace(path)
    except PermissionError as error:
        sentence = _("{path} cannot be replaced: close it if it is open in Excel, or choose another name.")
        raise ReportError(sentence.format(path=path)) from error
