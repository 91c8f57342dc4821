"""The words that people use in sheets, English and French: one table for column titles, one for directions."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping

from batch.model import Direction, Role

COLUMN_TITLES: Mapping[Role, tuple[str, ...]] = {
    Role.TOKEN: (
        "token", "tokens", "token subaccount", "subaccount token", "tokensubaccount", "token sub account",
        "sub account token", "token sous compte", "token du sous compte", "jeton", "jeton sous compte",
        "sub account", "subaccount", "sub accounts", "sous compte", "souscompte", "sous comptes",
        "identifiant", "identifiant sous compte", "identifiant du sous compte", "id sous compte",
        "subaccount id", "sub account id", "account token", "compte", "account", "no compte", "numero de compte",
    ),
    Role.AMOUNT: (
        "amount", "amounts", "montant", "montants", "amount in euros", "amount in eur", "montant en euros",
        "montant en eur", "montant eur", "montant euros", "amount eur", "amount euros", "montant a crediter",
        "montant du mouvement", "somme", "sum", "euros", "eur", "valeur", "value", "credit",
    ),
    Role.DIRECTION: (
        "direction", "sens", "sens du mouvement", "operation", "type d operation", "type operation", "operation type",
        "mouvement", "movement", "action", "add remove", "add or remove", "ajout retrait", "ajout ou retrait",
        "nature", "nature du mouvement", "type de mouvement", "movement type", "type",
    ),
}  # fmt: skip
"""Titles as `fold` writes them, the surest first: of two columns that could be one role, the earlier title wins."""

DIRECTION_WORDS: Mapping[Direction, tuple[str, ...]] = {
    Direction.ADD: (
        "add", "added", "adding", "addition", "plus", "ajout", "ajouts", "ajouter", "ajoute", "ajoutee",
        "credit", "credits", "crediter", "credite", "credited", "cr", "c", "top up", "topup", "top ups", "recharge",
        "recharger", "rechargement", "recharges", "reload", "approvisionner", "approvisionnement", "alimenter",
        "alimentation", "verser", "versement", "deposit", "increase", "augmenter", "augmentation",
        "attribuer", "attribution", "allocate", "allocation",
    ),
    Direction.REMOVE: (
        "remove", "removed", "removing", "removal", "minus", "moins", "retrait", "retraits", "retirer", "retire",
        "retiree", "debit", "debits", "debiter", "debite", "debited", "db", "dr", "d", "take back", "withdraw",
        "withdrawal", "withdrawn", "deduct", "deduction", "deduire", "reprise", "reprendre", "prelever",
        "prelevement", "enlever", "enleve", "diminuer", "diminution", "decrease", "subtract", "soustraire",
    ),
}  # fmt: skip
"""Words as `fold` writes them. A word that people use for both ways (refund, return) is left out: it is a finding."""

PLUS_SIGNS = "+＋﹢"
MINUS_SIGNS = "-−–—‐‑‒﹣－"
_SIGNS = {Direction.ADD: PLUS_SIGNS, Direction.REMOVE: MINUS_SIGNS}

_DIRECTION_OF = {word: direction for direction, words in DIRECTION_WORDS.items() for word in words}
_ROLE_OF = {title: (role, rank) for role, titles in COLUMN_TITLES.items() for rank, title in enumerate(titles)}
_UNITS_IN_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_NOT_A_WORD = re.compile(r"[^0-9a-z]+")


def fold(text: str) -> str:
    """The text without accents, case, punctuation and invisible characters: "Opération :" is "operation"."""
    plain = text.casefold().replace("œ", "oe")
    if not plain.isascii():
        decomposed = unicodedata.normalize("NFKD", plain)
        plain = "".join(char for char in decomposed if unicodedata.category(char) not in {"Mn", "Cf"})
    return _NOT_A_WORD.sub(" ", plain).strip()


def column_role(title: str) -> tuple[Role, int] | None:
    """The role that a column's title names, and how sure the title is (0 is surest); None for any other column."""
    return _ROLE_OF.get(fold(title)) or _ROLE_OF.get(fold(_UNITS_IN_BRACKETS.sub(" ", title)))


def close_title(title: str, roles: frozenset[Role]) -> str | None:
    """The known title of one of the roles that this one is a near miss of ("Montnat" of "montant")."""
    known = [known for role in roles for known in COLUMN_TITLES[role] if len(known) > 3]
    found = difflib.get_close_matches(fold(title), known, n=1, cutoff=0.8)
    return found[0] if found else None


def direction_of(text: str) -> Direction | None:
    """The direction that a cell's text names: a word of the table, or a sign by itself."""
    for direction, signs in _SIGNS.items():
        if text.strip() and all(char in signs for char in text.strip()) and len(text.strip()) == 1:
            return direction
    return _DIRECTION_OF.get(fold(text))
