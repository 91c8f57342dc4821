"""The whole story, from an empty site to the report, with two people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from batch.sandbox import SandboxOptions
from tests.browser import steps
from tests.browser.conftest import Visit
from tests.browser.prepared import PASSWORD
from tests.browser.served import Served, serve

SHEET = (
    "Customer;Token;Amount;Direction\n"
    "Bakery;sub-0001;12,50;add\n"
    "Garage;sub-0002;1.234;add\n"
    "Pharmacy;sub-0003;7;remove\n" + "".join(f"Client {row};sub-{row:04d};{row},05;add\n" for row in range(4, 24))
)
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


@pytest.fixture
def empty_site(tmp_path: Path) -> Iterator[Served]:
    """Nobody can log in yet; the provider takes as long as a real one, so that there is something to watch."""
    site = serve(tmp_path, None, SandboxOptions(language="en", latency_ms=200))
    yield site
    site.close()


def test_two_people_from_the_first_link_to_the_report(empty_site: Served, visit: Visit, tmp_path: Path) -> None:
    site = empty_site
    chief = visit(site, address=site.one_time_link())
    assert "/setup/" not in chief.url  # the secret does not stay in the browser's history
    _fill(chief, "User name", "chief", "Full name", "The Chief")
    _choose_password(chief, "Make this account")
    expect(chief.get_by_text("Welcome, The Chief")).to_be_visible()
    preparer = visit(site, address=_invited(chief, "paula", "Paula Prepares", "Preparer"))
    _choose_password(preparer, "Set this password")
    approver = visit(site, address=_invited(chief, "anton", "Anton Approves", "Approver"), **PHONE)
    _choose_password(approver, "Set this password")

    # The preparer sees the mistake at its cell, and corrects it there.
    review = steps.upload(preparer, SHEET)
    expect(preparer.locator(".verdict")).to_contain_text("1 row")
    bad = preparer.locator("td.bad")
    expect(bad).to_have_count(1)
    expect(bad).to_contain_text("1.234")
    bad.get_by_role("link", name="Correct").click()
    preparer.get_by_label("Amount, cell C3").fill("12,34")
    preparer.get_by_role("button", name="Correct and check again").click()
    expect(preparer.get_by_text("Cell C3 was corrected")).to_be_visible()
    expect(preparer.locator("td.bad")).to_have_count(0)
    expect(preparer.get_by_role("button", name="Approve this batch")).to_have_count(0)

    # The approver, on a phone, approves and starts it.
    approver.goto("/")
    approver.get_by_role("link", name=re.compile("january.csv")).first.click()
    assert approver.url == review
    expect(approver.get_by_role("link", name="Correct", exact=False)).to_have_count(0)
    steps.approve(approver, review)
    batch = steps.start(approver)
    assert _moves(approver)

    # It becomes the report by itself, on every screen.
    preparer.goto(batch)
    for page in (approver, preparer):
        steps.wait_for_report(page)
        expect(page.locator(".verdict")).to_contain_text("All 23 rows were done, and the books balance")
        expect(page.get_by_text("Paula Prepares").first).to_be_visible()
    with preparer.expect_download() as download:
        preparer.get_by_role("link", name="Workbook (.xlsx)").click()
    download.value.save_as(tmp_path / "report.xlsx")
    reported = _reported(tmp_path / "report.xlsx")
    assert reported == [_line(moved["token"], moved["amount"], moved["direction"]) for moved in site.movements()]
    assert reported[1] == ("sub-0002", Decimal("12.34"), "add")


def _fill(page: Page, *labels_and_texts: str) -> None:
    for label, text in zip(labels_and_texts[::2], labels_and_texts[1::2], strict=True):
        page.get_by_label(label, exact=True).fill(text)


def _choose_password(page: Page, button: str) -> None:
    _fill(page, "New password", PASSWORD, "New password, once more", PASSWORD)
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("heading", name="Waits for you")).to_be_visible()


def _invited(chief: Page, username: str, name: str, role: str) -> str:
    """Somebody new, with one role; their one-time link."""
    chief.goto("/administration/people/new")
    _fill(chief, "User name", username, "Full name", name)
    chief.get_by_label(f"{role}:").check()
    chief.get_by_role("button", name="Add this person").click()
    steps.confirm_if_asked(chief)
    return chief.get_by_label("Link").input_value().strip()


def _moves(page: Page) -> bool:
    """Whether the live page counts on without being loaded again."""
    page.evaluate("window.neverLoadedAgain = true")
    bar = page.locator("#live progress")
    before = float(bar.get_attribute("value") or 0)
    expect(bar).not_to_have_attribute("value", f"{before:g}")
    return bool(page.evaluate("window.neverLoadedAgain"))


def _reported(path: Path) -> list[tuple[str, Decimal, str]]:
    """What the workbook says was done."""
    sheet = load_workbook(path)["Rows"]
    titles, *rows, _total = sheet.iter_rows(values_only=True)
    lines = [dict(zip(titles, row, strict=True)) for row in rows]
    assert {line["Status"] for line in lines} == {"done"}
    return [_line(line["Token"], line["Amount"], line["Direction"]) for line in lines]


def _line(token: object, amount: object, direction: object) -> tuple[str, Decimal, str]:
    # The report shows the sheet as the accountant wrote it, amounts with a decimal comma in a text file.
    return str(token), Decimal(str(amount).replace(",", ".")).quantize(Decimal("0.001")), str(direction)
