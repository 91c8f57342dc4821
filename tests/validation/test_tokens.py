from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.model import Cell
from batch.validation.cells import strip_invisible
from batch.validation.tokens import MAX_COMPARED, MAX_TOKEN, KnownTokens, check_token, read_token

PLAIN = st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=64)
INVISIBLE = ["\u200b", "\u200d", "\ufeff", "\u00ad", "\u2060", "\u202a", "\x00", "\x7f", "\u2800", "\ufe0f", "\u3164"]


def codes(cell: Cell) -> list[str]:
    return [code for code, _ in read_token(cell).broken]


@pytest.mark.parametrize("token", ["b71ed0c2a94f", "0012345", "12345678901234567890", "1e5", "12e45", "a b", "TRUE"])
def test_a_text_is_the_token_itself(token: str) -> None:
    reading = read_token(token)
    assert (reading.token, reading.broken) == (token, ())


@pytest.mark.parametrize(
    ("number", "token"),
    [("12345", "12345"), ("12345.0", "12345"), ("123456789012345", "123456789012345"), ("1E+3", "1000"), ("-0.0", "0")],
)
def test_a_number_that_excel_keeps_is_a_token(number: str, token: str) -> None:
    reading = read_token(Decimal(number))
    assert (reading.token, reading.broken) == (token, ())


@pytest.mark.parametrize("number", ["1234567890123450", "1E+15", "1.2345678901234568E+19", "1E+300", "1E+9999999"])
def test_a_number_of_more_than_fifteen_digits_has_lost_some(number: str) -> None:
    assert read_token(Decimal(number)).token is None
    assert codes(Decimal(number)) == ["token-digits-lost"]


@pytest.mark.parametrize(
    "text",
    [
        "1.23457E+15", "1,23457E+15", "1E+20", "1.23e+15", " 1.23E+15 ", "1.2346E+015", "1.0E+5", "1e+05", "1E+16",
        "1.2345678E7", "1,5E12",
    ],
)  # fmt: skip
def test_scientific_notation_is_no_token(text: str) -> None:
    assert read_token(text).token is None
    assert codes(text) == ["token-scientific"]


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("12345.0", "12345"), ("12345.00", "12345"), ("12345,0", "12345"), ("0.0", "0"), ("1.0", "1"),
        ("123456789012345.0", "123456789012345"),
    ],
)  # fmt: skip
def test_a_whole_number_with_decimals_is_read_without_them_and_said(text: str, token: str) -> None:
    assert read_token(text) == (token, (("token-with-decimals", {"value": token, "written": text}),))


def test_of_a_number_that_is_too_long_digits_are_lost_before_the_decimals_are_written() -> None:
    assert read_token("1234567890123456.0") == (None, (("token-digits-lost", {"value": "1234567890123456.0"}),))


@pytest.mark.parametrize(
    "text", ["00123.0", "12.000", "12345.000", "12345.5", "12345.", ".0", "1.2.0", "a.0", "-5.0", "٣.0"]
)
def test_what_no_program_makes_of_a_whole_number_stays_as_it_is(text: str) -> None:
    assert read_token(text) == (text, ())


def test_two_rules_can_be_said_of_one_token() -> None:
    reading = read_token("\u00a012345.0")
    assert (reading.token, [code for code, _ in reading.broken]) == (
        "12345",
        ["token-invisible", "token-with-decimals"],
    )


def test_a_token_with_decimals_whose_zeros_were_lost_is_not_found() -> None:
    token = read_token("123.0").token
    assert token
    assert broken(token, "00123") == ("token-zeros-lost", "00123")


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (True, "token-boolean"), (False, "token-boolean"), (Decimal("12.5"), "token-not-text"),
        (Decimal(-5), "token-not-text"), (Decimal("NaN"), "token-not-text"), (Decimal("sNaN"), "token-not-text"),
        ("#REF!", "token-error"), ("#N/D", "token-error"), ("#NOM ?", "token-error"), ("Err:508", "token-error"),
        ("=B2", "token-formula"),
        (datetime(2026, 5, 12), "token-date"),  # noqa: DTZ001 (a cell has no zone)
    ],
)  # fmt: skip
def test_a_cell_of_another_kind_is_no_token(cell: Cell, code: str) -> None:
    assert read_token(cell).token is None
    assert codes(cell) == [code]


@pytest.mark.parametrize("cell", [None, "", "  ", "\u00a0", "\u200b", "\ufeff\n", "\u2800"])
def test_a_cell_without_anything_visible_has_no_token(cell: Cell) -> None:
    assert codes(cell) == ["token-missing"]


@pytest.mark.parametrize(
    ("text", "characters"),
    [
        (" sub-1", "U+0020"), ("sub-1  ", "U+0020"), ("sub-1\u00a0", "U+00A0"), ("sub\u200b-1", "U+200B"),
        ("\ufeffsub-1", "U+FEFF"), ("sub-1\n", "U+000A"), ("sub-1\t\r\n", "U+0009,U+000A,U+000D"),
        ("sub-1\x00", "U+0000"),
    ],
)  # fmt: skip
def test_what_nobody_sees_is_left_out_and_named(text: str, characters: str) -> None:
    reading = read_token(text)
    assert reading.token == "sub-1"
    assert reading.broken == (("token-invisible", {"value": "sub-1", "characters": characters}),)


@pytest.mark.parametrize("length", [MAX_TOKEN + 1, 40_000])
def test_a_long_text_is_no_token(length: int) -> None:
    assert codes("x" * length) == ["token-too-long"]
    assert codes("x" * MAX_TOKEN) == []


@given(PLAIN, st.lists(st.tuples(st.integers(0, 64), st.sampled_from(INVISIBLE))))
def test_invisible_characters_never_change_the_token(token: str, strewn: list[tuple[int, str]]) -> None:
    text = token
    for position, char in strewn:
        text = text[:position] + char + text[position:]
    assert read_token(text).token == read_token(token).token


@given(st.text())
def test_any_text_gives_a_token_on_one_line_or_a_broken_rule(text: str) -> None:
    reading = read_token(text)
    if reading.token is None:
        assert reading.broken
    else:
        assert reading.token == strip_invisible(reading.token) == strip_invisible(text)
        assert not set(reading.token) & {"\t", "\n", "\r", "\u00a0", "\u200b"}


@given(st.decimals(allow_nan=None, allow_infinity=None))
def test_any_number_gives_a_token_or_a_broken_rule(number: Decimal) -> None:
    reading = read_token(number)
    assert (reading.token is None) == bool(reading.broken)
    assert reading.token is None or Decimal(reading.token) == number


def broken(token: str, *known: str) -> tuple[str, str]:
    rule = check_token(token, KnownTokens(known))
    assert rule
    code, params = rule
    return code, params.get("as", "") + params.get("near", "") + params.get("candidate", "")


def test_a_token_of_the_account_breaks_no_rule() -> None:
    assert check_token("sub-1", KnownTokens(["sub-1", "sub-2"])) is None


@pytest.mark.parametrize(
    ("token", "known", "candidates"),
    [
        ("12345", ("0012345", "99"), "0012345"), ("012345", ("0012345",), "0012345"), ("0", ("000",), "000"),
        ("12", ("0012", "012", "12a"), "012"),
    ],
)  # fmt: skip
def test_zeros_that_were_lost_are_noticed(token: str, known: tuple[str, ...], candidates: str) -> None:
    assert broken(token, *known) == ("token-zeros-lost", candidates)


@pytest.mark.parametrize("token", ["0012345", "2345"])
def test_zeros_too_many_or_other_digits_are_not_lost_zeros(token: str) -> None:
    assert broken(token, "12345", "0012346")[0] == "token-unknown"


@pytest.mark.parametrize(
    ("token", "suggestion"),
    [
        ("B71ED0C2A94F", "sameb71ed0c2a94f"), ("b71ed0 c2a94f", "sameb71ed0c2a94f"),
        ("b71ed0c2a94e", "nearb71ed0c2a94f"), ("b71ed0c2a94", "nearb71ed0c2a94f"),
        ("b71ed0c2a94ff", "nearb71ed0c2a94f"), ("b71de0c2a94f", "nearb71ed0c2a94f"), ("ffffffffffff", ""),
        ("sub-9", ""), ("a", ""),
    ],
)  # fmt: skip
def test_a_near_miss_is_suggested_only_if_it_is_the_only_one(token: str, suggestion: str) -> None:
    assert broken(token, "b71ed0c2a94f", "sub-1", "sub-2", "b") == ("token-unknown", suggestion)


def test_a_very_large_account_is_not_searched_for_near_misses() -> None:
    known = KnownTokens([f"token-{number:06}" for number in range(0, 10 * MAX_COMPARED + 10, 10)])
    assert known.find_near_miss("token-00001x") is None
    assert known.find_same_letters("TOKEN-000010") == "token-000010"


@given(PLAIN, st.lists(PLAIN))
def test_any_token_and_account_can_be_compared(token: str, known: list[str]) -> None:
    assert (check_token(token, KnownTokens(known)) is None) == (token in known)
