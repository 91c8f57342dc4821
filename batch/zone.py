"""The time zone in which one reader gets every moment: screens, papers, documents, the names of batches."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from batch.errors import SettingsError
from batch.i18n import _, format_moment

ZONE = "CREDITBATCH_TIME_ZONE"
_UTC_NAMES = frozenset({"UTC", "Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu", "UCT", "Universal", "Zulu"})

_here: ContextVar[tzinfo | None] = ContextVar("zone", default=None)
_process: list[tzinfo | None] = [None]


def get_zone() -> tzinfo:
    """Return the zone of this context, else the process's, else the machine's."""
    chosen = _here.get() or _process[0]
    if chosen is None:
        chosen = _process[0] = find_zone(None)
    return chosen


def set_zone(chosen: tzinfo) -> None:
    """Choose the process's zone; a thread started later has it too."""
    _process[0] = chosen


def choose_zone(environ: Mapping[str, str]) -> None:
    """Choose the zone that the settings name, for the process; `SettingsError` if there is none of that name."""
    if environ.get(ZONE):
        set_zone(find_zone(environ[ZONE]))


@contextmanager
def use_zone(chosen: tzinfo) -> Iterator[None]:
    """Use another zone for a while, in this thread only."""
    token = _here.set(chosen)
    try:
        yield
    finally:
        _here.reset(token)


def find_zone(name: str | None) -> tzinfo:
    """Find a zone by its IANA name; `SettingsError` if there is none of that name.

    Without a name it is the machine's, and UTC on one whose zone has no name.
    """
    if not name:
        return _find_machine_zone()
    try:
        return ZoneInfo(name.strip())
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SettingsError(_("{name} must be a time zone such as Europe/Paris or UTC.").format(name=ZONE)) from error


def _find_machine_zone() -> tzinfo:
    # Only where a moment is shown: it looks through files of the system.
    import tzlocal

    # What it thinks of those files is nothing for the person at the terminal.
    logging.getLogger("tzlocal").addHandler(logging.NullHandler())
    try:
        with warnings.catch_warnings(action="ignore"):
            # By its name, because papers give that, and are compared by it later.
            return ZoneInfo(str(tzlocal.get_localzone()))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def localize(at: datetime) -> datetime:
    """Give the moment in the zone in force."""
    return at.astimezone(get_zone())


def tell_moment(at: datetime) -> str:
    """Write the moment in the zone in force, with that zone's name."""
    return f"{format_moment(localize(at))} ({name_zone()})"


def name_zone() -> str:
    """Name the zone in force, as in "Europe/Paris" or "UTC"."""
    name = str(get_zone())
    return "UTC" if name in _UTC_NAMES else name
