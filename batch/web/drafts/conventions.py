"""How a sheet is to be read, as its preparer said on the page: which sheet, which columns, which control totals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from batch.errors import UsageError
from batch.language import _
from batch.model import Role
from batch.money import ZERO
from batch.validation import check_sheet as rules
from batch.validation.amounts import read_amount
from batch.validation.check_sheet import Expected


@dataclass(frozen=True, slots=True)
class Conventions:
    """Empty where nothing was said: then the rules find out."""

    sheet: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    """Roles to titles, as mapped by hand."""
    remembered: Mapping[str, str] = field(default_factory=dict)
    """Roles to titles, as they were mapped for an earlier sheet, where some were not found without."""
    signed: bool = False
    include_hidden: bool = False
    rows: int | None = None
    added: str | None = None
    removed: str | None = None

    @property
    def expected(self) -> Expected:
        """The control totals."""
        return Expected(self.rows, *(None if text is None else Decimal(text) for text in (self.added, self.removed)))

    @property
    def rules(self) -> rules.Conventions:
        """As the rules know them."""
        return rules.Conventions(_roles(self.columns), _roles(self.remembered), self.signed, self.include_hidden)

    @property
    def named(self) -> dict[Role, str]:
        """All columns that are looked for by name."""
        return _roles({**self.remembered, **self.columns})

    def to_json(self) -> dict[str, Any]:
        """As the database keeps them."""
        return {**asdict(self), "columns": dict(self.columns), "remembered": dict(self.remembered)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Conventions:
        """What `to_json` gave; of what is missing, nothing was said."""
        return cls(**{name: kept[name] for name in cls.__slots__ if name in kept})


NOTHING_SAID = Conventions()


def _roles(titles: Mapping[str, str]) -> dict[Role, str]:
    return {Role(role): title for role, title in titles.items()}


def control_amount(text: str) -> str | None:
    """A control total as it is typed, understood as an amount in a sheet is; None if none is given."""
    if not text.strip():
        return None
    reading = read_amount(text)
    if reading.amount is not None and reading.sign != "-":
        return str(reading.amount)
    if reading.broken == "amount-zero":
        return str(ZERO)
    raise UsageError(
        _("{text} is not an amount of euros that can be read in one way: write it like 1234.50.").format(text=text[:40])
    )


def control_rows(text: str) -> int | None:
    """A number of rows as it is typed; None if none is given."""
    plain = "".join(text.split())
    if not plain:
        return None
    if not (plain.isascii() and plain.isdigit() and len(plain) <= 7):
        raise UsageError(_("{text} is not a number of rows: write it like 40.").format(text=text[:40]))
    return int(plain)
