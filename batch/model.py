"""The words of the project as types: what flows from a sheet to a report. Frozen, so that it can be handed on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from batch.finding_rules import Severity
from batch.findings import Finding
from batch.i18n import pgettext, show_direction
from batch.money import ZERO
from batch.notes import Note

Cell = str | Decimal | bool | datetime | None
"""A cell as what it is: text, number, truth value, date and time, or blank. Never a float."""


class Direction(StrEnum):
    """Which way credit moves, seen from the sub-account."""

    ADD = "add"  # from the main account to the sub-account
    REMOVE = "remove"  # from the sub-account back to the main account


class ColumnRole(StrEnum):
    """What a column of the sheet holds; every other column is carried to the report as it is."""

    TOKEN = "token"  # noqa: S105 (a column's name, not a secret)
    AMOUNT = "amount"
    DIRECTION = "direction"
    # A pair of columns instead of an amount and a direction: exactly one of them is filled in a row.
    ADDED = "added"
    REMOVED = "removed"


Roles = Mapping[ColumnRole, int]  # where the columns with a role stand, counted from 0
Titles = Mapping[ColumnRole, str]  # the columns with a role, by their title, or by their letter in the sheet
AMOUNTS = frozenset({ColumnRole.AMOUNT, ColumnRole.ADDED, ColumnRole.REMOVED})


class Status(StrEnum):
    PENDING = "pending"  # nothing was applied; may still be sent
    DONE = "done"  # applied, once
    REFUSED = "refused"  # the provider said no; its code and message are kept
    INVALID = "invalid"  # has an error finding; never sent
    UNKNOWN = "unknown"  # sent, and whether it was applied is not known


class BatchState(StrEnum):
    CHECKED = "checked"  # read and checked; nothing will move until it is approved
    APPROVED = "approved"  # accepted by a person, recorded in the ledger
    RUNNING = "running"  # a runner holds it, or died holding it
    STOPPED = "stopped"  # ended early with a reason; `resume` goes on
    FINISHED = "finished"  # no row is left to send
    ABANDONED = "abandoned"  # ended by a person before its end; what was not sent never will be by it
    REJECTED = "rejected"  # a person said no


ENDED = frozenset({BatchState.FINISHED, BatchState.ABANDONED, BatchState.REJECTED})


@dataclass(frozen=True, slots=True)
class Source:
    """The file that a sheet came from. `sha256` is over its bytes; `sheet` is None for CSV."""

    file_name: str
    sha256: str
    size: int
    sheet: str | None


@dataclass(frozen=True, slots=True)
class CellFormatting:
    """What the eye sees that cells do not say, by (row as Excel shows it, column from 0)."""

    shown: Mapping[tuple[int, int], str] = field(default_factory=dict)
    """Texts that mean something else than the number: rounded, a percentage, leading zeros, another currency."""
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    struck: frozenset[tuple[int, int]] = frozenset()  # cells whose text is struck through
    merged: tuple[tuple[int, int, int, int], ...] = ()
    """First row, first column, last row, last column: nobody sees more of them than what is at their top left."""
    untold: tuple[tuple[int, int, int, int], ...] = ()
    """Cells, as merged ones are given, of which a rule that is not evaluated here may strike or hide any."""
    rewritten: frozenset[tuple[int, int]] = frozenset()  # cells that a person has written anew since, and seen


# Rows and movements are made by the hundred thousand, and a frozen one takes thrice as long. Nobody changes them.


@dataclass(slots=True, unsafe_hash=True)
class Movement:
    """One add or remove to perform, made from the valid row of that number."""

    row: int
    token: str
    direction: Direction
    amount: Decimal


@dataclass(slots=True, unsafe_hash=True)
class SheetRow:
    """One row of the sheet: the accountant's own cells, and what we read in them (None where we could not)."""

    number: int
    cells: tuple[Cell, ...]
    token: str | None
    direction: Direction | None
    amount: Decimal | None
    findings: tuple[Finding, ...] = ()

    @property
    def is_valid(self) -> bool:
        """Whether it asks for a movement, and nothing in it is wrong."""
        return self.movement is not None

    @property
    def movement(self) -> Movement | None:
        """The movement that it asks for; None unless it is valid."""
        if self.token is None or self.direction is None or self.amount is None:
            return None
        if self.findings and any(finding.is_error for finding in self.findings):
            return None
        return Movement(self.number, self.token, self.direction, self.amount)


@dataclass(frozen=True, slots=True)
class ControlTotal:
    """A total that stands below the rows of the sheet, and what the rows really add up to."""

    row: int
    cell: str
    found: Decimal
    stated: Decimal

    @property
    def agrees(self) -> bool:
        return self.found == self.stated

    @classmethod
    def find_total(cls, findings: Iterable[Finding]) -> ControlTotal | None:
        """Find the total that the findings of a sheet speak of; of several the first that is wrong."""
        totals = [
            cls(said.row or 0, said.cell or "", Decimal(said.params["found"]), Decimal(said.params["stated"]))
            for said in findings
            if said.code in {"total-agrees", "total-wrong"}
        ]
        return min(totals, key=lambda total: total.agrees, default=None)


def list_movements(rows: Iterable[SheetRow]) -> list[Movement]:
    """List the movements that the valid rows ask for, in their order."""
    return [movement for row in rows if (movement := row.movement)]


@dataclass(frozen=True, slots=True)
class SubAccount:
    """A sub-account as the list gives it; its own secret is dropped when the answer is decoded."""

    token: str
    email: str
    kind: str
    balance: Decimal
    page: int = 1  # the page of the list that held it


@dataclass(frozen=True, slots=True)
class Balances:
    """The main account's balance and sub-accounts' balances, all read at about one moment."""

    main: Decimal
    subaccounts: Mapping[str, Decimal]
    at: datetime


DONE_CODE = 200  # the code of an answer that says that a movement was applied


@dataclass(frozen=True, slots=True)
class RowResult:
    """What has become of a row. Balances are those after its movement; `message` is the provider's, `note` is ours.

    `at` is when this was established: by an answer, by the balances, or by a person.
    """

    status: Status
    code: int | None = None
    message: str | None = None
    main_balance: Decimal | None = None
    subaccount_balance: Decimal | None = None
    attempts: int = 0
    at: datetime | None = None
    note: Note | None = None
    attempted_at: datetime | None = None  # when its last attempt began

    @property
    def moved_at(self) -> datetime | None:
        """When the credit moved, if it did: at the attempt, however much later that was found out."""
        return self.attempted_at or self.at if self.status is Status.DONE else None


@dataclass(slots=True, unsafe_hash=True)
class BatchRow:
    """A row of the sheet together with what has become of it."""

    row: SheetRow
    result: RowResult


@dataclass(frozen=True, slots=True)
class Tally:
    """Rows and euros of a batch by what has become of them."""

    rows: Mapping[Status, int]
    added: Decimal = ZERO
    removed: Decimal = ZERO
    euros: Mapping[Status, Decimal] = field(default_factory=dict)  # asked for, both directions together


def make_tally(rows: tuple[BatchRow, ...]) -> Tally:
    """Count rows by status, and add up the euros; `added` and `removed` are what was really done."""
    counts = dict.fromkeys(Status, 0)
    euros = dict.fromkeys(Status, ZERO)
    moved = dict.fromkeys(Direction, ZERO)
    for entry in rows:
        row, status = entry.row, entry.result.status
        counts[status] += 1
        # An amount that goes no way that is known is in no sum.
        if row.amount is not None and row.direction is not None:
            euros[status] += row.amount
            if status is Status.DONE:
                moved[row.direction] += row.amount
    return Tally(counts, moved[Direction.ADD], moved[Direction.REMOVE], euros)


@dataclass(frozen=True, slots=True)
class People:
    """Who did what for a batch, by the names the system knows them by; nobody is named where it is not known."""

    prepared: str | None = None
    approved: tuple[str, ...] = ()
    run: tuple[str, ...] = ()  # everybody who started or resumed it, each once
    abandoned: str | None = None


@dataclass(frozen=True, slots=True)
class BatchHead:
    """What a batch is, without its rows. A dry run has no `batch` name and is `checked`."""

    batch: str | None
    state: BatchState
    reason: Note | None
    source: Source
    digest: str
    api_url: str | None
    account: str | None  # the main account's user name; None when the provider was not asked
    created_at: datetime
    ended_at: datetime | None = None
    opening: Balances | None = None
    closing: Balances | None = None
    people: People = People()
    options: tuple[str, ...] = ()  # what was chosen for it, as it holds now (see `batch.settings`)

    @property
    def is_over(self) -> bool:
        return self.state in ENDED


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the ledger's audit trail; `hash` is over the event before and this one's canonical form."""

    number: int
    at: datetime
    kind: str
    data: Mapping[str, object]
    hash: str


@dataclass(frozen=True, slots=True)
class BatchView:
    """Everything that a report or a screen shows of a batch or of a dry run."""

    head: BatchHead
    columns: tuple[str, ...]
    roles: Roles
    rows: tuple[BatchRow, ...]
    findings: tuple[Finding, ...] = ()
    events: Sequence[Event] = ()  # its audit trail when the view was made, oldest first

    @property
    def control_total(self) -> ControlTotal | None:
        return ControlTotal.find_total(self.findings)


def name_status(status: Status) -> str:
    return {
        Status.PENDING: pgettext("status of a row", "pending"), Status.DONE: pgettext("status of a row", "done"),
        Status.REFUSED: pgettext("status of a row", "refused"), Status.INVALID: pgettext("status of a row", "invalid"),
        Status.UNKNOWN: pgettext("status of a row", "unknown"),
    }[status]  # fmt: skip


def name_state(state: BatchState) -> str:
    return {
        BatchState.CHECKED: pgettext("state of a batch", "checked"),
        BatchState.APPROVED: pgettext("state of a batch", "approved"),
        BatchState.RUNNING: pgettext("state of a batch", "running"),
        BatchState.STOPPED: pgettext("state of a batch", "stopped"),
        BatchState.FINISHED: pgettext("state of a batch", "finished"),
        BatchState.ABANDONED: pgettext("state of a batch", "abandoned"),
        BatchState.REJECTED: pgettext("state of a batch", "rejected"),
    }[state]


def name_direction(direction: Direction) -> str:
    """Say which way credit moves, in a word that a sheet's direction column may hold."""
    return show_direction(direction.value)


def name_severity(severity: Severity) -> str:
    return {
        Severity.ERROR: pgettext("severity", "error"),
        Severity.WARNING: pgettext("severity", "warning"),
        Severity.NOTE: pgettext("severity", "note"),
    }[severity]
