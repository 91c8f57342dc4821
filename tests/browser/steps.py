"""What people do on the pages, as they would: by what is written on the buttons."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.prepared import PASSWORD

SHEET = (
    "Customer;Token;Amount;Direction\nBakery;sub-0001;12,50;add\nGarage;sub-0002;3;add\nBikes;sub-0003;0,50;remove\n"
)

BETWEEN_LOOKS = 1000
"""Milliseconds. A batch starts within a few seconds, and every look is a whole page."""


def sheet_of(rows: int, amount: str = "1,00") -> str:
    """A sheet that gives each of the sandbox's sub-accounts something in turn, never the same twice in a row."""
    lines = (f"sub-{1 + row % 29:04d};{amount[:-1]}{row // 29};add" for row in range(rows))
    return "Token;Amount;Direction\n" + "\n".join(lines) + "\n"


def upload(page: Page, text: str = SHEET, name: str = "january.csv") -> str:
    """Upload a sheet; the address of its review."""
    page.goto("/drafts/new")
    page.get_by_label("Choose the sheet").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": text.encode()}
    )
    page.get_by_role("button", name="Upload and check").click()
    page.wait_for_url(re.compile(r"/drafts/[0-9a-f-]{36}$"))
    return page.url


def approve(page: Page, review: str, password: str = PASSWORD) -> None:
    page.goto(review)
    page.get_by_label("Your password").fill(password)
    page.get_by_role("button", name="Approve this batch").click()
    expect(page.get_by_text("Approved. It may be started now.")).to_be_visible()


def confirm_if_asked(page: Page, password: str = PASSWORD) -> None:
    """Enter the password where a change asks for it: once in ten minutes."""
    if page.get_by_role("heading", name="Confirm that it is you").is_visible():
        page.get_by_label("Your password").fill(password)
        page.get_by_role("button", name="Confirm and go on").click()


def start(page: Page) -> str:
    """Start the approved batch on its page, and follow it to the batch's own; its address."""
    page.get_by_role("button", name="Start now").click()
    confirm_if_asked(page)
    expect(page.get_by_text("It is starting")).to_be_visible()
    opened = page.get_by_role("link", name="Open the batch")
    while not opened.is_visible():
        page.wait_for_timeout(BETWEEN_LOOKS)
        page.reload()
    opened.click()
    page.wait_for_url(re.compile(r"/batches/[^/]+/$"))
    return page.url


def wait_for_report(page: Page) -> None:
    """Until the live page has turned into the report by itself."""
    expect(page.get_by_role("link", name="Workbook (.xlsx)")).to_be_visible(timeout=60_000)
    expect(page.locator("#live")).to_have_count(0, timeout=60_000)
