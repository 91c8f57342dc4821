"""The words that people use in sheets, English and French: one table for column titles, one for directions."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from batch.model import Direction, Role

LONGEST_TITLE = 200
LONGEST_DIRECTION = 64
"""Characters. A longer text is neither; it is not looked at further."""

COLUMN_TITLES: Mapping[Role, tuple[tuple[str, ...], ...]] = {
    Role.TOKEN: (
        (
            "token", "jeton", "tokens", "token subaccount", "subaccount token", "tokensubaccount", "token sub account",
            "sub account token", "token sous compte", "jeton sous compte", "sous compte token", "token compte",
            "account token", "token id", "id token",
        ),
        (
            "identifiant sous compte", "id sous compte", "numero sous compte", "no sous compte", "n sous compte",
            "subaccount id", "sub account id", "subaccount number", "sub account number", "sous compte n",
            "ref sous compte", "reference sous compte", "code sous compte",
        ),
        ("sous compte", "sub account", "subaccount", "souscompte", "sous comptes", "sub accounts", "subaccounts"),
        ("identifiant", "compte", "account", "numero compte", "no compte", "n compte", "account number",
         "account id", "id compte", "compte n"),
    ),
    Role.AMOUNT: (
        (
            "amount", "montant", "amounts", "montants", "amount euros", "amount eur", "montant euros", "montant eur",
            "montant ttc", "montant ttc euros", "montant ttc eur", "montant ht", "montant ht euros", "montant ht eur",
            "montant crediter", "montant mouvement", "montant operation", "montant credit", "credit amount",
        ),
        ("somme", "sum", "valeur", "value", "euros", "euro", "eur", "credit", "credit euros", "credit eur"),
    ),
    Role.DIRECTION: (
        (
            "direction", "sens", "sens mouvement", "sens operation", "ajout retrait", "ajout ou retrait",
            "ajouter retirer", "ajouter ou retirer", "add remove", "add or remove", "credit debit", "debit credit",
            "credit ou debit", "debit ou credit", "credit or debit", "debit or credit", "sens credit debit",
            "sens debit credit",
        ),
        ("type operation", "operation type", "transaction type", "type transaction", "type mouvement", "movement type",
         "nature operation", "nature mouvement"),
        ("operation", "mouvement", "movement", "action"),
        ("type", "nature"),
    ),
}  # fmt: skip
"""Titles as `fold` writes them, without small words, the surest group first: of two columns that could be one role, the
surer one is taken; two of the same group are a finding. "n" is what is left of "n°"."""

DIRECTION_WORDS: Mapping[Direction, tuple[str, ...]] = {
    Direction.ADD: (
        "add", "adds", "added", "adding", "addition", "add credit", "plus",
        "ajout", "ajouts", "ajouter", "ajoute", "ajoutee", "ajoutez", "ajout credit", "ajout de credit",
        "ajout de credits",
        "ajouter credit", "ajouter du credit", "a ajouter",
        "credit", "credits", "crediter", "credite", "creditee", "creditez", "credited", "a crediter", "cred", "cr", "c",
        "top up", "topup", "top ups", "topped up", "recharge", "recharger", "rechargement", "recharges", "rechargez",
        "reload", "refill", "fund", "funding", "approvisionner", "approvisionnement", "alimenter", "alimentation",
        "abonder", "abondement", "verser", "versement", "depot", "deposit", "increase", "augmenter", "augmentation",
        "attribuer", "attribution", "allouer", "allocation", "allocate", "dotation",
    ),
    Direction.REMOVE: (
        "remove", "removes", "removed", "removing", "removal", "remove credit", "minus", "moins",
        "retrait", "retraits", "retirer", "retire", "retiree", "retirez", "retrait credit", "retrait de credit",
        "retirer credit", "retirer du credit", "a retirer",
        "debit", "debits", "debiter", "debite", "debitee", "debitez", "debited", "a debiter", "deb", "db", "dr", "d",
        "take back", "take away", "withdraw", "withdrawal", "withdrawn", "deduct", "deduction", "deduire", "reprise",
        "reprendre", "prelever", "prelevement", "enlever", "enleve", "oter", "diminuer", "diminution", "decrease",
        "reduce", "reduire", "subtract", "soustraire",
    ),
}  # fmt: skip
"""Words as `fold` writes them. A word that people use for both ways (refund, transfer) is left out: it is a finding."""

TO_FIX_SHEET = "To fix"
REPORT_SHEETS = ("Summary", "Rows", "Balances", TO_FIX_SHEET, "Events")
"""The sheets of a report that we wrote. Of such a workbook only what is to be fixed is ever read in again."""

PLUS_SIGNS = "+＋﹢"
MINUS_SIGNS = "-−–—‐‑‒﹣－"
_SIGNS = {
    **dict.fromkeys(PLUS_SIGNS, Direction.ADD),
    **dict.fromkeys(MINUS_SIGNS, Direction.REMOVE),
}

_DIRECTION_OF = {word: direction for direction, words in DIRECTION_WORDS.items() for word in words}
_ROLE_OF = {
    title: (role, rank)
    for role, groups in COLUMN_TITLES.items()
    for rank, group in enumerate(groups)
    for title in group
}
_SIGNS_AS_TITLE = re.compile(rf"[{PLUS_SIGNS}]\s*/\s*[{re.escape(MINUS_SIGNS)}]|[{re.escape(MINUS_SIGNS)}]\s*/\s*\+|±")
_SMALL_WORDS = frozenset({"a", "d", "de", "des", "du", "en", "for", "in", "l", "la", "le", "les", "of", "the", "to"})
# Amounts in thousands, cents or another currency must never be taken for euros.
_OTHER_UNITS = frozenset(
    {"k", "m", "keur", "meur", "millier", "milliers", "thousand", "thousands", "cent", "cents", "centime", "centimes",
     "ct", "cts", "usd", "dollar", "dollars", "gbp", "chf", "sms"}
)  # fmt: skip
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_AROUND = " ()[]«»“”‘’\"'"
_NOT_A_WORD = re.compile(r"[^0-9a-z]+")


def fold(text: str) -> str:
    """The text without accents, case, punctuation and invisible characters: "Opération :" is "operation"."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text.replace("€", " eur "))
        text = "".join(char for char in decomposed if unicodedata.category(char) not in {"Mn", "Cf"})
    return _NOT_A_WORD.sub(" ", text.casefold().replace("œ", "oe")).strip()


def column_role(title: str) -> tuple[Role, int] | None:
    """The role that a column's title names, and how sure the title is (0 is surest); None for any other column."""
    if len(title) > LONGEST_TITLE:
        return None
    if _SIGNS_AS_TITLE.fullmatch(title.strip()):
        return Role.DIRECTION, 0
    if _has_other_unit(title):
        return None
    return _role_of(fold(title)) or _role_of(fold(_BRACKETS.sub(" ", title)))


def close_title(title: str, roles: frozenset[Role]) -> str | None:
    """The known title of one of the roles that this one is a near miss of ("Montnat" of "montant")."""
    groups = [group for role in roles for group in COLUMN_TITLES[role]]
    known = [known for group in groups for known in group if len(known) > len("type")]
    found = difflib.get_close_matches(_without_small_words(fold(title[:LONGEST_TITLE])), known, n=1, cutoff=0.8)
    return found[0] if found else None


@lru_cache(maxsize=1024)
def direction_of(text: str) -> Direction | None:
    """The direction that a cell's text names: a word of the table, a sign, or both if they do not contradict."""
    if len(text) > LONGEST_DIRECTION or "?" in text:
        return None
    text = text.strip(_AROUND)
    signs = {_SIGNS[char] for char in (text[:1], text[-1:]) if char in _SIGNS}
    word = fold(text)
    if not word:
        return signs.pop() if len(text) == 1 and signs else None
    named = _DIRECTION_OF.get(word)
    return named if named and signs <= {named} else None


def _role_of(folded: str) -> tuple[Role, int] | None:
    return _ROLE_OF.get(folded) or _ROLE_OF.get(_without_small_words(folded))


def _without_small_words(folded: str) -> str:
    return " ".join(word for word in folded.split() if word not in _SMALL_WORDS)


def _has_other_unit(title: str) -> bool:
    signs = any(char in "%‰" or (unicodedata.category(char) == "Sc" and char != "€") for char in title)
    return signs or not _OTHER_UNITS.isdisjoint(fold(title).split())
