from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from babel.numbers import get_currency_name, list_currencies
from hypothesis import given
from hypothesis import strategies as st

from batch.findings import Finding
from batch.model import Cell, ColumnRole
from batch.validation.cells import has_foreign_unit, has_other_currency, is_currency_column, read_currency
from batch.validation.header import find_header
from batch.validation.titles import find_column_roles, is_currency_title

OTHERS = sorted(list_currencies() - {"EUR"})
NAMES = [get_currency_name(code, locale=locale) for code in OTHERS for locale in ("en", "fr")]
AMOUNTS = {ColumnRole.AMOUNT, ColumnRole.ADDED, ColumnRole.REMOVED}


def takes_amounts(title: str) -> bool:
    return not AMOUNTS.isdisjoint(dict(find_column_roles(title)))


@pytest.mark.parametrize("code", OTHERS)
def test_an_amount_in_any_other_currency_is_not_taken_for_euros(code: str) -> None:
    bare, within = f"Montant {code}", f"Débit (en {code})"
    for title in (f"Montant ({code})", f"Amount [{code.lower()}]", f"Crédit ({code})", bare, within):
        assert not takes_amounts(title), title
        assert has_foreign_unit(title) or "en" in title or code.lower() in title, title
    assert read_currency(code)
    assert is_currency_column([code, "USD"])


def test_an_amount_in_a_currency_by_its_name_is_not_taken_for_euros() -> None:
    # "Or" is gold, and what stands between two titles.
    assert {name for name in NAMES if takes_amounts(f"Montant ({name})")} == {"or"}


@pytest.mark.parametrize(
    "unit",
    [
        "FCFA", "F CFA", "F.CFA", "XTZ", "BTC", "x1000", "x 1000", "× 1000", "* 1000", "1000", "000", "10^3", "/ 100",
        "k", "K€", "en milliers", "en centimes", "points", "pts", "crédits", "SMS", "unités", "jetons", "tokens", "%",
        "‰", "$", "¥", "₿", "devise locale", "monnaie", "DH", "Fr.", "francs", "M", "Mds", "cents", "en k€",
        "euros et USD", "C", "?€x100", "facturé", "N-1", "mois dernier",
    ],
)  # fmt: skip
def test_an_amount_in_brackets_of_another_unit_is_not_taken_for_euros(unit: str) -> None:
    for title in (f"Montant ({unit})", f"Credit amount [{unit}]", f"Montant ({unit}) (HT)"):
        assert not takes_amounts(title), title


@pytest.mark.parametrize(
    "remark",
    [
        "", "*", "1", "€", "EUR", "en euros", "HT", "TTC", "hors taxes", "TVA incluse ?", "novembre 2026", "11/2026",
        "du mois",
        "mensuel", "obligatoire", "required", "format 12,50", "ex. : 1 234,56 €", "max. 2 décimales", "à créditer",
        "ajout / retrait", "+ / -", "à allouer", "en € TTC", "saisir le montant HT", "net", "toutes taxes comprises",
    ],
)  # fmt: skip
def test_a_remark_in_brackets_leaves_an_amount_in_euros(remark: str) -> None:
    assert takes_amounts(f"Montant ({remark})") is (remark != "TVA incluse ?")


def test_brackets_beside_a_token_or_a_direction_may_hold_anything() -> None:
    assert dict(find_column_roles("Token (USD)")) == {ColumnRole.TOKEN: 0}
    assert dict(find_column_roles("Sens (1 = ajout, 2 = le reste)")) == {ColumnRole.DIRECTION: 0}


@pytest.mark.parametrize(
    "title",
    [
        "Devise", "DEVISE :", "Devises", "Monnaie", "Currency", "Currency code", "currencyCode", "currency_code",
        "Code devise", "Devise (ISO)", "Code ISO devise", "Devise du compte", "Devise de l’opération", "Ccy", "Cur.",
        "Amount currency", "Account currency", "Devise (EUR)", "Währung",
    ],
)  # fmt: skip
def test_titles_of_currencies_as_people_write_them(title: str) -> None:
    assert is_currency_title(title)
    assert not find_column_roles(title)
    found = find_header([["Token", "Montant", title, "Sens"]])
    assert found
    assert (found.currency, found.findings) == (2, ())


@pytest.mark.parametrize(
    "title",
    [
        "", "Montant en devise", "Montantdevise", "Currency amount", "Taux de change", "Token", "Montant",
        "Slogan (devise)", "Code", "ISO", "Current", "x" * 40_000,
    ],
)  # fmt: skip
def test_other_titles_are_none_of_currencies(title: str) -> None:
    assert not is_currency_title(title)


def test_a_sheet_without_a_column_of_currencies_has_none() -> None:
    found = find_header([["Token", "Montant", "Sens"]])
    assert found
    assert found.currency is None


@pytest.mark.parametrize("cell", ["EUR", "eur", " Euro ", "euros", "€", "EUR (€)", "EUR - euro", "EUR HT", "en euros"])
def test_a_row_in_euros_is_right(cell: Cell) -> None:
    assert read_currency(cell) is None
    assert read_currency(cell, beside_others=True) is None


@pytest.mark.parametrize(
    "cell",
    [
        "USD", "usd", "XOF", "FCFA", "$", "€/$", "$€", "k€", "EUR/USD", "100 EUR", "non", "-", "#N/A", "=B2", "%€",
        Decimal(978), True,
        datetime(2026, 5, 12),  # noqa: DTZ001 (a cell has no zone)
    ],
)  # fmt: skip
def test_a_row_in_anything_else_is_an_error_that_says_what_stands_there(cell: Cell) -> None:
    broken = read_currency(cell)
    assert broken
    finding = Finding(broken[0], 2, "C2", broken[1])
    assert finding.is_error
    assert "only euros are paid" in finding.message
    assert "…" not in finding.message


def test_a_blank_is_in_euros_unless_another_row_is_not() -> None:
    for blank in (None, "", " \u00a0"):
        assert read_currency(blank) is None
        assert read_currency(blank, beside_others=True) == ("currency-other", {"as": "blank"})
    assert not has_other_currency(["EUR", None, "€", ""])
    assert has_other_currency(["EUR", None, "USD"])


@pytest.mark.parametrize(
    ("cells", "is_one"),
    [
        (["EUR", "EUR", None], True), (["USD"], True), (["USD", "XOF", "EUR"], True), (["EUR", "XOF", "à voir"], True),
        (["€", "$"], True), (["euros", "dollars", "francs CFA"], True), (["BTC", "EUR"], True), (["TOP", "EUR"], True),
        ([], False), ([None, ""], False), (["ALL"], False), (["TOP", "ALL"], False), (["usd.", "Lyon"], False),
        (["Lyon", "USD"], False), (["ABC", "EFG"], False), (["sub-1", "12,50"], False), ([Decimal(1), True], False),
        ([str(number) for number in range(100)], False),
    ],
)  # fmt: skip
def test_a_column_of_currencies_is_known_by_its_cells(cells: list[Cell], is_one: bool) -> None:
    assert is_currency_column(cells) is is_one


@given(st.text())
def test_any_text_can_be_a_currency(text: str) -> None:
    is_currency_title(text)
    has_foreign_unit(text)
    is_currency_column([text])
    assert read_currency(text, beside_others=True) or not has_other_currency([text])
