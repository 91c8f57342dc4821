from __future__ import annotations

from decimal import Decimal

import pytest
from openpyxl.styles.numbers import is_date_format

from batch.i18n import Language
from batch.report import page
from batch.report.page import (
    ReportStyle,
    link_style,
    make_axis_format,
    make_count_style,
    make_difference_style,
    make_euro_style,
)
from batch.sheet.number_format import parse_format

LOOKS = [look for look in vars(page).values() if isinstance(look, ReportStyle)] + list(page.STATUS_LOOKS.values())


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = [int(colour[index : index + 2], 16) / 255 for index in (0, 2, 4)]
    red, green, blue = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("look", [*LOOKS, make_difference_style(3, Language.ENGLISH, is_zero=False)])
def test_every_ink_is_readable_on_its_fill(look: ReportStyle) -> None:
    light, dark = sorted((luminance(look.ink), luminance(look.fill or page.WHITE)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_euro_formats_have_the_decimals_asked_for_and_are_those_of_the_language() -> None:
    assert make_euro_style(0, Language.ENGLISH).number_format == '"€"#,##0;-"€"#,##0'
    assert make_euro_style(3, Language.FRENCH).number_format == '[$-40C]#,##0.000"\u00a0€";-#,##0.000"\u00a0€"'
    assert make_difference_style(3, Language.FRENCH, is_zero=True).number_format.startswith("[$-40C]+#,##0.000")
    assert [make_count_style(language).number_format for language in Language] == ["#,##0", "[$-40C]#,##0"]
    assert make_axis_format(Language.FRENCH) == '[$-40C]#,##0"\u00a0€"'


@pytest.mark.parametrize("language", Language)
def test_no_format_of_ours_is_taken_for_a_date_or_for_another_number(language: Language) -> None:
    zero = make_difference_style(3, language, is_zero=True)
    for look in (make_euro_style(2, language), zero, make_count_style(language)):
        assert not is_date_format(look.number_format)
        read = parse_format(look.number_format)
        assert read is not None
        assert read.find_misleading_text(Decimal("1234")) is None


def test_what_leads_somewhere_has_no_fill_because_some_programs_choose_its_ink() -> None:
    assert link_style(page.PLAIN).underlined
    assert link_style(page.PLAIN).fill is None
