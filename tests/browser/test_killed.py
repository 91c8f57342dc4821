"""The site and the worker are killed in mid-run: nothing is lost or paid twice, and the page says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser import steps
from tests.browser.conftest import Visit
from tests.browser.served import Served, wait_for

_ROWS = 24


def test_a_batch_survives_the_end_of_the_site_of_its_worker_and_of_both(
    own_site: Callable[..., Served], visit: Visit
) -> None:
    site = own_site()
    site.sandbox.add_fault("slow-drip:token=sub-0004,seconds=5")
    site.sandbox.add_fault("slow-drip:token=sub-0009,seconds=100")
    site.sandbox.add_fault("slow-drip:token=sub-0014,seconds=100")
    review = steps.upload(visit(site, "paula"), steps.sheet_of(_ROWS))
    page = visit(site, "anton")
    steps.approve(page, review)
    batch = steps.start(page)

    # The site dies: the worker goes on, and the site that is started again shows it.
    _wait_for_movements(site, 4)
    page.goto("about:blank")
    site.kill()
    _wait_for_movements(site, 9)
    site.start()
    page.goto(batch)
    expect(page.locator("#live")).to_contain_text("8 / 24")

    # The worker dies: the page says that it stopped, and Resume carries it on.
    _kill_worker(site)
    expect(page.get_by_text("The program that ran it ended before it was done.")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Resume this batch").click()
    expect(page.get_by_text("It goes on in a moment.")).to_be_visible()

    # Both die: the site that is started again says that it stopped.
    _wait_for_movements(site, 14)
    page.goto("about:blank")
    _kill_worker(site)
    site.kill()
    site.start()
    page.goto(batch)
    resume = page.get_by_role("button", name="Resume this batch")
    expect(resume).to_be_visible(timeout=20_000)
    resume.click()
    steps.wait_for_report(page)
    expect(page.locator(".verdict")).to_contain_text("All 24 rows were done, and the books balance")
    moved = Counter((movement["token"], movement["amount"]) for movement in site.movements())
    assert list(moved.values()) == [1] * _ROWS


def _kill_worker(site: Served) -> None:
    [worker] = site.workers()
    worker.kill()


def _wait_for_movements(site: Served, number: int) -> None:
    wait_for(lambda: len(site.movements()) == number)
