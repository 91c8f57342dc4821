"""Small sheets, plans and batches for tests, written the short way."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

import pandas as pd

from batch.frames import CheckedSheet, Grid, make_frame
from batch.ledger.events import Fact, Tip, make_stored_event
from batch.ledger.protocol import Access, Ledger, NewBatch
from batch.model import Balances, Cell, Event, SheetRow, Source
from batch.money import to_thousandths
from batch.planning.account_identity import Owner, normalize_address
from batch.planning.plan import make_plan
from batch.validation.check_sheet import Conventions, Expected, check_sheet

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
SOURCE = Source("january.xlsx", "ab" * 32, 1234, "January")
HEADER: list[Cell] = ["Token", "Amount", "Direction"]
ACCESS = Access(1, "http://127.0.0.1:1/v1", "f" * 16)
"""The first account of a ledger."""
BALANCES = Balances(Decimal("1000.000"), {"sub-1": Decimal("100.000"), "sub-2": Decimal("50.000")}, NOON)

_Ledger = TypeVar("_Ledger", bound=Ledger)


def grid(*rows: Sequence[Cell], header: Sequence[Cell] | None = None) -> Grid:
    return Grid(SOURCE, make_frame([list(HEADER if header is None else header), *map(list, rows)]))


def sheet_of(rows: Iterable[SheetRow]) -> CheckedSheet:
    read = list(rows)
    frame = pd.DataFrame(
        {
            "token": pd.array([row.token for row in read], dtype="category"),
            "direction": pd.array([row.direction for row in read], dtype="category"),
            "amount": pd.array([None if row.amount is None else to_thousandths(row.amount) for row in read], "Int64"),
        },
        index=[row.number for row in read],
    )
    findings = {row.number: row.findings for row in read if row.findings}
    return CheckedSheet(SOURCE, (), {}, frame, findings, ())


def checked(
    *rows: Sequence[Cell],
    header: Sequence[Cell] | None = None,
    known: frozenset[str] | None = frozenset(BALANCES.subaccounts),
    expected: Expected | None = None,
    conventions: Conventions | None = None,
) -> CheckedSheet:
    """A sheet, checked against the accounts sub-1 and sub-2 if no others are given."""
    return check_sheet(grid(*rows, header=header), known, expected or Expected(), conventions or Conventions())


def invalid_rows(sheet: CheckedSheet) -> int:
    return sum(not row.is_valid for row in sheet.rows)


def new_batch(*rows: Sequence[Cell], name: str = "b-1", removes_first: bool = False) -> NewBatch:
    sheet = checked(*rows)
    plan = make_plan(sheet, removes_first=removes_first)
    return NewBatch(name, NOON, sheet, plan, BALANCES, ACCESS, "me@example.com")


def known_to(ledger: _Ledger) -> _Ledger:
    """The ledger, which knows the account of `new_batch`."""
    owner = Owner("me@example.com", BALANCES.subaccounts)
    account, _is_new = ledger.bind_key(normalize_address(ACCESS.api_url), ACCESS.fingerprint, owner, NOON)
    assert account == ACCESS.account
    return ledger


def make_event(tip: Tip, fact: Fact) -> Event:
    """The fact chained to the tip, as a ledger gives it back."""
    line = make_stored_event(tip, fact)
    return Event(line.number, line.at, line.kind, json.loads(line.data), line.hash)
