"""A file's name from outside, made harmless: it is shown on pages, put in reports and offered for download."""

from __future__ import annotations

import unicodedata

LONGEST = 120
_HARMFUL = '<>:"|?*'
"""What no file on Windows may have in its name."""


def safe_name(name: str) -> str:
    """The last part of a path, without characters that are invisible, turn the text around or mean something to a
    system; "sheet" if nothing is left. The ending is kept, because it says what the file is.
    """
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(map(_harmless, unicodedata.normalize("NFC", base)))
    stem, dot, ending = " ".join(plain.split()).rpartition(".")
    if not dot:
        stem, ending = ending, ""
    stem, ending = stem.strip(". ") or "sheet", ending.strip()[:10]
    suffix = f".{ending}" if ending else ""
    return stem[: LONGEST - len(suffix)] + suffix


def _harmless(char: str) -> str:
    category = unicodedata.category(char)
    if category in {"Zs", "Zl", "Zp"} or char in "\t\n\r":
        return " "
    if category.startswith("C"):
        return ""
    return "_" if char in _HARMFUL else char
