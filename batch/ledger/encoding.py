"""Cells and findings as JSON, so that a report can be written again years later from the ledger alone."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from batch.findings import Finding
from batch.model import Cell


def cell_to_json(cell: Cell) -> Any:
    """Text, truth values and blanks as they are; a number as {"n": "12.5"}; a date as {"d": "2026-01-31T00:00:00"}."""
    if isinstance(cell, Decimal):
        return {"n": str(cell)}
    if isinstance(cell, datetime):
        return {"d": cell.isoformat()}
    return cell


def cell_from_json(value: Any) -> Cell:
    """The cell that `cell_to_json` was given."""
    if isinstance(value, dict):
        return Decimal(value["n"]) if "n" in value else datetime.fromisoformat(value["d"])
    return value if isinstance(value, str | bool) else None


def finding_to_json(finding: Finding) -> dict[str, Any]:
    """A finding without its words, which belong to the reader's language."""
    return {"code": finding.code, "row": finding.row, "cell": finding.cell, "params": dict(finding.params)}


def finding_from_json(value: dict[str, Any]) -> Finding:
    """The finding that `finding_to_json` was given."""
    return Finding(value["code"], value["row"], value["cell"], value["params"])
