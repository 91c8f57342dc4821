"""Show raw values"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation

from batch.euros_shown import euros
from batch.language import Language, _, day, language, ngettext, number, pgettext

Format = Callable[[str], str]
"""Shows a raw parameter in the language in force."""


# What an older ledger holds may be worded already: it is then shown as it is.


def show_amount(raw: str) -> str:
    try:
        return euros(Decimal(raw))
    except InvalidOperation:
        return raw


def show_count(raw: str) -> str:
    return number(int(raw)) if raw.isdecimal() else raw


def show_digits(raw: str) -> str:
    """A number as it stands in a cell: not grouped, with the language's decimal separator."""
    is_number = re.fullmatch(r"-?[0-9]+\.[0-9]+", raw) and language() is Language.FRENCH
    return raw.replace(".", ",") if is_number else raw


def show_formatted(raw: str) -> str:
    """Put the digits of what a format shows, "1,234.56 k€", the way of the language; another way of writing stays."""
    if language() is not Language.FRENCH:
        return raw
    return _SHOWN_NUMBER.sub(lambda digits: digits[0].translate(_FRENCH_SIGNS), raw)


def show_day(raw: str) -> str:
    try:
        return day(datetime.fromisoformat(raw))
    except ValueError:
        return raw


def show_direction(raw: str) -> str:
    return {"add": pgettext("direction", "add"), "remove": pgettext("direction", "remove")}.get(raw, raw)


def show_column(raw: str) -> str:
    """What a column holds, in a word."""
    names = {
        "token": pgettext("column", "token"),
        "amount": pgettext("column", "amount"),
        "direction": pgettext("column", "direction"),
        "added": pgettext("column", "amount to add"),
        "removed": pgettext("column", "amount to remove"),
    }
    return names.get(raw, raw)


def show_titles(raw: str) -> str:
    """Titles of columns, of which there may be several."""
    try:
        return ", ".join(pgettext("title", "“{title}”").format(title=title) for title in json.loads(raw))
    except (ValueError, TypeError):
        return raw


def show_encoding(raw: str) -> str:
    return _("UTF-8 that was encoded twice") if raw == "twice" else raw


def show_separator(raw: str) -> str:
    names = {";": _("semicolons"), ",": _("commas"), "\t": _("tabs"), "|": _("vertical bars"), ":": _("colons")}
    return names.get(raw, raw)


def show_characters(raw: str) -> str:
    """Names of characters that nobody sees, for code points such as "U+0009,U+200B"."""
    names = {
        "U+0009": _("tab"),
        "U+000A": _("line break"),
        "U+000D": _("line break"),
        "U+0020": _("space"),
        "U+00A0": _("no-break space"),
        "U+00AD": _("soft hyphen"),
        "U+200B": _("zero-width space"),
        "U+202F": _("narrow no-break space"),
        "U+FEFF": _("byte order mark"),
    }
    return ", ".join(dict.fromkeys(names.get(point, point) for point in raw.split(",")))


def show_rises(raw: str) -> str:
    """Sub-accounts that hold more than before: each with the amount and the day since which it rose."""
    try:
        said = json.loads(raw)
        listed = [
            _("{token} by {amount} since {day}").format(
                token=shown(token), amount=show_amount(amount), day=show_day(day)
            )
            for token, amount, day in said["first"]
        ]
        more = int(said["more"])
    except (ValueError, TypeError, KeyError):
        return shown(raw)
    if more:
        listed.append(ngettext("{number} more", "{number} more", more).format(number=number(more)))
    return "; ".join(listed)


def show_truth(raw: str) -> str:
    return {"TRUE": pgettext("cell", "TRUE"), "FALSE": pgettext("cell", "FALSE")}.get(raw, raw)


_SHOWN_NUMBER = re.compile(r"(?<![\d.,])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\d.,])")
"""As format codes write numbers: groups between commas, decimals behind a point."""
_FRENCH_SIGNS = {ord(","): "\u202f", ord("."): ","}
LONGEST_VALUE = 60
"""Characters of a cell that a message quotes."""


def shown(text: str, longest: int = LONGEST_VALUE) -> str:
    """A value for a sentence: on one line, short, and harmless to a terminal."""
    head = text[: 2 * longest]
    if not head.isprintable():
        plain = (" " if char.isspace() else char if char.isprintable() else "?" for char in head)
        head = " ".join("".join(plain).split())
    # What was looked at may have become shorter than the limit while the text goes on.
    is_whole = len(head) <= longest and len(text) <= 2 * longest
    return head if is_whole else head[: longest - 1] + "…"
