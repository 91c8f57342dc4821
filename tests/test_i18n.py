"""Which language is spoken, and numbers, dates and words in it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.finding_rules import Severity
from batch.i18n import (
    Language,
    _,
    choose_language,
    format_day,
    format_moment,
    format_money,
    format_number,
    get_language,
    join_items,
    set_language,
    use_language,
)
from batch.model import BatchState, Direction, Status, name_direction, name_severity, name_state, name_status
from batch.validation.vocabulary import find_direction

FRENCH, ENGLISH = Language.FRENCH, Language.ENGLISH
AT = datetime(2026, 11, 2, 14, 5, 9)  # noqa: DTZ001 (as a person reads it)


@pytest.mark.parametrize(
    ("lang", "environ", "system", "expected"),
    [
        (None, {}, None, ENGLISH), ("fr", {"CREDITBATCH_LANG": "en"}, None, FRENCH),
        ("en", {"LANG": "fr_FR.UTF-8"}, None, ENGLISH), ("FR", {}, None, FRENCH), ("fr-CA", {}, None, FRENCH),
        (None, {"CREDITBATCH_LANG": "fr_FR.UTF-8", "LC_ALL": "en_GB"}, None, FRENCH),
        (None, {"CREDITBATCH_LANG": "", "LANG": "fr"}, None, FRENCH), (None, {"LANG": "fr_FR.UTF-8"}, None, FRENCH),
        (None, {"LC_ALL": "C", "LANG": "fr_FR.UTF-8"}, None, ENGLISH),
        (None, {"LC_ALL": "", "LC_MESSAGES": "fr_BE", "LANG": "en_US.UTF-8"}, None, FRENCH),
        (None, {"LANG": "de_DE.UTF-8"}, None, ENGLISH), (None, {"LANG": "C.UTF-8"}, "fr_FR", ENGLISH),
        (None, {}, "French_France", FRENCH), (None, {}, "fr_FR", FRENCH), (None, {}, "German_Germany", ENGLISH),
    ],
)  # fmt: skip
def test_what_is_asked_for_goes_before_what_is_set_and_that_before_the_locale(
    lang: str | None, environ: dict[str, str], system: str | None, expected: Language
) -> None:
    assert choose_language(lang, environ, system) is expected


@pytest.mark.parametrize(("lang", "environ"), [("de", {}), ("", {}), (None, {"CREDITBATCH_LANG": "klingon"})])
def test_a_language_that_is_none_is_refused_where_it_was_asked_for(lang: str | None, environ: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="is not a valid"):
        choose_language(lang, environ)


@given(st.text())
def test_no_locale_stops_anything(text: str) -> None:
    assert choose_language(None, {"LANG": text}, text) in Language


def get_language_elsewhere() -> Language:
    with ThreadPoolExecutor(1) as other:
        return other.submit(get_language).result()


def test_a_language_for_a_while_is_this_thread_s_alone() -> None:
    with use_language(FRENCH):
        with use_language(ENGLISH):
            assert get_language() is ENGLISH
        assert (get_language_elsewhere(), get_language()) == (ENGLISH, FRENCH)
    assert get_language() is ENGLISH


def test_the_process_s_language_is_every_thread_s() -> None:
    set_language(FRENCH)
    try:
        assert get_language_elsewhere() is FRENCH
    finally:
        set_language(ENGLISH)


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [
        (ENGLISH, ["1,234,567", "1,234.50", "€1,234.50", "-€0.05", "+€3.00", "2026-11-02", "2026-11-02 14:05:09"]),
        (FRENCH, ["1 234 567", "1 234,50", "1 234,50 €", "-0,05 €", "+3,00 €", "02/11/2026", "02/11/2026 14:05:09"]),
    ],
)
def test_numbers_money_and_dates_are_the_language_s(chosen: Language, shown: list[str]) -> None:
    with use_language(chosen):
        written = [
            format_number(1_234_567),
            format_number(Decimal("1234.5"), 2),
            format_money(Decimal("1234.5"), 2),
            format_money(Decimal("-0.05"), 2),
            format_money(Decimal(3), 2, signed=True),
            format_day(AT),
            format_moment(AT),
        ]
    assert [
        text.replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\N{NO-BREAK SPACE}", " ") for text in written
    ] == shown


@given(st.decimals(-(10**9), 10**9, places=2))
def test_a_french_amount_is_the_english_one_with_other_signs_and_never_breaks(amount: Decimal) -> None:
    english = format_money(amount, 2)
    with use_language(FRENCH):
        french = format_money(amount, 2)
    assert " " not in french
    digits = french.removesuffix("\N{NO-BREAK SPACE}€").replace("\N{NARROW NO-BREAK SPACE}", "").replace(",", ".")
    assert digits == english.replace("€", "").replace(",", "")


@pytest.mark.parametrize(("items", "shown"), [(["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")])
def test_a_list_reads_as_one_is_spoken(items: list[str], shown: str) -> None:
    assert join_items(items, "or") == shown


@pytest.mark.parametrize("chosen", Language)
def test_every_status_state_direction_and_severity_has_a_word_of_its_own(chosen: Language) -> None:
    with use_language(chosen):
        for words in (
            [name_status(status) for status in Status],
            [name_state(state) for state in BatchState],
            [name_direction(direction) for direction in Direction],
            [name_severity(severity) for severity in Severity],
        ):
            assert all(words)
            assert len(set(words)) == len(words)


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("chosen", Language)
def test_the_word_shown_for_a_direction_is_read_as_that_direction(chosen: Language, direction: Direction) -> None:
    with use_language(chosen):
        assert find_direction(name_direction(direction)) is direction


def test_the_words_are_those_of_the_json_in_english_and_others_in_french() -> None:
    assert [name_status(status) for status in Status] == [status.value for status in Status]
    with use_language(FRENCH):
        assert name_status(Status.DONE) == "effectuée"
        assert _("") == ""
