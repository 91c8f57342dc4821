"""For every finding the smallest sheet that has it, so that no rule can be documented and never be said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from batch.frames import CheckedSheet
from batch.model import Cell, CellFormatting, ColumnRole
from batch.validation.check_sheet import Conventions, Expected, check_sheet
from tests.builders import grid

KNOWN = frozenset({"sub-1", "sub-2", "0012345", "54321", "b71ed0c2a94f"})
ROW: tuple[Cell, ...] = ("sub-1", "10", "add")
PAIR: Sequence[Cell] = ("Token", "Crédit", "Débit")
BOTH: Sequence[Cell] = ("Token", "Montant", "Sens", "Crédit", "Débit")
HIDDEN = CellFormatting(hidden_rows=frozenset({2, 9}))


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
    _row("token-missing", "A2", None, "10", "add"),
    _row("token-missing", "A2", "\u200b", "10", "add"),
    _row("token-digits-lost", "A2", Decimal("1234567890123450"), "10", "add"),
    _row("token-digits-lost", "A2", Decimal("1.2345678901234568E+19"), "10", "add"),
    _row("token-scientific", "A2", "1,23457E+15", "10", "add"),
    _row("token-scientific", "A2", "1.2345678E7", "10", "add"),
    _row("token-digits-lost", "A2", "1234567890123456.0", "10", "add"),
    _row("token-zeros-lost", "A2", Decimal(12345), "10", "add"),
    _row("token-zeros-lost", "A2", "12345", "10", "add"),
    _row("token-not-text", "A2", Decimal("12.5"), "10", "add"),
    _row("token-boolean", "A2", True, "10", "add"),
    _row("token-date", "A2", datetime(2026, 5, 12), "10", "add"),  # noqa: DTZ001 (a cell has no zone)
    _row("token-error", "A2", "#N/A", "10", "add"),
    _row("token-formula", "A2", "=A9", "10", "add"),
    _row("token-too-long", "A2", "x" * 256, "10", "add"),
    _row("token-invisible", "A2", "sub-1\u200b", "10", "add"),
    _row("token-invisible", "A2", " sub-1", "10", "add"),
    _row("token-with-decimals", "A2", "54321.0", "10", "add"),
    _row("token-unknown", "A2", "sub-9", "10", "add"),
    _row("amount-missing", "B2", "sub-1", None, "add"),
    _row("amount-missing", "B2", "sub-1", " \u00a0", "add"),
    _row("amount-not-a-number", "B2", "sub-1", "dix", "add"),
    _row("amount-error", "B2", "sub-1", "#REF!", "add"),
    _row("amount-formula", "B2", "sub-1", "=A1*2", "add"),
    _row("amount-boolean", "B2", "sub-1", True, "add"),
    _row("amount-percentage", "B2", "sub-1", "5 %", "add"),
    _row("amount-date", "B2", "sub-1", datetime(2026, 5, 12), "add"),  # noqa: DTZ001 (a cell has no zone)
    _row("amount-zero", "B2", "sub-1", Decimal(0), "add"),
    _row("amount-negative", "B2", "sub-1", Decimal("-12.5"), "remove"),
    _row("amount-decimals", "B2", "sub-1", "12,3456", "add"),
    _row("amount-ambiguous", "B2", "sub-1", "1,234", "add"),
    _row("amount-ambiguous", "B2", "sub-1", "12 50", "add"),
    _row("amount-too-large", "B2", "sub-1", "1234567890123", "add"),
    _row("direction-missing", "C2", "sub-1", "10", None),
    _row("direction-unknown", "C2", "sub-1", "10", "virement"),
    _row("direction-unknown", "C2", "sub-1", "10", Decimal(1)),
    _row("direction-date", "C2", "sub-1", "10", datetime(2026, 5, 12)),  # noqa: DTZ001 (a cell has no zone)
    _row("direction-boolean", "C2", "sub-1", "10", True),
    _row("direction-error", "C2", "sub-1", "10", "#N/A"),
    _row("direction-formula", "C2", "sub-1", "10", "=C1"),
    _row("sign-contradicts", "B2", "sub-1", "-10", "add"),
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
    Case("rows-hidden-included", None, [ROW], appearance=HIDDEN, conventions=Conventions(include_hidden=True)),
    Case("column-hidden", None, [ROW], appearance=CellFormatting(hidden_columns=frozenset({1}))),
    Case(
        "column-hidden-included",
        None,
        [ROW],
        appearance=CellFormatting(hidden_columns=frozenset({1})),
        conventions=Conventions(include_hidden=True),
    ),
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
