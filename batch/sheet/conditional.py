"""Conditional formats that strike cells through or hide them (ECMA-376, part 1, 18.3.1.10; MS-XLSX, 2.4.13 and 2.6.4).

They are evaluated where that is simple: a comparison of cells with each other or with constants, some of these
together, and words in the cell. Of any other rule it is only told which cells it is about.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from xml.etree.ElementTree import Element

from batch.sheet.numberformat import COMPARISONS
from batch.sheet.styles import CellStyle, read_conditional_style
from batch.sheet.xlsx_xml import EPOCH, SheetXml, column_index
from batch.validation.cells import oddity
from batch.validation.header import Merged

_OPERAND = r'\$?[A-Za-z]{1,3}\$?[1-9][0-9]{0,6}|"(?:[^"]|"")*"|-?[0-9]+(?:\.[0-9]+)?|TRUE|FALSE'
_COMPARISON = re.compile(rf"\s*({_OPERAND})\s*(<>|<=|>=|=|<|>)\s*({_OPERAND})\s*", re.IGNORECASE)
_SEVERAL = re.compile(r"\s*(AND|OR)\((.*)\)\s*", re.IGNORECASE | re.DOTALL)
_PARTS = re.compile(r'(?:"(?:[^"]|"")*"|[^,"])+')
_REFERENCE = re.compile(r"(\$?)([A-Za-z]{1,3})(\$?)([1-9][0-9]{0,6})")
_NAMED = {
    "equal": ["="],
    "notEqual": ["<>"],
    "lessThan": ["<"],
    "lessThanOrEqual": ["<="],
    "greaterThan": [">"],
    "greaterThanOrEqual": [">="],
    "between": [">=", "<="],
}
_WORDS: dict[str | None, Callable[[str, str], bool]] = {
    "containsText": lambda text, word: word in text,
    "notContainsText": lambda text, word: word not in text,
    "beginsWith": str.startswith,
    "endsWith": str.endswith,
}
_WILD = frozenset("*?~")
_DAY = timedelta(days=1)

_Truth = Callable[[int, int], bool | None]
"""Whether a rule holds for a cell, by row and column from 0; None where that cannot be told."""
_Value = Callable[[int, int], object]


def apply_formats(sheet: SheetXml, styles: Sequence[CellStyle]) -> list[Merged]:
    """Strike through and hide what the sheet's conditional formats do; what cannot be told of is given back."""
    untold: list[Merged] = []
    for ranges, rule in sheet.conditional:
        style = _find_style(rule, styles)
        if not ranges or not (style.strikes or style.hides):
            continue
        holds = _read_rule(rule, ranges, sheet)
        if holds is None:
            untold += ranges
            continue
        for row, column in _cells_of(ranges, sheet):
            truth = holds(row, column)
            if truth is None:
                untold += ranges
                break
            if truth and style.strikes:
                sheet.struck.add((row, column))
            elif truth:
                sheet.shown[row, column] = ""
    return untold


def _find_style(rule: Element, styles: Sequence[CellStyle]) -> CellStyle:
    """A rule names its style by number; one in an extension has it within itself."""
    own = rule.find("{*}dxf")
    if own is not None:
        return read_conditional_style(own)
    number = int(rule.get("dxfId", "-1"))
    return styles[number] if 0 <= number < len(styles) else CellStyle()


def _cells_of(ranges: Sequence[Merged], sheet: SheetXml) -> Iterator[tuple[int, int]]:
    """The cells in there that hold something."""
    for top, left, bottom, right in ranges:
        rows = range(top - 1, min(bottom, sheet.height)) if bottom - top < len(sheet.rows) else sheet.rows
        for row in rows:
            cells = sheet.rows.get(row, ()) if top <= row + 1 <= bottom else ()
            for column in range(left, min(right + 1, len(cells))):
                if cells[column] is not None:
                    yield row, column


def _read_rule(rule: Element, ranges: Sequence[Merged], sheet: SheetXml) -> _Truth | None:
    first = min(top for top, *_rest in ranges) - 1, min(left for _top, left, *_rest in ranges)
    kind, word = rule.get("type"), rule.get("text")
    formulas = [entry.text or "" for entry in rule if entry.tag.rpartition("}")[2] in {"formula", "f"}]
    if kind == "expression" and formulas:
        return _read_expression(formulas[0], first, sheet)
    if kind == "cellIs":
        return _read_comparisons(rule.get("operator", ""), formulas, first, sheet)
    if kind in _WORDS and word and not _WILD & set(word):
        return _look_for(_WORDS[kind], word.casefold(), sheet)
    return None


def _read_expression(formula: str, first: tuple[int, int], sheet: SheetXml) -> _Truth | None:
    several = _SEVERAL.fullmatch(formula)
    found = [_COMPARISON.fullmatch(part) for part in (_PARTS.findall(several[2]) if several else [formula])]
    if not found or None in found:
        return None
    truths = [_compare(_operand(m[1], first, sheet), m[2], _operand(m[3], first, sheet)) for m in found if m]
    return _join(truths, any if several and several[1].upper() == "OR" else all)


def _read_comparisons(name: str, formulas: list[str], first: tuple[int, int], sheet: SheetXml) -> _Truth | None:
    operators = _NAMED.get(name, [])
    if not operators or len(operators) != len(formulas):
        return None
    if not all(re.fullmatch(_OPERAND, formula.strip(), re.IGNORECASE) for formula in formulas):
        return None
    pairs = zip(operators, formulas, strict=True)
    own = _at(sheet)
    return _join([_compare(own, sign, _operand(formula.strip(), first, sheet)) for sign, formula in pairs], all)


def _look_for(finds: Callable[[str, str], bool], word: str, sheet: SheetXml) -> _Truth:
    at = _at(sheet)

    def look(row: int, column: int) -> bool | None:
        value = at(row, column)
        if not isinstance(value, str) and any(map(str.isdigit, word)):
            return None
        return finds(value.casefold() if isinstance(value, str) else "", word)

    return look


def _join(truths: Sequence[_Truth], how: Callable[[Sequence[bool | None]], bool]) -> _Truth:
    def join(row: int, column: int) -> bool | None:
        each = [truth(row, column) for truth in truths]
        return None if None in each else how(each)

    return join


def _compare(left: _Value, sign: str, right: _Value) -> _Truth:
    """As Excel compares: without regard to capitals, and numbers before texts before truth values."""

    def compare(row: int, column: int) -> bool | None:
        first, second = left(row, column), right(row, column)
        one, other = _key(first, second), _key(second, first)
        return None if one is None or other is None else COMPARISONS[sign](one, other)

    return compare


def _key(value: object, other: object) -> tuple[int, float | str] | None:
    """A value's place in their order; a blank is like nothing of the other's kind."""
    match value:
        case None:
            return _key({str: "", bool: False}.get(type(other), 0.0), None)
        case bool():
            return 2, float(value)
        case float():
            return 0, value
        case datetime():
            return 0, (value - EPOCH) / _DAY
        case str() if oddity(value) is None:
            return 1, value.casefold()
    return None


def _operand(text: str, first: tuple[int, int], sheet: SheetXml) -> _Value:
    """A constant, or a cell: without a dollar sign it moves with the cell that the format is for."""
    if text.startswith('"'):
        constant: object = text[1:-1].replace('""', '"')
    elif text.upper() in {"TRUE", "FALSE"}:
        constant = text.upper() == "TRUE"
    elif reference := _REFERENCE.fullmatch(text):
        at = _at(sheet)
        to_row, to_column = int(reference[4]) - 1, column_index(reference[2])
        return lambda row, column: at(
            to_row if reference[3] else to_row + row - first[0],
            to_column if reference[1] else to_column + column - first[1],
        )
    else:
        constant = float(text)
    return lambda _row, _column: constant


def _at(sheet: SheetXml) -> _Value:
    def at(row: int, column: int) -> object:
        cells = sheet.rows.get(row, ())
        return cells[column] if 0 <= column < len(cells) else None

    return at
