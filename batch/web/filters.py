"""What the filters of several lists have in common. A value that means nothing filters nothing; its field says why."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from django import forms
from django.db.models import QuerySet
from django_filters import CharFilter, DateFilter

_LONGEST = 200


class TextFilter(CharFilter):  # type: ignore[misc]
    """A text that is searched for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_length": _LONGEST, "widget": forms.SearchInput, **kwargs})


class DayFilter(DateFilter):  # type: ignore[misc]
    """From the beginning of a day ("gte"), or to its end ("lt")."""

    def __init__(self, field_name: str, lookup_expr: Literal["gte", "lt"], **kwargs: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"})
        super().__init__(field_name, lookup_expr, input_formats=["%Y-%m-%d"], widget=widget, **kwargs)

    def filter(self, qs: QuerySet[Any], value: date | None) -> QuerySet[Any]:
        """Keep what is of that time."""
        moment = value and find_start_of_day(value, days_later=int(self.lookup_expr == "lt"))
        filtered: QuerySet[Any] = super().filter(qs, moment)
        return filtered


def find_start_of_day(day: date, days_later: int = 0) -> datetime | None:
    """Give the moment when a day, or one so many days later, begins on this machine; None if no clock goes that far.

    Days are counted by the calendar: the one on which the clocks change has 23 or 25 hours.
    """
    try:
        return datetime.combine(day + timedelta(days=days_later), time()).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
