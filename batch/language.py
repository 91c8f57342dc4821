"""The language a person reads: which one, a sentence in it, and numbers and dates as it writes them.

Everything is written in English where it is used, inside `_()`, and its French is in `batch/locale`, one catalogue for
the command line, workbooks and the site. Codes, JSON keys and statuses in JSON are not for people and stay English.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path

LOCALE_FOLDER = Path(__file__).parent / "locale"
DOMAIN = "django"
"""The name of our catalogue: the only one that Django looks for."""
CLICK_DOMAIN = "click"
"""The name of another, which holds the French of what click says of options and arguments."""

_NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"
_SPACE = "\N{NO-BREAK SPACE}"
_NAMES = {"french": "fr", "english": "en"}
"""As Windows calls them."""


class Language(StrEnum):
    """The languages that everything exists in."""

    ENGLISH = "en"
    FRENCH = "fr"


_here: ContextVar[Language | None] = ContextVar("language", default=None)
_process = [Language.ENGLISH]


def language() -> Language:
    """The language in force: this context's (a request, a report), else the process's."""
    return _here.get() or _process[0]


def speak(chosen: Language) -> None:
    """Choose the process's language, for the command line; a thread started later speaks it too."""
    _process[0] = chosen


@contextmanager
def speaking(chosen: Language) -> Iterator[None]:
    """Another language for a while, in this thread only."""
    token = _here.set(chosen)
    try:
        yield
    finally:
        _here.reset(token)


def preferred(lang: str | None, environ: Mapping[str, str], system: str | None = None) -> Language:
    """The language asked for by name ("fr", "fr_FR.UTF-8"), else by CREDITBATCH_LANG, else the locale's, else English.

    `system` is the locale of a system that does not keep it in the environment. `ValueError` if what was asked for by
    name or by CREDITBATCH_LANG is none of ours.
    """
    asked = environ.get("CREDITBATCH_LANG") or None if lang is None else lang
    if asked is not None:
        return Language(_code(asked))
    found = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), system or "")
    code = _NAMES.get(_code(found), _code(found))
    return Language(code) if code in set(Language) else Language.ENGLISH


def _code(text: str) -> str:
    return text.strip().lower().replace("-", "_").split(".")[0].split("_")[0]


def _(message: str) -> str:
    """The sentence in the language in force. Parameters are filled in afterwards, so that they are not looked up."""
    return _catalogue(language()).gettext(message) if message else ""


def ngettext(one: str, many: str, number: int) -> str:
    """The sentence for that number of things."""
    return _catalogue(language()).ngettext(one, many, number)


def pgettext(context: str, message: str) -> str:
    """A word that is translated differently elsewhere; the context says where it stands."""
    return _catalogue(language()).pgettext(context, message)


def N_(message: str) -> str:  # noqa: N802 (the name that every extraction of messages knows)
    """Mark a sentence that is translated later, where it is shown."""
    return message


@cache
def _catalogue(chosen: Language) -> gettext.NullTranslations:
    if chosen is Language.ENGLISH:
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, LOCALE_FOLDER, [chosen.value])


def number(value: Decimal | int, places: int = 0) -> str:
    """As in "1,234.50" or "1 234,50" (with a narrow no-break space, as French typography has it)."""
    text = f"{value:,.{places}f}"
    if language() is Language.FRENCH:
        return text.replace(",", _NARROW_SPACE).replace(".", ",")
    return text


def money(value: Decimal, places: int, *, signed: bool = False) -> str:
    """As in "€1,234.50" or "1 234,50 €"; signed, a plus is shown as well."""
    sign = "-" if value < 0 else "+" if signed and value else ""
    text = number(abs(value), places)
    return f"{sign}{text}{_SPACE}€" if language() is Language.FRENCH else f"{sign}€{text}"


def day(at: datetime) -> str:
    """As in "2026-11-22" or "22/11/2026"."""
    return f"{at:%d/%m/%Y}" if language() is Language.FRENCH else f"{at:%Y-%m-%d}"


def moment(at: datetime) -> str:
    """As in "2026-11-22 14:05:09" or "22/11/2026 14:05:09"."""
    return f"{day(at)} {at:%H:%M:%S}"


def listed(items: list[str], last: str) -> str:
    """As in "a, b and c"; `last` is the joining word, already in the language in force."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}"
