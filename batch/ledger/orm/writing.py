"""The statements that a ledger is written with. They are few and always the same, because every row that is sent waits
for them: they go to the database's own driver, past the layers that compose and translate statements.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.db import connections

from batch.errors import LedgerError
from batch.ledger import replay
from batch.ledger.chain import Line, Tip
from batch.ledger.encoding import cell_to_json, finding_to_json
from batch.ledger.facts import AttemptBegan
from batch.ledger.orm.rows import thousandths
from batch.ledger.protocol import NewBatch
from batch.ledger.sentences import taken_over, written_by_another
from batch.model import SheetRow, Status
from batch.notes import note_text
from batch.rules.holding import LEASE

_Value = str | int | float | datetime | None
_json = json.JSONEncoder().encode
_UTC = "+00:00"


class _Statements:
    """Every statement, with the mark that the driver takes for a value."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        end = ("events_count", "last_hash")
        found_out = ("status", "code", "message", "note", "main_balance", "subaccount_balance", "at")
        began = ("status", "code", "message", "note", "attempts", "at", "main_before", "subaccount_before")
        # The number that was given with the lease is only ever followed by greater ones.
        self.renew = self._update("ledger_account_lease", ("batch", "until"), ("account_id", "fence"))
        self.advance = self._update("ledger_batch", end, ("name", *end))
        before = f' AND "status" IN ({mark}, {mark})'
        self.began = self._update("ledger_movement", began, ("batch_id", "row", "attempts")) + before
        self.found_out = self._update("ledger_movement", found_out, ("batch_id", "row", "attempts")) + before
        sheet = ("batch_id", "position", "row", "turn", "cells", "findings", "token", "direction", "amount")
        self.add_row = self._insert("ledger_movement", (*sheet, "status", "attempts"), 1)

    def add_events(self, lines: int) -> str:
        """Add so many events."""
        return self._insert("ledger_event", ("batch_id", "number", "at", "kind", "data", "hash"), lines)

    def _insert(self, table: str, columns: Sequence[str], lines: int) -> str:
        line = f"({', '.join([self._mark] * len(columns))})"
        values = ", ".join([line] * lines)
        return f'INSERT INTO "{table}" ({_names(columns)}) VALUES {values}'  # noqa: S608 (our own names)

    def _update(self, table: str, changed: Sequence[str], where: Sequence[str]) -> str:
        changes = ", ".join(f'"{column}" = {self._mark}' for column in changed)
        conditions = " AND ".join(f'"{column}" = {self._mark}' for column in where)
        return f'UPDATE "{table}" SET {changes} WHERE {conditions}'  # noqa: S608 (our own names)


class Pen:
    """Writes within the transaction that is open on Django's connection; made for one transaction."""

    def __init__(self) -> None:
        connection = connections["default"]
        self._driver: Any = connection.connection
        self._is_sqlite = connection.vendor == "sqlite"
        self._statements = _statements("?" if self._is_sqlite else "%s")

    def renew(self, account: int, fence: int, batch: str, at: datetime) -> None:
        """Prove that the account is still held, and hold it for longer."""
        values = (batch, self._moment(at + LEASE), account, fence)
        if self._execute(self._statements.renew, values) != 1:
            raise LedgerError(taken_over(batch))

    def add_events(self, batch: str, tip: Tip, lines: Sequence[Line]) -> None:
        """Let the events follow on the tip. Of two writers that built on the same tip, the second is not believed."""
        last = lines[-1]
        if self._execute(self._statements.advance, (last.number, last.hash, batch, tip.number, tip.hash)) != 1:
            raise LedgerError(written_by_another(batch))
        values: list[_Value] = []
        for line in lines:
            values += (batch, line.number, self._moment(line.at), line.kind, line.data, line.hash)
        self._execute(_events(self._statements, len(lines)), values)

    def change_row(self, batch: str, fact: replay.RowFact) -> None:
        """What a fact makes of its row, which must be as the fact takes it to be: no row is sent or decided twice."""
        change = replay.change_of(fact)
        values: list[_Value] = [change["status"].value, change["code"], change["message"], note_text(change["note"])]
        if isinstance(fact, AttemptBegan):
            statement = self._statements.began
            before = thousandths(fact.main_balance), thousandths(fact.subaccount_balance)
            values += (change["attempts"], self._moment(fact.at), *before)
        else:
            statement = self._statements.found_out
            after = thousandths(change["main_balance"]), thousandths(change["subaccount_balance"])
            values += (*after, self._moment(fact.at))
        statuses, attempts = replay.expected(fact)
        if self._execute(statement, (*values, batch, fact.row, attempts, statuses[0].value, statuses[-1].value)) != 1:
            raise LedgerError(written_by_another(batch))

    def add_rows(self, new: NewBatch) -> None:
        """The rows of the sheet. A row that is never sent has no turn."""
        turns = {movement.row: turn for turn, movement in enumerate(new.plan.movements)}
        lines: Iterable[Sequence[_Value]] = (
            (new.name, position, row.number, turns.get(row.number), *_read(row))
            for position, row in enumerate(new.sheet.rows)
        )
        self._driver.cursor().executemany(self._statements.add_row, lines)

    def _moment(self, at: datetime) -> _Value:
        """A time as the database takes it: SQLite has no such type, and Django keeps text in UTC there."""
        return at.astimezone(UTC).isoformat(" ").removesuffix(_UTC) if self._is_sqlite else at

    def _execute(self, statement: str, values: Sequence[_Value]) -> int:
        """Carry it out; returns how many lines it touched."""
        return int(self._driver.execute(statement, values).rowcount)


@cache
def _statements(mark: str) -> _Statements:
    return _Statements(mark)


@cache
def _events(statements: _Statements, lines: int) -> str:
    return statements.add_events(lines)


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def _read(row: SheetRow) -> tuple[_Value, ...]:
    return (
        _json([cell_to_json(cell) for cell in row.cells]),
        _json([finding_to_json(finding) for finding in row.findings]),
        row.token,
        row.direction.value if row.direction else None,
        thousandths(row.amount),
        (Status.PENDING if row.is_valid else Status.INVALID).value,
        0,
    )
