"""A row of which nobody knows whether the credit moved is shown with its evidence, and a person decides."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from batch.sandbox import SandboxOptions
from tests.browser import steps
from tests.browser.conftest import Visit
from tests.browser.served import Served

# Balances are rounded to about this much, so they do not tell.
_SHEET = "Token;Amount;Direction\nsub-0001;5;add\nsub-0002;0,02;add\nsub-0003;7;add\n"


def test_a_person_decides_with_a_reason(own_site: Callable[..., Served], visit: Visit) -> None:
    site = own_site(options=SandboxOptions(language="en"))
    site.sandbox.add_fault("reset-after:token=sub-0002")
    review = steps.upload(visit(site, "paula"), _SHEET)
    page = visit(site, "anton")
    steps.approve(page, review)
    batch = steps.start(page)
    expect(page.locator(".verdict")).to_contain_text("a person must decide", timeout=20_000)

    viewer = visit(site, "viewer", batch + "rows/3")
    expect(viewer.get_by_text("What the balances say")).to_be_visible()
    expect(viewer.get_by_role("button", name="The credit moved")).to_have_count(0)

    page.get_by_role("link", name="See what is in doubt").click()
    page.locator("#rows tbody a").first.click()
    expect(page.get_by_text("If the credit moved, the main balance fell by €0.02")).to_be_visible()
    expect(page.get_by_role("button", name="It did not move: send it again")).to_be_visible()
    page.get_by_label("How you found out").fill("The provider's own page lists it.")
    page.get_by_role("button", name="The credit moved: it is done").click()
    expect(page.get_by_text("Your decision is recorded")).to_be_visible()
    page.get_by_role("button", name="Resume this batch").click()
    steps.wait_for_report(page)
    expect(page.locator(".verdict")).to_contain_text("All 3 rows were done")
    assert [movement["token"] for movement in site.movements()] == ["sub-0001", "sub-0002", "sub-0003"]
    page.goto(batch + "rows/3")
    expect(page.get_by_text("The provider's own page lists it.").first).to_be_visible()
