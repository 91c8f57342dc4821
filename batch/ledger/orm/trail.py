"""The audit trail of a batch, read as it is gone through: whole, a long one takes more memory than all the rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

from django.db.models import Count, Max

from batch.ledger.orm.models import Event as EventLine
from batch.ledger.orm.rows import events_in
from batch.ledger.orm.trouble import reading
from batch.model import Event

_EVENTS_AT_ONCE = 1000


class Trail(Sequence[Event]):
    """The events that a batch has when this is made, oldest first; those that are added later are not in it.

    `LedgerError` if they cannot be read, which shows only when they are gone through.
    """

    def __init__(self, batch: str) -> None:
        self._lines = EventLine.objects.filter(batch=batch).order_by("number")
        found = self._lines.aggregate(count=Count("number"), last=Max("number"))
        self._count: int = found["count"]
        self._last: int = found["last"] or 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Event]:
        """Some at a time, so that nobody who writes has to wait for somebody who reads slowly."""
        number = -1
        while number < self._last:
            with reading():
                some = events_in(self._lines.filter(number__gt=number, number__lte=self._last)[:_EVENTS_AT_ONCE])
            yield from some
            number = some[-1].number if some else self._last

    @overload
    def __getitem__(self, index: int) -> Event: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Event]: ...

    def __getitem__(self, index: int | slice) -> Event | Sequence[Event]:
        if isinstance(index, slice):
            return tuple(self)[index]
        at = range(self._count)[index]
        with reading():
            return events_in(self._lines[at : at + 1])[0]
