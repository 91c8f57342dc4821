"""Make the pictures of the site again: four main pages as Chromium shows them, of the demonstration's site.

Run as `python docs/make_screenshots.py`, or `make screenshots`. Nothing of this machine's own settings is used.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

DOCS = Path(__file__).parent
SAMPLES = DOCS.parent / "samples"
DESK = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 1010}


def main() -> None:
    """The review of a sheet with mistakes, an approval on a phone, a batch under way, a report."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        raise SystemExit("Chromium is missing: the pictures of the site were not made.")
    with demonstration() as (url, passwords), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        preparer = logged_in(browser, url, "preparer", passwords)
        approver = logged_in(browser, url, "approver", passwords)
        upload(preparer, "mistakes.xlsx")
        keep(preparer, "site-review")
        review = upload(preparer, "monthly.xlsx")
        phone = logged_in(browser, url, "approver", passwords, PHONE)
        phone.goto(review)
        keep(phone, "site-approve-phone")
        start(approver, review, passwords["approver"])
        approver.get_by_role("link", name="Workbook (.xlsx)").wait_for(timeout=120_000)
        approver.locator("#live").wait_for(state="detached", timeout=120_000)
        approver.reload()
        keep(approver, "site-report")
        start(approver, upload(preparer, "thousand.xlsx"), passwords["approver"])
        approver.wait_for_timeout(9_000)
        keep(approver, "site-running")
        browser.close()


@contextmanager
def demonstration() -> Iterator[tuple[str, dict[str, str]]]:
    """The address of a `serve --demo` and the passwords that it prints."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CREDITBATCH_", "SMSPARTNER_"))}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        environ = {**kept, "CREDITBATCH_LANG": "en", "CREDITBATCH_HOME": folder}
        command = [sys.executable, "-m", "batch", "serve", "--demo", "--port", "0"]
        with subprocess.Popen(command, cwd=folder, env=environ, stderr=subprocess.PIPE, text=True) as server:
            try:
                yield greeting(server)
            finally:
                server.terminate()


def greeting(server: subprocess.Popen[str]) -> tuple[str, dict[str, str]]:
    """What it prints before anybody comes."""
    passwords: dict[str, str] = {}
    for line in server.stderr or ():
        if found := re.search(r"http://localhost:\d+", line):
            return found[0], passwords
        if found := re.fullmatch(r"\s+(\w+)\s+(\S+-\S+)\s*", line):
            passwords[found[1]] = found[2]
    raise SystemExit("The site did not start.")


def logged_in(
    browser: Browser, url: str, username: str, passwords: dict[str, str], viewport: dict[str, int] | None = None
) -> Page:
    """A browser of this person's own."""
    size = viewport or DESK
    context = browser.new_context(base_url=url, locale="en-GB", color_scheme="light", viewport=size)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto("/login")
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(passwords[username])
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_role("heading", name="Waits for you").wait_for()
    return page


def upload(page: Page, sample: str) -> str:
    """The review of a sample; its address."""
    page.goto("/drafts/new")
    page.get_by_label("Choose the sheet").set_input_files(SAMPLES / sample)
    page.get_by_role("button", name="Upload and check").click()
    page.wait_for_url(re.compile(r"/drafts/[0-9a-f-]{36}$"))
    return page.url


def start(page: Page, review: str, password: str) -> None:
    """Approve and start it, and go to the batch."""
    page.goto(review)
    page.get_by_label("Your password").fill(password)
    page.get_by_role("button", name="Approve this batch").click()
    page.get_by_role("button", name="Start now").click()
    while not page.get_by_role("link", name="Open the batch").is_visible():
        page.wait_for_timeout(500)
        page.goto(review)
    page.get_by_role("link", name="Open the batch").click()
    page.wait_for_url("**/batches/*/")


def keep(page: Page, name: str) -> None:
    """The picture of what is on the screen."""
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=DOCS / f"{name}.png", animations="disabled", caret="hide")
    print(f"docs/{name}.png")


if __name__ == "__main__":
    main()
