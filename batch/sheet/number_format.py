"""Number formats as workbooks store them ("0.00", "#,##0.00 [$€-40C];[Red]-0"): where they show another number.

Groups, zeros at the end and the euro sign mean nothing else. Texts have decimals behind a point, as codes write them.
Rounding is half away from zero, of the 15 significant digits that Excel compares (ECMA-376, 18.8.31).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from functools import cached_property, lru_cache
from operator import eq, ge, gt, le, lt, ne
from typing import Any, NamedTuple

from batch.money import ZERO, round_like_excel
from batch.validation.formatting import strip_euros

LONGEST_CODE = 255
"""Characters; Excel takes no longer one."""
_FARTHEST = 400
_WIDE = Context(prec=1000, rounding=ROUND_HALF_UP)
_TOKEN = re.compile(
    r"""
      "(?P<quoted>[^"]*)(?:"|$)
    | \\(?P<escaped>.)
    | _(?P<space>.)
    | \*.
    | \[\s*(?P<condition>(?P<comparison><=|>=|<>|<|>|=)\s*(?P<bound>-?\d{1,15}(?:\.\d{1,15})?))\s*\]
    | \[\$(?P<currency>[^\]-]*)[^\]]*\]
    | \[(?P<elapsed>h+|m+|s+)\]
    | \[[^\]]*\]
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
COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {"=": eq, "<>": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
_NUMBER = "\0"  # stands for the digits among the words around them
_NOTHING = frozenset({"", "-", "–"})
_SIGNS = (frozenset({"", "+"}), frozenset({"-", "−", "()"}))
"""What may stand around the digits of a number, and of a negative one."""
_GROUPS = re.compile(r"(?<=\d)(?=(?:\d{3})+$)")
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


class _Piece(NamedTuple):
    """A part of a section: what kind it is (a group's name above, or "literal"), and its text."""

    kind: str
    text: str


class _Layout(NamedTuple):
    """Where the digits of a section go: placeholders before and after the point, and by what power of ten they grow."""

    whole: str
    fraction: str
    is_grouped: bool
    power: int


@dataclass
class _Section:
    """What stands between two semicolons. A long column asks the same of it for every cell, so that is kept."""

    pieces: list[_Piece] = field(default_factory=list)
    condition: tuple[str, Decimal] | None = None

    @cached_property
    def kinds(self) -> frozenset[str]:
        signs = {piece.text for piece in self.pieces if piece.kind in {"sign", "exponent"}}
        return frozenset(signs.union(piece.kind for piece in self.pieces))

    @cached_property
    def time(self) -> str | None:
        """Whether numbers are shown as a "date" or as a "duration"; None where they are shown as numbers."""
        firsts = {piece.text[0] for piece in self.pieces if piece.kind == "date"}
        return ("duration" if "[" in firsts else "date") if firsts else None

    @cached_property
    def layout(self) -> _Layout:
        return _lay_out(self.pieces)

    @cached_property
    def words(self) -> str:
        """The text around the digits that means something else."""
        kept = (
            _NUMBER if kind in {"digit", "general"} else text
            for kind, text in self.pieces
            if kind in {"literal", "digit", "general"} or text == "%"
        )
        return _strip_plain_words("".join(kept))


@dataclass(frozen=True)
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
        if not section.kinds.isdisjoint({"date", "text"}):
            return None
        plain, shown = _format_number(section, abs(number))
        sign = "-" if number < 0 and not is_bare else ""
        text = f"{sign}{plain}".strip()
        if number == 0 and _strip_plain_words(text) in _NOTHING:
            return None
        return None if shown == abs(number) and sign + section.words in _SIGNS[number < 0] else text

    def find_time_kind(self, number: Decimal) -> str | None:
        section, _is_bare = self._choose_section(number)
        return section.time if section else None

    def is_exact(self, value: float) -> bool:
        """Tell whether a number surely is shown as it is, as most amounts are; to work out each takes long."""
        decimals = self.exact_decimals
        return decimals is not None and 0 <= value < _LARGE and round(value, decimals) == value

    @cached_property
    def exact_decimals(self) -> int | None:
        """How many decimals a positive number may have that surely is shown as it is; None where that is not sure."""
        section, layout = self.sections[0], self.sections[0].layout
        unsure = section.kinds & {"general", "exponent", "fixed", "date", "text", "/"}
        if unsure or section.words or layout.power or any(entry.condition for entry in self.sections):
            return None
        return len(layout.fraction) if layout.whole and len(layout.whole.lstrip("#?")) <= 1 else None

    @property
    def shows_numbers_as_they_are(self) -> bool:
        """Whether nothing can be shown otherwise: General, text, dates."""
        first = self.sections[0]
        if first.kinds & {"date", "text"}:
            return True
        return len(self.sections) == 1 and "general" in first.kinds and not first.words

    def _choose_section(self, number: Decimal) -> tuple[_Section | None, bool]:
        """Choose the section for a number, and tell whether it shows a negative one without a sign of its own."""
        sections = self.sections[:3]
        if len(sections) == 1 and sections[0].condition is None:
            return sections[0], False
        defaults = {1: (), 2: ((">=", ZERO),), 3: ((">", ZERO), ("<", ZERO))}[len(sections)]
        for index, section in enumerate(sections):
            condition = section.condition or (defaults[index] if index < len(defaults) else None)
            if condition is None or COMPARISONS[condition[0]](number, condition[1]):
                if section.condition is None:
                    return section, number < 0 and index > 0
                sign, bound = section.condition
                return section, (sign in {"<", "<="} and bound < 0) or (sign == "<" and bound == 0)
        return None, False


@lru_cache(maxsize=4096)
def parse_format(code: str) -> NumberFormat | None:
    if not code or len(code) > LONGEST_CODE or code.casefold() == "general":
        return None
    sections = [_Section()]
    for match in _TOKEN.finditer(code):
        pieces, kind, text = sections[-1].pieces, match.lastgroup, match[match.lastgroup or 0]
        match kind:
            case "sign" if text == ";":
                sections.append(_Section())
            case "condition":
                sections[-1].condition = match["comparison"], Decimal(match["bound"])
            case "quoted" | "escaped" | "currency" | "other":
                pieces.append(_Piece("literal", text))
            case "space":
                pieces.append(_Piece("literal", " "))
            case "elapsed":
                pieces.append(_Piece("date", f"[{text}]"))
            case str():
                pieces.append(_Piece(kind, text))
    return NumberFormat(tuple(map(_take_letters_for_words, sections)))


def _take_letters_for_words(section: _Section) -> _Section:
    """Take letters beside a number ("0.00 EUR") for words; in times, digits stand behind a point only ("mm:ss.00")."""
    first = next((piece for piece in section.pieces if piece.kind == "digit" or piece == _Piece("sign", ".")), None)
    if first and first.kind == "digit":
        section.pieces = [
            _Piece("literal", text) if kind == "date" else _Piece(kind, text) for kind, text in section.pieces
        ]
    return section


def _strip_plain_words(words: str) -> str:
    """Strip from the words around a number those that mean nothing else."""
    return strip_euros(words).replace(_NUMBER, "")


def _format_number(section: _Section, number: Decimal) -> tuple[str, Decimal | None]:
    """Format a number without its sign, and tell for what number a reader takes that."""
    if "general" in section.kinds:
        plain = f"{number.normalize(_WIDE):f}"
        return "".join(plain if kind == "general" else text for kind, text in section.pieces), number
    if "digit" not in section.kinds:
        return "".join(text for _kind, text in section.pieces), None
    if "/" in section.kinds:
        return _format_fraction(section, number)
    if "exponent" in section.kinds:
        return _format_exponent(section, number)
    return _place_digits(section, number)


def _lay_out(pieces: Sequence[_Piece]) -> _Layout:
    """Read the layout. A comma between digits groups them; one behind the last digit divides by a thousand."""
    whole = fraction = ""
    commas = power = 0
    is_grouped = has_point = False
    for kind, text in pieces:
        match text if kind == "sign" else kind:
            case "digit" if has_point:
                fraction, commas = fraction + text, 0
            case "digit":
                # A comma that a digit of the same part follows was no division after all.
                whole, is_grouped, commas = whole + text, is_grouped or commas > 0, 0
            case ",":
                commas += 1
            case ".":
                power, commas, has_point = power - 3 * commas, 0, True
            case "%":
                power += 2
    return _Layout(whole, fraction, is_grouped, power - 3 * commas)


def _place_digits(section: _Section, number: Decimal) -> tuple[str, Decimal | None]:
    """Fill the section's places; digits that find none stand before the first."""
    layout = section.layout
    rounded = number.scaleb(layout.power, _WIDE).quantize(Decimal(1).scaleb(-len(layout.fraction)), context=_WIDE)
    whole, _point, fraction = f"{rounded:f}".partition(".")
    whole = whole.lstrip("0").rjust(len(layout.whole.lstrip("#?")), "0")
    digits = re.findall(r"\d,?", _GROUPS.sub(",", whole) if layout.is_grouped else whole)
    spare = len(layout.whole) - len(digits)
    digits = [""] * spare + digits if spare >= 0 else ["".join(digits[: 1 - spare]), *digits[1 - spare :]]
    # Zeros at the end are shown for a 0 only, and between the digits whatever stands there.
    places, decimals = iter(digits), iter(fraction.rstrip("0").ljust(len(layout.fraction.rstrip("#?")), "0"))
    out = []
    for kind, text in section.pieces:
        if kind == "digit":
            out.append(next(places, ""))
        elif kind != "sign" or text in ".%":
            out.append(text)
        if kind == "sign" and text == ".":
            places = decimals
    # Zeros in front are no way to write a number.
    return "".join(out), None if len(whole) > 1 and whole.startswith("0") else rounded


def _format_exponent(section: _Section, number: Decimal) -> tuple[str, Decimal | None]:
    """Format as 1.23E+05: as many digits before the point as there are places, the exponent a multiple of that."""
    kinds = [piece.kind for piece in section.pieces]
    layout = _lay_out(section.pieces[: kinds.index("exponent")])
    step = max(1, len(layout.whole))
    exponent = 0 if number == 0 else number.adjusted() // step * step
    unit = Decimal(1).scaleb(-len(layout.fraction))
    mantissa = number.scaleb(-exponent, _WIDE).quantize(unit, context=_WIDE)
    if mantissa >= Decimal(10) ** step:
        exponent += step
        mantissa = number.scaleb(-exponent, _WIDE).quantize(unit, context=_WIDE)
    places = kinds.count("digit") - len(layout.whole) - len(layout.fraction)
    sign = "-" if exponent < 0 else "+" if "E+" in section.kinds else ""
    return f"{mantissa:f}E{sign}{abs(exponent):0{max(1, places)}}", mantissa.scaleb(exponent, _WIDE)


def _format_fraction(section: _Section, number: Decimal) -> tuple[str, Decimal | None]:
    """Format as 12 1/2: the nearest fraction whose denominator has as many digits as places, or is given."""
    below = section.pieces[section.pieces.index(_Piece("sign", "/")) + 1 :]
    given = "".join(text for kind, text in below if kind == "fixed" or text == "0").lstrip("0")
    exact = Fraction(number)
    if given:
        nearest = Fraction(round(exact * int(given)), int(given))
    else:
        places = min(6, max(1, sum(kind == "digit" for kind, _text in below)))
        nearest = exact.limit_denominator(10**places - 1)
    whole, rest = divmod(nearest, 1)
    return f"{whole} {rest}" if rest and whole else f"{nearest}", number if nearest == exact else None


_DIGITS = re.compile(r"[0-9][0-9.,'’\s\u00a0\u202f]*")


def is_faithful_text(text: str, number: Decimal) -> bool:
    """Tell whether a reader takes a text, shown in English or French, for the number that is stored."""
    stripped = text.strip()
    if stripped.replace(",", ".") == str(number):
        # As most numbers are shown, which takes no time to tell.
        return True
    if number == 0 and _strip_plain_words(stripped) in _NOTHING:
        return True
    found = _find_digits(stripped)
    if found is None:
        return False
    _start, _end, readings, around = found
    return around in _SIGNS[number < 0] and abs(round_like_excel(number)) in readings


def normalize_digits(text: str, number: Decimal) -> str:
    """Write the digits of a shown text with decimals behind a point, as codes do: in the reading next to the number."""
    found = _find_digits(text)
    if found is None:
        return text
    start, end, readings, around = found
    if not readings or around not in _SIGNS[0] | _SIGNS[1]:
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
    readings = set()
    for group, point in ((",", "."), (".", ",")):
        whole, _point, fraction = digits.partition(point)
        if fraction.isdecimal() or not fraction:
            groups = whole.split(group)
            # The last group has three digits everywhere.
            if len(groups) == 1 or (len(groups[-1]) == 3 and len(groups[0]) <= 3):
                readings.add(Decimal("".join(groups) + (f".{fraction}" if fraction else "")))
    return readings
