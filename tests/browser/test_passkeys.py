"""Passkeys in a real browser, with an authenticator that it pretends to have: enrolled, to log in, to approve."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.conftest import Visit
from tests.browser.prepared import PASSWORD
from tests.browser.served import Served
from tests.browser.test_pages import list_faults

_DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def _give_device(page: Page, **changed: bool) -> None:
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    cdp.send("WebAuthn.addVirtualAuthenticator", {"options": {**_DEVICE, **changed}})


def _log_out(page: Page) -> None:
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(re.compile(r"/login"))


def _add_passkey(page: Page) -> None:
    page.goto("/profile/second-factor")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Name of the passkey").fill("Laptop")
    assert not list_faults(page, "en")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("they are shown this once")).to_be_visible()
    assert not list_faults(page, "en")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Laptop")).to_be_visible()


def test_a_passkey_is_enrolled_logs_in_and_approves(site: Served, visit: Visit) -> None:
    review = steps.upload(visit(site, "paula"), steps.SHEET.replace("3;add", "3,03;add"), "passkeys.csv")
    page = visit(site, "anton")
    _give_device(page)
    _add_passkey(page)
    _log_out(page)

    assert not list_faults(page, "en")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto("/login?next=/batches/")
    page.get_by_role("button", name="Log in with a passkey").click()
    page.wait_for_url(f"{site.url}/batches/")

    page.goto(review)
    expect(page.get_by_label("Your password")).to_have_count(0)
    page.get_by_role("button", name="Confirm with a passkey").click()
    expect(page.get_by_text("Approved. It may be started now.")).to_be_visible()

    _log_out(page)
    page.get_by_label("User name").fill("anton")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(re.compile(r"/login/second$"))
    assert not list_faults(page, "en")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def test_a_browser_without_it_gets_nowhere_with_the_password_alone(site: Served, visit: Visit) -> None:
    owner = visit(site, "berta")
    _give_device(owner)
    _add_passkey(owner)
    stranger = visit(site, address="/login")
    _give_device(stranger)
    stranger.get_by_label("User name").fill("berta")
    stranger.get_by_label("Password").fill(PASSWORD)
    stranger.get_by_role("button", name="Log in", exact=True).click()
    expect(stranger.get_by_role("button", name="Use a passkey")).to_be_visible()
    stranger.goto("/profile")
    expect(stranger.get_by_role("heading", name="Second factor")).to_be_visible()
    expect(stranger.get_by_role("button", name="Log out")).to_have_count(0)


def test_a_device_that_asks_for_no_pin_is_not_enough(site: Served, visit: Visit) -> None:
    page = visit(site, "chief", "/profile/passkeys/new")
    _give_device(page, isUserVerified=False)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("The passkey was not used")).to_be_visible()


def test_it_is_removed_after_it_was_shown_once_more(site: Served, visit: Visit) -> None:
    page = visit(site, "viewer")
    _give_device(page)
    _add_passkey(page)
    _log_out_and_in(page)
    page.goto("/profile/second-factor")
    page.get_by_role("link", name="Remove this passkey").click()
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("button", name="Remove this passkey").click()
    expect(page.get_by_text("Laptop")).to_have_count(0)


def _log_out_and_in(page: Page) -> None:
    page.reload()
    _log_out(page)
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
