"""What the checks can say of a sheet: one entry a rule. `docs/findings.md` is the same table for accountants.

A finding carries a code and parameters; its words are put together only where a person reads them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from batch.language import _


class Severity(StrEnum):
    """An error keeps a row from being sent; a warning is only said."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: how bad it is when broken, and the sentence for the reader (fields in braces are parameters)."""

    severity: Severity
    sentence: str


def _error(sentence: str) -> Rule:
    return Rule(Severity.ERROR, sentence)


def _warning(sentence: str) -> Rule:
    return Rule(Severity.WARNING, sentence)


RULES: Mapping[str, Rule] = {
    # The sheet as a whole.
    "sheet-empty": _error("The sheet is empty: fill in a header row and one row for each movement."),
    "header-missing": _error(
        "No header row was found in the first {searched} rows: "
        "one row must name the columns token, amount and direction."
    ),
    "column-missing": _error(
        "The header in row {header} has no {column} column: add one, named for example {examples}."
    ),
    "column-unknown": _warning("The column “{title}” is not known: rename it if {suggestion} is meant."),
    "column-twice": _error("The columns {titles} could each be the {column}: rename all but the one that is meant."),
    "rows-missing": _error("There is a header in row {header} but no row below it: add one for each movement."),
    "expected-rows": _error(
        "{found} would be sent but {expected} expected: compare with your list (rows with an error are not counted)."
    ),
    "expected-added": _error(
        "{found} would be added but {expected} was expected: "
        "compare with your total (rows with an error are not counted)."
    ),
    "expected-removed": _error(
        "{found} would be removed but {expected} was expected: "
        "compare with your total (rows with an error are not counted)."
    ),
    "file-name-again": _warning(
        "A file named {file} was run on {day} as batch {batch}, with other content: do not pay it twice."
    ),
    "movements-again": _warning(
        "All movements but one were run on {day} as batch {batch}: make sure that this month is not paid twice."
    ),
    # The token.
    "token-missing": _error("The token is missing: name the sub-account."),
    "token-digits-lost": _error(
        "The token is stored as a number of more than 15 digits ({value}), so Excel has already replaced its "
        "last digits: format the cell as text and type the token again."
    ),
    "token-scientific": _error(
        "The token “{value}” is in scientific notation, so Excel has shortened it: "
        "format the cell as text and type the token again."
    ),
    "token-zeros-lost": _error(
        "There is no sub-account “{value}”, but there is {candidate}: Excel drops leading zeros, "
        "so format the cell as text and type the token again."
    ),
    "token-not-text": _error("The token is {kind}, not a text: format the cell as text and type the token again."),
    "token-too-long": _error(
        "The token has {length} characters, more than the {limit} that any token has: type the token again."
    ),
    "token-invisible": _warning(
        "The token has needless spaces or invisible characters ({characters}): it is read as “{value}”."
    ),
    "token-unknown": _error("The account has no sub-account “{value}”: check the token.{suggestion}"),
    # The amount.
    "amount-missing": _error("The amount is missing: write how many euros are to move."),
    "amount-not-a-number": _error("The amount “{value}” is not a number of euros{kind}: write it like 1234.50."),
    "amount-zero": _error("The amount is zero: write how many euros are to move, or delete the row."),
    "amount-negative": _error(
        "The amount {value} is negative: write it without a sign and say add or remove in the direction column."
    ),
    "amount-decimals": _error(
        "The amount {value} has more than three decimals, which the provider does not keep: round it."
    ),
    "amount-ambiguous": _error(
        "The amount “{value}” could be {first} or {second}: store it as a number, or write {first_as} or {second_as}."
    ),
    "amount-too-large": _error("The amount {value} is too large to be an amount of credit: check it."),
    # The direction.
    "direction-missing": _error("The direction is missing: write add or remove."),
    "direction-unknown": _error("The direction “{value}” is not known: write add or remove."),
    "sign-contradicts": _error(
        "The amount {value} has the sign of {sign} but the direction says {direction}: correct one of them."
    ),
    # The row.
    "row-too-long": _error(
        "The row has more cells than the header has titles, as when an amount such as 12,50 is cut at a comma that "
        "also separates the columns: put such amounts in quotation marks, or give the last column a title."
    ),
    "row-duplicate": _warning("This row says the same as row {first}: delete one of them unless both are meant."),
}

LONGEST_VALUE = 60
"""Characters of a cell that a message quotes."""
_LONGEST_PARAMETER = 400
"""A parameter may be put together from several values."""


def shown(text: str, longest: int = LONGEST_VALUE) -> str:
    """A value for a sentence: on one line, short, and harmless to a terminal."""
    head = text[: 2 * longest]
    if not head.isprintable():
        plain = (" " if char.isspace() else char if char.isprintable() else "?" for char in head)
        head = " ".join("".join(plain).split())
    # What was looked at may have become shorter than the limit while the text goes on.
    is_whole = len(head) <= longest and len(text) <= 2 * longest
    return head if is_whole else head[: longest - 1] + "…"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says of one row or of the sheet. `cell` is an address as Excel writes it, such as "B5"."""

    code: str
    row: int | None = None
    cell: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return RULES[self.code].severity

    @property
    def is_error(self) -> bool:
        """Whether it keeps its row, or the whole sheet, from being sent."""
        return self.severity is Severity.ERROR

    @property
    def message(self) -> str:
        """The sentence for the reader."""
        params = {name: shown(value, _LONGEST_PARAMETER) for name, value in self.params.items()}
        # A ledger may hold findings from before a sentence got another parameter: its old words are gone, it is not.
        return _(RULES[self.code].sentence).format_map(defaultdict(lambda: "…", params))
