"""What the label of a row says that it is: a total of everything or of a group, a count, or a line of the printer's.

A sub-account's token or a client may begin with such a word ("total-energies"), so beside it only words that we know
may stand: months, years, numbers in brackets, what is counted. Only a subtotal may name its group.
"""

from __future__ import annotations

import re
from enum import StrEnum

from batch.rules.periods import without_period
from batch.rules.vocabulary import COUNTED, LONGEST_LABEL, fold, total_label


class LabelKind(StrEnum):
    """What a row that is no movement holds."""

    TOTAL = "total"
    SUBTOTAL = "subtotal"
    CARRIED = "carried"
    """What is carried to the next page, or brought from the one before."""
    COUNT = "count"
    FOOTER = "footer"
    """The number of the page, or when and by what it was printed."""


_FOOTER = re.compile(
    r"(?:pages?|p)(?: n)? \d+(?: (?:sur|of|de|\d+))*"
    r"|(?:edite|imprime|genere|exporte|extrait|cree|tire|printed|generated|exported|created|produced)e?s?"
    r" (?:(?:le|par|on|by|at)(?: .*)?|automatiquement|automatically|\d.*)"
    r"|(?:edition|impression) du \d.*"
    r"|(?:date d (?:edition|impression|export|extraction)|(?:print|export) date)(?: .*)?"
    r"|(?:fin|end)(?: (?:de|du|d|la|l|of|the))* (?:fichier|liste|etat|rapport|releve|tableau|file|list|report|table)"
)
_SUBTOTAL = re.compile(
    r"(?:sous tota(?:l|ux)|soustotal|sub totals?|subtotals?|s total)(?: .*)?"
    r"|.+ (?:sous total|soustotal|sub total|subtotal)"
    r"|(?:total|totaux) (?:partiels?|partiaux|intermediaires?|(?:de (?:la )?)?page)|(?:partial|page) totals?"
)
_CARRIED = re.compile(
    r"\b(?:report a nouveau|a reporter|reports?|reportee?s?|(?:carried|brought|carry|bring) (?:forward|fwd|over)"
    r"|[bc] f(?:wd)?|a nouveaux?)(?!\S)"
)
_BESIDE_CARRIED = frozenset(
    {"amount", "balance", "de", "des", "du", "from", "general", "la", "le", "montant", "next", "of", "page",
     "precedent", "precedente", "previous", "solde", "somme", "sous", "suivante", "sum", "the", "to", "total", "totaux"}
)  # fmt: skip
_ROWS = rf"(?:(?:sous|sub) )?(?:{'|'.join(sorted(COUNTED))})"
_COUNT = re.compile(
    rf"(?:nombre|nbre|nbr|nb|(?:row |line |total )?count)(?: total)?"
    rf"|(?:nombre|nbre|nbr|nb|no|number|total number|count)(?: (?:total|de|d|des|of|the))* {_ROWS}(?: \d+)?"
    rf"|\d+ {_ROWS}|1 (?:ligne|row|mouvement|movement)"
)
_COUNT_BEHIND_COLON = re.compile(r"\s*[:=]\s*\d*\s*$")


def label_kind(text: str) -> LabelKind | None:
    """What the text says that its row is; None for any other text, such as a token or a name."""
    if len(text) > LONGEST_LABEL:
        return None
    folded = fold(text)
    if _FOOTER.fullmatch(folded):
        return LabelKind.FOOTER
    if _is_carried(folded):
        return LabelKind.CARRIED
    if _SUBTOTAL.fullmatch(folded):
        return LabelKind.SUBTOTAL
    if _is_count(text):
        return LabelKind.COUNT
    return LabelKind.TOTAL if total_label(text, strict=True) else None


def _is_carried(folded: str) -> bool:
    if not _CARRIED.search(folded):
        return False
    rest = without_period(_CARRIED.sub(" ", folded)).split()
    return all(word in _BESIDE_CARRIED or (word.isdecimal() and "page" in rest) for word in rest)


def _is_count(text: str) -> bool:
    """A number may stand behind a colon, as the count itself; behind a hyphen it is a part of a token."""
    label = fold(_COUNT_BEHIND_COLON.sub("", text))
    if _COUNT.fullmatch(without_period(label)):
        return True
    return _COUNT_BEHIND_COLON.search(text) is not None and re.fullmatch(_ROWS, label) is not None
