"""What several pages share: filters (a value that means nothing filters nothing), headings, pagination and charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal

from django import forms
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django_filters import CharFilter, DateFilter

from batch.i18n import _, format_euros
from batch.model import Status
from batch.money import ZERO
from batch.zone import get_zone

_LONGEST = 200


class TextFilter(CharFilter):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_length": _LONGEST, "widget": forms.SearchInput, **kwargs})


class DayFilter(DateFilter):  # type: ignore[misc]
    """From the beginning of a day ("gte"), or to its end ("lt")."""

    def __init__(self, field_name: str, lookup_expr: Literal["gte", "lt"], **kwargs: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"})
        super().__init__(field_name, lookup_expr, input_formats=["%Y-%m-%d"], widget=widget, **kwargs)

    def filter(self, qs: QuerySet[Any], value: date | None) -> QuerySet[Any]:
        moment = value and find_start_of_day(value, days_later=int(self.lookup_expr == "lt"))
        filtered: QuerySet[Any] = super().filter(qs, moment)
        return filtered


def find_start_of_day(day: date, days_later: int = 0) -> datetime | None:
    """Find the moment when a day of the calendar, or one so many days later, begins here; None if that is too far."""
    try:
        return datetime.combine(day + timedelta(days=days_later), time(), get_zone()).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


PAGE = 50
_NUMBERS = frozenset({"row", "amount"})


@dataclass(frozen=True, slots=True)
class Heading:
    """A column that can be sorted by: its name in the address, its title, and how it is sorted now (`aria-sort`)."""

    name: str
    title: str
    now: str

    @property
    def is_number(self) -> bool:
        return self.name in _NUMBERS

    @property
    def direction(self) -> str:
        """Give the direction that its link asks for."""
        return "desc" if self.now == "ascending" else "asc"

    @property
    def signed_name(self) -> str:
        return f"-{self.name}" if self.now == "ascending" else self.name


def make_headings(titles: Mapping[str, str], chosen: str, *, is_descending: bool) -> list[Heading]:
    now = "descending" if is_descending else "ascending"
    return [Heading(name, title, now if name == chosen else "none") for name, title in titles.items()]


def paginate(request: HttpRequest, entries: QuerySet[Any] | Sequence[Any]) -> Page[Any]:
    """Choose the page that the address asks for: the first for what is no number, the last for one beyond it."""
    return Paginator(entries, PAGE).get_page(request.GET.get("page"))


_WIDTH = 640
_LABEL = 150
_BAR = 11
_GAP = 12
_LONGEST_LABEL = 20


@dataclass(frozen=True, slots=True)
class Pair:
    """A balance before and after; None where it is not known."""

    label: str
    before: Decimal | None
    after: Decimal | None


def draw_balances_chart(name: str, pairs: Sequence[Pair]) -> SafeString:
    """Draw two bars for each account: grey before, coloured after. A balance below zero has no bar."""
    most = max((value for pair in pairs for value in (pair.before, pair.after) if value), default=ZERO)
    lines = [_draw_pair(index, pair, most) for index, pair in enumerate(pairs)]
    height = len(pairs) * (2 * _BAR + _GAP) + 4
    return _make_svg(name, height, format_html_join("", "{}", ((line,) for line in lines)))


def _draw_pair(index: int, pair: Pair, most: Decimal) -> SafeString:
    top = index * (2 * _BAR + _GAP) + 2
    label = pair.label if len(pair.label) <= _LONGEST_LABEL else pair.label[: _LONGEST_LABEL - 1] + "…"
    bars = _draw_bar(top, pair.before, most, "before"), _draw_bar(top + _BAR, pair.after, most, "after")
    place = _LABEL - 8, top + _BAR + 4
    return format_html('<text x="{}" y="{}" text-anchor="end">{}</text>{}{}', *place, label, *bars)


def _draw_bar(top: int, value: Decimal | None, most: Decimal, kind: str) -> SafeString:
    room = _WIDTH - _LABEL - 90
    width = int(room * max(value or ZERO, ZERO) / most) if most else 0
    bar = _LABEL, top, width, _BAR - 1
    figure = _LABEL + width + 5, top + _BAR - 2, "–" if value is None else format_euros(value)
    drawn = '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/><text x="{}" y="{}">{}</text>'
    return format_html(drawn, kind, *bar, *figure)


def draw_status_chart(name: str, sums: Sequence[tuple[Status, str, Decimal]]) -> SafeString:
    """Draw one bar in which each status has its share of the euros, with its figure below."""
    whole = sum((amount for _status, _word, amount in sums), ZERO)
    parts, legend, left = [], [], 0
    for index, (status, word, amount) in enumerate(sums):
        width = int(_WIDTH * amount / whole) if whole else 0
        parts.append(format_html('<rect class="{}" x="{}" y="0" width="{}" height="22"/>', status.value, left, width))
        x, y = index % 3 * 213, 34 + index // 3 * 18
        drawn = '<rect class="{}" x="{}" y="{}" width="10" height="10"/><text x="{}" y="{}">{}</text>'
        figure = _("{what}: {note}").format(what=word, note=format_euros(amount))
        legend.append(format_html(drawn, status.value, x, y, x + 16, y + 9, figure))
        left += width
    height = 34 + 18 * ((len(sums) + 2) // 3)
    return _make_svg(name, height, format_html_join("", "{}", ((part,) for part in (*parts, *legend))))


def draw_course_chart(name: str, balances: Sequence[Decimal], lowest_label: str) -> SafeString:
    """Draw a balance movement by movement, in at most some hundred points, with its lowest point marked."""
    points = _thin(balances)
    low_at, low = min(points, key=lambda point: point[1])
    top, bottom = max(max(value for _at, value in points), ZERO), min(low, ZERO)
    height, span = 150, (top - bottom) or Decimal(1)
    last = max(points[-1][0], 1)

    def place(at: int, value: Decimal) -> tuple[float, float]:
        return round(at / last * (_WIDTH - 20) + 10, 1), round(float((top - value) / span) * (height - 40) + 20, 1)

    course = " ".join("{},{}".format(*place(at, value)) for at, value in points)
    zero = place(0, ZERO)[1]
    x, y = place(low_at, low)
    anchor = "start" if x < _WIDTH / 3 else "end" if x > _WIDTH * 2 / 3 else "middle"
    axis = format_html('<line class="axis" x1="10" x2="{}" y1="{}" y2="{}"/>', _WIDTH - 10, zero, zero)
    line = format_html('<polyline class="line" points="{}"/><circle class="low" cx="{}" cy="{}" r="4"/>', course, x, y)
    below = y + 16 if y < height - 24 else y - 8
    label = format_html('<text x="{}" y="{}" text-anchor="{}">{}</text>', x, below, anchor, lowest_label)
    return _make_svg(name, height, axis + line + label)


def _thin(balances: Sequence[Decimal]) -> list[tuple[int, Decimal]]:
    """Keep the lowest of each piece, so that no low point is lost, with the first and the last."""
    step = max(1, len(balances) // 300)
    kept = {0: balances[0], len(balances) - 1: balances[-1]}
    for start in range(0, len(balances), step):
        at = min(range(start, min(start + step, len(balances))), key=balances.__getitem__)
        kept[at] = balances[at]
    return sorted(kept.items())


def _make_svg(name: str, height: int, content: SafeString) -> SafeString:
    return format_html(
        '<svg class="chart" role="img" aria-label="{}" viewBox="0 0 {} {}">{}</svg>', name, _WIDTH, height, content
    )
