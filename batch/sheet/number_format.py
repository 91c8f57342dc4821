"""Number formats as workbooks store them ("0.00", "#,##0.00 [$€-40C];[Red]-0"): where they show another number.

Groups, zeros at the end and the euro sign mean nothing else. Texts have decimals behind a point, as codes write them.
Rounding is half away from zero, of the 15 significant digits that Excel compares (ECMA-376, 18.8.31).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from functools import cached_property, lru_cache
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from batch.money import ZERO, round_like_excel
from batch.validation.formatting import strip_euros

LONGEST_CODE = 255
"""Characters; Excel takes no longer one."""
_FARTHEST = 400
"""Powers of ten; no number that a workbook can store is beyond."""
_WIDE = Context(prec=1000, rounding=ROUND_HALF_UP)
_TOKEN = re.compile(
    r"""
      "(?P<quoted>[^"]*)(?:"|$)
    | \\(?P<escaped>.)
    | _(?P<space>.)
    | \*.
    | \[(?P<bracket>[^\]]*)\]
    | (?P<general>General)
    | (?P<exponent>E[+-])
    | (?P<text>@)
    | (?P<date>AM/PM|A/P|[dmyhsbeg])
    | (?P<digit>[0#?])
    | (?P<fixed>[1-9])
    | (?P<sign>[.,%/;])
    | (?P<other>.)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_OF_NUMBERS = frozenset({"digit", "general"})
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d{1,15}(?:\.\d{1,15})?)")
COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {"=": eq, "<>": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
_TIME = re.compile(r"h+|m+|s+", re.IGNORECASE)
_NUMBER = "\0"
"""Stands for the digits among the words around them."""
_DAY, _TIME_OF_DAY = "m/d/yyyy", "h:mm"
_LARGE = 10**12
BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 5: "#,##0;-#,##0", 6: "#,##0;-#,##0", 7: "#,##0.00;-#,##0.00",
    8: "#,##0.00;-#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??", 37: "#,##0;-#,##0",
    38: "#,##0;-#,##0", 39: "#,##0.00;-#,##0.00", 40: "#,##0.00;-#,##0.00", 41: "#,##0;-#,##0", 42: "#,##0;-#,##0",
    43: "#,##0.00;-#,##0.00", 44: "#,##0.00;-#,##0.00", 48: "##0.0E+0", 46: "[h]:mm:ss",
    **dict.fromkeys((*range(14, 18), *range(27, 32), *range(50, 59)), _DAY), 22: f"{_DAY} {_TIME_OF_DAY}",
    **dict.fromkeys((*range(18, 22), *range(32, 36), 45, 47), _TIME_OF_DAY), 36: _DAY,
}  # fmt: skip
"""Formats that a workbook only numbers (ECMA-376, 18.8.30); the currency in some of them is that of the machine."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a section: what kind it is (a group's name above), and its text."""

    kind: str
    text: str


@dataclass(frozen=True)
class _Section:
    """What stands between two semicolons. A long column asks the same of it for every cell, so that is kept."""

    pieces: tuple[_Piece, ...]
    condition: tuple[str, Decimal] | None = None

    def has_piece(self, kind: str, text: str | None = None) -> bool:
        """Tell whether there is a piece of that kind."""
        return (kind, text) in self._kinds

    @cached_property
    def _kinds(self) -> frozenset[tuple[str, str | None]]:
        return frozenset(entry for piece in self.pieces for entry in ((piece.kind, None), (piece.kind, piece.text)))

    @cached_property
    def time(self) -> str | None:
        """Whether numbers are shown as a "date" or as a "duration"; None where they are shown as numbers."""
        firsts = {piece.text[0] for piece in self.pieces if piece.kind == "date"}
        return ("duration" if "[" in firsts else "date") if firsts else None

    @cached_property
    def layout(self) -> _Layout:
        """Where the digits go."""
        return _Layout.from_section(self)

    @cached_property
    def words(self) -> str:
        """The text around the digits."""
        kept = (
            _NUMBER if piece.kind in _OF_NUMBERS else piece.text
            for piece in self.pieces
            if piece.kind in {"literal", *_OF_NUMBERS} or piece.text == "%"
        )
        return "".join(kept)


@dataclass(frozen=True, slots=True)
class _ShownNumber:
    """What a section makes of a number: the text, and what number a reader takes it for."""

    text: str
    number: Decimal | None
    zeros_in_front: bool = False


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """A format of one to four sections: positive, negative, zero, text; or as their conditions say."""

    sections: tuple[_Section, ...]

    def find_misleading_text(self, number: Decimal) -> str | None:
        """Find the text shown for a number where it means something else; None where it does not, or for a date."""
        if not number.is_finite() or abs(number.adjusted()) > _FARTHEST:
            return None
        number = round_like_excel(number)
        section, is_bare = self._choose_section(number)
        if section is None:
            return "####"
        if section.has_piece("date") or section.has_piece("text"):
            return None
        shown = _format_number(section, abs(number))
        sign = "-" if number < 0 and not is_bare else ""
        text = f"{sign}{shown.text}".strip()
        return None if _is_faithful(shown, section.words, sign, number, text) else text

    def find_time_kind(self, number: Decimal) -> str | None:
        """Tell whether a number is shown as a "date" or as a "duration"; None where it is shown as a number."""
        section, _is_bare = self._choose_section(number)
        return section.time if section else None

    @property
    def exact_decimals(self) -> int | None:
        """How many decimals a positive number may have that surely is shown as it is; None where that is not sure."""
        section = self.sections[0]
        if any(entry.condition for entry in self.sections) or _strip_plain_words(section.words):
            return None
        if any(section.has_piece(kind) for kind in ("general", "exponent", "fixed", "date", "text")):
            return None
        layout = section.layout
        if (
            section.has_piece("sign", "/")
            or layout.percents
            or layout.thousands
            or layout.least > 1
            or not layout.whole
        ):
            return None
        return len(layout.fraction)

    @property
    def shows_numbers_as_they_are(self) -> bool:
        """Whether nothing can be shown otherwise: General, text, dates."""
        first = self.sections[0]
        if first.has_piece("date") or first.has_piece("text"):
            return True
        return len(self.sections) == 1 and first.has_piece("general") and not _strip_plain_words(first.words)

    def _choose_section(self, number: Decimal) -> tuple[_Section | None, bool]:
        """Choose the section for a number, and tell whether it shows a negative one without a sign of its own."""
        sections = self.sections[:3]
        if len(sections) == 1 and sections[0].condition is None:
            return sections[0], False
        defaults = {1: (), 2: ((">=", ZERO),), 3: ((">", ZERO), ("<", ZERO))}[len(sections)]
        for index, section in enumerate(sections):
            condition = section.condition or (defaults[index] if index < len(defaults) else None)
            if condition is None or COMPARISONS[condition[0]](number, condition[1]):
                is_bare = (
                    number < 0 and index > 0 if section.condition is None else _is_only_negative(*section.condition)
                )
                return section, is_bare
        return None, False


@lru_cache(maxsize=4096)
def parse_format(code: str) -> NumberFormat | None:
    """Parse a format code; None for General, and for what is no format."""
    if not code or len(code) > LONGEST_CODE or code.casefold() == "general":
        return None
    sections: list[list[_Piece]] = [[]]
    conditions: list[tuple[str, Decimal] | None] = [None]
    for match in _TOKEN.finditer(code):
        piece, condition = _make_piece(match)
        if piece == _Piece("sign", ";"):
            sections.append([])
            conditions.append(None)
        elif condition:
            conditions[-1] = condition
        elif piece:
            sections[-1].append(piece)
    return NumberFormat(
        tuple(
            _Section(tuple(_drop_odd_dates(pieces)), condition)
            for pieces, condition in zip(sections, conditions, strict=True)
        )
    )


def _drop_odd_dates(pieces: list[_Piece]) -> list[_Piece]:
    """Take letters beside a number ("0.00 EUR") for words; in times, digits stand behind a point only ("mm:ss.00")."""
    first = next((piece for piece in pieces if piece.kind == "digit" or piece == _Piece("sign", ".")), None)
    if first is None or first.kind != "digit":
        return pieces
    return [_Piece("literal", piece.text) if piece.kind == "date" else piece for piece in pieces]


def _make_piece(match: re.Match[str]) -> tuple[_Piece | None, tuple[str, Decimal] | None]:
    kind = match.lastgroup or "fill"
    text = match[kind] if match.lastgroup else ""
    match kind:
        case "bracket":
            return _parse_bracket(text)
        case "quoted" | "escaped" | "other":
            return _Piece("literal", text), None
        case "space":
            return _Piece("literal", " "), None
        case "fill":
            return None, None
    return _Piece(kind, text), None


def _parse_bracket(text: str) -> tuple[_Piece | None, tuple[str, Decimal] | None]:
    """Parse a currency ("$€-40C"), a condition (">=100") or a time ("hh"); colours and locales show nothing."""
    condition = _CONDITION.fullmatch(text.strip())
    if condition:
        return None, (condition[1], Decimal(condition[2]))
    if text.startswith("$"):
        return _Piece("literal", text[1:].split("-")[0]), None
    return (_Piece("date", f"[{text}]"), None) if _TIME.fullmatch(text) else (None, None)


def _is_only_negative(comparison: str, other: Decimal) -> bool:
    return (comparison in {"<", "<="} and other < 0) or (comparison == "<" and other == 0)


def _format_number(section: _Section, number: Decimal) -> _ShownNumber:
    """Format a number without its sign, as a section shows it."""
    if section.has_piece("general"):
        plain = f"{number.normalize(_WIDE):f}"
        text = "".join(plain if piece.kind == "general" else piece.text for piece in section.pieces)
        return _ShownNumber(text, number)
    if not section.has_piece("digit"):
        return _ShownNumber("".join(piece.text for piece in section.pieces), None)
    if section.has_piece("sign", "/"):
        return _format_fraction(section, number)
    if section.has_piece("exponent"):
        return _format_exponent(section, number)
    return _place_digits(section, number)


def _strip_plain_words(words: str) -> str:
    """Strip from the words around a number those that mean nothing else."""
    return strip_euros(words).replace(_NUMBER, "")


def _is_faithful(shown: _ShownNumber, words: str, sign: str, number: Decimal, text: str) -> bool:
    """Tell whether a reader takes what is shown for the number that is stored."""
    if number == 0 and _strip_plain_words(text) in {"", "-", "–"}:
        return True
    if shown.number is None or shown.zeros_in_front or shown.number != abs(number):
        return False
    left = _strip_plain_words(words)
    if number < 0:
        # A minus or brackets of the section's own say the same as a sign.
        return left == "" if sign else left in {"-", "−", "()"}
    return left in {"", "+"}


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the digits of a section go: placeholders before and after the point, and what is done to the number."""

    whole: str
    fraction: str
    is_grouped: bool
    thousands: int
    percents: int

    @classmethod
    def from_section(cls, section: _Section) -> _Layout:
        """Read the layout. A comma between digits groups them; one behind the last digit divides by a thousand."""
        whole = fraction = ""
        commas = thousands = percents = 0
        is_grouped = has_point = False
        for piece in section.pieces:
            match piece.text if piece.kind == "sign" else piece.kind:
                case "digit":
                    # A comma that a digit of the same part follows was no division after all.
                    is_grouped, commas = is_grouped or (commas > 0 and not has_point), 0
                    whole, fraction = (whole, fraction + piece.text) if has_point else (whole + piece.text, fraction)
                case ",":
                    commas += 1
                case ".":
                    thousands, commas, has_point = thousands + commas, 0, True
                case "%":
                    percents += 1
        return cls(whole, fraction, is_grouped, thousands + commas, percents)

    @property
    def least(self) -> int:
        """How many digits are shown before the point at least."""
        return len(self.whole) - len(self.whole.split("0")[0]) if "0" in self.whole else 0


def _place_digits(section: _Section, number: Decimal) -> _ShownNumber:
    layout = section.layout
    scaled = number.scaleb(2 * layout.percents - 3 * layout.thousands, _WIDE)
    rounded = scaled.quantize(Decimal(1).scaleb(-len(layout.fraction)), context=_WIDE)
    whole, _point, fraction = f"{rounded:f}".partition(".")
    whole = whole.lstrip("0").rjust(layout.least, "0")
    # Zeros at the end are shown for a 0 only, and between the digits whatever stands there.
    shown_fraction = fraction.rstrip("0").ljust(len(layout.fraction.rstrip("#?")), "0")
    text = _fill_places(section, layout, whole, shown_fraction)
    return _ShownNumber(text, rounded, len(whole) > 1 and whole.startswith("0"))


def _fill_places(section: _Section, layout: _Layout, whole: str, fraction: str) -> str:
    """Fill the section's places; digits that find none stand before the first."""
    spare = len(layout.whole) - len(whole)
    digits = [*[""] * spare, *whole] if spare >= 0 else [whole[: 1 - spare], *whole[1 - spare :]]
    if layout.is_grouped:
        digits = _group_digits(digits)
    out: list[str] = []
    place = decimal = 0
    has_point = False
    for piece in section.pieces:
        if piece.kind == "digit" and not has_point:
            out.append(digits[place])
            place += 1
        elif piece.kind == "digit":
            out.append(fraction[decimal : decimal + 1])
            decimal += 1
        elif piece.kind == "sign":
            has_point = has_point or piece.text == "."
            out.append(piece.text if piece.text in ".%" else "")
        else:
            out.append(piece.text)
    return "".join(out)


def _group_digits(digits: list[str]) -> list[str]:
    """Put a comma before each group of three digits but the first."""
    grouped: list[str] = []
    after = 0
    for cell in reversed(digits):
        text = ""
        for digit in reversed(cell):
            text = digit + ("," if after and after % 3 == 0 else "") + text
            after += 1
        grouped.insert(0, text)
    return grouped


def _format_exponent(section: _Section, number: Decimal) -> _ShownNumber:
    """Format as 1.23E+05: as many digits before the point as there are places, the exponent a multiple of that."""
    kinds = [piece.kind for piece in section.pieces]
    layout = _Layout.from_section(_Section(section.pieces[: kinds.index("exponent")]))
    step = max(1, len(layout.whole))
    exponent = 0 if number == 0 else number.adjusted() // step * step
    unit = Decimal(1).scaleb(-len(layout.fraction))
    mantissa = number.scaleb(-exponent, _WIDE).quantize(unit, context=_WIDE)
    if mantissa >= Decimal(10) ** step:
        exponent += step
        mantissa = number.scaleb(-exponent, _WIDE).quantize(unit, context=_WIDE)
    places = sum(piece.kind == "digit" for piece in section.pieces) - len(layout.whole) - len(layout.fraction)
    sign = "-" if exponent < 0 else "+" if section.has_piece("exponent", "E+") else ""
    text = f"{mantissa:f}E{sign}{abs(exponent):0{max(1, places)}}"
    return _ShownNumber(text, mantissa.scaleb(exponent, _WIDE))


def _format_fraction(section: _Section, number: Decimal) -> _ShownNumber:
    """Format as 12 1/2: the nearest fraction whose denominator has as many digits as places, or is given."""
    slash = next(index for index, piece in enumerate(section.pieces) if piece.text == "/" and piece.kind == "sign")
    below = section.pieces[slash + 1 :]
    given = "".join(piece.text for piece in below if piece.kind == "fixed" or piece.text == "0").lstrip("0")
    exact = Fraction(number)
    if any(piece.kind == "fixed" for piece in below) and given:
        nearest = Fraction(round(exact * int(given)), int(given))
    else:
        places = min(6, max(1, sum(piece.kind == "digit" for piece in below)))
        nearest = exact.limit_denominator(10**places - 1)
    whole, rest = divmod(nearest, 1)
    text = f"{whole} {rest}" if rest and whole else f"{nearest}"
    return _ShownNumber(text, number if nearest == exact else None)


_DIGITS = re.compile(r"[0-9][0-9.,'’\s\u00a0\u202f]*")


def is_faithful_text(text: str, number: Decimal) -> bool:
    """Tell whether a reader takes a text, shown in English or French, for the number that is stored."""
    stripped = text.strip()
    if stripped.replace(",", ".") == str(number):
        # As most numbers are shown, which takes no time to tell.
        return True
    if number == 0 and _strip_plain_words(stripped) in {"", "-", "–"}:
        return True
    found = _find_digits(stripped)
    if found is None:
        return False
    _start, _end, readings, around = found
    return around in ({"-", "−", "()"} if number < 0 else {"", "+"}) and abs(round_like_excel(number)) in readings


def normalize_digits(text: str, number: Decimal) -> str:
    """Write the digits of a shown text as format codes do, decimals behind a point.

    Which of point and comma that is depends on a program's language; the reading next to the number is meant.
    """
    found = _find_digits(text)
    if found is None:
        return text
    start, end, readings, around = found
    if not readings or around not in {"", "+", "-", "−", "()"}:
        # Another unit, a percentage or a fraction is quoted as it stands.
        return text
    nearest = min(readings, key=lambda reading: abs(reading - abs(number)))
    return f"{text[:start]}{nearest:,f}{text[end:]}"


def _find_digits(text: str) -> tuple[int, int, set[Decimal], str] | None:
    """Find where digits stand, the numbers that they can be, and the words around; None where they are no number."""
    match = _DIGITS.search(text)
    digits = re.sub(r"['’\s\u00a0\u202f]", "", match[0]) if match else ""
    if match is None or (digits[0] == "0" and digits[1:2].isdigit()):
        # Zeros in front are no way to write a number.
        return None
    start, end = match.start(), match.start() + len(match[0].rstrip())
    return start, end, _list_readings(digits), _strip_plain_words(f"{text[:start]}{_NUMBER}{text[end:]}")


def _list_readings(digits: str) -> set[Decimal]:
    """List the numbers that digits with points and commas can be."""
    readings = set()
    for group, point in ((",", "."), (".", ",")):
        whole, _point, fraction = digits.partition(point)
        if fraction.isdecimal() or not fraction:
            groups = whole.split(group)
            # The last group has three digits everywhere.
            if len(groups) == 1 or (len(groups[-1]) == 3 and len(groups[0]) <= 3):
                readings.add(Decimal("".join(groups) + (f".{fraction}" if fraction else "")))
    return readings


def is_shown_as_it_is(value: float, decimals: int | None) -> bool:
    """Tell whether that is sure with so many exact decimals, as of most amounts; to work out each takes long."""
    return decimals is not None and 0 <= value < _LARGE and round(value, decimals) == value
