"""What the checks say: documented for accountants, one short line each, whatever the cells hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.finding_rules import RULES, Severity
from batch.findings import Finding
from batch.frames import CheckedSheet
from batch.i18n import Language, show_value, use_language
from batch.model import Cell
from batch.validation.check_sheet import check_sheet
from tests.builders import grid
from tests.validation.cases import CASES, KNOWN, Case

DOCUMENTED = re.compile(r"^\| `([a-z-]+)` \| (\w+) \| (.+) \| (.+) \|$", re.MULTILINE)
SAID_ELSEWHERE = {
    # Reading says it: tests/sheet.
    "sheet-hidden", "sheets-hidden", "sheets-besides", "appearance-unseen", "encoding-assumed", "separator-assumed",
    "rows-ragged", "rows-in-cell",
    # It takes a ledger to say it: tests/runner/test_ledger_checks.py and test_acceptance.py.
    "file-name-again", "movements-again", "already-run", "run-again", "paid-elsewhere", "balances-rose",
    "rows-done-before", "row-was-done", "done-rows-gone", "unsent-rows-gone",
    "batch-closed",
}  # fmt: skip
SPACES = str.maketrans("\u00a0\u202f", "  ")
HOSTILE = ["x" * 40_000, "a\nb\r\nc", "\x1b[31mred\x07", "{0.__class__} {value}", "\u202eback", "𝄞" * 5000, "“quoted”"]


def findings_of(sheet: CheckedSheet) -> list[Finding]:
    return [*sheet.findings, *(finding for row in sheet.rows for finding in row.findings)]


def test_the_documented_table_is_the_code_s() -> None:
    text = (Path(__file__).parents[1] / "docs" / "findings.md").read_text("utf-8")
    documented = [(code, severity) for code, severity, *_ in DOCUMENTED.findall(text)]
    assert documented == [(code, rule.severity.value) for code, rule in RULES.items()]


def test_every_rule_has_a_case() -> None:
    assert {case.code for case in CASES} | SAID_ELSEWHERE == set(RULES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
def test_a_finding_names_its_cell_and_what_to_do(case: Case) -> None:
    found = [finding for finding in findings_of(case.checked()) if finding.code == case.code]
    assert [finding.cell for finding in found][:1] == [case.cell]
    assert re.fullmatch(r"[A-Z€0-9][^\n{}]+[.?]", found[0].message)
    assert len(found[0].message) < 250


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
def test_a_case_has_no_other_error(case: Case) -> None:
    others = {finding.code for finding in findings_of(case.checked()) if finding.is_error} - {case.code}
    assert others == set(case.others)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
def test_an_error_keeps_its_row_or_its_sheet_from_being_sent(case: Case) -> None:
    sheet = case.checked()
    is_sendable = not sheet.has_sheet_errors and all(row.is_valid for row in sheet.rows)
    assert is_sendable is (RULES[case.code].severity is not Severity.ERROR and not case.others)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("column", [0, 1, 2])
def test_a_hostile_cell_makes_one_short_line(text: str, column: int) -> None:
    cells: list[Cell] = ["sub-1", "10", "add"]
    cells[column] = text
    sheet = check_sheet(grid(cells), KNOWN, Case("", None, []).expected)
    assert findings_of(sheet)
    for finding in findings_of(sheet):
        assert finding.message.isprintable()
        assert len(finding.message) < 300


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_title_makes_one_short_line(text: str) -> None:
    for title in (f"Montnat {text}", f"{text} montant", f"Token ({text})"):
        sheet = check_sheet(grid(["a", "b", "c"], header=["Token", title, "Sens"]), None, Case("", None, []).expected)
        for finding in findings_of(sheet):
            assert finding.message.isprintable()
            assert len(finding.message) < 300


@given(st.text(), st.integers(2, 80))
def test_a_shown_value_is_short_printable_and_true_to_plain_text(text: str, longest: int) -> None:
    value = show_value(text, longest)
    assert len(value) <= longest
    assert value.isprintable()
    if text.isprintable() and len(text) <= longest:
        assert value == text


def test_a_value_in_braces_is_left_as_it_is() -> None:
    assert "“{cell}”" in Finding("direction-unknown", params={"value": "{cell}"}).message


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
def test_a_finding_is_worded_in_french_with_no_english_left(case: Case) -> None:
    found = next(finding for finding in findings_of(case.checked()) if finding.code == case.code)
    with use_language(Language.FRENCH):
        french = found.message
    assert french != found.message
    assert french.translate(SPACES).isprintable()
    assert "{" not in french
    assert len(french) < 300
    assert not re.search(r"[a-zé»)][:;?!]( |$)", french), french


def test_numbers_dates_and_words_follow_the_language() -> None:
    rounded = Finding("amount-shown-rounded", params={"stored_as": "12.345", "value": "12.35", "stored": "number"})
    dated = Finding("amount-date", params={"value": "2026-05-12", "stored": "date"})
    euros = Finding("expected-added", params={"found": "1234.5", "expected": "0"})
    assert "12.345" in rounded.message
    assert "2026-05-12" in dated.message
    assert euros.message.startswith("€1,234.50 would be added")
    with use_language(Language.FRENCH):
        assert "12,345" in rounded.message
        assert "12/05/2026" in dated.message
        assert "1\u202f234,50\u00a0€" in euros.message


@pytest.mark.parametrize(
    ("code", "params"),
    [
        ("expected-rows", {"found": "2 rows", "expected": "1 was"}),
        ("expected-added", {"found": "€10.00", "expected": "€11.00"}),
        ("sign-contradicts", {"value": "-10", "sign": "a remove", "direction": "add"}),
        ("column-missing", {"header": "1", "column": "amount", "examples": "“amount” or “montant”"}),
        ("column-twice", {"titles": "“A” (B1) and “B” (D1)", "column": "amount"}),
        ("token-unknown", {"value": "x", "suggestion": " Did you mean “y”?"}),
        ("token-invisible", {"value": "x", "characters": "zero width space"}),
        ("token-not-text", {"kind": "the date 2026-05-12"}),
        ("amount-not-a-number", {"value": "x", "kind": " but a date"}),
        ("movements-again", {"day": "yesterday", "batch": "b"}),
    ],
)
def test_findings_of_older_ledgers_are_still_worded(code: str, params: dict[str, str]) -> None:
    for language in Language:
        with use_language(language):
            assert Finding(code, 2, "A2", params).message.translate(SPACES).isprintable()
