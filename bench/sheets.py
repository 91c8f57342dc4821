"""Sheets of any length, and batches made of them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from openpyxl import Workbook

from batch.frames import CheckedSheet, Grid, make_frame
from batch.ledger.protocol import Access, Ledger, NewBatch
from batch.model import Balances, Cell, Source
from batch.planning.account_identity import Owner, normalize_address
from batch.planning.plan import make_plan
from batch.validation.check_sheet import Expected, check_sheet
from bench.providers import SUBACCOUNTS
from bench.server import HELD, MAIN, token

HEADER = ("Token", "Amount", "Direction", "Customer", "Reference", "Comment")

_Ledger = TypeVar("_Ledger", bound=Ledger)


def lines(rows: int) -> Iterator[tuple[str, Decimal, str, str, str, str]]:
    """The rows: no two alike, and no remove that the account could not give back."""
    for number in range(rows):
        # A prime, so that the same amount comes back to the same sub-account only after tens of millions of rows.
        amount = Decimal(100 + number % 40_009) / 100
        way = "remove" if number % 4 == 0 and amount < 3 else "add"
        yield (token(number % SUBACCOUNTS), amount, way, f"Customer {number}", f"F-2026-{number:07d}", "monthly credit")


def workbook(path: Path, rows: int) -> Path:
    """The sheet as Excel would save it."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("January")
    sheet.append(HEADER)
    for line in lines(rows):
        sheet.append(line)
    book.save(path)
    return path


def text(path: Path, rows: int) -> Path:
    """The sheet as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(HEADER)
        writer.writerows(lines(rows))
    return path


def checked(rows: int) -> CheckedSheet:
    """The sheet, read and checked."""
    cells: list[list[Cell]] = [list(HEADER)]
    cells += [list[Cell](line) for line in lines(rows)]
    grid = Grid(Source("bench.xlsx", "0" * 64, 1, "January"), make_frame(cells))
    return check_sheet(grid, frozenset(map(token, range(SUBACCOUNTS))), Expected())


ACCESS = Access(1, "http://127.0.0.1:1/v1", "f" * 16)
"""The first account of a ledger."""


def known_to(ledger: _Ledger) -> _Ledger:
    """The ledger, which knows the account of `new_batch`."""
    owner = Owner("bench", {token(0)})
    ledger.bind_key(normalize_address(ACCESS.api_url), ACCESS.fingerprint, owner, datetime.now(UTC))
    return ledger


def new_batch(rows: int, name: str) -> NewBatch:
    """The sheet as an accepted plan."""
    sheet, now = checked(rows), datetime.now(UTC)
    opening = Balances(Decimal(MAIN), {token(number): Decimal(HELD) for number in range(SUBACCOUNTS)}, now)
    plan = make_plan(sheet)
    return NewBatch(name, now, sheet, plan, opening, ACCESS, "bench")
