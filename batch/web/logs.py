"""The site's log, CREDITBATCH_HOME/site.log. It says where the site failed and never what with: no exception's text, no
address with a one-time link's secret, nothing that somebody sent.
"""

from __future__ import annotations

import logging
import os
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler, WatchedFileHandler
from pathlib import Path

FILE_NAME = "site.log"
_MOST_BYTES = 1_000_000
_OLD_ONES = 5
_OURS = "creditbatch.web"


def keep_log(home: Path, *, rotates: bool = True) -> logging.Handler:
    """Write the log from now on. The site rotates it; its workers only write to it."""
    path = home / FILE_NAME
    _make_private(path)
    handler: logging.Handler
    if rotates:
        handler = RotatingFileHandler(path, maxBytes=_MOST_BYTES, backupCount=_OLD_ONES, encoding="utf-8", delay=True)
        handler.rotator = _turn_over
    else:
        handler = WatchedFileHandler(path, encoding="utf-8", delay=True)
    handler.setFormatter(Discreet())
    handler.addFilter(_worth_it)
    for name in (_OURS, "django"):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    return handler


def stop_log(handler: logging.Handler) -> None:
    """Close it again."""
    for name in (_OURS, "django"):
        logging.getLogger(name).removeHandler(handler)
    handler.close()


def _make_private(log: Path) -> None:
    """Make a file that only its owner may read, or make of one that is there such a file."""
    log.touch(mode=0o600)
    if os.name == "posix":
        log.chmod(0o600)


def _turn_over(full: str, old: str) -> None:
    """Put the full log aside and make the next: the handler opens what is there, and would make one for everybody."""
    with suppress(FileNotFoundError):
        Path(full).rename(old)
    _make_private(Path(full))


class Discreet(logging.Formatter):
    """One line an entry; of an exception its kind and its place, not its text, which may quote a secret."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds")
        parts = [at, record.levelname, _message(record)]
        if record.exc_info and record.exc_info[1]:
            parts.append(_place(record.exc_info[1]))
        return " ".join(" ".join(parts).split())


def _message(record: logging.LogRecord) -> str:
    request = getattr(record, "request", None)
    if request is None:
        return record.getMessage()
    # Django's own message holds the address.
    match = request.resolver_match
    return f"{getattr(request, 'fault_reference', '-')} {request.method} {match.route if match else '?'} failed:"


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    way = " > ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames[-8:])
    cause = error.__cause__ or error.__context__
    return f"{type(error).__name__} at {way}" + (f" after {_place(cause)}" if cause else "")


def _worth_it(record: logging.LogRecord) -> bool:
    """Of Django only faults: what it warns of has a page of ours, which writes its own line."""
    return record.name == _OURS or record.levelno >= logging.ERROR
