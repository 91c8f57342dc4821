"""A browser for this folder, a site for each module. Whatever a page complains about in its console fails the test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, sync_playwright

from tests.browser.served import Served, serve
from tests.programs import found, needs

CHROMIUM = found("chromium", "chromium-browser", "google-chrome")
_HERE = Path(__file__).parent
_MARK = needs("a browser (Chromium)", CHROMIUM, "what people see of the site was not tested in a real one")

Visit = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of this folder needs the browser, and takes long."""
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(_MARK)
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a site with people in it, to be copied."""
    folder = tmp_path_factory.mktemp("prepared")
    command = [sys.executable, "-m", "tests.browser.prepared", str(folder / "home")]
    made = subprocess.run(command, check=True, capture_output=True, text=True, timeout=100)
    (folder / "sessions.json").write_text(made.stdout)
    return folder / "home"


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium. Not for the whole session: while it is there, Django takes this thread for an asynchronous one."""
    with sync_playwright() as playwright:
        # Its own sandbox does not work for root, as in a container.
        arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def site(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The site with people who are logged in already; shared by a module."""
    site = serve(tmp_path_factory.mktemp("site"), prepared)
    yield site
    site.close()


@pytest.fixture
def own_site(prepared: Path, tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Makes a site for one test, with a sandbox of its own kind."""
    made: list[Served] = []

    def make(**options: Any) -> Served:
        made.append(serve(tmp_path, prepared, **options))
        return made[-1]

    yield make
    for site in made:
        site.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Opens a browser of a person's own on a page of a site; nobody logged in without a name."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def opened(site: Served, username: str = "", address: str = "/", **options: Any) -> Page:
        given: dict[str, Any] = {"locale": "en-GB", "viewport": {"width": 1280, "height": 900}, **options}
        context = browser.new_context(base_url=site.url, **given)
        context.set_default_timeout(30_000)
        contexts.append(context)
        if username:
            session = {"name": "creditbatch_session", "value": site.sessions[username], "url": site.url}
            context.add_cookies([session])  # type: ignore[list-item]
        page = context.new_page()
        listen(page, complaints)
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not complaints


def listen(page: Page, complaints: list[str]) -> None:
    """Note what the page has to complain of: faults of scripts, violations of the policy, files that are missing."""

    def said(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            complaints.append(f"{page.url}: {message.text}")

    def answered(response: Response) -> None:
        if response.status >= 400 and response.request.resource_type not in {"document", "xhr", "fetch"}:
            complaints.append(f"{response.url}: {response.status}")

    page.on("console", said)
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    page.on("response", answered)
