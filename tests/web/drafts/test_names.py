from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.web.drafts.checking import LONGEST, clean_file_name


@pytest.mark.parametrize(
    ("given_name", "safe"),
    [
        ("janvier.xlsx", "janvier.xlsx"),
        ("../../etc/passwd.csv", "passwd.csv"),
        ("C:\\Users\\me\\Crédits été.xlsx", "Crédits été.xlsx"),
        ("\u202excod.xlsx", "xcod.xlsx"),
        ("a\r\nContent-Type: text/html.csv", "html.csv"),
        ("<img src=x onerror=alert(1)>.csv", "_img src=x onerror=alert(1)_.csv"),
        ("a\0b\x1b[31m.csv", "ab[31m.csv"),
        ("...", "sheet"), ("", "sheet"), (".csv", "sheet.csv"),
        ("  lots   of  space .csv ", "lots of space.csv"), ("e\u0301te\u0301.csv", "été.csv"),
    ],
)  # fmt: skip
def test_a_name_is_made_harmless(given_name: str, safe: str) -> None:
    assert clean_file_name(given_name) == safe


def test_a_long_name_keeps_its_ending() -> None:
    name = clean_file_name("x" * 300 + ".xlsx")
    assert len(name) == LONGEST
    assert name.endswith(".xlsx")


@given(st.text(max_size=400))
def test_no_name_is_harmful(name: str) -> None:
    safe = clean_file_name(name)
    assert 0 < len(safe) <= LONGEST
    assert not set(safe) & set('/\\<>:"|?*\r\n\t')
    assert not any(unicodedata.category(char).startswith("C") for char in safe)
    assert safe not in {".", ".."}
    assert clean_file_name(safe) == safe
