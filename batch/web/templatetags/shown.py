"""How the pages show money, numbers, times and the project's words, in the language in force."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import wraps
from typing import TypeVar

from django import template

from batch import i18n, model, notes
from batch.i18n import _, ngettext
from batch.i18n import format_euros as euros_text
from batch.model import BatchState, Direction, Status, Tally

register = template.Library()
NOTHING = "–"
T = TypeVar("T")


def replace_nothing(show: Callable[[T], str]) -> Callable[[T | None], str]:
    """Show a dash for nothing; an attribute of what is None comes to a filter as an empty text."""

    @wraps(show)
    def shown(value: T | None) -> str:
        return NOTHING if value is None or value == "" else show(value)

    return shown


@register.filter
@replace_nothing
def euros(amount: Decimal) -> str:
    """Show an amount as a person reads it."""
    return euros_text(amount)


@register.filter
@replace_nothing
def euros_signed(amount: Decimal) -> str:
    """Show an amount with its sign, plus as well."""
    return euros_text(amount, signed=True)


@register.filter
@replace_nothing
def number(value: int | Decimal) -> str:
    """Show a whole number with its thousands apart."""
    return i18n.format_number(value)


@register.filter
@replace_nothing
def moment(at: datetime) -> str:
    """Show a day and a time of this machine's zone."""
    return i18n.format_moment(at.astimezone())


@register.filter
def status_word(status: Status) -> str:
    """Say in a word what has become of a row."""
    return model.name_status(status)


@register.filter
def state_word(state: BatchState | str) -> str:
    """Say in a word where a batch stands."""
    return model.name_state(BatchState(state))


@register.filter
def direction_word(direction: Direction | str) -> str:
    """Say in a word which way the credit moves."""
    return model.name_direction(Direction(direction))


@register.filter
@replace_nothing
def told(stored: notes.Note | str) -> str:
    """Tell a note, or the text that a table keeps of one, in the language in force."""
    return notes.tell(stored if isinstance(stored, notes.Note) else notes.load_note(stored))


@register.filter
def rows_of(tally: Tally, status: Status) -> int:
    """Count the rows of that status."""
    return tally.rows[status]


@register.filter
def rows_of_all(tally: Tally) -> int:
    return sum(tally.rows.values())


@register.filter
@replace_nothing
def rate(rows_a_second: float) -> str:
    """Show how many rows end in a second; a dash before the first has."""
    return i18n.format_number(Decimal(str(round(rows_a_second, 1))), 1)


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


@register.filter
def event_word(kind: str) -> str:
    """Say in a few words what a line of the ledger is about."""
    words = {
        "accepted": _("plan accepted"),
        "attempt-began": _("attempt began"),
        "attempt-ended": _("attempt ended"),
        "balances-read": _("balances read"),
        "row-settled": _("settled by the balances"),
        "person-decided": _("decided by a person"),
        "state-changed": _("state changed"),
    }
    return words.get(kind, kind)
