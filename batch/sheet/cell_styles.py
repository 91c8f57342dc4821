"""What the styles of an Office Open XML workbook do to a cell: strike it through, show its number as something else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from xml.etree.ElementTree import Element

from batch.sheet.number_format import BUILT_IN, NumberFormat, parse_format
from batch.sheet.xml_package import UNREADABLE, Package

_LARGEST = 12_000_000
_WHITE, _BLACK = "FFFFFF", "000000"
_INDEXED = {"0": _BLACK, "1": _WHITE, "8": _BLACK, "9": _WHITE}
_THEMED = {"0": _WHITE, "1": _BLACK}
"""The colours of a theme are the author's to choose, but nobody makes white paper and black ink of anything else."""


@dataclass(frozen=True, slots=True)
class CellStyle:
    """What a style of a cell or of a conditional format does to what a person sees."""

    strikes: bool = False
    hides: bool = False
    hides_text: bool = False
    shape: NumberFormat | None = None
    """How numbers are shown, where that can be otherwise than as they are."""
    time: str | None = None
    """Whether a number is shown as a "date", or as a "duration" of as many hours as there are."""


_PLAIN = CellStyle()


class StyleSheet(NamedTuple):
    """The workbook's styles by the numbers that cells and conditional formats give; None for what deceives nobody."""

    cells: Sequence[CellStyle | None] = ()
    conditional: Sequence[CellStyle] = ()
    is_known: bool = True


def read_styles(package: Package) -> StyleSheet:
    """Read the workbook's styles; none are known if they are damaged, or too large to be looked at."""
    try:
        part = package.find_related("styles")
        return _read_part(package.read_tree(part, _LARGEST)) if part else StyleSheet()
    except UNREADABLE:
        return StyleSheet(is_known=False)


def _read_part(root: Element) -> StyleSheet:
    codes = dict(BUILT_IN)
    for entry in root.iterfind("{*}numFmts/{*}numFmt"):
        codes[_read_number(entry, "numFmtId")] = entry.get("formatCode", "")
    fonts, fills = root.findall("{*}fonts/{*}font"), root.findall("{*}fills/{*}fill")
    cells = []
    for entry in root.iterfind("{*}cellXfs/{*}xf"):
        font, fill = _find_entry(fonts, entry, "fontId"), _find_entry(fills, entry, "fillId")
        style = _make_style(font, fill, codes.get(_read_number(entry, "numFmtId"), ""))
        cells.append(None if style == _PLAIN else style)
    return StyleSheet(cells, [read_conditional_style(entry) for entry in root.iterfind("{*}dxfs/{*}dxf")])


def _make_style(font: Element, fill: Element, code: str) -> CellStyle:
    shape = parse_format(code)
    sections = shape.sections if shape else ()
    return CellStyle(
        _has_strike(font),
        hides=(_find_ink(font) or _BLACK) == (_find_paper(fill, "fgColor") or _WHITE),
        hides_text=len(sections) > 3 and not sections[3].pieces,
        shape=None if shape is None or shape.shows_numbers_as_they_are else shape,
        time=sections[0].time if sections else None,
    )


def read_conditional_style(entry: Element) -> CellStyle:
    """Read what a conditional format does. Its paper is the other colour of a fill, which is usually solid."""
    font, fill = _find_child(entry, "font"), _find_child(entry, "fill")
    ink, paper = _find_ink(font), _find_paper(fill, "bgColor")
    shows_nothing = set(_find_child(entry, "numFmt").get("formatCode", "")) == {";"}
    return CellStyle(_has_strike(font), shows_nothing or (ink is not None and ink == (paper or _WHITE)))


def _has_strike(font: Element) -> bool:
    strike = font.find("{*}strike")
    return strike is not None and is_strike_set(strike.attrib)


def is_strike_set(attributes: Mapping[str, str]) -> bool:
    # The element need not say so.
    return attributes.get("val", "1").strip() not in {"0", "false"}


def _find_ink(font: Element) -> str | None:
    return _name_colour(font.find("{*}color"))


def _find_paper(fill: Element, colour: str) -> str | None:
    """Find the colour behind the text; None for that of the sheet."""
    pattern = fill.find("{*}patternFill")
    if pattern is None:
        # Of a gradient it is never said that the ink has its colour.
        return None if fill.find("{*}gradientFill") is None else "gradient"
    kind = pattern.get("patternType", "none" if colour == "fgColor" else "solid").strip()
    if kind == "solid":
        return _name_colour(pattern.find(f"{{*}}{colour}")) or kind
    return None if kind == "none" else kind


def _name_colour(entry: Element | None) -> str | None:
    """Name a colour so that equal ones are told; None for the usual one."""
    if entry is None or entry.get("auto") is not None:
        return None
    indexed, theme, tint = entry.get("indexed", ""), entry.get("theme", ""), entry.get("tint", "0")
    if entry.get("rgb"):
        return entry.get("rgb", "")[-6:].upper()
    plain = _INDEXED.get(indexed) if indexed else _THEMED.get(theme)
    return plain if plain and float(tint) == 0 else f"{indexed}/{theme}/{tint}"


def _find_child(entry: Element, name: str) -> Element:
    found = entry.find(f"{{*}}{name}")
    return Element(name) if found is None else found


def _find_entry(entries: Sequence[Element], entry: Element, name: str) -> Element:
    number = _read_number(entry, name)
    return entries[number] if 0 <= number < len(entries) else Element(name)


def _read_number(entry: Element, name: str) -> int:
    return int(entry.get(name, "-1"))
