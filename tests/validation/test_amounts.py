from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from batch.model import Cell
from batch.money import encode_amount
from batch.validation.amounts import MAX_TEXT, read_amount
from batch.validation.cells import format_cell

AMOUNTS = st.decimals("0.001", "999999999.999", places=3)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("10", "10"), ("12,50", "12.5"), ("12.50", "12.5"), ("12,5", "12.5"), (",5", "0.5"), (".50", "0.5"),
        ("1 234,56 €", "1234.56"), ("1 234,56€", "1234.56"), ("1\u00a0234,56\u00a0€", "1234.56"),
        ("1\u202f234,56 €", "1234.56"), ("1\u2009234,56", "1234.56"), ("1.234,56", "1234.56"), ("1,234.56", "1234.56"),
        ("1'234.50", "1234.5"), ("1’234,50", "1234.5"), ("1 234 567", "1234567"), ("1,234,567", "1234567"),
        ("1.234.567,891", "1234567.891"), ("12,345.678", "12345.678"), ("1 234,567", "1234.567"),
        ("1234,567", "1234.567"), ("0,125", "0.125"), ("0.125", "0.125"), ("12,5000", "12.5"), ("1.2340", "1.234"),
        ("€12.50", "12.5"), ("€ 12.50", "12.5"), ("EUR 12.50", "12.5"), ("12,50 EUR", "12.5"), ("12,50 euros", "12.5"),
        ("12 Euro", "12"), ("１２，５０", "12.5"), ("\u202d12,50\u202c", "12.5"), ("\ufeff12,50", "12.5"),
        ("12,50\n", "12.5"), ("'12,50", "12.5"), ("007", "7"),
    ],
)  # fmt: skip
def test_a_plain_amount_is_read(text: str, amount: str) -> None:
    reading = read_amount(text)
    assert (reading.amount, reading.sign, reading.broken) == (Decimal(amount), "", None)


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("-12,50", "-"), ("- 12,50", "-"), ("−12,50", "-"), ("–12,50", "-"), ("12,50-", "-"), ("12,50 -", "-"),
        ("(12,50)", "-"), ("(12,50 €)", "-"), ("-12,50 €", "-"), ("-€12.50", "-"), ("€-12.50", "-"),
        ("12,50- €", "-"), ("+12,50", "+"), ("12,50+", "+"), ("＋12,50", "+"),
    ],
)  # fmt: skip
def test_a_sign_is_read_apart_from_the_amount(text: str, sign: str) -> None:
    reading = read_amount(text)
    assert (reading.amount, reading.sign) == (Decimal("12.5"), sign)


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("1,234", "1.234", "1234"), ("1.234", "1.234", "1234"), ("12,345 €", "12.345", "12345"),
        ("-1,234", "1.234", "1234"), ("1,200", "1.200", "1200"), ("100,000", "100.000", "100000"),
        ("12 50", "12.50", "1250"), ("12\u00a050 €", "12.50", "1250"), ("-12 5", "12.5", "125"),
        ("1 23", "1.23", "123"), ("1 234 50", "1234.50", "123450"), ("1234 50", "1234.50", "123450"),
        ("12'50", "12.50", "1250"), ("0 50", "0.50", "50"), ("12 00", "12.00", "1200"), ("(12 50)", "12.50", "1250"),
        ("001,234", "1.234", "1234"), ("000,123", "0.123", "123"), ("٣,٥٠٠", "3.500", "3500"),
    ],
)  # fmt: skip
def test_a_text_that_is_two_amounts_names_both(text: str, first: str, second: str) -> None:
    reading = read_amount(text)
    assert reading.broken == "amount-ambiguous"
    assert reading.amount is None
    assert (reading.params["first"], reading.params["second"]) == (first, second)


@given(AMOUNTS.filter(lambda amount: amount >= 1))
def test_the_ways_out_of_an_ambiguity_are_read_as_what_they_stand_for(amount: Decimal) -> None:
    reading = read_amount(f"{amount:,.0f}".split(",")[0][-3:] + f"{amount % 1:.3f}"[1:])
    if reading.broken == "amount-ambiguous":
        for name in ("first", "second"):
            assert read_amount(reading.params[f"{name}_as"]).amount == Decimal(reading.params[name])


@pytest.mark.parametrize(
    "text",
    [
        "dix", "12,50 TTC", "1 2345", "12 5 0", "12 50 10", "1 234 567 8 9", "12  . 50", "1\n234", "12\n50", "1,23,456",
        "1.234,567.89", "1 234'567", "12.345 678", "1,2,3", "12,", "12.", "12,-", "12€50", "$12", "12 USD", "£5",
        "5 k€", "5 keur", "1e3", "1,2E+03", "--5", "+-5", "(-5)", "-(5)", "NaN", "inf", "²", "½", "12/50", "12:50:00",
        "1_000", "0x10", "€", "euro", "-", ",", "٣٫٥", "\xad12,50", "\u202e05,21", "1,234.5.6", "0,123.45",
        "x" * 40_000, "1" * (MAX_TEXT + 1),
    ],
)  # fmt: skip
def test_what_is_no_plain_amount_is_never_read(text: str) -> None:
    reading = read_amount(text)
    assert (reading.amount, reading.broken) == (None, "amount-not-a-number")


@pytest.mark.parametrize("cell", [None, "", " ", "\u00a0\u202f", "\u200b", "\n", " " * 100])
def test_a_blank_cell_has_no_amount(cell: Cell) -> None:
    assert read_amount(cell).broken == "amount-missing"


@pytest.mark.parametrize(
    ("cell", "amount", "sign"),
    [
        ("12.5", "12.5", ""), ("0.30000000000000004", "0.3", ""), ("1234", "1234", ""), ("-12.5", "12.5", "-"),
        ("1.234", "1.234", ""), ("1E+3", "1000", ""), ("0.001", "0.001", ""), ("19.989999999999998", "19.99", ""),
    ],
)  # fmt: skip
def test_a_numeric_cell_is_the_number_that_excel_shows(cell: str, amount: str, sign: str) -> None:
    reading = read_amount(Decimal(cell))
    assert (reading.amount, reading.sign) == (Decimal(amount), sign)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (Decimal(0), "amount-zero"), (Decimal("-0.0"), "amount-zero"), ("0,00 €", "amount-zero"), ("00", "amount-zero"),
        ("0,000", "amount-zero"), ("000,000", "amount-zero"), (Decimal("12.3456"), "amount-decimals"),
        ("0,0001", "amount-decimals"), (Decimal("33.3333333333333"), "amount-decimals"),
        (Decimal("1E+9"), "amount-too-large"), ("1 000 000 000,00", "amount-too-large"),
        (Decimal("1E+300"), "amount-too-large"), (Decimal("NaN"), "amount-not-a-number"),
        (Decimal("sNaN"), "amount-not-a-number"), (Decimal("-Infinity"), "amount-not-a-number"),
        (Decimal("1E+9999999"), "amount-not-a-number"), (True, "amount-boolean"), (False, "amount-boolean"),
        ("#N/A", "amount-error"), ("#VALEUR!", "amount-error"), ("#VALEUR\u00a0!", "amount-error"),
        ("#N/D", "amount-error"), ("Err:502", "amount-error"), ("=SUM(B2:B9)", "amount-formula"),
        ("=", "amount-formula"), ("5%", "amount-percentage"), ("12,5 %", "amount-percentage"),
        (datetime(2026, 5, 12), "amount-date"),  # noqa: DTZ001 (a cell has no zone)
    ],
)  # fmt: skip
def test_an_amount_that_cannot_be_sent_breaks_one_rule(cell: Cell, code: str) -> None:
    reading = read_amount(cell)
    assert (reading.amount, reading.broken) == (None, code)


@st.composite
def written(draw: st.DrawFn) -> tuple[Decimal, str]:
    """An amount, and one of the ways that people write it."""
    amount = draw(AMOUNTS)
    plain = draw(st.sampled_from([encode_amount(amount), f"{amount:.3f}", f"{amount.normalize():f}"]))
    whole, _, fraction = plain.partition(".")
    group, decimal = draw(
        st.sampled_from(
            [("", ","), ("", "."), (" ", ","), ("\u00a0", ","), ("\u202f", ","), (" ", "."), (".", ","), (",", "."),
             ("'", "."), ("’", ",")]
        )
    )  # fmt: skip
    text = f"{int(whole):,}".replace(",", group) + (decimal + fraction if fraction else "")
    before, after = draw(
        st.sampled_from([("", ""), ("", " €"), ("", "€"), ("€", ""), ("EUR ", ""), ("", "\u00a0euros")])
    )
    return amount, before + text + after


@given(written())
@example((Decimal("1.234"), "1,234"))
@example((Decimal("1234"), "1,234"))
def test_an_amount_in_any_convention_reads_back_or_names_itself(case: tuple[Decimal, str]) -> None:
    amount, text = case
    reading = read_amount(text)
    if reading.broken:
        assert reading.broken == "amount-ambiguous"
        assert amount in {Decimal(reading.params["first"]), Decimal(reading.params["second"])}
    else:
        assert reading.amount == amount


@given(AMOUNTS, st.sampled_from("+-"))
def test_a_numeric_cell_is_never_refused_or_changed(amount: Decimal, sign: str) -> None:
    reading = read_amount(Decimal(f"{sign}{amount}"))
    assert (reading.amount, reading.sign) == (amount, sign.replace("+", ""))


@given(st.text() | st.text(alphabet="0123456789,.' -+€()\u00a0\u202fE\n", max_size=14))
def test_any_text_is_read_or_refused_and_never_raises(text: str) -> None:
    reading = read_amount(text)
    assert (reading.amount is None) == (reading.broken is not None)
    if reading.amount is not None:
        assert reading.amount > 0
        digits = [char for char in text if char.isdecimal()]
        assert str(reading.amount).replace(".", "").strip("0") == "".join(str(int(digit)) for digit in digits).strip(
            "0"
        )


@given(st.decimals(allow_nan=None, allow_infinity=None))
def test_any_number_is_read_or_refused_and_never_raises(number: Decimal) -> None:
    reading = read_amount(number)
    assert (reading.amount is None) == (reading.broken is not None)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (Decimal("12.50"), "12.5"), (Decimal("1E+3"), "1000"), (True, "TRUE"), ("a\nb", "a b"),
        (datetime(2026, 5, 12, 9, 30), "2026-05-12"),  # noqa: DTZ001 (a cell has no zone)
    ],
)  # fmt: skip
def test_a_cell_is_shown_as_excel_shows_it(cell: Cell, text: str) -> None:
    assert format_cell(cell) == text
