"""Whether a list was run before: what of it was done, or may have been, not long ago.

A list is known by its movements, however the file was re-saved, re-ordered or corrected, and however it was cut into
several. Within 20 days a list of which half was done is the same list sent again by mistake; a month later it is the
next month's, which may ask for the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from batch.findings import Finding
from batch.frames import Plan
from batch.model import Source
from batch.rules.ranges import row_ranges

REMEMBERED = timedelta(days=40)
"""A month and some days: beyond that nothing is said."""
SAME_LIST = timedelta(days=20)
"""Within this a list that was done is not to be done again; monthly lists are further apart."""
_ENOUGH_ALIKE = 2
"""Movements that must be done already before "half of them" says anything; of a single one, that one."""

MovementKey = tuple[str, str, Decimal]
"""Token, direction and amount: to the provider, movements with the same key are the same."""


@dataclass(frozen=True, slots=True)
class PastList:
    """A batch that was accepted before: which list it was, and how often it did, or may have done, each movement."""

    batch: str
    at: datetime
    file_name: str
    sha256: str
    period: str | None
    done: Mapping[MovementKey, int]


@dataclass(frozen=True, slots=True)
class NewList:
    """The list at hand: its movements in the sheet's order, and the period that a person named for it."""

    source: Source
    plan: Plan
    period: str | None
    at: datetime
    is_meant: bool = False
    """A person says, with a reason, that it is to be paid although it was run before."""


def find_repetition(new: NewList, past: Sequence[PastList], continued: Collection[str] = ()) -> Iterator[Finding]:
    """Say what of the list was run before. What it continues on purpose (`continued`) is not counted.

    One error where it is the same list, and one warning for each other batch that did some of the same.
    """
    others = [earlier for earlier in past if earlier.batch not in continued]
    for earlier in others:
        if earlier.file_name == new.source.file_name and earlier.sha256 != new.source.sha256:
            params = {"file": earlier.file_name, "batch": earlier.batch, "day": _day(earlier.at)}
            yield Finding("file-name-again", params=params)
    if not any(earlier.done for earlier in others):
        return
    keys = [(asked.row, (asked.token, asked.direction.value, asked.amount)) for asked in new.plan.movements]
    recent = [earlier for earlier in others if _may_be_same(new, earlier)]
    repeated = _repeated(keys, recent)
    is_same = _is_same_list(len(repeated), len(keys))
    if is_same:
        doing = [earlier.batch for earlier in recent if _repeated(keys, [earlier])]
        yield Finding(
            "run-again" if new.is_meant else "already-run",
            params={
                "count": str(len(repeated)),
                "all": str(len(keys)),
                "batches": ", ".join(doing),
                "rows": row_ranges(repeated),
            },
        )
    for earlier in others:
        if is_same and earlier in recent:
            continue
        if rows := _repeated(keys, [earlier]):
            yield Finding(
                "movements-again",
                params={
                    "as": "counted",
                    "count": str(len(rows)),
                    "batch": earlier.batch,
                    "day": _day(earlier.at),
                    "rows": row_ranges(rows),
                },
            )


def _is_same_list(repeated: int, movements: int) -> bool:
    """At least two movements and at least half of the list were done; or its only one."""
    return repeated >= min(_ENOUGH_ALIKE, movements) > 0 and 2 * repeated >= movements


def _may_be_same(new: NewList, earlier: PastList) -> bool:
    """Whether the batch is new enough to be the same list, and not of another period."""
    periods = {_fold(period) for period in (new.period, earlier.period) if period}
    return earlier.at >= new.at - SAME_LIST and len(periods) < 2


def _repeated(keys: Sequence[tuple[int, MovementKey]], past: Sequence[PastList]) -> list[int]:
    """Numbers of the rows that were done: each movement that was done stands for one row that asks for it."""
    done: Counter[MovementKey] = Counter()
    for earlier in past:
        done.update(earlier.done)
    found: list[int] = []
    for number, key in keys:
        if done[key] > 0:
            done[key] -= 1
            found.append(number)
    return found


def _fold(period: str) -> str:
    return " ".join(period.casefold().split())


def _day(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d}"
