from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.i18n import Language
from batch.model import ColumnRole, Direction
from batch.validation.titles import COLUMN_TITLES, find_close_title, find_column_roles
from batch.validation.vocabulary import (
    DIRECTION_WORDS,
    MINUS_SIGNS,
    PLUS_SIGNS,
    REPORT_WORDS,
    find_direction,
    find_to_fix_sheet,
    fold,
    parse_total_label,
)

TITLES = [(role, title) for role, groups in COLUMN_TITLES.items() for group in groups for title in group]
WORDS = [(direction, word) for direction, words in DIRECTION_WORDS.items() for word in words]


def role_of(title: str) -> ColumnRole | None:
    found = find_column_roles(title)
    return found[0][0] if found else None


@pytest.mark.parametrize(
    ("role", "titles"),
    [
        (ColumnRole.TOKEN, [
            "Token", "TOKEN ", "tokenSubaccount", "token_subaccount", "Token sous-compte", "Token du sous-compte",
            "N° de sous-compte", "Nº sous-compte", "№ de compte", "n° compte", "Numéro de sous-compte", "Sous-compte",
            "SOUS COMPTE", "Sous‑compte", "Sub-account", "Identifiant du sous-compte", "Jeton", "Token *", "Token :",
            "Sous-compte (token)", "\ufeffToken", "Sub-account token (required)", "N° jeton", "Numéro du jeton",
            "Auxiliaire", "Compte auxiliaire", "Code tiers", "Token API", "API token", "Jeton API", "tokenSubAccount",
            "subAccountToken", "SubAccountID", "sub_account_id", "Sous-compte SMS", "Token SMS Partner", "CompAuxNum",
            "CompteNum", "Num compte aux.",
        ]),
        (ColumnRole.AMOUNT, [
            "Amount", "AMOUNT (€)", "Amount (EUR)", "Amount in euros", "Montant", "Montant TTC (€)", "Montant en €",
            "Montant (en euros)", "Montant\nTTC", "Montant HT", "Montant à créditer", "Montant de l’opération", "€",
            "Somme", "Crédit", "Credit", "Montant du crédit", "montants", "Montant [EUR]",
            "Montant du mois", "Montant mensuel", "Montant novembre", "Montant nov. 2026", "Montant 11/2026",
            "Montant 2026-11", "Montant de novembre 2026 (HT)", "Montant du mois de novembre", "Montant par mois",
            "Montant du mois en cours", "Montant mensuel H.T. en €", "Montant à allouer", "Montant alloué",
            "Montant à attribuer", "Montant de l’allocation du mois", "Crédit à allouer", "Crédit mensuel (€)",
            "Euros alloués", "Somme allouée", "Allocation", "Allocation du mois", "Dotation mensuelle",
            "montantMensuel", "montant_a_allouer", "À allouer", "Alloué (€)", "Montant hors taxes",
            "Amount excl. VAT", "creditAmount", "credit_amount", "MontantTTC", "amountEUR",
            "Amount for November 2026", "November amount", "Monthly amount", "Amount of the month", "monthlyAllocation",
            "Amount to allocate", "Allocated amount", "amount_to_allocate", "Monthly credit", "Amount per month",
        ]),
        (ColumnRole.DIRECTION, [
            "Direction", "Sens", "Sens (ajout/retrait)", "Ajout/Retrait", "Ajout / retrait", "Ajout ou retrait ?",
            "Add/Remove", "Crédit/Débit", "Débit / Crédit", "Opération", "Type d'opération", "Type d’opération", "Type",
            "Sens de l'opération", "Mouvement", "Action", "+/-", "+ / −", "-/+", "±", "C/D", "D/C", "D ou C",
            "Direction (add or remove)", "Type de mvt", "Type mvt", "Mvt (+/-)", "addOrRemove",
            "Ajout ou retrait du mois ?", "Sens mvt.", "Type d'op.", "typeMouvement", "type_operation", "operationType",
            "Entrée/Sortie", "Entrée ou sortie ?", "In/Out", "Recharge ou reprise ?", "Sens : entrée / sortie", "E/S",
            "Soll/Haben", "S/H", "Soll-/Haben-Kennzeichen", "Credit/Debit indicator", "CdtDbtInd",
        ]),
    ],
)  # fmt: skip
def test_titles_as_people_write_them(role: ColumnRole, titles: list[str]) -> None:
    assert {title: role_of(title) for title in titles} == dict.fromkeys(titles, role)


@pytest.mark.parametrize(
    "title",
    [
        "", " ", "Client", "Note", "Date", "Email", "Solde", "Montant (K€)", "Montant k€", "Montant en milliers",
        "Montant (cts)", "Montant (centimes)", "Montant $", "Montant (USD)", "Montant £", "Montant %", "Credit SMS",
        "Montant (SMS)", "Nombre de SMS", "C", "D", "Compte général", "Ajout %", "Débit (K€)", "Montant facturé",
        "Nouveau solde", "Montant N-1", "Budget", "Budget 2026", "Reste à allouer", "Ancien montant", "Total",
        "Total du mois", "Date du mouvement", "Type de client", "N° de facture", "Nom du compte", "Montant précédent",
        "Montant du mois dernier", "Montant du mois précédent", "Montant déjà alloué", "Montant octobre vs novembre",
        "Montant octobre / novembre", "Montant au 30 novembre", "Montant en cours", "Montant dû", "Crédit restant",
        "Crédit disponible", "Montant payé", "Last month amount", "Amount due", "Remaining amount", "Budget amount",
        "Month", "Mois", "Année", "2026", "11/2026", "novembre", "API", "SMS", "SMS Partner", "No", "N°", "Op", "ID",
        "Compte rendu", "Compte bancaire", "Montantdevise", "Montant en devise", "Reprise de crédit ?",
        "Entrées et sorties", "Crédit ou avoir", "mouvements du mois", "Débit alloué", "x" * 40_000, "(" * 40_000,
    ],
)  # fmt: skip
def test_a_title_that_is_something_else_is_not_taken(title: str) -> None:
    assert role_of(title) is None


@pytest.mark.parametrize(("role", "title"), TITLES)
def test_every_title_of_the_table_is_found_in_any_case(role: ColumnRole, title: str) -> None:
    for written in (title, title.upper(), f" {title} :", f"{fold(title)} (€)", title.replace(" ", "_")):
        assert role in dict(find_column_roles(written)), written


def test_no_word_stands_in_the_tables_twice() -> None:
    assert len({(role, fold(title)) for role, title in TITLES}) == len(TITLES)
    assert len({word for _, word in WORDS}) == len(WORDS)


def test_only_amounts_of_credit_and_one_side_of_a_pair_are_named_alike() -> None:
    alike = {frozenset(dict(find_column_roles(title))) for _, title in TITLES}
    assert {roles for roles in alike if len(roles) > 1} == {frozenset({ColumnRole.AMOUNT, ColumnRole.ADDED})}


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Total", "all"), ("TOTAL :", "all"), ("Totaux", "all"), ("Somme", "all"), ("Sous-total", "all"),
        ("Total général", "all"), ("Grand total", "all"), ("Total mai 2026", "all"), ("Montant total", "all"),
        ("Total des ajouts", "added"), ("Total crédits", "added"), ("Total débit", "removed"), ("Net", "net"),
        ("Solde", "net"), ("Solde :", "net"), ("Balance", "net"), ("Total net", "net"), ("total-energies", "all"),
        ("Token", None), ("Client net", None), ("", None), ("totalement", None), ("x" * 40_000, None),
    ],
)  # fmt: skip
def test_labels_of_totals_as_people_write_them(text: str, label: str | None) -> None:
    assert parse_total_label(text) == label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("TOTAL", "all"), ("Total ajouts", "added"), ("total-energies", None), ("net-1", None), ("total-3", None),
        ("Total novembre 2026", "all"), ("Total (3 lignes)", "all"), ("Total des ajouts 11/2026", "added"),
    ],
)  # fmt: skip
def test_in_the_column_of_tokens_a_label_has_no_unknown_word(text: str, label: str | None) -> None:
    assert parse_total_label(text, strict=True) == label


@pytest.mark.parametrize(("direction", "word"), WORDS)
def test_every_word_of_the_table_is_a_direction_in_any_case(direction: Direction, word: str) -> None:
    assert fold(word) == word
    assert find_direction(f" {word.title()}. ") is direction


@pytest.mark.parametrize(
    ("direction", "words"),
    [
        (Direction.ADD, [
            "add", "Ajout", "AJOUT ", "ajouter", "Ajouté", "crédit", "Crédit", "CREDIT", "Cre\u0301dit", "créditer",
            "+", "＋", "(+)", "top-up", "Top up", "top‑up", "« Ajout »", "“crédit”", "+ ajout", "Ajout (+)", "recharge",
            "Ajout de crédit", "À ajouter", "ｃｒｅｄｉｔ", "CRDT", "Entrée", "IN", "Ajout de crédits SMS",
            "Rechargement du compte", "Recharge mensuelle", "Recharge novembre 2026", "Ajout d’un crédit", "Crédit SMS",
            "Ajout sur le sous-compte", "Top up of SMS credits", "Monthly allocation", "Ajout de 50 €",
            "+ Recharge SMS", "Recharge 11/2026", "Credit to sub-account", "Versement exceptionnel",
        ]),
        (Direction.REMOVE, [
            "remove", "Retrait", "retirer", "RETIRÉ", "débit", "Débit", "« Débit »", "debit", "−", "-", "–", "—", "[-]",
            "- débit", "retrait (-)", "Retrait de crédit", "take back", "reprise", "déduire", "DBIT", "Sortie", "OUT",
            "Reprise de crédit", "Reprise de crédits SMS", "Retrait mensuel (novembre)", "Débit du sous-compte",
            "Retrait d’un crédit", "Withdrawal of credit", "Take back SMS credits", "Reprise crédit",
            "- Reprise de crédit", "Prélèvement sur compte SMS",
        ]),
    ],
)  # fmt: skip
def test_directions_as_people_write_them(direction: Direction, words: list[str]) -> None:
    assert {word: find_direction(word) for word in words} == dict.fromkeys(words, direction)


@pytest.mark.parametrize(
    "word",
    [
        "", "?", "Ajout ?", "ajout/retrait", "crédit/débit", "c/d", "+/-", "±", "--", "++", "- ajout", "+ retrait",
        "Ajout -", "virement", "transfert", "remboursement", "refund", "avoir", "ne pas ajouter", "pas de retrait",
        "annulation ajout", "Annulation de l’ajout de crédit", "Ajout annulé", "Cancel top up", "Not to add",
        "No credit", "Sans ajout", "Refus de recharge", "Avoir sur recharge", "Ne pas recharger le compte",
        "Pas de crédit SMS", "Ajout client Retrait SARL", "Ajout et retrait", "Ajout ou retrait de crédit",
        "Débit / crédit du compte", "Retrait / crédit", "Retrait, crédit", "Retrait (crédit)", "Retrait = crédit",
        "Reprise - crédit", "Débit-crédit SMS", "Retrait SMS / crédit", "Crédit à retirer", "Plus de crédit SMS",
        "Ajout Dupont", "Carte de crédit", "Note de crédit", "Retrait de dotation", "Ajout de -50 €", "Retrait +5",
        "- Ajout de crédit", "0 ajout SMS", "Ajout ? oui", "compte SMS", "novembre 2026", "11/2026", "de crédit annulé",
        "déjà crédité", "S", "H", "E", "A", "R", "1", "-1", "oui", "x", "add " * 20, "x" * 40_000,
    ],
)  # fmt: skip
def test_a_word_that_could_be_either_way_is_never_guessed(word: str) -> None:
    assert find_direction(word) is None


@pytest.mark.parametrize(
    ("title", "adds", "removes", "others"),
    [
        ("Soll/Haben", "H", "S", "AER"), ("S/H", "H", "S", "AER"), ("Débit/Crédit", "HC", "SD", "AER"),
        ("Sens (débit ou crédit)", "h", "s", "AER"), ("D/C", "H", "S", "AER"), ("CdtDbtInd", "H", "S", "AER"),
        ("Soll-/Haben-Kennzeichen", "H", "S", "AER"), ("Debit/credit indicator", "H", "S", "AR"),
        ("Entrée/Sortie", "E", "S", "HAR"), ("E/S", "E", "S", "HAR"), ("Ajout/Retrait", "A", "R", "SHE"),
        ("Sens (A = ajout, R = retrait)", "a", "r", "SHE"), ("Add/Remove", "A", "R", "SHE"),
        ("Recharge ou reprise", "", "", "RSH"), ("Sens", "C", "D", "SHEAR"), ("", "C", "D", "SHEAR"),
        ("Ajout", "", "", "ASH"), ("Type d’opération", "", "", "SHEAR"), ("Débit", "", "", "SH"), ("Services", "",
        "", "SH"),
    ],
)  # fmt: skip
def test_a_letter_is_a_direction_only_where_a_title_says_it(title: str, adds: str, removes: str, others: str) -> None:
    found = {letter: find_direction(letter, title) for letter in (*adds, *removes, *others)}
    assert found == dict.fromkeys(others) | dict.fromkeys(adds, Direction.ADD) | dict.fromkeys(
        removes, Direction.REMOVE
    )


NEGATIONS = ["annulation", "ne", "pas", "sans", "refus", "no", "not", "cancel", "avoir", "non", "never", "Durand"]


@given(st.sampled_from(WORDS), st.sampled_from(NEGATIONS), st.sampled_from(["de crédits SMS", "du mois", "sur compte"]))
def test_a_phrase_with_an_unknown_word_is_never_guessed(known: tuple[Direction, str], other: str, rest: str) -> None:
    for phrase in (f"{other} {known[1]} {rest}", f"{known[1]} {other} {rest}", f"{known[1]} {rest} {other}"):
        assert find_direction(phrase) is None, phrase


@given(st.sampled_from(WORDS), st.sampled_from(WORDS), st.sampled_from([" et ", " / ", ", ", " ou ", " - "]))
def test_a_phrase_with_words_for_both_directions_is_never_guessed(
    one: tuple[Direction, str], other: tuple[Direction, str], between: str
) -> None:
    named = find_direction(f"{one[1]}{between}{other[1]} SMS")
    assert named is None or one[0] is other[0] is named


def test_every_sign_stands_for_its_direction() -> None:
    assert {find_direction(sign) for sign in PLUS_SIGNS} == {Direction.ADD}
    assert {find_direction(sign) for sign in MINUS_SIGNS} == {Direction.REMOVE}


@pytest.mark.parametrize(
    ("title", "near"),
    [
        ("Montnat", "Montant"), ("Tokken", "Token"), ("Directoin", "Direction"), ("Montant (K€)", None),
        ("Montant (cts)", None), ("Date du mouvement", None), ("Date operation", None), ("Date opératoin", None),
        ("Count", None), ("Nombre", None), ("Number", None), ("Montant F", None), ("Acount number", "Account number"),
        ("Montant N-1", None), ("Nom du compte", None), ("Solde", None), ("Type de client", None),
        ("Acount", "Account"), ("sens de l'operatoin", "Sens de l’opération"), ("N° sous-conpte", "N° de sous-compte"),
        ("Client", None), ("", None), ("x" * 40_000, None),
    ],
)  # fmt: skip
def test_a_near_miss_of_a_title_is_known(title: str, near: str | None) -> None:
    assert find_close_title(title, frozenset(ColumnRole)) == near


@given(st.text())
def test_any_text_can_be_a_title_or_a_direction(text: str) -> None:
    find_column_roles(text)
    find_direction(text)
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize("language", Language)
def test_a_report_is_known_by_its_sheets_in_any_language(language: Language) -> None:
    names = REPORT_WORDS[language]
    assert find_to_fix_sheet([*names.sheets, "Notes"]) == names.to_fix
    assert find_to_fix_sheet(names.sheets[1:]) is None
