"""What goes wrong becomes a page with a sentence and a reference; the log says where, and never with what."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest
from django.http import HttpRequest
from django.test import Client

from batch.errors import ProviderUnreachable
from batch.notes import make_note
from batch.web.configure import FILE_NAME, start_log, stop_log
from tests.web.conftest import ClientFor, People, Site

SECRET = "k3y-of-the-account-0123456789"


@pytest.fixture
def log(site: Site) -> Iterator[Site]:
    handler = start_log(site.home)
    yield site
    stop_log(handler)


def _log_of(site: Site) -> str:
    for handler in logging.getLogger("creditbatch.web").handlers:
        handler.flush()
    return (site.home / FILE_NAME).read_text()


def test_a_page_that_is_not_there_says_so_with_a_reference(viewer: Client, log: Site) -> None:
    response = viewer.get("/nowhere/token=" + SECRET)
    page = response.content.decode()
    assert response.status_code == 404
    assert "There is no such page." in page
    [reference] = re.findall(r"Reference ([0-9a-f]{8})", page)
    assert reference in _log_of(log)
    assert SECRET not in page + _log_of(log)


def test_a_fault_tells_a_reference_and_no_traceback(viewer: Client, log: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_person: object) -> None:
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            raise RuntimeError(f"the key {SECRET} was not liked") from error

    monkeypatch.setattr("batch.web.home.list_waiting", fail)
    viewer.raise_request_exception = False
    response = viewer.get("/")
    page, kept = response.content.decode(), _log_of(log)
    assert response.status_code == 500
    assert "Traceback" not in page
    assert SECRET not in page + kept
    [reference] = re.findall(r"Reference ([0-9a-f]{8})", page)
    assert reference in kept
    assert "test_errors.py" in kept
    assert "fail after KeyError" in kept


def test_a_failure_with_a_sentence_of_its_own_shows_it(viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_person: object) -> None:
        raise ProviderUnreachable(make_note("said", words="The provider cannot be reached."))

    monkeypatch.setattr("batch.web.home.list_waiting", fail)
    response = viewer.get("/")
    assert response.status_code == 502
    assert "The provider cannot be reached." in response.content.decode()


def test_a_forged_form_is_refused_and_nothing_happens(people: People, client_for: ClientFor) -> None:
    client = client_for(people.administrator, enforce_csrf_checks=True)
    response = client.post(f"/administration/people/{people.viewer.pk}", {"full_name": "X", "can_approve": "on"})
    assert response.status_code == 403
    assert "did not come from a page of this site" in response.content.decode()
    people.viewer.refresh_from_db()
    assert not people.viewer.can_approve


def test_the_wrong_method_gets_a_page(viewer: Client) -> None:
    response = viewer.get("/logout")
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    assert "only works as a part of another page" in response.content.decode()


def test_a_form_that_is_too_large_gets_a_page(viewer: Client) -> None:
    response = viewer.post("/profile", {"email": "a" * 1_100_000})
    assert response.status_code == 413
    assert "too large" in response.content.decode()


def test_one_time_links_are_not_in_the_log(log: Site, client_for: ClientFor) -> None:
    for path in ("/setup/", "/invitation/"):
        assert client_for(None).get(path + SECRET).status_code == 410
        assert client_for(None).post(path + SECRET).status_code == 405
    assert SECRET not in _log_of(log)


def test_a_reading_that_quotes_a_secret_is_not_quoted_in_the_log(log: Site) -> None:
    request = HttpRequest()
    request.method, request.resolver_match = "GET", None
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("django.request").exception("failed on /setup/%s", SECRET, extra={"request": request})
    assert "ValueError at test_errors.py" in _log_of(log)
    assert SECRET not in _log_of(log)
