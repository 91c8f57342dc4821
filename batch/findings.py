"""What a rule says of one row or of the sheet: a code, and raw parameters ("1234.5", "2026-01-31", "add").

Words are put together, and parameters shown by the sentence's own formats, only where a person reads them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from batch.finding_rules import RULES, Severity
from batch.i18n import (
    FORMATS,
    Format,
    Language,
    _,
    get_language,
    show_day,
    show_digits,
    show_formatted,
    show_truth,
    show_value,
)

_LONGEST_PARAMETER = 400  # a parameter may be put together from several values
_SHORTENED_BY_FORMAT = frozenset({"accounts"})  # of several values, each of which its format shortens


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says of a row or of the sheet. `cell` is an address as Excel writes it, such as "B5"."""

    code: str
    row: int | None = None
    cell: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        return RULES[self.code].severity

    @property
    def is_error(self) -> bool:
        """Whether it keeps its row, or the whole sheet, from being sent."""
        return self.severity is Severity.ERROR

    @property
    def message(self) -> str:
        return _format_message(self.code, tuple(self.params.items()), get_language())


@lru_cache(maxsize=4096)
def _format_message(code: str, said: tuple[tuple[str, str], ...], _language: Language) -> str:
    """Write a finding's sentence, and keep it: in a long sheet most findings say the same of other cells."""
    params = dict(said)
    rule = RULES[code]
    sentence = rule.variants.get(params.get("as", ""), rule.sentence)
    formats = {**FORMATS, **_STORED.get(params.get("stored", ""), {}), **rule.formats}
    filled = {}
    for name, value in params.items():
        raw = value if name in _SHORTENED_BY_FORMAT else show_value(value, _LONGEST_PARAMETER)
        filled[name] = formats[name](raw) if name in formats else raw
    # A ledger may hold findings from before a sentence got another parameter: its old words are gone, it is not.
    return _(sentence).format_map(defaultdict(lambda: "…", filled))


_STORED: Mapping[str, Mapping[str, Format]] = {
    "number": {"value": show_digits, "stored_as": show_digits},
    "shown": {"value": show_formatted, "stored_as": show_digits},
    "date": {"value": show_day},
    "boolean": {"value": show_truth},
}
"""How a cell's value is shown, by what the parameter "stored" says that it is: "shown" is what a number's format makes
of it, and a text is quoted as it stands.
"""
