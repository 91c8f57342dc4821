"""The styles of an OpenDocument workbook (ODF 1.3, part 3, chapter 16): which strike through, and which hide."""

from __future__ import annotations

import re

from batch.sheet.xml_reader import Attributes, XmlReader

TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
_STYLE = "urn:oasis:names:tc:opendocument:xmlns:style:1.0 "
_LENGTH = re.compile(r"(\d{1,6}(?:\.\d{1,9})?)(cm|mm|in|pt|pc|px)")
_POINTS = {"cm": 72 / 2.54, "mm": 72 / 25.4, "in": 72, "pt": 1, "pc": 12, "px": 0.75}
LEAST_HEIGHT = 2
"""Points that a row needs for anything in it to be seen."""
LEAST_WIDTH = 5
"""Points that a column needs for a character in it to be seen."""
_Key = tuple[str, str]


class DocumentStyles(XmlReader):
    """What is to be known of the styles, each named by its family and its name: names are unique in a family only."""

    def __init__(self) -> None:
        super().__init__()
        self._style: _Key = ("", "")
        self._parents: dict[_Key, str] = {}
        self._strikes: dict[_Key, bool] = {}
        self._flat: set[_Key] = set()
        self._hidden: set[_Key] = set()
        self.ends = {}
        self.starts = {
            _STYLE + "style": self._start,
            _STYLE + "default-style": self._start,
            _STYLE + "text-properties": self._text,
            _STYLE + "table-properties": self._table,
            _STYLE + "table-row-properties": self._row,
            _STYLE + "table-column-properties": self._column,
        }

    def strikes(self, family: str, name: str | None) -> bool:
        """Whether text of that style is struck through. A style is its parent's where it says nothing itself."""
        passed: dict[_Key, None] = {}
        while name:
            key = (family, name)
            if key in self._strikes or key in passed:
                break
            passed[key] = None
            name = self._parents.get(key)
        found = bool(name) and self._strikes.get((family, name or ""), False)
        # Said once for all, because it is asked for every cell.
        self._strikes.update(dict.fromkeys(passed, found))
        return found

    def is_flat(self, family: str, name: str | None) -> bool:
        """Whether a row or a column of that style is too small for anything to be seen."""
        return (family, name or "") in self._flat

    def is_hidden(self, name: str | None) -> bool:
        """Whether a sheet of that style is not shown."""
        return ("table", name or "") in self._hidden

    def _start(self, attributes: Attributes) -> None:
        self._style = (attributes.get(_STYLE + "family", ""), attributes.get(_STYLE + "name", ""))
        parent = attributes.get(_STYLE + "parent-style-name")
        if parent:
            self._parents[self._style] = parent

    def _text(self, attributes: Attributes) -> None:
        lines = {attributes.get(f"{_STYLE}text-line-through-{what}") for what in ("style", "type")} - {None}
        if lines:
            self._strikes[self._style] = lines != {"none"}

    def _table(self, attributes: Attributes) -> None:
        if attributes.get(TABLE + "display") == "false":
            self._hidden.add(self._style)

    def _row(self, attributes: Attributes) -> None:
        if _points(attributes.get(_STYLE + "row-height", "")) < LEAST_HEIGHT:
            self._flat.add(self._style)

    def _column(self, attributes: Attributes) -> None:
        if _points(attributes.get(_STYLE + "column-width", "")) < LEAST_WIDTH:
            self._flat.add(self._style)


def _points(length: str) -> float:
    """A length in points; large enough where it is not given."""
    match = _LENGTH.fullmatch(length)
    return float(match[1]) * _POINTS[match[2]] if match else LEAST_WIDTH
