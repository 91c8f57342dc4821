"""Values on their way into a sheet: a text stays a text, a number keeps every digit, a time keeps its zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from openpyxl.cell import Cell
from openpyxl.worksheet.dimensions import RowDimension
from openpyxl.worksheet.worksheet import Worksheet

from batch import model
from batch.delimited import is_formula_like
from batch.language import language, money
from batch.money import EXACT, as_excel_compares, decimals
from batch.report import styles
from batch.report.styles import Look, quoted, styled_cell
from batch.report.texts import writable

EXCEL_DIGITS = 15
"""Excel keeps 15 significant digits of a number."""
GENERAL_DIGITS = 11
"""Excel's general format shows a whole number with more digits in scientific notation."""
MAX_PLACES = EXCEL_DIGITS
"""Decimals that a number's format shows."""
MAX_MAGNITUDE = 300
"""Powers of ten that a number of Excel's surely holds."""

_DAY = timedelta(days=1)
_DAY_ZERO = datetime(1899, 12, 30, tzinfo=UTC)
_FIRST_SURE_YEAR = 1901  # Excel takes 1900 for a leap year, so days before its March are off by one.
_SURELY_EXACT = 10**12  # with three decimals, 15 digits


class Pen:
    """Write the rows of one sheet. A cell lasts until its row is written: then its column uses it again.

    Write-only sheets write a row out at once, and a new styled cell for each value would take longer than writing it.
    """

    def __init__(self, sheet: Worksheet) -> None:
        self.row = 0
        """The last row that was written."""
        self._sheet = sheet
        self._height = RowDimension(sheet)
        self._cells: dict[tuple[int, Look], Cell] = {}
        self._language = language()

    def append(self, cells: list[Cell | None], height: float | None = None) -> None:
        """Write the next row, as high as usual or so many points."""
        self.row += 1
        if height is not None:
            self._height.height = height
            self._sheet.row_dimensions[self.row] = self._height
        self._sheet.append(cells)
        # It is written: kept until the end, the heights of a long sheet would take more memory than its rows.
        self._sheet.row_dimensions.pop(self.row, None)

    def text(self, column: int, text: str | None, look: Look = styles.PLAIN) -> Cell | None:
        """A cell that holds the text as a text, whatever it looks like."""
        if not text:
            return self._cell(column, look, None) if look.fill or look.ruled else None
        shown = writable(text)
        return self._cell(column, quoted(look) if is_formula_like(shown) else look, shown)

    def euros(self, column: int, amount: Decimal | None, least: int = 2, *, bold: bool = False) -> Cell | None:
        """Money with all its decimals, and at least so many."""
        if amount is None:
            return None
        places = decimals(amount)
        if not _is_exact(amount, places):
            return self.text(column, money(amount, max(least, places)))
        return self._cell(column, styles.euro_look(max(least, places), self._language, bold=bold), amount)

    def difference(self, column: int, amount: Decimal | None) -> Cell | None:
        """A difference of the books, marked unless it is nothing."""
        if amount is None:
            return None
        places = decimals(amount)
        if not _is_exact(amount, places):
            return self.text(column, money(amount, max(3, places), signed=True))
        look = styles.difference_look(max(3, places), self._language, is_zero=not amount)
        return self._cell(column, look, amount)

    def number(self, column: int, number: int | None, look: Look) -> Cell | None:
        """A whole number of ours."""
        return None if number is None else self._cell(column, look, number)

    def time(self, column: int, at: datetime | None, *, in_thousandths: bool = False) -> Cell | None:
        """A moment. Excel has no zones: the cell holds a real date and time in UTC, and its format says so.

        So it sorts and filters as a time, and yet nobody can take it for the time on their own wall.
        """
        if at is None:
            return None
        look = styles.moment_look(self._language, in_thousandths=in_thousandths)
        return self._cell(column, look, (at - _DAY_ZERO) / _DAY)

    def own(self, column: int, value: model.Cell, *, is_money: bool = False) -> Cell | None:
        """A cell of the accountant's, as what it is; `is_money` gives a number the euro's format."""
        if value is None or isinstance(value, str):
            return self.text(column, value)
        if isinstance(value, bool):
            return self._cell(column, styles.TRUTH, value)
        if isinstance(value, datetime):
            return self._own_time(column, value)
        return self._own_number(column, value, is_money=is_money)

    def _own_number(self, column: int, number: Decimal, *, is_money: bool) -> Cell | None:
        if not number.is_finite():
            return self.text(column, str(number))
        places = decimals(number)
        if not _is_exact(number, places):
            if not -MAX_MAGNITUDE < number.adjusted() < EXCEL_DIGITS:
                return self.text(column, str(number))
            # The digits after the fifteenth are what binary fractions add, and Excel does not count them either.
            number = as_excel_compares(number)
            places = decimals(number)
        if is_money and places <= MAX_PLACES:
            return self._cell(column, styles.euro_look(max(2, places), self._language), number)
        is_long = GENERAL_DIGITS <= number.adjusted() < EXCEL_DIGITS and not places
        return self._cell(column, styles.WHOLE_NUMBER if is_long else styles.NUMBER, number)

    def _own_time(self, column: int, at: datetime) -> Cell | None:
        if at.year < _FIRST_SURE_YEAR:
            return self.text(column, at.isoformat(" "))
        if at.tzinfo is not None:
            return self.time(column, at)
        has_time = at.hour or at.minute or at.second
        look = styles.own_moment_look(self._language) if has_time else styles.day_look(self._language)
        return self._cell(column, look, (at.replace(tzinfo=UTC) - _DAY_ZERO) / _DAY)

    def _cell(self, column: int, look: Look, value: model.Cell | float) -> Cell:
        cell = self._cells.get((column, look))
        if cell is None:
            cell = self._cells[column, look] = styled_cell(self._sheet, look)
        cell.value = value
        if isinstance(value, str):
            # openpyxl would take a text that begins with "=" for a formula.
            cell.data_type = "s"
        return cell


def _is_exact(number: Decimal, places: int) -> bool:
    """Whether Excel keeps every digit of the number, which has so many decimals."""
    if places <= 3 and abs(number) < _SURELY_EXACT:
        return True
    digits = number.normalize(EXACT).as_tuple().digits
    return len(digits) <= EXCEL_DIGITS and abs(number.adjusted()) <= MAX_MAGNITUDE
