from __future__ import annotations

import io
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from pypdf import PdfReader

from batch.findings import Finding
from batch.frames import CheckedSheet
from batch.i18n import Language, use_language
from batch.model import Balances, Direction, SubAccount, name_direction
from batch.report.template import HEADER_ROW, ROWS, choose_file_name, make_template
from batch.sheet import read_sheet
from batch.validation.check_sheet import Expected, check_sheet
from tests.builders import NOON
from tests.office import needs_office, saved

ACCOUNTS = (
    SubAccount("0012345", "zeros@example.com", "simple", Decimal("12.345")),
    SubAccount("sub-1", "=HYPERLINK(1)@example.com", "simple", Decimal("0.000")),
    SubAccount("b71ed0c2a94f", "", "simple", Decimal("1000000.100")),
)
KNOWN = frozenset(account.token for account in ACCOUNTS)
BALANCES = Balances(Decimal(1), {}, NOON)
FIRST = HEADER_ROW + 1


@dataclass(frozen=True)
class Row:
    token: str
    direction: Direction
    amount: str


ROWS_TO_WRITE = (
    Row("0012345", Direction.ADD, "12.5"),
    Row("sub-1", Direction.REMOVE, "0.01"),
    Row("b71ed0c2a94f", Direction.ADD, "1234.56"),
)


@pytest.fixture(params=list(Language))
def language(request: pytest.FixtureRequest) -> Language:
    return Language(request.param)


def made(path: Path, language: Language, *, has_accounts: bool = True) -> Path:
    with use_language(language):
        path.write_bytes(make_template(ACCOUNTS if has_accounts else None, BALANCES if has_accounts else None))
    return path


def fill_in(path: Path, language: Language) -> None:
    """As a person would: only cells that are not locked, with what the drop-downs offer; a row is left blank."""
    workbook = load_workbook(path)
    sheet = workbook.worksheets[1]
    for row, wanted in zip((FIRST, FIRST + 1, FIRST + 3), ROWS_TO_WRITE, strict=True):
        with use_language(language):
            values = {"A": wanted.token, "C": name_direction(wanted.direction), "D": Decimal(wanted.amount), "E": "é"}
        for letter, value in values.items():
            cell = sheet[f"{letter}{row}"]
            assert not cell.protection.locked
            cell.value = value
            if letter == "A":
                assert cell.number_format == "@"
    workbook.save(path)


def checked(path: Path) -> CheckedSheet:
    return check_sheet(read_sheet(path), KNOWN, Expected())


def findings(sheet: CheckedSheet) -> list[Finding]:
    return [*sheet.findings, *(finding for row in sheet.rows for finding in row.findings)]


@pytest.mark.slow
@needs_office
@pytest.mark.parametrize(("kind", "has_accounts"), [("xlsx", True), ("xlsx", False), ("ods", True)])
def test_filled_in_and_saved_by_libreoffice_nothing_is_found(
    tmp_path: Path, language: Language, kind: str, has_accounts: bool
) -> None:
    path = made(tmp_path / "template.xlsx", language, has_accounts=has_accounts)
    fill_in(path, language)
    result = saved(path, tmp_path, kind)
    sheet = checked(result)
    assert findings(sheet) == []
    assert [(row.number, row.token, row.direction, row.amount) for row in sheet.rows] == [
        (number, wanted.token, wanted.direction, Decimal(wanted.amount))
        for number, wanted in zip((FIRST, FIRST + 1, FIRST + 3), ROWS_TO_WRITE, strict=True)
    ]
    if kind == "xlsx":
        it_calculated_and_kept_the_rules(result, ["zeros@example.com", "=HYPERLINK(1)@example.com", None], has_accounts)


@pytest.mark.parametrize("has_accounts", [True, False])
def test_filled_in_without_calculating_nothing_is_found(tmp_path: Path, language: Language, has_accounts: bool) -> None:
    path = made(tmp_path / "template.xlsx", language, has_accounts=has_accounts)
    fill_in(path, language)
    sheet = checked(path)
    assert findings(sheet) == []
    assert [row.number for row in sheet.rows] == [FIRST, FIRST + 1, FIRST + 3]


@pytest.mark.slow
@needs_office
@pytest.mark.parametrize("has_accounts", [True, False])
def test_each_sheet_of_an_empty_one_prints_one_page_and_the_last_row_is_printed_once_it_is_filled(
    tmp_path: Path, language: Language, has_accounts: bool
) -> None:
    path = made(tmp_path / "template.xlsx", language, has_accounts=has_accounts)
    assert len(PdfReader(saved(path, tmp_path, "pdf")).pages) == 3
    fill_in(path, language)
    workbook = load_workbook(path)
    workbook.worksheets[1][f"A{FIRST + ROWS - 1}"].value = "sub-last"
    workbook.save(path)
    pages = PdfReader(saved(path, tmp_path, "pdf")).pages
    assert len(pages) > 3
    assert any("sub-last" in page.extract_text() for page in pages)


def test_every_page_is_a4_and_as_wide_as_the_paper(language: Language) -> None:
    for sheet in sheets(language).worksheets:
        assert (sheet.page_setup.paperSize, sheet.page_setup.fitToWidth) == (9, 1)
        fitting = sheet.sheet_properties.pageSetUpPr
        assert fitting is not None
        assert fitting.fitToPage


def it_calculated_and_kept_the_rules(path: Path, addresses: list[str | None], has_accounts: bool) -> None:
    sheet = load_workbook(path, data_only=True).worksheets[1]
    assert [round(sheet[f"D{row}"].value, 2) for row in range(2, 6)] == [3, 1247.06, 0.01, 1247.05]
    if has_accounts:
        assert [sheet[f"B{FIRST + row}"].value for row in range(3)] == addresses
    assert {rule.type for rule in sheet.data_validations.dataValidation} == {"list", "custom"}
    assert sheet.protection.sheet
    assert sheet.protection.password is None
    assert not sheet.protection.formatColumns


def test_an_empty_template_says_that_there_is_no_row(tmp_path: Path, language: Language) -> None:
    for has_accounts in (True, False):
        sheet = checked(made(tmp_path / "template.xlsx", language, has_accounts=has_accounts))
        assert [finding.code for finding in findings(sheet)] == ["rows-missing"]


def test_results_are_there_before_anybody_has_calculated(tmp_path: Path, language: Language) -> None:
    values = load_workbook(made(tmp_path / "template.xlsx", language), data_only=True).worksheets[1]
    assert [values[f"D{row}"].value for row in range(2, 6)] == [0, 0, 0, 0]


def sheets(language: Language) -> Workbook:
    with use_language(language):
        return load_workbook(io.BytesIO(make_template(ACCOUNTS, BALANCES)))


def test_titles_and_formulas_are_locked_and_rows_are_not(language: Language) -> None:
    sheet = sheets(language).worksheets[1]
    assert sheet.protection.sheet
    assert all(sheet.cell(HEADER_ROW, column).protection.locked for column in range(1, 6))
    assert [cell.coordinate[0] for cell in sheet[FIRST][:5] if cell.protection.locked] == ["B"]
    # Below the first page there are no cells yet, and columns say what those will be.
    assert sheet.max_row < FIRST + ROWS
    assert [sheet.column_dimensions[letter].protection.locked for letter in "ABCDE"] == [False] * 5
    assert [sheet.column_dimensions[letter].number_format for letter in "AD"] == ["@", "#,##0.00"]


def test_the_drop_downs_offer_what_the_checks_accept(language: Language) -> None:
    sheet = sheets(language).worksheets[1]
    token, direction, amount = sheet.data_validations.dataValidation
    with use_language(language):
        assert direction.formula1 == f'"{name_direction(Direction.ADD)},{name_direction(Direction.REMOVE)}"'
    assert token.formula1.endswith("!$A$4:$A$6")
    assert amount.formula1 == f"AND(ISNUMBER($D{FIRST}),$D{FIRST}>0,ROUND($D{FIRST},2)=$D{FIRST})"
    for rule in (token, direction, amount):
        assert str(rule.sqref).endswith(str(FIRST + ROWS - 1))
        assert rule.showErrorMessage
        # What Excel takes at most.
        assert len(rule.errorTitle) <= 32
        assert len(rule.error) <= 225


def test_every_sub_account_is_listed_with_its_balance_and_no_text_becomes_a_formula(language: Language) -> None:
    sheet = sheets(language).worksheets[2]
    listed = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4)]
    assert [(token, email or "") for token, email, _ in listed] == [(item.token, item.email) for item in ACCOUNTS]
    assert [Decimal(str(balance)) for *_, balance in listed] == [item.balance for item in ACCOUNTS]
    assert all(cell.data_type != "f" for row in sheet.iter_rows(min_row=4) for cell in row)


def test_there_is_room_for_every_sub_account() -> None:
    many = [SubAccount(f"sub-{number}", "", "simple", Decimal(0)) for number in range(ROWS + 500)]
    sheet = load_workbook(io.BytesIO(make_template(many))).worksheets[1]
    ends = {str(rule.sqref).rpartition("D")[2] for rule in sheet.data_validations.dataValidation[2:]}
    assert ends == {str(HEADER_ROW + len(many))}


def test_the_name_is_in_the_language() -> None:
    assert choose_file_name() == "creditbatch-template.xlsx"
    with use_language(Language.FRENCH):
        assert choose_file_name() == "modele-creditbatch.xlsx"
