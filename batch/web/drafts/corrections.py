"""Cells corrected on the page: put over the grid after it was read, so that the same rules read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from batch.frames import Grid
from batch.ledger.events import cell_from_json, cell_to_json
from batch.model import Appearance, Cell

LONGEST = 500
"""Characters of a corrected cell."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A cell, by its row as Excel shows it and its column counted from 0, and who made what of it."""

    row: int
    column: int
    before: Cell
    after: str | None
    """None: it was emptied."""
    by: str
    at: datetime

    def to_json(self) -> dict[str, Any]:
        """As the database keeps it."""
        return {
            "row": self.row,
            "column": self.column,
            "before": cell_to_json(self.before),
            "after": self.after,
            "by": self.by,
            "at": self.at.isoformat(),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Correction:
        """What `to_json` gave."""
        return cls(
            kept["row"],
            kept["column"],
            cell_from_json(kept["before"]),
            kept["after"],
            kept["by"],
            datetime.fromisoformat(kept["at"]),
        )


def typed(text: str) -> str | None:
    """What a person typed into a cell; nothing is a blank."""
    return text.strip()[:LONGEST] or None


def corrected(grid: Grid, corrections: Iterable[Correction]) -> Grid:
    """The grid with the corrected cells, the newest correction of a cell last. What the eye saw there is no more."""
    changed = {(found.row, found.column): found.after for found in corrections}
    return replace(grid.with_cells(changed), appearance=_seen(grid.appearance, changed)) if changed else grid


def _seen(appearance: Appearance, changed: Mapping[tuple[int, int], str | None]) -> Appearance:
    shown = {place: text for place, text in appearance.shown.items() if place not in changed}
    return replace(appearance, shown=shown, struck=appearance.struck - changed.keys(), rewritten=frozenset(changed))
