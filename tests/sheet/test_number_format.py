"""What is shown of a number. The table was compared with LibreOffice, which differs from Excel where noted."""

from __future__ import annotations

import time
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.sheet.number_format import LONGEST_CODE, is_faithful_text, parse_format

ACCOUNTING = '_-* #,##0.00\\ "€"_-;\\-* #,##0.00\\ "€"_-;_-* "-"??\\ "€"_-;_-@_-'
SAME = None
"""What is shown means the stored number."""


def shown(code: str, number: str) -> str | None:
    shape = parse_format(code)
    return shape.find_misleading_text(Decimal(number)) if shape else None


@pytest.mark.parametrize(
    ("code", "number", "text"),
    [
        # Rounded.
        ("0.00", "12.345", "12.35"), ("0.00", "1.005", "1.01"), ("0.00", "-12.345", "-12.35"), ("0", "2.5", "3"),
        ("0", "0.004", "0"), ("#,##0.00", "1234.567", "1,234.57"), ("#,##0.00", "999999.9999", "1,000,000.00"),
        ("0.###", "12.5004", "12.5"), ("#,##0.00 [$€-40C]", "12.345", "12.35 €"), (ACCOUNTING, "12.345", "12.35 €"),
        ("0.00E+00", "12345", "1.23E+04"), ("##0.0E+0", "12345", "12.3E+3"), ("# ?/?", "12.34", "12 1/3"),
        ("# ?/8", "0.3", "1/4"),
        # In thousands, or as another number.
        ("0,", "12345", "12"), ("#,##0,", "1000000", "1,000"), ("0.0,,", "12345678", "12.3"), ("0%", "0.5", "50%"),
        ("0.00%", "0.12345", "12.35%"), ('0"."00', "1234", "12.34"),
        # Zeros in front.
        ("00000", "123", "00123"), ("000 000", "12", "000 012"),
        # In another currency or with words.
        ('0.00 "USD"', "5", "5.00 USD"), ("[$$-409]#,##0.00", "5", "$5.00"), ('0.00" k€"', "5", "5.00 k€"),
        ('0.00" Md€"', "5", "5.00 Md€"), ('0.00" € D"', "5", "5.00 € D"), ('0.00" c€"', "5", "5.00 c€"),
        ('"x 1000 € : "0.00', "5", "x 1000 € : 5.00"), ('#,##0.00" € HT"', "1234.567", "1,234.57 € HT"),
        ("0.00 EUR", "12.345", "12.35 EUR"), ('0.00" C";0.00" D"', "-5", "5.00 D"),
        ('0.00;0.00" € HT"', "-5", "5.00 € HT"), ("000-000", "123456", "123-456"),
        # Another sign, or nothing at all.
        ("0.00;0.00", "-5", "5.00"), ("-0.00", "5", "-5.00"), (";;;", "5", ""), ('"paid"', "5", "paid"),
        # By condition.
        ("[>100]0;0.0", "150.4", "150"), ("[>100]0;0.0", "50.44", "50.4"), ('[=1]"one";[=2]"two";0.00', "2", "two"),
        ("[>100]0", "5", "####"),
    ],
)  # fmt: skip
def test_what_means_something_else_is_said(code: str, number: str, text: str) -> None:
    assert shown(code, number) == text


@pytest.mark.parametrize(
    ("code", "number"),
    [
        ("General", "12.345678"), ("@", "12.345"), ("", "12.345"), ("0.00", "12.3"), ("0.00", "0.30000000000000004"),
        ("0.00", "12.349999999999999999"), ("#,##0.00", "1234567.89"), ("#,##0.00 [$€-40C]", "1234.5"),
        ('#,##0.00\\ "EUR"', "1234.5"), (ACCOUNTING, "1234.5"), (ACCOUNTING, "-1234.5"), (ACCOUNTING, "0"),
        ("0.00;[Red]-0.00", "-5"), ("0.00_);(0.00)", "-5"), ('"+"0.00;-0.00', "5"), ("0.00E+00", "12300"),
        ("# ?/?", "12.5"), ("000 000 000", "123456789"), ("dd/mm/yyyy", "45000.5"), ("[h]:mm:ss", "1.5"),
        ('General" €"', "12.345"), ('#,##0.00" € HT"', "1234.56"), ('#,##0.00" € HT"', "-1234.56"),
        ('"Montant : "#,##0.00 €', "1234.56"), ('"Montant (TTC) : "#,##0.00 [$€-40C]', "1234.56"),
        ('0.00" € H.T."_);(0.00" € H.T.")', "-5"), ('0.00" Eur."', "5"), ('0.00"EUR"', "5"), ('0.00" TTC"', "5"),
        ('"net à payer "0.00" euros"', "5"), ("#,##0.00 EUR", "1234.5"), ("0.00 HT", "1234.5"), ("00000", "NaN"),
    ],
)  # fmt: skip
def test_what_means_the_stored_number_is_not(code: str, number: str) -> None:
    assert shown(code, number) is SAME


@pytest.mark.parametrize(
    ("code", "number", "kind"),
    [
        ("dd/mm/yyyy", "45000", "date"), ("hh:mm", "0.5", "date"), ("mm:ss.00", "0.5", "date"),
        ('yyyy" €"', "45000", "date"), ("[h]:mm", "1.5", "duration"), ("[$-40C]d mmmm yyyy", "45000", "date"),
        ("0.00;dd", "5", None), ("0.00;dd", "-5", "date"), ('#,##0.00 "mois"', "5", None), ("#,##0.00 EUR", "5", None),
        ("@", "5", None),
    ],
)  # fmt: skip
def test_dates_and_durations(code: str, number: str, kind: str | None) -> None:
    shape = parse_format(code)
    assert shape
    assert shape.find_time_kind(Decimal(number)) == kind


AMOUNTS = st.decimals(Decimal("0.0001"), Decimal(10**9), allow_nan=False, allow_infinity=False, places=4)


@given(AMOUNTS, st.integers(0, 4), st.booleans())
def test_a_fixed_number_of_decimals_is_said_where_it_rounds(amount: Decimal, places: int, is_grouped: bool) -> None:
    code = ("#,##0" if is_grouped else "0") + ("." + "0" * places if places else "")
    rounded = amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = shown(code, str(amount))
    assert (text is None) == (rounded == amount)
    if text is not None:
        assert Decimal(text.replace(",", "")) == rounded


@given(AMOUNTS, st.text('0#?.,%;E+- "€[$-40C]\\_*/@', max_size=20))
def test_any_code_is_read_and_what_is_passed_by_quickly_is_shown_as_it_is(amount: Decimal, code: str) -> None:
    shape = parse_format(code)
    if shape is None:
        return
    text = shape.find_misleading_text(amount)
    decimals = shape.exact_decimals
    if shape.shows_numbers_as_they_are or (decimals is not None and amount == round(amount, decimals)):
        assert text is None


@pytest.mark.parametrize(
    "code",
    ['"' * LONGEST_CODE, "[" * LONGEST_CODE, "0," * 127, "#" * LONGEST_CODE, "\\" * LONGEST_CODE, ";" * LONGEST_CODE,
     "0." * 127, "E+" * 127, "?/" * 127, "%" * 254 + "0", "x" * 10**6],
)  # fmt: skip
def test_a_hostile_code_takes_no_time(code: str) -> None:
    begun = time.process_time()
    for number in ("1234.5", "1E+300", "1E-300", "-1E+308"):
        shown(code, number)
    assert time.process_time() - begun < 0.5


@pytest.mark.parametrize(
    ("text", "number", "means"),
    [
        ("12,35 €", "12.35", True), ("1 234,50", "1234.5", True), ("1\u202f234,50\xa0€", "1234.5", True),
        ("1,234.50", "1234.5", True), ("1.234,50", "1234.5", True), ("-5", "-5", True), ("(5.00)", "-5", True),
        ("- €", "0", True), ("12,35", "12.345", False), ("50 %", "0.5", False), ("00123", "123", False),
        ("$5.00", "5", False), ("5", "-5", False), ("", "5", False), ("VRAI", "1", False),
    ],
)  # fmt: skip
def test_a_text_that_a_program_shows(text: str, number: str, means: bool) -> None:
    assert is_faithful_text(text, Decimal(number)) is means
