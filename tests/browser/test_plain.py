"""Without JavaScript everything works, by forms and links."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser import steps
from tests.browser.conftest import Visit
from tests.browser.prepared import PASSWORD
from tests.browser.served import Served

_NO_SCRIPT = {"java_script_enabled": False}


def test_from_the_login_to_the_report_without_javascript(site: Served, visit: Visit) -> None:
    preparer = visit(site, address="/drafts/new", **_NO_SCRIPT)
    preparer.get_by_label("User name").fill("paula")
    preparer.get_by_label("Password").fill(PASSWORD)
    preparer.get_by_role("button", name="Log in").click()
    expect(preparer.get_by_role("heading", name="New batch")).to_be_visible()
    review = steps.upload(preparer, steps.SHEET.replace("3;add", "1.234;add"), "plain.csv")
    preparer.get_by_role("link", name="Correct Amount of row 3").click()
    preparer.get_by_label("Amount, cell C3").fill("3")
    preparer.get_by_role("button", name="Correct and check again").click()
    preparer.locator("#rows").get_by_label("Token", exact=True).fill("sub-0002")
    preparer.get_by_role("button", name="Show").click()
    expect(preparer.locator("#rows tbody tr")).to_have_count(1)

    approver = visit(site, "anton", **_NO_SCRIPT)
    before = len(site.movements())
    steps.approve(approver, review)
    steps.start(approver)
    while approver.locator("#live").count():
        approver.wait_for_timeout(steps.BETWEEN_LOOKS)
        approver.get_by_role("link", name="Look again").click()
    expect(approver.locator(".verdict")).to_contain_text("All 3 rows were done")
    assert len(site.movements()) == before + 3
