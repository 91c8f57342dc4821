"""The words that people use in sheets, English and French: one table for column titles, one for directions."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache, lru_cache

from batch.language import Language
from batch.model import AMOUNTS, Direction, Role
from batch.rules.periods import PERIOD_WORDS, without_day, without_period

LONGEST_TITLE = 200
LONGEST_DIRECTION = 64
LONGEST_LABEL = 64
"""Characters. A longer text is neither; it is not looked at further."""

COLUMN_TITLES: Mapping[Role, tuple[tuple[str, ...], ...]] = {
    Role.TOKEN: (
        (
            "Token", "Jeton", "Tokens", "tokenSubaccount", "Token sub-account", "Token subaccount", "Sub-account token",
            "Subaccount token", "Token du sous-compte", "Jeton du sous-compte", "Sous-compte token",
            "Sous-compte jeton", "Token du compte", "Account token", "Token ID", "ID token",
            "N° de jeton", "Numéro de jeton", "Jeton n°", "Code jeton", "Jeton client", "Jeton du client",
            "Token client", "Client token", "Customer token",
        ),
        (
            "Identifiant du sous-compte", "ID du sous-compte", "Numéro de sous-compte", "No de sous-compte",
            "N° de sous-compte", "Sous-compte n°", "Num. sous-compte", "Réf. sous-compte", "Référence du sous-compte",
            "Code du sous-compte", "N° s/compte", "N° s/cpte", "N° de sous-cpte",
            "Sub-account ID", "Sub-account number", "Sub-account no.", "Sub-account ref.", "Sub-account reference",
            "Sub-account code", "Subaccount ID", "Subaccount number", "Subaccount no.", "Subaccount ref.",
            "Subaccount reference", "Subaccount code",
        ),
        (
            "Sous-compte", "Sous-comptes", "Souscompte", "S/compte", "S/cpte", "Ss-compte", "Sous-cpte",
            "Sub-account", "Subaccount", "Sub-accounts", "Subaccounts", "Sub-acct",
            # Beside "Compte général", as bookkeeping programs name them.
            "Auxiliaire", "Compte auxiliaire", "Code auxiliaire", "N° auxiliaire", "N° compte auxiliaire", "CompAuxNum",
            "Compte tiers", "Code tiers",
        ),
        (
            "Identifiant", "Compte", "Numéro de compte", "No de compte", "N° de compte", "Compte n°", "ID du compte",
            "Code compte", "Réf. compte", "Référence du compte", "Cpte", "N° cpte",
            "Account", "Account number", "Account no.", "Account ID", "Account code", "Account ref.",
            "Account reference", "Acct", "Acct no.",
        ),
    ),
    Role.AMOUNT: (
        (
            "Amount", "Montant", "Amounts", "Montants", "Montant à créditer", "Montant du crédit", "Montant crédité",
            "Montant du mouvement", "Montant de l’opération", "Montant de la transaction", "Montant à transférer",
            "Montant à verser", "Montant de la recharge", "Montant à recharger", "Montant à ajouter ou retirer",
            "Montant signé", "Credit amount", "Amount to credit", "Amount to transfer", "Movement amount",
            "Transaction amount", "Signed amount", "Mt", "Mnt", "Mtt", "Amt",
        ),
        ("Somme", "Sum", "Valeur", "Value", "Euros", "Euro", "EUR", "Crédit", "Crédit à ajouter", "Credit to add"),
        ("Allocation", "Dotation", "À allouer", "Alloué", "To allocate", "Allocated"),
    ),
    Role.DIRECTION: (
        (
            "Direction", "Sens", "Sens du mouvement", "Sens de l’opération", "Sens de la transaction",
            "Sens de l’écriture", "Ajout/Retrait", "Retrait/Ajout", "Ajout ou retrait", "Ajouter/Retirer",
            "Ajouter ou retirer", "Add/Remove", "Remove/Add", "Add or remove", "Crédit/Débit", "Débit/Crédit",
            "Crédit ou débit", "Débit ou crédit", "Credit or debit", "Debit or credit", "Sens crédit/débit",
            "Sens débit/crédit", "Sens D/C", "Sens C/D", "C ou D", "D ou C",
            "Credit/debit indicator", "Debit/credit indicator", "Indicateur crédit/débit", "Indicateur débit/crédit",
            "CdtDbtInd", "Soll/Haben", "Haben/Soll", "Soll-/Haben-Kennzeichen", "Soll/Haben-Kz.",
        ),
        (
            "Type d’opération", "Operation type", "Transaction type", "Type de transaction", "Type de mouvement",
            "Movement type", "Nature de l’opération", "Nature du mouvement", "Type d’écriture", "Type d’action",
            "Signe", "Sign",
        ),
        ("Opération", "Mouvement", "Mvt", "Movement", "Action"),
        ("Type", "Nature"),
    ),
    Role.ADDED: (
        (
            "Ajout", "Ajouts", "Ajouté", "À ajouter", "Add", "Added", "To add", "Crédit", "Crédits", "Credited",
            "Crédité", "À créditer", "Recharge", "Recharges", "Rechargement", "Top-up", "Topup", "Montant ajouté",
            "Montant à ajouter", "Montant ajout", "Montant crédit", "Montant à créditer", "Montant crédité",
            "Amount added", "Amount to add", "Credit amount", "Added amount",
        ),
        (
            "Entrée", "Entrées", "Allocation", "Allocations", "Dotation", "Dotations", "Attribution", "Versement",
            "Versements", "In",
        ),
    ),
    Role.REMOVED: (
        (
            "Retrait", "Retraits", "Retiré", "À retirer", "Remove", "Removed", "To remove", "Débit", "Débits",
            "Debited", "Débité", "À débiter", "Reprise", "Reprises", "Montant retiré", "Montant à retirer",
            "Montant retrait", "Montant débit", "Montant à débiter", "Montant débité", "Amount removed",
            "Amount to remove", "Debit amount", "Removed amount",
        ),
        ("Sortie", "Sorties", "Prélèvement", "Prélèvements", "Withdrawal", "Withdrawals", "Out"),
    ),
}  # fmt: skip
"""Titles as people write them, the surest group first: of two columns that could be one role, the surer one is taken;
two of the same group are a finding. Accents, case, punctuation, small words ("de", "of"), units ("€", "TTC"), camel
case, abbreviations, and of an amount its month and what it is for ("à allouer") make no difference. The last two roles
are a pair, and only count together: "Crédit" alone is an amount of credit.
"""

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
        "attribuer", "attribution", "allouer", "allocation", "allocate", "dotation", "entree", "entrees", "in", "crdt",
    ),
    Direction.REMOVE: (
        "remove", "removes", "removed", "removing", "removal", "remove credit", "minus", "moins",
        "retrait", "retraits", "retirer", "retire", "retiree", "retirez", "retrait credit", "retrait de credit",
        "retirer credit", "retirer du credit", "a retirer",
        "debit", "debits", "debiter", "debite", "debitee", "debitez", "debited", "a debiter", "deb", "db", "dr", "d",
        "take back", "take away", "withdraw", "withdrawal", "withdrawn", "deduct", "deduction", "deduire", "reprise",
        "reprendre", "prelever", "prelevement", "enlever", "enleve", "oter", "diminuer", "diminution", "decrease",
        "reduce", "reduire", "subtract", "soustraire", "sortie", "sorties", "out", "dbit",
    ),
}  # fmt: skip
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
        """The sheets of the workbook, in their order."""
        return (self.summary, self.rows, self.balances, self.to_fix, self.events)


REPORT_WORDS: Mapping[Language, ReportWords] = {
    Language.ENGLISH: ReportWords(
        "Summary", "Rows", "Balances", "To fix", "Events", "Status", "Code", "Row in sheet", "Why it was not done"
    ),
    Language.FRENCH: ReportWords(
        "Synthèse",
        "Lignes",
        "Soldes",
        "À corriger",
        "Événements",
        "Statut",
        "Code",
        "Ligne du fichier",
        "Motif de non-exécution",
    ),
}
"""Not in the catalogue of messages: a report of last year is recognised by the words it was written with."""

PLUS_SIGNS = "+＋﹢"
MINUS_SIGNS = "-−–—‐‑‒﹣－"
_SIGNS = {
    **dict.fromkeys(PLUS_SIGNS, Direction.ADD),
    **dict.fromkeys(MINUS_SIGNS, Direction.REMOVE),
}

_DIRECTION_OF = {word: direction for direction, words in DIRECTION_WORDS.items() for word in words}
_SIGNS_AS_TITLE = re.compile(
    rf"[{PLUS_SIGNS}]\s*/\s*[{re.escape(MINUS_SIGNS)}]|[{re.escape(MINUS_SIGNS)}]\s*/\s*\+|±"
    r"|[Cc]\s*/\s*[Dd]|[Dd]\s*/\s*[Cc]|[Ss]\s*/\s*[Hh]|[Hh]\s*/\s*[Ss]|[Ee]\s*/\s*[Ss]"
)
_TITLE_WAYS = {
    **{word: way for word, way in _DIRECTION_OF.items() if word not in {"in", "out"}},
    **dict.fromkeys(("soll", "s", "dbt"), Direction.REMOVE),
    **dict.fromkeys(("haben", "h", "cdt", "e"), Direction.ADD),
}
"""Words of a title that explain a letter."""
_CREDIT = frozenset({"credit", "credits"})
_ALONE = frozenset({"c", "cr", "d", "db", "deb", "dr", "in", "minus", "moins", "out", "plus"})
"""Directions where nothing stands beside them; in a phrase they are other words."""
_IN_PHRASE = sorted(_DIRECTION_OF.keys() - _ALONE, key=len, reverse=True)
_WAY_IN_PHRASE = re.compile(rf"\b(?:{'|'.join(_IN_PHRASE)})(?!\S)")
_WORD_IN_PHRASE = re.compile(rf"\b(?:{'|'.join(word for word in _IN_PHRASE if ' ' not in word)})(?!\S)")
_BESIDE_DIRECTION = frozenset(
    {"a", "account", "additional", "amount", "an", "au", "automatic", "automatique", "complementaire", "compte", "d",
     "de", "des", "du", "en", "eur", "euro", "euros", "exceptionnel", "exceptionnelle", "extra", "for", "from", "ht",
     "in", "into", "l", "la", "le", "les", "manual", "manuel", "manuelle", "montant", "mouvement", "mvt", "of", "on",
     "op", "operation", "pour", "sms", "sous", "sub", "subaccount", "supplementaire", "sur", "the", "to", "ttc", "un",
     "une"}
)  # fmt: skip
"""Words of a phrase that change nothing of its direction."""
_PARTED = re.compile(r"[/|;&+,]|:\s*\w|\s[-–—]\s|[-–—=.(\[]\s*cr", re.IGNORECASE)
_LETTERS_AS_TITLE = re.compile(r"(?<!\w)(\w)\s*/\s*(\w)(?!\w)")
_SIGNED_NUMBER = re.compile(rf"(?<!\w)[{PLUS_SIGNS}{re.escape(MINUS_SIGNS)}]\s*\d")
_EITHER_WAY = re.compile(r"/|\b(?:ou|or)\b", re.IGNORECASE)
_SMALL_WORDS = frozenset(
    {"a", "d", "de", "des", "du", "en", "for", "in", "l", "la", "le", "les", "of", "pour", "the", "to"}
)
_UNITS = frozenset({"eur", "euro", "euros", "ht", "ttc"})
_TAXES = re.compile(
    r"\b(?:h t|hors taxes?|t t c|toutes taxes(?: comprises)?|(?:excl|excluding|incl|including) (?:vat|tax))(?!\S)"
)
_OF_TAXES = frozenset(
    {"comprises", "excl", "excluding", "hors", "incl", "including", "tax", "taxe", "taxes", "toutes", "vat"}
)
_CAMEL = re.compile(r"(?<=[a-zà-ÿ\d])(?=[A-ZÀ-Þ])|(?<=[A-ZÀ-Þ])(?=[A-ZÀ-Þ][a-zà-ÿ])")
_HAS_CAMEL = re.compile("[a-zà-ÿ0-9][A-ZÀ-Þ]|[A-ZÀ-Þ]{2}[a-zà-ÿ]")
_ABBREVIATIONS = {
    **dict.fromkeys(("mvt", "mvts", "mvmt", "mouv"), "mouvement"),
    **dict.fromkeys(("op", "ope", "oper"), "operation"),
    **dict.fromkeys(("num", "numero", "no", "nr", "number"), "n"),
    **dict.fromkeys(("mt", "mnt", "mtt"), "montant"),
    **dict.fromkeys(("cpte", "cpt"), "compte"),
    "acct": "account",
    "amt": "amount",
    "aux": "auxiliaire",
    "souscompte": "sous compte",
    "subaccount": "sub account",
    "topup": "top up",
}
"""In titles of several words: alone, "Op." and "No." are anything."""
_PURPOSES = frozenset(
    {"allouer", "alloue", "alloues", "allouee", "allouees", "allocation", "allocations", "allocate", "allocated",
     "attribuer", "attribue", "attribues", "attribuee", "attribuees", "attribution", "dotation", "dotations"}
)  # fmt: skip
"""What an amount of credit is for. Not what was paid, billed, is owed or is left: those are other amounts."""
_PROVIDER = frozenset({"api", "partner", "sms", "smspartner"})
"""Whose token it is."""
_WITH_EXAMPLES = frozenset({"chiffres", "decimales", "decimals", "digits", "eg", "ex", "example", "exemple", "format"})
_REMARKS = frozenset(
    {"amount", "brut", "comma", "compte", "dessous", "facultatif", "gross", "here", "ici", "mandatory",
     "max", "maximum", "min", "minimum", "montant", "mouvement", "movement", "negatif", "negative", "net",
     "note", "number", "numerique", "obligatoire", "operation", "optional", "optionnel", "positif", "positive",
     "required", "requis", "saisie", "saisir", "see", "signe", "somme", "sous", "sum", "transaction", "tva", "valeur",
     "value", "virgule", "voir"}
)  # fmt: skip
"""Words beside an amount's title, in brackets, that are no unit."""
_OTHER_THINGS = frozenset(
    {"annee", "balance", "budget", "count", "date", "day", "heure", "jour", "mois", "month", "nb", "nbre", "nombre",
     "number", "qte", "qty", "quantite", "quantity", "solde", "time", "total", "year"}
)  # fmt: skip
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
_OTHER_UNITS = frozenset(
    {"k", "m", "keur", "meur", "millier", "milliers", "thousand", "thousands", "cent", "cents", "centime", "centimes",
     "ct", "cts", "usd", "dollar", "dollars", "gbp", "chf", "sms"}
)  # fmt: skip
_NETS = frozenset({"net", "solde", "balance"})
_TOTALS = _NETS | {"total", "totaux", "totals", "somme", "sommes", "sum", "subtotal", "soustotal", "cumul"}
_MAY_BE_TOTAL = re.compile("tota|som|sum|cumul|net|solde|balance", re.IGNORECASE)
_BEFORE_TOTAL = frozenset(
    {
        "general",
        "generaux",
        "grand",
        "sous",
        "sub",
        "montant",
        "amount",
        "mouvements",
        "movements",
        "net",
        "lot",
        "mois",
    }
)
COUNTED = frozenset(
    {"accounts", "clients", "comptes", "ecritures", "elements", "enregistrements", "entries", "items", "jetons",
     "lignes", "lines", "mouvements", "movements", "operations", "records", "rows", "tokens", "transactions"}
)  # fmt: skip
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
    """The text without accents, case, punctuation and invisible characters: "Opération :" is "operation"."""
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


def to_fix_sheet(sheets: Collection[str]) -> str | None:
    """Which of a workbook's sheets holds what is to be fixed, if it is a report that we wrote; None for any other.

    Of such a workbook no other sheet is ever read in again: they name rows that are done.
    """
    return next((known.to_fix for known in REPORT_WORDS.values() if set(known.sheets) <= set(sheets)), None)


def column_roles(title: str) -> Sequence[tuple[Role, int]]:
    """The roles that a column's title names, each with how sure the title is (0 is surest); none for other columns.

    Only a title such as "Crédit" names two: an amount of credit, and one side of a pair.
    """
    return _roles_named(title) if len(title) <= LONGEST_TITLE else ()


@lru_cache(maxsize=1 << 14)
def _roles_named(title: str) -> Sequence[tuple[Role, int]]:
    if not may_be_part(title):
        return ()
    if _SIGNS_AS_TITLE.fullmatch(title.strip()):
        return ((Role.DIRECTION, 0),)
    roles = _roles_written(title)
    is_in_euros = not has_other_unit(title)
    if not roles and (remarks := BRACKETS.findall(title)):
        roles = _roles_written(BRACKETS.sub(" ", title))
        is_in_euros = is_in_euros and all(map(_is_no_unit, remarks))
    return roles if is_in_euros else tuple(item for item in roles if item[0] not in AMOUNTS)


@lru_cache(maxsize=1 << 14)
def may_be_part(text: str) -> bool:
    """Whether a text may be a title that we know, or a part of one: every word outside brackets is of such a title.

    Most cells of a sheet are not, and a long table has many: this is what is looked at first, and only once.
    """
    outside = BRACKETS.sub(" ", text) if "(" in text or "[" in text else text
    known = _title_words()
    if known.issuperset(fold(outside).split()):
        return True
    return _HAS_CAMEL.search(outside) is not None and known.issuperset(fold(_CAMEL.sub(" ", outside)).split())


@cache
def _title_words() -> frozenset[str]:
    """All words of titles that we know, and all numbers that a period may be written with."""
    words = {word for key in _known_titles() for word in key.split()}
    ways = {word for phrase in _DIRECTION_OF for word in phrase.split()}
    dates = {str(number) for number in range(100)} | {f"{number:02}" for number in range(10)}
    years = {str(year) for year in range(2000, 2100)}
    others = {"h", "t", "c", "e", "s", "ou", "or"}
    return frozenset(
        _OF_TAXES | words | ways | dates | years | others | PERIOD_WORDS | _SMALL_WORDS | _UNITS | _PURPOSES | _PROVIDER
    ).union(_ABBREVIATIONS)


def _roles_written(title: str) -> Sequence[tuple[Role, int]]:
    """The roles of a title as it is written, or else with "creditAmount" in two words."""
    folded, split = _folded_title(title), _folded_title(_CAMEL.sub(" ", title))
    return _either_way(title) or _roles_of(folded) or (_roles_of(split) if split != folded else ())


def is_currency_title(title: str) -> bool:
    """Whether a column says the currency of each row: "Devise", "Currency code". "Montant en devise" is an amount."""
    if len(title) > LONGEST_TITLE:
        return False
    split = _CAMEL.sub(" ", BRACKETS.sub(" ", title))
    return any(_CURRENCY_TITLE.fullmatch(_without_small_words(fold(text))) for text in (title, split))


def close_title(title: str, roles: Collection[Role]) -> str | None:
    """The known title of one of the roles that this one is a near miss of ("Montnat" of "Montant").

    The words are compared one by one, and a date or a count is none: "Date du mouvement" means what it says.
    """
    if has_other_unit(title):
        # Who renamed "Montant (k€)" as proposed would pay a thousandth.
        return None
    key = _without_small_words(fold(title[:LONGEST_TITLE]))
    words = key.split()
    known = {
        known: named
        for known, named in _titles_by_key(frozenset(roles)).items()
        if len(known.split()) == len(words) and not (_OTHER_THINGS.intersection(words) - set(known.split()))
    }
    for found in difflib.get_close_matches(key, known, n=3, cutoff=0.8):
        if all(map(_is_near, words, found.split())):
            return known[found]
    return None


def likeness(title: str, role: Role) -> float:
    """How much a word of the title is like one of the role's own words: 0 for not, 1 for the same."""
    words = _key(title[:LONGEST_TITLE]).split()[:_WORDS_COMPARED]
    return max((_word_likeness(word, role) for word in words), default=0.0)


@lru_cache(maxsize=1024)
def _word_likeness(word: str, role: Role) -> float:
    own = {known for title in COLUMN_TITLES[role][0] for known in _key(title).split()}
    found = difflib.get_close_matches(word, own, n=1, cutoff=_NEAR)
    return difflib.SequenceMatcher(None, word, found[0]).ratio() if found else 0.0


@lru_cache(maxsize=1024)
def direction_of(text: str, title: str = "") -> Direction | None:
    """The direction that a cell's text names: a word of the table, a sign, or both if they do not contradict.

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
        named = _DIRECTION_OF.get(word) or _explained(word, title)
    else:
        is_parted = _PARTED.search(text) is not None
        known = None if is_parted and " " in word else _DIRECTION_OF.get(word)
        named = known or (None if _SIGNED_NUMBER.search(text) else _in_phrase(word, is_parted=is_parted))
    return named if named and signs <= {named} else None


def total_label(text: str, *, strict: bool = False) -> str | None:
    """What a text such as "Total", "Somme :" or "TOTAL des ajouts" says that its row adds up; None for any other text.

    It is "all", "net" (what is added less what is removed), "added" or "removed". Strictly, no word may be unknown.
    """
    if len(text) > LONGEST_LABEL or not _MAY_BE_TOTAL.search(text):
        return None
    folded = without_period(without_day(_COUNT.sub(" ", fold(_NUMBER_IN_BRACKETS.sub(" ", text)))))
    words = _without_small_words(folded).split()
    start = next((index for index, word in enumerate(words) if word not in _BEFORE_TOTAL), 0)
    if not words or words[start] not in _TOTALS:
        return None
    rest = [word for word in words[start + 1 :] if word not in _BEFORE_TOTAL and word not in _TOTALS]
    ways = {direction_of(word) for word in rest if len(word) > 1 and word not in _AFTER_TOTAL}
    if strict and (None in ways or any(word.isdecimal() for word in rest)):
        return None
    if not _NETS.isdisjoint(words):
        return "net"
    adds, removes = Direction.ADD in ways, Direction.REMOVE in ways
    return "all" if adds == removes else "added" if adds else "removed"


def _explained(letter: str, title: str) -> Direction | None:
    """What a letter stands for below a title with two directions that begin otherwise: S below "Entrée/Sortie".

    S and H are the German words for debit and credit, which bookkeeping programs also write below other titles.
    """
    words = [word for word in fold(_CAMEL.sub(" ", title)).split() if len(word) > 1]
    letters = [letter.casefold() for pair in _LETTERS_AS_TITLE.findall(title) for letter in pair]
    ways = {(word[0], way) for word in (*words, *letters) if (way := _TITLE_WAYS.get(word))}
    if {way for _, way in ways} != set(Direction):
        return None
    if {("d", Direction.REMOVE), ("c", Direction.ADD)} <= ways:
        ways |= {("s", Direction.REMOVE), ("h", Direction.ADD)}
    named = {way for initial, way in ways if initial == letter}
    return named.pop() if len(named) == 1 else None


def _in_phrase(folded: str, *, is_parted: bool) -> Direction | None:
    """The direction of a phrase with the words of one direction in it, and beside them only what changes nothing.

    A word that we do not know may turn it round ("annulation", "sans", "avoir") or be a part of a name, so the phrase
    is not understood. Credit is what is moved, and no direction, behind another one's word: "Reprise de crédit"; but
    not where a sign parts them, as in "Reprise / crédit".
    """
    pattern = _WORD_IN_PHRASE if is_parted else _WAY_IN_PHRASE
    found = pattern.findall(folded)
    rest = without_period(pattern.sub(" ", folded)).split()
    if is_parted and not _DIRECTION_OF.keys().isdisjoint(rest):
        return None
    if not all(word in _BESIDE_DIRECTION or (word.isdecimal() and word.strip("0")) for word in rest):
        return None
    if found and not found[0].startswith("deb") and not is_parted:
        found = [found[0], *(word for word in found[1:] if word not in _CREDIT)]
    ways = {_DIRECTION_OF[word] for word in found}
    return ways.pop() if len(ways) == 1 else None


def _folded_title(title: str) -> str:
    """Fold a title. What is owed ("dû") must not become a small word."""
    return _TAXES.sub("ht", fold(title.replace("dû", "due")))


@cache
def _titles_by_key(roles: frozenset[Role]) -> Mapping[str, str]:
    """The titles of these roles that are long enough to be mistyped."""
    known = {
        _without_small_words(fold(title)): title for role in roles for group in COLUMN_TITLES[role] for title in group
    }
    return {key: title for key, title in known.items() if len(key) > len("type")}


def _is_near(word: str, known: str) -> bool:
    is_long = len(word) >= len("type")
    return word == known or (is_long and difflib.SequenceMatcher(None, word, known).ratio() >= _NEAR)


def _roles_of(folded: str) -> Sequence[tuple[Role, int]]:
    known = _known_titles()
    if not folded or folded in known:
        return known.get(folded, ())
    key = _without_small_words(_in_full(folded))
    if key in known:
        return known[key]
    amount = without_period(_in_full(folded))
    for fillers, roles, text in (
        (frozenset(), AMOUNTS, amount),
        (_PURPOSES, AMOUNTS - {Role.REMOVED}, amount),
        (_PROVIDER, {Role.TOKEN}, key),
    ):
        kept = " ".join(word for word in text.split() if word not in fillers)
        # What is left of "€ du mois" without its unit is nothing.
        named = known.get(kept) or known.get(_without_small_words(kept)) or ()
        if found := tuple(item for item in named if item[0] in roles):
            return found
    return ()


def _either_way(title: str) -> Sequence[tuple[Role, int]]:
    """The role of two words for opposite directions, such as "Entrée / sortie" or "Sens : recharge ou reprise ?"."""
    parts = [fold(part) for part in _EITHER_WAY.split(title)]
    if len(parts) != 2:
        return ()
    first, *rest = parts[0].split() or [""]
    if rest and Role.DIRECTION in dict(_known_titles().get(first, ())):
        parts[0] = " ".join(rest)
    parts = [_without_small_words(without_period(part)) or part for part in parts]
    ways = {_DIRECTION_OF.get(part) for part in parts if len(part) > 1}
    return ((Role.DIRECTION, 0),) if ways == set(Direction) else ()


@cache
def _known_titles() -> Mapping[str, Sequence[tuple[Role, int]]]:
    """What each title names, by its folded form and by what is left of that without small words and units."""
    found: dict[str, dict[Role, int]] = {}
    for role, groups in COLUMN_TITLES.items():
        for rank, group in enumerate(groups):
            for title in group:
                # What is left of "C/D" without its small word is the title of anything.
                for key in {fold(title), _key(title), _key(_CAMEL.sub(" ", title))}:
                    if len(key) > 1:
                        found.setdefault(key, {}).setdefault(role, rank)
    return {key: tuple(roles.items()) for key, roles in found.items()}


def _key(title: str) -> str:
    return _without_small_words(_in_full(_folded_title(title)))


def _in_full(folded: str) -> str:
    """Write the abbreviations of a title in full; alone, they are left."""
    if " " not in folded:
        return folded
    return " ".join(_ABBREVIATIONS.get(word, word) for word in folded.split())


def _without_small_words(folded: str) -> str:
    return " ".join(word for word in folded.split() if word not in _SMALL_WORDS and word not in _UNITS)


def _is_no_unit(remark: str) -> bool:
    """Whether what stands in brackets beside an amount says nothing of its unit.

    A word that is not known may be a currency, which nobody can list ("jetons", "XTZ", "devise locale"), so it counts
    as one: to ask for `--column` costs a moment, to take another currency for euros costs money.
    """
    words = without_period(fold(remark)).split()
    may_have_numbers = not _WITH_EXAMPLES.isdisjoint(words)
    return not _MULTIPLIER.search(remark) and all(
        # A single digit is a footnote's.
        (may_have_numbers or len(word) == 1) if word.isdecimal() else word in _harmless_words()
        for word in words
    )


@cache
def _harmless_words() -> Set[str]:
    ways = {word for word in _DIRECTION_OF if len(word) > len("cr")} - {"credits", "cred", "deb"}
    return _SMALL_WORDS | _UNITS | _PURPOSES | _WITH_EXAMPLES | _REMARKS | _OF_TAXES | {"ou", "or", "et", "and"} | ways


def has_other_unit(title: str) -> bool:
    """Whether a title says by a word or a sign that we know that its numbers are something else than euros."""
    signs = any(char in "%‰" or (unicodedata.category(char) == "Sc" and char != "€") for char in title)
    return signs or not _OTHER_UNITS.isdisjoint(fold(title).split())
