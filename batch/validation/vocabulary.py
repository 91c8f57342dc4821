"""The words of sheets: months, directions, totals, units, and the names in our own reports."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

from batch.i18n import Language
from batch.model import Direction


def list_words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def list_phrases(text: str) -> tuple[str, ...]:
    return tuple(re.split(r",\s+", text))


MONTHS = list_words("""janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre january
    february march april may june july august september october november december""")
_MONTHS = MONTHS | list_words("janv jan fevr fev feb mar avr apr jun juil jul aug sept sep oct nov dec")
_YEAR = r"20\d\d"
_MONTH = "|".join(sorted(_MONTHS))
_DATED = re.compile(
    rf"\b(?:(?:0?[1-9]|1[0-2]) {_YEAR}|{_YEAR} (?:0[1-9]|1[0-2]|{_MONTH})|(?:{_MONTH})(?: (?:20)?\d\d)?|{_YEAR})(?!\S)"
)
_DAY = re.compile(rf"\b(?:au|le|on|as of) (?:3[01]|[12]?\d|0\d) (?:\d\d?|{_MONTH})(?: (?:20)?\d\d)?(?!\S)")
_MONTHLY = re.compile(
    r"\b(?:(?:par|per|ce|chaque|each|every|this|current) )?(?:mois|month|mensuel(?:le)?s?|monthly)"
    r"(?: (?:en cours|courant|ci))?(?!\S)"
)
PERIOD_WORDS = _MONTHS | list_words("""par per ce chaque each every this current mois month mensuel mensuels mensuelle
    mensuelles monthly en cours courant ci""")  # all words that a period may be written with, beside numbers


def strip_period(folded: str) -> str:
    """Take the month and the year out of a folded text; one that names two of them compares them, and is left."""
    if len(_DATED.findall(folded)) > 1:
        return folded
    return " ".join(_MONTHLY.sub(" ", _DATED.sub(" ", folded)).split())


def strip_day(folded: str) -> str:
    """Take the day out of a folded text that says of when it is: "au 30/11/2026"."""
    return " ".join(_DAY.sub(" ", folded).split())


LONGEST_DIRECTION = 64
LONGEST_LABEL = 64  # characters. A longer text is neither; it is not looked at further.

DIRECTION_WORDS: Mapping[Direction, tuple[str, ...]] = {
    Direction.ADD: list_phrases("""add, adds, added, adding, addition, add credit, plus, ajout, ajouts, ajouter, ajoute,
        ajoutee, ajoutez, ajout credit, ajout de credit, ajout de credits, ajouter credit, ajouter du credit, a ajouter,
        credit, credits, crediter, credite, creditee, creditez, credited, a crediter, cred, cr, c, top up, topup,
        top ups, topped up, recharge, recharger, rechargement, recharges, rechargez, reload, refill, fund, funding,
        approvisionner, approvisionnement, alimenter, alimentation, abonder, abondement, verser, versement, depot,
        deposit, increase, augmenter, augmentation, attribuer, attribution, allouer, allocation, allocate, dotation,
        entree, entrees, in, crdt"""),
    Direction.REMOVE: list_phrases("""remove, removes, removed, removing, removal, remove credit, minus, moins, retrait,
        retraits, retirer, retire, retiree, retirez, retrait credit, retrait de credit, retirer credit,
        retirer du credit, a retirer, debit, debits, debiter, debite, debitee, debitez, debited, a debiter, deb, db, dr,
        d, take back, take away, withdraw, withdrawal, withdrawn, deduct, deduction, deduire, reprise, reprendre,
        prelever, prelevement, enlever, enleve, oter, diminuer, diminution, decrease, reduce, reduire, subtract,
        soustraire, sortie, sorties, out, dbit"""),
}
"""Words as `fold` writes them. A word that people use for both ways (refund, transfer) is left out: it is a finding."""


@dataclass(frozen=True, slots=True)
class ReportWords:
    """The names in a report by which it is recognised when it comes back: sheets, and titles of our columns."""

    summary: str
    rows: str
    balances: str
    to_fix: str
    events: str
    status: str
    code: str
    row: str
    reason: str

    @property
    def sheets(self) -> tuple[str, ...]:
        return (self.summary, self.rows, self.balances, self.to_fix, self.events)


REPORT_WORDS: Mapping[Language, ReportWords] = {
    Language.ENGLISH: ReportWords(
        "Summary", "Rows", "Balances", "To fix", "Events", "Status", "Code", "Row in sheet", "Why it was not done"
    ),
    Language.FRENCH: ReportWords(
        "Synthèse", "Lignes", "Soldes", "À corriger", "Événements", "Statut", "Code", "Ligne du fichier",
        "Motif de non-exécution",
    ),
}  # fmt: skip
"""Not in the catalogue of messages: a report of last year is recognised by the words it was written with."""

PLUS_SIGNS = "+＋﹢"
MINUS_SIGNS = "-−–—‐‑‒﹣－"
_SIGNS = dict.fromkeys(PLUS_SIGNS, Direction.ADD) | dict.fromkeys(MINUS_SIGNS, Direction.REMOVE)

DIRECTION_OF = {word: direction for direction, words in DIRECTION_WORDS.items() for word in words}
_TITLE_WAYS = {
    **{word: way for word, way in DIRECTION_OF.items() if word not in {"in", "out"}},
    **dict.fromkeys(("soll", "s", "dbt"), Direction.REMOVE),
    **dict.fromkeys(("haben", "h", "cdt", "e"), Direction.ADD),
}
"""Words of a title that explain a letter."""
_CREDIT = frozenset({"credit", "credits"})
_ALONE = list_words("c cr d db deb dr in minus moins out plus")
"""Directions where nothing stands beside them; in a phrase they are other words."""
_IN_PHRASE = sorted(DIRECTION_OF.keys() - _ALONE, key=len, reverse=True)
_WAY_IN_PHRASE = re.compile(rf"\b(?:{'|'.join(_IN_PHRASE)})(?!\S)")
_WORD_IN_PHRASE = re.compile(rf"\b(?:{'|'.join(word for word in _IN_PHRASE if ' ' not in word)})(?!\S)")
_BESIDE_DIRECTION = list_words("""a account additional amount an au automatic automatique complementaire compte d de des
    du en eur euro euros exceptionnel exceptionnelle extra for from ht in into l la le les manual manuel manuelle
    montant mouvement mvt of on op operation pour sms sous sub subaccount supplementaire sur the to ttc un une""")
_PARTED = re.compile(r"[/|;&+,]|:\s*\w|\s[-–—]\s|[-–—=.(\[]\s*cr", re.IGNORECASE)
_LETTERS_AS_TITLE = re.compile(r"(?<!\w)(\w)\s*/\s*(\w)(?!\w)")
_SIGNED_NUMBER = re.compile(rf"(?<!\w)[{PLUS_SIGNS}{re.escape(MINUS_SIGNS)}]\s*\d")
SMALL_WORDS = list_words("a d de des du en for in l la le les of pour the to")
UNITS = frozenset({"eur", "euro", "euros", "ht", "ttc"})
CAMEL = re.compile(r"(?<=[a-zà-ÿ\d])(?=[A-ZÀ-Þ])|(?<=[A-ZÀ-Þ])(?=[A-ZÀ-Þ][a-zà-ÿ])")
_NETS = frozenset({"net", "solde", "balance"})
_TOTALS = _NETS | {"total", "totaux", "totals", "somme", "sommes", "sum", "subtotal", "soustotal", "cumul"}
_MAY_BE_TOTAL = re.compile("tota|som|sum|cumul|net|solde|balance", re.IGNORECASE)
_BEFORE_TOTAL = list_words("general generaux grand sous sub montant amount mouvements movements net lot mois")
COUNTED = list_words("""accounts clients comptes ecritures elements enregistrements entries items jetons lignes lines
    mouvements movements operations records rows tokens transactions""")
"""What the rows of a table are, as a label counts them."""
_AFTER_TOTAL = COUNTED | {"amounts", "montants", "pay", "payer", "rechargements", "virements"}
_COUNT = re.compile(
    rf"\b(?:\d+ (?:(?:sous|sub) )?(?:{'|'.join(sorted(COUNTED))})|1 (?:ligne|row|mouvement|movement))(?!\S)"
)
_NUMBER_IN_BRACKETS = re.compile(r"[(\[]\s*(?:n\s*=\s*)?\d+\s*[)\]]")
BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_AROUND = " ()[]«»“”‘’\"'"
_NOT_A_WORD = re.compile(r"[^0-9a-z]+")


def fold(text: str) -> str:
    """Write a text without accents, case, punctuation and invisible characters: "Opération :" is "operation"."""
    folded = text.translate(_FOLDED)
    if not folded.isascii():
        folded = "".join(map(_fold_letter, folded))
    return " ".join(folded.split())


def _fold_letter(char: str) -> str:
    decomposed = unicodedata.normalize("NFKD", char.replace("€", " eur "))
    kept = "".join(part for part in decomposed if unicodedata.category(part) not in {"Mn", "Cf"})
    return _NOT_A_WORD.sub(" ", kept.casefold().replace("œ", "oe"))


_FOLDED = {code: _fold_letter(chr(code)) for code in (*range(0x250), *range(0x2010, 0x2027), ord("€"))}
"""The letters of Western Europe, looked up: to decompose each text would take most of the time of finding a header."""


def find_to_fix_sheet(sheets: Collection[str]) -> str | None:
    """Find the sheet of a workbook that holds what is to be fixed, if it is a report that we wrote; None for any other.

    Of such a workbook no other sheet is ever read in again: they name rows that are done.
    """
    return next((known.to_fix for known in REPORT_WORDS.values() if set(known.sheets) <= set(sheets)), None)


def is_list_to_fix(titles: Collection[str]) -> bool:
    """Tell whether these are the titles of a report's *To fix*, with the number of each row and why it was not done."""
    return any({known.row, known.reason} <= set(titles) for known in REPORT_WORDS.values())


@lru_cache(maxsize=1024)
def find_direction(text: str, title: str = "") -> Direction | None:
    """Find the direction that a cell's text names: a word of the table, a sign, or both if they do not contradict.

    It may also be a phrase around one direction, "Ajout de crédits SMS", or a letter that the column's title explains.
    """
    if len(text) > LONGEST_DIRECTION or "?" in text:
        return None
    text = text.strip(_AROUND)
    signs = {_SIGNS[char] for char in (text[:1], text[-1:]) if char in _SIGNS}
    word = fold(text)
    if not word:
        return signs.pop() if len(text) == 1 and signs else None
    if len(word) == 1:
        named = DIRECTION_OF.get(word) or _explain_letter(word, title)
    else:
        is_parted = _PARTED.search(text) is not None
        known = None if is_parted and " " in word else DIRECTION_OF.get(word)
        named = known or (None if _SIGNED_NUMBER.search(text) else _find_phrase_direction(word, is_parted=is_parted))
    return named if named and signs <= {named} else None


def parse_total_label(text: str, *, strict: bool = False) -> str | None:
    """Read what a text such as "Total", "Somme :" or "TOTAL des ajouts" says that its row adds up; None for any other.

    It is "all", "net" (what is added less what is removed), "added" or "removed". Strictly, no word may be unknown.
    """
    if len(text) > LONGEST_LABEL or not _MAY_BE_TOTAL.search(text):
        return None
    folded = strip_period(strip_day(_COUNT.sub(" ", fold(_NUMBER_IN_BRACKETS.sub(" ", text)))))
    words = strip_small_words(folded).split()
    start = next((index for index, word in enumerate(words) if word not in _BEFORE_TOTAL), 0)
    if not words or words[start] not in _TOTALS:
        return None
    rest = [word for word in words[start + 1 :] if word not in _BEFORE_TOTAL and word not in _TOTALS]
    ways = {find_direction(word) for word in rest if len(word) > 1 and word not in _AFTER_TOTAL}
    if strict and (None in ways or any(word.isdecimal() for word in rest)):
        return None
    if not _NETS.isdisjoint(words):
        return "net"
    adds, removes = Direction.ADD in ways, Direction.REMOVE in ways
    return "all" if adds == removes else "added" if adds else "removed"


def _explain_letter(letter: str, title: str) -> Direction | None:
    """Find what a letter stands for below a title with two directions that begin otherwise: S below "Entrée/Sortie"."""
    # S and H are the German words for debit and credit, which bookkeeping programs also write below other titles.
    words = [word for word in fold(CAMEL.sub(" ", title)).split() if len(word) > 1]
    letters = [letter.casefold() for pair in _LETTERS_AS_TITLE.findall(title) for letter in pair]
    ways = {(word[0], way) for word in (*words, *letters) if (way := _TITLE_WAYS.get(word))}
    if {way for _, way in ways} != set(Direction):
        return None
    if {("d", Direction.REMOVE), ("c", Direction.ADD)} <= ways:
        ways |= {("s", Direction.REMOVE), ("h", Direction.ADD)}
    named = {way for initial, way in ways if initial == letter}
    return named.pop() if len(named) == 1 else None


def _find_phrase_direction(folded: str, *, is_parted: bool) -> Direction | None:
    """Find the direction of a phrase with the words of one direction in it, and beside them only what changes nothing.

    A word that we do not know may turn it round ("annulation", "sans", "avoir") or be a part of a name, so the phrase
    is not understood. Credit is what is moved, and no direction, behind another one's word: "Reprise de crédit"; but
    not where a sign parts them, as in "Reprise / crédit".
    """
    pattern = _WORD_IN_PHRASE if is_parted else _WAY_IN_PHRASE
    found = pattern.findall(folded)
    rest = strip_period(pattern.sub(" ", folded)).split()
    if is_parted and not DIRECTION_OF.keys().isdisjoint(rest):
        return None
    if not all(word in _BESIDE_DIRECTION or (word.isdecimal() and word.strip("0")) for word in rest):
        return None
    if found and not found[0].startswith("deb") and not is_parted:
        found = [found[0], *(word for word in found[1:] if word not in _CREDIT)]
    ways = {DIRECTION_OF[word] for word in found}
    return ways.pop() if len(ways) == 1 else None


def strip_small_words(folded: str) -> str:
    return " ".join(word for word in folded.split() if word not in SMALL_WORDS and word not in UNITS)
