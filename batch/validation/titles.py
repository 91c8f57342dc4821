"""Recognising columns by their titles."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence, Set
from functools import cache, lru_cache

from batch.model import AMOUNTS, ColumnRole, Direction
from batch.validation.vocabulary import (
    BRACKETS,
    CAMEL,
    DIRECTION_OF,
    MINUS_SIGNS,
    PERIOD_WORDS,
    PLUS_SIGNS,
    SMALL_WORDS,
    UNITS,
    fold,
    list_phrases,
    list_words,
    strip_period,
    strip_small_words,
)

LONGEST_TITLE = 200

COLUMN_TITLES: Mapping[ColumnRole, tuple[tuple[str, ...], ...]] = {
    ColumnRole.TOKEN: (
        list_phrases("""Token, Jeton, Tokens, tokenSubaccount, Token sub-account, Token subaccount, Sub-account token,
            Subaccount token, Token du sous-compte, Jeton du sous-compte, Sous-compte token, Sous-compte jeton,
            Token du compte, Account token, Token ID, ID token, N° de jeton, Numéro de jeton, Jeton n°, Code jeton,
            Jeton client, Jeton du client, Token client, Client token, Customer token"""),
        list_phrases("""Identifiant du sous-compte, ID du sous-compte, Numéro de sous-compte, No de sous-compte,
            N° de sous-compte, Sous-compte n°, Num. sous-compte, Réf. sous-compte, Référence du sous-compte,
            Code du sous-compte, N° s/compte, N° s/cpte, N° de sous-cpte, Sub-account ID, Sub-account number,
            Sub-account no., Sub-account ref., Sub-account reference, Sub-account code, Subaccount ID,
            Subaccount number, Subaccount no., Subaccount ref., Subaccount reference, Subaccount code"""),
        # The auxiliaries stand beside "Compte général", as bookkeeping programs name them.
        list_phrases("""Sous-compte, Sous-comptes, Souscompte, S/compte, S/cpte, Ss-compte, Sous-cpte, Sub-account,
            Subaccount, Sub-accounts, Subaccounts, Sub-acct, Auxiliaire, Compte auxiliaire, Code auxiliaire,
            N° auxiliaire, N° compte auxiliaire, CompAuxNum, Compte tiers, Code tiers"""),
        list_phrases("""Identifiant, Compte, Numéro de compte, No de compte, N° de compte, Compte n°, ID du compte,
            Code compte, Réf. compte, Référence du compte, Cpte, N° cpte, Account, Account number, Account no.,
            Account ID, Account code, Account ref., Account reference, Acct, Acct no."""),
    ),
    ColumnRole.AMOUNT: (
        list_phrases("""Amount, Montant, Amounts, Montants, Montant à créditer, Montant du crédit, Montant crédité,
            Montant du mouvement, Montant de l’opération, Montant de la transaction, Montant à transférer,
            Montant à verser, Montant de la recharge, Montant à recharger, Montant à ajouter ou retirer, Montant signé,
            Credit amount, Amount to credit, Amount to transfer, Movement amount, Transaction amount, Signed amount, Mt,
            Mnt, Mtt, Amt"""),
        list_phrases("Somme, Sum, Valeur, Value, Euros, Euro, EUR, Crédit, Crédit à ajouter, Credit to add"),
        list_phrases("Allocation, Dotation, À allouer, Alloué, To allocate, Allocated"),
    ),
    ColumnRole.DIRECTION: (
        list_phrases("""Direction, Sens, Sens du mouvement, Sens de l’opération, Sens de la transaction,
            Sens de l’écriture, Ajout/Retrait, Retrait/Ajout, Ajout ou retrait, Ajouter/Retirer, Ajouter ou retirer,
            Add/Remove, Remove/Add, Add or remove, Crédit/Débit, Débit/Crédit, Crédit ou débit, Débit ou crédit,
            Credit or debit, Debit or credit, Sens crédit/débit, Sens débit/crédit, Sens D/C, Sens C/D, C ou D, D ou C,
            Credit/debit indicator, Debit/credit indicator, Indicateur crédit/débit, Indicateur débit/crédit, CdtDbtInd,
            Soll/Haben, Haben/Soll, Soll-/Haben-Kennzeichen, Soll/Haben-Kz."""),
        list_phrases("""Type d’opération, Operation type, Transaction type, Type de transaction, Type de mouvement,
            Movement type, Nature de l’opération, Nature du mouvement, Type d’écriture, Type d’action, Signe, Sign"""),
        list_phrases("Opération, Mouvement, Mvt, Movement, Action"),
        list_phrases("Type, Nature"),
    ),
    ColumnRole.ADDED: (
        list_phrases("""Ajout, Ajouts, Ajouté, À ajouter, Add, Added, To add, Crédit, Crédits, Credited, Crédité,
            À créditer, Recharge, Recharges, Rechargement, Top-up, Topup, Montant ajouté, Montant à ajouter,
            Montant ajout, Montant crédit, Montant à créditer, Montant crédité, Amount added, Amount to add,
            Credit amount, Added amount"""),
        list_phrases("""Entrée, Entrées, Allocation, Allocations, Dotation, Dotations, Attribution, Versement,
            Versements, In"""),
    ),
    ColumnRole.REMOVED: (
        list_phrases("""Retrait, Retraits, Retiré, À retirer, Remove, Removed, To remove, Débit, Débits, Debited,
            Débité, À débiter, Reprise, Reprises, Montant retiré, Montant à retirer, Montant retrait, Montant débit,
            Montant à débiter, Montant débité, Amount removed, Amount to remove, Debit amount, Removed amount"""),
        list_phrases("Sortie, Sorties, Prélèvement, Prélèvements, Withdrawal, Withdrawals, Out"),
    ),
}
"""Titles as people write them, the surest group first: of two columns that could be one role, the surer one is taken;
two of the same group are a finding. Accents, case, punctuation, small words ("de", "of"), units ("€", "TTC"), camel
case, abbreviations, and of an amount its month and what it is for ("à allouer") make no difference. The last two roles
are a pair, and only count together: "Crédit" alone is an amount of credit.
"""
_SIGNS_AS_TITLE = re.compile(
    rf"[{PLUS_SIGNS}]\s*/\s*[{re.escape(MINUS_SIGNS)}]|[{re.escape(MINUS_SIGNS)}]\s*/\s*\+|±"
    r"|[Cc]\s*/\s*[Dd]|[Dd]\s*/\s*[Cc]|[Ss]\s*/\s*[Hh]|[Hh]\s*/\s*[Ss]|[Ee]\s*/\s*[Ss]"
)
_EITHER_WAY = re.compile(r"/|\b(?:ou|or)\b", re.IGNORECASE)
_TAXES = re.compile(
    r"\b(?:h t|hors taxes?|t t c|toutes taxes(?: comprises)?|(?:excl|excluding|incl|including) (?:vat|tax))(?!\S)"
)
_OF_TAXES = list_words("comprises excl excluding hors incl including tax taxe taxes toutes vat")
_HAS_CAMEL = re.compile("[a-zà-ÿ0-9][A-ZÀ-Þ]|[A-ZÀ-Þ]{2}[a-zà-ÿ]")
_ABBREVIATIONS = {
    **dict.fromkeys(("mvt", "mvts", "mvmt", "mouv"), "mouvement"),
    **dict.fromkeys(("op", "ope", "oper"), "operation"),
    **dict.fromkeys(("num", "numero", "no", "nr", "number"), "n"),
    **dict.fromkeys(("mt", "mnt", "mtt"), "montant"),
    **dict.fromkeys(("cpte", "cpt"), "compte"),
    "acct": "account", "amt": "amount", "aux": "auxiliaire", "souscompte": "sous compte", "subaccount": "sub account",
    "topup": "top up",
}  # fmt: skip
"""In titles of several words: alone, "Op." and "No." are anything."""
_PURPOSES = list_words("""allouer alloue alloues allouee allouees allocation allocations allocate allocated attribuer
    attribue attribues attribuee attribuees attribution dotation dotations""")
"""What an amount of credit is for. Not what was paid, billed, is owed or is left: those are other amounts."""
_PROVIDER = frozenset({"api", "partner", "sms", "smspartner"})  # whose token it is
_WITH_EXAMPLES = list_words("chiffres decimales decimals digits eg ex example exemple format")
_REMARKS = list_words("""amount brut comma compte dessous facultatif gross here ici mandatory max maximum min minimum
    montant mouvement movement negatif negative net note number numerique obligatoire operation optional optionnel
    positif positive required requis saisie saisir see signe somme sous sum transaction tva valeur value virgule
    voir""")  # words beside an amount's title, in brackets, that are no unit
_OTHER_THINGS = list_words("""annee balance budget count date day heure jour mois month nb nbre nombre number qte qty
    quantite quantity solde time total year""")
"""Words by which a column is something else, however like a title of ours it looks."""
_NEAR = 0.7
_WORDS_COMPARED = 5
_MULTIPLIER = re.compile(r"[x×*^/]\s*\d", re.IGNORECASE)
_CURRENCY_TITLE = re.compile(
    r"(?:(?:code|iso|sigle) )*(?:devises?|monnaies?)"
    r"(?: (?:code|iso|compte|sous|client|montant|operation|transaction|mouvement|paiement|4217))*"
    r"|(?:(?:account|sub|amount|transaction|payment|iso|code) )*(?:currency|currencies|ccy|curr?|wahrung|waehrung|wkz)"
    r"(?: (?:code|iso|id|4217))*"
)
# Amounts in thousands, cents or another currency must never be taken for euros.
_OTHER_UNITS = list_words("""k m keur meur millier milliers thousand thousands cent cents centime centimes ct cts usd
    dollar dollars gbp chf sms""")


def find_column_roles(title: str) -> Sequence[tuple[ColumnRole, int]]:
    """Find the roles that a title names, each with how sure the title is (0 is surest); none for other columns."""
    # Only a title such as "Crédit" names two: an amount of credit, and one side of a pair.
    return _find_title_roles(title) if len(title) <= LONGEST_TITLE else ()


@lru_cache(maxsize=1 << 14)
def _find_title_roles(title: str) -> Sequence[tuple[ColumnRole, int]]:
    if not may_be_part(title):
        return ()
    if _SIGNS_AS_TITLE.fullmatch(title.strip()):
        return ((ColumnRole.DIRECTION, 0),)
    roles = _find_written_roles(title)
    is_in_euros = not has_other_unit(title)
    if not roles and (remarks := BRACKETS.findall(title)):
        roles = _find_written_roles(BRACKETS.sub(" ", title))
        is_in_euros = is_in_euros and all(map(_is_no_unit, remarks))
    return roles if is_in_euros else tuple(item for item in roles if item[0] not in AMOUNTS)


@lru_cache(maxsize=1 << 14)
def may_be_part(text: str) -> bool:
    """Tell whether every word of a text, outside brackets, is one of titles that we know."""
    # Most cells of a sheet are not such, and a long table has many: this is what is looked at first, and only once.
    outside = BRACKETS.sub(" ", text) if "(" in text or "[" in text else text
    known = _list_title_words()
    if known.issuperset(fold(outside).split()):
        return True
    return _HAS_CAMEL.search(outside) is not None and known.issuperset(fold(CAMEL.sub(" ", outside)).split())


@cache
def _list_title_words() -> frozenset[str]:
    """List all words of titles that we know, and all numbers that a period may be written with."""
    words = {word for key in _index_known_titles() for word in key.split()}
    ways = {word for phrase in DIRECTION_OF for word in phrase.split()}
    dates = {str(number) for number in range(100)} | {f"{number:02}" for number in range(10)}
    years = {str(year) for year in range(2000, 2100)}
    others = {"h", "t", "c", "e", "s", "ou", "or"}
    return frozenset(
        _OF_TAXES | words | ways | dates | years | others | PERIOD_WORDS | SMALL_WORDS | UNITS | _PURPOSES | _PROVIDER
    ).union(_ABBREVIATIONS)


def _find_written_roles(title: str) -> Sequence[tuple[ColumnRole, int]]:
    """Find the roles of a title as it is written, or else with "creditAmount" in two words."""
    folded, split = _fold_title(title), _fold_title(CAMEL.sub(" ", title))
    return (
        _find_both_ways(title) or _find_folded_roles(folded) or (_find_folded_roles(split) if split != folded else ())
    )


def is_currency_title(title: str) -> bool:
    """Tell whether a column says each row's currency: "Devise", "Currency code". "Montant en devise" is an amount."""
    if len(title) > LONGEST_TITLE:
        return False
    split = CAMEL.sub(" ", BRACKETS.sub(" ", title))
    return any(_CURRENCY_TITLE.fullmatch(strip_small_words(fold(text))) for text in (title, split))


def find_close_title(title: str, roles: Collection[ColumnRole]) -> str | None:
    """Find the known title of one of the roles that this one is a near miss of ("Montnat" of "Montant")."""
    # The words are compared one by one, and a date or a count is none: "Date du mouvement" means what it says.
    if has_other_unit(title):
        # Who renamed "Montant (k€)" as proposed would pay a thousandth.
        return None
    key = strip_small_words(fold(title[:LONGEST_TITLE]))
    words = key.split()
    known = {
        known: named
        for known, named in _index_titles(frozenset(roles)).items()
        if len(known.split()) == len(words) and not (_OTHER_THINGS.intersection(words) - set(known.split()))
    }
    for found in difflib.get_close_matches(key, known, n=3, cutoff=0.8):
        if all(map(_is_near_miss, words, found.split())):
            return known[found]
    return None


def measure_likeness(title: str, role: ColumnRole) -> float:
    """Measure how like a word of the title is to one of the role's own words: 0 for not, 1 for the same."""
    words = _make_key(title[:LONGEST_TITLE]).split()[:_WORDS_COMPARED]
    return max((_measure_word_likeness(word, role) for word in words), default=0.0)


@lru_cache(maxsize=1024)
def _measure_word_likeness(word: str, role: ColumnRole) -> float:
    own = {known for title in COLUMN_TITLES[role][0] for known in _make_key(title).split()}
    found = difflib.get_close_matches(word, own, n=1, cutoff=_NEAR)
    return difflib.SequenceMatcher(None, word, found[0]).ratio() if found else 0.0


def _fold_title(title: str) -> str:
    """Fold a title. What is owed ("dû") must not become a small word."""
    return _TAXES.sub("ht", fold(title.replace("dû", "due")))


@cache
def _index_titles(roles: frozenset[ColumnRole]) -> Mapping[str, str]:
    known = {
        strip_small_words(fold(title)): title for role in roles for group in COLUMN_TITLES[role] for title in group
    }
    return {key: title for key, title in known.items() if len(key) > len("type")}


def _is_near_miss(word: str, known: str) -> bool:
    is_long = len(word) >= len("type")
    return word == known or (is_long and difflib.SequenceMatcher(None, word, known).ratio() >= _NEAR)


def _find_folded_roles(folded: str) -> Sequence[tuple[ColumnRole, int]]:
    known = _index_known_titles()
    if not folded or folded in known:
        return known.get(folded, ())
    key = strip_small_words(_expand_abbreviations(folded))
    if key in known:
        return known[key]
    amount = strip_period(_expand_abbreviations(folded))
    for fillers, roles, text in (
        (frozenset(), AMOUNTS, amount),
        (_PURPOSES, AMOUNTS - {ColumnRole.REMOVED}, amount),
        (_PROVIDER, {ColumnRole.TOKEN}, key),
    ):
        kept = " ".join(word for word in text.split() if word not in fillers)
        # What is left of "€ du mois" without its unit is nothing.
        named = known.get(kept) or known.get(strip_small_words(kept)) or ()
        if found := tuple(item for item in named if item[0] in roles):
            return found
    return ()


def _find_both_ways(title: str) -> Sequence[tuple[ColumnRole, int]]:
    """Find the role of two words for opposite directions: "Entrée / sortie" or "Sens : recharge ou reprise ?"."""
    parts = [fold(part) for part in _EITHER_WAY.split(title)]
    if len(parts) != 2:
        return ()
    first, *rest = parts[0].split() or [""]
    if rest and ColumnRole.DIRECTION in dict(_index_known_titles().get(first, ())):
        parts[0] = " ".join(rest)
    parts = [strip_small_words(strip_period(part)) or part for part in parts]
    ways = {DIRECTION_OF.get(part) for part in parts if len(part) > 1}
    return ((ColumnRole.DIRECTION, 0),) if ways == set(Direction) else ()


@cache
def _index_known_titles() -> Mapping[str, Sequence[tuple[ColumnRole, int]]]:
    """Index what each title names, by its folded form and by what is left of that without small words and units."""
    found: dict[str, dict[ColumnRole, int]] = {}
    for role, groups in COLUMN_TITLES.items():
        for rank, group in enumerate(groups):
            for title in group:
                # What is left of "C/D" without its small word is the title of anything.
                for key in {fold(title), _make_key(title), _make_key(CAMEL.sub(" ", title))}:
                    if len(key) > 1:
                        found.setdefault(key, {}).setdefault(role, rank)
    return {key: tuple(roles.items()) for key, roles in found.items()}


def _make_key(title: str) -> str:
    return strip_small_words(_expand_abbreviations(_fold_title(title)))


def _expand_abbreviations(folded: str) -> str:
    if " " not in folded:
        return folded
    return " ".join(_ABBREVIATIONS.get(word, word) for word in folded.split())


def _is_no_unit(remark: str) -> bool:
    """Tell whether what stands in brackets beside an amount says nothing of its unit.

    A word that is not known may be a currency, which nobody can list ("jetons", "XTZ", "devise locale"), so it counts
    as one: to ask for `--column` costs a moment, to take another currency for euros costs money.
    """
    words = strip_period(fold(remark)).split()
    may_have_numbers = not _WITH_EXAMPLES.isdisjoint(words)
    return not _MULTIPLIER.search(remark) and all(
        # A single digit is a footnote's.
        (may_have_numbers or len(word) == 1) if word.isdecimal() else word in _list_harmless_words()
        for word in words
    )


@cache
def _list_harmless_words() -> Set[str]:
    ways = {word for word in DIRECTION_OF if len(word) > len("cr")} - {"credits", "cred", "deb"}
    return SMALL_WORDS | UNITS | _PURPOSES | _WITH_EXAMPLES | _REMARKS | _OF_TAXES | {"ou", "or", "et", "and"} | ways


def has_other_unit(title: str) -> bool:
    """Tell whether a title says, by a word or a sign that we know, that its numbers are not euros."""
    signs = any(char in "%‰" or (unicodedata.category(char) == "Sc" and char != "€") for char in title)
    return signs or not _OTHER_UNITS.isdisjoint(fold(title).split())
