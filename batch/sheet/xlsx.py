"""New Excel workbooks (.xlsx, .xlsm): the cells of a sheet and what a person sees of them, read in one pass.

What hides, strikes through or rounds a cell, its error or its formula without a result, none of the parsers for data
frames tells. Whatever reads that goes over every cell, so it reads their values as well: a second reader of them could
only disagree.
"""

from __future__ import annotations

from functools import cached_property

from batch.findings import Finding
from batch.model import Appearance, Cell
from batch.sheet.choice import Choice, Sheet
from batch.sheet.conditional import apply_formats
from batch.sheet.limits import Limits
from batch.sheet.styles import StyleSheet, read_styles
from batch.sheet.table import Table, as_cell, check_extent
from batch.sheet.xlsx_package import UNREADABLE, Package
from batch.sheet.xlsx_xml import SharedTexts, SheetXml
from batch.validation.header import SEARCHED_ROWS, Merged


class Workbook:
    """A workbook, of whose sheets each is read when it is asked for."""

    def __init__(self, name: str, package: Package, limits: Limits) -> None:
        self._name, self._package, self._limits = name, package, limits
        self._parts = {sheet.name: sheet.part for sheet in reversed(package.sheets)}
        self._read: dict[str, SheetXml] = {}

    def sheets(self) -> list[Sheet]:
        """Its worksheets in their order."""
        return [Sheet(sheet.name, sheet.is_visible, self) for sheet in self._package.sheets]

    def top(self, sheet: str) -> list[list[Cell]]:
        """The rows in which a header is looked for."""
        xml = self._sheet(sheet)
        return [list(map(as_cell, xml.rows.get(row, ()))) for row in range(min(xml.height, SEARCHED_ROWS))]

    def merged(self, sheet: str) -> list[Merged]:
        """The merged cells."""
        return self._sheet(sheet).merged

    def forget(self, sheet: str) -> None:
        """Let go of a sheet that is not meant, because all of it is held."""
        self._read.pop(sheet, None)

    def table(self, choice: Choice) -> Table:
        """The chosen sheet, within the limits, with what was seen of it."""
        xml = self._sheet(choice.sheet)
        height, findings = choice.cut(xml.height, min(xml.rows, default=0)), self._unseen(xml)
        check_extent(self._name, height, xml.width, height * xml.width, self._limits)
        rows = (xml.rows.get(row, []) for row in range(height))
        appearance = Appearance() if choice.is_only_top else _appearance(xml)
        return Table(choice.sheet, rows, max(1, xml.width), appearance, findings)

    def _sheet(self, name: str) -> SheetXml:
        if name not in self._read:
            self._read[name] = self._parse(self._parts[name])
        return self._read[name]

    def _parse(self, part: str) -> SheetXml:
        package = self._package
        sheet = SheetXml(self._texts, self._styles[0].cells, self._check, counts_from_1904=package.counts_from_1904)
        with package.open(part) as stream:
            sheet.parse(stream)
        if package.is_to_be_calculated or not (sheet.has_results or package.calculates):
            sheet.put_formulas()
        sheet.untold = apply_formats(sheet, self._styles[0].conditional)
        return sheet

    def _check(self, rows: int, columns: int) -> None:
        check_extent(self._name, rows, columns, 0, self._limits)

    @cached_property
    def _texts(self) -> SharedTexts:
        texts = SharedTexts()
        if self._package.texts:
            with self._package.open(self._package.texts) as stream:
                texts.parse(stream)
        return texts

    @cached_property
    def _styles(self) -> tuple[StyleSheet, bool]:
        """The styles, and whether they could be read."""
        try:
            return read_styles(self._package), True
        except UNREADABLE:
            return StyleSheet(), False

    def _unseen(self, xml: SheetXml) -> tuple[Finding, ...]:
        """What is said where not all could be looked at: Excel mends it."""
        is_seen = xml.is_clear and self._styles[1]
        return () if is_seen else (Finding("appearance-unseen", params={"as": "again"}),)


def _appearance(xml: SheetXml) -> Appearance:
    """As a grid has it: rows as Excel counts them, and none below the last cell."""
    return Appearance(
        shown={(row + 1, column): text for (row, column), text in xml.shown.items()},
        hidden_rows=frozenset(row + 1 for row in xml.hidden_rows if row < xml.height),
        hidden_columns=frozenset(xml.hidden_columns),
        struck=frozenset((row + 1, column) for row, column in xml.struck),
        merged=tuple(xml.merged),
        untold=tuple(xml.untold),
    )
