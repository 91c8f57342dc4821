"""A sheet on its way to a batch, each step a pandas frame: what was read, what the checks made of it, what is sent.

Rows have the numbers that Excel shows, the accountant's columns their positions from 0. Beside these stand "token",
"direction" ("add" or "remove") and "amount" (whole thousandths of a euro), missing where one could not be read.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

from batch.findings import Finding
from batch.model import Cell, CellFormatting, Direction, Movement, Roles, SheetRow, Source
from batch.money import ZERO, from_thousandths

if TYPE_CHECKING:
    from decimal import Decimal

    from pandas import DataFrame, Series

TOKEN, DIRECTION, AMOUNT = "token", "direction", "amount"
READ = (TOKEN, DIRECTION, AMOUNT)
DTYPES = {TOKEN: "category", DIRECTION: "category", AMOUNT: "Int64"}
"""Most tokens and all directions are named again and again, so that they are kept once."""

_DIGEST_VERSION = b"creditbatch plan 1"


@dataclass(frozen=True, slots=True)
class Wrapped:
    """The records of a text file that take up several of its lines, and by what the file was cut into cells."""

    separator: str
    lines: Mapping[int, tuple[int, tuple[str, ...]]]  # by the record's row, its first line and what stands in each


@dataclass(frozen=True, eq=False)
class Grid:
    """A sheet as it was read: every row from the first. A blank is None, or in a text file an empty text."""

    source: Source
    frame: DataFrame
    appearance: CellFormatting = field(default_factory=CellFormatting)
    findings: tuple[Finding, ...] = ()  # of what was assumed: an encoding or a separator, a hidden sheet
    wrapped: Wrapped | None = None

    @cached_property
    def rows(self) -> list[tuple[Cell, ...]]:
        return list(take_cells(self.frame))

    def take_top(self, rows: int) -> list[tuple[Cell, ...]]:
        return list(take_cells(self.frame.head(rows)))

    def replace_cells(self, cells: Mapping[tuple[int, int], Cell]) -> Grid:
        """Put cells in their places, by (row, column) as `CellFormatting` counts them; none below the last row."""
        frame = self.frame.astype(object)
        for (number, column), cell in cells.items():
            if number in frame.index:
                for added in range(len(frame.columns), column + 1):
                    frame[added] = None
                frame.at[number, column] = cell  # type: ignore[assignment]
        return replace(self, frame=frame)


@dataclass(frozen=True, eq=False)
class CheckedSheet:
    """A sheet and everything the checks say of it; `columns` are the titles of all columns, in their order."""

    source: Source
    columns: tuple[str, ...]
    roles: Roles
    frame: DataFrame
    row_findings: Mapping[int, tuple[Finding, ...]]  # by row, what is said of it; most rows have none
    findings: tuple[Finding, ...]

    @cached_property
    def rows(self) -> tuple[SheetRow, ...]:
        return tuple(take_rows(self.frame, self.row_findings))

    @cached_property
    def valid(self) -> DataFrame:
        """The rows that ask for a movement and in which nothing is wrong: what was read in them."""
        wrong = [row for row, findings in self.row_findings.items() if any(finding.is_error for finding in findings)]
        read = self.frame[list(READ)].dropna()
        return read.drop(index=wrong, errors="ignore") if wrong else read

    @property
    def all_findings(self) -> list[Finding]:
        """What is said of the sheet as a whole, then what is said of its rows, in their order."""
        return [*self.findings, *chain.from_iterable(self.row_findings.values())]

    @property
    def has_sheet_errors(self) -> bool:
        """Whether the sheet as a whole must not be run, whatever its rows."""
        return any(finding.is_error for finding in self.findings)

    def drop_rows(self, rows: Iterable[int]) -> CheckedSheet:
        left_out = set(rows)
        kept = {row: findings for row, findings in self.row_findings.items() if row not in left_out}
        return replace(self, frame=self.frame.drop(index=list(left_out)), row_findings=kept)

    def add_findings(self, row_findings: Mapping[int, tuple[Finding, ...]]) -> CheckedSheet:
        more = {row: (*self.row_findings.get(row, ()), *found) for row, found in row_findings.items() if found}
        return replace(self, row_findings=dict(sorted({**self.row_findings, **more}.items())))


@dataclass(frozen=True, eq=False)
class Plan:
    """What is to be sent of a sheet."""

    frame: DataFrame  # what was read in the valid rows, in the order in which they are sent
    moved: Mapping[tuple[str, Direction], Decimal]
    """What moves to and from each sub-account, both in the order in which the rows first name them."""

    @cached_property
    def digest(self) -> str:
        """What names exactly these movements: a re-saved, re-ordered or converted sheet has the same digest.

        It is SHA-256 over sorted lines, "token TAB direction TAB thousandths". Those of one token and direction are
        sorted by themselves; and no token has a tab in it, so their beginnings are in the order of the lines.
        """
        amounts: dict[str, list[str]] = defaultdict(list)
        columns = (self.frame[name].tolist() for name in READ)
        for token, direction, thousandths in zip(*columns, strict=True):
            amounts[f"\n{token}\t{direction}\t"].append(str(thousandths))
        digest = hashlib.sha256(_DIGEST_VERSION)
        for beginning in sorted(amounts):
            digest.update((beginning + beginning.join(sorted(amounts[beginning]))).encode())
        digest.update(b"\n")
        return digest.hexdigest()

    @cached_property
    def movements(self) -> tuple[Movement, ...]:
        columns = (self.frame[name].tolist() for name in READ)
        return tuple(
            Movement(row, token, Direction(direction), from_thousandths(amount))
            for row, token, direction, amount in zip(self.frame.index.tolist(), *columns, strict=True)
        )

    @property
    def tokens(self) -> frozenset[str]:
        return frozenset(token for token, _direction in self.moved)

    @property
    def added(self) -> Decimal:
        return self._sum_amounts(Direction.ADD)

    @property
    def removed(self) -> Decimal:
        return self._sum_amounts(Direction.REMOVE)

    @property
    def largest(self) -> Decimal:
        """The largest single amount; 0 where nothing moves."""
        return ZERO if self.frame.empty else from_thousandths(int(self.frame[AMOUNT].max()))

    def count(self, direction: Direction) -> int:
        return int((self.frame[DIRECTION] == direction.value).sum())

    def _sum_amounts(self, direction: Direction) -> Decimal:
        return sum((amount for (_token, way), amount in self.moved.items() if way is direction), ZERO)


def make_frame(rows: Sequence[Sequence[Cell]]) -> DataFrame:
    """Make the frame of a workbook's rows, the first of which is row 1."""
    import pandas as pd

    width = max(map(len, rows), default=0)
    padded = [(*row, *[None] * (width - len(row))) for row in rows]
    return pd.DataFrame(padded, index=range(1, len(rows) + 1), columns=range(width), dtype=object)


def take_cells(frame: DataFrame) -> Iterator[tuple[Cell, ...]]:
    """Take the accountant's cells out of a frame, row by row, a blank as None."""
    own = [_take_column(frame[name]) for name in frame.columns if name not in READ]
    return zip(*own, strict=True) if own else iter([()] * len(frame))


def take_rows(frame: DataFrame, findings: Mapping[int, tuple[Finding, ...]]) -> Iterator[SheetRow]:
    """Take the rows out of a frame in which they were read."""
    read = [frame[name].astype(object).where(frame[name].notna(), None).tolist() for name in READ]
    rows = zip(frame.index.tolist(), take_cells(frame), *read, strict=True)
    for row, cells, token, direction, amount in rows:
        way = None if direction is None else Direction(direction)
        euros = None if amount is None else from_thousandths(int(amount))
        yield SheetRow(row, cells, token, way, euros, findings.get(row, ()))


def _take_column(column: Series[Any]) -> Sequence[Cell]:
    cells = column.tolist()
    return [None if cell == "" else cell for cell in cells] if "" in cells else cells
