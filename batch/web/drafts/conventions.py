"""What people say of a sheet on its pages: how it is read, what is chosen for the run, and corrected cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.http import QueryDict

from batch.errors import UsageError
from batch.frames import Grid
from batch.i18n import _
from batch.ledger.events import decode_cell, encode_cell
from batch.model import Cell, ColumnRole
from batch.money import ZERO
from batch.validation import check_sheet as rules
from batch.validation.amounts import read_amount
from batch.validation.check_sheet import Expected
from batch.web.drafts.approval_policy import Options
from batch.web.models import StoredFile, Version


@dataclass(frozen=True, slots=True)
class Correction:
    """A cell, by its row as Excel shows it and its column counted from 0, and who made what of it."""

    row: int
    column: int
    before: Cell
    after: str | None  # None: it was emptied
    by: str
    at: datetime

    def to_json(self) -> dict[str, Any]:
        """Convert it for the database."""
        return {**asdict(self), "before": encode_cell(self.before), "at": self.at.isoformat()}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Correction:
        """Read what `to_json` gave."""
        converted = {"before": decode_cell(kept["before"]), "at": datetime.fromisoformat(kept["at"])}
        return cls(**{**kept, **converted})


def correct_grid(grid: Grid, corrections: Iterable[Correction]) -> Grid:
    """Put the corrected cells over the grid, the newest last, for the same rules to read; forget how they looked."""
    changed = {(found.row, found.column): found.after for found in corrections}
    if not changed:
        return grid
    seen = grid.appearance
    shown = {place: text for place, text in seen.shown.items() if place not in changed}
    seen = replace(seen, shown=shown, struck=seen.struck - changed.keys(), rewritten=frozenset(changed))
    return replace(grid.replace_cells(changed), appearance=seen)


@dataclass(frozen=True, slots=True)
class ChosenConventions:
    """Empty where nothing was said: then the rules find out."""

    sheet: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)  # roles to titles, as mapped by hand
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
        return rules.Conventions(
            _parse_roles(self.columns), _parse_roles(self.remembered), self.signed, self.include_hidden, self.sheet
        )

    @property
    def named(self) -> dict[ColumnRole, str]:
        """All columns that are looked for by name."""
        return _parse_roles({**self.remembered, **self.columns})

    def to_json(self) -> dict[str, Any]:
        """Convert them for the database."""
        return {**asdict(self), "columns": dict(self.columns), "remembered": dict(self.remembered)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> ChosenConventions:
        """Read what `to_json` gave; of what is missing, nothing was said."""
        return cls(**{name: kept[name] for name in cls.__slots__ if name in kept})


@dataclass(frozen=True, slots=True)
class SheetReading:
    """A file, and how it is to be read."""

    file: StoredFile
    conventions: ChosenConventions = ChosenConventions()
    corrections: tuple[Correction, ...] = ()

    @classmethod
    def from_version(cls, version: Version) -> SheetReading:
        """Take it as a version was read."""
        return cls(
            version.file,
            ChosenConventions.from_json(version.conventions),
            tuple(map(Correction.from_json, version.corrections)),
        )


def _parse_roles(titles: Mapping[str, str]) -> dict[ColumnRole, str]:
    return {ColumnRole(role): title for role, title in titles.items()}


def parse_control_amount(text: str) -> str | None:
    """Parse a control total like an amount in a sheet; None if none is given, `UsageError` if it is no amount."""
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


def parse_control_rows(text: str) -> int | None:
    """Parse a number of rows; None if none is given, `UsageError` if it is no number."""
    plain = "".join(text.split())
    if not plain:
        return None
    if not (plain.isascii() and plain.isdigit() and len(plain) <= 7):
        raise UsageError(_("{text} is not a number of rows: write it like 40.").format(text=text[:40]))
    return int(plain)


_LONGEST_SHEET, _LONGEST_TITLE, _LONGEST_WHY, _LONGEST_PERIOD = 200, 300, 1000, 60


def read_conventions(posted: QueryDict, before: ChosenConventions) -> ChosenConventions:
    """Read how the sheet is to be read from the form; columns change only where it asks for them."""
    columns = before.columns
    if any(name.startswith("column-") for name in posted):
        chosen = {role.value: posted.get(f"column-{role}", "").strip()[:_LONGEST_TITLE] for role in ColumnRole}
        columns = {role: title for role, title in chosen.items() if title}
    return replace(
        before,
        sheet=posted.get("sheet", "").strip()[:_LONGEST_SHEET] or None,
        columns=columns,
        signed="signed" in posted,
        include_hidden="include_hidden" in posted,
        rows=parse_control_rows(posted.get("rows", "")),
        added=parse_control_amount(posted.get("added", "")),
        removed=parse_control_amount(posted.get("removed", "")),
    )


def read_options(posted: QueryDict) -> Options:
    """Read what is chosen for the run; `UsageError` where it is to run once more without a reason."""
    again, why = "again" in posted, posted.get("why", "").strip()[:_LONGEST_WHY]
    if again and not why:
        raise UsageError(_("Say why it is to be paid although it seems to have been paid."))
    return Options(
        skip_invalid="skip_invalid" in posted,
        partial="partial" in posted,
        removes_first="removes_first" in posted,
        again=again,
        why=why if again else "",
        period=" ".join(posted.get("period", "").split())[:_LONGEST_PERIOD],
    )
