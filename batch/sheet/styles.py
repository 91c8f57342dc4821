"""What the styles of an Office Open XML workbook do to a cell: strike it through, show its number as something else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from batch.sheet.numberformat import BUILT_IN, NumberFormat, number_format
from batch.sheet.parts import Parts, small_xml

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_PLAIN = re.compile(r"-1|[0-9]{1,9}")
_LARGEST = 12_000_000
"""Bytes that the styles may have: as many as Excel allows need no more."""


@dataclass(frozen=True, slots=True)
class Styles:
    """By the number that a cell gives as its style: those that strike through, and formats that can deceive."""

    struck: frozenset[int] = frozenset()
    formats: Mapping[int, NumberFormat] = field(default_factory=dict)


def styles_of(parts: Parts) -> Styles:
    """The workbook's styles; `ValueError` if there are more of them than can be looked at."""
    if parts.styles is None:
        return Styles()
    root = small_xml(parts.archive, parts.styles, _LARGEST)
    codes = dict(BUILT_IN)
    for entry in root.iterfind("{*}numFmts/{*}numFmt"):
        codes[_number(entry, "numFmtId")] = entry.get("formatCode", "")
    fonts = [_strikes(font) for font in root.iterfind("{*}fonts/{*}font")]
    struck, formats = set(), {}
    for index, style in enumerate(root.iterfind("{*}cellXfs/{*}xf")):
        font = _number(style, "fontId")
        if 0 <= font < len(fonts) and fonts[font]:
            struck.add(index)
        shape = number_format(codes.get(_number(style, "numFmtId"), ""))
        if shape and not shape.shows_numbers_as_they_are:
            formats[index] = shape
    return Styles(frozenset(struck), formats)


def _strikes(font: Element) -> bool:
    strike = font.find("{*}strike")
    return strike is not None and strike.get("val", "1") not in {"0", "false"}


def _number(entry: Element, name: str) -> int:
    text = entry.get(name, "-1")
    if not _PLAIN.fullmatch(text):
        raise ValueError("a number is written in an unusual form")
    return int(text)
