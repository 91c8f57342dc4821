"""Speak the language in force: sentences, numbers, euros, days, and the raw values of findings."""

from __future__ import annotations

import gettext
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache
from pathlib import Path

from batch.money import count_decimals

LOCALE_FOLDER = Path(__file__).parent / "locale"
DOMAIN = "django"  # our catalogue: the only one that Django looks for
CLICK_DOMAIN = "click"  # another, of what click says of options and arguments

_FRENCH_SIGNS = {ord(","): "\N{NARROW NO-BREAK SPACE}", ord("."): ","}
_SPACE = "\N{NO-BREAK SPACE}"
_NAMES = {"french": "fr", "english": "en"}  # as Windows calls them


class Language(StrEnum):
    ENGLISH = "en"
    FRENCH = "fr"


_here: ContextVar[Language | None] = ContextVar("language", default=None)
_process = [Language.ENGLISH]


def get_language() -> Language:
    """Return the language of this context (a request, a report), else the process's."""
    return _here.get() or _process[0]


def set_language(chosen: Language) -> None:
    """Choose the process's language, for the command line; a thread started later speaks it too."""
    _process[0] = chosen


@contextmanager
def use_language(chosen: Language) -> Iterator[None]:
    """Speak another language for a while, in this thread only."""
    token = _here.set(chosen)
    try:
        yield
    finally:
        _here.reset(token)


def choose_language(lang: str | None, environ: Mapping[str, str], system: str | None = None) -> Language:
    """Choose the language asked for by name ("fr", "fr_FR.UTF-8"), else CREDITBATCH_LANG's, the locale's, or English.

    `system` is the locale of a system that does not keep it in the environment. `ValueError` if what was asked for by
    name or by CREDITBATCH_LANG is none of ours.
    """
    asked = environ.get("CREDITBATCH_LANG") or None if lang is None else lang
    if asked is not None:
        return Language(_parse_code(asked))
    found = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), system or "")
    code = _NAMES.get(_parse_code(found), _parse_code(found))
    return Language(code) if code in set(Language) else Language.ENGLISH


def _parse_code(text: str) -> str:
    return text.strip().lower().replace("-", "_").split(".")[0].split("_")[0]


def _(message: str) -> str:
    """Translate the sentence. Parameters are filled in afterwards, so that they are not looked up."""
    return _load_catalogue(get_language()).gettext(message) if message else ""


def ngettext(one: str, many: str, number: int) -> str:
    return _load_catalogue(get_language()).ngettext(one, many, number)


def pgettext(context: str, message: str) -> str:
    """Translate a word that is another elsewhere; the context says where it stands."""
    return _load_catalogue(get_language()).pgettext(context, message)


def N_(message: str) -> str:  # noqa: N802 (the name that every extraction of messages knows)
    """Mark a sentence that is translated later, where it is shown."""
    return message


@cache
def _load_catalogue(chosen: Language) -> gettext.NullTranslations:
    if chosen is Language.ENGLISH:
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, LOCALE_FOLDER, [chosen.value])


def format_number(value: Decimal | int, places: int = 0) -> str:
    """Write a number as in "1,234.50" or "1 234,50" (with a narrow no-break space, as French typography has it)."""
    text = f"{value:,.{places}f}"
    return text.translate(_FRENCH_SIGNS) if get_language() is Language.FRENCH else text


def format_money(value: Decimal, places: int, *, signed: bool = False) -> str:
    """Write an amount as in "€1,234.50" or "1 234,50 €"; signed, a plus is shown as well."""
    sign = "-" if value < 0 else "+" if signed and value else ""
    text = format_number(abs(value), places)
    return f"{sign}{text}{_SPACE}€" if get_language() is Language.FRENCH else f"{sign}€{text}"


def format_day(at: date) -> str:
    """Write a day as in "2026-11-22" or "22/11/2026"."""
    return f"{at:%d/%m/%Y}" if get_language() is Language.FRENCH else f"{at:%Y-%m-%d}"


def format_moment(at: datetime) -> str:
    return f"{format_day(at)} {at:%H:%M:%S}"


def join_items(items: list[str], last: str) -> str:
    """Join items as in "a, b and c"; `last` is the joining word, already translated."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}"


def format_euros(amount: Decimal, *, signed: bool = False) -> str:
    """Write an amount as in "€1,234.50" or "1 234,50 €", with a third decimal only where one is used."""
    return format_money(amount, 3 if count_decimals(amount) > 2 else 2, signed=signed)


Format = Callable[[str], str]


# What an older ledger holds may be worded already: it is then shown as it is.


def show_amount(raw: str) -> str:
    try:
        return format_euros(Decimal(raw))
    except InvalidOperation:
        return raw


def show_count(raw: str) -> str:
    return format_number(int(raw)) if raw.isdecimal() else raw


def show_digits(raw: str) -> str:
    """Show a number as it stands in a cell: not grouped, with the language's decimal separator."""
    is_number = re.fullmatch(r"-?[0-9]+\.[0-9]+", raw) and get_language() is Language.FRENCH
    return raw.replace(".", ",") if is_number else raw


def show_formatted(raw: str) -> str:
    """Put the digits of what a format shows, "1,234.56 k€", the way of the language; another way of writing stays."""
    is_french = get_language() is Language.FRENCH
    return _SHOWN_NUMBER.sub(lambda digits: digits[0].translate(_FRENCH_SIGNS), raw) if is_french else raw


def show_day(raw: str) -> str:
    try:
        return format_day(datetime.fromisoformat(raw))
    except ValueError:
        return raw


def show_direction(raw: str) -> str:
    return {"add": pgettext("direction", "add"), "remove": pgettext("direction", "remove")}.get(raw, raw)


def show_column(raw: str) -> str:
    names = {
        "token": pgettext("column", "token"), "amount": pgettext("column", "amount"),
        "direction": pgettext("column", "direction"), "added": pgettext("column", "amount to add"),
        "removed": pgettext("column", "amount to remove"),
    }  # fmt: skip
    return names.get(raw, raw)


def show_titles(raw: str) -> str:
    """Quote titles of columns, given as a JSON list."""
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
    """Name characters that nobody sees, given by code points such as "U+0009,U+200B"."""
    names = {
        "U+0009": _("tab"), "U+000A": _("line break"), "U+000D": _("line break"), "U+0020": _("space"),
        "U+00A0": _("no-break space"), "U+00AD": _("soft hyphen"), "U+200B": _("zero-width space"),
        "U+202F": _("narrow no-break space"), "U+FEFF": _("byte order mark"),
    }  # fmt: skip
    return ", ".join(dict.fromkeys(names.get(point, point) for point in raw.split(",")))


def show_rises(raw: str) -> str:
    """List sub-accounts that hold more than before, each with the amount and the day since which it rose."""
    try:
        said = json.loads(raw)
        sentence = _("{token} by {amount} since {day}")
        listed = [
            sentence.format(token=show_value(token), amount=show_amount(amount), day=show_day(day))
            for token, amount, day in said["first"]
        ]
        more = int(said["more"])
    except (ValueError, TypeError, KeyError):
        return show_value(raw)
    if more:
        listed.append(ngettext("{number} more", "{number} more", more).format(number=format_number(more)))
    return "; ".join(listed)


def show_truth(raw: str) -> str:
    return {"TRUE": pgettext("cell", "TRUE"), "FALSE": pgettext("cell", "FALSE")}.get(raw, raw)


_SHOWN_NUMBER = re.compile(r"(?<![\d.,])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\d.,])")
"""As format codes write numbers: groups between commas, decimals behind a point."""
LONGEST_VALUE = 60  # characters of a cell that a message quotes


def show_value(text: str, longest: int = LONGEST_VALUE) -> str:
    """Make a value fit for a sentence: on one line, short, and harmless to a terminal."""
    head = text[: 2 * longest]
    if not head.isprintable():
        plain = (" " if char.isspace() else char if char.isprintable() else "?" for char in head)
        head = " ".join("".join(plain).split())
    # What was looked at may have become shorter than the limit while the text goes on.
    is_whole = len(head) <= longest and len(text) <= 2 * longest
    return head if is_whole else head[: longest - 1] + "…"


FORMATS: Mapping[str, Format] = {
    **dict.fromkeys(("all", "count", "length", "limit", "line", "searched"), show_count),
    **dict.fromkeys(("amount", "expected", "found", "stated"), show_amount),
    **dict.fromkeys(("first_as", "second_as"), show_digits),
    "accounts": show_rises, "characters": show_characters, "column": show_column, "day": show_day,
    "direction": show_direction, "encoding": show_encoding, "separator": show_separator, "titles": show_titles,
}  # fmt: skip
"""How parameters of findings are shown, by their name, unless a rule says otherwise; others are plain text."""
