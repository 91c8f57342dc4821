"""OpenDocument workbooks (ODF 1.3, part 3): cells as what they are, and the styles that strike through or hide."""

from __future__ import annotations

import io
import re
from datetime import datetime
from decimal import Decimal, InvalidOperation
from xml.etree.ElementTree import Element
from zipfile import ZipFile

from batch.sheet.number_format import is_faithful_text, normalize_digits
from batch.sheet.sheet_selection import Sheet, SheetContent, check_extent
from batch.sheet.source_file import Limits, Original
from batch.sheet.xml_package import Attributes, XmlReader
from batch.validation.cells import find_error_kind

TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
_STYLE = "urn:oasis:names:tc:opendocument:xmlns:style:1.0 "
_LENGTH = re.compile(r"(\d{1,6}(?:\.\d{1,9})?)(cm|mm|in|pt|pc|px)")
_POINTS = {"cm": 72 / 2.54, "mm": 72 / 25.4, "in": 72, "pt": 1, "pc": 12, "px": 0.75}
LEAST_HEIGHT, LEAST_WIDTH = 2, 5
"""Points that a row needs for anything in it to be seen, and a column for a character."""
_Key = tuple[str, str]


class DocumentStyles(XmlReader):
    """The styles that strike through or hide, by family and name: names are unique in a family only."""

    def __init__(self) -> None:
        super().__init__()
        self._parents: dict[_Key, str] = {}
        self._strikes: dict[_Key, bool] = {}
        self._hidden: set[_Key] = set()
        self.starts, self.ends = {}, {}
        self.trees = dict.fromkeys((_STYLE + "style", _STYLE + "default-style"), self._take_style)

    def is_struck(self, family: str, name: str | None) -> bool:
        """Tell whether text of that style is struck through. A style is its parent's where it says nothing itself."""
        if not name:
            return False
        key, passed = (family, name), set()
        while key not in self._strikes and key in self._parents and key not in passed:
            passed.add(key)
            key = (family, self._parents[key])
        found = self._strikes.get(key, False)
        # Said once for all, because it is asked for every cell.
        self._strikes.update(dict.fromkeys(passed, found))
        return found

    def is_hidden(self, family: str, name: str | None) -> bool:
        """Tell whether a sheet of that style is hidden, or a row or a column too small for anything to be seen."""
        return (family, name or "") in self._hidden

    def _take_style(self, entry: Element) -> None:
        key = entry.get(_STYLE + "family", ""), entry.get(_STYLE + "name", "")
        parent = entry.get(_STYLE + "parent-style-name")
        if parent:
            self._parents[key] = parent
        for properties in entry:
            lines = {properties.get(f"{_STYLE}text-line-through-{what}") for what in ("style", "type")} - {None}
            if lines:
                self._strikes[key] = lines != {"none"}
            height, width = properties.get(_STYLE + "row-height", ""), properties.get(_STYLE + "column-width", "")
            is_flat = _convert_length(height) < LEAST_HEIGHT or _convert_length(width) < LEAST_WIDTH
            if is_flat or properties.get(TABLE + "display") == "false":
                self._hidden.add(key)


def _convert_length(length: str) -> float:
    match = _LENGTH.fullmatch(length)
    return float(match[1]) * _POINTS[match[2]] if match else LEAST_WIDTH


_CONTENT, _NAMED_STYLES = "content.xml", "styles.xml"
_LARGEST_STYLES = 12_000_000
_MOST_SPACES = 1_000
_SPACES = re.compile(r"[ \t\r\n]+")
_DURATION = re.compile(r"(-?)PT(\d{1,9})H(\d{1,2})M(\d{1,2})(?:[.,]\d*)?S")
_TRUTHS = {"TRUE": True, "VRAI": True, "1": True, "FALSE": False, "FAUX": False, "0": False}
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0 "
_TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0 "
_DRAWING = "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0 "
_CALC = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 "
_GROUPS = (TABLE + "table-row-group", TABLE + "table-column-group")
_CELLS = (TABLE + "table-cell", TABLE + "covered-table-cell")
_SHAPES = (
    *("a", "caption", "circle", "connector", "control", "custom-shape", "ellipse", "frame", "g", "line", "measure"),
    *("page-thumbnail", "path", "polygon", "polyline", "rect", "regular-polygon"),
)
_NOT_IN_CELLS = frozenset(
    (_OFFICE + "annotation", TABLE + "shapes", TABLE + "tracked-changes", _TEXT + "ruby-text")
).union(_DRAWING + shape for shape in _SHAPES)


def read_document(original: Original, limits: Limits) -> list[Sheet] | None:
    """Read the workbook, within the limits; None if the archive is of another format."""
    with ZipFile(io.BytesIO(original.data)) as archive:
        names = set(archive.namelist())
        if _CONTENT not in names:
            return None
        styles = DocumentStyles()
        if _NAMED_STYLES in names and archive.getinfo(_NAMED_STYLES).file_size <= _LARGEST_STYLES:
            with archive.open(_NAMED_STYLES) as stream:
                styles.parse(stream)
        reader = _Reader(original.name, limits, styles)
        with archive.open(_CONTENT) as stream:
            reader.parse(stream)
    return reader.sheets


class _Reader(XmlReader):
    passed_by = _NOT_IN_CELLS

    def __init__(self, name: str, limits: Limits, styles: DocumentStyles) -> None:
        super().__init__()
        self.sheets: list[Sheet] = []
        self._name, self._limits, self._styles = name, limits, styles
        self._row_index = self._columns = self._cells = self._blank_cells = 0
        self._column_styles: list[str] = []
        self._row: list[object] = []
        self._row_attributes: Attributes = {}
        self._shown: dict[int, str] = {}
        self._struck: set[int] = set()
        """What is seen of the row's cells holds for its copies as well."""
        self._cell: Attributes | None = None
        self._paragraphs: list[str] = []
        self._paragraph: list[str] | None = None
        self._is_struck = False
        self._hidden_groups: list[bool] = []
        self.hear_text = self._hear_paragraph
        self.starts = {
            TABLE + "table": self._start_table,
            **dict.fromkeys(_GROUPS, self._start_group),
            TABLE + "table-column": self._note_column,
            TABLE + "table-row": self._start_row,
            **dict.fromkeys(_CELLS, self._start_cell),
            _TEXT + "p": self._start_paragraph,
            _TEXT + "s": self._add_spaces,
            _TEXT + "tab": lambda _attributes: self._add_text("\t"),
            _TEXT + "line-break": lambda _attributes: self._add_text("\n"),
            _TEXT + "span": self._start_span,
        }
        self.trees = styles.trees
        self.ends = {
            **dict.fromkeys(_GROUPS, self._hidden_groups.pop),
            **dict.fromkeys(_CELLS, self._end_cell),
            TABLE + "table-row": self._end_row,
            _TEXT + "p": self._end_paragraph,
        }

    def _hear_paragraph(self, text: str) -> None:
        """Keep text: any number of spaces is one, and none stands at the start."""
        if self._paragraph is not None:
            text = _SPACES.sub(" ", text)
            self._paragraph.append(text if self._paragraph else text.lstrip(" "))

    def _start_table(self, attributes: Attributes) -> None:
        name = attributes.get(TABLE + "name", "")
        is_visible = not self._styles.is_hidden("table", attributes.get(TABLE + "style-name"))
        content = SheetContent()
        self.sheets.append(Sheet(name, is_visible, lambda: content))
        self._row_index = self._columns = self._cells = 0
        self._column_styles = []

    def _start_group(self, attributes: Attributes) -> None:
        self._hidden_groups.append(attributes.get(TABLE + "display") == "false")

    def _is_concealed(self, family: str, attributes: Attributes) -> bool:
        is_hidden = attributes.get(TABLE + "visibility") in {"collapse", "filter"} or any(self._hidden_groups)
        return is_hidden or self._styles.is_hidden(family, attributes.get(TABLE + "style-name"))

    def _note_column(self, attributes: Attributes) -> None:
        styles, count = self._column_styles, _count_repeats(attributes, "columns")
        first = len(styles)
        count = min(count, self._limits.columns - first)
        styles += [attributes.get(TABLE + "default-cell-style-name", "")] * count
        if self._is_concealed("table-column", attributes):
            self._sheet.hidden_columns.update(range(first, first + count))

    @property
    def _sheet(self) -> SheetContent:
        return self.sheets[-1].content

    def _start_row(self, attributes: Attributes) -> None:
        self._row, self._blank_cells, self._row_attributes = [], 0, attributes
        self._shown, self._struck = {}, set()

    def _end_row(self) -> None:
        sheet, count = self._sheet, _count_repeats(self._row_attributes, "rows")
        first, last = self._row_index, self._row_index + count
        self._row_index = last
        if not self._row:
            return
        self._columns = max(self._columns, len(self._row))
        self._cells += len(self._row) * count
        check_extent(self._name, last, self._columns, self._cells, self._limits)
        sheet.rows |= dict.fromkeys(range(first, last), self._row)
        if self._is_concealed("table-row", self._row_attributes):
            sheet.hidden_rows.update(range(first, last))
        for row in range(first, last):
            sheet.shown |= {(row, column): text for column, text in self._shown.items()}
            sheet.struck |= {(row, column) for column in self._struck}

    def _start_cell(self, attributes: Attributes) -> None:
        self._cell, self._paragraphs, self._is_struck = attributes, [], False

    def _end_cell(self) -> None:
        """Add the cell to its row; blank ones only if something follows."""
        attributes, self._cell = self._cell or {}, None
        count = _count_repeats(attributes, "columns")
        text = "\n".join(self._paragraphs)
        value = _read_value(attributes, text, has_result=bool(self._paragraphs))
        self._merge(attributes)
        if value is None:
            self._blank_cells += count
            return
        first = len(self._row) + self._blank_cells
        check_extent(self._name, self._row_index + 1, first + count, 0, self._limits)
        self._row += [None] * self._blank_cells + [value] * count
        self._blank_cells = 0
        for column in range(first, first + count):
            self._see(column, attributes, value, text)

    def _see(self, column: int, attributes: Attributes, value: object, text: str) -> None:
        """Note what a person sees of a cell. Its style may be that of its row or its column."""
        if isinstance(value, Decimal) and self._paragraphs and not is_faithful_text(text, value):
            self._shown[column] = normalize_digits(text, value)
        style = attributes.get(TABLE + "style-name") or self._row_attributes.get(TABLE + "default-cell-style-name")
        if not style and column < len(self._column_styles):
            style = self._column_styles[column]
        if self._is_struck or self._styles.is_struck("table-cell", style):
            self._struck.add(column)

    def _merge(self, attributes: Attributes) -> None:
        wide, high = _read_number(attributes, "number-columns-spanned"), _read_number(attributes, "number-rows-spanned")
        if wide > 1 or high > 1:
            row, column = self._row_index + 1, len(self._row) + self._blank_cells
            wide, high = min(wide, self._limits.columns), min(high, self._limits.rows)
            self._sheet.merged.append((row, column, row + high - 1, column + wide - 1))

    def _start_paragraph(self, _attributes: Attributes) -> None:
        if self._cell is not None:
            self._paragraph = []

    def _end_paragraph(self) -> None:
        if self._paragraph is not None:
            self._paragraphs.append("".join(self._paragraph))
            self._paragraph = None

    def _add_spaces(self, attributes: Attributes) -> None:
        count = attributes.get(_TEXT + "c", "1")
        self._add_text(" " * min(int(count) if count.isdecimal() else 1, _MOST_SPACES))

    def _add_text(self, text: str) -> None:
        if self._paragraph is not None:
            self._paragraph.append(text)

    def _start_span(self, attributes: Attributes) -> None:
        if self._cell is not None and self._styles.is_struck("text", attributes.get(_TEXT + "style-name")):
            self._is_struck = True


def _count_repeats(attributes: Attributes, what: str) -> int:
    return max(1, _read_number(attributes, f"number-{what}-repeated"))


def _read_number(attributes: Attributes, name: str) -> int:
    text = attributes.get(TABLE + name)
    return int(text) if text and text.isdecimal() and len(text) < 10 else 1


def _read_value(attributes: Attributes, text: str, *, has_result: bool) -> object:
    """Read a cell as what it is; None for a blank. A formula whose result is an empty text has an empty paragraph."""
    kind = attributes.get(_OFFICE + "value-type")
    is_error = find_error_kind(text) == "error"
    if attributes.get(_CALC + "value-type") == "error" or (is_error and kind != "string"):
        return text if is_error else "#N/A"
    try:
        match kind:
            case "float" if text.isalpha() and text.upper() in _TRUTHS:
                return _TRUTHS[text.upper()]
            case "float" | "currency" | "percentage":
                number = Decimal(attributes.get(_OFFICE + "value", ""))
                return number if number.is_finite() else str(number)
            case "date":
                return datetime.fromisoformat(attributes.get(_OFFICE + "date-value", "")).replace(tzinfo=None)
            case "time":
                return _format_duration(attributes.get(_OFFICE + "time-value", ""))
            case "boolean":
                stored = attributes.get(_OFFICE + "boolean-value") or text
                return _TRUTHS.get(stored.strip().upper(), text or None)
    except (InvalidOperation, ValueError):
        return text or None
    formula = attributes.get(TABLE + "formula", "").partition("=")[2]
    if kind is None and formula and not has_result:
        return f"={formula}"
    return text or attributes.get(_OFFICE + "string-value") or None


def _format_duration(iso: str) -> str:
    match = _DURATION.fullmatch(iso)
    if match is None:
        raise ValueError("this is no duration in hours")
    sign, *numbers = match.groups()
    return sign + ":".join(f"{int(number):02}" for number in numbers)
