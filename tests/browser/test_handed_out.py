"""From the button of a batch's page to the archive's own page, opened from the disk, which calls it whole."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser import steps
from tests.browser.conftest import Visit
from tests.browser.served import Served


@pytest.mark.timeout(200)
def test_the_evidence_from_the_page_is_called_whole_by_its_own_page(
    own_site: Callable[..., Served], visit: Visit, tmp_path: Path
) -> None:
    site = own_site()
    preparer, approver = visit(site, "paula"), visit(site, "anton")
    review = steps.upload(preparer)
    steps.approve(approver, review)
    batch = steps.start(approver)
    steps.wait_for_report(approver)
    viewer = visit(site, "viewer", batch)
    button = viewer.get_by_role("link", name="Evidence (.zip)")
    for width in (1280, 390):
        viewer.set_viewport_size({"width": width, "height": 900})
        button.scroll_into_view_if_needed()
        expect(button).to_be_in_viewport(ratio=1)
        assert viewer.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    with viewer.expect_download() as download:
        button.click()
    assert download.value.suggested_filename == f"{batch.rstrip('/').rpartition('/')[2]}-evidence.zip"
    archive = tmp_path / "evidence.zip"
    download.value.save_as(archive)
    with zipfile.ZipFile(archive) as opened:
        opened.extract("check.html", tmp_path)
    viewer.context.set_offline(True)
    viewer.goto((tmp_path / "check.html").as_uri())
    viewer.locator("#files").set_input_files(archive)
    expect(viewer.locator("#verdict")).to_have_class("verdict good")
    expect(viewer.locator("#checks > li.bad")).to_have_count(0)
    expect(viewer.locator("#facts")).to_contain_text("january.csv")
    expect(viewer.locator("#facts")).to_contain_text("Paula Prepares")
