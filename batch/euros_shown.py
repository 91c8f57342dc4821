"""Show euros"""

from __future__ import annotations

from decimal import Decimal

from batch.language import money
from batch.money import decimals


def euros(amount: Decimal, *, signed: bool = False) -> str:
    """An amount for a person: "€1,234.50" or "1 234,50 €", with a third decimal only where one is used."""
    return money(amount, 3 if decimals(amount) > 2 else 2, signed=signed)
