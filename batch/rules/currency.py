"""The currency that a row names beside its amount: only euros are paid, and nothing is converted."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from batch.model import Cell
from batch.rules.cells import is_blank, quoted, visible
from batch.rules.titles import has_other_unit
from batch.rules.vocabulary import BRACKETS, fold

_CODES = frozenset(
    {"ADP", "AED", "AFA", "AFN", "ALK", "ALL", "AMD", "ANG", "AOA", "AOK", "AON", "AOR", "ARA", "ARL", "ARM", "ARP",
     "ARS", "ATS", "AUD", "AWG", "AZM", "AZN", "BAD", "BAM", "BAN", "BBD", "BDT", "BEC", "BEF", "BEL", "BGL", "BGM",
     "BGN", "BGO", "BHD", "BIF", "BMD", "BND", "BOB", "BOL", "BOP", "BOV", "BRB", "BRC", "BRE", "BRL", "BRN", "BRR",
     "BRZ", "BSD", "BTN", "BUK", "BWP", "BYB", "BYN", "BYR", "BZD", "CAD", "CDF", "CHE", "CHF", "CHW", "CLE", "CLF",
     "CLP", "CNH", "CNX", "CNY", "COP", "COU", "CRC", "CSD", "CSK", "CUC", "CUP", "CVE", "CYP", "CZK", "DDM", "DEM",
     "DJF", "DKK", "DOP", "DZD", "ECS", "ECV", "EEK", "EGP", "ERN", "ESA", "ESB", "ESP", "ETB", "FIM", "FJD", "FKP",
     "FRF", "GBP", "GEK", "GEL", "GHC", "GHS", "GIP", "GMD", "GNF", "GNS", "GQE", "GRD", "GTQ", "GWE", "GWP", "GYD",
     "HKD", "HNL", "HRD", "HRK", "HTG", "HUF", "IDR", "IEP", "ILP", "ILR", "ILS", "INR", "IQD", "IRR", "ISJ", "ISK",
     "ITL", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRH", "KRO", "KRW", "KWD", "KYD", "KZT", "LAK",
     "LBP", "LKR", "LRD", "LSL", "LTL", "LTT", "LUC", "LUF", "LUL", "LVL", "LVR", "LYD", "MAD", "MAF", "MCF", "MDC",
     "MDL", "MGA", "MGF", "MKD", "MKN", "MLF", "MMK", "MNT", "MOP", "MRO", "MRU", "MTL", "MTP", "MUR", "MVP", "MVR",
     "MWK", "MXN", "MXP", "MXV", "MYR", "MZE", "MZM", "MZN", "NAD", "NGN", "NIC", "NIO", "NLG", "NOK", "NPR", "NZD",
     "OMR", "PAB", "PEI", "PEN", "PES", "PGK", "PHP", "PKR", "PLN", "PLZ", "PTE", "PYG", "QAR", "RHD", "ROL", "RON",
     "RSD", "RUB", "RUR", "RWF", "SAR", "SBD", "SCR", "SDD", "SDG", "SDP", "SEK", "SGD", "SHP", "SIT", "SKK", "SLE",
     "SLL", "SOS", "SRD", "SRG", "SSP", "STD", "STN", "SUR", "SVC", "SYP", "SZL", "THB", "TJR", "TJS", "TMM", "TMT",
     "TND", "TOP", "TPE", "TRL", "TRY", "TTD", "TWD", "TZS", "UAH", "UAK", "UGS", "UGX", "USD", "USN", "USS", "UYI",
     "UYP", "UYU", "UYW", "UZS", "VEB", "VED", "VEF", "VES", "VND", "VNN", "VUV", "WST", "XAF", "XAG", "XAU", "XBA",
     "XBB", "XBC", "XBD", "XCD", "XCG", "XDR", "XEU", "XFO", "XFU", "XOF", "XPD", "XPF", "XPT", "XRE", "XSU", "XTS",
     "XUA", "XXX", "YDD", "YER", "YUD", "YUM", "YUN", "YUR", "ZAL", "ZAR", "ZMK", "ZMW", "ZRN", "ZRZ", "ZWD", "ZWG",
     "ZWL", "ZWR"}
)  # fmt: skip
"""Of ISO 4217, those of today and of former days, without the euro's."""
_COINS = frozenset({"BTC", "CFA", "ETH", "FCFA", "USDC", "USDT", "XBT", "XTZ"})
_ALSO_WORDS = frozenset({"ALL", "BAM", "COP", "CUP", "GEL", "PEN", "SOS", "TOP", "TRY"})
"""Codes that are words as well: a column with nothing else is not one of currencies."""
_EUROS = frozenset({"eur", "euro", "euros"})
_BESIDE_EUROS = frozenset({"de", "en", "ht", "in", "ttc"})
_NAMES = frozenset(
    {"dinar", "dinars", "dirham", "dirhams", "dollar", "dollars", "franc", "francs", "livre", "livres", "peso", "pesos",
     "pound", "pounds", "yen", "yens", "yuan", "zloty", "zlotys"}
)  # fmt: skip
_UNITS = frozenset({"credits", "jetons", "points", "pts", "tokens", "unites", "units", "x1000"})
"""In brackets; outside them they are words."""
_MOST_CURRENCIES = 50
"""Different cells. No column of currencies has more."""
_LONGEST_NAME = 3
"""Words: "US dollar", "franc CFA (BCEAO)"."""
_WORD = re.compile(r"[^\W_]+")


def read_currency(cell: Cell, *, beside_others: bool = False) -> tuple[str, Mapping[str, str]] | None:
    """The rule that a cell of a currency column breaks, with its parameters; None if the row is in euros.

    A blank says nothing where the column names no other currency, as in bookkeeping programs that leave their own one
    out. `beside_others` says that it does: then a blank may mean "as above", and is an error.
    """
    if is_blank(cell):
        return ("currency-other", {"as": "blank"}) if beside_others else None
    return None if _is_euro(cell) else ("currency-other", quoted(cell))


def has_other_currency(cells: Iterable[Cell]) -> bool:
    """Whether a cell of a currency column names something else than euros; each different cell is enough."""
    return any(read_currency(cell) for cell in cells)


def is_currency_column(cells: Iterable[Cell]) -> bool:
    """Whether cells below any title are currencies: more than half of the different ones are. Blanks do not count."""
    different = {visible(cell) if isinstance(cell, str) else cell for cell in cells if not is_blank(cell)}
    if len(different) > _MOST_CURRENCIES:
        return False
    named = [cell for cell in different if isinstance(cell, str) and _is_currency(cell)]
    return 2 * len(named) > len(different) and not _ALSO_WORDS.issuperset(named)


def names_other_unit(title: str) -> bool:
    """Whether a title says, anywhere in it, that its numbers are not euros: by a code, a name, a sign or a factor."""
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
    words = set(fold(visible(cell)).split())
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
