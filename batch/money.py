"""Euros: `Decimal` in memory, whole thousandths in the database, plain strings on the wire. The one module that rounds.

The provider keeps three decimals (`/me` answers "10225.119"), so a thousandth of a euro is the smallest unit.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

CURRENCY = "EUR"
ZERO = Decimal(0)
CENT = Decimal("0.01")
THOUSANDTH = Decimal("0.001")
MAX_DIGITS = 12  # before the decimal separator; thousandths of it still fit a 64-bit integer

# Excel compares and shows 15 significant digits, so 0.30000000000000004 in a cell is what its reader calls 0.3.
EXCEL_PRECISION = Context(prec=15, rounding=ROUND_HALF_UP)
EXACT = Context(prec=60)


def round_like_excel(number: Decimal) -> Decimal:
    """Round to 15 significant digits: the number that Excel takes a stored binary fraction for."""
    return EXCEL_PRECISION.plus(number)


def drop_binary_digits(number: Decimal) -> Decimal:
    """Drop the digits after the fifteenth, which binary fractions add, unless the number is whole."""
    is_whole = number == number.to_integral_value(context=EXACT)
    return number if is_whole else round_like_excel(number).normalize(EXACT)


def count_decimals(amount: Decimal) -> int:
    """Count the digits that the amount needs after the decimal separator (0 for 1E+3)."""
    exponent = amount.normalize(EXACT).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def to_thousandths(amount: Decimal) -> int:
    """Convert the amount to whole thousandths of a euro; `ValueError` if it has more than three decimals."""
    numerator, denominator = amount.as_integer_ratio()
    if 1000 % denominator:
        raise ValueError("an amount has more than three decimals")
    return numerator * (1000 // denominator)


def from_thousandths(thousandths: int) -> Decimal:
    return Decimal(thousandths).scaleb(-3, EXACT)


def encode_thousandths(amount: Decimal) -> str:
    """Write an amount within what a digest is made over. Digests are kept and compared, so it must stay as it is."""
    return str(to_thousandths(amount))


def round_balance(balance: Decimal) -> Decimal:
    """Round a balance of an answer to the provider's three decimals."""
    return balance.quantize(THOUSANDTH, rounding=ROUND_HALF_UP, context=EXACT)


def encode_amount(amount: Decimal) -> str:
    """Write an amount for the wire and for JSON: "12.50", or "12.505" where the third decimal is used."""
    return f"{amount:.3f}".removesuffix("0")


def encode_balance(balance: Decimal) -> str:
    """Write a balance for JSON: always three decimals, as the provider's own lists give it."""
    return f"{balance:.3f}"
