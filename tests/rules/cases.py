"""For every finding the smallest sheet that has it, so that no rule can be documented and never be said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from batch.model import Cell
from batch.rules.checks import Expected

KNOWN = frozenset({"sub-1", "sub-2", "0012345", "b71ed0c2a94f"})
ROW: tuple[Cell, ...] = ("sub-1", "10", "add")


@dataclass(frozen=True)
class Case:
    """A sheet with its header in row 1, and where the finding must be: a cell's address, or None for the sheet."""

    code: str
    cell: str | None
    rows: Sequence[Sequence[Cell]]
    expected: Expected = field(default_factory=Expected)
    header: Sequence[Cell] = ("Token", "Amount", "Direction")
    is_text_file: bool = False


def _row(code: str, cell: str, *cells: Cell) -> Case:
    return Case(code, cell, [cells])


CASES = [
    Case("sheet-empty", None, [], header=[None, " ", "\u00a0"]),
    Case("header-missing", None, [["sub-1", Decimal(10)]], header=["Client", "Note"]),
    Case("column-missing", "A1", [["sub-1", "10"]], header=["Token", "Amount"]),
    Case("column-unknown", "B1", [ROW], header=["Token", "Montnat", "Sens"]),
    Case("column-twice", "D1", [(*ROW, "12")], header=["Token", "Amount", "Direction", "Montant"]),
    Case("rows-missing", "A2", []),
    Case("expected-rows", None, [ROW], Expected(rows=2)),
    Case("expected-added", None, [ROW], Expected(added=Decimal(11))),
    Case("expected-removed", None, [ROW], Expected(removed=Decimal("0.01"))),
    _row("token-missing", "A2", None, "10", "add"),
    _row("token-missing", "A2", "\u200b", "10", "add"),
    _row("token-digits-lost", "A2", Decimal("1234567890123450"), "10", "add"),
    _row("token-digits-lost", "A2", Decimal("1.2345678901234568E+19"), "10", "add"),
    _row("token-scientific", "A2", "1,23457E+15", "10", "add"),
    _row("token-zeros-lost", "A2", Decimal(12345), "10", "add"),
    _row("token-zeros-lost", "A2", "12345", "10", "add"),
    _row("token-not-text", "A2", Decimal("12.5"), "10", "add"),
    _row("token-not-text", "A2", True, "10", "add"),
    _row("token-not-text", "A2", datetime(2026, 5, 12), "10", "add"),  # noqa: DTZ001 (a cell has no zone)
    _row("token-not-text", "A2", "#N/A", "10", "add"),
    _row("token-too-long", "A2", "x" * 256, "10", "add"),
    _row("token-invisible", "A2", "sub-1\u200b", "10", "add"),
    _row("token-invisible", "A2", " sub-1", "10", "add"),
    _row("token-unknown", "A2", "sub-9", "10", "add"),
    _row("amount-missing", "B2", "sub-1", None, "add"),
    _row("amount-missing", "B2", "sub-1", " \u00a0", "add"),
    _row("amount-not-a-number", "B2", "sub-1", "dix", "add"),
    _row("amount-not-a-number", "B2", "sub-1", "#REF!", "add"),
    _row("amount-not-a-number", "B2", "sub-1", datetime(2026, 5, 12), "add"),  # noqa: DTZ001 (a cell has no zone)
    _row("amount-zero", "B2", "sub-1", Decimal(0), "add"),
    _row("amount-negative", "B2", "sub-1", Decimal("-12.5"), "remove"),
    _row("amount-decimals", "B2", "sub-1", "12,3456", "add"),
    _row("amount-ambiguous", "B2", "sub-1", "1,234", "add"),
    _row("amount-too-large", "B2", "sub-1", "1234567890123", "add"),
    _row("direction-missing", "C2", "sub-1", "10", None),
    _row("direction-unknown", "C2", "sub-1", "10", "virement"),
    _row("direction-unknown", "C2", "sub-1", "10", Decimal(1)),
    _row("sign-contradicts", "B2", "sub-1", "-10", "add"),
    _row("sign-contradicts", "B2", "sub-1", "+10", "remove"),
    Case("row-too-long", "D2", [("sub-1", "add", "12", "50")], Expected(), ["Token", "Direction", "Amount"], True),
    Case("row-duplicate", "A3", [ROW, ("sub-1", "10,00", "Crédit")]),
]
