"""What a screen asks of the ledger: a page of batches, a row, what a token went through. Nothing is written.

Each takes a few questions to the database whatever the size of the ledger, and never loads a batch's rows to count or
to sort them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from batch.ledger.encoding import finding_from_json
from batch.ledger.orm.balances import at_both_ends, main_at_both_ends
from batch.ledger.orm.models import Batch, Event, Movement
from batch.ledger.orm.rows import ROW, batch_row, events_in, head_of, rows_in
from batch.ledger.orm.tallies import NOTHING, tallies
from batch.ledger.orm.trouble import found, reading
from batch.ledger.protocol import BatchLine
from batch.model import BatchHead, BatchRow, BatchState, BatchView, Role, Status, Tally
from batch.model import Event as EventRecord
from batch.notes import note_text
from batch.planning.settlement import FOR_A_PERSON


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is: its head (balances of the main account only), its tally, and the rows that ended last."""

    head: BatchHead
    tally: Tally
    last: tuple[BatchRow, ...]


@dataclass(frozen=True, slots=True)
class Past:
    """What one batch did to a sub-account by one row."""

    batch: str
    state: BatchState
    created_at: datetime
    file_name: str
    row: BatchRow


def newest_lines(limit: int | None = None, *, states: tuple[BatchState, ...] = ()) -> tuple[BatchLine, ...]:
    """List the newest batches in one of these states, any if none is given.

    Their heads have the main account's balances only.
    """
    with reading():
        wanted = Batch.objects.order_by("-number")
        if states:
            wanted = wanted.filter(state__in=[state.value for state in states])
        return _lines(list(wanted[:limit]))


def line_of(batch: str) -> BatchLine:
    """A batch as a line of the list; `LedgerError` if there is none of that name."""
    with reading():
        return _lines([found(batch)])[0]


def lines_named(names: Collection[str]) -> dict[str, BatchLine]:
    """These batches as lines of the list, by name."""
    with reading():
        lines = _lines(list(Batch.objects.filter(name__in=names)))
        return {str(line.head.batch): line for line in lines}


def find_undecided_batches(batches: Collection[str]) -> frozenset[str]:
    """Find those of the batches that have a row in doubt which a person has to decide about."""
    with reading():
        rows = Movement.objects.filter(
            batch__in=batches, status=Status.UNKNOWN.value, note__in=map(note_text, FOR_A_PERSON)
        )
        return frozenset(rows.values_list("batch_id", flat=True))


def without_rows(batch: str) -> BatchView:
    """A batch with its columns and the findings about its sheet, but without rows and events."""
    with reading():
        kept = found(batch)
        return BatchView(
            head=head_of(kept, at_both_ends(kept)),
            columns=tuple(kept.columns),
            roles={Role(role): column for role, column in kept.roles.items()},
            rows=(),
            findings=tuple(finding_from_json(finding) for finding in kept.findings),
        )


def row_of(batch: str, row: int) -> BatchRow | None:
    """The row of that number in the sheet; None if there is none."""
    with reading():
        return next(rows_in(Movement.objects.filter(batch=batch, row=row)), None)


def events_of(batch: str, row: int | None = None) -> tuple[EventRecord, ...]:
    """The events of a batch, or those about one of its rows, oldest first."""
    with reading():
        events = Event.objects.filter(batch=batch).order_by("number")
        if row is not None:
            events = events.filter(data__row=row)
        return events_in(events)


def last_ended(batch: str, count: int) -> tuple[BatchRow, ...]:
    """The rows that something was found out about last, newest first."""
    with reading():
        ended = Movement.objects.filter(batch=batch, at__isnull=False)
        return tuple(rows_in(ended.order_by("-at", "-turn")[:count]))


def progress(batch: str, last: int = 10) -> Progress:
    """How far a batch is; cheap enough to be asked every second."""
    line = line_of(batch)
    return Progress(line.head, line.tally, last_ended(batch, last))


def history_of(token: str, offset: int = 0, limit: int = 50) -> tuple[Past, ...]:
    """What every batch did to a sub-account, newest first."""
    with reading():
        named = Movement.objects.filter(token=token)
        newest = named.order_by("-batch__number", "-position")[offset : offset + limit]
        lines = newest.values_list("batch__name", "batch__state", "batch__created_at", "batch__file_name", *ROW)
        return tuple(
            Past(name, BatchState(state), created_at, file_name, batch_row(line))
            for name, state, created_at, file_name, *line in lines
        )


def _lines(batches: list[Batch]) -> tuple[BatchLine, ...]:
    counted = tallies(batch.name for batch in batches)
    balances = main_at_both_ends(batches)
    return tuple(BatchLine(head_of(batch, balances[batch.name]), counted.get(batch.name, NOTHING)) for batch in batches)
