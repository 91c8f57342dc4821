"""How the pages show money, numbers, times and the project's words, in the language in force."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django import template
from django.utils import timezone

from batch import language
from batch.money import euros as euros_text
from batch.money import from_thousandths

register = template.Library()


@register.filter
def euros(amount: Decimal | None) -> str:
    """An amount as a person reads it; a dash where there is none."""
    return "–" if amount is None else euros_text(amount)


@register.filter
def euros_signed(amount: Decimal | None) -> str:
    """An amount with its sign, plus as well."""
    return "–" if amount is None else euros_text(amount, signed=True)


@register.filter
def thousandths(amount: int | None) -> str:
    """An amount that comes from the database."""
    return "–" if amount is None else euros_text(from_thousandths(amount))


@register.filter
def number(value: int | Decimal | None) -> str:
    """A whole number with its thousands apart."""
    return "–" if value is None else language.number(value)


@register.filter
def moment(at: datetime | None) -> str:
    """A day and a time of this machine's zone."""
    return "–" if at is None else language.moment(timezone.localtime(at))


@register.filter
def day(at: datetime | None) -> str:
    """A day of this machine's zone."""
    return "–" if at is None else language.day(timezone.localtime(at))
