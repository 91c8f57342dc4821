"""For every finding the smallest sheet that has it, so that no rule can be documented and never be said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from batch.frames import CheckedSheet
from batch.model import Cell, CellFormatting, ColumnRole
from batch.validation.check_sheet import Conventions, Expected, check_sheet
from tests.builders import grid

KNOWN = frozenset({"sub-1", "sub-2", "0012345", "54321", "b71ed0c2a94f"})
ROW: tuple[Cell, ...] = ("sub-1", "10", "add")
PAIR: Sequence[Cell] = ("Token", "Crédit", "Débit")
BOTH: Sequence[Cell] = ("Token", "Montant", "Sens", "Crédit", "Débit")
HIDDEN = CellFormatting(hidden_rows=frozenset({2, 9}))
COLUMN_HIDDEN = CellFormatting(hidden_columns=frozenset({1}))
MEANT = Conventions(include_hidden=True)


@dataclass(frozen=True)
class Case:
    """A sheet with its header in row 1, and where the finding must be: a cell's address, or None for the sheet."""

    code: str
    cell: str | None
    rows: Sequence[Sequence[Cell]]
    expected: Expected = field(default_factory=Expected)
    header: Sequence[Cell] = ("Token", "Amount", "Direction")
    is_text_file: bool = False
    conventions: Conventions = field(default_factory=Conventions)
    appearance: CellFormatting = field(default_factory=CellFormatting)
    others: frozenset[str] | set[str] = frozenset()
    """Errors that are said besides."""

    def checked(self) -> CheckedSheet:
        """What the checks say of the sheet."""
        sheet = grid(*self.rows, header=self.header)
        source = replace(sheet.source, sheet=None) if self.is_text_file else sheet.source
        sheet = replace(sheet, source=source, appearance=self.appearance)
        return check_sheet(sheet, KNOWN, self.expected, self.conventions)


def _row(code: str, cell: str, *cells: Cell) -> Case:
    return Case(code, cell, [cells])


def _shown(code: str, cell: str, text: str, *cells: Cell, others: frozenset[str] | set[str] = frozenset()) -> Case:
    """A row whose cell is shown as another text."""
    place = 2, ord(cell[0]) - ord("A")
    return Case(code, cell, [cells], appearance=CellFormatting(shown={place: text}), others=others)


_MAY = datetime(2026, 5, 12)  # noqa: DTZ001 (a cell has no zone)
_TOKENS: Sequence[tuple[Any, ...]] = [
    ("token-missing", None, "\u200b"), ("token-scientific", "1,23457E+15", "1.2345678E7"),
    ("token-digits-lost", Decimal("1234567890123450"), Decimal("1.2345678901234568E+19"), "1234567890123456.0"),
    ("token-zeros-lost", Decimal(12345), "12345"), ("token-not-text", Decimal("12.5")), ("token-boolean", True),
    ("token-date", _MAY), ("token-error", "#N/A"), ("token-formula", "=A9"), ("token-too-long", "x" * 256),
    ("token-invisible", "sub-1\u200b", " sub-1"), ("token-with-decimals", "54321.0"), ("token-unknown", "sub-9"),
]  # fmt: skip
_AMOUNTS: Sequence[tuple[Any, ...]] = [
    ("amount-missing", None, " \u00a0"), ("amount-not-a-number", "dix"), ("amount-error", "#REF!"),
    ("amount-formula", "=A1*2"), ("amount-boolean", True), ("amount-percentage", "5 %"), ("amount-date", _MAY),
    ("amount-zero", Decimal(0)), ("amount-decimals", "12,3456"), ("amount-ambiguous", "1,234", "12 50"),
    ("amount-too-large", "1234567890123"), ("sign-contradicts", "-10"),
]  # fmt: skip
_DIRECTIONS: Sequence[tuple[Any, ...]] = [
    ("direction-missing", None), ("direction-unknown", "virement", Decimal(1)), ("direction-date", _MAY),
    ("direction-boolean", True), ("direction-error", "#N/A"), ("direction-formula", "=C1"),
]  # fmt: skip

CASES = [
    Case("sheet-empty", None, [], header=[None, " ", "\u00a0"]),
    Case("header-missing", None, [["sub-1", Decimal(10)]], header=["Client", "Note"]),
    Case("tables-besides", None, [(*ROW, None, "sub-2", Decimal(7), "add")]),
    Case(
        "columns-by-letter",
        None,
        [],
        header=ROW,
        conventions=Conventions(columns={ColumnRole.TOKEN: "A", ColumnRole.AMOUNT: "B", ColumnRole.DIRECTION: "C"}),
    ),
    Case("column-missing", "A1", [["sub-1", "10"]], header=["Token", "Amount"]),
    Case("column-unknown", "B1", [ROW], header=["Token", "Montnat", "Sens"], others={"column-missing"}),
    Case("column-twice", "D1", [(*ROW, "12")], header=["Token", "Amount", "Direction", "Montant"]),
    Case("rows-missing", "A2", []),
    Case("expected-rows", None, [ROW], Expected(rows=2)),
    Case("expected-added", None, [ROW], Expected(added=Decimal(11))),
    Case("expected-removed", None, [ROW], Expected(removed=Decimal("0.01"))),
    *(_row(code, "A2", cell, "10", "add") for code, *cells in _TOKENS for cell in cells),
    *(_row(code, "B2", "sub-1", cell, "add") for code, *cells in _AMOUNTS for cell in cells),
    _row("amount-negative", "B2", "sub-1", Decimal("-12.5"), "remove"),
    *(_row(code, "C2", "sub-1", "10", cell) for code, *cells in _DIRECTIONS for cell in cells),
    _row("sign-contradicts", "B2", "sub-1", "+10", "remove"),
    Case("row-too-long", "D2", [("sub-1", "add", "12", "50")], Expected(), ["Token", "Direction", "Amount"], True),
    # Ways of writing a movement.
    Case("column-not-found", None, [ROW], conventions=Conventions(columns={ColumnRole.AMOUNT: "Avance du mois"})),
    Case(
        "columns-remembered",
        "B1",
        [ROW],
        header=["Token", "Avance du mois", "Sens"],
        conventions=Conventions(remembered={ColumnRole.AMOUNT: "avance du mois"}),
    ),
    Case("conventions-mixed", "E3", [(*ROW, None, None), ("sub-2", None, None, None, "5")], header=BOTH),
    Case(
        "conventions-mixed", "B3", [ROW, ("sub-2", Decimal(-5), None)], others={"direction-missing", "amount-negative"}
    ),
    Case("conventions-mixed", "B3", [ROW, ("sub-2", Decimal(-5), "")], conventions=Conventions(signed=True)),
    Case("signed-amounts", "B3", [("sub-1", "10"), ("sub-2", "-5")], header=["Token", "Montant"]),
    Case("pair-empty", "B2", [("sub-1", None, "0,00")], header=PAIR),
    Case("pair-both", "C2", [("sub-1", "10", "5")], header=PAIR),
    Case("pair-negative", "C2", [("sub-1", None, "-5")], header=PAIR),
    # What the eye sees.
    Case("rows-hidden", None, [ROW], appearance=HIDDEN),
    Case("rows-hidden-included", None, [ROW], appearance=HIDDEN, conventions=MEANT),
    Case("column-hidden", None, [ROW], appearance=COLUMN_HIDDEN),
    Case("column-hidden-included", None, [ROW], appearance=COLUMN_HIDDEN, conventions=MEANT),
    Case("format-not-evaluated", None, [ROW], appearance=CellFormatting(untold=((1, 1, 9, 1),))),
    Case("cell-covered", "B3", [ROW, ("sub-2", "5", "add")], appearance=CellFormatting(merged=((2, 1, 3, 1),))),
    Case("cell-struck", "A2", [ROW], appearance=CellFormatting(struck=frozenset({(2, 0)}))),
    _shown("cell-not-shown", "B2", "", "sub-1", Decimal(10), "add"),
    _shown("amount-shown-rounded", "B2", "12.35", "sub-1", Decimal("12.345"), "add"),
    _shown("amount-percentage", "B2", "50%", "sub-1", Decimal("0.5"), "add"),
    _shown("amount-other-unit", "B2", "$ 10.00", "sub-1", Decimal(10), "add"),
    _shown("token-as-shown", "A2", "0012345", Decimal(12345), Decimal(10), "add"),
    _shown("token-shown-otherwise", "A2", "SUB-12", Decimal(12), Decimal(10), "add"),
    # Totals.
    Case("total-agrees", "B4", [ROW, ("sub-2", "5", "add"), ("Total", "15", None)]),
    Case("total-wrong", "B4", [ROW, ("sub-2", "5", "add"), ("Total", "16", None)]),
    Case("total-unreadable", "B4", [ROW, ("sub-2", "5", "add"), ("Total", "=SUM(B2:B3)", None)]),
    Case(
        "text-below",
        None,
        [(*ROW, None), ("Total", "10", None, None), (None, None, None, "Fait à Lyon")],
        header=["Token", "Amount", "Direction", "Note"],
    ),
    Case("text-below", None, [ROW, (), ("Fait à Lyon le 3 mai", None, None)]),
    Case("subtotal", "B3", [ROW, ("Sous-total", "11", None), ("sub-2", "5", "add")]),
    Case("subtotals-agree", None, [ROW, ("Sous-total", "10", None), ("sub-2", "5", "add")]),
    Case("count-agrees", None, [ROW, ("Nombre de lignes", Decimal(1), None)]),
    Case("count-wrong", None, [ROW, ("Nombre de lignes", Decimal(2), None)]),
    Case("headings", None, [("Agence de Lyon", None, None), ROW]),
    Case("currency-other", "D2", [(*ROW, "USD")], header=["Token", "Amount", "Direction", "Currency"]),
    Case("row-duplicate", "A3", [ROW, ("sub-1", "10,00", "Crédit")]),
]
