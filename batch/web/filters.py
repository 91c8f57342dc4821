"""What the filters of several lists have in common."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta


def start_of_day(day: date, days_later: int = 0) -> datetime | None:
    """Give the moment when a day, or one so many days later, begins on this machine; None if no clock goes that far.

    Days are counted by the calendar: the one on which the clocks change has 23 or 25 hours.
    """
    try:
        return datetime.combine(day + timedelta(days=days_later), time()).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
