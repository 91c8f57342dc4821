"""Every page, in both languages and both modes, on a desk and on a phone: readable, reachable, light, and its own."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import Visit
from tests.browser.served import Served

_MOST_BYTES = 150_000
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_ENGLISH = re.compile(
    r"\b(the|and|is|are|was|were|of|with|this|that|what|nothing|which|has|have|been|from|by|rows?|sheet|batch(es)?)\b",
    re.I,
)
# What is somebody's own text stays as it was written: names, cells, tokens, the provider's messages and reasons.
_DATA = "td.own, .own, .mono, code, textarea, option, .crumbs, h1, .who, .brand, .foot, .reason q, tbody th, tbody td:not([class])"
_OWN_WORDS = re.compile(
    r"\S+\.(csv|xlsx|json)|The Chief|Anton Approves|Paula Prepares|Berta Approves|\(BATCH[^)]*\)|creditbatch\S*|https?://\S+"
)


@pytest.fixture(scope="module")
def pages(site: Served) -> dict[str, str]:
    """Something to show on every page."""
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
        found = _faults(page, language)
        faults += [f"{name} ({address}): {fault}" for fault in found]
    assert not faults, "\n" + "\n".join(faults)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_before_anybody_is_logged_in(language: str, site: Served, visit: Visit) -> None:
    page = visit(site, address="/login", locale={"en": "en-GB", "fr": "fr-FR"}[language])
    assert not _faults(page, language)


def _faults(page: Page, language: str) -> list[str]:
    faults = [f"html lang is not {language}"] if page.locator("html").get_attribute("lang") != language else []
    weight = page.evaluate(
        "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
        ".reduce((sum, entry) => sum + entry.encodedBodySize, 0)"
    )
    if weight > _MOST_BYTES:
        faults.append(f"{weight:,} bytes")
    if language == "fr":
        faults += [f"English: {line}" for line in _english_lines(page)]
    faults += _axe(page, {"runOnly": {"type": "tag", "values": _TAGS}})
    page.emulate_media(color_scheme="dark")
    faults += [f"dark: {fault}" for fault in _axe(page, {"runOnly": {"type": "rule", "values": ["color-contrast"]}})]
    page.set_viewport_size({"width": 390, "height": 844})
    if page.evaluate("document.scrollingElement.scrollWidth > innerWidth"):
        faults.append("wider than a phone")
    return faults


def _axe(page: Page, options: dict[str, Any]) -> list[str]:
    found = Axe().run(page, options={"resultTypes": ["violations"], **options}).response["violations"]
    return [
        f"{violation['id']}: {violation['nodes'][0]['html'][:160]}"
        for violation in found
        if violation["impact"] in {"serious", "critical"}
    ]


def _english_lines(page: Page) -> list[str]:
    """Lines with at least two English words that French has not, outside what people and the provider wrote."""
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
    lines = (" ".join(_OWN_WORDS.sub("", line).split()) for line in text)
    return [line for line in lines if len(_ENGLISH.findall(line)) >= 2]
