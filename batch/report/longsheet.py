"""A sheet of many styled cells, written as fast as its text can be put together."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any

from openpyxl.cell import Cell
from openpyxl.compat import safe_string
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.xml.functions import fromstring

Row = Sequence[Cell | None]


class LongSheet(WriteOnlyWorksheet):
    """openpyxl's write-only sheet, which makes an element or three of every cell, only to write them out again.

    That takes four fifths of the time of a report. Here the markup of a row (ECMA-376, 18.3.1.73) is put together as
    text. Every value is a cell already, which holds a text, a number, a truth value or nothing.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.heights: dict[int, float] = {}
        """How high the rows to be written next are, in points, where it is not as usual."""

    def _write_rows(self) -> Generator[None, Row, None]:
        writer: Any = self._writer  # type: ignore[attr-defined]  # its stub lacks most of what it has
        stream = writer.xf.send(True)  # noqa: FBT003 (how openpyxl is asked for it)
        write = _way_into(stream)
        number = 1
        with stream.element("sheetData"):
            try:
                while True:
                    cells = yield
                    write(row_markup(number, cells, self.heights.pop(number, None)))
                    number += 1
            except GeneratorExit:
                pass
        writer.xf.send(None)


def row_markup(number: int, cells: Iterable[Cell | None], height: float | None) -> str:
    """A row, as high as it says or as usual."""
    markup = [f'<row r="{number}">' if height is None else f'<row r="{number}" ht="{height:g}" customHeight="1">']
    for column, cell in enumerate(cells, 1):
        if cell is not None:
            markup.append(_cell_markup(f"{get_column_letter(column)}{number}", cell))
    markup.append("</row>")
    return "".join(markup)


def _cell_markup(at: str, cell: Cell) -> str:
    value: Any = cell._value  # type: ignore[attr-defined]
    if value is None or value == "":
        return f'<c r="{at}" s="{cell.style_id}" />'
    if cell.data_type != "s":
        return f'<c r="{at}" s="{cell.style_id}" t="{cell.data_type}"><v>{safe_string(value)}</v></c>'
    space = "" if value == value.strip() else ' xml:space="preserve"'
    return f'<c r="{at}" s="{cell.style_id}" t="inlineStr"><is><t{space}>{_escaped(value)}</t></is></c>'


def _escaped(text: str) -> str:
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    return text.replace(">", "&gt;") if ">" in text else text


def _way_into(stream: Any) -> Callable[[str], object]:
    """How markup gets into openpyxl's stream: as it is, or as elements where lxml is there, which openpyxl prefers."""
    as_it_is: Callable[[str], object] | None = getattr(stream, "_file", None)
    return as_it_is or (lambda markup: stream.write(fromstring(markup)))
