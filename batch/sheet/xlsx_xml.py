"""A worksheet's XML and that of its shared texts (ECMA-376, part 1, 18.3 and 18.4), read in one pass.

A cell whose value cannot be told is the error "#UNKNOWN!", and no rule takes that for anything else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache, partial
from itertools import islice, product
from string import ascii_uppercase, digits
from xml.etree.ElementTree import Element

from batch.sheet.cell_styles import CellStyle, is_strike_set
from batch.sheet.sheet_selection import SheetContent
from batch.sheet.xml_package import TRUE, Attributes, XmlReader
from batch.validation.cells import find_error_kind
from batch.validation.header import Merged

UNKNOWN = "#UNKNOWN!"
_LEAST_HEIGHT, _LEAST_WIDTH = 2, 1
"""Points that a row, and characters that a column, needs for anything in it to be seen."""
_MOST_COLUMNS = 16_384
_CONDITIONAL = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main conditionalFormatting"
"""What Excel knows since 2010, such as a rule that looks into another sheet, it writes as an extension."""
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_PLACE = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9][0-9]{0,6})")
EPOCH, _LAST_DAY, _LEAP_DAY = datetime(1899, 12, 30), 2_958_466, 60  # noqa: DTZ001 (a day in a sheet is nobody's zone)
_BETWEEN_EPOCHS = 1462
_DAY = 86_400_000


class SharedTexts(XmlReader):
    """The texts that cells name by their number, and which of them are struck through, if only in part."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.struck: set[int] = set()
        self._runs: list[str] = []
        self.starts = {"strike": self._start_strike}
        self.ends = {"t": self._end_run, "si": self._end_text}

    def _start_strike(self, attributes: Attributes) -> None:
        if is_strike_set(attributes):
            self.struck.add(len(self.texts))

    def _end_run(self) -> None:
        self._runs.append(self.take_text())

    def _end_text(self) -> None:
        self.texts.append(_unescape("".join(self._runs)))
        self._runs.clear()


class SheetXml(XmlReader):
    """A worksheet: its content, and what is needed to tell the rest of it."""

    def __init__(
        self,
        texts: SharedTexts,
        styles: Sequence[CellStyle | None],
        check: Callable[[int, int], None],
        *,
        counts_from_1904: bool = False,
    ) -> None:
        """Let `check` hear how many rows and columns there are when they become more."""
        super().__init__()
        self.content = SheetContent()
        self._height = self._width = 0
        self.has_results = False
        """Whether a formula has a result that only a program that calculates can write."""
        self.conditional: list[tuple[Sequence[Merged], Element]] = []
        """The rules of conditional formats, as the sheet writes them, and where each holds."""
        self.is_clear = True
        """Whether no cell is there twice, and no range is written in an unknown way."""
        self._texts, self._check, self._counts_from_1904 = texts, check, counts_from_1904
        self._style_of = lru_cache(maxsize=65_536)(partial(_find_style, styles)) if any(styles) else None
        self._letters = _name_columns()
        self._formulas: dict[tuple[int, int], str] = {}
        self._row, self._column = -1, -1
        self._row_text = ""
        self._cells: list[object] = []
        self._cell: Attributes = {}
        self._value: str | None = None
        self._formula: str | None = None
        self._runs: list[str] = []
        self._is_struck = False
        self.starts = {
            "c": self._start_cell,
            "row": self._start_row,
            "col": self._start_column,
            "strike": self._start_strike,
            "mergeCell": self._start_merged,
        }
        self.ends = {"c": self._end_cell, "v": self._end_value, "t": self._end_run, "f": self._end_formula}
        self.trees = dict.fromkeys(("conditionalFormatting", _CONDITIONAL), self._take_conditional)

    def put_formulas(self) -> None:
        """Take results of 0 and empty texts for none: programs write them that do not calculate."""
        for (row, column), text in self._formulas.items():
            self.content.put(row, column, text)
            self.content.shown.pop((row, column), None)
            self._grow(row, column)

    def _start_cell(self, attributes: Attributes) -> None:
        self._cell = attributes

    def _end_value(self) -> None:
        self._value = self.take_text()

    def _end_run(self) -> None:
        self._runs.append(self.take_text())

    def _end_formula(self) -> None:
        self._formula = self.take_text()

    def _start_row(self, attributes: Attributes) -> None:
        number = attributes.get("r")
        self._row = int(number) - 1 if number else self._row + 1
        self._row_text, self._column = str(self._row + 1), -1
        if self._row < 0:
            raise ValueError("rows are counted from 1")
        self._cells = self.content.rows.get(self._row, [])
        hidden, height = attributes.get("hidden"), attributes.get("ht")
        if (hidden and hidden.strip() in TRUE) or (height and float(height) < _LEAST_HEIGHT):
            self.content.hidden_rows.add(self._row)

    def _start_column(self, attributes: Attributes) -> None:
        if attributes.get("hidden", "").strip() in TRUE or float(attributes.get("width", "9")) < _LEAST_WIDTH:
            first, last = int(attributes.get("min", "1")), int(attributes.get("max", "0"))
            self.content.hidden_columns.update(range(max(0, first - 1), min(last, _MOST_COLUMNS)))

    def _start_strike(self, attributes: Attributes) -> None:
        self._is_struck = self._is_struck or is_strike_set(attributes)

    def _start_merged(self, attributes: Attributes) -> None:
        self.content.merged += self._read_ranges(attributes.get("ref", ""))

    def _take_conditional(self, entry: Element) -> None:
        ranges = self._read_ranges(entry.get("sqref") or entry.findtext("{*}sqref") or "")
        self.conditional += [(ranges, rule) for rule in entry.iterfind("{*}cfRule")]

    def _read_ranges(self, text: str) -> list[Merged]:
        ranges = list(map(read_range, text.split()))
        self.is_clear = self.is_clear and None not in ranges
        return [found for found in ranges if found]

    def _end_cell(self) -> None:
        """Keep a cell, with no detours for what most are: this runs for every one of them."""
        cell, text, column = self._cell, self._value, self._column + 1
        address = cell.get("r")
        if address is not None and address != self._letters[column] + self._row_text:
            column = self._find_column(address)
        self._column = column
        kind, runs = cell.get("t", "n"), self._runs
        value: object = None
        if self._formula is not None:
            value = self._read_result(kind, text, self._formula)
            self._formula = None
        elif kind == "n":
            value = _read_number(text) if text else None
        elif text or runs:
            value = self._read_value(kind, text)
        if value is not None:
            cells, style_of = self._cells, self._style_of
            style = style_of(cell.get("s")) if style_of else None
            if style is None and 0 < column == len(cells) < self._width and not self._is_struck:
                cells.append(value)
            else:
                self._put(value, style)
        self._value, self._is_struck = None, False
        if runs:
            runs.clear()

    def _find_column(self, address: str) -> int:
        letters = address.rstrip(digits)
        if address[len(letters) :] != self._row_text:
            raise ValueError("a cell is not in its row")
        column = parse_column(letters)
        if column >= _MOST_COLUMNS:
            raise ValueError("a column has no such name")
        return column

    def _read_result(self, kind: str, text: str | None, formula: str) -> object:
        """Read the result of a formula; one that was never calculated is the text that it is."""
        if not text and not any(self._runs) and (kind != "str" or text is None):
            return f"={formula}"
        value = self._read_value(kind, text)
        if value is None or (value == 0 and value is not False):
            self._formulas[self._row, self._column] = f"={formula}"
        self.has_results = self.has_results or value != 0
        return value

    def _read_value(self, kind: str, text: str | None) -> object:
        match kind:
            case "n":
                return _read_number(text) if text else None
            case "s":
                return self._read_shared(text)
            case "inlineStr":
                return _unescape("".join(self._runs)) or None
            case "str":
                return _unescape(text or "") or None
            case "b":
                return _read_truth(text)
            case "e":
                return text if find_error_kind(text) == "error" else UNKNOWN
            case "d":
                with suppress(ValueError):
                    return datetime.fromisoformat((text or "").strip()).replace(tzinfo=None)
        return UNKNOWN

    def _read_shared(self, text: str | None) -> object:
        if text is None or not text.strip():
            return None
        index = _read_number(text)
        number = int(index) if isinstance(index, float) and index.is_integer() else -1
        if not 0 <= number < len(self._texts.texts):
            return UNKNOWN
        self._is_struck = number in self._texts.struck
        return self._texts.texts[number] or None

    def _put(self, value: object, style: CellStyle | None) -> None:
        row, column, cells = self._row, self._column, self._cells
        if column >= self._width or row >= self._height:
            self._grow(row, column)
        if not cells:
            self.content.rows[row] = cells
        missing = column - len(cells)
        if missing < 0:
            self.is_clear = self.is_clear and cells[column] is None
            cells[column] = value
        else:
            cells.extend([None] * missing)
            cells.append(value)
        if style:
            self._see(style, row, column, value)
        if self._is_struck:
            self.content.struck.add((row, column))

    def _grow(self, row: int, column: int) -> None:
        self._width, self._height = max(self._width, column + 1), max(self._height, row + 1)
        self._check(self._height, self._width)

    def _see(self, style: CellStyle, row: int, column: int, value: object) -> None:
        if style.strikes:
            self.content.struck.add((row, column))
        if style.hides or (style.hides_text and isinstance(value, str)):
            self.content.shown[row, column] = ""
        elif isinstance(value, float) and style.time:
            day = _convert_day(value, is_duration=style.time == "duration", counts_from_1904=self._counts_from_1904)
            if day is None:
                self.content.shown[row, column] = "####"
            else:
                self._cells[column] = day
        elif isinstance(value, float) and style.shape and not style.shape.is_exact(value):
            text = style.shape.find_misleading_text(Decimal(repr(value)))
            if text is not None:
                self.content.shown[row, column] = text


def read_range(text: str) -> Merged | None:
    """Read "A1:B2" or "A1" as a first row from 1, a first column from 0, and the last ones."""
    first, _colon, last = text.partition(":")
    corners = [_PLACE.fullmatch(first), _PLACE.fullmatch(last or first)]
    if None in corners:
        return None
    (top, left), (bottom, right) = ((int(corner[2]), parse_column(corner[1])) for corner in corners if corner)
    return min(top, bottom), min(left, right), max(top, bottom), max(left, right)


@lru_cache(maxsize=_MOST_COLUMNS)
def parse_column(letters: str) -> int:
    number = 0
    if not (letters.isascii() and letters.isalpha()):
        raise ValueError("a column has no such name")
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


@lru_cache(maxsize=1)
def _name_columns() -> Sequence[str]:
    """Name all columns that there can be; behind the last stands an empty one."""
    names = ("".join(letters) for size in (1, 2, 3) for letters in product(ascii_uppercase, repeat=size))
    return [*islice(names, _MOST_COLUMNS), ""]


def _find_style(styles: Sequence[CellStyle | None], text: str | None) -> CellStyle | None:
    # A cell that names no style has the first.
    number = int(text or "0")
    return styles[number] if 0 <= number < len(styles) else None


def _read_number(text: str) -> object:
    try:
        # Python takes digits of other scripts and underscores between them.
        return float(text) if text.isascii() and "_" not in text else UNKNOWN
    except ValueError:
        return UNKNOWN if text.strip() else None


def _read_truth(text: str | None) -> object:
    plain = (text or "").strip()
    said = {"true": 1.0, "false": 0.0}.get(plain, _read_number(plain))
    return bool(said) if said in {0.0, 1.0} else UNKNOWN


def _convert_day(number: float, *, is_duration: bool, counts_from_1904: bool) -> object:
    """Convert a number to the day, the time or the duration that it is shown as; None where none is shown."""
    if is_duration and abs(number) < _LAST_DAY:
        return timedelta(milliseconds=round(number * _DAY))
    if not 0 <= number < _LAST_DAY - _BETWEEN_EPOCHS:
        return None
    if number < 1:
        return (EPOCH + timedelta(milliseconds=round(number * _DAY))).time()
    days = number + _BETWEEN_EPOCHS if counts_from_1904 else number + (number < _LEAP_DAY)
    return EPOCH + timedelta(milliseconds=round(days * _DAY))


def _unescape(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text
