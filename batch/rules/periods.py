"""Months and years in titles and labels: "novembre 2026", "11/2026", "du mois", "monthly"."""

from __future__ import annotations

import re

MONTHS = frozenset(
    {"janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre", "octobre", "novembre",
     "decembre", "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
     "november", "december"}
)  # fmt: skip
_MONTHS = MONTHS | {
    "janv", "jan", "fevr", "fev", "feb", "mar", "avr", "apr", "jun", "juil", "jul", "aug", "sept", "sep", "oct", "nov",
    "dec",
}  # fmt: skip
"""With what is written for them where there is little room."""
_YEAR = r"20\d\d"
_MONTH = "|".join(sorted(_MONTHS))
_DATED = re.compile(
    rf"\b(?:(?:0?[1-9]|1[0-2]) {_YEAR}|{_YEAR} (?:0[1-9]|1[0-2]|{_MONTH})|(?:{_MONTH})(?: (?:20)?\d\d)?|{_YEAR})(?!\S)"
)
_DAY = re.compile(rf"\b(?:au|le|on|as of) (?:3[01]|[12]?\d|0\d) (?:\d\d?|{_MONTH})(?: (?:20)?\d\d)?(?!\S)")
_MONTHLY = re.compile(
    r"\b(?:(?:par|per|ce|chaque|each|every|this|current) )?(?:mois|month|mensuel(?:le)?s?|monthly)"
    r"(?: (?:en cours|courant|ci))?(?!\S)"
)
PERIOD_WORDS = frozenset(
    {*_MONTHS, "par", "per", "ce", "chaque", "each", "every", "this", "current", "mois", "month", "mensuel", "mensuels",
     "mensuelle", "mensuelles", "monthly", "en", "cours", "courant", "ci"}
)  # fmt: skip
"""All words that a period may be written with, beside numbers."""


def without_period(folded: str) -> str:
    """Take the month and the year out of a folded text; one that names two of them compares them, and is left."""
    if len(_DATED.findall(folded)) > 1:
        return folded
    return " ".join(_MONTHLY.sub(" ", _DATED.sub(" ", folded)).split())


def without_day(folded: str) -> str:
    """Take the day out of a folded text that says of when it is: "au 30/11/2026"."""
    return " ".join(_DAY.sub(" ", folded).split())
