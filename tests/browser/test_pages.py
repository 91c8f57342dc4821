"""Every page, in both languages and both modes, on a desk and on a phone: readable, reachable, light, and its own."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from openpyxl import load_workbook
from playwright.sync_api import Page

from tests.browser.conftest import Visit
from tests.browser.filled import SAMPLES
from tests.browser.served import Served

_MOST_BYTES = 150_000
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_ENGLISH = re.compile(
    r"\b(the|and|is|are|was|were|of|with|this|that|what|nothing|which|has|have|been|from|by|rows?|sheet|batch(es)?)\b",
    re.I,
)
# What is somebody's own text stays as it was written: names, cells, tokens, the provider's messages and reasons.
_DATA = ".mono, code, textarea, .who, .brand, .foot"
_OWN_WORDS = re.compile(
    r"\S+\.(csv|xlsx|json)|The Chief|Anton Approves|Paula Prepares|Berta Approves|creditbatch\S*|https?://\S+|“[^”]*”"
)


@pytest.fixture(scope="module")
def pages(site: Served) -> dict[str, str]:
    site.sandbox.add_fault("refuse:code=8,token=sub-0007")
    site.sandbox.add_fault("reset-after:token=sub-0002,skip=4")
    return site.filled()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_page(language: str, site: Served, pages: dict[str, str], visit: Visit) -> None:
    page = visit(site, "chief", locale={"en": "en-GB", "fr": "fr-FR"}[language])
    faults: list[str] = []
    for name, address in pages.items():
        page.set_viewport_size({"width": 1280, "height": 900})
        page.emulate_media(color_scheme="light")
        page.goto(address)
        found = list_faults(page, language)
        faults += [f"{name} ({address}): {fault}" for fault in found]
    assert not faults, "\n" + "\n".join(faults)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_before_anybody_is_logged_in(language: str, site: Served, visit: Visit) -> None:
    page = visit(site, address="/login", locale={"en": "en-GB", "fr": "fr-FR"}[language])
    assert not list_faults(page, language)


def list_faults(page: Page, language: str) -> list[str]:
    faults = [f"html lang is not {language}"] if page.locator("html").get_attribute("lang") != language else []
    weight = page.evaluate(
        "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
        ".reduce((sum, entry) => sum + entry.encodedBodySize, 0)"
    )
    if weight > _MOST_BYTES:
        faults.append(f"{weight:,} bytes")
    if language == "fr":
        faults += [f"English: {line}" for line in _english_lines(page)]
    page.evaluate(AXE_SCRIPT)
    faults += _axe(page, {"type": "tag", "values": _TAGS})
    page.emulate_media(color_scheme="dark")
    faults += [f"dark: {fault}" for fault in _axe(page, {"type": "rule", "values": ["color-contrast"]})]
    page.set_viewport_size({"width": 390, "height": 844})
    if page.evaluate("document.scrollingElement.scrollWidth > innerWidth"):
        faults.append("wider than a phone")
    return faults


def _axe(page: Page, only: dict[str, Any]) -> list[str]:
    """What axe calls serious or critical; it reports each rule with one of its places."""
    found = page.evaluate(
        """async only => (await axe.run({runOnly: only, resultTypes: ["violations"]})).violations
            .filter(found => ["serious", "critical"].includes(found.impact))
            .map(found => `${found.id}: ${found.nodes[0].html.slice(0, 160)}`)""",
        only,
    )
    return [str(line) for line in found]


def _english_lines(page: Page) -> list[str]:
    """Lines with at least two words of English only, outside what people and the provider wrote themselves."""
    text = page.evaluate(
        """data => {
            const copy = document.body.cloneNode(true);
            copy.querySelectorAll(data + ", script, style").forEach(node => node.remove());
            const walker = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT);
            const lines = [];
            while (walker.nextNode()) { lines.push(walker.currentNode.textContent); }
            return lines;
        }""",
        _DATA,
    )
    lines = (" ".join(_OWN_WORDS.sub("", line).split()) for line in text if line.strip() not in _cells())
    return [line for line in lines if len(_ENGLISH.findall(line)) >= 2]


@cache
def _cells() -> set[str]:
    """The accountant's own words stay as they are."""
    sheets = load_workbook(SAMPLES / "mistakes.xlsx").worksheets
    return {str(cell).strip() for sheet in sheets for row in sheet.iter_rows(values_only=True) for cell in row if cell}
