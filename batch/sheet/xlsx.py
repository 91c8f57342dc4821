"""Workbooks (.xlsx), and their conditional formats that strike cells through or hide them.

Of rules that are not simple it is only told which cells they are about (ECMA-376, part 1, 18.3.1.10; MS-XLSX, 2.4.13).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from xml.etree.ElementTree import Element

from batch.findings import Finding
from batch.sheet.cell_styles import CellStyle, StyleSheet, read_conditional_style, read_styles
from batch.sheet.number_format import COMPARISONS
from batch.sheet.sheet_selection import Sheet, SheetContent, check_extent
from batch.sheet.source_file import Limits
from batch.sheet.xlsx_xml import EPOCH, SharedTexts, SheetXml, parse_column
from batch.sheet.xml_package import Package
from batch.validation.cells import find_error_kind
from batch.validation.header import Merged

_OWN = "\0"  # stands for the cell that a rule is for
_OPERAND = r'\0|\$?[A-Za-z]{1,3}\$?[1-9][0-9]{0,6}|"(?:[^"]|"")*"|-?[0-9]+(?:\.[0-9]+)?|TRUE|FALSE'
_COMPARISON = re.compile(rf"\s*({_OPERAND})\s*(<>|<=|>=|=|<|>)\s*({_OPERAND})\s*", re.IGNORECASE)
_SEVERAL = re.compile(r"\s*(AND|OR)\((.*)\)\s*", re.IGNORECASE | re.DOTALL)
_PARTS = re.compile(r'(?:"(?:[^"]|"")*"|[^,"])+')
_REFERENCE = re.compile(r"(\$?)([A-Za-z]{1,3})(\$?)([1-9][0-9]{0,6})")
_NAMED = {
    "equal": ["="], "notEqual": ["<>"], "lessThan": ["<"], "lessThanOrEqual": ["<="], "greaterThan": [">"],
    "greaterThanOrEqual": [">="], "between": [">=", "<="],
}  # fmt: skip
_WORDS: dict[str | None, Callable[[str, str], bool]] = {
    "containsText": lambda text, word: word in text, "notContainsText": lambda text, word: word not in text,
    "beginsWith": str.startswith, "endsWith": str.endswith,
}  # fmt: skip
_WILD = frozenset("*?~")
_DAY = timedelta(days=1)

_Truth = Callable[[int, int], bool | None]
"""Whether a rule holds for a cell, by row and column from 0; None where that cannot be told."""
_Value = Callable[[int, int], object]


def apply_formats(
    sheet: SheetContent, rules: Iterable[tuple[Sequence[Merged], Element]], styles: Sequence[CellStyle]
) -> None:
    """Strike through and hide what conditional formats do, and note the ranges of which that cannot be told."""
    for ranges, rule in rules:
        style = _find_style(rule, styles)
        if not ranges or not (style.strikes or style.hides):
            continue
        holds = _read_rule(rule, ranges, sheet)
        if holds is None:
            sheet.untold += ranges
            continue
        for row, column in _find_cells(ranges, sheet):
            truth = holds(row, column)
            if truth is None:
                sheet.untold += ranges
                break
            if truth and style.strikes:
                sheet.struck.add((row, column))
            elif truth:
                sheet.shown[row, column] = ""


def _find_style(rule: Element, styles: Sequence[CellStyle]) -> CellStyle:
    own, number = rule.find("{*}dxf"), int(rule.get("dxfId", "-1"))
    if own is not None:  # as in an extension
        return read_conditional_style(own)
    return styles[number] if 0 <= number < len(styles) else CellStyle()


def _find_cells(ranges: Sequence[Merged], sheet: SheetContent) -> Iterator[tuple[int, int]]:
    for top, left, bottom, right in ranges:
        rows = range(top - 1, bottom) if bottom - top < len(sheet.rows) else sheet.rows
        for row in rows:
            cells = sheet.rows.get(row, ()) if top <= row + 1 <= bottom else ()
            for column in range(left, min(right + 1, len(cells))):
                if cells[column] is not None:
                    yield row, column


def _read_rule(rule: Element, ranges: Sequence[Merged], sheet: SheetContent) -> _Truth | None:
    """Read a rule; None for one that is not evaluated here."""
    kind, word, conditions, how = rule.get("type"), rule.get("text"), [], all
    formulas = [entry.text or "" for entry in rule if entry.tag.rpartition("}")[2] in {"formula", "f"}]
    if kind in _WORDS and word and not _WILD & set(word):
        return _match_word(_WORDS[kind], word.casefold(), sheet)
    if kind == "cellIs":
        signs = _NAMED.get(rule.get("operator", ""), [])
        if len(signs) == len(formulas):
            conditions = [f"{_OWN}{sign} {formula}" for sign, formula in zip(signs, formulas, strict=True)]
    elif kind == "expression" and formulas:
        several = _SEVERAL.fullmatch(formulas[0])
        conditions = _PARTS.findall(several[2]) if several else formulas[:1]
        how = any if several and several[1].upper() == "OR" else all
    found = [_COMPARISON.fullmatch(condition) for condition in conditions]
    if not found or None in found:
        return None
    first = min(top for top, *_rest in ranges) - 1, min(left for _top, left, *_rest in ranges)
    read = [(_read_operand(m[1], first, sheet), m[2], _read_operand(m[3], first, sheet)) for m in found if m]

    def look(row: int, column: int) -> bool | None:
        each = [_compare(left(row, column), sign, right(row, column)) for left, sign, right in read]
        return None if None in each else how(each)

    return look


def _match_word(finds: Callable[[str, str], bool], word: str, sheet: SheetContent) -> _Truth:
    def look(row: int, column: int) -> bool | None:
        value = sheet.get_cell(row, column)
        if not isinstance(value, str) and any(map(str.isdigit, word)):
            return None
        return finds(value.casefold() if isinstance(value, str) else "", word)

    return look


def _compare(first: object, sign: str, second: object) -> bool | None:
    """Compare as Excel does: without regard to capitals, and numbers before texts before truth values."""
    one, other = _rank_value(first, second), _rank_value(second, first)
    return None if one is None or other is None else COMPARISONS[sign](one, other)


def _rank_value(value: object, other: object) -> tuple[int, float | str] | None:
    """Rank a value for comparing; a blank is like nothing of the other's kind."""
    match value:
        case None:
            return _rank_value({str: "", bool: False}.get(type(other), 0.0), None)
        case bool():
            return 2, float(value)
        case float():
            return 0, value
        case datetime():
            return 0, (value - EPOCH) / _DAY
        case str() if find_error_kind(value) is None:
            return 1, value.casefold()
    return None


def _read_operand(text: str, first: tuple[int, int], sheet: SheetContent) -> _Value:
    """Read a constant, or a cell: without a dollar sign it moves with the cell that the format is for."""
    if text == _OWN:
        return sheet.get_cell
    if text.startswith('"'):
        constant: object = text[1:-1].replace('""', '"')
    elif text.upper() in {"TRUE", "FALSE"}:
        constant = text.upper() == "TRUE"
    elif reference := _REFERENCE.fullmatch(text):
        to_row, to_column = int(reference[4]) - 1, parse_column(reference[2])
        return lambda row, column: sheet.get_cell(
            to_row if reference[3] else to_row + row - first[0],
            to_column if reference[1] else to_column + column - first[1],
        )
    else:
        constant = float(text)
    return lambda _row, _column: constant


def read_xlsx(name: str, package: Package, limits: Limits) -> list[Sheet]:
    """List its sheets, of which each is read when it is looked into."""

    @cache
    def read_shared() -> tuple[SharedTexts, StyleSheet]:
        texts, part = SharedTexts(), package.find_related("sharedStrings")
        if part:
            with package.open(part) as stream:
                texts.parse(stream)
        return texts, read_styles(package)

    def load(part: str) -> SheetContent:
        texts, styles = read_shared()
        sheet = SheetXml(texts, styles.cells, check, counts_from_1904=package.has_flag("workbookPr", "date1904"))
        with package.open(part) as stream:
            sheet.parse(stream)
        # A workbook that is to be calculated when it is opened may never have been.
        if package.has_flag("calcPr", "fullCalcOnLoad") or not (sheet.has_results or package.calculates):
            sheet.put_formulas()
        apply_formats(sheet.content, sheet.conditional, styles.conditional)
        if not (sheet.is_clear and styles.is_known):
            # Excel mends what could not be looked at.
            sheet.content.findings = (Finding("appearance-unseen", params={"as": "again"}),)
        return sheet.content

    def check(rows: int, columns: int) -> None:
        check_extent(name, rows, columns, 0, limits)

    sheets = package.list_sheets()
    # Of two sheets with one name, the first is meant by it.
    parts = {name: part for name, _is_visible, part in reversed(sheets)}
    return [Sheet(name, is_visible, partial(load, parts[name])) for name, is_visible, _part in sheets]
