"""The palette is readable."""

from __future__ import annotations

import pytest

from batch.language import Language
from batch.report import styles
from batch.report.styles import Look, difference_look, euro_look, linked

LOOKS = [look for look in vars(styles).values() if isinstance(look, Look)] + list(styles.STATUS_LOOKS.values())


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = [int(colour[index : index + 2], 16) / 255 for index in (0, 2, 4)]
    red, green, blue = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("look", [*LOOKS, difference_look(3, Language.ENGLISH, is_zero=False)])
def test_every_ink_is_readable_on_its_fill(look: Look) -> None:
    light, dark = sorted((luminance(look.ink), luminance(look.fill or styles.WHITE)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_euro_formats_have_the_decimals_asked_for_and_are_those_of_the_language() -> None:
    assert euro_look(0, Language.ENGLISH).number_format == '"€"#,##0;-"€"#,##0'
    assert euro_look(3, Language.FRENCH).number_format == '#,##0.000 "€";-#,##0.000 "€"'
    assert difference_look(3, Language.FRENCH, is_zero=True).number_format.startswith("+#,##0.000")


def test_what_leads_somewhere_has_no_fill_because_some_programs_choose_its_ink() -> None:
    assert linked(styles.PLAIN).underlined
    assert linked(styles.PLAIN).fill is None
