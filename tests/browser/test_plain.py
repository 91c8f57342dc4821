"""Without JavaScript everything works, by forms and links; and two people who press at once do it once."""

from __future__ import annotations

from playwright.sync_api import Page, expect

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


def test_two_who_approve_and_start_at_once_do_it_once(site: Served, visit: Visit) -> None:
    # Not a list that another test has run: half of it would be enough to be refused.
    sheet = steps.SHEET.replace("sub-000", "sub-001")
    review = steps.upload(visit(site, "paula"), sheet, "twice.csv")
    anton, berta = visit(site, "anton", review), visit(site, "berta", review)
    before = len(site.movements())
    for page in (anton, berta):
        page.get_by_label("Your password").fill(PASSWORD)
    # Both see the form; the second to press is told that somebody was quicker.
    said = _both_press(anton, berta, "Approve this batch")
    assert sorted("It may be started now" in text for text in said) == [False, True]
    for page in (anton, berta):
        page.goto(review)
    said = _both_press(anton, berta, "Start now")
    assert sorted("It is starting" in text for text in said) == [False, True]
    while not anton.get_by_role("link", name="Open the batch").is_visible():
        anton.wait_for_timeout(steps.BETWEEN_LOOKS)
        anton.reload()
    anton.get_by_role("link", name="Open the batch").click()
    steps.wait_for_report(anton)
    assert len(site.movements()) == before + 3


def _both_press(first: Page, second: Page, button: str) -> list[str]:
    """Both answers are under way together: neither press waits for the other's."""
    for page in (first, second):
        page.get_by_role("button", name=button).click(no_wait_after=True)
    for page in (first, second):
        page.locator(".messages").wait_for()
    return [page.locator(".messages").inner_text() for page in (first, second)]
