"""The palette is readable."""

from __future__ import annotations

from decimal import Decimal

import pytest
from openpyxl.styles.numbers import is_date_format

from batch.i18n import Language
from batch.report import page
from batch.report.page import Look, axis_format, count_look, difference_look, euro_look, linked
from batch.sheet.number_format import number_format

LOOKS = [look for look in vars(page).values() if isinstance(look, Look)] + list(page.STATUS_LOOKS.values())


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = [int(colour[index : index + 2], 16) / 255 for index in (0, 2, 4)]
    red, green, blue = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("look", [*LOOKS, difference_look(3, Language.ENGLISH, is_zero=False)])
def test_every_ink_is_readable_on_its_fill(look: Look) -> None:
    light, dark = sorted((luminance(look.ink), luminance(look.fill or page.WHITE)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_euro_formats_have_the_decimals_asked_for_and_are_those_of_the_language() -> None:
    assert euro_look(0, Language.ENGLISH).number_format == '"€"#,##0;-"€"#,##0'
    assert euro_look(3, Language.FRENCH).number_format == '[$-40C]#,##0.000"\u00a0€";-#,##0.000"\u00a0€"'
    assert difference_look(3, Language.FRENCH, is_zero=True).number_format.startswith("[$-40C]+#,##0.000")
    assert [count_look(language).number_format for language in Language] == ["#,##0", "[$-40C]#,##0"]
    assert axis_format(Language.FRENCH) == '[$-40C]#,##0"\u00a0€"'


@pytest.mark.parametrize("language", Language)
def test_no_format_of_ours_is_taken_for_a_date_or_for_another_number(language: Language) -> None:
    for look in (euro_look(2, language), difference_look(3, language, is_zero=True), count_look(language)):
        assert not is_date_format(look.number_format)
        read = number_format(look.number_format)
        assert read is not None
        assert read.shown_otherwise(Decimal("1234")) is None


def test_what_leads_somewhere_has_no_fill_because_some_programs_choose_its_ink() -> None:
    assert linked(page.PLAIN).underlined
    assert linked(page.PLAIN).fill is None
