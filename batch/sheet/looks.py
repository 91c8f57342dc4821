"""What is seen of an old workbook beyond its cells' values: what is hidden, struck through, or shown otherwise."""

from __future__ import annotations

from dataclasses import dataclass, field

from batch.sheet.unread import Unread


@dataclass(slots=True)
class Looks:
    """What was found, by row and column index from 0; `is_whole` says whether all of it could be looked at."""

    unread: Unread = field(default_factory=dict)
    shown: dict[tuple[int, int], str] = field(default_factory=dict)
    struck: set[tuple[int, int]] = field(default_factory=set)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    is_whole: bool = False
