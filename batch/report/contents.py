"""What every sheet of one workbook is written from."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from batch.model import BatchState, BatchView, Direction, Status, Tally, tally
from batch.money import ZERO
from batch.planning.plan import Forecast
from batch.planning.reconciliation import Books, keep_books


@dataclass(frozen=True)
class Contents:
    """A batch or a dry run, and what follows from it. `forecast` is None where the provider was not asked."""

    view: BatchView
    forecast: Forecast | None

    @property
    def is_dry_run(self) -> bool:
        """Whether nothing was even meant to move."""
        return self.view.head.batch is None

    @cached_property
    def tally(self) -> Tally:
        """Rows and euros by what has become of them."""
        return tally(self.view.rows)

    @cached_property
    def books(self) -> Books:
        """The books of every account touched."""
        return keep_books(self.view)

    @cached_property
    def planned(self) -> dict[str, dict[Direction, Decimal]]:
        """Euros that the rows not yet sent ask for, by token and direction."""
        sums: dict[str, dict[Direction, Decimal]] = {}
        for entry in self.view.rows:
            row = entry.row
            if entry.result.status is Status.PENDING and row.token is not None and row.direction and row.amount:
                sums.setdefault(row.token, dict.fromkeys(Direction, ZERO))[row.direction] += row.amount
        return sums

    def planned_total(self, direction: Direction) -> Decimal:
        """Euros that all rows not yet sent ask for in that direction."""
        return sum((moved[direction] for moved in self.planned.values()), ZERO)


def is_to_fix(state: BatchState, status: Status) -> bool:
    """Tell whether a row of this status is for a person to send in again; of a batch given up, what it left as well."""
    return status in {Status.REFUSED, Status.INVALID} or (status is Status.PENDING and state is BatchState.ABANDONED)
