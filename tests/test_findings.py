"""What the checks say: documented for accountants, one short line each, whatever the cells hold."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.findings import RULES, Finding, Severity, shown
from batch.model import Cell, CheckedSheet
from batch.rules.checks import check_sheet
from tests.builders import grid
from tests.rules.cases import CASES, KNOWN, Case

DOCUMENTED = re.compile(r"^\| `([a-z-]+)` \| (\w+) \| (.+) \| (.+) \|$", re.MULTILINE)
HOSTILE = ["x" * 40_000, "a\nb\r\nc", "\x1b[31mred\x07", "{0.__class__} {value}", "\u202eback", "𝄞" * 5000, "“quoted”"]


def checked(case: Case) -> CheckedSheet:
    sheet = grid(*case.rows, header=case.header)
    if case.is_text_file:
        sheet = replace(sheet, source=replace(sheet.source, sheet=None))
    return check_sheet(sheet, KNOWN, case.expected)


def findings_of(sheet: CheckedSheet) -> list[Finding]:
    return [*sheet.findings, *(finding for row in sheet.rows for finding in row.findings)]


def test_the_documented_table_is_the_code_s() -> None:
    text = (Path(__file__).parents[1] / "docs" / "findings.md").read_text("utf-8")
    documented = [(code, severity) for code, severity, *_ in DOCUMENTED.findall(text)]
    assert documented == [(code, rule.severity.value) for code, rule in RULES.items()]


def test_every_rule_has_a_case() -> None:
    # What needs a ledger to be said has its cases in tests/runner/test_likeness.py.
    assert {case.code for case in CASES} | {"file-name-again", "movements-again"} == set(RULES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
def test_a_finding_names_its_cell_and_what_to_do(case: Case) -> None:
    found = [finding for finding in findings_of(checked(case)) if finding.code == case.code]
    assert [finding.cell for finding in found][:1] == [case.cell]
    assert re.fullmatch(r"[A-Z€0-9][^\n{}]+[.?]", found[0].message)
    assert len(found[0].message) < 250


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
def test_a_case_has_no_other_error(case: Case) -> None:
    others = {finding.code for finding in findings_of(checked(case)) if finding.is_error} - {case.code}
    assert others <= ({"column-missing"} if case.code == "column-unknown" else set())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
def test_an_error_keeps_its_row_or_its_sheet_from_being_sent(case: Case) -> None:
    sheet = checked(case)
    is_sendable = not sheet.has_sheet_errors and all(row.is_valid for row in sheet.rows)
    has_warning_only = RULES[case.code].severity is Severity.WARNING and case.code != "column-unknown"
    assert is_sendable is has_warning_only


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
    value = shown(text, longest)
    assert len(value) <= longest
    assert value.isprintable()
    if text.isprintable() and len(text) <= longest:
        assert value == text


def test_a_value_in_braces_is_left_as_it_is() -> None:
    assert "“{cell}”" in Finding("direction-unknown", params={"value": "{cell}"}).message
