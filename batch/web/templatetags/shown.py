"""How the pages show money, numbers, times and the project's words, in the language in force."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import partial, wraps
from typing import TypeVar

from django import template

from batch.i18n import N_, _, format_euros, format_moment, format_number, ngettext
from batch.model import BatchState, Direction, name_direction, name_state, name_status
from batch.notes import Note, load_note, tell
from batch.report.agreements import format_figure
from batch.zone import localize

register = template.Library()
NOTHING = "–"
T = TypeVar("T")
_EVENT_WORDS = {
    "accepted": N_("plan accepted"), "attempt-began": N_("attempt began"), "attempt-ended": N_("attempt ended"),
    "balances-read": N_("balances read"), "row-settled": N_("settled by the balances"),
    "person-decided": N_("decided by a person"), "state-changed": N_("state changed"),
}  # fmt: skip


def replace_nothing(show: Callable[[T], str]) -> Callable[[T | None], str]:
    """Show a dash for nothing; an attribute of what is None comes to a filter as an empty text."""

    @wraps(show)
    def show_or_dash(value: T | None) -> str:
        return NOTHING if value is None or value == "" else show(value)

    return show_or_dash


register.filter("euros", replace_nothing(format_euros))
register.filter("euros_signed", replace_nothing(partial(format_euros, signed=True)))
register.filter("figure", format_figure)
register.filter("status_word", name_status)
register.filter("state_word", lambda state: name_state(BatchState(state)))
register.filter("direction_word", lambda direction: name_direction(Direction(direction)))
register.filter("rows_of", lambda tally, status: tally.rows[status])
register.filter("rows_of_all", lambda tally: sum(tally.rows.values()))
register.filter("event_word", lambda kind: _(_EVENT_WORDS[kind]) if kind in _EVENT_WORDS else kind)


@register.filter
@replace_nothing
def number(value: int | Decimal) -> str:
    return format_number(value)


@register.filter
@replace_nothing
def moment(at: datetime) -> str:
    """Show a day and a time of this machine's zone."""
    return format_moment(localize(at))


@register.filter("told")
@replace_nothing
def tell_stored(stored: Note | str) -> str:
    """Tell a note, or the text that a table keeps of one, in the language in force."""
    return tell(stored if isinstance(stored, Note) else load_note(stored))


@register.filter
@replace_nothing
def rate(rows_a_second: float) -> str:
    return format_number(Decimal(str(round(rows_a_second, 1))), 1)


@register.filter
@replace_nothing
def duration(seconds: int) -> str:
    """Show how long something takes, as roughly as such a forecast is."""
    if seconds < 90:
        return ngettext("{count} second", "{count} seconds", seconds).format(count=seconds)
    minutes = round(seconds / 60)
    if minutes < 90:
        return ngettext("{count} minute", "{count} minutes", minutes).format(count=minutes)
    hours = round(minutes / 60)
    return ngettext("{count} hour", "{count} hours", hours).format(count=hours)
