"""Where two values of a report differ, as a spreadsheet would show them, and how that is told."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import zip_longest

from batch.files import format_decimal
from batch.i18n import _, format_moment, pgettext, show_truth, show_value


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the file parts from the ledger's: comparable with other places in the same file, named, and told."""

    place: tuple[int, ...]
    where: str
    sentence: str


def tell_difference(place: tuple[int, ...], where: str, shown: tuple[str, str]) -> Difference:
    sentence = _("{cell} says {claimed} in the report, but the ledger’s report says {recorded}.")
    return Difference(place, where, sentence.format(cell=where, claimed=shown[0], recorded=shown[1]))


def tell_formula(place: tuple[int, ...], where: str, theirs: str | None, ours: str | None) -> Difference:
    """Tell where another formula stands, one where there should be none, or none where one should be."""
    if theirs is not None and ours is not None:
        return tell_difference(place, where, show_pair(f"={theirs}", f"={ours}"))
    if ours is None:
        sentence = _("{cell} holds a formula in the report, where the ledger’s report has a value.")
    else:
        sentence = _("{cell} holds a value in the report, where the ledger’s report has a formula.")
    return Difference(place, where, sentence.format(cell=where))


def show_pair(theirs: object, ours: object) -> tuple[str, str]:
    """Show two values so that the eye sees where they differ."""
    if isinstance(theirs, str) and isinstance(ours, str):
        same = next((at for at, (one, other) in enumerate(zip(theirs, ours, strict=False)) if one != other), 0)
        if same > 40:
            theirs, ours = (f"…{text[same - 20 :]}" for text in (theirs, ours))
        shown = show_cell(theirs), show_cell(ours)
        # What looks alike is told by its codes.
        return shown if shown[0] != shown[1] else (_show_codes(theirs), _show_codes(ours))
    return show_cell(theirs), show_cell(ours)


def _show_codes(text: str) -> str:
    return show_value(json.dumps(text)[1:-1], 80)


def show_cell(value: object) -> str:
    match value:
        case None | "":
            return _("nothing")
        case bool():
            return show_truth(str(value).upper())
        case str():
            return pgettext("title", "“{title}”").format(title=show_value(value))
        case int() | float():
            number = Decimal(f"{value:.15g}")
            is_whole = number == number.to_integral_value()
            return show_value(format_decimal(number, 0 if is_whole else 2))
        case datetime():
            return format_moment(value) + (f".{value.microsecond // 1000:03d}" if value.microsecond else "")
    return show_value(str(value))


_BLANK = (None, "")
_ZERO_DAY, _LEAP = datetime(1899, 12, 30, tzinfo=UTC), datetime(1900, 3, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_MILLISECONDS = 86_400_000


def _are_alike(theirs: object, ours: object) -> bool:
    """Compare as a spreadsheet would show them at most: 15 digits, milliseconds, and a blank is an empty text."""
    if theirs in _BLANK or ours in _BLANK:
        return theirs in _BLANK and ours in _BLANK
    if type(theirs) is type(ours) and theirs == ours:
        return True
    if isinstance(theirs, str | bool) or isinstance(ours, str | bool):
        return False
    one, other = _count_days(theirs), _count_days(ours)
    if isinstance(theirs, int | float) and isinstance(ours, int | float):
        return f"{one:.15g}" == f"{other:.15g}"
    # Programs round what lies between two milliseconds either way.
    return abs(one - other) * _MILLISECONDS < 1.5


_TOLERANCE = 0.0005
"""Euros, of which half a thousandth is nothing."""


def _may_be_result(theirs: object, ours: object) -> bool:
    both_numbers = isinstance(theirs, int | float) and isinstance(ours, int | float)
    return theirs in _BLANK or (both_numbers and abs(_count_days(theirs) - _count_days(ours)) < _TOLERANCE)


def _count_days(value: object) -> float:
    """Give the number that a cell holds, whatever its format makes of it."""
    match value:
        case datetime():
            at = value.replace(tzinfo=UTC)
            return (at - _ZERO_DAY) / _DAY - (at < _LEAP)
        case date():
            return _count_days(datetime(value.year, value.month, value.day, tzinfo=UTC))
        case time():
            return timedelta(0, value.second, value.microsecond, 0, value.minute, value.hour) / _DAY
        case timedelta():
            return value / _DAY
        case int() | float():
            return float(value)
    return float("nan")


Row = Sequence[object]


def find_cell(
    theirs: Iterable[Row], ours: Iterable[Row], calculated: Collection[tuple[int, int]] = ()
) -> tuple[int, int, object, object] | None:
    """Find the first cell that differs: row and column from 0, and both values.

    Where something is `calculated`, programs leave the result away that do not, and others add up in another order.
    """
    for row, (claimed, recorded) in enumerate(zip_longest(theirs, ours, fillvalue=())):
        if claimed == recorded and list(map(type, claimed)) == list(map(type, recorded)):
            continue
        for column, (one, other) in enumerate(zip_longest(claimed, recorded)):
            if not _are_alike(one, other) and not ((row, column) in calculated and _may_be_result(one, other)):
                return row, column, one, other
    return None
