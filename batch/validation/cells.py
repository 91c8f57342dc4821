"""Cells as people see them: what is blank, odd or in another currency, and the different cells of a column."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from batch.i18n import show_value
from batch.model import Cell
from batch.money import MAX_DIGITS, round_like_excel
from batch.validation.titles import has_other_unit
from batch.validation.vocabulary import BRACKETS, fold, list_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pandas import DataFrame, Series
    from pandas.api.extensions import ExtensionArray

_PIECES_SHOWN = 20  # ranges of row numbers that a finding lists


def format_row_ranges(numbers: Iterable[int]) -> str:
    """Name rows as in "2-15, 17"."""
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    shown = [str(first) if first == last else f"{first}-{last}" for first, last in ranges]
    return shorten_list(shown, _PIECES_SHOWN)


def shorten_list(items: Sequence[str], most: int) -> str:
    """Name the first of them, and say where there are more."""
    return ", ".join([*items[:most], *["…"] * (len(items) > most)])


NOTHING: Mapping[str, str] = {}

_ERRORS = list_words("""#N/A #REF! #VALUE! #VALEUR! #NAME? #NOM? #DIV/0! #NULL! #NUL! #NUM! #NOMBRE! #SPILL! #CALC!
    #GETTING_DATA #FIELD! #BLOCKED! #CONNECT! #BUSY! #UNKNOWN! #N/D""")
"""As Excel and LibreOffice show them in English and French, of which some have a space before the last sign."""
_ERROR_NUMBER = re.compile(r"Err ?:\d{3}")
_FIRST_OF_ERRORS = frozenset("#E")
# Blank on the screen, but letters or marks to Unicode's categories.
_BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u2800\u3164\uffa0") | {
    chr(selector) for selector in range(0xFE00, 0xFE10)
}


def strip_invisible(text: str) -> str:
    """Take away invisible characters and the white space around a text; white space inside becomes one space."""
    if text.isprintable() and "  " not in text and _BLANK_LETTERS.isdisjoint(text):
        return text.strip(" ")
    kept = (" " if char.isspace() else char for char in text if char.isspace() or not is_invisible(char))
    return " ".join("".join(kept).split())


def is_invisible(char: str) -> bool:
    """Tell whether nobody sees that a character is there; white space is seen."""
    return char in _BLANK_LETTERS or unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp", "Co", "Cs"}


def is_blank(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not strip_invisible(cell))


def has_content(cells: Sequence[Cell]) -> bool:
    return not all(map(is_blank, cells))


def find_error_kind(cell: Cell) -> str | None:
    """Find what a cell holds that is neither text nor number: a date, a truth value, an error, an uncalculated formula.

    Errors and formulas without a saved result are read as the text that they are, "#N/A" or "=B2".
    """
    if isinstance(cell, str):
        first = cell[:1]
        return "formula" if first == "=" else "error" if first in _FIRST_OF_ERRORS and _is_error(cell) else None
    return "boolean" if isinstance(cell, bool) else "date" if isinstance(cell, datetime) else None


def _is_error(text: str) -> bool:
    return "".join(text.split()) in _ERRORS or _ERROR_NUMBER.fullmatch(strip_invisible(text)) is not None


def quote_cell(cell: Cell) -> Mapping[str, str]:
    """Give a finding's parameters for a cell: its value, and the kind of value where that changes how it looks."""
    kind = "number" if isinstance(cell, Decimal) else None if isinstance(cell, str) else find_error_kind(cell)
    return {"value": format_cell(cell), "stored": kind} if kind else {"value": format_cell(cell)}


def format_cell(cell: Cell) -> str:
    """Write a cell for a message: on one line and short, whatever it holds."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d}"
    if isinstance(cell, Decimal) and cell.is_finite() and abs(cell.adjusted()) < MAX_DIGITS:
        return f"{round_like_excel(cell).normalize():f}"
    return show_value(str(cell).strip())


_CODES = list_words("""ADP AED AFA AFN ALK ALL AMD ANG AOA AOK AON AOR ARA ARL ARM ARP ARS ATS AUD AWG AZM AZN BAD BAM
    BAN BBD BDT BEC BEF BEL BGL BGM BGN BGO BHD BIF BMD BND BOB BOL BOP BOV BRB BRC BRE BRL BRN BRR BRZ BSD BTN BUK BWP
    BYB BYN BYR BZD CAD CDF CHE CHF CHW CLE CLF CLP CNH CNX CNY COP COU CRC CSD CSK CUC CUP CVE CYP CZK DDM DEM DJF DKK
    DOP DZD ECS ECV EEK EGP ERN ESA ESB ESP ETB FIM FJD FKP FRF GBP GEK GEL GHC GHS GIP GMD GNF GNS GQE GRD GTQ GWE GWP
    GYD HKD HNL HRD HRK HTG HUF IDR IEP ILP ILR ILS INR IQD IRR ISJ ISK ITL JMD JOD JPY KES KGS KHR KMF KPW KRH KRO KRW
    KWD KYD KZT LAK LBP LKR LRD LSL LTL LTT LUC LUF LUL LVL LVR LYD MAD MAF MCF MDC MDL MGA MGF MKD MKN MLF MMK MNT MOP
    MRO MRU MTL MTP MUR MVP MVR MWK MXN MXP MXV MYR MZE MZM MZN NAD NGN NIC NIO NLG NOK NPR NZD OMR PAB PEI PEN PES PGK
    PHP PKR PLN PLZ PTE PYG QAR RHD ROL RON RSD RUB RUR RWF SAR SBD SCR SDD SDG SDP SEK SGD SHP SIT SKK SLE SLL SOS SRD
    SRG SSP STD STN SUR SVC SYP SZL THB TJR TJS TMM TMT TND TOP TPE TRL TRY TTD TWD TZS UAH UAK UGS UGX USD USN USS UYI
    UYP UYU UYW UZS VEB VED VEF VES VND VNN VUV WST XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XEU XFO XFU XOF XPD XPF XPT
    XRE XSU XTS XUA XXX YDD YER YUD YUM YUN YUR ZAL ZAR ZMK ZMW ZRN ZRZ ZWD ZWG ZWL ZWR""")
"""Of ISO 4217, those of today and of former days, without the euro's."""
_COINS = list_words("BTC CFA ETH FCFA USDC USDT XBT XTZ")
_ALSO_WORDS = list_words("ALL BAM COP CUP GEL PEN SOS TOP TRY")  # a column with nothing else is none
_EUROS = frozenset({"eur", "euro", "euros"})
_BESIDE_EUROS = frozenset({"de", "en", "ht", "in", "ttc"})
_NAMES = list_words("""dinar dinars dirham dirhams dollar dollars franc francs livre livres peso pesos pound pounds yen
    yens yuan zloty zlotys""")
_UNITS = list_words("credits jetons points pts tokens unites units x1000")  # in brackets; outside them they are words
_MOST_CURRENCIES = 50  # different cells. No column of currencies has more.
_LONGEST_NAME = 3  # words: "US dollar", "franc CFA (BCEAO)"
_WORD = re.compile(r"[^\W_]+")


def read_currency(cell: Cell, *, beside_others: bool = False) -> tuple[str, Mapping[str, str]] | None:
    """Find the rule that a cell of a currency column breaks, with its parameters; None if the row is in euros.

    A blank says nothing where the column names no other currency, as in bookkeeping programs that leave their own one
    out. `beside_others` says that it does: then a blank may mean "as above", and is an error.
    """
    if is_blank(cell):
        return ("currency-other", {"as": "blank"}) if beside_others else None
    return None if _is_euro(cell) else ("currency-other", quote_cell(cell))


def has_other_currency(cells: Iterable[Cell]) -> bool:
    return any(read_currency(cell) for cell in cells)


def is_currency_column(cells: Iterable[Cell]) -> bool:
    """Tell whether more than half of the different cells below any title are currencies. Blanks do not count."""
    different = {strip_invisible(cell) if isinstance(cell, str) else cell for cell in cells if not is_blank(cell)}
    if len(different) > _MOST_CURRENCIES:
        return False
    named = [cell for cell in different if isinstance(cell, str) and _is_currency(cell)]
    return 2 * len(named) > len(different) and not _ALSO_WORDS.issuperset(named)


def has_foreign_unit(title: str) -> bool:
    """Tell whether a title says anywhere that its numbers are not euros: by a code, a name, a sign or a factor."""
    remarks = " ".join(BRACKETS.findall(title))
    codes = {word for word in _WORD.findall(title) if word.isupper()} | set(_WORD.findall(remarks.upper()))
    return (
        has_other_unit(title)
        or not _NAMES.isdisjoint(fold(title).split())
        or not (_CODES | _COINS).isdisjoint(codes)
        or not _UNITS.isdisjoint(fold(remarks).split())
    )


def _is_euro(cell: Cell) -> bool:
    if not isinstance(cell, str) or has_other_unit(cell):
        return False
    words = set(fold(strip_invisible(cell)).split())
    return not words.isdisjoint(_EUROS) and words <= _EUROS | _BESIDE_EUROS


def _is_currency(text: str) -> bool:
    words = fold(text).split()
    return (
        text in _CODES
        or text.upper() in _COINS
        or _is_euro(text)
        or (len(text) == 1 and unicodedata.category(text) == "Sc")
        or (len(words) <= _LONGEST_NAME and not _NAMES.isdisjoint(words))
    )


Read = TypeVar("Read")
_Other = TypeVar("_Other")
Joined = TypeVar("Joined")


@dataclass(frozen=True, slots=True)
class Distinct(Generic[Read]):
    """What stands in a column, each once and in the order of the rows; `codes` is which of them a row has."""

    each: Sequence[Read]
    codes: NDArray[np.intp]

    def map(self, read: Callable[[Read], _Other]) -> Distinct[_Other]:
        return Distinct([read(one) for one in self.each], self.codes)

    def spread(self, values: Sequence[Any], dtype: str) -> ExtensionArray:
        """Give every row the value of what stands in it; `values` are in the order of `each`."""
        import pandas as pd

        array: ExtensionArray = pd.array(values, dtype=dtype)  # type: ignore[call-overload]
        return array.take(self.codes)

    def mark(self, is_so: Callable[[Read], bool]) -> NDArray[np.bool_]:
        import numpy as np

        return np.array([is_so(one) for one in self.each], dtype=bool)[self.codes]


def find_distinct(column: Series[Any]) -> Distinct[Cell]:
    import pandas as pd

    if column.dtype != object:
        codes, cells = pd.factorize(column, use_na_sentinel=False)
        return Distinct(cells.tolist(), codes)
    # True is equal to 1, and NaN not even to itself: what may be equal is told by its kind and its text.
    kept = column.tolist()
    codes, _ = pd.factorize(pd.Series([f"{cell.__class__.__name__} {cell}" for cell in kept], dtype=object))
    places = dict(zip(reversed(codes.tolist()), reversed(kept), strict=True))
    return Distinct([places[code] for code in range(len(places))], codes)


def join_columns(
    one: Distinct[Read], other: Distinct[_Other], read: Callable[[Read, _Other], Joined]
) -> Distinct[Joined]:
    """Read what stands in two columns together, each pair once."""
    import pandas as pd

    width = max(1, len(other.each))
    codes, pairs = pd.factorize(one.codes * width + other.codes)
    each = [read(one.each[pair // width], other.each[pair % width]) for pair in pairs.tolist()]
    return Distinct(each, codes)


class Body:
    """The rows below a header, whose columns are each taken apart when they are asked for first."""

    def __init__(self, frame: DataFrame) -> None:
        self.frame = frame
        self._distinct: dict[int, Distinct[Cell]] = {}

    def distinct(self, column: int) -> Distinct[Cell]:
        if column not in self._distinct:
            self._distinct[column] = find_distinct(self.frame[column])
        return self._distinct[column]
